//! `seatrial up` and `down` with the registry's own names: cluster `pallet-dev`, release `registry`, port 5000, and data
//! that only `--clean-pvc` removes. Fixed names and a fixed port: nextest runs these one after the other.

use camino::Utf8PathBuf;
use e2e::bootstrap::{Bootstrap, body, bootstrap, status};
use e2e::charts::{Copy, Edit};
use e2e::engine::{Left, containers};
use e2e::journal::{STEPS, untold};
use e2e::kill::until;
use e2e::pressure::within;
use e2e::program::{block_on, root, tool};
use e2e::report::{document, verdicts};
use e2e::{Program, State};
use seatrial_harness::tools::Tools;
use seatrial_observation::{ProbeAnswer, ProbeSpec, RegistryAction, RegistryAnswer, RegistrySpec, Seed};
use serde_json::{Value, json};
use std::time::Duration;

const NODE: &str = "pallet-dev-control-plane";
const BASE: &str = "http://127.0.0.1:5000";

/// What a bootstrap may take, from the exec of `up` to the first 200 (PAL-042).
const BUDGET: Duration = Duration::from_secs(30);

/// What `up` makes, by a user with a state folder of their own; whatever happens to the test, nothing of it stays.
struct Dev {
    state: State,
}

impl Dev {
    fn new() -> Self {
        seatrial_probes::install_tls_provider();
        Self { state: State::new(env!("CARGO_BIN_EXE_seatrial-e2e")) }
    }

    fn home(&self) -> Utf8PathBuf {
        self.state.home()
    }

    fn seatrial(&self, run: &str) -> Program {
        self.state.seatrial(run)
    }

    /// From nothing to the first answer, within its budget; once more where the machine did not let it be timed.
    #[track_caller]
    fn up(&self, args: &[&str]) -> Bootstrap {
        let mut is_again = false;
        let time = || {
            if std::mem::replace(&mut is_again, true) {
                self.down(&[]);
            }
            let made =
                bootstrap(&self.seatrial("palletup"), &self.home(), "pallet-dev", args).expect("nothing was there");
            assert_eq!(made.up.code, Some(0), "{}", made.up.stderr);
            made
        };
        match within(BUDGET, time, |made| (made.until_answer, made.pressure)) {
            Ok(made) => made,
            Err(over) => panic!("from exec to the first 200: {over}\n{}", Self::steps()),
        }
    }

    /// What `up` logged of its steps.
    fn steps() -> String {
        let file = root().join("target/seatrial/palletup/up.jsonl");
        std::fs::read_to_string(file).unwrap_or_default()
    }

    #[track_caller]
    fn down(&self, args: &[&str]) -> String {
        let words: Vec<&str> = ["down"].into_iter().chain(args.iter().copied()).collect();
        let down = self.seatrial("palletup").call(&words);
        assert_eq!(down.code, Some(0), "{}", down.stderr);
        down.stderr
    }

    fn kubeconfig(&self) -> Utf8PathBuf {
        self.home().join("clusters/pallet-dev/kubeconfig")
    }

