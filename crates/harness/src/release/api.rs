//! The API server in JSON: objects of any kind by kind and name, without a Rust type for each.

use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PropagationPolicy};
use kube::core::GroupVersionKind;
use kube::discovery::{Discovery, Scope, verbs};
use seatrial_contracts::model::Kind;
use seatrial_observation::LookError;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::Mutex;

/// Why the API server could not be asked: the apparatus, never a mismatch.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The API server refused or did not answer.
    #[error("{doing}: {source}")]
    Refused {
        /// What was asked.
        doing: String,
        /// Its answer.
        source: Box<kube::Error>,
    },
    /// A request that could not be put together, or an answer that is none.
    #[error("{doing}: {message}")]
    Unsent {
        /// What was asked.
        doing: String,
        /// Why.
        message: String,
    },
    /// No such kind is served.
    #[error("the cluster serves no kind {kind}")]
    UnknownKind {
        /// The kind.
        kind: String,
    },
}

impl From<ApiError> for LookError {
    fn from(refused: ApiError) -> Self {
        Self { message: refused.to_string() }
    }
}

impl ApiError {
    pub(crate) fn doing(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Refused { doing, source: Box::new(source) }
    }
}

pub(crate) fn is_status(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}

/// A kind that the cluster serves.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) resource: ApiResource,
    pub(crate) is_namespaced: bool,
    is_listable: bool,
}

/// How long a list of kinds is believed that lacks the one asked for.
const FRESH: Duration = Duration::from_secs(2);

/// The kinds that a cluster serves, and when it was asked.
type Asked = (Instant, Arc<[Served]>);

/// One cluster's API, its kinds asked once, and again after something brought more of them.
#[derive(Clone)]
pub struct Objects {
    pub(crate) client: kube::Client,
    served: Arc<Mutex<Option<Asked>>>,
}

impl Objects {
    /// The API behind a client.
    pub fn new(client: kube::Client) -> Self {
        Self { client, served: Arc::default() }
    }

    /// Every kind that the cluster serves, in its preferred version.
    pub(crate) async fn served(&self) -> Result<Arc<[Served]>, ApiError> {
        self.served_since(None).await
    }

    /// CRDs came or went: whoever asks next is told of them.
    pub(crate) async fn forget_kinds(&self) {
        *self.served.lock().await = None;
    }

    /// The kinds as they were at a moment, or later; whoever asks first asks for all.
    async fn served_since(&self, moment: Option<Instant>) -> Result<Arc<[Served]>, ApiError> {
        let mut known = self.served.lock().await;
        if let Some((at, served)) = &*known
            && moment.is_none_or(|moment| *at >= moment)
        {
            return Ok(Arc::clone(served));
        }
        let (at, served) = (Instant::now(), self.discovered().await?);
        *known = Some((at, Arc::clone(&served)));
        Ok(served)
    }

    async fn discovered(&self) -> Result<Arc<[Served]>, ApiError> {
        let discovery = match Discovery::new(self.client.clone()).run_aggregated().await {
            Ok(discovery) => discovery,
            // Older servers know only the long way.
            Err(_) => Discovery::new(self.client.clone()).run().await.map_err(ApiError::doing("discovery"))?,
        };
        let groups = discovery.groups_alphabetical().into_iter();
        Ok(groups.flat_map(kube::discovery::ApiGroup::recommended_resources).map(served).collect())
    }

    /// The kind by its name, and by its `apiVersion` where that is known.
    pub(crate) async fn kind(&self, kind: &str, api_version: Option<&str>) -> Result<Served, ApiError> {
        if let Some(known) = builtin(kind, api_version) {
            return Ok(known);
        }
        let group = api_version.map(|version| version.rsplit_once('/').map_or("", |(group, _)| group));
        if let Some(found) = fitting(&self.served().await?, kind, group) {
            return Ok(found);
        }
        // What was installed meanwhile, also by another process, may have brought it.
        let again = self.served_since(Instant::now().checked_sub(FRESH)).await?;
        fitting(&again, kind, group).ok_or_else(|| ApiError::UnknownKind { kind: kind.to_owned() })
    }

    pub(crate) fn api(&self, served: &Served, namespace: &str) -> Api<DynamicObject> {
        if served.is_namespaced {
            Api::namespaced_with(self.client.clone(), namespace, &served.resource)
        } else {
            Api::all_with(self.client.clone(), &served.resource)
        }
    }

