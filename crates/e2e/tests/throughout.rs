//! `throughout`, `heals` and needs on a real cluster: a gap while pods are replaced is seen by the clause that promises
//! none, and by no other; what is undone heals; what the chart needs is there, and what can't be made is the
//! environment's failure.

use e2e::Program;
use e2e::charts::Copy;
use e2e::report::{Line, check_in_dev as check, document, verdicts};
use seatrial_harness::command::Finished;

/// The registry's strategy is Recreate: between its pods nobody answers.
const CLAUSES: &str = "needs:
  token: { secret: { value: \"pw-$(run.id)\" } }
  settings: { configmap: { mode: trial } }
  neighbours: { namespace: { labels: { team: shop } } }
  registry-tls: { certificate: { names: [registry.test] } }

clauses:
  no-gap-without-a-change: { when: upgrade, http: svc/registry:http/v2/, throughout: true }
  no-gap-while-its-pod-goes: { when: { deletePod: deploy/registry }, http: svc/registry:http/v2/, throughout: true }
  comes-back:
    when: { scale: { deploy/registry: 0 } }
    object: { deploy/registry: { status.readyReplicas: absent } }
    heals: 60s
  needs-are-met:
    object: { secret/token: { metadata.name: token }, cm/settings: { data.mode: $(needs.settings.mode) }, secret/registry-tls: { type: kubernetes.io/tls } }
";

fn copy(clauses: &str) -> Copy {
    Copy::of("pallet-registry").with_clauses(clauses)
}

fn verify(copy: &Copy, clauses: &[&str]) -> Finished {
    copy.verified(&Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")), clauses)
}

#[test]
fn a_gap_is_seen_by_the_clause_that_promises_none() {
    let copy = copy(CLAUSES);
    let all = ["no-gap-without-a-change", "no-gap-while-its-pod-goes", "comes-back", "needs-are-met"];
    let lines = verdicts(&document(&verify(&copy, &all)));
    check(&lines, "no-gap-without-a-change", "pass", "");
    check(&lines, "no-gap-while-its-pod-goes", "fail", "after the event began");
    check(&lines, "comes-back", "pass", "");
    check(&lines, "needs-are-met", "pass", "");
    let broken: Vec<&Line> = lines.iter().filter(|line| line.verdict != "pass").collect();
    assert_eq!(broken.len(), 1, "{broken:#?}");
}

#[test]
fn a_need_that_can_not_be_made_is_the_environments_failure() {
    let copy = copy("needs:\n  db: { postgres: { version: 16 } }\n\nclauses:\n  up: { ready: release }\n");
    let finished = verify(&copy, &["up"]);
    assert_eq!(finished.code, Some(30), "{}", finished.stderr);
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(
        said.contains("the need `postgres db` can't be met") && said.contains("a set-up makes postgres:15"),
        "{said}"
    );
}
