//! `admitted`: what is asked, and what answers come to.

use super::questions;
use crate::fixture::{CONTRACT, RENDER, chart, mutated, slot};
use crate::judge::evaluate;
use crate::model::{ChartPlan, Verdict, VerdictKind};
use crate::report;
use seatrial_observation::{Admission, DryRun, Ended, LookError, Observation, Part, Refused, Sample, Seen};

fn plan() -> ChartPlan {
    chart(RENDER, CONTRACT)
}

/// The place of the document of this kind among all of the fixture.
fn document(plan: &ChartPlan, kind: &str) -> usize {
    let documents = &plan.environments[0].rendered.graph().documents;
    documents.iter().position(|document| document.kind() == kind).expect("a document")
}

fn answered(document: usize, answer: Admission) -> DryRun {
    DryRun { document, is_pod: false, is_there: false, namespace: None, answer, warnings: Vec::new() }
}

fn refused(message: &str, fields: &[&str]) -> Admission {
    let fields = fields.iter().map(ToString::to_string).collect();
    Admission::Refused(Refused { code: 403, reason: "Forbidden".into(), message: message.into(), fields })
}

fn observed(look: Result<Seen, LookError>) -> Observation {
    let part = Part { before: None, samples: vec![Sample { at_ms: 1.0, look }], looks: 1, ended: Ended::Decided };
    Observation { parts: vec![part], ..Observation::default() }
}

fn judged(plan: &ChartPlan, answers: Vec<DryRun>) -> Verdict {
    let (environment, slot) = slot(plan, "admitted");
    evaluate(plan, environment, slot, Some(&observed(Ok(Seen::Admission(answers)))))
}

/// The verdict of one answer about the document of this kind: message, place, notes.
fn check(kind: &str, answer: impl Fn(usize) -> DryRun, expected: &str) {
    let plan = plan();
    let verdict = judged(&plan, vec![answered(0, Admission::Taken), answer(document(&plan, kind))]);
    let place = verdict.places.first().map(|place| format!(" at {}:{}", place.file, place.line.unwrap_or(0)));
    let message = verdict.cause.as_ref().map(|cause| format!(": {}", cause.message));
    let notes = verdict.notes.iter().fold(String::new(), |notes, note| notes + "\n  " + note);
    let text = format!("{:?}{}{}{notes}", verdict.kind, message.unwrap_or_default(), place.unwrap_or_default());
    assert_eq!(text, expected);
}

#[test]
fn every_object_and_a_pod_of_each_template_is_asked_about() {
    let plan = plan();
    let environment = &plan.environments[0];
    let asked = questions(environment);
    let objects = asked.iter().filter(|question| !question.is_pod).count();
    assert_eq!(objects, environment.rendered.graph().documents.len());
    let pods: Vec<_> = asked.iter().filter(|question| question.is_pod).collect();
    for question in asked.iter().filter(|question| !question.is_pod) {
        assert_eq!(question.object, environment.rendered.graph().documents[question.document].value, "as it is");
    }
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].object["kind"], "Pod");
    assert_eq!(pods[0].object["metadata"]["generateName"], "registry-");
    assert_eq!(pods[0].document, document(&plan, "Deployment"));
}

#[test]
fn an_object_without_a_spec_gets_none() {
    let render = "apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }\n";
    let plan = chart(render, "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n");
    assert!(questions(&plan.environments[0])[0].object.get("spec").is_none());
}

#[test]
fn what_makes_no_pod_now_is_not_asked_about_as_one() {
    let plan = chart(&mutated("replicas: 1", "replicas: 0"), CONTRACT);
    assert!(questions(&plan.environments[0]).iter().all(|question| !question.is_pod));
}

#[test]
fn a_pod_has_the_claims_of_its_set_and_no_class_of_the_chart_itself() {
    let render = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: own }\nvalue: 1\n---\n\
                  apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: db }\nspec:\n  selector: { matchLabels: { a: b } }\n  \
                  serviceName: db\n  template:\n    metadata: { labels: { a: b } }\n    spec: { priorityClassName: own, containers: \
                  [] }\n  volumeClaimTemplates: [{ metadata: { name: data } }]\n";
    let plan = chart(render, "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n");
    let asked = questions(&plan.environments[0]);
    let spec = &asked.last().expect("a pod").object["spec"];
    assert_eq!(spec["volumes"][0]["persistentVolumeClaim"]["claimName"], "data");
    assert!(spec.get("priorityClassName").is_none());
}