    /// The object, if it is there.
    pub(crate) async fn get(&self, kind: &str, namespace: &str, name: &str) -> Result<Option<Value>, ApiError> {
        let served = self.kind(kind, None).await?;
        let found = self.api(&served, namespace).get_opt(name).await;
        found.map(|found| found.map(|one| json(&served, one))).map_err(ApiError::doing(format!("get {kind}/{name}")))
    }

    /// All objects of a kind in the namespace, or in the cluster where the kind has none.
    pub(crate) async fn list(&self, kind: &str, namespace: &str) -> Result<Vec<Value>, ApiError> {
        let served = self.kind(kind, None).await?;
        self.list_served(&served, namespace).await
    }

    pub(crate) async fn list_served(&self, served: &Served, namespace: &str) -> Result<Vec<Value>, ApiError> {
        let listed = self.api(served, namespace).list(&ListParams::default()).await;
        let listed = listed.map_err(ApiError::doing(format!("list {}", served.resource.kind)))?;
        Ok(listed.items.into_iter().map(|one| json(served, one)).collect())
    }

    /// All objects of all kinds in the namespace. Kinds that may not be listed are passed over.
    pub(crate) async fn list_all(&self, namespace: &str) -> Result<Vec<Value>, ApiError> {
        let served = self.served().await?;
        let served = served.iter().filter(|one| one.is_namespaced && one.is_listable);
        let lists = served.filter(|one| !is_noise(&one.resource)).map(async |one| {
            match self.list_served(one, namespace).await {
                Err(ApiError::Refused { source, .. })
                    if [403, 404, 405].iter().any(|code| is_status(&source, *code)) =>
                {
                    Ok(Vec::new())
                }
                listed => listed,
            }
        });
        Ok(futures::future::try_join_all(lists).await?.into_iter().flatten().collect())
    }

    /// Deletes it; it may be gone already.
    pub(crate) async fn delete(&self, kind: &str, namespace: &str, name: &str) -> Result<(), ApiError> {
        self.delete_in(kind, namespace, name, None).await
    }

    /// The same, with another time to end than it asks for itself.
    pub(crate) async fn delete_in(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        grace: Option<Duration>,
    ) -> Result<(), ApiError> {
        let served = self.kind(kind, None).await?;
        let grace_period_seconds = grace.map(|grace| u32::try_from(grace.as_secs()).unwrap_or(u32::MAX));
        let propagation_policy = Some(PropagationPolicy::Background);
        let how = DeleteParams { propagation_policy, grace_period_seconds, ..DeleteParams::default() };
        match self.api(&served, namespace).delete(name, &how).await {
            Err(error) if !is_status(&error, 404) => Err(ApiError::doing(format!("delete {kind}/{name}"))(error)),
            _ => Ok(()),
        }
    }

    /// A merge patch.
    pub(crate) async fn merge(&self, kind: &str, namespace: &str, name: &str, patch: &Value) -> Result<(), ApiError> {
        let served = self.kind(kind, None).await?;
        let api = self.api(&served, namespace);
        let patched = api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.map(drop).map_err(ApiError::doing(format!("patch {kind}/{name}")))
    }

    /// Sets the replicas by the scale subresource.
    pub(crate) async fn scale(&self, kind: &str, namespace: &str, name: &str, replicas: u32) -> Result<(), ApiError> {
        let served = self.kind(kind, None).await?;
        let patch = serde_json::json!({ "spec": { "replicas": replicas } });
        let api = self.api(&served, namespace);
        let scaled = api.patch_scale(name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        scaled.map(drop).map_err(ApiError::doing(format!("scale {kind}/{name}")))
    }

    /// Server-side apply of an object of ours.
    pub(crate) async fn apply(&self, namespace: &str, object: &Value) -> Result<(), ApiError> {
        let (kind, name) = (crate::readiness::text(object, "/kind"), crate::readiness::name_of(object));
        let served = self.kind(kind, Some(crate::readiness::text(object, "/apiVersion"))).await?;
        let how = PatchParams::apply("seatrial").force();
        let applied = self.api(&served, namespace).patch(name, &how, &Patch::Apply(object)).await;
        applied.map(drop).map_err(ApiError::doing(format!("apply {kind}/{name}")))
    }
}

impl Objects {
    /// Asks the API server whether it would let an object in, strictly: nothing is changed.
    pub(crate) async fn dry_run(&self, namespace: &str, object: &Value) -> Result<(), ApiError> {
        let (kind, name) = (crate::readiness::text(object, "/kind"), crate::readiness::name_of(object));
        let served = self.kind(kind, Some(crate::readiness::text(object, "/apiVersion"))).await?;
        let how = PatchParams {
            field_validation: Some(kube::api::ValidationDirective::Strict),
            ..PatchParams::apply("seatrial").force().dry_run()
        };
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or(namespace);
        let asked = self.api(&served, namespace).patch(name, &how, &Patch::Apply(object)).await;
        asked.map(drop).map_err(ApiError::doing(format!("dry run of {kind}/{name}")))
    }

