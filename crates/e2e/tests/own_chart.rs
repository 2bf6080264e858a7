//! "Your own chart in ten minutes" does what it says: its commands are run, in order, on a chart that `helm create`
//! made, and print what stands there.

use camino::Utf8PathBuf;
use e2e::program::{block_on, root};
use seatrial_harness::command::Cmd;
use seatrial_harness::tools::Tools;
use std::fmt::Write as _;

/// The `sh` blocks of the page, each with the lines of the `text` block behind it. What else is shown is not run.
fn steps(page: &str) -> Vec<(String, Vec<String>)> {
    let mut steps: Vec<(String, Vec<String>)> = Vec::new();
    for block in page.split("```").skip(1).step_by(2) {
        let (language, body) = block.split_once('\n').unwrap_or_default();
        match (language, steps.last_mut()) {
            ("sh", _) => steps.push((body.to_owned(), Vec::new())),
            ("text", Some((_, lines))) => lines.extend(body.lines().map(ToOwned::to_owned)),
            _ => {}
        }
    }
    steps
}

#[test]
fn your_own_chart_takes_these_steps() {
    let page = std::fs::read_to_string(root().join("docs/your-own-chart.md")).expect("the page");
    let steps = steps(&page);
    assert!(steps.len() >= 8, "{steps:?}");
    let dir = tempfile::tempdir().expect("a folder");
    let home = Utf8PathBuf::try_from(dir.path().to_owned()).expect("utf-8");
    let program = env!("CARGO_BIN_EXE_seatrial-e2e");
    let helm = Tools::find_helm().expect("helm");
    for (commands, lines) in steps {
        let mut script = format!("seatrial() {{ '{program}' \"$@\"; }}\nhelm() {{ '{helm}' \"$@\"; }}\n");
        let _ = write!(script, "{commands}");
        let cmd = Cmd::new("bash").args(["-euo", "pipefail", "-c", &script]).cwd(&home).env("NO_COLOR", "1");
        let finished = block_on(cmd.env("SEATRIAL_HOME", home.join(".state")).run()).expect("bash runs");
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert_eq!(finished.code, Some(0), "{commands}{said}");
        let missing: Vec<&String> = lines.iter().filter(|line| !said.contains(line.trim())).collect();
        assert!(missing.is_empty(), "{commands}does not print {missing:?}:\n{said}");
    }
}
