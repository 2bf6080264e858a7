//! From where a clause looks: as a stranger, from elsewhere, as the workload itself, from the node. And *denied*, which
//! is what fails here and answers elsewhere: a rule in the node really denies it. (Our network plugin enforces no
//! `NetworkPolicy`, so none can be shown at work here.)

use e2e::Program;
use e2e::charts::Copy;
use e2e::program::tool;
use e2e::report::{Line, check_in_dev as check, document, verdicts};
use seatrial_harness::run_id::RunId;

/// More clauses of the registry's contract; the last two say the same at different times.
const CLAUSES: &str = "clauses:
  seen-by-a-stranger: { from: { labels: { app.kubernetes.io/name: somebody }, serviceAccount: default }, http: svc/registry:http/v2/ }
  seen-from-elsewhere: { from: { namespace: elsewhere }, tcp: svc/registry:http }
  seen-by-itself: { from: deploy/registry, http: svc/registry:http/v2/ }
  named-by-itself: { from: deploy/registry, dns: svc/registry }
  seen-from-the-node: { from: node, http: svc/registry:http/v2/ }
  denied-to-nobody: { tcp: { to: svc/registry:http, expect: denied } }
  denied-to-pods: { tcp: { to: svc/registry:http, expect: denied } }
";

const SEEN: [&str; 5] =
    ["seen-by-a-stranger", "seen-from-elsewhere", "seen-by-itself", "named-by-itself", "seen-from-the-node"];

/// Connects from pod to pod, by way of a Service, are refused as long as this lives.
struct Rule(String);

impl Rule {
    fn new() -> Self {
        let run = format!("name=^st-{}-", RunId::current());
        // What stands beside the cluster has names like that, too.
        let is_node = "label=io.x-k8s.kind.role=control-plane";
        let node = tool("docker", &["ps", "--filter", &run, "--filter", is_node, "--format", "{{.Names}}"]);
        let rule = Self(node.trim().to_owned());
        rule.nft("add table inet e2e");
        rule.nft("add chain inet e2e forward { type filter hook forward priority -10 ; }");
        rule.nft("add rule inet e2e forward ip saddr 10.244.0.0/16 tcp dport 5000 reject with tcp reset");
        rule
    }

    fn nft(&self, words: &str) {
        tool("docker", &["exec", &self.0, "nft", words]);
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        self.nft("delete table inet e2e");
    }
}

fn judged(copy: &Copy, clauses: &[&str]) -> Vec<Line> {
    verdicts(&document(&copy.verified(&Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")), clauses)))
}

#[test]
fn each_vantage_looks_and_what_is_denied_answers_elsewhere() {
    let copy = Copy::of("pallet-registry").with_clauses(CLAUSES);
    let lines = judged(&copy, &[&SEEN[..], &["denied-to-nobody"]].concat());
    for clause in SEEN {
        check(&lines, clause, "pass", "");
    }
    check(&lines, "denied-to-nobody", "fail", "it answered");

    let _rule = Rule::new();
    check(&judged(&copy, &["denied-to-pods"]), "denied-to-pods", "pass", "");
}
