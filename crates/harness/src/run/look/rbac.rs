//! `rbac`: the API server is asked what a service account may do, as if it asked itself.

use super::Looker;
use crate::run::address::error;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::Api;
use kube::api::PostParams;
use seatrial_contracts::model::{Access, Name, RbacCheck, Target};
use seatrial_observation::{Found, LookError, Seen};
use serde_json::json;

impl Looker<'_> {
    pub(super) async fn rbac(&self, check: &RbacCheck) -> Result<Seen, LookError> {
        let Target::Object { name: Name::Is(account), .. } = &check.of else {
            return Err(error(format!("{} is no service account by its name", check.of)));
        };
        let mut found = Vec::new();
        for access in check.can.iter().chain(&check.cannot) {
            // A resource that is not served has no answer: it is neither allowed nor denied.
            if let Some(group) = self.group(&access.resource).await? {
                let answer = self.review(account, access, group).await?;
                found.push(Found { target: access.to_string(), objects: vec![answer] });
            }
        }
        Ok(Seen::Objects(found))
    }

    async fn group(&self, resource: &str) -> Result<Option<String>, LookError> {
        if resource == "*" {
            return Ok(Some("*".to_owned()));
        }
        let served = self.targets.site.objects.served().await?;
        let (plural, group) =
            resource.split_once('.').map_or((resource, None), |(plural, group)| (plural, Some(group)));
        let is_it = |one: &&crate::release::Served| {
            one.resource.plural == plural && group.is_none_or(|group| one.resource.group == group)
        };
        Ok(served.iter().find(is_it).map(|one| one.resource.group.clone()))
    }

    async fn review(&self, account: &str, access: &Access, group: String) -> Result<serde_json::Value, LookError> {
        let (site, own) = (self.targets.site, self.targets.stage.namespace());
        let namespace = match access.namespace.as_deref() {
            Some("*") => String::new(),
            Some(namespace) => namespace.to_owned(),
            None => own.to_owned(),
        };
        let groups = ["system:serviceaccounts", &format!("system:serviceaccounts:{own}"), "system:authenticated"];
        let plural = access.resource.split('.').next().unwrap_or_default().to_owned();
        let spec = SubjectAccessReviewSpec {
            user: Some(format!("system:serviceaccount:{own}:{account}")),
            groups: Some(groups.map(ToOwned::to_owned).to_vec()),
            resource_attributes: Some(ResourceAttributes {
                group: Some(group),
                resource: Some(plural),
                subresource: access.subresource.clone(),
                verb: Some(access.verb.clone()),
                namespace: Some(namespace),
                ..ResourceAttributes::default()
            }),
            ..SubjectAccessReviewSpec::default()
        };
        let api: Api<SubjectAccessReview> = Api::all(site.objects.client.clone());
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let answer = api.create(&PostParams::default(), &review).await.map_err(|refused| error(refused.to_string()))?;
        let status = answer.status.unwrap_or_default();
        Ok(json!({ "allowed": status.allowed, "reason": status.reason.unwrap_or_default() }))
    }
}
