//! What a chart expects to find is made before it is installed, in the namespace of the release. What can't be made is
//! the environment's failure, never the chart's.

mod beside;
mod certificate;
mod filled;
mod postgres;

pub(crate) use beside::published_at;

use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::cluster::RUN_LABEL;
use crate::ours;
use crate::readiness::{name_of, text};
use indexmap::IndexMap;
use seatrial_contracts::model::{Need, Thing};
use serde_json::{Value, json};

/// The label of what was made for a need.
const NEED_LABEL: &str = "seatrial.dev/need";

impl Site {
    /// Makes all needs of a stage, in the order of the contract; what was made for another stage goes.
    pub(super) async fn meet_needs(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        self.forget_needs(stage).await?;
        for need in &stage.environment.needs {
            // Boxed: starting a container is a large future, and most needs start none.
            Box::pin(self.meet(stage, need)).await?;
        }
        Ok(())
    }

    async fn meet(&self, stage: &Stage<'_>, need: &Need) -> Result<(), ReleaseError> {
        let failed = |message: String| ReleaseError::Need { need: need.title(), message };
        match &need.thing {
            Thing::Secret(data) => {
                let data = self.all_filled(stage, data).await.map_err(failed)?;
                self.apply_need(stage, &secret(need, "Opaque", &data)).await
            }
            Thing::ConfigMap(data) => {
                let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": data });
                self.apply_need(stage, &labelled(object, need, IndexMap::new())).await
            }
            Thing::Namespace(_) if self.is_somebody_elses("Namespace", &need.name).await? => Ok(()),
            Thing::Namespace(labels) => {
                let mut labels = labels.clone();
                labels.insert(RUN_LABEL.to_owned(), self.run.as_str().to_owned());
                let object = json!({ "apiVersion": "v1", "kind": "Namespace" });
                self.apply_need(stage, &labelled(object, need, labels)).await
            }
            Thing::Certificate(names) => {
                let data = certificate::signed(names).map_err(failed)?;
                self.apply_need(stage, &secret(need, "kubernetes.io/tls", &data)).await
            }
            Thing::Crds(files) => self.meet_crds(stage, need, files).await,
            Thing::Chart { chart, .. } if chart.starts_with("oci://") => {
                Err(failed("charts from a registry can't be had yet; name a folder".to_owned()))
            }
            Thing::Chart { chart, values, set, .. } => self.install_need(stage, need, chart, values, set).await,
            Thing::Container(program) => self.run_program(stage, need, program).await.map_err(failed),
            Thing::Postgres(database) => self.run_postgres(stage, need, database).await.map_err(failed),
            Thing::Addon(name) => Err(failed(addon(name))),
        }
    }

    /// The values of a need's Secret are known to the redactor before they are anywhere.
    pub(super) async fn apply_need(&self, stage: &Stage<'_>, object: &Value) -> Result<(), ReleaseError> {
        self.evidence.learn_rendered(std::slice::from_ref(object));
        Ok(self.objects.apply(stage.namespace(), object).await?)
    }

    /// Removes what was made in this namespace for needs that the stage does not have.
    async fn forget_needs(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        let wanted: Vec<&str> = stage.environment.needs.iter().map(|need| need.name.as_str()).collect();
        for kind in ["Secret", "ConfigMap", "Service", "EndpointSlice"] {
            for object in self.objects.list(kind, stage.namespace()).await? {
                let need = text(&object, "/metadata/labels/seatrial.dev~1need");
                if !need.is_empty() && !wanted.contains(&need) {
                    self.forget_program(&object).await?;
                    self.objects.delete(kind, stage.namespace(), name_of(&object)).await?;
                }
            }
        }
        Ok(())
    }
}

/// Why an addon is not there.
fn addon(name: &str) -> String {
    format!(
        "the addon {name} is part of the language, but not of this version; install it on a cluster of your own \
         (`--provider existing`), and leave the need out"
    )
}

fn secret(need: &Need, kind: &str, data: &IndexMap<String, String>) -> Value {
    let object = json!({ "apiVersion": "v1", "kind": "Secret", "type": kind, "stringData": data });
    labelled(object, need, IndexMap::new())
}

fn labelled(object: Value, need: &Need, labels: IndexMap<String, String>) -> Value {
    named(object, &need.name, need, labels)
}

/// The object with its name and our labels: what is ours is left by no chart.
pub(super) fn named(mut object: Value, name: &str, need: &Need, mut labels: IndexMap<String, String>) -> Value {
    labels.insert(ours::LABEL.to_owned(), ours::OURS.to_owned());
    labels.insert(NEED_LABEL.to_owned(), need.name.clone());
    let annotations = object.pointer("/metadata/annotations").cloned().unwrap_or(json!({}));
    object["metadata"] = json!({ "name": name, "labels": labels, "annotations": annotations });
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_ours_and_named() {
        let need = Need { name: "db".into(), thing: Thing::Secret(IndexMap::from([("k".into(), "v".into())])) };
        let Thing::Secret(data) = &need.thing else { panic!("a secret") };
        let made = secret(&need, "Opaque", data);
        assert!(ours::is_ours(&made));
        assert_eq!(made["metadata"]["labels"][NEED_LABEL], "db");
        assert_eq!((made["stringData"]["k"].as_str(), name_of(&made)), (Some("v"), "db"));
    }

    #[test]
    fn an_addon_that_is_not_built_is_named() {
        let told = addon("metrics-server");
        assert!(told.contains("metrics-server") && told.contains("leave the need out"), "{told}");
    }
}
