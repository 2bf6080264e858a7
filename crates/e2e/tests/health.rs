//! `seatrial health`, and the agents that `up` starts beside the registry: as pods and as containers, told of in the same
//! form, started alike. Fixed names and fixed ports: nextest runs these one after the other.

use e2e::agents::{AGENTS, NODE, Place, Start, kubectl};
use e2e::charts::Copy;
use e2e::engine::containers;
use e2e::program::tool;
use e2e::report::document;
use e2e::{Program, State};
use seatrial_harness::command::Finished;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What a health check of all services may take (PAL-041).
const BUDGET: Duration = Duration::from_secs(2);

/// How often each budget is taken.
const TIMES: usize = 5;

/// A user with a state folder of their own; whatever happens to the test, nothing of it stays.
struct Dev {
    state: State,
}

impl Dev {
    fn new() -> Self {
        Self { state: State::new(env!("CARGO_BIN_EXE_seatrial-e2e")) }
    }

    fn seatrial(&self) -> Program {
        self.state.seatrial("healthup")
    }

    #[track_caller]
    fn call(&self, args: &[&str]) -> Finished {
        let finished = self.seatrial().call(args);
        assert_eq!(finished.code, Some(0), "{args:?}: {}{}", finished.stdout, finished.stderr);
        finished
    }

    /// The document, within the budget, as often as the budget is taken.
    #[track_caller]
    fn healths(&self, times: usize) -> Vec<Value> {
        let taken = (0..times).map(|_| {
            let started = Instant::now();
            let finished = self.seatrial().call(&["health", "--json"]);
            let took = started.elapsed();
            assert!(took < BUDGET, "health took {took:?} of {BUDGET:?}: {}", finished.stdout);
            let health = document(&finished);
            assert_eq!(health["exit"], json!(finished.code), "{health:#}");
            health
        });
        taken.collect()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.seatrial().call(&["down", "--clean-pvc", "--clean-logs"]);
    }
}

/// Name → status of all services that a document tells of.
fn statuses(health: &Value) -> BTreeMap<String, String> {
    let made = health["made"].as_array().into_iter().flatten();
    let all = made.flat_map(|made| {
        ["services", "agents"].into_iter().flat_map(|part| made[part].as_array().into_iter().flatten())
    });
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.map(|one| (word(&one["name"]), word(&one["status"]))).collect()
}

/// What is wrong with a document in which everything should be well: the registry and three agents, all healthy.
fn flaws(health: &Value) -> Vec<String> {
    let seen = statuses(health);
    let wanted = ["registry"].into_iter().chain(AGENTS);
    let missing = wanted.filter(|name| seen.get(*name).is_none_or(|status| status != "healthy"));
    let mut flaws: Vec<String> =
        missing.map(|name| format!("{name} is {}", seen.get(name).map_or("not told of", String::as_str))).collect();
    let states = ["cluster", "release", "data"].map(|state| (state, &health["made"][0][state]["reason"]));
    flaws.extend(
        states.iter().filter(|(_, reason)| !reason.is_null()).map(|(state, reason)| format!("{state}: {reason}")),
    );
    flaws
}

#[track_caller]
fn all_are_well(health: &Value, mode: &str) {
    assert_eq!(flaws(health), Vec::<String>::new(), "{health:#}");
    assert_eq!((&health["made"][0]["mode"], &health["status"]), (&json!(mode), &json!("healthy")), "{health:#}");
}

/// Precisely this service is unhealthy, and the text for people names it, too.
#[track_caller]
fn only_is_unhealthy(dev: &Dev, name: &str, others: &str) {
    for health in dev.healths(1) {
        let mut seen = statuses(&health);
        assert_eq!(seen.remove(name).as_deref(), Some("unhealthy"), "{health:#}");
        assert!(seen.values().all(|status| status == others), "{health:#}");
        assert_eq!(health["exit"], 10);
    }
    let told = dev.seatrial().call(&["health"]);
    let line = told.stderr.lines().find(|line| line.contains(&format!("  {name}  "))).unwrap_or_default();
    assert!(line.contains("unhealthy") && told.code == Some(10), "{}", told.stderr);
}

#[test]
fn agents_start_alike_and_health_tells_of_them_as_pods_and_as_containers() {
    let dev = Dev::new();
    let pods = by_kind(&dev);
    let containers = by_docker(&dev);
    assert_eq!(pods.order, ["registry", "agent-plan", "agent-build", "agent-test"]);
    assert_eq!(pods.differences(&containers), Vec::<String>::new());
    let health = dev.seatrial().call(&["health", "--json"]);
    assert_eq!((health.code, document(&health)["made"].clone()), (Some(12), json!([])), "nothing stands any more");
}

