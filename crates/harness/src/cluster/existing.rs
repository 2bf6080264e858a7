//! Somebody else's cluster: any kubeconfig and context. Nothing is made on it here, and nothing of it is changed.

use super::load::LoadReport;
use super::provider::{ClusterProvider, ProviderKind, Request};
use super::{Cluster, ClusterError, ready};
use crate::events::Events;
use crate::run_id::base36;
use crate::state;
use camino::Utf8Path;
use kube::config::Kubeconfig;
use seatrial_contracts::model::Contexts;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Clusters that were there before.
pub(super) struct Existing;

impl ClusterProvider for Existing {
    async fn create(&self, request: &Request, _events: &Events) -> Result<Cluster, ClusterError> {
        let private = minified(users_kubeconfig()?, request.context.as_deref())?;
        let kubeconfig = request.dir.join("kubeconfig");
        write(&private, &kubeconfig)?;
        Ok(Cluster {
            name: request.name.clone(),
            kubeconfig,
            context: private.current_context,
            provider: ProviderKind::Existing,
            nodes: Vec::new(),
            host_ports: BTreeMap::new(),
            capabilities: ProviderKind::Existing.capabilities(),
        })
    }

    async fn until_ready(&self, cluster: &Cluster, _request: &Request) -> Result<(), ClusterError> {
        ready::until_api_answers(cluster).await?;
        ready::until_nodes(cluster, 1).await
    }

    async fn load(&self, _cluster: &Cluster, _request: &Request) -> Result<LoadReport, ClusterError> {
        Ok(LoadReport::default())
    }
}

/// The name of the cluster of a context: the same for every run and state, so that its namespaces are locked for all.
/// A context that the repository does not allow is refused here, before anything is asked of it.
pub(super) fn name(context: Option<&str>, contexts: &Contexts) -> Result<String, ClusterError> {
    let config = allowed(minified(users_kubeconfig()?, context)?, contexts)?;
    let server = config.clusters.first().and_then(|cluster| cluster.cluster.as_ref()?.server.clone());
    let hash = Sha256::digest(server.unwrap_or_default().as_bytes());
    let number = hash.iter().take(5).fold(0, |number, byte| (number << 8) | u64::from(*byte));
    Ok(format!("existing-{}", base36(number)))
}

/// What the user's own tools would use; only read.
fn users_kubeconfig() -> Result<Kubeconfig, ClusterError> {
    let path = std::env::var("KUBECONFIG").unwrap_or_else(|_| "~/.kube/config".to_owned());
    Kubeconfig::read().map_err(|error| ClusterError::Kubeconfig { path: path.into(), message: error.to_string() })
}

/// The kubeconfig with one context, its cluster and its user.
fn minified(mut config: Kubeconfig, context: Option<&str>) -> Result<Kubeconfig, ClusterError> {
    let asked = context.map(ToOwned::to_owned).or(config.current_context.take()).unwrap_or_default();
    let known: Vec<_> = config.contexts.iter().map(|context| context.name.clone()).collect();
    config.contexts.retain(|context| context.name == asked);
    let Some(found) = config.contexts.first().and_then(|context| context.context.clone()) else {
        return Err(ClusterError::NoContext { context: asked, known });
    };
    config.clusters.retain(|cluster| cluster.name == found.cluster);
    config.auth_infos.retain(|user| Some(&user.name) == found.user.as_ref());
    config.current_context = Some(asked);
    Ok(config)
}

fn allowed(config: Kubeconfig, contexts: &Contexts) -> Result<Kubeconfig, ClusterError> {
    let context = config.current_context.clone().unwrap_or_default();
    match contexts.refusal(&context) {
        Some(reason) => Err(ClusterError::Forbidden { context, reason }),
        None => Ok(config),
    }
}

fn write(config: &Kubeconfig, path: &Utf8Path) -> Result<(), ClusterError> {
    let refused =
        |error: serde_yaml::Error| ClusterError::Kubeconfig { path: path.to_owned(), message: error.to_string() };
    let text = serde_yaml::to_string(config).map_err(refused)?;
    state::write_private(path, text.as_bytes()).map_err(ClusterError::state(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
apiVersion: v1
kind: Config
current-context: b
contexts:
- { name: a, context: { cluster: ca, user: ua, namespace: x } }
- { name: b, context: { cluster: cb, user: ub } }
clusters:
- { name: ca, cluster: { server: 'https://a:6443' } }
- { name: cb, cluster: { server: 'https://b:6443' } }
users:
- { name: ua, user: { token: secret-a } }
- { name: ub, user: { token: secret-b } }
";

    fn check(context: Option<&str>) -> Result<String, String> {
        let config = Kubeconfig::from_yaml(TWO).expect("kubeconfig");
        let config = minified(config, context).map_err(|error| error.to_string())?;
        Ok(serde_yaml::to_string(&config).expect("YAML"))
    }

    #[test]
    fn only_the_context_asked_for_is_copied() {
        let text = check(Some("a")).expect("it is there");
        assert!(text.contains("https://a:6443") && text.contains("secret-a"), "{text}");
        assert!(!text.contains("https://b:6443") && !text.contains("secret-b"), "{text}");
        assert!(check(None).expect("current").contains("https://b:6443"));
    }

    #[test]
    fn a_context_that_the_repository_denies_is_refused() {
        let contexts = Contexts { allow: vec!["a".into()], deny: Vec::new() };
        let of = |context| minified(Kubeconfig::from_yaml(TWO).expect("kubeconfig"), context).expect("it is there");
        assert!(allowed(of(Some("a")), &contexts).is_ok());
        let refused = allowed(of(None), &contexts).expect_err("it is not allowed").to_string();
        assert!(refused.starts_with("the context `b` may not be used: `contexts.allow`"), "{refused}");
    }

    #[test]
    fn an_unknown_context_is_told_with_the_known_ones() {
        assert_eq!(check(Some("z")), Err("there is no context `z` in the kubeconfig; it has: a, b".into()));
    }
}
