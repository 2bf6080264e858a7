//! `prober [ADDRESS]`: the probes, served over HTTP from inside a cluster.

use seatrial_probes::server::{self, ServeError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    seatrial_probes::install_tls_provider();
    server::serve(std::env::args().nth(1).as_deref()).await
}
