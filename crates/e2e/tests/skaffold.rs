//! `skaffold.yaml` with the pinned Skaffold and Helm: diagnose, render, build, run, verify and dev. They work in a copy of
//! the workspace, as a user with an empty home: what is edited here is nobody's.

use camino::Utf8Path;
use e2e::State;
use e2e::charts::Copy;
use e2e::kill::until;
use e2e::program::{block_on, root};
use e2e::report::{document, verdicts};
use e2e::skaffold::{Harbour, Workspace, body};
use seatrial_harness::command::Cmd;
use seatrial_harness::tools::Tools;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const EXE: &str = env!("CARGO_BIN_EXE_seatrial-e2e");

/// Where `--port-forward` of skaffold.yaml puts the control plane.
const FORWARDED: u16 = 8088;

/// Where `up` publishes it.
const PUBLISHED: u16 = 30088;

/// The one source file that is edited while `dev` looks.
const EDITED: &str = "crates/workloads/src/strato_control_plane/page.rs";

/// What both programs have, a text in it, and another.
const SHARED: (&str, &str, &str) = ("crates/workloads/src/log.rs", "\"event\".to_owned()", "\"evt\".to_owned()");

/// The most that an edit may take until it runs; the sources name no number, a development loop of 30 s is what is wanted,
/// and what compiles beside it is not ours to judge.
const LOOP: Duration = Duration::from_mins(2);

#[test]
#[ignore = "needs Skaffold itself: `just strato-loop`"]
fn diagnose_knows_every_artifact() {
    let state = State::new(EXE);
    let workspace = Workspace::of(&state);
    let said = workspace.good(&["diagnose"]).stdout;
    for artifact in ["strato-control-plane", "strato-agent", "strato-verify"] {
        assert!(said.contains(&format!("artifact: {artifact}")), "{said}");
    }
    workspace.edit("skaffold.yaml", "  statusCheckDeadlineSeconds", "  statusCheckDeadlineSecnds");
    let broken = workspace.call(&["diagnose"]);
    assert!(broken.code != Some(0), "an unknown key is told: {}", broken.stderr);
    state.kubeconfig_is_untouched();
    assert!(!state.users_home().join(".skaffold").exists(), "nothing of Skaffold's is in the user's home");
}

/// Kind and name → the object without what Skaffold marks it by.
fn objects(manifest: &str) -> BTreeMap<String, Value> {
    let documents = manifest.split("\n---").map(|text| serde_yaml::from_str::<Value>(text).expect("YAML"));
    let objects = documents.filter(|object| !object.is_null()).map(|mut object| {
        unmarked(&mut object);
        (format!("{} {}", object["kind"], object["metadata"]["name"]), object)
    });
    objects.collect()
}

fn unmarked(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("skaffold.dev/run-id");
            map.values_mut().for_each(unmarked);
        }
        Value::Array(items) => items.iter_mut().for_each(unmarked),
        _ => {}
    }
}

fn helm(chart: &str, release: &str) -> String {
    let (chart, values) = (root().join(chart), root().join(chart).join("values-dev.yaml"));
    let args = ["template", release, chart.as_str(), "--namespace", release, "--values", values.as_str()];
    let helm = Cmd::new(Tools::find_helm().expect("Helm")).args(args).timeout(Duration::from_mins(1));
    format!("\n{}", block_on(helm.run_ok()).expect("a render").stdout)
}

fn rendered(workspace: &Workspace, more: &[&str]) -> String {
    let file = workspace.path().join("rendered.yaml");
    workspace.good(&[&["render", "--digest-source=none", "--output", file.as_str()], more].concat());
    std::fs::read_to_string(file).expect("the render")
}

#[test]
#[ignore = "needs Skaffold itself: `just strato-loop`"]
fn render_gives_what_helm_gives() {
    let state = State::new(EXE);
    let workspace = Workspace::of(&state);
    let strato = objects(&rendered(&workspace, &[]));
    assert!(strato.len() > 10, "{:?}", strato.keys());
    assert_eq!(strato, objects(&helm("charts/strato", "strato")));
    let registry = objects(&rendered(&workspace, &["--profile", "pallet-registry"]));
    assert_eq!(registry, objects(&helm("charts/pallet-registry", "registry")));
    workspace.edit("charts/strato/values-dev.yaml", "  mode: mock", "  mode: qemu");
    let changed = objects(&rendered(&workspace, &[]));
    assert_eq!(changed["\"ConfigMap\" \"strato-agent\""]["data"]["AGENT_MODE"], json!("qemu"));
}

