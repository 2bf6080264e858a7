//! Ports that don't meet: Service, container, probe, and what clauses address.

use super::{Named, WORKLOADS};
use crate::case::{Case, remove, set, sites, with};
use crate::chart::{At, Chart};
use serde_json::{Value, json};

pub(super) const MUTANTS: &[Named] = &[
    ("target-port-misspelled", |c| {
        set(c, "Service", "spec ports * targetPort", |v| Some(json!(format!("{}x", v.as_str()?))))
    }),
    ("target-port-is-another-number", |c| {
        set(c, "Service", "spec ports * targetPort", |v| Some(json!(if v.is_number() { 4711 } else { 4712 })))
    }),
    ("target-port-in-quotes", |c| {
        set(c, "Service", "spec ports * targetPort", |v| v.as_u64().map(|number| json!(number.to_string())))
    }),
    ("target-port-left-out", left_out),
    ("service-speaks-udp", |c| {
        let udp = |port: &Value| (port["protocol"] != "UDP").then(|| with_protocol(port, "UDP"));
        at_target(c, set(c, "Service", "spec ports *", udp))
    }),
    ("container-port-renamed", |c| of_container_port(c, "name", |v| v.as_str().map(|name| json!(format!("{name}-x"))))),
    ("container-speaks-sctp", |c| of_container_port(c, "protocol", |_| Some(json!("SCTP")))),
    ("readiness-names-no-port", |c| probe(c, "readinessProbe httpGet port")),
    ("liveness-names-no-port", |c| {
        [probe(c, "livenessProbe httpGet port"), probe(c, "livenessProbe tcpSocket port")].concat()
    }),
    ("startup-names-no-port", |c| {
        set(c, WORKLOADS, "@ spec * * startupProbe tcpSocket port", |_| Some(json!("nowhere")))
    }),
    ("pre-stop-names-no-port", |c| probe(c, "lifecycle preStop httpGet port")),
    ("addressed-port-renamed", |c| {
        // One that the contract addresses by name.
        let names = sites(c, "Service", "spec ports * name").into_iter();
        let case = |at: At| {
            let service = &c.documents[at.0];
            let target = c.filled(&format!("svc/{}:{}", service.name(), c.get(&at).as_str()?));
            let is_addressed = c.contract.lines().any(|line| line.contains(&target));
            let ports = At(at.0, vec!["spec".to_owned(), "ports".to_owned()]);
            let mut meant = ingresses(c, service.name(), c.get(&at));
            meant.push(ports);
            is_addressed.then(|| Case::at(with(c, &at, json!("renamed")), meant))
        };
        names.filter_map(case).collect()
    }),
    ("published-without-node-port", |c| {
        set(c, "Service", "spec type", |v| {
            (v == "NodePort" && c.contract.contains("publish")).then(|| json!("ClusterIP"))
        })
    }),
    ("sidecar-is-no-sidecar", |c| {
        let sidecars = remove(c, WORKLOADS, "@ spec initContainers * restartPolicy", 0);
        sidecars.into_iter().map(|case| Case::at(case.chart.clone(), named(&case.chart, "http"))).collect()
    }),
];

/// Where ingresses name this port of this Service.
fn ingresses(chart: &Chart, service: &str, port: &Value) -> Vec<At> {
    let names = sites(chart, "Ingress", "spec rules * http paths * backend service port name").into_iter();
    let is_it = |at: &At| chart.get(at) == port && chart.get(&at.parent().parent().below("name")) == service;
    names.filter(is_it).collect()
}

fn with_protocol(port: &Value, protocol: &str) -> Value {
    let mut port = port.clone();
    port["protocol"] = json!(protocol);
    port
}

fn probe(chart: &Chart, path: &str) -> Vec<Case> {
    set(chart, WORKLOADS, &format!("@ spec containers * {path}"), |v| v.as_str().map(|name| json!(format!("{name}y"))))
}

/// Service ports whose target is this name.
fn named(chart: &Chart, name: &str) -> Vec<At> {
    sites(chart, "Service", "spec ports * targetPort").into_iter().filter(|at| chart.get(at) == name).collect()
}

/// Without `targetPort` it is the Service's own number, which no container has.
fn left_out(chart: &Chart) -> Vec<Case> {
    let is_other = |at: &At| {
        let own = &chart.get(&at.parent())["port"];
        let declared = sites(chart, WORKLOADS, "@ spec * * ports * containerPort");
        !declared.iter().any(|port| chart.get(port) == own)
    };
    let sites = sites(chart, "Service", "spec ports * targetPort").into_iter().filter(is_other);
    sites.map(|at| Case::at(crate::case::without(chart, &at), vec![at.parent()])).collect()
}

/// The verdict points at the target where one is written, else at the port.
fn at_target(chart: &Chart, cases: Vec<Case>) -> Vec<Case> {
    let pointed = |case: Case| match &case.expected {
        crate::case::Expected::At(all) if chart.get(&all[0])["targetPort"].is_null() => case,
        crate::case::Expected::At(all) => Case::at(case.chart.clone(), vec![all[0].below("targetPort")]),
        _ => case,
    };
    cases.into_iter().map(pointed).collect()
}

/// Changes a container's port: Services and probes that mean it don't find it any more.
fn of_container_port(chart: &Chart, key: &str, to: impl Fn(&Value) -> Option<Value>) -> Vec<Case> {
    let ports = sites(chart, "Deployment|StatefulSet|DaemonSet", "@ spec containers * ports *").into_iter();
    let case = |at: At| {
        let port = chart.get(&at);
        let changed = with(chart, &at.below(key), to(&port[key])?);
        let mut meant = services(chart, at.0, port);
        if key == "name" {
            // Who means the number does not mind.
            meant.retain(|at| *chart.get(at) == port["name"]);
            meant.extend(probes(chart, &at, port["name"].as_str()?));
        }
        (!meant.is_empty()).then(|| Case::at(changed, meant))
    };
    ports.filter_map(case).collect()
}

/// The ports of Services that lead to this one.
fn services(chart: &Chart, workload: usize, port: &Value) -> Vec<At> {
    let labels = &chart.documents[workload].value["spec"]["template"]["metadata"]["labels"];
    let leads = |at: &At| {
        let selector = &chart.documents[at.0].value["spec"]["selector"];
        let selects = selector.as_object().is_some_and(|all| all.iter().all(|(k, v)| labels.get(k) == Some(v)));
        let target = chart.get(at);
        selects && (*target == port["name"] || *target == port["containerPort"])
    };
    let targets = sites(chart, "Service", "spec ports * targetPort").into_iter().filter(leads);
    let bare = sites(chart, "Service", "spec ports * port").into_iter().filter(|at| {
        let whole = chart.get(&at.parent());
        whole["targetPort"].is_null() && leads(at)
    });
    targets.chain(bare.map(|at| at.parent())).collect()
}

/// The probes of the same container that name this port.
fn probes(chart: &Chart, port: &At, name: &str) -> Vec<At> {
    let container = port.parent().parent();
    let ways = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle preStop"];
    let patterns =
        ways.iter().flat_map(|way| ["httpGet", "tcpSocket"].map(|action| format!("@ spec * * {way} {action} port")));
    let all = patterns.flat_map(|pattern| sites(chart, WORKLOADS, &pattern));
    all.filter(|at| at.0 == port.0 && at.1.starts_with(&container.1) && chart.get(at) == name).collect()
}
