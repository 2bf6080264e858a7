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
#[derive(Clone, Debug)]
pub struct HelmEnd {
    /// Which Helm it was.
    pub program: String,
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

    /// The ends of all `helm upgrade --install` of a chart, in order.
    ///
    /// # Panics
    /// When there was none.
    pub fn helm_ends(&self, chart: &Utf8Path) -> Vec<HelmEnd> {
        let ends: Vec<HelmEnd> = self.lines("argv.jsonl").iter().filter_map(|line| install_of(chart, line)).collect();
        assert!(!ends.is_empty(), "no install of {chart}");
        ends
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

fn install_of(chart: &Utf8Path, line: &Value) -> Option<HelmEnd> {
    let words: Vec<&str> = line["argv"].as_array()?.iter().filter_map(Value::as_str).collect();
    let is_it = words.get(1..3) == Some(&["upgrade", "--install"]) && words.contains(&chart.as_str());
    is_it.then(|| HelmEnd { program: words[0].to_owned(), pid: line["pid"].as_u64().unwrap_or_default(), at: at(line) })
}

#[expect(clippy::expect_used, reason = "a line without its time has failed")]
fn at(line: &Value) -> Timestamp {
    line["at"].as_str().and_then(|at| at.parse().ok()).expect("a time")
}
