//! `prober [ADDRESS]`: the probes, served over HTTP from inside a cluster.

use seatrial_probes::server::{self, ServeError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    seatrial_probes::install_tls_provider();
    let address = std::env::args().nth(1);
    server::serve(address.as_deref().unwrap_or(server::ADDRESS)).await
}
