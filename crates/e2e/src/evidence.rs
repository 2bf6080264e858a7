//! The evidence of a run, read as a person reads it: which command ended when, and when each verdict was given.

use crate::program::root;
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde_json::Value;

/// The files of one run.
#[derive(Debug)]
pub struct Evidence {
    dir: Utf8PathBuf,
}

/// The end of one Helm install.
#[derive(Clone, Copy, Debug)]
pub struct HelmEnd {
    /// The process that ran it.
    pub pid: u64,
    /// When it ended.
    pub at: Timestamp,
}

impl Evidence {
    /// Of the run that wrote this JSON report with the repository's root as its working directory.
    ///
    /// # Panics
    /// When no verdict names its evidence.
    #[expect(clippy::expect_used, reason = "a run without evidence has failed")]
    pub fn of(document: &Value) -> Self {
        let mut verdicts = document["verdicts"].as_array().into_iter().flatten();
        let folder = verdicts.find_map(|verdict| verdict["evidence"].as_str()).expect("a folder of evidence");
        // target/seatrial/<run>/<chart>/<environment>
        let run = Utf8Path::new(folder).ancestors().nth(2).expect("the run's folder");
        Self { dir: root().join(run) }
    }

    /// The end of the last `helm upgrade --install` of a chart.
    ///
    /// # Panics
    /// When there was none.
    #[expect(clippy::expect_used, reason = "a bring-up without Helm has failed")]
    pub fn helm_end(&self, chart: &Utf8Path) -> HelmEnd {
        let is_install = |line: &Value| {
            let words: Vec<&str> = line["argv"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            words.get(1..3) == Some(&["upgrade", "--install"]) && words.contains(&chart.as_str())
        };
        let lines = self.lines("argv.jsonl");
        let line = lines.iter().rfind(|line| is_install(line)).expect("an install of the chart");
        HelmEnd { pid: line["pid"].as_u64().expect("a process"), at: at(line) }
    }

    /// When that process gave this verdict (`fail`) about a slot.
    ///
    /// # Panics
    /// When it gave none.
    #[expect(clippy::panic, reason = "a verdict without its time has failed")]
    pub fn judged(&self, pid: u64, slot: &str, verdict: &str) -> Timestamp {
        let is_it = |line: &&Value| line["pid"] == pid && line["what"] == slot && line["came"] == verdict;
        let lines = self.lines("timings.jsonl");
        lines.iter().find(is_it).map_or_else(|| panic!("{}: no line says {slot} {verdict} by {pid}", self.dir), at)
    }

    #[expect(clippy::expect_used, reason = "a run without evidence has failed")]
    fn lines(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.join(file)).expect("the file of the evidence");
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

#[expect(clippy::expect_used, reason = "a line without its time has failed")]
fn at(line: &Value) -> Timestamp {
    line["at"].as_str().and_then(|at| at.parse().ok()).expect("a time")
}