/// What the files alone say of the copy's chart, where one text of its manifest is another.
fn findings(from: &str, to: &str) -> Vec<String> {
    let state = State::new(EXE);
    let workspace = Workspace::of(&state);
    if !from.is_empty() {
        workspace.edit("skaffold.yaml", from, to);
    }
    let checked =
        state.seatrial("manifest").in_dir(workspace.path()).call(&["check", "charts/strato", "--format", "json"]);
    let verdicts = verdicts(&document(&checked));
    let told = verdicts.iter().filter(|line| line.verdict == "fail");
    let told: Vec<String> =
        told.map(|line| format!("{}: {}", line.id.rsplit("::").next().unwrap_or(""), line.cause)).collect();
    assert_eq!(checked.code, Some(if told.is_empty() { 0 } else { 10 }), "{}", checked.stderr);
    let lines: Vec<&str> = checked.stdout.lines().filter(|line| line.contains("skaffold.yaml")).collect();
    assert!(told.is_empty() || !lines.is_empty(), "the place is told: {}", checked.stdout);
    told
}

#[test]
fn the_manifest_fits_chart_and_files() {
    assert_eq!(findings("", ""), Vec::<String>::new());
}

#[test]
fn a_dockerfile_that_is_not_there_fails_the_clause() {
    let told =
        findings("strato-agent images/strato-agent/Dockerfile\n", "strato-agent images/strato-agnt/Dockerfile\n");
    let expected =
        "skaffold: Dockerfile of artifact strato-agent: expected images/strato-agnt/Dockerfile, seen no such file";
    assert_eq!(told, [expected]);
}

#[test]
fn an_artifact_that_the_chart_does_not_run_fails_the_clause() {
    let told = findings("    - image: strato-agent\n", "    - image: strato-agents\n");
    let expected = "skaffold: image strato-agent of the chart: expected an artifact, as the repository's `images` has Skaffold \
                    build it; seen none\nartifact strato-agents: expected an image that the chart runs, seen ";
    assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
}

#[test]
fn without_a_cluster_the_remedy_is_told() {
    let state = State::new(EXE);
    let refused = Workspace::of(&state).call(&["run"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("`just up charts/strato` makes one"), "{}", refused.stderr);
    state.kubeconfig_is_untouched();
}

#[test]
fn another_chart_alone_has_no_such_clause() {
    let copy = Copy::of("strato");
    let path = copy.path();
    let checked = e2e::Program::at(EXE).call(&["check", path.as_str(), "--format", "json"]);
    let lines = verdicts(&document(&checked));
    assert!(!lines.is_empty() && lines.iter().all(|line| !line.id.ends_with("::skaffold")), "{lines:?}");
}

/// The images that were built, by artifact.
fn built(file: &Utf8Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).expect("what was built");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let builds = value["builds"].as_array().expect("builds").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    builds.map(|one| (text(&one["imageName"]), text(&one["tag"]))).collect()
}

#[test]
#[ignore = "compiles for minutes: `just strato-loop`"]
fn build_run_verify_and_dev() {
    let state = State::new(EXE);
    let harbour = Harbour::of(&state, "skaffold");
    let workspace = Workspace::of(&state);
    let (images, told) = built_twice(&workspace);
    println!("{told}");
    runs(&workspace, &harbour, &images);
    is_verified(&workspace);
    println!("{}", is_developed(&workspace, &harbour, &state));
    is_rebuilt(&workspace, &images);
    state.kubeconfig_is_untouched();
    assert!(!state.users_home().join(".skaffold").exists(), "nothing of Skaffold's is in the user's home");
}

/// The second build finds everything: nothing is compiled, and the images are the same.
fn built_twice(workspace: &Workspace) -> (BTreeMap<String, String>, String) {
    let file = workspace.path().join("builds.json");
    let build = || {
        let begin = Instant::now();
        workspace.good(&["build", "--file-output", file.as_str()]);
        (built(&file), begin.elapsed())
    };
    let (first, took) = build();
    let (second, again) = build();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["strato-agent", "strato-control-plane", "strato-verify"]);
    assert_eq!(first, second);
    (first, format!("build {:.1} s, again {:.1} s", took.as_secs_f64(), again.as_secs_f64()))
}

