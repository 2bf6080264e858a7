//! Readiness by tables: objects as a real API server shows them, and what a look must say of them.

use super::*;
use serde_json::{Value, json};
use std::time::Duration;

fn words(look: &Look<()>) -> String {
    match look {
        Look::Ready(()) => "ready".to_owned(),
        Look::Pending(reason) => format!("pending: {reason}"),
        Look::Doomed(reason) => format!("doomed: {reason}"),
    }
}

fn check(look: &Look<()>, expected: &str) {
    assert_eq!(words(look), expected);
}

/// Merges the second tree into the first.
fn with(mut object: Value, change: &Value) -> Value {
    merge(&mut object, change);
    object
}

fn merge(object: &mut Value, change: &Value) {
    match (object, change) {
        (Value::Object(object), Value::Object(change)) => {
            for (key, value) in change {
                merge(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (object, change) => *object = change.clone(),
    }
}

fn deploy() -> Value {
    json!({
        "kind": "Deployment",
        "metadata": { "name": "web", "uid": "d1", "generation": 2 },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } } },
        "status": {
            "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
            "conditions": [
                { "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable" },
                { "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" },
            ],
        },
    })
}

#[test]
fn deployments() {
    let table = [
        (json!({}), "ready"),
        (
            json!({ "metadata": { "generation": 3 } }),
            "pending: Deployment/web: its controller has not seen the newest spec yet",
        ),
        (
            json!({ "status": { "updatedReplicas": 1 } }),
            "pending: Deployment/web: 1 of 2 replicas are of the newest revision",
        ),
        (json!({ "status": { "replicas": 3 } }), "pending: Deployment/web: 1 replicas of older revisions are left"),
        (json!({ "status": { "availableReplicas": 1 } }), "pending: Deployment/web: 1 of 2 replicas are available"),
        (json!({ "status": { "availableReplicas": null } }), "pending: Deployment/web: 0 of 2 replicas are available"),
        (
            json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } }),
            "pending: Deployment/web: is being deleted",
        ),
        (
            json!({ "status": { "conditions": [{
                "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                "message": "pods \"web-1\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1",
            }] } }),
            "doomed: Deployment/web: FailedCreate: pods \"web-1\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1",
        ),
        (
            json!({ "status": { "conditions": [{
                "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                "message": "pods \"web-1\" is forbidden: error looking up service account n/default: serviceaccount \"default\" not found",
            }] } }),
            "pending: Deployment/web: FailedCreate: pods \"web-1\" is forbidden: error looking up service account n/default: serviceaccount \"default\" not found",
        ),
        (
            json!({ "status": { "conditions": [{
                "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too late",
            }] } }),
            "doomed: Deployment/web: ProgressDeadlineExceeded: too late",
        ),
    ];
    for (change, expected) in table {
        check(&deployment(&with(deploy(), &change), &[]), expected);
    }
}