fn by_kind(dev: &Dev) -> Start {
    dev.call(&["up", "pallet-registry"]);
    dev.healths(TIMES).iter().for_each(|health| all_are_well(health, "kind"));
    let start = Start::of(Place::Pods);
    the_chart_keeps_its_objects();

    let registry = tool("docker", &["exec", NODE, "pidof", "registry"]);
    tool("docker", &["exec", NODE, "kill", "-STOP", registry.trim()]);
    for health in dev.healths(TIMES) {
        let seen = statuses(&health);
        assert_eq!((seen["registry"].as_str(), seen["agent-plan"].as_str()), ("unhealthy", "degraded"), "{health:#}");
        let reason = health["made"][0]["services"][0]["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("no answer within"), "{reason}");
    }
    tool("docker", &["exec", NODE, "kill", "-CONT", registry.trim()]);

    kubectl(&["scale", "deploy/agent-build", "--replicas", "0"]);
    kubectl(&["wait", "pod", "--for=delete", "--selector", "app.kubernetes.io/name=agent-build", "--timeout=30s"]);
    only_is_unhealthy(dev, "agent-build", "healthy");

    dev.call(&["up", without_agent_test().path().as_str()]);
    let ours =
        kubectl(&["get", "deploy,svc", "--selector", "app.kubernetes.io/managed-by=seatrial", "--output", "name"]);
    let expected =
        ["agent-build", "agent-plan"].map(|agent| [format!("deployment.apps/{agent}"), format!("service/{agent}")]);
    let seen: BTreeSet<&str> = ours.split_whitespace().collect();
    assert_eq!(seen, expected.as_flattened().iter().map(String::as_str).collect(), "what was dropped is gone");

    tool("docker", &["pause", NODE]);
    let health = dev.healths(1).remove(0);
    tool("docker", &["unpause", NODE]);
    assert_eq!(health["made"][0]["cluster"]["state"], "failed", "{health:#}");
    dev.call(&["down"]);
    start
}

/// The agents are there, and none of Helm's.
fn the_chart_keeps_its_objects() {
    let helms = kubectl(&["get", "deploy,svc", "--selector", "app.kubernetes.io/managed-by=Helm", "--output", "name"]);
    assert_eq!(helms.split_whitespace().collect::<Vec<_>>(), ["deployment.apps/registry", "service/registry"]);
    let ours = kubectl(&["get", "deploy", "--selector", "app.kubernetes.io/managed-by=seatrial", "--output", "name"]);
    assert_eq!(ours.split_whitespace().count(), AGENTS.len(), "{ours}");
}

fn by_docker(dev: &Dev) -> Start {
    dev.call(&["up", "pallet-registry", "--prefer-docker"]);
    dev.healths(TIMES).iter().for_each(|health| all_are_well(health, "docker"));
    let start = Start::of(Place::Containers);

    tool("docker", &["pause", "pallet-dev-registry"]);
    let health = dev.healths(1).remove(0);
    tool("docker", &["unpause", "pallet-dev-registry"]);
    assert_eq!(statuses(&health)["registry"], "unhealthy", "{health:#}");

    tool("docker", &["kill", "pallet-dev-agent-test"]);
    only_is_unhealthy(dev, "agent-test", "healthy");

    dev.call(&["up", without_agent_test().path().as_str(), "--prefer-docker"]);
    let standing: Vec<String> = containers().into_iter().filter(|name| name.starts_with("pallet-dev")).collect();
    let expected = ["pallet-dev-agent-build", "pallet-dev-agent-plan", "pallet-dev-registry"];
    assert_eq!(standing, expected, "what was dropped is gone");
    dev.call(&["down"]);
    start
}

/// The chart, its contract with one agent less.
fn without_agent_test() -> Copy {
    let env = r#"      env: { AGENT_ROLE: test, REGISTRY_URL: "http://$(svc/registry:http)" }"#;
    let agent = format!("    agent-test:\n      image: seatrial/pallet-agent\n      port: 8003\n{env}\n");
    Copy::of("pallet-registry").edited("contract.yaml", &agent, "")
}

fn healthy() -> Value {
    let service = |name: &str| json!({ "name": name, "status": "healthy" });
    let well = json!({ "state": "ready", "reason": null });
    let agents = AGENTS.map(service);
    json!({ "made": [{
        "services": [service("registry")], "agents": agents, "cluster": well, "release": well, "data": well,
    }] })
}

#[test]
fn a_missing_agent_is_told() {
    assert_eq!(flaws(&healthy()), Vec::<String>::new());
    let mut health = healthy();
    health["made"][0]["agents"] =
        json!([{ "name": "agent-plan", "status": "healthy" }, { "name": "agent-build", "status": "degraded" }]);
    health["made"][0]["release"]["reason"] = json!("Helm says failed");
    let expected = ["agent-build is degraded", "agent-test is not told of", "release: \"Helm says failed\""];
    assert_eq!(flaws(&health), expected);
}

#[test]
fn a_difference_between_pods_and_containers_is_named() {
    let start = || Start {
        order: ["registry", "agent-plan", "agent-build", "agent-test"].map(ToOwned::to_owned).to_vec(),
        images: AGENTS.map(|agent| (agent.to_owned(), "agent:1".to_owned())).into(),
        variables: AGENTS.map(|agent| (agent.to_owned(), vec!["AGENT_ROLE".to_owned()])).into(),
        lines: AGENTS.map(|agent| (agent.to_owned(), vec![json!({ "event": "starting", "port": 1 })])).into(),
        cards: AGENTS.map(|agent| (agent.to_owned(), json!({ "url": "http://localhost:1", "skills": [1] }))).into(),
    };
    assert_eq!(start().differences(&start()), Vec::<String>::new());
    let mut other = start();
    other.order.swap(1, 2);
    other.lines.insert("agent-plan".to_owned(), vec![json!({ "event": "starting", "port": 2 })]);
    other.variables.remove("agent-build");
    other.cards.insert("agent-test".to_owned(), json!({ "url": "http://localhost:2", "skills": [1] }));
    let expected = [
        "order[1]: \"agent-plan\" and \"agent-build\"",
        "order[2]: \"agent-build\" and \"agent-plan\"",
        "agent-plan log[0].port: 1 and 2",
        "agent-build variables: [\"AGENT_ROLE\"] and null",
        "agent-test card.url: \"http://localhost:1\" and \"http://localhost:2\"",
    ];
    assert_eq!(start().differences(&other), expected);
}
