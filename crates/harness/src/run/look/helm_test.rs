//! `helmTest`: the chart's own tests, run by Helm. What they leave is removed after the clause: Helm itself forgets it.

use super::Looker;
use crate::readiness::{name_of, text};
use crate::release::objects;
use crate::run::address::error;
use crate::run::faults::Undo;
use seatrial_contracts::model::HelmTestCheck;
use seatrial_observation::{LookError, Seen, TestsSeen};
use serde_json::Value;

impl Looker<'_> {
    pub(super) async fn helm_test(&mut self, check: &HelmTestCheck) -> Result<Seen, LookError> {
        let (site, stage) = (self.targets.site, self.targets.stage);
        let tests = hooks(&stage.environment.rendered);
        for test in &tests {
            let (kind, name) = (text(test, "/kind").to_owned(), name_of(test).to_owned());
            let is_known = site.objects.get(&kind, stage.namespace(), &name).await?.is_some();
            let undo = Undo::Delete { kind, namespace: stage.namespace().to_owned(), name };
            if !is_known && !self.undo.contains(&undo) {
                self.undo.push(undo);
            }
        }
        let limit = self.limit();
        let finished = site.helm.test(stage.release(), stage.namespace(), &check.names, limit).await;
        let finished = finished.map_err(|failed| error(failed.to_string()))?;
        let mut pods = site.objects.list("Pod", stage.namespace()).await?;
        pods.retain(|pod| tests.iter().any(|test| is_started_by(pod, test)));
        site.evidence.learn(&site.objects, stage.namespace()).await;
        let command = site.evidence.command_seen(&finished);
        Ok(Seen::Tests(TestsSeen { command, ends: self.ends(&pods).await? }))
    }
}

/// The hooks that `helm test` runs.
fn hooks(rendered: &str) -> Vec<Value> {
    let when = |object: &Value| text(object, "/metadata/annotations/helm.sh~1hook").to_owned();
    let is_test = |object: &Value| when(object).split(',').any(|hook| ["test", "test-success"].contains(&hook.trim()));
    objects(rendered).into_iter().filter(is_test).collect()
}

/// The test's own pod, or one of the Job that it is.
fn is_started_by(pod: &Value, test: &Value) -> bool {
    let mut owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    let is_owner = |owner: &Value| owner["kind"] == test["kind"] && owner["name"] == test["metadata"]["name"];
    (test["kind"] == "Pod" && name_of(pod) == name_of(test)) || owners.any(is_owner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tests_are_hooks_of_that_name() {
        let rendered = "kind: Pod\nmetadata: { name: a, annotations: { helm.sh/hook: test } }\n---\n\
                        kind: Job\nmetadata: { name: b, annotations: { helm.sh/hook: 'pre-install, test' } }\n---\n\
                        kind: Job\nmetadata: { name: c, annotations: { helm.sh/hook: pre-install } }\n";
        let found = hooks(rendered);
        assert_eq!(found.iter().map(name_of).collect::<Vec<_>>(), ["a", "b"]);
        let pod = json!({ "metadata": { "name": "b-1", "ownerReferences": [{ "kind": "Job", "name": "b" }] } });
        assert!(is_started_by(&pod, &found[1]));
        assert!(!is_started_by(&pod, &found[0]));
    }
}