    /// Makes an object, which must not be there.
    pub(crate) async fn create(&self, namespace: &str, object: &Value) -> Result<(), ApiError> {
        let (kind, name) = (crate::readiness::text(object, "/kind"), crate::readiness::name_of(object));
        let served = self.kind(kind, None).await?;
        let object: DynamicObject = serde_json::from_value(object.clone()).map_err(|broken| ApiError::Refused {
            doing: format!("create {kind}/{name}"),
            source: Box::new(kube::Error::SerdeError(broken)),
        })?;
        let made = self.api(&served, namespace).create(&kube::api::PostParams::default(), &object).await;
        made.map(drop).map_err(ApiError::doing(format!("create {kind}/{name}")))
    }
}

fn fitting(served: &[Served], kind: &str, group: Option<&str>) -> Option<Served> {
    let mut fitting = served.iter().filter(|one| one.resource.kind == kind);
    fitting.find(|one| group.is_none_or(|group| one.resource.group == group)).cloned()
}

/// The kind's full name as a target writes it.
pub(crate) fn kind_name(kind: &Kind) -> &str {
    match kind {
        Kind::Named(name) => name,
        Kind::PodTemplates => "Pod",
        Kind::Any => "*",
    }
}

fn served((resource, capabilities): (ApiResource, kube::discovery::ApiCapabilities)) -> Served {
    let is_listable = capabilities.supports_operation(verbs::LIST);
    Served { resource, is_namespaced: capabilities.scope == Scope::Namespaced, is_listable }
}

/// Kinds that tell about others, or come by themselves: they are never "left".
fn is_noise(resource: &ApiResource) -> bool {
    let derived = ["Event", "Endpoints", "EndpointSlice", "ControllerRevision", "Lease", "PodMetrics", "Binding"];
    derived.contains(&resource.kind.as_str())
}

/// The object as the API server would print it alone: items of lists come without their type.
fn json(served: &Served, object: DynamicObject) -> Value {
    let mut object = serde_json::to_value(object).unwrap_or_default();
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), served.resource.api_version.clone().into());
        map.insert("kind".to_owned(), served.resource.kind.clone().into());
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
    }
    object
}

/// The kinds that every cluster serves: no need to ask.
fn builtin(kind: &str, api_version: Option<&str>) -> Option<Served> {
    let (group, is_namespaced) = match kind {
        "Pod" | "Service" | "ConfigMap" | "Secret" | "ServiceAccount" | "PersistentVolumeClaim" | "Event" => ("", true),
        "Namespace" | "Node" | "PersistentVolume" => ("", false),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => ("apps", true),
        "Job" | "CronJob" => ("batch", true),
        "StorageClass" => ("storage.k8s.io", false),
        _ => return None,
    };
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    if api_version.is_some_and(|asked| asked != version) {
        return None;
    }
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
    Some(Served { resource, is_namespaced, is_listable: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_kinds_need_no_discovery() {
        let claim = builtin("PersistentVolumeClaim", None).expect("known");
        assert_eq!((claim.resource.plural.as_str(), claim.is_namespaced), ("persistentvolumeclaims", true));
        let class = builtin("StorageClass", None).expect("known");
        assert_eq!(
            (class.resource.plural.as_str(), class.resource.api_version.as_str()),
            ("storageclasses", "storage.k8s.io/v1")
        );
        assert!(builtin("Deployment", Some("example.com/v1")).is_none(), "somebody else's Deployment");
    }
}