fn set() -> Value {
    json!({
        "kind": "StatefulSet",
        "metadata": { "name": "db", "generation": 1 },
        "spec": { "replicas": 3, "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } } },
        "status": {
            "observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 3,
            "currentRevision": "db-1", "updateRevision": "db-1",
        },
    })
}

#[test]
fn stateful_sets() {
    let table = [
        (json!({}), "ready"),
        (
            json!({ "metadata": { "generation": 2 } }),
            "pending: StatefulSet/db: its controller has not seen the newest spec yet",
        ),
        (json!({ "status": { "readyReplicas": 2 } }), "pending: StatefulSet/db: 2 of 3 replicas are ready"),
        (json!({ "status": { "availableReplicas": 2 } }), "pending: StatefulSet/db: 2 of 3 replicas are available"),
        (
            json!({ "status": { "updatedReplicas": 1, "updateRevision": "db-2" } }),
            "pending: StatefulSet/db: 1 of 3 replicas are of the newest revision",
        ),
        (
            json!({ "spec": { "updateStrategy": { "rollingUpdate": { "partition": 2 } } },
                    "status": { "updatedReplicas": 1, "updateRevision": "db-2" } }),
            "ready",
        ),
        (
            json!({ "spec": { "updateStrategy": { "type": "OnDelete" } },
                    "status": { "updatedReplicas": 0, "updateRevision": "db-2" } }),
            "ready",
        ),
    ];
    for (change, expected) in table {
        check(&stateful_set(&with(set(), &change)), expected);
    }
}

#[test]
fn daemon_sets() {
    let agent = json!({
        "kind": "DaemonSet",
        "metadata": { "name": "agent", "generation": 1 },
        "status": {
            "observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2,
        },
    });
    let table = [
        (json!({}), "ready"),
        (
            json!({ "metadata": { "generation": 2 } }),
            "pending: DaemonSet/agent: its controller has not seen the newest spec yet",
        ),
        (
            json!({ "status": { "updatedNumberScheduled": 1 } }),
            "pending: DaemonSet/agent: 1 of 2 pods are of the newest revision",
        ),
        (json!({ "status": { "numberAvailable": 1 } }), "pending: DaemonSet/agent: 1 of 2 pods are available"),
    ];
    for (change, expected) in table {
        check(&daemon_set(&with(agent.clone(), &change)), expected);
    }
}

#[test]
fn jobs() {
    let migrate = json!({ "kind": "Job", "metadata": { "name": "migrate" }, "spec": { "completions": 1 } });
    let table = [
        (json!({}), "pending: Job/migrate: 0 of 1 completions"),
        (json!({ "status": { "conditions": [{ "type": "Complete", "status": "True" }] } }), "ready"),
        (json!({ "spec": { "suspend": true } }), "ready"),
        (
            json!({ "status": { "conditions": [{ "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "it failed" }] } }),
            "doomed: Job/migrate: JobFailed: BackoffLimitExceeded: it failed",
        ),
    ];
    for (change, expected) in table {
        check(&job(&with(migrate.clone(), &change), &[]), expected);
    }
}

fn class(name: &str, mode: &str, is_default: bool) -> Value {
    json!({
        "metadata": {
            "name": name,
            "annotations": { "storageclass.kubernetes.io/is-default-class": if is_default { "true" } else { "false" } },
        },
        "volumeBindingMode": mode,
    })
}

fn data(class: Option<&str>, phase: &str) -> Value {
    json!({
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": "data", "uid": "c1" },
        "spec": { "storageClassName": class },
        "status": { "phase": phase },
    })
}

fn mounting() -> Value {
    json!({ "metadata": { "name": "web-1" }, "spec": { "volumes": [{ "persistentVolumeClaim": { "claimName": "data" } }] } })
}

#[test]
fn claims() {
    let standard = || class("standard", "WaitForFirstConsumer", true);
    let world = |classes: Vec<Value>, pods: Vec<Value>| Snapshot {
        storage_classes: classes,
        knows_storage_classes: true,
        pods,
        ..Snapshot::default()
    };
    let table = [
        (data(None, "Bound"), world(vec![], vec![]), "ready"),
        (
            data(Some("fast"), "Pending"),
            world(vec![standard()], vec![]),
            "doomed: PersistentVolumeClaim/data: UnknownStorageClass: StorageClass \"fast\" does not exist; there is standard",
        ),
        (
            data(Some("fast"), "Pending"),
            world(vec![], vec![]),
            "doomed: PersistentVolumeClaim/data: UnknownStorageClass: StorageClass \"fast\" does not exist; the cluster has none",
        ),
        (data(Some("fast"), "Pending"), Snapshot::default(), "pending: PersistentVolumeClaim/data: not bound yet"),
        (data(None, "Pending"), world(vec![standard()], vec![]), "ready"),
        (
            data(None, "Pending"),
            world(vec![standard()], vec![mounting()]),
            "pending: PersistentVolumeClaim/data: not bound yet (StorageClass \"standard\")",
        ),
        (
            data(Some("now"), "Pending"),
            world(vec![class("now", "Immediate", false)], vec![]),
            "pending: PersistentVolumeClaim/data: not bound yet (StorageClass \"now\")",
        ),
        (
            data(None, "Pending"),
            world(vec![class("now", "Immediate", false)], vec![]),
            "pending: PersistentVolumeClaim/data: names no StorageClass, and the cluster has no default one",
        ),
        (
            data(Some(""), "Pending"),
            world(vec![], vec![]),
            "pending: PersistentVolumeClaim/data: waits for a volume without StorageClass",
        ),
        (
            data(None, "Lost"),
            world(vec![], vec![]),
            "doomed: PersistentVolumeClaim/data: ClaimLost: the volume that it was bound to is gone",
        ),
    ];
    for (object, snapshot, expected) in table {
        check(&claim(&object, &snapshot, &[]), expected);
    }
}

fn web(change: &Value) -> Value {
    let pod = json!({
        "kind": "Pod",
        "metadata": { "name": "web-1", "uid": "p1", "labels": { "app": "web" } },
        "status": { "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "True" }] },
    });
    with(pod, change)
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "status": { "containerStatuses": [{
        "name": "app", "image": "web:1", "restartCount": 0,
        "state": { "waiting": { "reason": reason, "message": message } },
    }] } })
}

fn event(reason: &str, message: &str, count: i64) -> Value {
    json!({
        "type": "Warning", "reason": reason, "message": message, "count": count,
        "involvedObject": { "uid": "p1" }, "lastTimestamp": "2026-01-01T00:00:00Z",
    })
}

fn look_at(pod_change: &Value, events: Vec<Value>, tolerates: &[&str]) -> String {
    let snapshot = Snapshot { events, are_nodes_ready: true, ..Snapshot::default() };
    let tolerates: Vec<String> = tolerates.iter().map(ToString::to_string).collect();
    let look = pod(&web(pod_change), &snapshot, &mut History::default(), Duration::ZERO, &tolerates);
    words(&look)
}

#[test]
fn pods_that_are_or_get_ready() {
    let ready = json!({ "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } });
    assert_eq!(look_at(&ready, vec![], &[]), "ready");
    assert_eq!(look_at(&json!({ "status": { "phase": "Succeeded" } }), vec![], &[]), "ready");
    let deleted = with(ready, &json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } }));
    assert_eq!(look_at(&deleted, vec![], &[]), "pending: Pod/web-1: is being deleted");
    assert_eq!(
        look_at(&waiting("ContainerCreating", ""), vec![event("FailedMount", "secret \"tls\" not found", 1)], &[]),
        "pending: Pod/web-1: container app: ContainerCreating (FailedMount: secret \"tls\" not found)"
    );
}

#[test]
fn definite_image_errors_doom_at_once() {
    let never = "Container image \"web:1\" is not present with pull policy of Never";
    let table = [
        ("ErrImageNeverPull", never, format!("doomed: Pod/web-1: ErrImageNeverPull: container app: {never}")),
        ("InvalidImageName", "", "doomed: Pod/web-1: InvalidImageName: container app: image \"web:1\"".to_owned()),
    ];
    for (reason, message, expected) in table {
        assert_eq!(look_at(&waiting(reason, message), vec![], &[]), expected);
    }
    for message in [
        "failed to pull and unpack image \"docker.io/library/web:1\": failed to resolve reference: docker.io/library/web:1: not found",
        "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
        "failed to do request: Head \"https://x/v2/\": dial tcp 127.0.0.1:9: connect: connection refused",
        "unexpected status from HEAD request to https://ghcr.io/v2/x: 403 Forbidden",
    ] {
        let said = look_at(&waiting("ErrImagePull", message), vec![], &[]);
        assert_eq!(said, format!("doomed: Pod/web-1: ErrImagePull: container app: {message}"));
    }
}

#[test]
fn other_pull_errors_doom_at_the_second_attempt() {
    let message = "failed to do request: Head \"https://x/v2/\": dial tcp 10.0.0.9:443: i/o timeout";
    let failed = |count| vec![event("Failed", &format!("Failed to pull image \"web:1\": {message}"), count)];
    let once = look_at(&waiting("ErrImagePull", message), failed(1), &[]);
    assert!(once.starts_with("pending: Pod/web-1: ErrImagePull"), "{once}");
    let twice = look_at(&waiting("ImagePullBackOff", "Back-off pulling image \"web:1\""), failed(2), &[]);
    assert!(twice.starts_with("doomed: Pod/web-1: ErrImagePull") && twice.contains("i/o timeout"), "{twice}");
}

#[test]
fn a_missing_name_in_the_configuration_dooms_unless_it_is_tolerated() {
    let change = waiting("CreateContainerConfigError", "secret \"db\" not found");
    let said = "Pod/web-1: CreateContainerConfigError: container app: secret \"db\" not found";
    assert_eq!(look_at(&change, vec![], &[]), format!("doomed: {said}"));
    assert_eq!(look_at(&change, vec![], &["CreateContainerConfigError"]), format!("pending: {said}"));
}

fn crash(restarts: i64, exits: &[(&str, i64)], is_waiting: bool) -> Value {
    let ended =
        |(id, code): &(&str, i64)| json!({ "terminated": { "containerID": id, "reason": "Error", "exitCode": code } });
    let state = if is_waiting {
        json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off" } })
    } else {
        json!({ "running": {} })
    };
    let last = exits.last().map_or(json!({}), ended);
    json!({ "status": { "containerStatuses": [{ "name": "app", "restartCount": restarts, "state": state, "lastState": last }] } })
}

#[test]
fn two_exits_with_the_same_reason_doom() {
    let mut history = History::default();
    let snapshot = Snapshot { are_nodes_ready: true, ..Snapshot::default() };
    let mut look = |change: &Value| words(&pod(&web(change), &snapshot, &mut history, Duration::ZERO, &[]));
    assert!(look(&crash(0, &[("a", 1)], true)).starts_with("pending: Pod/web-1: CrashLoopBackOff"));
    assert_eq!(
        look(&crash(1, &[("b", 1)], true)),
        "doomed: Pod/web-1: CrashLoopBackOff: container app: Error (exit code 1), restarted 1 times"
    );
}

#[test]
fn two_exits_with_different_reasons_do_not() {
    let mut history = History::default();
    let snapshot = Snapshot { are_nodes_ready: true, ..Snapshot::default() };
    let mut look = |change: &Value| words(&pod(&web(change), &snapshot, &mut history, Duration::ZERO, &[]));
    look(&crash(0, &[("a", 1)], true));
    assert!(look(&crash(1, &[("b", 137)], true)).starts_with("pending: "));
    assert!(look(&crash(2, &[("c", 137)], true)).starts_with("doomed: "));
}

fn unschedulable(message: &str) -> Value {
    json!({ "status": { "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message }] } })
}

#[test]
fn a_shortage_dooms_when_it_stays_the_same() {
    let shortage = "0/1 nodes are available: 1 Insufficient memory.";
    let mut history = History::default();
    let mut look = |message: &str, seconds: f64, are_nodes_ready: bool| {
        let snapshot = Snapshot { are_nodes_ready, ..Snapshot::default() };
        words(&pod(&web(&unschedulable(message)), &snapshot, &mut history, Duration::from_secs_f64(seconds), &[]))
    };
    let doomed = format!("doomed: Pod/web-1: Unschedulable: {shortage}");
    let pending = format!("pending: Pod/web-1: Unschedulable: {shortage}");
    assert_eq!(look(shortage, 0.0, true), pending);
    assert_eq!(look(shortage, 1.9, true), pending);
    assert_eq!(look(shortage, 2.1, true), doomed);
    assert_eq!(look(shortage, 9.0, false), pending, "a node is not ready: the clock starts again");
    assert_eq!(look(shortage, 9.5, true), pending);
    assert!(
        look("0/1 nodes are available: 1 Insufficient cpu.", 11.0, true).starts_with("pending"),
        "another shortage"
    );
}

#[test]
fn a_claim_that_binds_is_no_shortage() {
    let binding = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    let mut history = History::default();
    let snapshot = Snapshot { are_nodes_ready: true, ..Snapshot::default() };
    for seconds in [0, 5, 10] {
        let look = pod(&web(&unschedulable(binding)), &snapshot, &mut history, Duration::from_secs(seconds), &[]);
        assert!(matches!(look, Look::Pending(_)));
    }
}

fn running() -> Value {
    json!({ "status": { "phase": "Running", "containerStatuses": [{ "name": "app", "state": { "running": {} } }] } })
}

#[test]
fn three_definite_refusals_of_the_readiness_probe_doom() {
    let probe = |status: u16| format!("Readiness probe failed: HTTP probe failed with statuscode: {status}");
    let unhealthy = |status, count| vec![event("Unhealthy", &probe(status), count)];
    assert!(look_at(&running(), unhealthy(404, 2), &[]).starts_with("pending"));
    assert_eq!(look_at(&running(), unhealthy(404, 3), &[]), format!("doomed: Pod/web-1: Unhealthy: {}", probe(404)));
    assert!(look_at(&running(), unhealthy(503, 9), &[]).starts_with("pending"), "5xx may heal");
    assert!(look_at(&running(), unhealthy(429, 9), &[]).starts_with("pending"), "it says: later");
    assert!(look_at(&running(), unhealthy(404, 3), &["Unhealthy"]).starts_with("pending"));
    let starting = json!({ "status": { "containerStatuses": [{ "name": "app", "state": { "waiting": {} } }] } });
    assert!(look_at(&starting, unhealthy(404, 3), &[]).starts_with("pending"), "not a running container");
}

fn replica_set(hash: &str, revision: &str) -> Value {
    json!({
        "metadata": {
            "name": format!("web-{hash}"), "ownerReferences": [{ "uid": "d1" }],
            "annotations": { "deployment.kubernetes.io/revision": revision },
            "labels": { "pod-template-hash": hash },
        },
    })
}

fn pod_of(hash: &str, change: &Value) -> Value {
    with(
        web(
            &json!({ "metadata": { "name": format!("web-{hash}-x"), "uid": hash, "labels": { "pod-template-hash": hash } } }),
        ),
        change,
    )
}

fn look_at_release(deployment: Value, pods: Vec<Value>) -> String {
    let snapshot = Snapshot {
        workloads: vec![deployment],
        pods,
        replica_sets: vec![replica_set("old", "1"), replica_set("new", "2")],
        are_nodes_ready: true,
        ..Snapshot::default()
    };
    let wanted = [("Deployment".to_owned(), "web".to_owned()), ("Service".to_owned(), "web".to_owned())];
    let looks = release(&wanted, &snapshot, &mut History::default(), Duration::ZERO, &[]);
    assert_eq!(looks.len(), 1, "a Service has no readiness");
    format!("{} {}", looks[0].object, words(&looks[0].look))
}

#[test]
fn a_release_is_its_workloads_with_what_their_pods_say() {
    let ready = json!({ "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } });
    let one =
        json!({ "spec": { "replicas": 1 }, "status": { "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 } });
    let sound = with(deploy(), &one);
    let starting = with(sound.clone(), &json!({ "status": { "availableReplicas": 0 } }));
    let crashing = waiting("ErrImageNeverPull", "no");
    assert_eq!(look_at_release(sound.clone(), vec![pod_of("new", &ready)]), "Deployment/web ready");
    assert_eq!(
        look_at_release(starting.clone(), vec![pod_of("new", &crashing)]),
        "Deployment/web doomed: Pod/web-new-x: ErrImageNeverPull: container app: no"
    );
    assert_eq!(
        look_at_release(starting.clone(), vec![pod_of("old", &crashing), pod_of("new", &json!({}))]),
        "Deployment/web pending: Pod/web-new-x: web-new-x is Pending",
        "a pod of an older revision dooms nothing"
    );
    let going = with(ready, &json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } }));
    assert_eq!(
        look_at_release(sound, vec![pod_of("new", &going)]),
        "Deployment/web pending: Deployment/web: 0 of 1 pods are ready",
        "a status older than the deletion of the pod is not believed"
    );
    let stale = with(starting, &json!({ "metadata": { "generation": 9 } }));
    assert_eq!(
        look_at_release(stale, vec![pod_of("new", &crashing)]),
        "Deployment/web pending: Deployment/web: its controller has not seen the newest spec yet",
        "what the pods of an older spec say does not count"
    );
}

#[test]
fn what_is_not_there_is_pending() {
    let wanted = [("StatefulSet".to_owned(), "db".to_owned())];
    let looks = release(&wanted, &Snapshot::default(), &mut History::default(), Duration::ZERO, &[]);
    check(&looks[0].look, "pending: StatefulSet/db: is not there");
}

#[test]
fn admission_that_refuses_a_stateful_sets_pods_dooms() {
    let event = json!({
        "type": "Warning", "reason": "FailedCreate", "involvedObject": { "uid": "s1" },
        "message": "create Pod db-0 in StatefulSet db failed error: pods \"db-0\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot != true",
    });
    let starting = with(set(), &json!({ "metadata": { "uid": "s1" }, "status": { "readyReplicas": 0 } }));
    let snapshot = Snapshot { workloads: vec![starting], events: vec![event], ..Snapshot::default() };
    let wanted = [("StatefulSet".to_owned(), "db".to_owned())];
    let looks = release(&wanted, &snapshot, &mut History::default(), Duration::ZERO, &[]);
    assert!(words(&looks[0].look).starts_with("doomed: StatefulSet/db: FailedCreate: create Pod db-0"));
}

#[test]
fn selectors_with_expressions() {
    let labelled = json!({ "metadata": { "labels": { "app": "web", "tier": "front" } } });
    let table = [
        (json!({ "matchLabels": { "app": "web" } }), true),
        (json!({ "matchLabels": { "app": "api" } }), false),
        (json!({ "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["front", "back"] }] }), true),
        (json!({ "matchExpressions": [{ "key": "tier", "operator": "NotIn", "values": ["front"] }] }), false),
        (json!({ "matchExpressions": [{ "key": "x", "operator": "DoesNotExist" }] }), true),
        (json!({ "matchExpressions": [{ "key": "x", "operator": "Exists" }] }), false),
        (json!({}), false),
    ];
    for (selector, expected) in table {
        assert_eq!(selects(&selector, &labelled), expected, "{selector}");
    }
}