#[test]
fn a_refusal_fails_with_its_words_and_its_line() {
    let words = "services \"registry\" is forbidden: exceeded quota: none, requested: services.nodeports=1";
    check(
        "Service",
        |n| answered(n, refused(words, &[])),
        &format!("Fail: svc/registry: refused: {words} at charts/registry/templates/service.yaml:6"),
    );
    check(
        "Service",
        |n| answered(n, refused("bad port", &["spec.ports[0].targetPort"])),
        "Fail: svc/registry: refused: bad port at charts/registry/templates/service.yaml:12",
    );
}

#[test]
fn a_pod_is_refused_at_its_template() {
    let pod = |is_there: bool, words: &'static str| {
        move |n: usize| DryRun { is_pod: true, is_there, ..answered(n, refused(words, &["spec.containers[0].image"])) }
    };
    check(
        "Deployment",
        pod(false, "exceeded quota: small"),
        "Fail: pods of deploy/registry: refused: exceeded quota: small at charts/registry/templates/deployment.yaml:0",
    );
    // What runs has its share of the quota already.
    check(
        "Deployment",
        pod(true, "exceeded quota: small"),
        "Pass\n  pods of deploy/registry: one more beside those that run would be refused: exceeded quota: small",
    );
}

#[test]
fn warnings_and_what_was_not_asked_are_told() {
    let answer = |n: usize| DryRun { warnings: vec!["old".into()], ..answered(n, Admission::Taken) };
    check("Service", answer, "Pass\n  svc/registry: warning: old");
    let unasked = |n: usize| answered(n, Admission::Unasked("no CRD".into()));
    check("Service", unasked, "Pass\n  svc/registry: not asked: no CRD");
}

#[test]
fn nothing_asked_is_no_pass() {
    let plan = plan();
    assert_eq!(judged(&plan, Vec::new()).kind, VerdictKind::Inconclusive);
    assert_eq!(judged(&plan, vec![answered(0, Admission::Unasked("x".into()))]).kind, VerdictKind::Inconclusive);
    let (environment, slot) = slot(&plan, "admitted");
    let failed = observed(Err(LookError { message: "it does not answer".into() }));
    let verdict = evaluate(&plan, environment, slot, Some(&failed));
    assert_eq!((verdict.kind, verdict.cause.expect("a cause").kind.as_str()), (VerdictKind::Inconclusive, "apparatus"));
}

#[test]
fn a_refusal_stops_the_install() {
    let plan = plan();
    assert!(slot(&plan, "installs").1.after.contains(&"admitted".to_owned()));
    let switched_off = format!("{CONTRACT}without: {{ admitted: no cluster to ask }}\n");
    let plan = chart(RENDER, &switched_off);
    assert!(!slot(&plan, "installs").1.after.contains(&"admitted".to_owned()));
}

#[test]
fn stubs_and_notes_are_told_with_the_verdict_in_every_form() {
    let plan = plan();
    let (environment, slot) = slot(&plan, "admitted");
    let warned = DryRun { warnings: vec!["old <kind>".into()], ..answered(0, Admission::Taken) };
    let observation =
        Observation { stubs: vec!["Widget.example.com".into()], ..observed(Ok(Seen::Admission(vec![warned]))) };
    let verdict = evaluate(&plan, environment, slot, Some(&observation));
    let text = report::text(&verdict, false);
    assert!(text.starts_with("pass registry::dev::admitted (stub CRDs: Widget.example.com)"), "{text}");
    assert!(text.contains("\n  note   "), "{text}");
    let json = report::json(std::slice::from_ref(&verdict), 0);
    assert_eq!(json["verdicts"][0]["stubs"][0], "Widget.example.com");
    assert!(json["verdicts"][0]["notes"][0].as_str().is_some_and(|note| note.contains("old <kind>")));
    let xml = report::junit(&[verdict]);
    assert!(xml.contains("<property name=\"stubs\" value=\"Widget.example.com\"/>"), "{xml}");
    assert!(xml.contains("old &lt;kind&gt;"), "{xml}");
}
