//! A mirror of a namespace: watches keep the objects that readiness asks about, so that a look costs nothing and a
//! change is known when it arrives.

use super::api::{ApiError, Objects};
use super::arrivals::Arrivals;
use crate::readiness::{Snapshot, name_of, text};
use futures::StreamExt;
use kube::api::DynamicObject;
use kube::runtime::watcher::{self, Event};
use seatrial_observation::PodStart;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long the first lists may take.
const FIRST_LIST: Duration = Duration::from_secs(20);

/// Objects by kind, then by name.
type Store = BTreeMap<String, BTreeMap<String, Value>>;

/// The watches of one namespace; they end with it.
pub(crate) struct Mirror {
    store: Arc<Mutex<Store>>,
    arrivals: Arc<Mutex<Arrivals>>,
    changes: watch::Receiver<u64>,
    tasks: Vec<JoinHandle<()>>,
    storage_classes: Option<Vec<Value>>,
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Mirror {
    /// Opens the watches for what the release's objects need, and waits until each has its first list.
    pub(crate) async fn open(
        objects: &Objects,
        namespace: &str,
        judged: &[(String, String)],
    ) -> Result<Self, ApiError> {
        let mut mirror = Self::of_kinds(objects, namespace, &Vec::from_iter(kinds_for(judged))).await?;
        let has_claims = judged.iter().any(|(kind, _)| kind == "PersistentVolumeClaim" || kind == "StatefulSet");
        if has_claims {
            mirror.storage_classes = objects.list("StorageClass", namespace).await.ok();
        }
        Ok(mirror)
    }

    /// Opens the watches of these kinds, and waits until each has its first list.
    pub(crate) async fn of_kinds(objects: &Objects, namespace: &str, kinds: &[&str]) -> Result<Self, ApiError> {
        let (store, arrivals) = (Arc::new(Mutex::new(Store::new())), Arc::<Mutex<Arrivals>>::default());
        let (tell, mut changes) = watch::channel(0);
        let tell = Arc::new(tell);
        let mut tasks = Vec::new();
        for kind in kinds {
            let served = objects.kind(kind, None).await?;
            let api = objects.api(&served, namespace);
            let noted = (*kind == "Pod").then(|| Arc::clone(&arrivals));
            let told = Told { store: Arc::clone(&store), arrivals: noted, tell: Arc::clone(&tell) };
            tasks.push(tokio::spawn(follow(api, (*kind).to_owned(), told)));
        }
        let mirror = Self { store, arrivals, changes: changes.clone(), tasks, storage_classes: None };
        let filled = async { while !mirror.is_filled(kinds) && changes.changed().await.is_ok() {} };
        // A watch that has no list by then shows an empty world: its objects "are not there", which is what is known.
        let _ = tokio::time::timeout(FIRST_LIST, filled).await;
        Ok(mirror)
    }

    /// The objects of a kind that is watched, as they are now.
    pub(crate) fn all(&self, kind: &str) -> Vec<Value> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.get(kind).map(|all| all.values().cloned().collect()).unwrap_or_default()
    }

    fn is_filled(&self, kinds: &[&str]) -> bool {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().all(|kind| store.contains_key(*kind))
    }

    /// What is known now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let of = |kind: &str| self.all(kind);
        let nodes = of("Node");
        Snapshot {
            workloads: ["Deployment", "StatefulSet", "DaemonSet", "Job"].into_iter().flat_map(of).collect(),
            pods: of("Pod"),
            replica_sets: of("ReplicaSet"),
            claims: of("PersistentVolumeClaim"),
            events: of("Event"),
            storage_classes: self.storage_classes.clone().unwrap_or_default(),
            knows_storage_classes: self.storage_classes.is_some(),
            are_nodes_ready: nodes.iter().all(is_node_ready),
        }
    }

    /// How the pods that are there came up since the mirror was opened, counted from `start`.
    pub(crate) fn starts(&self, start: Instant) -> Vec<PodStart> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).starts(&self.snapshot(), start)
    }

    /// Until something changed since the last call, at most this long.
    pub(crate) async fn until_changed(&mut self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.changes.changed()).await;
    }
}

fn kinds_for(judged: &[(String, String)]) -> BTreeSet<&str> {
    let mut kinds = BTreeSet::from(["Pod", "Event", "Node"]);
    for (kind, _) in judged {
        kinds.insert(kind.as_str());
        match kind.as_str() {
            "Deployment" => drop(kinds.insert("ReplicaSet")),
            "StatefulSet" => drop(kinds.insert("PersistentVolumeClaim")),
            _ => {}
        }
    }
    kinds
}

fn is_node_ready(node: &Value) -> bool {
    let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|one| text(one, "/type") == "Ready" && text(one, "/status") == "True")
}

/// Who is told of what a watch sees.
struct Told {
    store: Arc<Mutex<Store>>,
    /// Where arrivals are noted, for pods.
    arrivals: Option<Arc<Mutex<Arrivals>>>,
    tell: Arc<watch::Sender<u64>>,
}

impl Told {
    /// A first list shows what was there before: only what comes after it has arrived.
    fn arrived(&self, pod: &Value) {
        if let Some(arrivals) = &self.arrivals {
            arrivals.lock().unwrap_or_else(PoisonError::into_inner).note(pod, Instant::now());
        }
    }
}

/// Keeps one kind up to date; a watch that breaks is opened again by kube.
async fn follow(api: kube::Api<DynamicObject>, kind: String, told: Told) {
    let store = &told.store;
    let stream = watcher::watcher(api, watcher::Config::default());
    let mut stream = std::pin::pin!(stream);
    let mut fresh: BTreeMap<String, Value> = BTreeMap::new();
    while let Some(event) = stream.next().await {
        let Ok(event) = event else {
            // kube's own back-off is not part of this stream; a short pause keeps a refusing server from a storm.
            seatrial_probes::wait::pause(Duration::from_millis(100)).await;
            continue;
        };
        match event {
            Event::Init => fresh.clear(),
            Event::InitApply(object) => insert(&mut fresh, value_of(object, &kind)),
            Event::InitDone => put(store, |all| drop(all.insert(kind.clone(), std::mem::take(&mut fresh)))),
            Event::Apply(object) => {
                let object = value_of(object, &kind);
                told.arrived(&object);
                put(store, |all| insert(all.entry(kind.clone()).or_default(), object));
            }
            Event::Delete(object) => put(store, |all| {
                let name = object.metadata.name.unwrap_or_default();
                all.entry(kind.clone()).or_default().remove(&name);
            }),
        }
        told.tell.send_modify(|count| *count += 1);
    }
}

fn put(store: &Mutex<Store>, change: impl FnOnce(&mut Store)) {
    change(&mut store.lock().unwrap_or_else(PoisonError::into_inner));
}

fn value_of(object: DynamicObject, kind: &str) -> Value {
    let mut object = serde_json::to_value(object).unwrap_or_default();
    if let Some(map) = object.as_object_mut() {
        map.insert("kind".to_owned(), kind.into());
    }
    object
}

fn insert(all: &mut BTreeMap<String, Value>, object: Value) {
    all.insert(name_of(&object).to_owned(), object);
}
