//! When the states of pods arrived here, by this process's monotonic clock.

use crate::ours;
use crate::readiness::{Milestone, Snapshot, milestones, name_of, pulls_ms, text};
use seatrial_observation::PodStart;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// Pod (by uid: the next one may have its name) → state → the arrival of the first look that showed it.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals(BTreeMap<String, BTreeMap<Milestone, Instant>>);

impl Arrivals {
    /// Notes what a pod that was just seen shows for the first time.
    pub(super) fn note(&mut self, pod: &Value, now: Instant) {
        if ours::is_ours(pod) {
            return;
        }
        let reached = self.0.entry(uid(pod).to_owned()).or_default();
        for milestone in milestones(pod) {
            reached.entry(milestone).or_insert(now);
        }
    }

    /// How each pod that is there came up, counted from `start`.
    pub(super) fn starts(&self, snapshot: &Snapshot, start: Instant) -> Vec<PodStart> {
        let noted = snapshot.pods.iter().filter_map(|pod| Some((pod, self.0.get(uid(pod))?)));
        noted.map(|(pod, reached)| one(pod, reached, &snapshot.events, start)).collect()
    }
}

fn uid(pod: &Value) -> &str {
    text(pod, "/metadata/uid")
}

fn one(pod: &Value, reached: &BTreeMap<Milestone, Instant>, events: &[Value], start: Instant) -> PodStart {
    let at = |milestone: Milestone| {
        let arrived = reached.get(&milestone)?;
        Some(arrived.saturating_duration_since(start).as_secs_f64() * 1e3)
    };
    PodStart {
        pod: name_of(pod).to_owned(),
        scheduled_ms: at(Milestone::Scheduled),
        sandbox_ms: at(Milestone::Sandbox),
        initialised_ms: at(Milestone::Initialised),
        started_ms: at(Milestone::Started),
        containers_ready_ms: at(Milestone::ContainersReady),
        ready_ms: at(Milestone::Ready),
        pulls_ms: pulls_ms(events, pod),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn pod(name: &str, conditions: &[&str]) -> Value {
        let conditions: Vec<Value> = conditions.iter().map(|kind| json!({ "type": kind, "status": "True" })).collect();
        json!({ "metadata": { "name": name, "uid": name }, "status": { "conditions": conditions } })
    }

    #[test]
    fn the_first_arrival_of_each_state_counts() {
        let start = Instant::now();
        let after = |ms: u64| start + Duration::from_millis(ms);
        let mut arrivals = Arrivals::default();
        arrivals.note(&pod("web-0", &[]), after(50));
        arrivals.note(&pod("web-0", &["PodScheduled"]), after(100));
        arrivals.note(&pod("web-0", &["PodScheduled", "Ready"]), after(900));
        arrivals.note(&pod("web-0", &["PodScheduled", "Ready"]), after(1500));
        arrivals.note(&pod("gone", &["Ready"]), after(20));
        let mut prober = pod("prober", &["Ready"]);
        prober["metadata"]["labels"] = json!({ ours::LABEL: ours::OURS });
        arrivals.note(&prober, after(30));
        let snapshot = Snapshot { pods: vec![pod("web-0", &[]), prober], ..Snapshot::default() };
        let expected = PodStart {
            pod: "web-0".to_owned(),
            scheduled_ms: Some(100.0),
            ready_ms: Some(900.0),
            ..PodStart::default()
        };
        assert_eq!(arrivals.starts(&snapshot, start), [expected]);
    }
}
