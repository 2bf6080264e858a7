//! Asking about one object: where, in what form, and whether it is there already.

use super::Brought;
use super::kinds::{Kind, Kinds};
use super::reply::{self, Reply};
use crate::readiness::{name_of, text};
use crate::release::api::is_status;
use crate::release::{ApiError, Objects};
use kube::Resource;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::client::Body;
use kube::core::Request;
use seatrial_contracts::judge::{self, Question};
use seatrial_observation::{Admission, DryRun, Refused};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where an object is.
#[derive(Debug, PartialEq, Eq)]
enum Home {
    /// In no namespace.
    Cluster,
    /// In this one.
    Namespace(String),
    /// In one that is not there yet.
    Missing,
}

/// All that is known before the questions.
pub(super) struct Asker<'a> {
    pub(super) objects: &'a Objects,
    pub(super) kinds: Kinds,
    /// The other namespaces of the render that are there.
    pub(super) namespaces: BTreeSet<String>,
    pub(super) brought: Brought,
    /// Whether what the contract needs may bring CRDs.
    pub(super) brings_kinds: bool,
    /// The namespace of the release.
    pub(super) release: &'a str,
    /// The one that is asked in.
    pub(super) place: &'a str,
    pub(super) is_thrown_away: bool,
    /// Whether the cluster is a trial's: then other trials stand in it, and stubs may.
    pub(super) is_ours: bool,
}

