//! The place from which a clause looks, where that is not the prober's pod or this host; and the second look from
//! elsewhere, which shows that what is denied there answers at all.

use super::Looker;
use crate::prober::{Eye, Maker, ProberError, Stranger};
use crate::run::address::error;
use seatrial_contracts::model::{Target, Vantage};
use seatrial_observation::{LookError, ProbeOutcome};

impl Looker<'_> {
    pub(super) async fn open_eye(&self) -> Result<Eye, LookError> {
        let site = self.targets.site;
        let maker = Maker { objects: &site.objects, image: &site.prober_image, run: &site.run };
        let opened = match self.addresses.vantage {
            Vantage::Stranger { namespace, labels, service_account } => {
                let namespace = namespace.as_deref().unwrap_or(self.targets.stage.namespace());
                let service_account = service_account.as_deref();
                Eye::of_stranger(maker, Stranger { namespace, labels, service_account }).await
            }
            Vantage::Workload(workload) => self.inside(maker, workload).await?,
            Vantage::Node | Vantage::Pod | Vantage::Host => Eye::of_node(maker).await,
        };
        opened.map_err(|failed| error(failed.to_string()))
    }

    async fn inside(&self, maker: Maker<'_>, workload: &Target) -> Result<Result<Eye, ProberError>, LookError> {
        let pods = self.targets.pods(workload).await?;
        let is_running = |pod: &&serde_json::Value| crate::readiness::text(pod, "/status/phase") == "Running";
        let Some(pod) = pods.iter().find(is_running) else {
            return Err(error(format!("{workload} has no running pod to look from")));
        };
        Ok(Eye::inside(maker, self.targets.stage.namespace(), pod).await)
    }

    /// Another pod of the workload may be there after the event.
    pub(super) fn forget_pod(&mut self) {
        if matches!(self.addresses.vantage, Vantage::Workload(_)) {
            self.eye.take();
        }
    }

    /// Removes what was made to look from.
    pub(in crate::run) async fn close(&mut self) {
        self.forget_lines().await;
        if let Some(eye) = self.eye.take() {
            eye.close().await;
        }
    }

    /// From where it must answer, so that a failure here is a denial: the prober, or the host where that is what is
    /// denied.
    pub(super) fn control(&self) -> &'static Vantage {
        if *self.addresses.vantage == Vantage::Pod { &Vantage::Host } else { &Vantage::Pod }
    }
}

/// Whether the failure that was seen could be the promised denial.
pub(super) fn may_be_denied(failure: Option<&str>, outcome: &ProbeOutcome) -> bool {
    failure == Some("denied") && outcome.result.is_err()
}
