//! The pods that workloads make: their labels, containers, and what they refer to.

use super::{Document, Path, path};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The labels of who has none.
pub(super) static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// The pod template of a workload (or a bare Pod).
#[derive(Clone, Debug)]
pub(crate) struct PodTemplate<'a> {
    /// The workload.
    pub(crate) workload: &'a Document,
    /// Where the template is in it.
    pub(crate) at: Path,
    template: &'a Value,
}

/// A container of a pod template.
#[derive(Clone, Debug)]
pub(crate) struct Container<'a> {
    /// Where it is in the workload.
    pub(crate) at: Path,
    /// The container.
    pub(crate) value: &'a Value,
}

impl<'a> PodTemplate<'a> {
    /// The template of a document that is a workload.
    pub(crate) fn of(workload: &'a Document) -> Option<Self> {
        let at = match workload.kind() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
                path(["spec", "template"])
            }
            "CronJob" => path(["spec", "jobTemplate", "spec", "template"]),
            "Pod" => Path::new(),
            _ => return None,
        };
        let template = at.iter().try_fold(&workload.value, |value, step| value.get(step))?;
        Some(Self { workload, at, template })
    }

    /// The labels of its pods.
    pub(crate) fn labels(&self) -> &'a Map<String, Value> {
        self.template.pointer("/metadata/labels").and_then(Value::as_object).unwrap_or(&NOTHING)
    }

    /// The annotations of its pods.
    pub(crate) fn annotations(&self) -> Option<&'a Map<String, Value>> {
        self.template.pointer("/metadata/annotations").and_then(Value::as_object)
    }

    /// Whether a rollout from one to the other would make no new pod.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.template == other.template
    }

    /// The pod's spec.
    pub(crate) fn spec(&self) -> &'a Value {
        self.template.get("spec").unwrap_or(&Value::Null)
    }

    /// A path below the pod's spec, seen from the workload.
    pub(crate) fn below_spec<const N: usize>(&self, steps: [&str; N]) -> Path {
        self.at.iter().cloned().chain(["spec".to_owned()]).chain(path(steps)).collect()
    }

    /// The containers, init containers last.
    pub(crate) fn containers(&self) -> Vec<Container<'a>> {
        ["containers", "initContainers"].into_iter().flat_map(|list| self.list(list)).collect()
    }

    /// The containers that run with the pod: all but the init containers that end before it starts.
    pub(crate) fn running(&self) -> Vec<Container<'a>> {
        let sidecars = self.list("initContainers").into_iter().filter(|c| c.value["restartPolicy"] == "Always");
        self.list("containers").into_iter().chain(sidecars).collect()
    }

    fn list(&self, list: &str) -> Vec<Container<'a>> {
        let items = self.spec().get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
        items.map(|(i, value)| Container { at: self.below_spec([list, &i.to_string()]), value }).collect()
    }
}

impl Container<'_> {
    /// Its name, or nothing.
    pub(crate) fn name(&self) -> &str {
        self.value["name"].as_str().unwrap_or("")
    }

    /// A path below the container, seen from the workload.
    pub(crate) fn below<const N: usize>(&self, steps: [&str; N]) -> Path {
        self.at.iter().cloned().chain(path(steps)).collect()
    }

    /// Its declared ports: name, number and protocol.
    pub(crate) fn ports(&self) -> Vec<(Option<&str>, u64, &str)> {
        let ports = self.value.get("ports").and_then(Value::as_array).into_iter().flatten();
        let port = |p: &'_ Value| -> Option<u64> { p["containerPort"].as_u64() };
        ports.filter_map(|p| Some((p["name"].as_str(), port(p)?, p["protocol"].as_str().unwrap_or("TCP")))).collect()
    }
}
