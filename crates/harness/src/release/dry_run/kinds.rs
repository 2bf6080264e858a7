//! Which kinds the API server serves in just the versions that a render writes.

use crate::readiness::text;
use crate::release::api::is_status;
use crate::release::{ApiError, Site};
use kube::api::ApiResource;
use seatrial_contracts::judge::Question;
use std::collections::{BTreeSet, HashMap};

/// A kind, and where it is asked about.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) resource: ApiResource,
    pub(super) is_namespaced: bool,
}

/// `(apiVersion, kind)` → where it is asked about.
pub(super) type Kinds = HashMap<(String, String), Kind>;

impl Site {
    pub(super) async fn kinds_of(&self, questions: &[Question]) -> Result<Kinds, ApiError> {
        let versions: BTreeSet<&str> =
            questions.iter().map(|question| text(&question.object, "/apiVersion")).filter(|v| !v.is_empty()).collect();
        let mut kinds = Kinds::new();
        for api_version in versions {
            kinds.extend(self.kinds_of_version(api_version).await?);
        }
        Ok(kinds)
    }

    async fn kinds_of_version(&self, api_version: &str) -> Result<Kinds, ApiError> {
        let client = &self.objects.client;
        let listed = match api_version.split_once('/') {
            Some(_) => client.list_api_group_resources(api_version).await,
            None => client.list_core_api_resources(api_version).await,
        };
        let listed = match listed {
            Err(error) if is_status(&error, 404) => return Ok(Kinds::new()),
            listed => listed.map_err(ApiError::doing(format!("the kinds of {api_version}")))?,
        };
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        // Those with a slash are subresources.
        let whole = listed.resources.into_iter().filter(|one| !one.name.contains('/'));
        let kind = |one: k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResource| {
            let resource = ApiResource {
                group: group.to_owned(),
                version: version.to_owned(),
                api_version: api_version.to_owned(),
                kind: one.kind.clone(),
                plural: one.name,
            };
            ((api_version.to_owned(), one.kind), Kind { resource, is_namespaced: one.namespaced })
        };
        Ok(whole.map(kind).collect())
    }
}
