//! Whose fault a slow answer is, on a real cluster: a workload that burns all CPUs, and one that stalls every 20th
//! request, are slow and told so; work beside the release is noise, and nobody's fault. A sound one passes.

use camino::{Utf8Path, Utf8PathBuf};
use e2e::Program;
use e2e::program::block_on;
use e2e::report::document;
use rstest::rstest;
use seatrial_harness::tools::named_image;
use seatrial_probes::wait::pause_blocking;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// An agent of ours, with the faults that it is asked for, and what is promised of it.
const TEMPLATE: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      # Else the Service's own variables (AGENT_PORT) are the agent's.
      enableServiceLinks: false
      containers:
        - name: agent
          image: IMAGE
          env:
            - { name: AGENT_ROLE, value: plan }
            - { name: REGISTRY_URL, value: "http://127.0.0.1:9" }
            - { name: AGENT_FAULT, value: "WRONG" }
          ports: [{ name: http, containerPort: 8001 }]
          # Whoever burns gets CPUs, also where others want them.
          resources: { requests: { cpu: 500m } }
          readinessProbe: { tcpSocket: { port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: agent }
spec: { selector: { app: agent }, ports: [{ name: http, port: 80, targetPort: http }] }
"#;

const CONTRACT: &str = "\
apiVersion: seatrial.dev/v1
kind: Contract
chart: .
clauses:
  in-time: { http: svc/agent:http/agent-card, latency: { p95: LIMIT } }
";

/// Writes a chart of this name into the folder.
fn chart(folder: &Utf8Path, name: &str, fault: &str, limit: &str) {
    let image = block_on(named_image("seatrial/pallet-agent")).expect("the agent's image: run `just setup`");
    let template = TEMPLATE.replace("IMAGE", &image).replace("WRONG", fault);
    std::fs::create_dir_all(folder.join("templates")).expect("a folder");
    let files = [
        ("Chart.yaml", format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n")),
        ("contract.yaml", CONTRACT.replace("LIMIT", limit)),
        ("templates/all.yaml", template),
        (".helmignore", "contract.yaml\n".to_owned()),
    ];
    for (file, text) in files {
        std::fs::write(folder.join(file), text).expect("a file of the chart");
    }
}

/// The verdict of the one promise. It is judged up to the end, so that the release is gone: nobody burns any more.
fn judged(name: &str, fault: &str, limit: &str) -> Value {
    let dir = tempfile::Builder::new().prefix("seatrial-e2e-").tempdir().expect("a folder");
    let folder = Utf8PathBuf::try_from(dir.path().join("charts").join(name)).expect("UTF-8");
    chart(&folder, name, fault, limit);
    let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e"));
    let program =
        if std::env::var_os("NEXTEST_RUN_ID").is_some() { program } else { program.env("SEATRIAL_RUN", "noise000") };
    let document = document(&program.call(&["verify", folder.as_str(), "--format", "json", "--keep", "3m"]));
    let verdicts = document["verdicts"].as_array().expect("verdicts");
    let gone = verdicts.iter().find(|verdict| verdict["clause"] == "uninstall-leaves-nothing").expect("the end");
    assert_eq!(gone["verdict"], "pass", "{gone:#}");
    let others = verdicts.iter().filter(|verdict| verdict["clause"] != "in-time" && verdict["verdict"] != "pass");
    assert_eq!(others.collect::<Vec<_>>(), Vec::<&Value>::new(), "nothing else is broken");
    verdicts.iter().find(|verdict| verdict["clause"] == "in-time").expect("the promise").clone()
}

#[rstest]
#[case::sound("", ("pass", ""))]
#[case::burns_all_cpus("burn", ("fail", "slow"))]
#[case::stalls_every_20th_request("stall", ("fail", "slow"))]
fn what_a_workload_does_itself_is_no_noise(#[case] fault: &str, #[case] expected: (&str, &str)) {
    let name = if fault.is_empty() { "agent-sound".to_owned() } else { format!("agent-{fault}s") };
    let verdict = undisturbed(|| judged(&name, fault, "20ms"));
    let seen = (verdict["verdict"].as_str(), verdict["cause"]["kind"].as_str().unwrap_or_default());
    println!("{:#}", verdict["measured"]);
    assert_eq!(seen, (Some(expected.0), expected.1), "{verdict:#}");
}

/// The first verdict that the hypervisor let be taken: what it takes away is noise, rightly, and says nothing of the
/// workload. It takes the more, the more was computed before; so the next attempt waits a while. The sixth is the last.
fn undisturbed(judged: impl Fn() -> Value) -> Value {
    let is_disturbed = |verdict: &Value| {
        let message = verdict["cause"]["message"].as_str().unwrap_or_default();
        verdict["cause"]["kind"] == "noisy" && message.contains("the hypervisor took")
    };
    let mut verdict = judged();
    for _ in 0..5 {
        if !is_disturbed(&verdict) {
            break;
        }
        pause_blocking(Duration::from_secs(20));
        verdict = judged();
    }
    verdict
}

/// Work of this many threads for each CPU, beside the cluster, as long as the value lives.
struct Foreign(Arc<AtomicBool>);

impl Foreign {
    fn new() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cpus * 4 {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || burn(&is_over));
        }
        Self(is_over)
    }
}

/// Whatever becomes of the test, this ends.
fn burn(is_over: &AtomicBool) {
    let began = Instant::now();
    while !is_over.load(Ordering::Relaxed) && began.elapsed() < Duration::from_mins(5) {
        std::hint::spin_loop();
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The same gate is not blind: a promise that is missed while others burn all CPUs is no verdict about the workload.
#[test]
fn what_others_do_is_noise() {
    let foreign = Foreign::new();
    let verdict = judged("agent-disturbed", "", "1ms");
    drop(foreign);
    let seen = (verdict["verdict"].as_str(), verdict["cause"]["kind"].as_str());
    assert_eq!(seen, (Some("inconclusive"), Some("noisy")), "{verdict:#}");
    let message = verdict["cause"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("work outside of the release used"), "{message}");
    println!("{message}");
}