impl Asker<'_> {
    pub(super) async fn ask(&self, question: &Question) -> Result<DryRun, ApiError> {
        let of = |namespace: Option<String>, answer: Admission| {
            let (document, is_pod) = (question.document, question.is_pod);
            DryRun { document, is_pod, is_there: false, namespace, answer, warnings: Vec::new() }
        };
        let (version, name) = (text(&question.object, "/apiVersion"), text(&question.object, "/kind"));
        let Some(kind) = self.kinds.get(&(version.to_owned(), name.to_owned())) else {
            return Ok(of(None, self.unserved(version, name)));
        };
        let namespace = match self.home(question, kind) {
            Home::Missing => {
                return Ok(of(None, Admission::Unasked("its namespace comes with the chart".to_owned())));
            }
            Home::Cluster => None,
            Home::Namespace(name) => Some(name),
        };
        let mut object = question.object.clone();
        if let Some(namespace) = &namespace {
            object["metadata"]["namespace"] = json!(namespace);
            self.forget_account(&mut object, namespace).await?;
        }
        let mut is_there = !question.is_pod && self.is_there(question, kind, namespace.as_deref()).await?;
        let reply = self.send(kind, namespace.as_deref(), &object, is_there).await?;
        let answer = self.weighed(question, reply.answer, is_there);
        if question.is_pod && matches!(answer, Admission::Refused(_)) {
            is_there = self.runs(question, namespace.as_deref()).await?;
        }
        Ok(DryRun { is_there, warnings: reply.warnings, ..of(namespace, answer) })
    }

    /// A kind that is not served.
    fn unserved(&self, version: &str, kind: &str) -> Admission {
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let is_of_chart = self.brought.kinds.contains(&(group.to_owned(), kind.to_owned()));
        let is_stubbable = judge::is_stubbable(group);
        let unasked = |why: &str| Admission::Unasked(why.to_owned());
        if is_of_chart {
            return unasked("its CRD comes with the chart");
        }
        if is_stubbable && self.brings_kinds {
            return unasked("its CRD may come with what the contract needs");
        }
        if is_stubbable && self.is_ours {
            return unasked("the trial cluster has no CRD of it");
        }
        Admission::Refused(Refused {
            code: 404,
            reason: "NotFound".to_owned(),
            message: format!("the cluster serves no kind {kind} of {version}"),
            fields: vec!["kind".to_owned()],
        })
    }

    /// Where it is asked about.
    fn home(&self, question: &Question, kind: &Kind) -> Home {
        let written = text(&question.object, "/metadata/namespace");
        let is_own = written.is_empty() || written == self.release;
        let is_brought = self.brought.namespaces.contains(written) && !self.namespaces.contains(written);
        if !kind.is_namespaced {
            Home::Cluster
        } else if is_own || (is_brought && self.is_thrown_away) {
            Home::Namespace(self.place.to_owned())
        } else if is_brought {
            Home::Missing
        } else {
            Home::Namespace(written.to_owned())
        }
    }

    /// A pod whose account is not there yet is asked about with the namespace's own: else it were refused for that.
    async fn forget_account(&self, object: &mut Value, namespace: &str) -> Result<(), ApiError> {
        let account = text(object, "/spec/serviceAccountName").to_owned();
        if text(object, "/kind") != "Pod" || account.is_empty() {
            return Ok(());
        }
        if self.objects.get("ServiceAccount", namespace, &account).await?.is_none()
            && let Some(spec) = object["spec"].as_object_mut()
        {
            spec.remove("serviceAccountName");
            spec.remove("serviceAccount");
        }
        Ok(())
    }

    /// Whether a pod has a name such as the controller gives.
    async fn runs(&self, question: &Question, namespace: Option<&str>) -> Result<bool, ApiError> {
        let prefix = text(&question.object, "/metadata/generateName");
        let pods = self.objects.list("Pod", namespace.unwrap_or_default()).await?;
        Ok(pods.iter().any(|pod| name_of(pod).starts_with(prefix)))
    }

    /// Whether the object is there already. Who may not look is told that it is not.
    async fn is_there(&self, question: &Question, kind: &Kind, namespace: Option<&str>) -> Result<bool, ApiError> {
        let name = name_of(&question.object);
        if name.is_empty() {
            return Ok(false);
        }
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(self.objects.client.clone(), namespace, &kind.resource),
            None => Api::all_with(self.objects.client.clone(), &kind.resource),
        };
        match api.get_opt(name).await {
            Err(error) if [403, 405].iter().any(|code| is_status(&error, *code)) => Ok(false),
            found => found.map(|found| found.is_some()).map_err(ApiError::doing(format!("get {name}"))),
        }
    }

    async fn send(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        object: &Value,
        is_there: bool,
    ) -> Result<Reply, ApiError> {
        let doing = format!("dry run of {}/{}", kind.resource.kind, name_of(object));
        let refused = |message: String| ApiError::Unsent { doing: doing.clone(), message };
        let request = Request::new(DynamicObject::url_path(&kind.resource, namespace));
        let how = PatchParams::apply("seatrial").force().dry_run().validation_strict();
        let built = if is_there {
            request.patch(name_of(object), &how, &Patch::Apply(object))
        } else {
            let posted = PostParams { dry_run: true, field_manager: Some("seatrial".to_owned()) };
            request.create(&posted, serde_json::to_vec(object).unwrap_or_default())
        };
        let mut request = built.map_err(|error| refused(error.to_string()))?;
        if !is_there {
            // kube's own parameters of a create have no word for it.
            let strict = format!("{}&fieldValidation=Strict", request.uri());
            *request.uri_mut() = strict.parse().map_err(|_| refused(format!("{strict} is no address")))?;
        }
        let response = self.objects.client.send(request.map(Body::from)).await.map_err(ApiError::doing(&doing))?;
        let (head, body) = response.into_parts();
        let body = body.collect_bytes().await.map_err(ApiError::doing(&doing))?;
        let warnings = head.headers.get_all("warning").iter().filter_map(|value| value.to_str().ok());
        let warnings = warnings.map(reply::warning).collect();
        reply::read(head.status.as_u16(), &body, warnings).map_err(refused)
    }

    /// On a cluster of trials, other trials may hold what this one would take when its turn comes.
    fn weighed(&self, question: &Question, answer: Admission, is_there: bool) -> Admission {
        let Admission::Refused(why) = answer else { return answer };
        let is_others = why.message.contains("already allocated") || (is_there && !question.is_pod);
        let is_binding = ["RoleBinding", "ClusterRoleBinding"].contains(&text(&question.object, "/kind"));
        if self.is_ours && is_others {
            return Admission::Unasked(format!("another trial has it: {}", why.message));
        }
        // Who may not bind every role must name one that is there, and the chart's own is not yet.
        if is_binding && why.code == 404 { Admission::Unasked(why.message) } else { Admission::Refused(why) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(objects: &Objects) -> Asker<'_> {
        let kinds = BTreeSet::from([("example.com".to_owned(), "Widget".to_owned())]);
        let brought = Brought { kinds, namespaces: BTreeSet::from(["other".to_owned()]) };
        Asker {
            objects,
            kinds: Kinds::new(),
            namespaces: BTreeSet::new(),
            brought,
            brings_kinds: false,
            release: "shop",
            place: "dry",
            is_thrown_away: true,
            is_ours: true,
        }
    }

    fn objects() -> Objects {
        seatrial_probes::install_tls_provider();
        let config = kube::Config::new("http://127.0.0.1:1".parse().expect("an address"));
        Objects::new(kube::Client::try_from(config).expect("a client"))
    }

    fn question(namespace: &str) -> Question {
        let object = json!({ "kind": "ConfigMap", "metadata": { "name": "c", "namespace": namespace } });
        Question { document: 0, is_pod: false, object }
    }

    fn refused(message: &str) -> Admission {
        Admission::Refused(Refused { message: message.to_owned(), ..Refused::default() })
    }

    #[tokio::test]
    async fn only_custom_kinds_may_be_missing() {
        let (objects, is_unasked) = (objects(), |answer: &Admission| matches!(answer, Admission::Unasked(_)));
        let ours = asker(&objects);
        assert!(is_unasked(&ours.unserved("example.com/v1", "Widget")));
        assert!(is_unasked(&ours.unserved("cert-manager.io/v1", "Certificate")));
        assert!(!is_unasked(&ours.unserved("networking.k8s.io/v1", "Ingres")));
        assert!(!is_unasked(&ours.unserved("v1", "Sevice")));
        // On somebody else's cluster Helm would find no such kind, unless something brings it.
        let theirs = Asker { is_ours: false, ..asker(&objects) };
        assert!(!is_unasked(&theirs.unserved("cert-manager.io/v1", "Certificate")));
        let needing = Asker { is_ours: false, brings_kinds: true, ..asker(&objects) };
        assert!(is_unasked(&needing.unserved("cert-manager.io/v1", "Certificate")));
    }

    #[tokio::test]
    async fn namespaces_of_the_release_become_the_one_that_is_asked_in() {
        let objects = objects();
        let asker = asker(&objects);
        let kind = |is_namespaced| {
            let version = kube::core::GroupVersionKind::gvk("", "v1", "ConfigMap");
            Kind { resource: kube::api::ApiResource::from_gvk(&version), is_namespaced }
        };
        let of = |namespace: &str| asker.home(&question(namespace), &kind(true));
        let dry = || Home::Namespace("dry".to_owned());
        assert_eq!(of(""), dry());
        assert_eq!(of("shop"), dry());
        assert_eq!(of("other"), dry(), "the chart makes it");
        // The API server says that it is not there.
        assert_eq!(of("unknown"), Home::Namespace("unknown".to_owned()));
        assert_eq!(asker.home(&question("shop"), &kind(false)), Home::Cluster);
        let theirs = Asker { is_thrown_away: false, ..super::tests::asker(&objects) };
        assert_eq!(theirs.home(&question("other"), &kind(true)), Home::Missing);
    }

    #[tokio::test]
    async fn what_another_trial_holds_is_no_refusal() {
        let objects = objects();
        let ours = asker(&objects);
        let taken = "spec.ports[0].nodePort: Invalid value: 30500: provided port is already allocated";
        assert!(matches!(ours.weighed(&question(""), refused(taken), false), Admission::Unasked(_)));
        assert!(matches!(ours.weighed(&question(""), refused("denied"), false), Admission::Refused(_)));
        let theirs = Asker { is_ours: false, ..asker(&objects) };
        assert!(matches!(theirs.weighed(&question(""), refused(taken), false), Admission::Refused(_)));
    }
}
