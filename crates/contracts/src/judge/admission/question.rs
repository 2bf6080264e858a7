//! What the API server is asked: each object of the render, and a pod of each pod template, for quotas, limits and
//! policies on pods are met only when a controller makes one.

use crate::graph::{Graph, PodTemplate};
use crate::model::EnvironmentPlan;
use serde_json::{Map, Value, json};

/// One object to be asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its place among the documents of the render, counted from 0.
    pub document: usize,
    /// Whether it is a pod of that document's template, not the document itself.
    pub is_pod: bool,
    /// The object as it is to be sent.
    pub object: Value,
}

/// Every question of an environment, in the order of the render.
pub fn questions(environment: &EnvironmentPlan) -> Vec<Question> {
    let graph = environment.rendered.graph();
    let mut questions = Vec::new();
    for document in graph.documents.iter().filter(|document| document.value.is_object()) {
        let of = |is_pod: bool, object: Value| Question { document: document.number, is_pod, object };
        let mut object = document.value.clone();
        // Not by index: that would add the key where it is missing, and the API server knows of no such field.
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut).filter(|_| document.kind() == "Pod") {
            forget_own(graph, spec);
        }
        questions.push(of(false, object));
        let template = PodTemplate::of(document).filter(|_| document.kind() != "Pod" && !is_at_rest(&document.value));
        questions.extend(template.map(|template| of(true, pod(graph, &template))));
    }
    questions
}

/// Whether no pod is made of it for now.
fn is_at_rest(workload: &Value) -> bool {
    workload["spec"]["replicas"] == 0 || workload["spec"]["suspend"] == true
}

/// A pod as its controller would make it.
fn pod(graph: &Graph, template: &PodTemplate<'_>) -> Value {
    let mut spec = template.spec().clone();
    if let Some(spec) = spec.as_object_mut() {
        forget_own(graph, spec);
        add_claims(&template.workload.value, spec);
    }
    let mut metadata = json!({ "generateName": format!("{}-", template.workload.name()), "labels": template.labels() });
    if let Some(annotations) = template.annotations() {
        metadata["annotations"] = Value::Object(annotations.clone());
    }
    if let Some(namespace) = template.workload.namespace() {
        metadata["namespace"] = json!(namespace);
    }
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec })
}

/// What the chart itself brings is not there during a dry run, and a pod that names it would be refused for that alone.
fn forget_own(graph: &Graph, spec: &mut Map<String, Value>) {
    for (field, kind) in [("priorityClassName", "PriorityClass"), ("runtimeClassName", "RuntimeClass")] {
        let is_own = spec.get(field).and_then(Value::as_str).is_some_and(|name| graph.find(kind, name).is_some());
        if is_own {
            spec.remove(field);
        }
    }
}

/// The volumes that a `StatefulSet` adds for its claim templates.
fn add_claims(workload: &Value, spec: &mut Map<String, Value>) {
    let claims = workload["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
    let names = claims.filter_map(|claim| claim["metadata"]["name"].as_str());
    let volumes: Vec<Value> =
        names.map(|name| json!({ "name": name, "persistentVolumeClaim": { "claimName": name } })).collect();
    if volumes.is_empty() {
        return;
    }
    match spec.get_mut("volumes").and_then(Value::as_array_mut) {
        Some(known) => known.extend(volumes),
        None => drop(spec.insert("volumes".to_owned(), Value::Array(volumes))),
    }
}
