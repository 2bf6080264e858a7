//! The life of clusters: what a killed run leaves is reaped; what is somebody else's stands; runs do not meet. These use fixed names and ports, so nextest runs them one after the other.

use camino::{Utf8Path, Utf8PathBuf};
use e2e::State;
use e2e::charts::Copy;
use e2e::engine::{Left, containers};
use e2e::foreign::Foreign;
use e2e::kill::{is_called, kill_all_of, until};
use e2e::program::{test_binary, tool};
use std::time::Duration;

const EXE: &str = env!("CARGO_BIN_EXE_seatrial-e2e");

/// The moments at which a run is killed; each is an event, none a number of seconds.
#[derive(Clone, Copy, Debug)]
enum Moment {
    LeaseWritten,
    KindCreateStarted,
    NodeContainerCreated,
    KubeconfigWritten,
    ImageLoadStarted,
    NamespaceCreated,
    HelmInstallStarted,
    ForwardOpen,
    ClauseRunning,
    DownRunning,
    /// A namespace in somebody else's cluster.
    ForeignClusterUsed,
}

/// A run that is to be killed.
struct Doomed<'a> {
    state: &'a State,
    run: &'a str,
    log: Utf8PathBuf,
    foreign: Option<&'a Foreign>,
}

impl Doomed<'_> {
    fn has_come(&self, moment: Moment) -> bool {
        let home = self.state.home();
        match moment {
            Moment::LeaseWritten => !e2e::engine::files(&home.join("leases")).is_empty(),
            Moment::KindCreateStarted => self.is_called(&["kind", "create", "cluster"]),
            Moment::NodeContainerCreated => self.node().is_some(),
            Moment::KubeconfigWritten => {
                e2e::engine::files(&home).iter().any(|file| file.as_str().contains("kubeconfig"))
            }
            Moment::ImageLoadStarted => self.is_called(&["docker", "save"]),
            Moment::NamespaceCreated => self.has_namespace(),
            Moment::HelmInstallStarted => self.is_called(&["helm", "upgrade", "--install"]),
            Moment::ForwardOpen => self.log().contains("::ready "),
            Moment::ClauseRunning => self.log().contains("reachable["),
            Moment::DownRunning => self.is_called(&["kind", "delete", "cluster"]),
            Moment::ForeignClusterUsed => self.namespaces_in_foreign().contains(self.run),
        }
    }

    fn is_called(&self, words: &[&str]) -> bool {
        is_called(&self.state.processes(), words)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn node(&self) -> Option<String> {
        containers().into_iter().find(|name| name.starts_with(&format!("st-{}", self.run)))
    }

    fn has_namespace(&self) -> bool {
        let Some(node) = self.node() else { return false };
        let get =
            "kubectl --kubeconfig /etc/kubernetes/admin.conf get namespace pallet --ignore-not-found --output name";
        let look = format!("docker exec {node} {get} 2>/dev/null || true");
        tool("sh", &["-c", &look]).contains("pallet")
    }

    /// The labels of all namespaces of the foreign cluster.
    fn namespaces_in_foreign(&self) -> String {
        let get = ["get", "namespaces", "--output", "jsonpath={.items[*].metadata.labels}"];
        self.foreign.map(|foreign| foreign.cluster.kubectl(&get)).unwrap_or_default()
    }

    /// Starts what is to be killed: a trial, or `down` after an `up`.
    fn start(&self, moment: Moment, chart: &Utf8Path) {
        let (program, chart) = (self.state.seatrial(self.run), chart.as_str());
        let started = match (moment, self.foreign) {
            (Moment::DownRunning, _) => {
                let up = program.call(&["up", chart]);
                assert_eq!(up.code, Some(0), "{}", up.stderr);
                program.start(&["down"], &self.log)
            }
            (Moment::ForeignClusterUsed, Some(foreign)) => {
                let program = program.env("KUBECONFIG", foreign.cluster.kubeconfig());
                let context = foreign.cluster.context();
                let args = ["verify", chart, "-e", "dev", "--provider", "existing", "--context", &context];
                program.start(&args, &self.log)
            }
            _ => program.start(&["verify", chart, "-e", "dev"], &self.log),
        };
        started.expect("a start");
    }
}