/// What was built is what runs, in the release that Seatrial had installed.
fn runs(workspace: &Workspace, harbour: &Harbour, images: &BTreeMap<String, String>) {
    workspace.good(&["run"]);
    for (component, artifact) in [("control-plane", "strato-control-plane"), ("agent", "strato-agent")] {
        until(component, Duration::from_mins(1), || harbour.pod(component).is_some());
        let pod = harbour.pod(component).expect("it is ready");
        assert_eq!(pod.image, images[artifact], "{component} runs what was built");
    }
}

fn is_verified(workspace: &Workspace) {
    let builds = workspace.path().join("builds.json");
    let args = ["verify", "--namespace", "strato", "--build-artifacts", builds.as_str()];
    let said = workspace.good(&args);
    assert!(said.stdout.contains("\"connected\":true"), "{}", said.stdout);
    let wanted = "'\"connected\":true'";
    workspace.edit("skaffold.yaml", wanted, "'\"connected\":never'");
    let broken = workspace.call(&args);
    assert!(broken.code != Some(0), "{}", broken.stdout);
    assert!(broken.stdout.contains("expected `\"connected\":never` in it"), "{}{}", broken.stdout, broken.stderr);
    workspace.edit("skaffold.yaml", "'\"connected\":never'", wanted);
}

/// The build of the control plane that answers on a port of this host.
fn build_id(port: u16) -> Option<String> {
    let health: Value = serde_json::from_str(&body(port, "/health")?).ok()?;
    Some(health["build"].as_str()?.to_owned())
}

/// One source file is edited and nothing else is touched: the image that it is made from runs, the other one stays.
fn is_developed(workspace: &Workspace, harbour: &Harbour, state: &State) -> String {
    let args = ["dev", "--port-forward=user", "--cleanup=false", "--tail=false", "--watch-poll-interval=250"];
    let dev = workspace.start(&args, &state.file("dev.log"));
    until("the first loop of dev", Duration::from_mins(4), || {
        assert!(dev.is_alive(), "{}", dev.said());
        dev.said().contains("Watching for changes") && build_id(FORWARDED).is_some()
    });
    let (agent, plane, build) = (harbour.pod("agent"), harbour.pod("control-plane"), build_id(FORWARDED));
    assert!(agent.is_some() && plane.is_some(), "both are ready: {}", dev.said());
    let edited = Instant::now();
    workspace.edit(EDITED, "<h1>Strato</h1>", "<h1>Strato, edited</h1>");
    let is_new = |port: u16| build_id(port).is_some_and(|now| Some(now) != build);
    until("the new build", LOOP, || is_new(PUBLISHED));
    let running = edited.elapsed();
    until("the new build on the forwarded port", Duration::from_secs(30), || is_new(FORWARDED));
    let forwarded = edited.elapsed();
    assert!(body(FORWARDED, "/").is_some_and(|page| page.contains("Strato, edited")), "the new page is served");
    until("one pod of the control plane", Duration::from_mins(1), || harbour.pod("control-plane").is_some());
    assert_ne!(harbour.pod("control-plane").map(|pod| (pod.uid, pod.digest)), plane.map(|pod| (pod.uid, pod.digest)));
    until("the agent is back", Duration::from_mins(1), || harbour.pod("agent").is_some());
    assert_eq!(harbour.pod("agent"), agent, "the agent's pod and image stayed: {}", dev.said());
    let (running, forwarded) = (running.as_secs_f64(), forwarded.as_secs_f64());
    format!("edit to running: {running:.1} s, {forwarded:.1} s by the forwarded port")
}

/// After the edit of the control plane, one of what both share: that is another image of each.
fn is_rebuilt(workspace: &Workspace, first: &BTreeMap<String, String>) {
    let file = workspace.path().join("builds.json");
    let build = || {
        workspace.good(&["build", "--file-output", file.as_str()]);
        built(&file)
    };
    let changed = |now: &BTreeMap<String, String>, before: &BTreeMap<String, String>| {
        now.iter()
            .filter(|(artifact, tag)| before[*artifact] != **tag)
            .map(|(artifact, _)| artifact.clone())
            .collect::<Vec<_>>()
    };
    let own = build();
    assert_eq!(changed(&own, first), ["strato-control-plane"], "the edit of its page");
    workspace.edit(SHARED.0, SHARED.1, SHARED.2);
    assert_eq!(changed(&build(), &own), ["strato-agent", "strato-control-plane"], "the edit of what both have");
}
