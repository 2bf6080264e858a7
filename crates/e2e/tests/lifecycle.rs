//! The life of clusters: what `up` leaves is real and `down` removes it; what a killed run leaves is reaped; what is
//! somebody else's stands. These use fixed names and ports, so nextest runs them one after the other.

use camino::{Utf8Path, Utf8PathBuf};
use e2e::Program;
use e2e::charts::Copy;
use e2e::engine::{Left, containers};
use e2e::kill::{is_called, kill_all_of, processes_of, until};
use e2e::program::{test_binary, tool};
use e2e::report::document;
use rstest::rstest;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// The kubeconfig of a user who has one.
const USERS: &str = "apiVersion: v1
kind: Config
current-context: mine
clusters: [{ name: mine, cluster: { server: 'https://127.0.0.1:1' } }]
contexts: [{ name: mine, context: { cluster: mine, user: me } }]
users: [{ name: me, user: {} }]
";

/// A state folder and a user's home of its own: what is found in them afterwards was left by this test.
struct State {
    dir: tempfile::TempDir,
    /// When the user wrote the kubeconfig; `None` for a user without one.
    written: Option<SystemTime>,
}

impl State {
    fn new() -> Self {
        let mut state = Self::without_kubeconfig();
        let file = state.users_home().join(".kube/config");
        std::fs::create_dir_all(state.users_home().join(".kube")).expect("a folder");
        std::fs::write(&file, USERS).expect("a kubeconfig");
        state.written = Some(modified(&file));
        state
    }

    fn without_kubeconfig() -> Self {
        let dir = tempfile::Builder::new().prefix("seatrial-home-").tempdir().expect("a folder");
        Self { dir, written: None }
    }

    fn home(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8").join("state")
    }

    fn users_home(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8").join("user")
    }

    /// A file of the test itself.
    fn file(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8").join(name)
    }

    fn program(&self, exe: &str, run: &str) -> Program {
        let cache = seatrial_harness::cache::cache_dir();
        let program = Program::at(exe).alone(run).without("KUBECONFIG").env("SEATRIAL_CACHE", cache);
        program.env("SEATRIAL_HOME", self.home()).env("HOME", self.users_home())
    }

    fn seatrial(&self, run: &str) -> Program {
        self.program(env!("CARGO_BIN_EXE_seatrial-e2e"), run)
    }

    fn processes(&self) -> BTreeSet<u32> {
        processes_of("SEATRIAL_HOME", self.home().as_str())
    }

    /// Invariant 13: bytes, time and context of the user's kubeconfig are what they were; where there was none, none is.
    #[track_caller]
    fn kubeconfig_is_untouched(&self) {
        let file = self.users_home().join(".kube/config");
        let Some(written) = self.written else {
            assert!(!self.users_home().join(".kube").exists(), "somebody made {}/.kube", self.users_home());
            return;
        };
        assert_eq!(std::fs::read_to_string(&file).expect("the kubeconfig"), USERS);
        assert_eq!(modified(&file), written, "somebody wrote {file}");
        let beside = self.users_home().join(".kube").read_dir_utf8().expect("the folder").count();
        assert_eq!(beside, 1, "somebody wrote beside {file}");
    }
}

fn modified(file: &Utf8Path) -> SystemTime {
    std::fs::metadata(file).and_then(|data| data.modified()).expect("its time")
}

/// Whatever happens to the test, nothing of its own stays.
impl Drop for State {
    fn drop(&mut self) {
        self.seatrial("lifeends").call(&["reap"]);
        self.seatrial("lifeends").call(&["down"]);
    }
}

#[test]
fn localhost_5000_is_real() {
    let state = State::new();
    let before = Left::now(&state.home(), &["lifeup00"]);
    let program = state.seatrial("lifeup00");
    let up = program.call(&["up", "pallet-registry"]);
    assert_eq!(up.code, Some(0), "{}", up.stderr);
    // Its guard ends when it sees that what it guards is to be kept.
    until("the end of all processes", Duration::from_secs(10), || state.processes().is_empty());

    let answer = tool("curl", &["--silent", "--show-error", "--fail", "--include", "http://127.0.0.1:5000/v2/"]);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("docker-distribution-api-version: registry/2.0"), "{answer}");
    docker_agrees();
    helm_agrees(&program);

    let down = program.call(&["down"]);
    assert_eq!(down.code, Some(0), "{}", down.stderr);
    assert_eq!(Left::now(&state.home(), &["lifeup00"]), before);
    state.kubeconfig_is_untouched();
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
    KindCreateStarted,
    NodeContainerCreated,
    KubeconfigWritten,
    ImageLoadStarted,
    NamespaceCreated,
    HelmInstallStarted,
    ForwardOpen,
    ClauseRunning,
    DownRunning,
}

