//! Programs beside a release as pods.

use super::BesideError;
use super::manifest::{BESIDE, manifests};
use super::wanted::{Wanted, all};
use crate::bootstrap::Service;
use crate::cluster::{self, Cluster};
use crate::events::Events;
use crate::ours;
use crate::readiness::name_of;
use crate::release::{Mirror, Objects, objects, until_ready};
use crate::run::port_of;
use crate::tools::Tools;
use seatrial_contracts::model::{ChartPlan, ClusterSpec, EnvironmentPlan, Name, Target};
use seatrial_observation::Event;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a pod may take until it is ready; its image is on the node.
const READY: Duration = Duration::from_mins(1);

/// Starts all that the chart's contract wants beside this environment's release; what runs already stays, and is
/// replaced where it changed.
pub async fn in_cluster(
    cluster: &Cluster,
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    tools: &Tools,
    events: &Events,
) -> Result<Vec<Service>, BesideError> {
    let Some(spec) = chart.cluster.as_ref() else { return Ok(Vec::new()) };
    let (objects, namespace) = (Objects::new(cluster.client().await?), environment.release.namespace.as_str());
    let pods = Pods { cluster, objects, namespace };
    pods.remove_dropped(spec).await?;
    if spec.beside.is_empty() {
        return Ok(Vec::new());
    }
    let looked_up = |target: &Target| in_namespace(target, &environment.rendered);
    let wanted = all(spec, &looked_up, events).await?;
    let images: Vec<String> = wanted.iter().map(|one| one.image.clone()).collect();
    cluster::load_images(cluster, &images, tools).await?;
    let mut services = Vec::new();
    for one in &wanted {
        let started = Instant::now();
        pods.start(one).await?;
        events.emit(Event::Finished { what: one.name.clone(), seconds: started.elapsed().as_secs_f64() });
        services.push(one.service(format!("deploy/{}", one.name)));
    }
    Ok(services)
}

struct Pods<'a> {
    cluster: &'a Cluster,
    objects: Objects,
    namespace: &'a str,
}

impl Pods<'_> {
    /// What an earlier `up` made and the contract does not want any more goes, before another takes its port.
    async fn remove_dropped(&self, spec: &ClusterSpec) -> Result<(), BesideError> {
        for kind in ["Deployment", "Service"] {
            for object in self.objects.list(kind, self.namespace).await?.iter().filter(|one| is_dropped(one, spec)) {
                self.objects.delete(kind, self.namespace, name_of(object)).await?;
            }
        }
        Ok(())
    }

    async fn start(&self, wanted: &Wanted) -> Result<(), BesideError> {
        let mut mapped = self.cluster.host_ports.iter();
        let node_port = mapped.find(|(_, host)| **host == wanted.port).map(|(node, _)| *node);
        let no_port = || BesideError::NoPort { name: wanted.name.clone(), port: wanted.port };
        for object in manifests(wanted, node_port.ok_or_else(no_port)?) {
            self.refuse_foreign(wanted, if object["kind"] == "Service" { "Service" } else { "Deployment" }).await?;
            self.objects.apply(self.namespace, &object).await?;
        }
        self.until_ready(wanted).await?;
        wanted.until_answering().await
    }

    /// An object of the chart is never taken over.
    async fn refuse_foreign(&self, wanted: &Wanted, kind: &'static str) -> Result<(), BesideError> {
        match self.objects.get(kind, self.namespace, &wanted.name).await? {
            Some(found) if !ours::is_ours(&found) => Err(BesideError::Foreign { name: wanted.name.clone(), kind }),
            _ => Ok(()),
        }
    }

    async fn until_ready(&self, wanted: &Wanted) -> Result<(), BesideError> {
        let judged = [("Deployment".to_owned(), wanted.name.clone())];
        let mut mirror = Mirror::open(&self.objects, self.namespace, &judged).await?;
        let progress = until_ready(&mut mirror, &judged, Instant::now(), READY, &[]).await;
        let not_ready = |problem| BesideError::NotReady { name: wanted.name.clone(), problem };
        progress.problem().map_or(Ok(()), |problem| Err(not_ready(problem)))
    }
}

fn is_dropped(object: &Value, spec: &ClusterSpec) -> bool {
    let beside = object["metadata"]["labels"][BESIDE].as_str();
    beside.is_some_and(|name| ours::is_ours(object) && !spec.beside.contains_key(name))
}

/// `NAME:PORT` of a Service port, as every pod of its namespace reaches it.
fn in_namespace(target: &Target, rendered: &str) -> Option<String> {
    let Target::Service { name: Name::Is(name), port, .. } = target else { return None };
    let services = objects(rendered).into_iter().filter(|one| one["kind"] == "Service");
    let service = services.into_iter().find(|one| name_of(one) == name)?;
    Some(format!("{name}:{}", port_of(&service, port.as_ref())?["port"].as_u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexMap;
    use seatrial_contracts::model::Beside;
    use serde_json::json;

    const RENDERED: &str = "---
kind: Service
metadata: { name: registry }
spec: { ports: [{ name: http, port: 5000 }] }
";

    fn check(target: &str, expected: Option<&str>) {
        let target = target.parse().expect("a target");
        assert_eq!(in_namespace(&target, RENDERED).as_deref(), expected);
    }

    #[test]
    fn only_what_is_ours_and_not_wanted_any_more_is_dropped() {
        let agent = Beside { image: "a".into(), port: 8001, health: "/".into(), env: IndexMap::new() };
        let spec = ClusterSpec { beside: IndexMap::from([("agent".to_owned(), agent)]), ..ClusterSpec::default() };
        let check = |labels: Value, expected: bool| {
            assert_eq!(is_dropped(&json!({ "metadata": { "name": "x", "labels": labels } }), &spec), expected);
        };
        check(json!({ ours::LABEL: ours::OURS, BESIDE: "old" }), true);
        check(json!({ ours::LABEL: ours::OURS, BESIDE: "agent" }), false);
        check(json!({ ours::LABEL: "Helm", BESIDE: "old" }), false);
        check(json!({ ours::LABEL: ours::OURS }), false);
        check(Value::Null, false);
    }

    #[test]
    fn a_service_port_has_an_address() {
        check("svc/registry:http", Some("registry:5000"));
        check("svc/registry:5000", Some("registry:5000"));
        check("svc/registry:metrics", None);
        check("svc/other:http", None);
    }
}
