//! Stub CRDs on clusters of ours: a custom resource whose CRD nobody brings is taken by a permissive one, and every
//! verdict that the cluster had a part in says so. Somebody else's cluster gets none: there Helm says what is missing.

use super::crds::CRD;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::cluster::RUN_LABEL;
use crate::ours;
use crate::readiness::{name_of, text};
use crate::state;
use camino::Utf8PathBuf;
use seatrial_contracts::judge::{self, Stub};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The label of a stub.
const STUB_LABEL: &str = "seatrial.dev/stub";

/// What is to be done about a kind.
#[derive(Debug, PartialEq, Eq)]
enum Stand {
    /// A real CRD serves it, or should: a kind that is missing among others of its group is mistyped.
    Real,
    /// A stub serves it in all the versions that are wanted.
    Stubbed,
    /// A stub is to be made, with these versions.
    Wanted(BTreeSet<String>),
}

impl Site {
    /// Lets stubs stand in for what has no CRD, and notes which.
    pub(super) async fn stand_in(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        let wanted = judge::stubs(stage.chart, stage.environment);
        if wanted.is_empty() || !self.cluster.capabilities.create {
            return Ok(());
        }
        let (crds, served) = self.serving().await?;
        for stub in wanted {
            if let Stand::Wanted(versions) = stand(&stub, &crds, &served) {
                let title = stub.title();
                self.make_stub(Stub { versions, ..stub }).await?;
                self.events
                    .warn(format!("{}: nobody brings a CRD of {title}; a permissive stub stands in", stage.name()));
            }
        }
        self.objects.forget_kinds().await;
        self.note_stubs(stage).await
    }

    async fn make_stub(&self, stub: Stub) -> Result<(), ReleaseError> {
        let mut crd = stub.crd();
        crd["metadata"]["labels"] =
            json!({ ours::LABEL: ours::OURS, STUB_LABEL: "true", RUN_LABEL: self.run.as_str() });
        self.objects.apply("", &crd).await?;
        self.until_served(&stub.name()).await
    }

    /// Notes which kinds of the stage a stub serves, also one that was made for another.
    pub(super) async fn note_stubs(&self, stage: &Stage<'_>) -> Result<(), ReleaseError> {
        let wanted = judge::stubs(stage.chart, stage.environment);
        if wanted.is_empty() || !self.cluster.capabilities.create {
            return Ok(());
        }
        let (crds, served) = self.serving().await?;
        let stubbed = wanted.iter().filter(|stub| stand(stub, &crds, &served) == Stand::Stubbed);
        let titles: Vec<String> = stubbed.map(Stub::title).collect();
        let path = self.stubs_file(stage);
        let bytes = serde_json::to_vec(&titles).unwrap_or_default();
        state::write_private(&path, &bytes).map_err(|source| ReleaseError::State { path, source })
    }

    /// The kinds of the stage that a stub serves, as they were noted last.
    pub(crate) fn stubs(&self, stage: &Stage<'_>) -> Vec<String> {
        let noted = std::fs::read(self.stubs_file(stage)).unwrap_or_default();
        serde_json::from_slice(&noted).unwrap_or_default()
    }

    fn stubs_file(&self, stage: &Stage<'_>) -> Utf8PathBuf {
        self.dir.join("stubs").join(format!("{}.json", stage.key()))
    }

    /// All CRDs, and the groups that are served.
    async fn serving(&self) -> Result<(Vec<Value>, BTreeSet<String>), ReleaseError> {
        let crds = self.objects.list(CRD, "").await?;
        self.objects.forget_kinds().await;
        let served = self.objects.served().await?;
        Ok((crds, served.iter().map(|one| one.resource.group.clone()).collect()))
    }
}

/// Whether a CRD is a stub.
pub(super) fn is_stub(crd: &Value) -> bool {
    text(crd, "/metadata/labels/seatrial.dev~1stub") == "true"
}

fn stand(stub: &Stub, crds: &[Value], served: &BTreeSet<String>) -> Stand {
    let of_group: Vec<&Value> = crds.iter().filter(|crd| text(crd, "/spec/group") == stub.group).collect();
    // A group without any CRD is served by another API server.
    let is_real = of_group.iter().any(|crd| !is_stub(crd)) || (of_group.is_empty() && served.contains(&stub.group));
    if is_real {
        return Stand::Real;
    }
    let same = of_group.iter().find(|crd| text(crd, "/spec/names/kind") == stub.kind || name_of(crd) == stub.name());
    let known: BTreeSet<String> = same.map(|crd| versions(crd)).unwrap_or_default();
    if stub.versions.is_subset(&known) {
        return Stand::Stubbed;
    }
    Stand::Wanted(known.union(&stub.versions).cloned().collect())
}

fn versions(crd: &Value) -> BTreeSet<String> {
    let versions = crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    versions.map(|version| text(version, "/name").to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stub() -> Stub {
        Stub {
            group: "example.com".to_owned(),
            kind: "Widget".to_owned(),
            versions: BTreeSet::from(["v1".to_owned()]),
            is_namespaced: true,
        }
    }

    fn crd(kind: &str, version: &str, is_stub: bool) -> Value {
        let mut crd = Stub { kind: kind.to_owned(), versions: BTreeSet::from([version.to_owned()]), ..stub() }.crd();
        if is_stub {
            crd["metadata"]["labels"] = json!({ STUB_LABEL: "true" });
        }
        crd
    }

    fn check(crds: &[Value], is_served: bool, expected: &str) {
        let served = if is_served { BTreeSet::from(["example.com".to_owned()]) } else { BTreeSet::new() };
        let told = match stand(&stub(), crds, &served) {
            Stand::Real => "real".to_owned(),
            Stand::Stubbed => "stubbed".to_owned(),
            Stand::Wanted(versions) => Vec::from_iter(versions).join(","),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn a_stub_stands_in_only_where_nobody_real_serves_the_group() {
        check(&[], false, "v1");
        check(&[], true, "real");
        check(&[crd("Widget", "v1", false)], true, "real");
        check(&[crd("Gadget", "v1", false)], true, "real");
        check(&[crd("Gadget", "v1", true)], true, "v1");
        check(&[crd("Widget", "v1", true)], true, "stubbed");
        check(&[crd("Widget", "v1beta1", true)], true, "v1,v1beta1");
    }
}
