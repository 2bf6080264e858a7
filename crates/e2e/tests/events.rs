//! Events and talks on a real cluster: the registry is signalled, stopped, drained, patched and rolled back, things are
//! applied beside it, and it is talked to in ways that it does not understand. Each promise has a broken twin that fails.

use e2e::Program;
use e2e::charts::Copy;
use e2e::report::{check_all_in_dev, document, verdicts};

/// More clauses of the registry's contract.
const CLAUSES: &str = "clauses:
  one-session: { http: [{ get: svc/registry:http/v2/, save: { v: header.docker-distribution-api-version } }, { get: svc/registry:http/v2/, expect: { header: { docker-distribution-api-version: $(saved.v) } } }] }
  other-session: { http: [{ get: svc/registry:http/v2/, save: { v: header.content-type } }, { get: svc/registry:http/v2/, expect: { header: { docker-distribution-api-version: $(saved.v) } } }] }
  speaks-websocket: { ws: svc/registry:http/v2/ }
  speaks-sql: { postgres: { to: svc/registry:http, as: { user: ada, password: none } } }
  speaks-tls: { http: { get: svc/registry:http/v2/, scheme: https } }
  comes-back: { when: { signal: { deploy/registry: KILL } }, http: svc/registry:http/v2/, within: 20s }
  never-restarts: { when: { signal: { deploy/registry: KILL } }, restarts: { deploy/registry: 0 }, for: 3s }
  stands-still: { when: { stop: deploy/registry }, http: { get: svc/registry:http/v2/, expect: timeout } }
  answers-in-its-sleep: { when: { stop: deploy/registry }, http: svc/registry:http/v2/, within: 2s }
  moves: { when: { drain: deploy/registry }, http: svc/registry:http/v2/, within: 20s }
  is-changed: { when: { patch: { svc/registry: { metadata.labels: { trial: x } } } }, object: { svc/registry: { metadata.labels: { trial: x } } } }
  is-not-changed: { when: { patch: { svc/registry: { metadata.labels: { trial: x } } } }, object: { svc/registry: { metadata.labels: { trial: null } } }, within: 1s }
  comes-and-goes: { before: { apply: trial/cm.yaml }, when: { delete: cm/trial }, object: { cm/trial: absent } }
  comes-and-stays: { when: { apply: trial/cm.yaml }, object: { cm/trial: absent }, within: 1s }
  goes-back: { when: [upgrade, rollback], http: svc/registry:http/v2/ }
";

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: trial }\ndata: { a: b }\n";

/// Clause → its verdict, and words of its cause.
const EXPECTED: [(&str, &str, &str); 15] = [
    ("one-session", "pass", ""),
    ("other-session", "fail", "docker-distribution-api-version: expected"),
    ("speaks-websocket", "fail", "no upgrade to WebSocket: status"),
    ("speaks-sql", "fail", "expected an answer, seen"),
    ("speaks-tls", "fail", "not the protocol"),
    ("comes-back", "pass", ""),
    ("never-restarts", "fail", "restart"),
    ("stands-still", "pass", ""),
    ("answers-in-its-sleep", "fail", "no answer in time"),
    ("moves", "pass", ""),
    ("is-changed", "pass", ""),
    ("is-not-changed", "fail", "expected absent, seen x"),
    ("comes-and-goes", "pass", ""),
    ("comes-and-stays", "fail", "expected no cm/trial"),
    ("goes-back", "pass", ""),
];

#[test]
fn what_happens_to_a_release_is_seen_and_undone() {
    let copy = Copy::of("pallet-registry").with_clauses(CLAUSES).with_file("trial/cm.yaml", CONFIG);
    let clauses: Vec<&str> = EXPECTED.iter().map(|(clause, ..)| *clause).collect();
    let lines = verdicts(&document(&copy.verified(&Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")), &clauses)));
    check_all_in_dev(&lines, &EXPECTED);
}
