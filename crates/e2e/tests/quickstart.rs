//! The quickstart does what it says: its commands are run, in order, and print what stands there. They use the fixed name
//! and port of `pallet-dev`, with a state folder of their own.

use camino::Utf8PathBuf;
use e2e::program::{block_on, root};
use seatrial_harness::command::{Cmd, Finished};
use std::time::Duration;

/// Commands, and lines of what they print.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    commands: String,
    lines: Vec<String>,
}

/// The `sh` blocks of a document, each with the `text` block behind it.
fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // What a reader may do on a cluster of theirs is in blocks called `console`.
    for (i, block) in document.split("```").enumerate().filter(|(i, _)| i % 2 == 1) {
        let (language, body) = block.split_once('\n').unwrap_or_else(|| panic!("block {i} has no body"));
        match (language, steps.last_mut()) {
            ("sh", _) => steps.push(Step { commands: body.to_owned(), lines: Vec::new() }),
            ("console", _) => {}
            ("text", Some(step)) => step.lines.extend(body.lines().map(ToOwned::to_owned)),
            other => panic!("the quickstart has a block that is neither a command nor its answer: {other:?}"),
        }
    }
    steps
}

/// What is wrong with how a step ended.
fn wrong(step: &Step, finished: &Finished) -> Option<String> {
    let said = format!("{}{}", finished.stdout, finished.stderr);
    if finished.code != Some(0) {
        return Some(format!("{}ended with {:?}:\n{said}", step.commands, finished.code));
    }
    let missing: Vec<&String> = step.lines.iter().filter(|line| !said.contains(line.trim())).collect();
    (!missing.is_empty()).then(|| format!("{}does not print {missing:?}:\n{said}", step.commands))
}

#[test]
fn the_quickstart_does_what_it_says() {
    does_what_it_says("docs/quickstart.md");
}

#[test]
#[ignore = "Skaffold compiles for minutes: `just strato-loop`"]
fn the_quickstart_of_strato_does_what_it_says() {
    does_what_it_says("docs/strato/quickstart.md");
}

fn does_what_it_says(document: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let state = Utf8PathBuf::try_from(dir.path().to_owned()).expect("utf-8");
    let document = std::fs::read_to_string(root().join(document)).expect("the quickstart");
    let steps = steps(&document);
    assert!(steps.len() > 4, "{steps:?}");
    let _down = Down(state.clone());
    for step in &steps {
        if let Some(message) = wrong(step, &run(&step.commands, &state)) {
            panic!("{message}");
        }
    }
}

/// As a user types it, in the repository's root.
fn run(commands: &str, state: &Utf8PathBuf) -> Finished {
    let cmd = Cmd::new("bash").args(["-euo", "pipefail", "-c", commands]).cwd(root());
    let cmd = cmd.env("SEATRIAL_HOME", state).env("NO_COLOR", "1").env("SEATRIAL_RUN", "quickst0");
    let cmd = cmd.env_remove("NEXTEST_RUN_ID").env_remove("NEXTEST_EXECUTION_MODE");
    block_on(cmd.timeout(Duration::from_mins(5)).run()).unwrap_or_else(|error| panic!("{error}"))
}

/// Takes down what a failed step left.
struct Down(Utf8PathBuf);

impl Drop for Down {
    fn drop(&mut self) {
        if std::thread::panicking() {
            run("./just down --clean-pvc || true", &self.0);
        }
    }
}

#[test]
fn what_differs_from_the_page_is_told() {
    let page = "Do:\n```sh\necho one\n```\n\n```text\none\n```\nand\n```sh\nfalse\n```\n";
    let steps = steps(page);
    assert_eq!(steps.len(), 2);
    let ended = |code: i32, stdout: &str| Finished {
        argv: Vec::new(),
        cwd: None,
        seconds: 0.1,
        code: Some(code),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    };
    assert_eq!(wrong(&steps[0], &ended(0, "one\n")), None);
    assert!(wrong(&steps[0], &ended(0, "two\n")).is_some_and(|why| why.contains("does not print [\"one\"]")));
    assert!(wrong(&steps[1], &ended(1, "")).is_some_and(|why| why.contains("false\nended with Some(1)")));
}
