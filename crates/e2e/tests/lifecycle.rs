//! The life of clusters: what `up` leaves is real and `down` removes it; what a killed run leaves is reaped; what is
//! somebody else's stands. These use fixed names and ports, so nextest runs them one after the other.

use camino::Utf8Path;
use e2e::Program;
use e2e::charts::Copy;
use e2e::engine::{Left, containers};
use e2e::kill::{kill_all_of, processes_of, until};
use e2e::program::{test_binary, tool};
use e2e::report::document;
use rstest::rstest;
use std::time::Duration;

/// A state folder of its own: what is found in it afterwards was left by this test.
struct State {
    dir: tempfile::TempDir,
}

impl State {
    fn new() -> Self {
        Self { dir: tempfile::Builder::new().prefix("seatrial-home-").tempdir().expect("a folder") }
    }

    fn home(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8")
    }

    fn program(&self, run: &str) -> Program {
        Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).env("SEATRIAL_HOME", self.home()).alone(run)
    }

    fn processes(&self) -> usize {
        processes_of("SEATRIAL_HOME", self.home().as_str()).len()
    }
}

/// Whatever happens to the test, nothing of its own stays.
impl Drop for State {
    fn drop(&mut self) {
        self.program("lifeends").call(&["down"]);
        self.program("lifeends").call(&["reap"]);
    }
}

#[test]
fn localhost_5000_is_real() {
    let state = State::new();
    let before = Left::now(state.home());
    let program = state.program("lifeup00");
    let up = program.call(&["up", "pallet-registry"]);
    assert_eq!(up.code, Some(0), "{}", up.stderr);
    assert_eq!(state.processes(), 0, "nothing of Seatrial lives on after `up`");

    let answer = tool("curl", &["--silent", "--show-error", "--fail", "--include", "http://127.0.0.1:5000/v2/"]);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("docker-distribution-api-version: registry/2.0"), "{answer}");
    docker_agrees();
    helm_agrees(&program);

    let down = program.call(&["down"]);
    assert_eq!(down.code, Some(0), "{}", down.stderr);
    assert_eq!(Left::now(state.home()), before);
}

fn docker_agrees() {
    let ports = tool("docker", &["inspect", "--format", "{{json .NetworkSettings.Ports}}", "pallet-dev-control-plane"]);
    let ports: serde_json::Value = serde_json::from_str(&ports).expect("JSON");
    let bound =
        ports.as_object().expect("ports").values().flat_map(|bindings| bindings.as_array().into_iter().flatten());
    let is_ours = |binding: &serde_json::Value| binding["HostIp"] == "127.0.0.1" && binding["HostPort"] == "5000";
    assert!(bound.clone().any(is_ours), "{ports:#}");
}

fn helm_agrees(program: &Program) {
    let list = document(&program.call(&["list", "--format", "json"]));
    assert_eq!(list["clusters"][0]["name"], "pallet-dev", "{list:#}");
    let kubeconfig = list["clusters"][0]["kubeconfig"].as_str().expect("a kubeconfig");
    let args = ["list", "--all-namespaces", "--output", "json", "--kubeconfig", kubeconfig];
    let releases: serde_json::Value = serde_json::from_str(&tool(&helm(), &args)).expect("JSON");
    assert_eq!(releases[0]["name"], "registry", "{releases:#}");
    assert_eq!(releases[0]["namespace"], "pallet");
    assert_eq!(releases[0]["status"], "deployed");
}

fn helm() -> String {
    seatrial_harness::tools::Tools::find_helm().expect("Helm").to_string()
}

/// The moments at which a run is killed; each is an event, none a number of seconds.
#[derive(Clone, Copy, Debug)]
enum Moment {
    LeaseWritten,
    NodeContainerCreated,
    ClauseRunning,
}

impl Moment {
    fn has_come(self, state: &State, run: &str, log: &Utf8Path) -> bool {
        match self {
            Self::LeaseWritten => !e2e::engine::files(&state.home().join("leases")).is_empty(),
            Self::NodeContainerCreated => containers().iter().any(|name| name.starts_with(&format!("st-{run}"))),
            Self::ClauseRunning => std::fs::read_to_string(log).is_ok_and(|text| text.contains("reachable[")),
        }
    }
}

