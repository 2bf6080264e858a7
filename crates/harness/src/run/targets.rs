//! From a target to the objects that it names in the cluster, and from a workload to its pods.

use crate::evidence::masked;
use crate::ours;
use crate::readiness::{name_of, selects, text};
use crate::release::{ApiError, Site, Stage, kind_name, objects, refs};
use seatrial_contracts::model::{Kind, Name, Target};
use seatrial_observation::LookError;
use serde_json::Value;

/// The workload kinds that a short name may stand for.
pub(super) const WORKLOADS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "Job"];

/// A cluster and the environment that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Targets<'a> {
    pub(super) site: &'a Site,
    pub(super) stage: Stage<'a>,
}

impl Targets<'_> {
    /// The objects that a target names, as they may be written.
    pub(super) async fn objects(&self, target: &Target) -> Result<Vec<Value>, LookError> {
        let found = self.raw(target).await?;
        Ok(found.into_iter().map(masked).collect())
    }

    /// The pods of what a target names: a workload's, all of the release, or the pod itself; none that is going.
    pub(super) async fn pods(&self, target: &Target) -> Result<Vec<Value>, LookError> {
        Ok(self.raw_pods(target).await?)
    }

    async fn raw_pods(&self, target: &Target) -> Result<Vec<Value>, ApiError> {
        let mut pods = self.all_pods().await?;
        let (Target::Object { kind: Kind::Named(kind), name } | Target::Pod { kind, name, .. }) = target else {
            return Ok(pods);
        };
        if kind == "Pod" {
            pods.retain(|pod| is_named(pod, name));
            return Ok(pods);
        }
        let none = Value::Null;
        let workloads = self.raw(target).await?;
        pods.retain(|pod| workloads.iter().any(|one| selects(one.pointer("/spec/selector").unwrap_or(&none), pod)));
        Ok(pods)
    }

    /// All that run here and stay, less our own.
    async fn all_pods(&self) -> Result<Vec<Value>, ApiError> {
        let mut pods = self.site.objects.list("Pod", self.stage.namespace()).await?;
        pods.retain(|pod| !ours::is_ours(pod) && pod.pointer("/metadata/deletionTimestamp").is_none());
        Ok(pods)
    }

    async fn raw(&self, target: &Target) -> Result<Vec<Value>, ApiError> {
        let (kind, name) = match target {
            Target::Service { name, .. } => ("Service", name),
            Target::Ingress { name, .. } => ("Ingress", name),
            Target::Object { kind: Kind::PodTemplates, .. } => return self.all_pods().await,
            Target::Object { kind: Kind::Any, .. } | Target::Host { .. } => return self.whole_release().await,
            Target::Pod { kind, name, .. } => (kind.as_str(), name),
            Target::Object { kind, name } => (kind_name(kind), name),
        };
        let version = self.version_of(kind);
        let served = match self.site.objects.kind(kind, version.as_deref()).await {
            // A kind that is not served has no objects.
            Err(ApiError::UnknownKind { .. }) => return Ok(Vec::new()),
            served => served?,
        };
        if let Some(name) = self.one_name(kind, name) {
            let found = self.site.objects.get(kind, self.stage.namespace(), &name).await?;
            return Ok(found.into_iter().collect());
        }
        let mut all = self.site.objects.list_served(&served, self.stage.namespace()).await?;
        all.retain(|one| !ours::is_ours(one));
        Ok(all)
    }

    /// The one name that is meant: as written, or the chart's only one of the kind.
    fn one_name(&self, kind: &str, name: &Name) -> Option<String> {
        match name {
            Name::Is(name) => Some(name.clone()),
            Name::All => None,
            Name::Only => {
                let rendered = refs(&self.stage.environment.rendered).into_iter();
                let mut names = rendered.filter(|one| one.kind == kind).map(|one| one.name);
                names.next().filter(|_| names.next().is_none())
            }
        }
    }

    fn version_of(&self, kind: &str) -> Option<String> {
        let rendered = refs(&self.stage.environment.rendered).into_iter();
        rendered.filter(|one| one.kind == kind).map(|one| one.api_version).next()
    }

    async fn whole_release(&self) -> Result<Vec<Value>, ApiError> {
        let mut found = Vec::new();
        for one in refs(&self.stage.environment.rendered) {
            let namespace = one.namespace.as_deref().unwrap_or(self.stage.namespace());
            found.extend(self.site.objects.get(&one.kind, namespace, &one.name).await?);
        }
        Ok(found)
    }

    /// `(kind, name)` of each workload that a target names, from the render.
    pub(super) fn workloads(&self, target: &Target) -> Vec<(String, String)> {
        let rendered = objects(&self.stage.environment.rendered).into_iter();
        let workloads = rendered.filter(|one| WORKLOADS.contains(&text(one, "/kind")));
        let Target::Object { kind, name } = target else { return Vec::new() };
        let fitting = workloads.filter(|one| match kind {
            Kind::Named(kind) => text(one, "/kind") == kind && is_named(one, name),
            Kind::PodTemplates | Kind::Any => true,
        });
        fitting.map(|one| (text(&one, "/kind").to_owned(), name_of(&one).to_owned())).collect()
    }
}

/// The objects among `judged` that a target names.
pub(super) fn chosen(judged: Vec<(String, String)>, targets: &[Target]) -> Vec<(String, String)> {
    let is_chosen = |(kind, name): &(String, String)| {
        targets.iter().any(|target| match target {
            Target::Object { kind: Kind::Named(wanted), name: Name::Is(named) } => wanted == kind && named == name,
            Target::Object { kind: Kind::Named(wanted), .. } => wanted == kind,
            Target::Object { kind: Kind::PodTemplates, .. } => WORKLOADS.contains(&kind.as_str()),
            Target::Object { kind: Kind::Any, .. } => true,
            _ => false,
        })
    };
    judged.into_iter().filter(is_chosen).collect()
}

fn is_named(object: &Value, name: &Name) -> bool {
    match name {
        Name::Is(name) => name_of(object) == name,
        Name::Only | Name::All => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: &str, name: Name) -> Target {
        Target::Object { kind: Kind::Named(kind.to_owned()), name }
    }

    #[test]
    fn only_what_a_target_names_is_waited_for() {
        let judged =
            vec![("Deployment".to_owned(), "web".to_owned()), ("PersistentVolumeClaim".to_owned(), "data".to_owned())];
        let one = chosen(judged.clone(), &[target("Deployment", Name::Is("web".to_owned()))]);
        assert_eq!(one, [("Deployment".to_owned(), "web".to_owned())]);
        assert!(chosen(judged.clone(), &[target("Deployment", Name::Is("db".to_owned()))]).is_empty());
        assert_eq!(chosen(judged, &[target("PersistentVolumeClaim", Name::Only)]).len(), 1);
    }
}
