//! The states of cluster, release and data (PAL-029): what the record says, and whether that is still so.

use super::ONE_ANSWER;
use crate::bootstrap::{DataState, Mode, Record, State};
use crate::cluster::client_of;
use crate::containers;
use crate::readiness::{name_of, text};
use crate::release::Objects;
use seatrial_contracts::model::StateHealth;
use serde_json::Value;
use std::future::Future;

/// The three.
pub(super) struct States {
    /// `None` in Docker mode.
    pub(super) cluster: Option<StateHealth>,
    pub(super) release: StateHealth,
    pub(super) data: StateHealth,
}

/// Looks at all three, no longer than one answer may take.
pub(super) async fn look(record: &Record) -> States {
    match record.mode {
        Mode::Kind => in_cluster(record).await,
        Mode::Docker => as_containers(record).await,
    }
}

async fn in_cluster(record: &Record) -> States {
    let seen = in_time(seen(record)).await;
    let recorded = record.states;
    let (cluster, release, data) = match seen {
        Ok(seen) => (None, seen.release, seen.data),
        Err(reason) => (Some(Flaw(State::Failed.to_string(), reason)), None, None),
    };
    States {
        cluster: Some(state(&recorded.cluster, recorded.cluster == State::Ready, cluster)),
        release: state(&recorded.release, recorded.release == State::Ready, release),
        data: state(&recorded.data, recorded.data != DataState::Absent, data),
    }
}

/// A state that is not as it should be: its word, and why.
#[derive(Debug, PartialEq)]
struct Flaw(String, String);

/// What the API server shows that is not as it should be.
struct Seen {
    release: Option<Flaw>,
    data: Option<Flaw>,
}

async fn seen(record: &Record) -> Result<Seen, String> {
    let kubeconfig = record.kubeconfig.as_ref().ok_or("the record names no kubeconfig")?;
    let client = client_of(kubeconfig, None).await.map_err(|error| error.to_string())?;
    let objects = Objects::new(client);
    let secrets = objects.list("Secret", &record.namespace);
    let claims = objects.list("PersistentVolumeClaim", &record.namespace);
    let (secrets, claims) = futures::future::try_join(secrets, claims).await.map_err(|error| error.to_string())?;
    Ok(Seen { release: of_release(&secrets, &record.release), data: of_claims(&claims) })
}

/// What is wrong with the release, by Helm's own record of its last revision.
fn of_release(secrets: &[Value], release: &str) -> Option<Flaw> {
    let label = |secret: &Value, name: &str| text(secret, &format!("/metadata/labels/{name}")).to_owned();
    let ours = secrets.iter().filter(|one| text(one, "/type") == "helm.sh/release.v1" && label(one, "name") == release);
    let revision = |one: &&Value| label(one, "version").parse::<u64>().unwrap_or_default();
    let Some(last) = ours.max_by_key(revision) else {
        return Some(Flaw(State::Absent.to_string(), format!("Helm knows no release {release}")));
    };
    let status = label(last, "status");
    let state = match status.as_str() {
        "deployed" => return None,
        "uninstalling" => State::Removing,
        pending if pending.starts_with("pending") => State::Creating,
        _ => State::Failed,
    };
    Some(Flaw(state.to_string(), format!("Helm says {status}")))
}

fn of_claims(claims: &[Value]) -> Option<Flaw> {
    let loose = claims.iter().find(|claim| text(claim, "/status/phase") != "Bound")?;
    let phase = text(loose, "/status/phase");
    Some(Flaw(phase.to_lowercase(), format!("pvc/{} is {phase}", name_of(loose))))
}

async fn as_containers(record: &Record) -> States {
    let missing = in_time(missing(record)).await.unwrap_or_else(Some);
    let missing = missing.map(|reason| Flaw(State::Failed.to_string(), reason));
    let recorded = record.states;
    States {
        cluster: None,
        release: state(&recorded.release, recorded.release == State::Ready, missing),
        data: state(&recorded.data, recorded.data != DataState::Absent, lost(record)),
    }
}

/// The first container that does not run.
async fn missing(record: &Record) -> Result<Option<String>, String> {
    let names = record.services.iter().map(|service| service.at.as_str());
    let asked = names.map(async |name| containers::inspect(name).await.map(|found| (name, found)));
    let found = futures::future::try_join_all(asked).await.map_err(|error| error.to_string())?;
    let stopped = found.into_iter().find(|(_, found)| found.as_ref().is_none_or(|one| !one.is_running));
    Ok(stopped.map(|(name, found)| match found {
        None => format!("container {name} is gone"),
        Some(_) => format!("container {name} does not run"),
    }))
}

/// A folder of the host that is gone holds no data.
fn lost(record: &Record) -> Option<Flaw> {
    let folder = record.storage.as_ref().filter(|folder| !folder.is_dir())?;
    Some(Flaw(DataState::Absent.to_string(), format!("{folder} is gone")))
}

async fn in_time<T>(look: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let silent = || format!("no answer within {:.1} s", ONE_ANSWER.as_secs_f64());
    tokio::time::timeout(ONE_ANSWER, look).await.unwrap_or_else(|_| Err(silent()))
}

/// The recorded word, and why it is not well: what was seen, or that the record itself is not of something that works.
fn state(recorded: &impl ToString, is_well: bool, seen: Option<Flaw>) -> StateHealth {
    let recorded = recorded.to_string();
    match seen {
        Some(Flaw(state, reason)) => StateHealth { state, reason: Some(reason) },
        None if is_well => StateHealth { state: recorded, reason: None },
        None => StateHealth { reason: Some(format!("`up` left it {recorded}")), state: recorded },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn revision(version: u64, status: &str) -> Value {
        let labels = json!({ "name": "registry", "version": version.to_string(), "status": status });
        json!({ "type": "helm.sh/release.v1", "metadata": { "name": "x", "labels": labels } })
    }

    #[track_caller]
    fn check(secrets: &[Value], expected: Option<(&str, &str)>) {
        let flaw = expected.map(|(state, reason)| Flaw(state.to_owned(), reason.to_owned()));
        assert_eq!(of_release(secrets, "registry"), flaw);
    }

    #[test]
    fn the_last_revision_is_the_release() {
        check(&[revision(9, "superseded"), revision(10, "deployed")], None);
        check(
            &[revision(9, "deployed"), revision(10, "pending-upgrade")],
            Some(("creating", "Helm says pending-upgrade")),
        );
        check(&[revision(1, "failed")], Some(("failed", "Helm says failed")));
        check(&[], Some(("absent", "Helm knows no release registry")));
    }

    #[test]
    fn a_claim_that_is_not_bound_is_named() {
        let claim = |phase: &str| json!({ "metadata": { "name": "data" }, "status": { "phase": phase } });
        assert_eq!(of_claims(&[claim("Bound")]), None);
        let pending = Flaw("pending".to_owned(), "pvc/data is Pending".to_owned());
        assert_eq!(of_claims(&[claim("Bound"), claim("Pending")]), Some(pending));
    }

    #[test]
    fn a_state_has_a_reason_where_it_is_not_well() {
        let well = StateHealth { state: "ready".into(), reason: None };
        assert_eq!(state(&State::Ready, true, None), well);
        let seen = state(&State::Ready, true, Some(Flaw("failed".into(), "Helm says failed".into())));
        assert_eq!((seen.state.as_str(), seen.reason.as_deref()), ("failed", Some("Helm says failed")));
        assert_eq!(state(&State::Failed, false, None).reason.as_deref(), Some("`up` left it failed"));
    }
}
