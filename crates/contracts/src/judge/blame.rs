//! Where in the chart a failure comes from that the files did not show, as far as what failed says it.

use super::checks::not_refused;
use super::statics::SCHEMA;
use crate::bind::set_keys;
use crate::diagnostic::child;
use crate::graph::{Container, Document, Graph, Path, PodTemplate, path};
use crate::load::tree;
use crate::model::{ChartPlan, Check, EnvironmentPlan, Phase, Refusal, Refused, Slot, What, Where};
use seatrial_observation::{Ended, Observation, Part, Reason, Seen};

/// The template of the object that a failed look is about.
pub(super) fn place(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    slot: &Slot,
    observation: &Observation,
) -> Option<Where> {
    let graph = environment.rendered.graph();
    let (document, at) = match &slot.what {
        What::Reachable(target) => (*graph.named(target).first()?, path(["spec", "ports"])),
        _ => blamed(graph, &reason(observation)?)?,
    };
    Some(document.place(chart, &at))
}

/// What the chart's schema says of the values that should have been refused: the property, or what is around it.
pub(super) fn let_through(chart: &ChartPlan, phases: &[Phase], observation: &Observation) -> Vec<Where> {
    let refusals = phases.iter().filter_map(|phase| match &phase.check {
        Check::Refuses(refusals) => Some(refusals),
        _ => None,
    });
    let answers = observation.parts.iter().filter_map(|part| match &part.samples.last()?.look {
        Ok(Seen::Refusals(answers)) => Some(answers),
        _ => None,
    });
    let mut places: Vec<Where> = refusals
        .zip(answers)
        .flat_map(|(refusals, answers)| not_refused(refusals, answers))
        .filter_map(|refusal| schema(chart, refusal))
        .collect();
    places.dedup();
    places
}

fn schema(chart: &ChartPlan, refusal: &Refusal) -> Option<Where> {
    let Refused::Values(values) = &refusal.what else { return None };
    let tree = tree::parse(SCHEMA, chart.templates.get(SCHEMA)?).ok()?;
    let pointer =
        set_keys(values.keys().next()?)?.iter().fold(String::new(), |at, key| child(&child(&at, "properties"), key));
    Some(Where { file: chart.shown(SCHEMA), line: Some(tree.places.at(&pointer).key.line), note: None })
}

/// What the last part ended with: a doom, or the first thing that was not ready.
fn reason(observation: &Observation) -> Option<Reason> {
    let part = observation.parts.last()?;
    match &part.ended {
        Ended::Doomed(reason) => Some(reason.clone()),
        _ => not_ready(part),
    }
}

fn not_ready(part: &Part) -> Option<Reason> {
    let Ok(Seen::Readiness(looks)) = &part.samples.last()?.look else { return None };
    let look = looks.iter().find(|look| !look.look.is_ready())?;
    let reason = look.reason()?.clone();
    Some(Reason { object: reason.object.or_else(|| Some(look.object.clone())), ..reason })
}

fn blamed<'g>(graph: &'g Graph, reason: &Reason) -> Option<(&'g Document, Path)> {
    let (kind, name) = reason.object.as_deref()?.split_once('/')?;
    let is_it = |d: &&Document| d.name() == name && (d.kind() == kind || crate::model::Kind::short(d.kind()) == kind);
    if let Some(document) = graph.documents.iter().find(is_it) {
        let at = if reason.message.contains("StorageClass") { path(["spec", "storageClassName"]) } else { Path::new() };
        return Some((document, at));
    }
    let pod = owner(graph, name)?;
    Some((pod.workload, in_pod(&pod, &reason.message)))
}

/// The workload whose pods are named like this.
fn owner<'g>(graph: &'g Graph, pod: &str) -> Option<PodTemplate<'g>> {
    let is_of = |template: &PodTemplate<'_>| pod.starts_with(&format!("{}-", template.workload.name()));
    graph.pod_templates().filter(is_of).max_by_key(|template| template.workload.name().len())
}

fn in_pod(pod: &PodTemplate<'_>, message: &str) -> Path {
    let containers = pod.containers();
    let is_named = |c: &&Container<'_>| message.contains(&format!("container {}:", c.name()));
    let Some(container) = containers.iter().find(is_named).or(containers.first()) else { return pod.at.clone() };
    let fields = [("Image", "image"), ("Readiness probe", "readinessProbe"), ("Liveness probe", "livenessProbe")];
    let field = fields.iter().find(|(word, _)| message.contains(word)).map(|(_, field)| *field);
    field.map_or_else(|| container.at.clone(), |field| container.below([field]))
}
