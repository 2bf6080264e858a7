//! `strato-agent`: see [`workloads::strato_agent`].

use serde_json::json;
use std::process::ExitCode;
use workloads::log::{self, Level};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match workloads::strato_agent::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::event(Level::Error, "failed", &json!({ "reason": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}
