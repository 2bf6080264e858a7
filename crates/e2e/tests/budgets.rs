//! Budgets that are no latency: the install five times over, and for each detector a break that just this one finds.

use e2e::Program;
use e2e::charts::{Copy, Edit};
use e2e::program::{block_on, root, tool};
use e2e::report::{self, Line};
use rstest::rstest;
use seatrial_contracts::model::Contexts;
use seatrial_harness::cluster::{self, Cluster, GuardCommand, Means, ProviderKind, Wanted};
use seatrial_harness::events::Events;
use seatrial_harness::run_id::RunId;
use seatrial_harness::tools::{Tools, registry_image};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// PAL-040: from the exec of Helm to Available, in a fresh namespace with a fresh claim.
const INSTALL: Duration = Duration::from_secs(5);

/// The budgets, and what must not notice their breaks. Memory is watched for less than a minute: what breaks it is there
/// from the begin.
const CONTRACT: &str = "\
apiVersion: seatrial.dev/v1
kind: Contract
chart: .
release: { name: registry, namespace: pallet, podSecurity: restricted }
environments: { dev: { values: [values-dev.yaml] } }
clauses:
  v2-answers: { http: svc/registry:http/v2/ }
  memory: { usage: { of: namespace, memory: \"< 1GB\" }, for: 5s }
  node-memory: { after: memory, usage: { of: node, memory: \"< 1GB\" }, for: 5s }
  ready-in-five-seconds: { ready: release, within: 5s }
  starts-no-slower-than-docker: { ready: release, within: { p50: +100ms, than: docker }, repeat: 5 }
";

const EXE: &str = env!("CARGO_BIN_EXE_seatrial-e2e");

fn is_in_nextest() -> bool {
    std::env::var_os("NEXTEST_RUN_ID").is_some()
}

fn run() -> RunId {
    if is_in_nextest() { RunId::current() } else { RunId::of("budgets0") }
}

/// Judges a copy of the chart by the budgets alone.
fn verify(edits: &[Edit]) -> (Option<i32>, Vec<Line>) {
    let copy = edits.iter().fold(Copy::of("pallet-registry"), |copy, edit| copy.with(*edit));
    std::fs::write(copy.path().join("contract.yaml"), CONTRACT).expect("the contract");
    let program = Program::at(EXE);
    let program = if is_in_nextest() { program } else { program.env("SEATRIAL_RUN", run().as_str()) };
    let path = copy.path();
    let finished = program.call(&["verify", path.as_str(), "--tier", "live", "--format", "json", "--keep", "3m"]);
    (finished.code, report::verdicts(&report::document(&finished)))
}

/// Waits for 150 ms before the image's own entrypoint. The image may have a shell and nothing else: the time is read from
/// the kernel, in hundredths of a second.
const DELAYED: &str = r"          command:
            - sh
            - -c
            - |
              now() { read up _ < /proc/uptime; up=${up%.*}${up#*.}; }
              now; until=$((up + 15))
              while [ $up -lt $until ]; do now; done
              exec /entrypoint.sh /etc/docker/registry/config.yml
          env:
";

const DEPLOYMENT: &str = "templates/deployment.yaml";

#[rstest]
#[case::late_readiness(
    &[Edit { file: "values.yaml", from: "readiness: { initialDelaySeconds: 0,", to: "readiness: { initialDelaySeconds: 6," }],
    ("ready-in-five-seconds", "promised within 5 s")
)]
#[case::slow_start(
    &[Edit { file: DEPLOYMENT, from: "          env:\n", to: DELAYED }],
    ("starts-no-slower-than-docker", "promised at most 100 ms longer than in docker")
)]
fn just_one_budget_is_broken(#[case] edits: &[Edit], #[case] (clause, words): (&str, &str)) {
    let (code, verdicts) = verify(edits);
    let failed: Vec<&Line> = verdicts.iter().filter(|line| line.verdict == "fail").collect();
    let loose: Vec<&Line> =
        verdicts.iter().filter(|line| line.verdict != "pass" && line.blocked_by.is_none()).collect();
    assert_eq!(loose, failed, "what is no pass is the one Fail, or blocked by it");
    assert_eq!(failed.len(), 1, "exactly one budget is broken: {failed:#?}");
    assert!(failed[0].id.ends_with(&format!("::dev::{clause}")), "{clause} fails, not {:#?}", failed[0]);
    assert!(failed[0].cause.contains(words), "the cause says `{words}`: {}", failed[0].cause);
    assert_eq!(code, Some(10));
}

/// Taken by Helm, kubectl and the clock of this test: nothing of what judges clauses is asked.
#[test]
fn five_installs_are_available_within_five_seconds() {
    seatrial_probes::install_tls_provider();
    let tools = Tools::find().expect("tools");
    let cluster = block_on(shared(&tools));
    let taken: Vec<f64> = (0..5).map(|i| install(&cluster, &tools, i).as_secs_f64()).collect();
    for i in 0..5 {
        kubectl(&cluster, &["delete", "namespace", &namespace(i), "--wait=false"]);
    }
    println!("from the exec of helm to Available, in seconds: {taken:.3?}");
    assert!(taken.iter().all(|seconds| *seconds < INSTALL.as_secs_f64()), "each within {INSTALL:?}: {taken:?}");
}

/// The cluster of the run, with the image on its node.
async fn shared(tools: &Tools) -> Cluster {
    let wanted = Wanted {
        provider: ProviderKind::Kind,
        context: None,
        node_ports: BTreeSet::from([30_500]),
        keep: None,
        contexts: Contexts::default(),
    };
    let guard = GuardCommand([EXE, "guard", "--lease"].map(ToOwned::to_owned).to_vec());
    let means = Means { tools, guard: &guard, events: &Events::none() };
    let cluster = cluster::shared(&run(), &wanted, means).await.expect("a cluster");
    cluster::load_images(&cluster, &[registry_image().to_owned()], tools).await.expect("the image");
    cluster
}

fn namespace(i: usize) -> String {
    format!("budgets-{i}")
}

/// Installs into a namespace that was not there, and waits until the Deployment is Available.
fn install(cluster: &Cluster, tools: &Tools, i: usize) -> Duration {
    let homes = tempfile::tempdir().expect("a folder");
    let home = homes.path().to_str().expect("UTF-8");
    let (chart, namespace, port) =
        (root().join("charts/pallet-registry"), namespace(i), format!("service.nodePort={}", 30_900 + i));
    let values = chart.join("values-dev.yaml");
    let args = ["upgrade", "--install", "registry", chart.as_str(), "--values", values.as_str(), "--set", &port];
    let helm = cluster.command(&tools.helm).args(args).args(["--namespace", &namespace, "--create-namespace"]);
    let helm = ["CACHE", "CONFIG", "DATA"].iter().fold(helm, |helm, name| helm.env(format!("HELM_{name}_HOME"), home));
    let start = Instant::now();
    block_on(helm.run_ok()).expect("helm");
    kubectl(
        cluster,
        &["--namespace", &namespace, "wait", "--for=condition=Available", "deployment/registry", "--timeout=60s"],
    );
    start.elapsed()
}

fn kubectl(cluster: &Cluster, args: &[&str]) {
    let node = cluster.nodes.first().expect("a node");
    let exec = ["exec", node, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"];
    tool("docker", &[&exec[..], args].concat());
}
