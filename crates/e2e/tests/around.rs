//! What is around a release, on a real cluster: a program and a database in containers beside it, load, a crash of the
//! node, and the release before this one. Each promise has a broken twin that fails.

use e2e::Program;
use e2e::charts::Copy;
use e2e::report::{Line, document, verdicts};

/// Clause → its verdict, and words of its cause.
const EXPECTED: [(&str, &str, &str); 21] = [
    ("pods-reach-it", "pass", ""),
    ("the-host-reaches-it", "pass", ""),
    ("workloads-reach-it", "pass", ""),
    ("another-path-is-not-there", "fail", "404"),
    ("reads", "pass", ""),
    ("logs-in-by-a-secret-of-its-own", "pass", ""),
    ("is-reached-from-the-host", "pass", ""),
    ("without-tls-nobody-comes-in", "pass", ""),
    ("the-role-creates-nothing", "pass", ""),
    ("the-role-creates", "fail", "42501"),
    ("another-name-is-not-trusted", "fail", "shop.test"),
    ("stops", "pass", ""),
    ("is-back", "pass", ""),
    ("answers-while-stopped", "fail", "not so after"),
    ("bears-a-load", "pass", ""),
    ("bears-a-load-without-a-pod", "fail", "expected at most 0 failed requests of the load, seen"),
    ("is-upgraded-from-the-last-release", "pass", ""),
    ("has-the-old-mode", "fail", "expected new, seen old"),
    ("takes-another-mode", "fail", "mode unknown is none"),
    ("comes-back-from-a-crash", "pass", ""),
    ("never-restarts", "fail", "restart"),
];

/// Environment → what is missing there, and what it says.
const MISSING: [(&str, &str); 2] = [("no-image", "nobody.invalid/nothing:1"), ("no-addon", "metrics-server")];

/// The chart, and beside it the release before: the same but for its version and a value.
fn chart() -> Copy {
    let copy = Copy::of_fixture("around", "shop");
    let old = copy.root().join("charts/.last-release/shop");
    for file in ["Chart.yaml", "values.yaml", "templates/all.yaml"] {
        let text = std::fs::read_to_string(copy.path().join(file)).expect("a file of the chart");
        let text = text.replace("version: 1.0.0", "version: 0.9.0").replace("mode: new", "mode: old");
        std::fs::create_dir_all(old.join(file).parent().expect("a folder")).expect("a folder");
        std::fs::write(old.join(file), text).expect("a file of the last release");
    }
    copy
}

fn judged(copy: &Copy, environment: &str, clauses: &[&str]) -> (Option<i32>, Vec<Line>, String) {
    let chart = copy.path();
    let args = ["verify", chart.as_str(), "-e", environment, "--tier", "live", "--format", "json"];
    let clauses: Vec<&str> = clauses.iter().flat_map(|clause| ["--clause", clause]).collect();
    let finished = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).call(&[&args[..], &clauses].concat());
    (finished.code, verdicts(&document(&finished)), finished.stderr)
}

#[test]
fn what_is_around_a_release_is_made_handled_and_undone() {
    let copy = chart();
    let clauses: Vec<&str> = EXPECTED.iter().map(|(clause, ..)| *clause).collect();
    let (_, lines, _) = judged(&copy, "dev", &clauses);
    for (clause, verdict, words) in EXPECTED {
        let id = format!("shop::dev::{clause}");
        let line = lines.iter().find(|line| line.id == id).expect("a verdict");
        assert_eq!(line.verdict, verdict, "{line:#?}");
        assert!(line.cause.contains(words), "{line:#?}");
    }
    for (environment, words) in MISSING {
        let (code, _, told) = judged(&copy, environment, &["answers"]);
        assert_eq!(code, Some(30), "{told}");
        assert!(told.contains(words), "{told}");
    }
}
