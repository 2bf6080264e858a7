//! Events that handle the cluster around a release: signals, evictions, patches, what is applied and deleted. What they
//! did and a release does not undo by itself is remembered, and undone after the clause.

use super::look::Looker;
use crate::command::Cmd;
use crate::readiness::{name_of, text};
use crate::release::objects;
use camino::Utf8Path;
use indexmap::IndexMap;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::EvictParams;
use seatrial_contracts::model::{Kind, Name, Target};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{self, Patience};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long budgets may refuse an eviction.
const EVICTION: Duration = Duration::from_mins(1);

/// How long a process may take to end by a signal that ends it; one that ignores it is what the checks will see.
const ENDING: Duration = Duration::from_secs(10);

/// How long a signal may take to be sent.
const SENDING: Duration = Duration::from_secs(10);

/// Finds the cgroup of each container in a node and signals its first process, or with `all` every one of them: what
/// the container's own process 1 may ignore from inside, the node's kernel delivers from outside.
const SCRIPT: &str = r#"
signal=$1; which=$2; shift 2
for id in "$@"; do
  sent=0
  for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
    dir=$(find "$root" -maxdepth 8 -type d -name "*$id*" 2>/dev/null | head -n 1)
    [ -n "$dir" ] || continue
    for pid in $(find "$dir" -name cgroup.procs -exec cat {} +); do
      [ "$which" = all ] || [ "$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status")" = 1 ] || continue
      kill -s "$signal" "$pid" && sent=$((sent + 1))
    done
    break
  done
  [ "$sent" -gt 0 ] || { echo "no process of container $id" >&2; exit 1; }
done
"#;