    fn kubectl(&self, args: &[&str]) -> String {
        let kubectl = Tools::find().expect("the tools").kubectl.expect("kubectl");
        let words = ["--kubeconfig", self.kubeconfig().as_str(), "--namespace", "pallet"].map(ToOwned::to_owned);
        let words: Vec<String> = words.into_iter().chain(args.iter().map(ToString::to_string)).collect();
        tool(kubectl.as_str(), &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn helm(&self, args: &[&str]) -> String {
        let helm = Tools::find_helm().expect("Helm");
        let words = ["--kubeconfig", self.kubeconfig().as_str(), "--namespace", "pallet"].map(ToOwned::to_owned);
        let words: Vec<String> = args.iter().map(ToString::to_string).chain(words).collect();
        tool(helm.as_str(), &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The pod that runs goes, and the next one is Ready.
    fn replace_pod(&self) {
        self.kubectl(&["delete", "pod", "--selector", "app.kubernetes.io/name=pallet-registry", "--wait=true"]);
        self.kubectl(&["rollout", "status", "deployment/registry", "--timeout=60s"]);
        answering();
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.seatrial("palletup").call(&["down", "--clean-pvc", "--clean-logs"]);
    }
}

/// A random blob and its manifest, and the bytes of the manifest as the registry gave them first.
struct Pushed {
    seed: Seed,
    manifest: String,
}

impl Pushed {
    fn new() -> Self {
        let answer = talk(RegistryAction::Push);
        let seed = answer.seed.unwrap_or_else(|| panic!("the push went wrong: {:?}", answer.steps));
        let manifest = manifest_of(&seed).expect("what was just pushed");
        Self { seed, manifest }
    }

    /// The manifest, byte for byte, and the blob by its digest.
    #[track_caller]
    fn is_there(&self, after: &str) {
        assert_eq!(manifest_of(&self.seed).as_ref(), Some(&self.manifest), "the manifest after {after}");
        let blob = format!("{BASE}/v2/{}/blobs/{}", self.seed.repository, self.seed.blob);
        let sum = tool("sh", &["-c", &format!("curl --silent --fail {blob} | sha256sum")]);
        let digest = self.seed.blob.trim_start_matches("sha256:");
        assert!(sum.starts_with(digest), "the blob after {after} has {sum}");
    }

    #[track_caller]
    fn is_gone(&self, after: &str) {
        assert_eq!(status(&self.path()), Some(404), "the manifest after {after}");
    }

    fn path(&self) -> String {
        path_of(&self.seed)
    }
}

fn path_of(seed: &Seed) -> String {
    format!("/v2/{}/manifests/{}", seed.repository, seed.manifest)
}

fn manifest_of(seed: &Seed) -> Option<String> {
    body(&path_of(seed))
}

fn talk(action: RegistryAction) -> RegistryAnswer {
    let spec = ProbeSpec::Registry(RegistrySpec { base: BASE.to_owned(), action });
    let outcome = block_on(seatrial_probes::probe(&spec, Duration::from_secs(20)));
    match outcome.result {
        Ok(ProbeAnswer::Registry(answer)) => answer,
        other => panic!("no registry: {other:?}"),
    }
}

fn answering() {
    until("the registry's answer", Duration::from_secs(20), || status("/v2/") == Some(200));
}

fn node_id() -> String {
    tool("docker", &["inspect", "--format", "{{.Id}}", NODE])
}

fn edit(file: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { file, from, to }
}

/// PAL-070: kind cluster creation, Helm deploy, registry access; and all that is to outlive what (PAL-025, PAL-026), with
/// each of the five bootstraps within its budget (PAL-042).
#[test]
fn kind_cluster_creation_helm_deploy_and_registry_access() {
    let dev = Dev::new();
    let before = Left::now(&dev.home(), &["palletup"]);
    let first = dev.up(&["up", "pallet-registry", "--format", "json"]);
    let up = document(&first.up);
    kind_cluster_creation(&up);
    helm_deploy(&dev, &up);
    // Its guard ends when it sees that what it guards is to be kept; what answers then needs nobody.
    until("the end of all processes", Duration::from_secs(10), || dev.state.processes().is_empty());
    registry_access();
    docker_agrees();
    the_log_tells_each_step(&up);
    a_warm_start_does_not_count(&dev);
    up_twice_is_up_once(&dev);

    let pushed = Pushed::new();
    dev.replace_pod();
    pushed.is_there("the deletion of the pod");
    dev.helm(&["uninstall", "registry", "--wait"]);
    assert_eq!(dev.seatrial("palletup").call(&["up", "pallet-registry"]).code, Some(0));
    answering();
    pushed.is_there("uninstall and install");

    let mut taken = vec![first.told()];
    let node = node_id();
    let said = dev.down(&[]);
    assert!(said.contains("its data stays in"), "{said}");
    taken.push(dev.up(&["up"]).told());
    assert_ne!(node_id(), node, "another node container");
    pushed.is_there("down and up");

    let log = Utf8PathBuf::from(up["log"].as_str().expect("a log"));
    assert!(log.is_file());
    dev.down(&["--clean-logs"]);
    assert!(!log.exists(), "{log} is still there");
    taken.push(dev.up(&["up"]).told());
    pushed.is_there("down --clean-logs and up");

    dev.down(&["--clean-pvc", "--kind"]);
    assert!(!dev.home().join("storage/pallet-dev").exists());
    taken.push(dev.up(&["up"]).told());
    pushed.is_gone("down --clean-pvc and up");

    // PAL-056: what was made by one mode goes before the other begins; the fifth is of the bare command.
    dev.down(&[]);
    taken.push(dev.up(&["up", "charts/pallet-registry"]).told());
    eprintln_of(&taken);
    dev.down(&["--clean-pvc", "--clean-logs"]);
    assert_eq!(Left::now(&dev.home(), &["palletup"]), before);
    dev.state.kubeconfig_is_untouched();
}

/// The figures are part of what the test says.
fn eprintln_of(taken: &[String]) {
    let text = format!("five bootstraps, exec to first 200: {}, limit {BUDGET:?}\n", taken.join(", "));
    std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes()).expect("a standard error");
}

fn kind_cluster_creation(up: &Value) {
    assert_eq!((&up["cluster"], &up["states"]["cluster"]), (&"pallet-dev".into(), &"ready".into()), "{up:#}");
    assert!(containers().contains(NODE));
    // PAL-082: what the contract says is what the node may use.
    let limits = tool("docker", &["inspect", "--format", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", NODE]);
    let cpus = up["limits"]["cpus"].as_f64().expect("CPUs");
    assert_eq!(limits.trim(), format!("{} {:.0}", 2_u64 << 30, cpus * 1e9));
    assert_eq!(up["limits"]["memory"], 2_u64 << 30);
}

fn docker_agrees() {
    let ports = tool("docker", &["inspect", "--format", "{{json .NetworkSettings.Ports}}", NODE]);
    let ports: Value = serde_json::from_str(&ports).expect("JSON");
    let mut bound = ports.as_object().expect("ports").values().flat_map(|ports| ports.as_array().into_iter().flatten());
    assert!(bound.any(|port| port["HostIp"] == "127.0.0.1" && port["HostPort"] == "5000"), "{ports:#}");
}

fn helm_deploy(dev: &Dev, up: &Value) {
    assert_eq!(up["states"]["release"], "ready", "{up:#}");
    let list: Value = serde_json::from_str(&dev.helm(&["list", "--output", "json"])).expect("JSON");
    assert_eq!((&list[0]["name"], &list[0]["status"]), (&"registry".into(), &"deployed".into()), "{list:#}");
    let clusters = document(&dev.seatrial("palletup").call(&["list", "--format", "json"]));
    assert_eq!(clusters["clusters"][0]["name"], "pallet-dev", "{clusters:#}");
    assert_eq!(clusters["clusters"][0]["kubeconfig"], dev.kubeconfig().as_str(), "{clusters:#}");
    let volume = dev.kubectl(&["get", "pvc", "registry-data", "--output", "jsonpath={.status.phase}"]);
    assert_eq!(volume, "Bound");
}

fn registry_access() {
    let answer = tool("curl", &["--silent", "--fail", "--include", "http://localhost:5000/v2/"]);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("docker-distribution-api-version: registry/2.0"), "{answer}");
}

/// PAL-059, PAL-029: a line for each step and each change of a state, in the order of what happened.
fn the_log_tells_each_step(up: &Value) {
    let text = std::fs::read_to_string(up["log"].as_str().expect("a log")).expect("the log");
    assert_eq!(untold(&text, "palletup"), Vec::<String>::new(), "{text}");
}

/// What the test above would say of a log that is not whole.
#[test]
fn a_step_that_the_log_lacks_is_told() {
    let line = |step: &str| {
        let states: Vec<&str> = step.split(' ').collect();
        let what = match step.strip_prefix("finished ") {
            Some(what) => json!({ "event": "finished", "what": what, "seconds": 1.0 }),
            None => json!({ "event": "states", "cluster": states[0], "release": states[1], "data": states[2] }),
        };
        let mut line = json!({ "at": "2026-11-21T10:00:00Z", "run": "r" });
        line.as_object_mut().expect("an object").extend(what.as_object().expect("an object").clone());
        line.to_string()
    };
    let whole: Vec<String> = STEPS.into_iter().map(line).collect();
    let told = |lines: &[String]| untold(&lines.join("\n"), "r");
    assert_eq!(told(&whole), Vec::<String>::new());
    for (i, step) in STEPS.into_iter().enumerate() {
        let mut broken = whole.clone();
        broken.remove(i);
        assert_eq!(told(&broken), [format!("`{step}` is missing")]);
        let mut broken = whole.clone();
        broken[i] = broken[i].replace("\"at\"", "\"when\"");
        let words = format!("line {} does not say when and who in JSON", i + 1);
        assert_eq!(told(&broken), [words, format!("`{step}` is missing")]);
    }
    let mut broken = whole.clone();
    broken.swap(2, 3);
    assert_eq!(told(&broken), ["`ready creating absent` comes too early"]);
    assert_eq!(untold(&whole.join("\n"), "other").len(), 2 * STEPS.len(), "lines of another run are none of this one");
}

fn a_warm_start_does_not_count(dev: &Dev) {
    let refused = bootstrap(&dev.seatrial("palletup"), &dev.home(), "pallet-dev", &["up"]);
    let reason = refused.expect_err("it stands already");
    assert!(reason.starts_with("this would count a warm start: pallet-dev-control-plane"), "{reason}");
}

/// PAL-081.
fn up_twice_is_up_once(dev: &Dev) {
    let node = node_id();
    let again = dev.seatrial("palletup").call(&["up", "pallet-registry"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(node_id(), node);
    assert_eq!(status("/v2/"), Some(200));
}

/// Without the host's folder a new node begins with nothing, and without a claim a new pod does: what the tests above
/// would say of a chart or a contract that loses data.
#[test]
fn what_is_not_kept_is_lost() {
    let dev = Dev::new();
    let chart = Copy::of("pallet-registry").with(edit("contract.yaml", "  hostStorage: true\n", ""));
    let path = chart.path().to_string();
    dev.up(&["up", &path]);
    let pushed = Pushed::new();
    dev.replace_pod();
    pushed.is_there("the deletion of the pod");
    dev.down(&[]);
    dev.up(&["up", &path]);
    pushed.is_gone("down and up without the host's folder");

    let pushed = Pushed::new();
    dev.helm(&["upgrade", "registry", &path, "--reuse-values", "--set", "persistence.enabled=false", "--wait"]);
    answering();
    pushed.is_gone("the move to an emptyDir");
    let pushed = Pushed::new();
    dev.replace_pod();
    pushed.is_gone("the deletion of a pod with an emptyDir");
    dev.down(&["--clean-pvc"]);
}

/// PAL-055, PAL-062: the other method, whole: the same registry, the same data.
#[test]
fn by_docker_where_that_is_preferred() {
    let dev = Dev::new();
    let before = Left::now(&dev.home(), &["palletup"]);
    let made = dev.up(&["up", "--prefer-docker", "--format", "json"]);
    let up = document(&made.up);
    assert_eq!((&up["mode"], &up["because"]), (&"docker".into(), &Value::Null), "{up:#}");
    assert_eq!((&up["states"]["cluster"], &up["states"]["release"]), (&"absent".into(), &"ready".into()), "{up:#}");
    assert!(!containers().contains(NODE), "no node container");
    registry_access();
    assert_eq!(dev.seatrial("palletup").call(&["up", "--prefer-docker"]).code, Some(0), "up twice");
    let pushed = Pushed::new();
    tool("docker", &["restart", "pallet-dev-registry"]);
    answering();
    pushed.is_there("a restart of the container");
    the_other_mode_is_told_apart(&dev);

    assert!(dev.down(&["--kind"]).contains("nothing stands"), "it is no kind cluster");
    assert_eq!(status("/v2/"), Some(200));
    dev.down(&[]);
    dev.up(&["up", "--prefer-docker"]);
    pushed.is_there("down and up");
    dev.down(&["--clean-pvc", "--clean-logs"]);
    dev.up(&["up", "--prefer-docker"]);
    pushed.is_gone("down --clean-pvc and up");
    dev.down(&["--clean-pvc", "--clean-logs"]);
    assert_eq!(Left::now(&dev.home(), &["palletup"]), before);
}

fn the_other_mode_is_told_apart(dev: &Dev) {
    let other = dev.seatrial("palletup").call(&["up"]);
    assert_eq!(other.code, Some(30), "{}", other.stderr);
    assert!(
        other.stderr.contains("pallet-dev stands already, made by docker; `seatrial down` removes it"),
        "{}",
        other.stderr
    );
    assert_eq!(status("/v2/"), Some(200), "what stands is left alone");
}

/// PAL-053, PAL-054: a tool that is missing is named with its remedy, and the registry is there all the same; `verify`
/// does not pretend.
#[test]
fn by_docker_where_kind_or_helm_is_missing() {
    for missing in ["kind", "helm"] {
        let dev = Dev::new();
        let bin = path_without(&dev, missing);
        let program =
            || dev.seatrial("palletup").env("PATH", bin.as_str()).env("SEATRIAL_CACHE", dev.state.file("cache"));
        let up = program().call(&["up"]);
        assert_eq!(up.code, Some(0), "{}", up.stderr);
        let told: Vec<&str> = up.stderr.lines().filter(|line| line.contains("is missing")).collect();
        let [line] = told[..] else { panic!("one line: {}", up.stderr) };
        assert!(line.starts_with(&format!("note: {missing} (")) && line.contains("`./just setup`"), "{line}");
        assert!(line.ends_with("pallet-dev runs by Docker"), "{line}");
        registry_access();
        assert!(!containers().contains(NODE));
        if missing == "kind" {
            let verify = program().call(&["verify", "pallet-registry", "--tier", "live"]);
            assert_eq!(verify.code, Some(30), "{}", verify.stderr);
            assert!(verify.stderr.contains("kind (v0.31.0 or newer) is missing"), "{}", verify.stderr);
        }
        let down = program().call(&["down", "--clean-pvc"]);
        assert_eq!(down.code, Some(0), "{}", down.stderr);
        assert!(!containers().contains("pallet-dev-registry"));
    }
}

/// A PATH with every program that is called, but that one.
fn path_without(dev: &Dev, missing: &str) -> Utf8PathBuf {
    let bin = dev.state.file(&format!("bin-without-{missing}"));
    std::fs::create_dir_all(&bin).expect("a folder");
    let tools = Tools::find().expect("the tools");
    let found = |name: &str| tool("sh", &["-c", &format!("command -v {name}")]).trim().to_owned();
    let mut programs = vec![("kind", tools.kind.to_string()), ("helm", tools.helm.to_string())];
    programs.extend(["docker", "setpriv", "setsid", "prlimit", "sh"].map(|name| (name, found(name))));
    for (name, path) in programs.into_iter().filter(|(name, _)| *name != missing) {
        std::os::unix::fs::symlink(path, bin.join(name)).expect("a link");
    }
    bin
}

/// Decision 12: what is not ours is refused, and stands afterwards.
#[test]
fn what_is_not_ours_is_left_alone() {
    let dev = Dev::new();
    let image = "registry:2.8.2";
    let label = "io.x-k8s.kind.cluster=pallet-dev";
    tool("docker", &["create", "--name", NODE, "--label", label, image]);
    tool("docker", &["create", "--name", "pallet-dev-registry", image]);
    let kind = dev.seatrial("palletup").call(&["up"]);
    let docker = dev.seatrial("palletup").call(&["up", "--prefer-docker"]);
    let down = dev.seatrial("palletup").call(&["down", "--clean-pvc"]);
    let standing = containers();
    tool("docker", &["rm", "--force", "--volumes", NODE, "pallet-dev-registry"]);
    assert_eq!((kind.code, docker.code, down.code), (Some(30), Some(30), Some(0)), "{}", down.stderr);
    assert!(kind.stderr.contains("a kind cluster pallet-dev is there that Seatrial did not make"), "{}", kind.stderr);
    let words = "a container pallet-dev-registry is there that Seatrial did not make";
    assert!(docker.stderr.contains(words), "{}", docker.stderr);
    assert!(kind.stderr.contains("stopped with cluster failed, release absent, data absent"), "{}", kind.stderr);
    assert!(standing.contains(NODE) && standing.contains("pallet-dev-registry"), "{standing:?}");
}

/// The same contract judges Docker mode where it applies; what needs Kubernetes is skipped, and known at listing.
#[test]
fn the_contract_judges_docker_mode() {
    let dev = Dev::new();
    let before = Left::now(&dev.home(), &["palletup"]);
    let judged = |chart: &str| {
        let verify = ["verify", chart, "--provider", "docker", "--format", "json"];
        dev.seatrial("palletup").call(&verify)
    };
    let sound = judged("pallet-registry");
    let lines = verdicts(&document(&sound));
    let of = |clause: &str| {
        let id = format!("pallet-registry::dev::{clause}");
        lines.iter().find(|line| line.id == id).unwrap_or_else(|| panic!("no {id}")).clone()
    };
    for clause in ["exposure", "v2-answers", "push-and-pull", "data-survives[restart]"] {
        assert_eq!(of(clause).verdict, "pass", "{clause}: {}", of(clause).cause);
    }
    for clause in ["installs", "names-resolve", "data-survives[pod-deletion]"] {
        assert_eq!(of(clause).verdict, "skipped", "{clause}");
    }
    assert!(of("installs").cause.starts_with("plain containers: there is no API server"), "{}", of("installs").cause);
    assert_eq!(sound.code, Some(0), "{}", sound.stderr);

    let broken =
        Copy::of("pallet-registry").with(edit("contract.yaml", "        status: 200\n", "        status: 201\n"));
    let broken = judged(broken.path().as_str());
    let failed: Vec<String> =
        verdicts(&document(&broken)).into_iter().filter(|line| line.verdict == "fail").map(|line| line.id).collect();
    assert_eq!((broken.code, failed), (Some(10), vec!["pallet-registry::dev::v2-answers".to_owned()]));
    assert_eq!(Left::now(&dev.home(), &["palletup"]), before);
}
