//! A cluster that goes away while a run looks at it: whoever notices first writes it down, and nobody waits for it
//! again. What was seen of a cluster that is gone says nothing about a chart.

use super::site::{ReleaseError, Site};
use crate::cluster::{ProviderKind, check_engine};
use crate::state;
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use std::time::Duration;

/// How long the API server may be away: a node that restarts is back by then.
const AWAY: Duration = Duration::from_secs(10);

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(3);

impl Site {
    /// Whether the API server still answers, and the engine whose container the node is.
    pub(crate) async fn check_alive(&self) -> Result<(), ReleaseError> {
        let record = self.dir.join("lost");
        if let Ok(message) = std::fs::read_to_string(&record) {
            return Err(self.lost(message));
        }
        if self.cluster.provider == ProviderKind::Docker {
            return Ok(());
        }
        let patience = Patience::steady(AWAY, Duration::from_millis(250));
        let answered = wait::until(&patience, async || self.answer().await);
        if let Err(silence) = answered.await {
            let message = silence.to_string();
            // Who can't read it waits for itself.
            let _ = state::write_private(&record, message.as_bytes());
            return Err(self.lost(message));
        }
        Ok(())
    }

    async fn answer(&self) -> Result<Look<()>, kube::Error> {
        if self.cluster.provider == ProviderKind::Kind
            && let Err(silence) = check_engine(&self.tools).await
        {
            return Ok(Look::Pending(Reason::new(silence.to_string())));
        }
        match tokio::time::timeout(ANSWER, self.objects.client.apiserver_version()).await {
            Ok(answer) => answer.map(|_| Look::Ready(())),
            Err(_) => Ok(Look::Pending(Reason::new("it does not answer"))),
        }
    }

    fn lost(&self, message: String) -> ReleaseError {
        ReleaseError::Lost { cluster: self.cluster.name.clone(), message }
    }
}
