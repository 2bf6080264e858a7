//! `strato-control-plane`: see [`workloads::strato_control_plane`].

use serde_json::json;
use std::process::ExitCode;
use workloads::log::{self, Level};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match workloads::strato_control_plane::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::event(Level::Error, "failed", &json!({ "reason": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}
