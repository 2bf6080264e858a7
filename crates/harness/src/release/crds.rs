//! CRDs that a trial brings: those that a contract needs, and those of the chart's `crds/` where the trial owns the
//! cluster. On somebody else's cluster one that is there stays as it is, and what was made goes with the run.

use super::namespace::not_gone;
use super::needs::named;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use super::{ApiError, objects};
use crate::cluster::{ProviderKind, RUN_LABEL};
use crate::readiness::{name_of, text};
use camino::Utf8Path;
use indexmap::IndexMap;
use seatrial_contracts::judge;
use seatrial_contracts::model::{Need, Thing};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use serde_json::{Value, json};
use std::time::Duration;

/// The kind of CRDs.
pub(super) const CRD: &str = "CustomResourceDefinition";

/// How long the API server may take to serve a kind that it has just been told of, or to forget one.
const SERVING: Duration = Duration::from_secs(30);

impl Site {
    /// All that the chart and its contract bring before anything is installed. What is wrong with a CRD of the chart
    /// itself is told by Helm.
    pub(super) async fn bring_crds(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        for need in &stage.environment.needs {
            if let Thing::Crds(files) = &need.thing {
                self.meet_crds(stage, need, files).await?;
            }
        }
        for crd in judge::crds_of_chart(stage.chart) {
            if let Err(refused) = self.bring_crd(&crd).await {
                self.events.warn(format!("{}: {refused}", stage.name()));
            }
        }
        self.objects.forget_kinds().await;
        Ok(())
    }

    /// The CRDs (and what else is in the files) that a contract needs; they win over stubs.
    pub(super) async fn meet_crds(&self, stage: &Stage<'_>, need: &Need, files: &[String]) -> Result<(), ReleaseError> {
        for file in files {
            let path = Utf8Path::new(&stage.chart.path).join(file);
            let written = std::fs::read_to_string(&path).map_err(|source| ReleaseError::State { path, source })?;
            for object in objects(&written) {
                if self.is_somebody_elses(text(&object, "/kind"), name_of(&object)).await? {
                    continue;
                }
                let name = name_of(&object).to_owned();
                let labels = self.labels(&object);
                self.make_way(&object).await?;
                self.apply_need(stage, &named(object.clone(), &name, need, labels)).await?;
                if text(&object, "/kind") == CRD {
                    self.until_served(&name).await?;
                }
            }
        }
        self.objects.forget_kinds().await;
        Ok(())
    }

    fn labels(&self, object: &Value) -> IndexMap<String, String> {
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut labels: IndexMap<String, String> =
            labels.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect();
        labels.insert(RUN_LABEL.to_owned(), self.run.as_str().to_owned());
        labels
    }

    /// Whether an object without a namespace is on a cluster that is not ours, and not made by this run: it is used as
    /// it is, and stays.
    pub(super) async fn is_somebody_elses(&self, kind: &str, name: &str) -> Result<bool, ReleaseError> {
        if self.cluster.provider != ProviderKind::Existing || ![CRD, "Namespace"].contains(&kind) {
            return Ok(false);
        }
        let found = self.objects.get(kind, "", name).await?;
        Ok(found.is_some_and(|found| text(&found, "/metadata/labels/seatrial.dev~1run") != self.run.as_str()))
    }

    /// The chart's own CRDs win over stubs of others: Helm leaves a CRD of `crds/` alone that is there already, and
    /// adopts one of the templates only with its own marks.
    pub(super) async fn win_over_stubs(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        if !self.cluster.capabilities.create {
            return Ok(());
        }
        let rendered = objects(&stage.environment.rendered).into_iter().filter(|one| text(one, "/kind") == CRD);
        let marked = rendered.map(|crd| marked(crd, stage.release(), stage.namespace()));
        for crd in judge::crds_of_chart(stage.chart).into_iter().chain(marked) {
            let found = self.objects.get(CRD, "", name_of(&crd)).await?;
            if found.is_some_and(|found| super::stubs::is_stub(&found)) {
                self.bring_crd(&crd).await?;
            }
        }
        Ok(())
    }

