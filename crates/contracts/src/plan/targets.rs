//! What clauses name: the objects that must be in the render, and the Service ports that must answer.

use crate::graph::{Graph, ServicePort};
use crate::judge::is_port;
use crate::model::{
    Action, ChartPlan, Check, Clause, EnvironmentPlan, Event, Expectation, Kind, LogsCheck, Name, ObjectExpectations,
    PortRef, PostgresExpect, ReadyOf, Target, UsageOf, Vantage, What, WsLine,
};

/// The targets of a clause by what must be true of them.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// Must be in the render.
    pub(super) named: Vec<Target>,
    /// Service or host ports that must answer.
    pub(super) addressed: Vec<Target>,
    /// Services that must resolve, and answer where they have one port.
    pub(super) resolved: Vec<Target>,
}

impl Targets {
    /// Everything that a clause names.
    pub(super) fn of(clause: &Clause) -> Self {
        let mut all = Self::default();
        clause.then.iter().for_each(|phase| all.add_check(&phase.check));
        for action in &clause.before {
            match action {
                Action::Push { at, .. } => all.address(at),
                Action::Check(check) => all.add_check(check),
                Action::Do(event) => all.add_event(event),
            }
        }
        clause.when.iter().for_each(|event| all.add_event(event));
        if applies(clause) {
            // What it applies, and what controllers make of that, is in no render.
            all = Self::default();
        }
        if let Vantage::Workload(target) = &clause.from {
            all.name(target);
        }
        all
    }

    fn add_check(&mut self, check: &Check) {
        match check {
            Check::Rendered(expected) | Check::Object(expected) => self.add_objects(expected),
            Check::Http(http) => http.0.iter().for_each(|step| self.probe(&step.to, step.failure.is_some())),
            Check::Tcp(tcp) => self.probe(&tcp.to, tcp.failure.is_some()),
            Check::Ws(ws) => {
                if let WsLine::New { to, .. } = &ws.line {
                    self.address(to);
                }
            }
            Check::Postgres(postgres) => {
                self.probe(&postgres.to, matches!(postgres.expect, PostgresExpect::Failure(_)));
            }
            Check::Registry(registry) => self.address(&registry.at),
            Check::Dns(targets) => targets.iter().for_each(|target| self.resolve(target)),
            Check::Ready(ReadyOf::Targets(targets)) | Check::Leaves(targets) => {
                for target in targets {
                    self.name(target);
                }
            }
            Check::Restarts(all) => all.iter().for_each(|(target, _)| self.name(target)),
            Check::Logs(LogsCheck { of: Some(target), .. }) => self.name(target),
            Check::Usage(usage) => {
                if let UsageOf::Workload(target) = &usage.of {
                    self.name(target);
                }
            }
            Check::Metrics(metrics) => match &metrics.through {
                Target::Object { .. } => self.name(&metrics.through),
                address => self.address(address),
            },
            Check::Rbac(rbac) => self.name(&rbac.of),
            Check::Job(job) => self.name(&job.of),
            Check::Objects(_)
            | Check::Same(_)
            | Check::Refuses(_)
            | Check::Ready(ReadyOf::Release)
            | Check::Logs(_)
            // A test that is not there is one that does not run.
            | Check::HelmTest(_)
            | Check::Holds(_) => {}
            Check::Run(run) => run.addresses().iter().for_each(|target| self.address(target)),
        }
    }

    fn add_objects(&mut self, expected: &ObjectExpectations) {
        let is_absent = |fields: &[(_, Expectation)]| matches!(fields, [(_, Expectation::Absent)]);
        let named = expected.0.iter().filter(|(_, fields)| !(is_absent(fields) && fields[0].0.0.is_empty()));
        named.for_each(|(target, _)| self.name(target));
    }

    fn add_event(&mut self, event: &Event) {
        match event {
            Event::DeletePod(target)
            | Event::DeletePodIn { of: target, .. }
            | Event::Restart(target)
            | Event::Drain(target)
            | Event::Stop(target)
            | Event::Delete(target) => self.name(target),
            Event::Load(load) => self.address(&load.request.to),
            Event::Cut(lines) => {
                self.name_keys(lines.keys());
                lines.values().for_each(|to| self.address(to));
            }
            Event::Signal(signals) => self.name_keys(signals.keys()),
            Event::Patch(patches) => self.name_keys(patches.keys()),
            Event::Scale(replicas) => {
                self.name_keys(replicas.keys());
            }
            Event::Reinstall
            | Event::Uninstall
            | Event::Upgrade { .. }
            | Event::UpgradeFromLast(_)
            | Event::RestartNode
            | Event::Apply(_)
            | Event::Rollback
            | Event::StopNeed(_) => {}
        }
    }

    fn name_keys<'k>(&mut self, keys: impl Iterator<Item = &'k String>) {
        keys.filter_map(|key| key.parse::<Target>().ok()).for_each(|target| self.name(&target));
    }

    fn probe(&mut self, target: &Target, is_to_fail: bool) {
        if is_to_fail { self.name(target) } else { self.address(target) }
    }

    fn name(&mut self, target: &Target) {
        push(&mut self.named, without_port(target));
    }

    fn address(&mut self, target: &Target) {
        self.name(target);
        push(&mut self.addressed, without_path(target));
    }

    fn resolve(&mut self, target: &Target) {
        self.name(target);
        push(&mut self.resolved, without_path(target));
    }
}

