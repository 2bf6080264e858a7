//! Copies of charts, to be changed by a text edit.

use crate::program::{Program, root};
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::command::Finished;
use std::fs;

/// A repository in a temporary folder: `charts/NAME`, and gone with the value.
#[derive(Debug)]
pub struct Copy {
    dir: tempfile::TempDir,
    chart: String,
}

/// One text edit: in this file, this text becomes that.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// The file, relative to the chart.
    pub file: &'static str,
    /// What stands there exactly once.
    pub from: &'static str,
    /// What stands there afterwards.
    pub to: &'static str,
}

impl Copy {
    /// A copy of one of our charts.
    ///
    /// # Panics
    /// When it can't be copied.
    pub fn of(chart: &str) -> Self {
        Self::from(&root().join("charts"), chart)
    }

    /// A copy of a chart of the suite: `crates/e2e/fixtures/FOLDER/CHART`.
    ///
    /// # Panics
    /// When it can't be copied.
    pub fn of_fixture(folder: &str, chart: &str) -> Self {
        Self::from(&root().join("crates/e2e/fixtures").join(folder), chart)
    }

    #[expect(clippy::expect_used, reason = "a test without its chart has failed")]
    fn from(folder: &Utf8Path, chart: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("seatrial-e2e-").tempdir().expect("a temporary folder");
        let copy = Self { dir, chart: chart.to_owned() };
        copy_dir(&folder.join(chart), &copy.path()).expect("a copy of the chart");
        copy
    }

    /// With an edit.
    ///
    /// # Panics
    /// When the text is not there exactly once: the edit has gone stale.
    #[must_use]
    pub fn with(self, edit: Edit) -> Self {
        self.edited(edit.file, edit.from, edit.to)
    }

    /// The same, with texts from a file.
    ///
    /// # Panics
    /// When the text is not there exactly once: the edit has gone stale.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a stale edit is a failed test")]
    pub fn edited(self, file: &str, from: &str, to: &str) -> Self {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).expect("the file to be edited");
        assert_eq!(text.matches(from).count(), 1, "{path} must hold this text once: {from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("the edited file");
        self
    }

    /// With more of a contract before and among its clauses: a text that ends where the first clause begins.
    ///
    /// # Panics
    /// When the contract has no clauses.
    #[must_use]
    pub fn with_clauses(self, text: &str) -> Self {
        self.edited("contract.yaml", "\nclauses:\n", &format!("\n{text}"))
    }

    /// With a file more.
    ///
    /// # Panics
    /// When it can't be written.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its file has failed")]
    pub fn with_file(self, file: &str, text: &str) -> Self {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap_or(&path)).expect("the folder of a file");
        fs::write(&path, text).expect("a file");
        self
    }

    /// Verifies these clauses in `dev`, on the cluster alone, and gives what came of them as JSON.
    pub fn verified(&self, program: &Program, clauses: &[&str]) -> Finished {
        let chart = self.path();
        let args = ["verify", chart.as_str(), "-e", "dev", "--tier", "live", "--format", "json"];
        let clauses: Vec<&str> = clauses.iter().flat_map(|clause| ["--clause", clause]).collect();
        program.call(&[&args[..], &clauses].concat())
    }

    /// The repository's root.
    ///
    /// # Panics
    /// When the system's temporary folder is no UTF-8.
    #[expect(clippy::expect_used, reason = "a test without a readable folder has failed")]
    pub fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("a UTF-8 path")
    }

    /// The chart's folder.
    pub fn path(&self) -> Utf8PathBuf {
        self.root().join("charts").join(&self.chart)
    }
}

fn copy_dir(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in from.read_dir_utf8()? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