/// What must be undone after a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    /// Let the stopped containers of a node go on.
    Continue {
        /// The node.
        node: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// Let the packets of cut lines go again.
    Mend {
        /// The node.
        node: String,
        /// The table of rules.
        table: String,
        /// The network namespaces that hold it.
        nets: Vec<String>,
    },
    /// Start the container of a need again.
    StartNeed(String),
    /// Let pods come to a node again.
    Uncordon(String),
    /// Delete what was applied.
    Delete {
        /// Its kind.
        kind: String,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// Node → ids of the containers that run there.
pub(super) type Containers = BTreeMap<String, Vec<String>>;

/// `signal: { sts/x: KILL }`.
pub(super) async fn signal(looker: &Looker<'_>, signals: &IndexMap<String, String>) -> Result<Instant, String> {
    let mut all = Vec::new();
    for (written, signal) in signals {
        all.push((containers(looker, &parsed(written)?).await?, signal));
    }
    let since = Instant::now();
    for (nodes, signal) in &all {
        for (node, ids) in nodes {
            send(looker, node, signal, "first", ids).await?;
        }
    }
    for (nodes, signal) in &all {
        if matches!(signal.as_str(), "KILL" | "TERM" | "INT" | "QUIT" | "ABRT" | "SEGV") {
            until_ended(looker, nodes).await;
        }
    }
    Ok(since)
}

/// `stop: deploy/x`: every process of its containers stands still until the clause is over.
pub(super) async fn stop(looker: &mut Looker<'_>, target: &Target) -> Result<Instant, String> {
    let nodes = containers(looker, target).await?;
    let since = Instant::now();
    for (node, ids) in nodes {
        // Before it is done: a stop that went half through is undone, too.
        looker.undo.push(Undo::Continue { node: node.clone(), ids: ids.clone() });
        send(looker, &node, "STOP", "all", &ids).await?;
    }
    Ok(since)
}

/// `stop: needs/x`: the container beside the cluster is stopped until the clause is over.
pub(super) async fn stop_need(looker: &mut Looker<'_>, name: &str) -> Result<Instant, String> {
    let since = Instant::now();
    // Before it is done: a stop that went half through is undone, too.
    looker.undo.push(Undo::StartNeed(name.to_owned()));
    looker.targets.site.stop_beside(&looker.targets.stage, name).await?;
    Ok(since)
}

/// `drain: deploy/x`: its pods are evicted, as a drain of their nodes does it, and budgets are respected. Where pods
/// could go to another node, theirs takes no new ones meanwhile.
pub(super) async fn drain(looker: &mut Looker<'_>, target: &Target) -> Result<Instant, String> {
    let pods = looker.targets.pods(target).await.map_err(|failed| failed.message)?;
    if pods.is_empty() {
        return Err(format!("{target} has no pod"));
    }
    let (site, namespace) = (looker.targets.site, looker.targets.stage.namespace());
    let since = Instant::now();
    let nodes = site.objects.list("Node", "").await.map_err(|refused| refused.to_string())?;
    let is_open = |node: &&Value| node.pointer("/spec/unschedulable") != Some(&json!(true));
    if nodes.iter().filter(is_open).count() > 1 {
        for name in pods.iter().map(|pod| text(pod, "/spec/nodeName").to_owned()) {
            looker.undo.push(Undo::Uncordon(name.clone()));
            cordon(looker, &name, true).await?;
        }
    }
    let api: Api<Pod> = Api::namespaced(site.objects.client.clone(), namespace);
    for pod in &pods {
        evict(&api, name_of(pod)).await?;
    }
    super::act::until_gone(looker, &pods).await?;
    Ok(since)
}

async fn cordon(looker: &Looker<'_>, node: &str, is_closed: bool) -> Result<(), String> {
    let patch = json!({ "spec": { "unschedulable": is_closed } });
    let patched = looker.targets.site.objects.merge("Node", "", node, &patch).await;
    patched.map_err(|refused| refused.to_string())
}

/// A budget that refuses is asked again, as `kubectl drain` does.
async fn evict(api: &Api<Pod>, name: &str) -> Result<(), String> {
    let patience = Patience::steady(EVICTION, Duration::from_millis(500));
    let evicted = wait::until(&patience, async || match api.evict(name, &EvictParams::default()).await {
        Ok(_) => Ok(Look::Ready(())),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Look::Ready(())),
        Err(kube::Error::Api(status)) if status.code == 429 => {
            Ok(Look::Pending(Reason::of(format!("pod/{name}"), status.message.clone())))
        }
        Err(error) => Err(error),
    });
    evicted.await.map_err(|failed| format!("eviction of pod/{name}: {failed}"))
}

/// `patch: { sts/x: { spec.replicas: 1 } }`.
pub(super) async fn patch(looker: &Looker<'_>, patches: &IndexMap<String, Value>) -> Result<Instant, String> {
    let (site, namespace) = (looker.targets.site, looker.targets.stage.namespace());
    let since = Instant::now();
    for (written, fields) in patches {
        let (kind, name) = one_object(written)?;
        let merged = site.objects.merge(&kind, namespace, &name, &nested(fields)).await;
        merged.map_err(|refused| refused.to_string())?;
    }
    Ok(since)
}

/// `spec.replicas: 1` → `{ spec: { replicas: 1 } }`.
fn nested(fields: &Value) -> Value {
    let mut whole = json!({});
    for (path, value) in fields.as_object().into_iter().flatten() {
        let mut at = &mut whole;
        for key in path.split('.') {
            if !at.is_object() {
                *at = json!({});
            }
            at = &mut at[key];
        }
        *at = value.clone();
    }
    whole
}

/// `apply: examples/x.yaml`: the files' objects, server-side; what was not there before goes after the clause.
pub(super) async fn apply(looker: &mut Looker<'_>, files: &[String]) -> Result<Instant, String> {
    let (site, stage) = (looker.targets.site, looker.targets.stage);
    let all = objects_of(looker, files)?;
    let since = Instant::now();
    for (_, object) in &all {
        let (kind, name) = (text(object, "/kind").to_owned(), name_of(object).to_owned());
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or(stage.namespace());
        let known = site.objects.get(&kind, namespace, &name).await.map_err(|refused| refused.to_string())?;
        if known.is_none() {
            looker.undo.push(Undo::Delete { kind, namespace: namespace.to_owned(), name });
        }
        site.objects.apply(namespace, object).await.map_err(|refused| refused.to_string())?;
    }
    Ok(since)
}

/// The objects of files of the chart, each with its file.
pub(super) fn objects_of(looker: &Looker<'_>, files: &[String]) -> Result<Vec<(String, Value)>, String> {
    let mut all = Vec::new();
    for file in files {
        let path = Utf8Path::new(&looker.targets.stage.chart.path).join(file);
        let read = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let found = objects(&read);
        if found.is_empty() {
            return Err(format!("{path} holds no object"));
        }
        all.extend(found.into_iter().map(|object| (file.clone(), object)));
    }
    Ok(all)
}

/// `delete: widget/x`.
pub(super) async fn delete(looker: &Looker<'_>, target: &Target) -> Result<Instant, String> {
    let (site, namespace) = (looker.targets.site, looker.targets.stage.namespace());
    let found = looker.targets.objects(target).await.map_err(|failed| failed.message)?;
    if found.is_empty() {
        return Err(format!("{target} is not there"));
    }
    let since = Instant::now();
    for object in &found {
        let deleted = site.objects.delete(text(object, "/kind"), namespace, name_of(object)).await;
        deleted.map_err(|refused| refused.to_string())?;
    }
    Ok(since)
}

/// `rollback`: to the revision before.
pub(super) async fn rollback(looker: &Looker<'_>) -> Result<Instant, String> {
    let (site, stage) = (looker.targets.site, &looker.targets.stage);
    let since = Instant::now();
    let finished = site.helm.rollback(stage.release(), stage.namespace()).await.map_err(|failed| failed.to_string())?;
    if finished.is_ok() { Ok(since) } else { Err(site.evidence.clean(finished.tail())) }
}

/// Undoes all, the last first; what can't be undone is the error, and the release is replaced then.
pub(super) async fn undo(looker: &mut Looker<'_>) -> Result<(), String> {
    let mut failed = Vec::new();
    for one in std::mem::take(&mut looker.undo).into_iter().rev() {
        let undone = match &one {
            Undo::Continue { node, ids } => going_on(looker, node, ids).await,
            Undo::Mend { node, table, nets } => super::cut::mend(looker, node, table, nets).await,
            Undo::StartNeed(name) => looker.targets.site.start_beside(&looker.targets.stage, name).await,
            Undo::Uncordon(node) => cordon(looker, node, false).await,
            Undo::Delete { kind, namespace, name } => {
                looker.targets.site.objects.delete(kind, namespace, name).await.map_err(|refused| refused.to_string())
            }
        };
        failed.extend(undone.err());
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// A container that was replaced meanwhile has no process to go on.
async fn going_on(looker: &Looker<'_>, node: &str, ids: &[String]) -> Result<(), String> {
    for id in ids {
        match send(looker, node, "CONT", "all", std::slice::from_ref(id)).await {
            Err(error) if !error.contains("no process of container") => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn containers(looker: &Looker<'_>, target: &Target) -> Result<Containers, String> {
    if !looker.targets.site.cluster.capabilities.node_access {
        return Err("the provider gives no access to the node".to_owned());
    }
    let pods = looker.targets.pods(target).await.map_err(|failed| failed.message)?;
    let found = super::look::running_containers(&pods).into_iter();
    let found: Containers = found.map(|(node, ids)| (node, ids.into_keys().collect())).collect();
    if found.is_empty() { Err(format!("{target} has no running container")) } else { Ok(found) }
}

async fn send(looker: &Looker<'_>, node: &str, signal: &str, which: &str, ids: &[String]) -> Result<(), String> {
    let cmd = Cmd::new(&looker.targets.site.tools.docker)
        .args(["exec", node, "sh", "-c", SCRIPT, "signal", signal, which])
        .args(ids)
        .timeout(SENDING);
    cmd.run_ok().await.map(drop).map_err(|failed| failed.to_string())
}

/// What still answers on its way out proves nothing about what comes after.
async fn until_ended(looker: &Looker<'_>, nodes: &Containers) {
    let patience = Patience::steady(ENDING, Duration::from_millis(50));
    let old: Vec<&String> = nodes.values().flatten().collect();
    let ended = wait::until(&patience, async || {
        let pods = looker.targets.pods(&Target::every_pod()).await.map_err(|failed| failed.message)?;
        let running = super::look::running_containers(&pods);
        let is_old = running.values().flat_map(BTreeMap::keys).any(|id| old.contains(&id));
        Ok::<_, String>(if is_old { Look::Pending(Reason::new("it still runs")) } else { Look::Ready(()) })
    });
    let _ = ended.await;
}

fn parsed(written: &str) -> Result<Target, String> {
    written.parse().map_err(|broken: seatrial_contracts::model::TargetError| broken.to_string())
}

fn one_object(written: &str) -> Result<(String, String), String> {
    match parsed(written)? {
        Target::Object { kind: Kind::Named(kind), name: Name::Is(name) } => Ok((kind, name)),
        Target::Service { name: Name::Is(name), .. } => Ok(("Service".to_owned(), name)),
        other => Err(format!("{other} is not one object by its name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_a_merge_patch() {
        let fields = json!({ "spec.replicas": 1, "spec.paused": true, "metadata.labels": { "a.b/c": "d" }, "x": null });
        let expected =
            json!({ "spec": { "replicas": 1, "paused": true }, "metadata": { "labels": { "a.b/c": "d" } }, "x": null });
        assert_eq!(nested(&fields), expected);
    }

    #[test]
    fn one_object_is_patched_by_its_name() {
        assert_eq!(one_object("sts/x"), Ok(("StatefulSet".to_owned(), "x".to_owned())));
        assert_eq!(one_object("svc/x"), Ok(("Service".to_owned(), "x".to_owned())));
        assert_eq!(one_object("pvc/*"), Err("pvc/* is not one object by its name".to_owned()));
    }
}