fn applies(clause: &Clause) -> bool {
    let is_apply = |event: &Event| matches!(event, Event::Apply(_));
    let before = clause.before.iter().any(|action| matches!(action, Action::Do(event) if is_apply(event)));
    before || clause.when.iter().any(is_apply)
}

fn push(list: &mut Vec<Target>, target: Target) {
    if !list.contains(&target) {
        list.push(target);
    }
}

/// A Service is one target however it was written.
fn without_port(target: &Target) -> Target {
    match target {
        Target::Service { name, .. } => Target::Service { name: name.clone(), port: None, path: String::new() },
        Target::Object { kind: Kind::Named(kind), name } if kind == "Service" => {
            Target::Service { name: name.clone(), port: None, path: String::new() }
        }
        Target::Pod { .. } => target.workload(),
        other => without_path(other),
    }
}

fn without_path(target: &Target) -> Target {
    match target {
        Target::Service { name, port, .. } => {
            Target::Service { name: name.clone(), port: port.clone(), path: String::new() }
        }
        Target::Host { port, .. } => Target::Host { port: *port, path: String::new() },
        Target::Ingress { name, .. } => the_ingress(name),
        Target::Pod { kind, name, port, .. } => {
            Target::Pod { kind: kind.clone(), name: name.clone(), port: port.clone(), path: String::new() }
        }
        Target::Object { .. } => target.clone(),
    }
}

/// What is named of a way through an Ingress.
fn the_ingress(name: &Name) -> Target {
    Target::Object { kind: Kind::Named("Ingress".to_owned()), name: name.clone() }
}

/// The Service and host ports that clauses of an environment address.
pub(crate) fn addressed(environment: &EnvironmentPlan) -> Vec<Target> {
    let mut all = Vec::new();
    for slot in &environment.slots {
        if let What::Clause(clause) = &slot.what {
            Targets::of(clause).addressed.into_iter().for_each(|target| push(&mut all, target));
        }
    }
    all
}

/// The Service target behind a target: a host port is looked up in `cluster.publish`, else among the node ports.
pub(crate) fn behind(chart: &ChartPlan, graph: &Graph, target: &Target) -> Option<Target> {
    match target {
        Target::Service { .. } => Some(target.clone()),
        Target::Host { port, .. } => {
            let published = chart.cluster.as_ref().and_then(|cluster| cluster.publish.get(port));
            published.cloned().or_else(|| by_node_port(graph, *port))
        }
        Target::Object { .. } | Target::Pod { .. } | Target::Ingress { .. } => None,
    }
}

fn by_node_port(graph: &Graph, host_port: u16) -> Option<Target> {
    graph.of_kind("Service").find_map(|service| {
        let all = ServicePort::all(service);
        let port = all.iter().find(|port| port.node_port() == Some(host_port.into()))?;
        let name = Name::Is(service.name().to_owned());
        Some(Target::Service { name, port: port.number().map(PortRef::Number), path: String::new() })
    })
}

/// The target that `named[…]` asks for: the Service behind a host port; nothing for what is not to be in the render.
pub(super) fn to_be_named(chart: &ChartPlan, graph: &Graph, target: &Target) -> Option<Target> {
    let target = match target {
        Target::Host { .. } => behind(chart, graph, target).map_or_else(|| target.clone(), |t| without_port(&t)),
        other => other.clone(),
    };
    (!is_made_elsewhere(graph, &target)).then_some(target)
}

/// Kinds that controllers make, and objects that every namespace has.
const MADE: [&str; 9] =
    ["Pod", "ReplicaSet", "Endpoints", "EndpointSlice", "ControllerRevision", "Event", "Node", "Namespace", "Lease"];

fn is_made_elsewhere(graph: &Graph, target: &Target) -> bool {
    let Target::Object { kind, name } = target else {
        return matches!(target, Target::Service { name: Name::All, .. });
    };
    let Kind::Named(kind) = kind else { return true };
    let is_given = matches!((kind.as_str(), name), ("ServiceAccount", Name::Is(n)) if n == "default")
        || matches!((kind.as_str(), name), ("ConfigMap", Name::Is(n)) if n == "kube-root-ca.crt");
    *name == Name::All || is_given || MADE.contains(&kind.as_str()) || graph.is_defined(kind)
}

/// The Service port that `reachable[…]` asks for, by number where the render knows it; nothing for what TCP can't ask.
/// A Service that is not there is asked for once, whatever ports of it clauses address.
pub(super) fn to_be_reached(chart: &ChartPlan, graph: &Graph, target: &Target) -> Option<Target> {
    let behind = behind(chart, graph, target)?;
    let Target::Service { port: wanted, .. } = &behind else { return None };
    let [service] = graph.named(&behind)[..] else { return Some(without_port(&behind)) };
    let ports = ServicePort::all(service);
    let found = match wanted {
        Some(wanted) => ports.iter().find(|port| is_port(port, wanted)),
        None => ports.first().filter(|_| ports.len() == 1),
    };
    let Some(port) = found else { return wanted.is_some().then_some(behind) };
    let name = Name::Is(service.name().to_owned());
    let number = port.number().map(PortRef::Number);
    (port.protocol() == "TCP").then_some(Target::Service { name, port: number, path: String::new() })
}
