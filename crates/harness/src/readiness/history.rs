//! What one look can't see: since when a pod can't be scheduled, and how its containers ended before.

use super::json::{list, name_of, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a shortage must stay the same before it counts.
const SETTLED: Duration = Duration::from_secs(2);

/// What earlier looks saw; kept by whoever looks again and again.
#[derive(Clone, Debug, Default)]
pub struct History {
    shortages: BTreeMap<String, (String, Duration)>,
    exits: BTreeMap<(String, String), Vec<Exit>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Exit {
    container_id: String,
    reason: String,
}

impl History {
    /// Notes that the scheduler said this about the pod at `now`; whether it has said so long enough to believe it.
    pub(super) fn is_settled_shortage(&mut self, pod: &Value, message: &str, now: Duration) -> bool {
        let key = text(pod, "/metadata/uid").to_owned();
        let entry = self.shortages.entry(key).or_insert_with(|| (message.to_owned(), now));
        if entry.0 != message {
            *entry = (message.to_owned(), now);
        }
        now.saturating_sub(entry.1) >= SETTLED
    }

    /// Something that may cure the shortage goes on: the clock starts again.
    pub(super) fn forget_shortage(&mut self, pod: &Value) {
        self.shortages.remove(text(pod, "/metadata/uid"));
    }

    /// Notes the ends of a pod's containers.
    pub(super) fn note_exits(&mut self, pod: &Value) {
        for status in list(pod, "/status/containerStatuses").iter().chain(list(pod, "/status/initContainerStatuses")) {
            for pointer in ["/lastState/terminated", "/state/terminated"] {
                if let Some(ended) = status.pointer(pointer).filter(|ended| ended.is_object()) {
                    self.note_exit(pod, status, ended);
                }
            }
        }
    }

    fn note_exit(&mut self, pod: &Value, status: &Value, ended: &Value) {
        let key = (text(pod, "/metadata/uid").to_owned(), text(status, "/name").to_owned());
        let exit = Exit {
            container_id: text(ended, "/containerID").to_owned(),
            reason: format!("{} (exit code {})", text(ended, "/reason"), super::json::number(ended, "/exitCode", 0)),
        };
        let exits = self.exits.entry(key).or_default();
        if !exits.iter().any(|seen| seen.container_id == exit.container_id) {
            exits.push(exit);
        }
    }

    /// Whether the last two ends of the container differed, as far as they were seen.
    pub(super) fn ended_differently(&self, pod: &Value, container: &str) -> bool {
        let key = (text(pod, "/metadata/uid").to_owned(), container.to_owned());
        match self.exits.get(&key).map(Vec::as_slice) {
            Some([.., before, last]) => before.reason != last.reason,
            _ => false,
        }
    }

    /// How the container last ended, as far as it was seen.
    pub(super) fn last_exit(&self, pod: &Value, container: &str) -> Option<&str> {
        let key = (text(pod, "/metadata/uid").to_owned(), container.to_owned());
        self.exits.get(&key).and_then(|exits| exits.last()).map(|exit| exit.reason.as_str())
    }

    /// `pod/NAME`, as reasons name a pod.
    pub(super) fn pod_name(pod: &Value) -> String {
        format!("Pod/{}", name_of(pod))
    }
}