/// Killed at that moment, with all its processes, the guard too; then a later command reaps, and all is as it was.
#[track_caller]
fn check_killed(moment: Moment, run: &str, later: &str, foreign: &Foreign) {
    let state = State::new(EXE);
    let before = Left::now(&state.home(), &[run]);
    let chart = Copy::of("pallet-registry");
    let doomed = Doomed { state: &state, run, log: state.file("log.txt"), foreign: Some(foreign) };
    doomed.start(moment, &chart.path());
    until(&format!("{moment:?}"), Duration::from_mins(3), || doomed.has_come(moment));
    kill_all_of("SEATRIAL_HOME", state.home().as_str());
    assert_ne!(Left::now(&state.home(), &[run]), before, "something was there when the run was killed at {moment:?}");

    let reaped = state.seatrial("reaper00").call(&[later]);
    assert_eq!(reaped.code, Some(0), "{moment:?}: {}", reaped.stderr);
    let words = if later == "reap" { "took down" } else { "it is being taken down" };
    assert!(reaped.stderr.contains(words), "{moment:?}: {later} does not say `{words}`: {}", reaped.stderr);
    // Only `reap` waits for the end.
    let patience = if later == "reap" { Duration::from_secs(1) } else { Duration::from_mins(1) };
    until("the end of all processes", patience, || state.processes().is_empty());
    assert_eq!(Left::now(&state.home(), &[run]), before, "{moment:?}");
    assert!(!doomed.namespaces_in_foreign().contains(run), "{moment:?}");
    foreign.still_stands();
    state.kubeconfig_is_untouched();
}

/// One foreign cluster for all of them: it takes as long to make as what is killed.
fn check_all(moments: &[(Moment, &str, &str)]) {
    let foreign = Foreign::new();
    for (moment, run, later) in moments {
        check_killed(*moment, run, later, &foreign);
    }
}

#[test]
fn what_a_killed_run_leaves_is_reaped() {
    check_all(&[
        (Moment::LeaseWritten, "killed01", "list"),
        (Moment::NodeContainerCreated, "killed02", "reap"),
        (Moment::ClauseRunning, "killed03", "down"),
        (Moment::ForeignClusterUsed, "killed11", "reap"),
    ]);
}

#[test]
#[ignore = "a few moments are enough for every change; all of them: `just chaos`"]
fn what_a_killed_run_leaves_is_reaped_at_every_moment() {
    check_all(&[
        (Moment::LeaseWritten, "killed01", "reap"),
        (Moment::KindCreateStarted, "killed04", "reap"),
        (Moment::NodeContainerCreated, "killed02", "doctor"),
        (Moment::KubeconfigWritten, "killed05", "list"),
        (Moment::ImageLoadStarted, "killed06", "reap"),
        (Moment::NamespaceCreated, "killed07", "down"),
        (Moment::HelmInstallStarted, "killed08", "reap"),
        (Moment::ForwardOpen, "killed09", "reap"),
        (Moment::ClauseRunning, "killed03", "reap"),
        (Moment::DownRunning, "killed10", "reap"),
        (Moment::ForeignClusterUsed, "killed11", "list"),
    ]);
}

#[test]
fn a_run_that_is_asked_to_stop_tears_down() {
    let state = State::new(EXE);
    let before = Left::now(&state.home(), &["asked000"]);
    let log = state.file("log.txt");
    let chart = Copy::of("pallet-registry");
    let pid = state.seatrial("asked000").start(&["verify", chart.path().as_str(), "-e", "dev"], &log).expect("a start");
    let asked = Doomed { state: &state, run: "asked000", log: log.clone(), foreign: None };
    until("a running clause", Duration::from_mins(3), || asked.has_come(Moment::ClauseRunning));
    tool("sh", &["-c", &format!("kill -INT {pid}")]);
    until("the end of all processes", Duration::from_mins(1), || state.processes().is_empty());
    assert_eq!(
        Left::now(&state.home(), &["asked000"]),
        before,
        "{}",
        std::fs::read_to_string(&log).unwrap_or_default()
    );
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let state = State::new(EXE);
    let before = Left::now(&state.home(), &["twice001", "twice002"]);
    let chart = Copy::of("pallet-registry");
    let logs = ["twice001", "twice002"].map(|run| (run, state.file(&format!("{run}.json"))));
    for (run, report) in &logs {
        let path = chart.path();
        let args = ["verify", path.as_str(), "-e", "dev", "--up-to", "live", "--report", report.as_str()];
        state.seatrial(run).start(&args, &state.file(&format!("{run}.txt"))).expect("a start");
    }
    until("the end of both", Duration::from_secs(400), || state.processes().is_empty());
    for (run, report) in &logs {
        let text = std::fs::read_to_string(report).unwrap_or_else(|_| {
            panic!(
                "{run} has no report: {}",
                std::fs::read_to_string(state.file(&format!("{run}.txt"))).unwrap_or_default()
            )
        });
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["exit"], 0, "{document:#}");
    }
    assert_eq!(Left::now(&state.home(), &["twice001", "twice002"]), before);
}

/// Without nextest and without a cluster: the one test brings its own.
#[test]
fn one_test_alone_brings_its_cluster() {
    let state = State::without_kubeconfig(EXE);
    let before = Left::now(&state.home(), &["alone000"]);
    let look = test_binary("look");
    let program = state.program(look.as_str(), "alone000");
    let finished = program.call(&["--exact", "pallet-registry::dev::v2-answers"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("1 passed"), "{}", finished.stdout);
    until("the end of the guard", Duration::from_mins(1), || state.processes().is_empty());
    assert_eq!(Left::now(&state.home(), &["alone000"]), before);
    state.kubeconfig_is_untouched();
}
