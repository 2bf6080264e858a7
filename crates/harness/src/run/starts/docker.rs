//! A start by the engine alone. A prober in a container of its own lends its network to the containers that are
//! started: so it can ask before they are there, just as the one in the cluster does.

use super::app::App;
use super::{GIVE_UP, between, first, spec};
use crate::containers::{self, Container, ContainerSpec, labels_of_run};
use crate::release::Site;
use seatrial_observation::{HttpSpec, Look, Place, ProbeAnswer, ProbeSpec, Reason, Start};
use seatrial_probes::wait::{self, Patience};
use seatrial_probes::{client, server};
use std::time::Duration;

/// The prober beside the containers, and the name under which each of them runs for a moment.
pub(super) struct Docker {
    prober: Container,
    base: String,
    spec: ContainerSpec,
}

impl Docker {
    /// Starts the prober and waits for its first answer.
    pub(super) async fn open(site: &Site) -> Result<Self, String> {
        let labels = labels_of_run(&site.run);
        let wanted = ContainerSpec {
            name: format!("seatrial-{}-starts-prober", site.run),
            image: site.prober_image.clone(),
            ports: vec![(server::PORT, None)],
            labels: labels.clone(),
            ..ContainerSpec::default()
        };
        let prober = containers::run(&wanted).await.map_err(|failed| failed.to_string())?;
        let port = prober.host_ports.get(&server::PORT).ok_or("the engine published no port of the prober")?;
        let base = format!("http://127.0.0.1:{port}");
        until_answering(&base).await?;
        let name = format!("seatrial-{}-start", site.run);
        let network = Some(format!("container:{}", prober.id));
        Ok(Self { prober, base, spec: ContainerSpec { name, labels, network, ..ContainerSpec::default() } })
    }

    /// Starts the image once, asked from before.
    pub(super) async fn start(&self, app: &App) -> Result<Start, String> {
        let wanted = ContainerSpec {
            image: app.image.clone(),
            env: app.env.clone(),
            args: app.args.clone(),
            ..self.spec.clone()
        };
        // One that a killed process left would be found running.
        self.remove().await?;
        let probe = spec(app, "127.0.0.1");
        let (asked, started) = tokio::join!(client::ask(&self.base, &probe, GIVE_UP), containers::run(&wanted));
        self.remove().await?;
        let started = started.map_err(|failed| failed.to_string())?;
        let answer = first(asked.map_err(|failed| failed.to_string())?)?;
        Ok(between(Place::Docker, started.started_at, answer))
    }

    async fn remove(&self) -> Result<(), String> {
        containers::remove(&self.spec.name).await.map_err(|failed| failed.to_string())
    }

    /// Removes the prober. What can't be removed now goes with the run.
    pub(super) async fn close(self) {
        let _ = containers::remove(&self.prober.name).await;
    }
}

async fn until_answering(base: &str) -> Result<(), String> {
    let probe = ProbeSpec::Http(HttpSpec::get(format!("{base}/healthz")));
    let patience = Patience::steady(GIVE_UP, Duration::from_millis(20));
    let answered = wait::until(&patience, async || {
        let outcome = seatrial_probes::probe(&probe, Duration::from_secs(1)).await;
        Ok::<_, std::convert::Infallible>(match outcome.result {
            Ok(ProbeAnswer::Http(answer)) if answer.status == 200 => Look::Ready(()),
            Ok(_) => Look::Pending(Reason::new("the prober beside the containers is not ready")),
            Err(failure) => Look::Pending(Reason::new(failure.message)),
        })
    });
    answered.await.map_err(|failed| failed.to_string())
}
