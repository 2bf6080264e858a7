//! The API tier: every object of a render, and a pod of each pod template, is shown to the API server, which keeps
//! nothing (server-side dry run, strict field validation). Asked is in the namespace of the release where somebody has
//! made it, for its quotas and policies are what counts; else in one that is made for the occasion and removed.

mod ask;
mod kinds;
mod reply;

use super::namespace::labels_of;
use super::objects;
use super::site::{ReleaseError, Site};
use super::stage::Stage;
use crate::cache::KeyOf;
use crate::cluster::{ProviderKind, RUN_LABEL};
use crate::ours;
use crate::readiness::{name_of, text};
use ask::Asker;
use futures::future::try_join_all;
use seatrial_contracts::judge::{self, Question};
use seatrial_contracts::model::{Need, Thing};
use seatrial_observation::DryRun;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// How many questions are under way at once.
const AT_ONCE: usize = 8;

/// The namespace that is asked in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Somebody made it: nothing in it is changed.
    Theirs,
    /// Made for the occasion, of this name.
    ThrowAway(String),
}

impl Site {
    /// What the API server says of all that the release would bring.
    pub(crate) async fn dry_run(&self, stage: &Stage<'_>) -> Result<Vec<DryRun>, ReleaseError> {
        self.evidence.learn_rendered(&objects(&stage.environment.rendered));
        if self.cluster.capabilities.create {
            self.bring_crds(stage).await?;
        }
        self.note_stubs(stage).await?;
        match self.place(stage).await? {
            Place::Theirs => self.ask_all(stage, stage.namespace(), false).await,
            Place::ThrowAway(name) => {
                let asked = self.ask_thrown_away(stage, &name).await;
                // It goes whatever came of asking; where the process is killed, by its label.
                let gone = self.throw_away(&name).await;
                let asked = asked?;
                gone.map(|()| asked)
            }
        }
    }

    /// A namespace of a trial is none to be asked in: what stands there is to be replaced.
    async fn place(&self, stage: &Stage<'_>) -> Result<Place, ReleaseError> {
        let found = self.objects.get("Namespace", "", stage.namespace()).await?;
        let is_theirs = found.is_some_and(|found| {
            let is_of_a_run = found.pointer("/metadata/labels").is_some_and(|labels| labels.get(RUN_LABEL).is_some());
            let is_going = found.pointer("/metadata/deletionTimestamp").is_some();
            !is_of_a_run && !is_going && !ours::is_ours(&found)
        });
        if is_theirs {
            return Ok(Place::Theirs);
        }
        let key = KeyOf::new().part(stage.key()).key();
        Ok(Place::ThrowAway(format!("st-dry-{}-{key}", self.run)))
    }

    async fn ask_thrown_away(&self, stage: &Stage<'_>, name: &str) -> Result<Vec<DryRun>, ReleaseError> {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": name, "labels": labels(self.run.as_str(), stage) },
        });
        self.objects.apply("", &namespace).await?;
        self.until_usable(name).await?;
        self.ask_all(stage, name, true).await
    }

    /// On a cluster that stays, it is seen to be gone.
    async fn throw_away(&self, name: &str) -> Result<(), ReleaseError> {
        if self.cluster.provider == ProviderKind::Existing {
            return self.delete_namespace(name).await;
        }
        Ok(self.objects.delete("Namespace", "", name).await?)
    }

    async fn ask_all(&self, stage: &Stage<'_>, place: &str, is_thrown_away: bool) -> Result<Vec<DryRun>, ReleaseError> {
        let questions = judge::questions(stage.environment);
        let asker = Asker {
            objects: &self.objects,
            kinds: self.kinds_of(&questions).await?,
            namespaces: self.namespaces_of(stage, &questions).await?,
            brought: brought(stage),
            brings_kinds: stage.environment.needs.iter().any(may_bring_kinds),
            release: stage.namespace(),
            place,
            is_thrown_away,
            is_ours: self.cluster.capabilities.create,
        };
        let mut answers = Vec::new();
        for some in questions.chunks(AT_ONCE) {
            answers.extend(try_join_all(some.iter().map(|question| asker.ask(question))).await?);
        }
        Ok(answers)
    }

    /// The other namespaces that the render writes, less those that are not there.
    async fn namespaces_of(&self, stage: &Stage<'_>, questions: &[Question]) -> Result<BTreeSet<String>, ReleaseError> {
        let written = questions.iter().map(|question| text(&question.object, "/metadata/namespace"));
        let others: BTreeSet<&str> = written.filter(|name| !name.is_empty() && *name != stage.namespace()).collect();
        let mut there = BTreeSet::new();
        for name in others {
            if self.objects.get("Namespace", "", name).await?.is_some() {
                there.insert(name.to_owned());
            }
        }
        Ok(there)
    }
}

/// What the chart and its needs bring, and a dry run does not: `(group, kind)` of CRDs, and names of namespaces.
struct Brought {
    kinds: BTreeSet<(String, String)>,
    namespaces: BTreeSet<String>,
}

fn brought(stage: &Stage<'_>) -> Brought {
    let rendered = objects(&stage.environment.rendered);
    let of_kind = |kind: &'static str| rendered.iter().filter(move |object| text(object, "/kind") == kind);
    let of_chart = judge::crds_of_chart(stage.chart);
    let crds = of_kind("CustomResourceDefinition").chain(&of_chart);
    let kind = |crd: &Value| (text(crd, "/spec/group").to_owned(), text(crd, "/spec/names/kind").to_owned());
    let needs = stage.environment.needs.iter().filter(|need| matches!(need.thing, Thing::Namespace(_)));
    let namespaces = of_kind("Namespace").map(name_of).chain(needs.map(|need| need.name.as_str()));
    Brought { kinds: crds.map(kind).collect(), namespaces: namespaces.map(ToOwned::to_owned).collect() }
}

fn may_bring_kinds(need: &Need) -> bool {
    matches!(need.thing, Thing::Crds(_) | Thing::Chart { .. } | Thing::Addon(_))
}

/// Those of the release's namespace, with the security standards that the chart's own `Namespace` writes.
fn labels(run: &str, stage: &Stage<'_>) -> Value {
    let mut labels = labels_of(run, stage);
    let rendered = objects(&stage.environment.rendered);
    let own = rendered.iter().find(|one| text(one, "/kind") == "Namespace" && name_of(one) == stage.namespace());
    let written = own.and_then(|own| own.pointer("/metadata/labels")).and_then(Value::as_object);
    let standards = written.into_iter().flatten().filter(|(key, _)| key.starts_with("pod-security.kubernetes.io/"));
    let standards: Map<String, Value> = standards.map(|(key, value)| (key.clone(), value.clone())).collect();
    if let Some(labels) = labels.as_object_mut() {
        labels.extend(standards);
    }
    labels
}
