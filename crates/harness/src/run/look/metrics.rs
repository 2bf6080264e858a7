//! `metrics`: scrapes through a Service, or as a `ServiceMonitor` of the chart tells Prometheus to.

use super::{Looker, PROBE};
use crate::readiness::{name_of, text};
use crate::release::objects;
use crate::run::address::error;
use seatrial_contracts::model::{MetricsCheck, Name, PortRef, Target};
use seatrial_observation::{HttpSpec, LookError, ProbeSpec, Seen};
use serde_json::Value;

/// Where metrics are by convention.
const PATH: &str = "/metrics";

impl Looker<'_> {
    pub(super) async fn metrics(&self, check: &MetricsCheck) -> Result<Seen, LookError> {
        let targets = match &check.through {
            Target::Object { name, .. } => monitored(&objects(&self.targets.stage.environment.rendered), name)?,
            one => vec![one.clone()],
        };
        let mut outcomes = Vec::new();
        for target in &targets {
            let mut address = self.addresses.of(target).await?;
            if address.path.is_empty() {
                PATH.clone_into(&mut address.path);
            }
            let (url, way) = self.way(&address, None, None, None).await?;
            let spec = ProbeSpec::Http(HttpSpec { way, ..HttpSpec::get(url) });
            outcomes.push(self.probe(address.from, &spec, PROBE).await?);
        }
        Ok(Seen::Probes(outcomes))
    }
}

/// The Service ports that a `ServiceMonitor` leads to; one that leads nowhere is told.
fn monitored(rendered: &[Value], name: &Name) -> Result<Vec<Target>, LookError> {
    let monitors = rendered.iter().filter(|one| text(one, "/kind") == "ServiceMonitor");
    let mut monitors = monitors.filter(|one| match name {
        Name::Is(name) => name_of(one) == name,
        Name::Only | Name::All => true,
    });
    let monitor = monitors.next().ok_or_else(|| error(format!("there is no servicemonitor{name} in the render")))?;
    let wanted = monitor.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let is_chosen = |service: &&Value| {
        let labels = service.pointer("/metadata/labels");
        let has = |(key, value): (&String, &Value)| labels.and_then(|labels| labels.get(key)) == Some(value);
        text(service, "/kind") == "Service" && wanted.is_some_and(|wanted| wanted.iter().all(has))
    };
    let services: Vec<&Value> = rendered.iter().filter(is_chosen).collect();
    let endpoints = monitor.pointer("/spec/endpoints").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let targets = services.iter().flat_map(|service| endpoints.iter().map(|endpoint| target(service, endpoint)));
    let targets: Vec<Target> = targets.collect();
    if targets.is_empty() {
        return Err(error(format!("servicemonitor/{} chooses no Service port of the render", name_of(monitor))));
    }
    Ok(targets)
}

fn target(service: &Value, endpoint: &Value) -> Target {
    let port = endpoint["port"].as_str().map(|port| PortRef::Name(port.to_owned()));
    let path = endpoint["path"].as_str().unwrap_or(PATH).to_owned();
    Target::Service { name: Name::Is(name_of(service).to_owned()), port, path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_monitor_leads_to_the_ports_that_it_chooses() {
        let service =
            json!({ "kind": "Service", "metadata": { "name": "shop", "labels": { "app": "shop", "a": "b" } } });
        let monitor = |app: &str| {
            let spec = json!({ "selector": { "matchLabels": { "app": app } }, "endpoints": [{ "port": "http" }] });
            json!({ "kind": "ServiceMonitor", "metadata": { "name": "shop" }, "spec": spec })
        };
        let found = monitored(&[service.clone(), monitor("shop")], &Name::Only).expect("it leads somewhere");
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["svc/shop:http/metrics"]);
        let nowhere = monitored(&[service, monitor("other")], &Name::Is("shop".to_owned())).expect_err("nowhere");
        assert_eq!(nowhere.message, "servicemonitor/shop chooses no Service port of the render");
    }
}