    async fn bring_crd(&self, crd: &Value) -> Result<(), ReleaseError> {
        self.make_way(crd).await?;
        self.objects.apply("", crd).await?;
        self.until_served(name_of(crd)).await
    }

    /// A stub becomes the real CRD by applying that over it; only its scope can't be changed.
    async fn make_way(&self, crd: &Value) -> Result<(), ReleaseError> {
        if text(crd, "/kind") != CRD {
            return Ok(());
        }
        let name = name_of(crd);
        let Some(found) = self.objects.get(CRD, "", name).await? else { return Ok(()) };
        let is_of_other_scope = text(&found, "/spec/scope") != text(crd, "/spec/scope");
        if !super::stubs::is_stub(&found) || !is_of_other_scope {
            return Ok(());
        }
        self.objects.delete(CRD, "", name).await?;
        let patience = Patience::backoff(SERVING, Duration::from_millis(20), Duration::from_millis(250));
        let gone = wait::until(&patience, async || {
            Ok::<_, ApiError>(match self.objects.get(CRD, "", name).await? {
                None => Look::Ready(()),
                Some(_) => Look::Pending(Reason::new("it is being deleted")),
            })
        });
        gone.await.map_err(|error| not_gone(format!("the stub of {name}"), &error))
    }

    /// Until objects of its kind can be made.
    pub(super) async fn until_served(&self, name: &str) -> Result<(), ReleaseError> {
        let patience = Patience::backoff(SERVING, Duration::from_millis(10), Duration::from_millis(250));
        let served = wait::until(&patience, async || {
            let found = self.objects.get(CRD, "", name).await?.unwrap_or_default();
            Ok::<_, ApiError>(established(&found))
        });
        served.await.map_err(|error| ReleaseError::Recorded { message: format!("the CRD {name}: {error}") })
    }
}

fn established(crd: &Value) -> Look<()> {
    let conditions = crd.pointer("/status/conditions").and_then(Value::as_array);
    let is_so = |kind: &str, status: &str| {
        let mut all = conditions.into_iter().flatten();
        all.find(|one| text(one, "/type") == kind && text(one, "/status") == status)
    };
    match (is_so("Established", "True"), is_so("NamesAccepted", "False")) {
        (Some(_), _) => Look::Ready(()),
        (None, Some(refused)) => Look::Doomed(Reason::new(text(refused, "/message"))),
        (None, None) => Look::Pending(Reason::new("it is not served yet")),
    }
}

/// As if Helm had made it for this release.
fn marked(mut crd: Value, release: &str, namespace: &str) -> Value {
    crd["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
    crd["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!(release);
    crd["metadata"]["annotations"]["meta.helm.sh/release-namespace"] = json!(namespace);
    crd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crd_is_served_when_it_is_established_and_never_when_its_name_is_taken() {
        let crd = |kind: &str, status: &str| {
            let condition = json!({ "type": kind, "status": status, "message": "taken" });
            established(&json!({ "status": { "conditions": [condition] } }))
        };
        assert_eq!(crd("Established", "True"), Look::Ready(()));
        assert_eq!(crd("NamesAccepted", "False"), Look::Doomed(Reason::new("taken")));
        assert!(matches!(crd("NamesAccepted", "True"), Look::Pending(_)));
    }

    #[test]
    fn helm_adopts_what_carries_its_marks() {
        let crd = marked(json!({ "metadata": { "name": "w", "labels": { "a": "b" } } }), "shop", "ns");
        let marks = json!({
            "name": "w",
            "labels": { "a": "b", "app.kubernetes.io/managed-by": "Helm" },
            "annotations": { "meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "ns" },
        });
        assert_eq!(crd["metadata"], marks);
    }
}
