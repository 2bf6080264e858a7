//! The reference that does nothing: the prober's own echo behind a Service of ours, from the clause's vantage. Where it
//! is slow, the way there or the machine is.

use crate::forward::Forward;
use crate::run::address::{From, error};
use crate::run::look::Looker;
use seatrial_observation::{HttpSpec, Look, LookError, ProbeSpec, Reason};
use seatrial_probes::wait::{self, Patience};
use std::time::Duration;

/// How long kube-proxy may take for the Service.
const PATIENCE: Duration = Duration::from_secs(10);

/// The echo from a vantage; it has answered once.
pub(super) async fn reference(looker: &Looker<'_>, from: From) -> Result<ProbeSpec, LookError> {
    let base = match from {
        From::Pod | From::Eye => in_cluster(looker).await?,
        From::Here => from_here(looker).await?,
    };
    let spec = get(&base);
    until_answering(looker, from, &spec).await?;
    Ok(spec)
}

async fn in_cluster(looker: &Looker<'_>) -> Result<String, LookError> {
    let prober = looker.targets.site.prober(looker.targets.stage.namespace());
    let (name, port) = prober.service().await.map_err(|failed| error(failed.to_string()))?;
    Ok(format!("http://{name}:{port}"))
}

/// By a node port on the node's address; where that is not reached from here (an engine in a virtual machine), by a
/// forward.
async fn from_here(looker: &Looker<'_>) -> Result<String, LookError> {
    let prober = looker.targets.site.prober(looker.targets.stage.namespace());
    let port = prober.node_port().await.map_err(|failed| error(failed.to_string()))?;
    let base = format!("http://{}:{port}", looker.addresses.node_address().await?);
    if until_answering(looker, From::Here, &get(&base)).await.is_ok() {
        return Ok(base);
    }
    let forward = Forward::listen(&looker.targets.site.objects, prober.destination()).await;
    let forward = forward.map_err(|failed| error(failed.to_string()))?;
    let base = forward.base();
    looker.addresses.keep(forward).await;
    Ok(base)
}

fn get(base: &str) -> ProbeSpec {
    let url = format!("{base}/echo");
    ProbeSpec::Http(HttpSpec::get(url))
}

async fn until_answering(looker: &Looker<'_>, from: From, spec: &ProbeSpec) -> Result<(), LookError> {
    let patience = Patience::backoff(PATIENCE, Duration::from_millis(10), Duration::from_millis(200));
    let answered = wait::until(&patience, async || {
        let outcome = looker.probe(from, spec, Duration::from_secs(1)).await.map_err(|failed| failed.message)?;
        Ok::<_, String>(match outcome.result {
            Ok(_) => Look::Ready(()),
            Err(failure) => Look::Pending(Reason::new(failure.message)),
        })
    });
    answered.await.map_err(|failed| error(format!("the prober's echo: {failed}")))
}