/// A run that is to be killed.
struct Doomed<'a> {
    state: &'a State,
    run: &'a str,
    log: Utf8PathBuf,
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

    /// Starts what is to be killed: a trial, or `down` after an `up`.
    fn start(&self, moment: Moment, chart: &Utf8Path) {
        let args = match moment {
            Moment::DownRunning => {
                let up = self.state.seatrial(self.run).call(&["up", chart.as_str()]);
                assert_eq!(up.code, Some(0), "{}", up.stderr);
                vec!["down"]
            }
            _ => vec!["verify", chart.as_str(), "-e", "dev"],
        };
        self.state.seatrial(self.run).start(&args, &self.log).expect("a start");
    }
}

/// Killed at that moment, with all its processes, the guard too; then a later command reaps, and all is as it was.
#[track_caller]
fn check_killed(moment: Moment, run: &str, later: &str) {
    let state = State::new();
    let foreign = Foreign::new(run);
    let before = Left::now(&state.home(), &[run]);
    let chart = Copy::of("pallet-registry");
    let doomed = Doomed { state: &state, run, log: state.file("log.txt") };
    doomed.start(moment, &chart.path());
    until(&format!("{moment:?}"), Duration::from_mins(3), || doomed.has_come(moment));
    kill_all_of("SEATRIAL_HOME", state.home().as_str());
    assert_ne!(Left::now(&state.home(), &[run]), before, "something was there when the run was killed");

    let reaped = state.seatrial("reaper00").call(&[later]);
    assert_eq!(reaped.code, Some(0), "{}", reaped.stderr);
    assert!(
        ["it is being taken down", "took down"].iter().any(|words| reaped.stderr.contains(words)),
        "{}",
        reaped.stderr
    );
    // Only `reap` waits for the end.
    let patience = if later == "reap" { Duration::ZERO } else { Duration::from_mins(1) };
    until("the end of all processes", patience + Duration::from_secs(1), || state.processes().is_empty());
    assert_eq!(Left::now(&state.home(), &[run]), before);
    foreign.still_stands();
    state.kubeconfig_is_untouched();
}

#[rstest]
#[case::lease_written(Moment::LeaseWritten, "killed01", "list")]
#[case::node_container_created(Moment::NodeContainerCreated, "killed02", "reap")]
#[case::clause_running(Moment::ClauseRunning, "killed03", "down")]
fn what_a_killed_run_leaves_is_reaped(#[case] moment: Moment, #[case] run: &str, #[case] later: &str) {
    check_killed(moment, run, later);
}

#[rstest]
#[case::kind_create_started(Moment::KindCreateStarted, "killed04")]
#[case::kubeconfig_written(Moment::KubeconfigWritten, "killed05")]
#[case::image_load_started(Moment::ImageLoadStarted, "killed06")]
#[case::namespace_created(Moment::NamespaceCreated, "killed07")]
#[case::helm_install_started(Moment::HelmInstallStarted, "killed08")]
#[case::forward_open(Moment::ForwardOpen, "killed09")]
#[case::down_running(Moment::DownRunning, "killed10")]
#[ignore = "three moments are enough for every change; all of them: `just chaos`"]
fn what_a_killed_run_leaves_is_reaped_at_every_moment(#[case] moment: Moment, #[case] run: &str) {
    check_killed(moment, run, "reap");
}

#[test]
fn a_run_that_is_asked_to_stop_tears_down() {
    let state = State::new();
    let before = Left::now(&state.home(), &["asked000"]);
    let log = state.file("log.txt");
    let chart = Copy::of("pallet-registry");
    let pid = state.seatrial("asked000").start(&["verify", chart.path().as_str(), "-e", "dev"], &log).expect("a start");
    let asked = Doomed { state: &state, run: "asked000", log: log.clone() };
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
    let state = State::new();
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
    let state = State::without_kubeconfig();
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