#[rstest]
#[case(Moment::LeaseWritten, "killed01")]
#[case(Moment::NodeContainerCreated, "killed02")]
#[case(Moment::ClauseRunning, "killed03")]
fn what_a_killed_run_leaves_is_reaped(#[case] moment: Moment, #[case] run: &str) {
    let state = State::new();
    let foreign = Foreign::new(run);
    let before = Left::now(state.home());
    let log = state.home().join("log.txt");
    let chart = Copy::of("pallet-registry");
    let program = state.program(run);
    program.start(&["verify", chart.path().as_str(), "-e", "dev"], &log).expect("a start");
    until(&format!("{moment:?}"), Duration::from_secs(180), || moment.has_come(&state, run, &log));
    kill_all_of("SEATRIAL_HOME", state.home().as_str());
    assert_ne!(Left::now(state.home()), before, "something was there when the run was killed");

    let reaped = state.program("reaper00").call(&["reap"]);
    assert_eq!(reaped.code, Some(0), "{}", reaped.stderr);
    assert_eq!(Left::now(state.home()), before);
    assert_eq!(state.processes(), 0);
    foreign.still_stands();
}

#[test]
fn a_run_that_is_asked_to_stop_tears_down() {
    let state = State::new();
    let before = Left::now(state.home());
    let log = state.home().join("log.txt");
    let chart = Copy::of("pallet-registry");
    let pid = state.program("asked000").start(&["verify", chart.path().as_str(), "-e", "dev"], &log).expect("a start");
    until("a running clause", Duration::from_secs(180), || Moment::ClauseRunning.has_come(&state, "asked000", &log));
    tool("sh", &["-c", &format!("kill -INT {pid}")]);
    until("the end of all processes", Duration::from_secs(60), || state.processes() == 0);
    assert_eq!(Left::now(state.home()), before, "{}", std::fs::read_to_string(&log).unwrap_or_default());
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let state = State::new();
    let before = Left::now(state.home());
    let chart = Copy::of("pallet-registry");
    let logs = ["twice001", "twice002"].map(|run| (run, state.home().join(format!("{run}.json"))));
    for (run, report) in &logs {
        let path = chart.path();
        let args = ["verify", path.as_str(), "-e", "dev", "--up-to", "live", "--report", report.as_str()];
        state.program(run).start(&args, &state.home().join(format!("{run}.txt"))).expect("a start");
    }
    until("the end of both", Duration::from_secs(400), || state.processes() == 0);
    for (run, report) in &logs {
        let text = std::fs::read_to_string(report).unwrap_or_else(|_| {
            panic!(
                "{run} has no report: {}",
                std::fs::read_to_string(state.home().join(format!("{run}.txt"))).unwrap_or_default()
            )
        });
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["exit"], 0, "{document:#}");
    }
    assert_eq!(Left::now(state.home()), before);
}

/// Without nextest and without a cluster: the one test brings its own.
#[test]
fn one_test_alone_brings_its_cluster() {
    let state = State::new();
    let before = Left::now(state.home());
    let look = test_binary("look");
    let program = Program::at(look.as_str()).env("SEATRIAL_HOME", state.home()).alone("alone000");
    let finished = program.call(&["--exact", "pallet-registry::dev::v2-answers"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("1 passed"), "{}", finished.stdout);
    until("the end of the guard", Duration::from_secs(60), || state.processes() == 0);
    assert_eq!(Left::now(state.home()), before);
}

/// Somebody else's containers: one that looks like a cluster of kind, one that is named almost like ours.
struct Foreign {
    names: [String; 2],
}

impl Foreign {
    fn new(tag: &str) -> Self {
        let image = tool("docker", &["images", "--quiet"]).lines().next().expect("any image").to_owned();
        let names = [format!("foreign-{tag}-control-plane"), format!("st-foreign-{tag}")];
        let label = format!("io.x-k8s.kind.cluster=foreign-{tag}");
        tool("docker", &["create", "--name", &names[0], "--label", &label, &image, "true"]);
        tool("docker", &["create", "--name", &names[1], &image, "true"]);
        Self { names }
    }

    fn still_stands(&self) {
        let standing = containers();
        assert!(self.names.iter().all(|name| standing.contains(name)), "{:?} of {standing:?}", self.names);
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let [a, b] = &self.names;
        tool("docker", &["rm", "--force", a, b]);
    }
}
