//! How the agents beside the registry started, as pods and as containers, and in what the two differ.

use crate::program::tool;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The agents, in the order of the contract.
pub const AGENTS: [&str; 3] = ["agent-plan", "agent-build", "agent-test"];

/// The node of `pallet-dev`.
pub const NODE: &str = "pallet-dev-control-plane";

/// How they started in one of the two ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The registry first, then as they began.
    pub order: Vec<String>,
    /// Agent → what it runs.
    pub images: BTreeMap<String, String>,
    /// Agent → the names of its variables that the contract gives.
    pub variables: BTreeMap<String, Vec<String>>,
    /// Agent → the lines of its start, without their times; the registry's address is `REGISTRY`.
    pub lines: BTreeMap<String, Vec<Value>>,
    /// Agent → the answer to `/agent-card`.
    pub cards: BTreeMap<String, Value>,
}

/// Where they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Pods of namespace `pallet`.
    Pods,
    /// Containers of the engine.
    Containers,
}

impl Start {
    /// Looks at all of them.
    pub fn of(place: Place) -> Self {
        let logs: BTreeMap<String, Vec<Value>> = each(|agent| lines(&place.log(agent)));
        let mut begun: Vec<(Option<Timestamp>, String)> =
            logs.iter().map(|(agent, lines)| (time_of(lines), agent.clone())).collect();
        begun.push((place.registry_started().parse().ok(), "registry".to_owned()));
        begun.sort();
        Self {
            order: begun.into_iter().map(|(_, name)| name).collect(),
            images: each(|agent| place.image(agent)),
            variables: each(|agent| place.variables(agent)),
            lines: logs.into_iter().map(|(agent, lines)| (agent, alike(&lines, place.registry()))).collect(),
            cards: each(card),
        }
    }

    /// What is not the same in both, one line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: String, one: Value, other: Value| fields(&what, &one, &other, &mut found);
        compare("order".to_owned(), self.order.clone().into(), other.order.clone().into());
        for agent in AGENTS {
            let text = |all: &BTreeMap<String, String>| all.get(agent).cloned().map_or(Value::Null, Value::from);
            let list = |all: &BTreeMap<String, Vec<String>>| all.get(agent).cloned().map_or(Value::Null, Value::from);
            let lines = |all: &BTreeMap<String, Vec<Value>>| all.get(agent).cloned().map_or(Value::Null, Value::from);
            let card = |all: &BTreeMap<String, Value>| all.get(agent).cloned().unwrap_or_default();
            compare(format!("{agent} image"), text(&self.images), text(&other.images));
            compare(format!("{agent} variables"), list(&self.variables), list(&other.variables));
            compare(format!("{agent} log"), lines(&self.lines), lines(&other.lines));
            compare(format!("{agent} card"), card(&self.cards), card(&other.cards));
        }
        found
    }
}

impl Place {
    /// The registry's address, as an agent reaches it.
    fn registry(self) -> &'static str {
        match self {
            Self::Pods => "registry:5000",
            Self::Containers => "pallet-dev-registry:5000",
        }
    }

    fn log(self, agent: &str) -> String {
        match self {
            Self::Pods => kubectl(&["logs", &format!("deploy/{agent}")]),
            Self::Containers => tool("docker", &["logs", &format!("pallet-dev-{agent}")]),
        }
    }

    fn image(self, agent: &str) -> String {
        match self {
            Self::Pods => of_deployment(agent, "{.spec.template.spec.containers[0].image}"),
            Self::Containers => of_container(&format!("pallet-dev-{agent}"), "{{.Config.Image}}"),
        }
    }

    fn variables(self, agent: &str) -> Vec<String> {
        let text = match self {
            Self::Pods => of_deployment(agent, "{.spec.template.spec.containers[0].env[*].name}"),
            Self::Containers => {
                of_container(&format!("pallet-dev-{agent}"), "{{range .Config.Env}}{{index (split . \"=\") 0}} {{end}}")
            }
        };
        let mut names: Vec<String> =
            text.split_whitespace().filter(|name| *name != "PATH").map(ToOwned::to_owned).collect();
        names.sort();
        names
    }

    fn registry_started(self) -> String {
        match self {
            Self::Pods => {
                let label = ["get", "pods", "--selector", "app.kubernetes.io/name=pallet-registry", "--output"];
                let path = "jsonpath={.items[0].status.containerStatuses[0].state.running.startedAt}";
                kubectl(&[&label[..], &[path]].concat())
            }
            Self::Containers => of_container("pallet-dev-registry", "{{.State.StartedAt}}"),
        }
    }
}

/// `kubectl` in namespace `pallet`, on the node: every kind node has one.
pub fn kubectl(args: &[&str]) -> String {
    let words = ["exec", NODE, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--namespace", "pallet"];
    tool("docker", &[&words[..], args].concat())
}

/// What curl gets for a path of an agent.
pub fn card(agent: &str) -> Value {
    let port = 8001 + AGENTS.iter().position(|known| *known == agent).unwrap_or_default();
    let answer = tool("curl", &["--silent", "--show-error", "--fail", &format!("http://127.0.0.1:{port}/agent-card")]);
    serde_json::from_str(&answer).unwrap_or_default()
}

fn each<T>(of: impl Fn(&str) -> T) -> BTreeMap<String, T> {
    AGENTS.into_iter().map(|agent| (agent.to_owned(), of(agent))).collect()
}

fn of_deployment(agent: &str, path: &str) -> String {
    kubectl(&["get", "deploy", agent, "--output", &format!("jsonpath={path}")])
}

fn of_container(name: &str, format: &str) -> String {
    tool("docker", &["inspect", "--format", format, name]).trim().to_owned()
}

/// The lines of a start: until the registry was reached, or not.
fn lines(log: &str) -> Vec<Value> {
    let mut lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    let last = lines.iter().position(|line| line["event"].as_str().is_some_and(|event| event.starts_with("registry-")));
    lines.truncate(last.map_or(lines.len(), |last| last + 1));
    lines
}

fn time_of(lines: &[Value]) -> Option<Timestamp> {
    lines.first()?["timestamp"].as_str()?.parse().ok()
}

/// What must be the same: all but the time, and the address of the registry.
fn alike(lines: &[Value], registry: &str) -> Vec<Value> {
    let field = |(key, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.clone(), |text| text.replace(registry, "REGISTRY").into());
        (key.clone(), if key == "timestamp" { "TIME".into() } else { value })
    };
    let line = |line: &Value| line.as_object().map(|line| Value::Object(line.iter().map(field).collect::<Map<_, _>>()));
    lines.iter().map(|one| line(one).unwrap_or_default()).collect()
}

/// Every field in which two values differ.
fn fields(at: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
            for key in keys {
                fields(&format!("{at}.{key}"), &one[key], &other[key], found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (number, (left, right)) in left.iter().zip(right).enumerate() {
                fields(&format!("{at}[{number}]"), left, right, found);
            }
        }
        _ if one == other => {}
        _ => found.push(format!("{at}: {one} and {other}")),
    }
}
