//! What the comparisons stand on, and the list of what they made: all of it is removed at the end.

use super::pairs::Outcome;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::cluster::{self, Cluster, GuardCommand, Means, Wanted};
use seatrial_harness::command::{Cmd, record_to};
use seatrial_harness::events::Events;
use seatrial_harness::run_id::RunId;
use seatrial_harness::tools::{Tools, prober_image};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long one command may take: far beyond what is measured, so that a hang ends.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// Something that must not stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// The cluster of a run of ours.
    Run(RunId),
    /// A cluster of plain kind.
    Cluster(String),
    /// An image of the engine.
    Image(String),
    /// A folder of a run.
    Folder(Utf8PathBuf),
}

/// Programs, a folder for this bench, and what it made.
pub(crate) struct Ground {
    pub(crate) tools: Tools,
    pub(crate) prober: String,
    dir: tempfile::TempDir,
    made: Mutex<Vec<Made>>,
}

impl Ground {
    pub(crate) fn new() -> Outcome<Self> {
        let ground = Self {
            tools: Tools::find()?,
            prober: prober_image()?,
            dir: tempfile::Builder::new().prefix("seatrial-bench-").tempdir()?,
            made: Mutex::default(),
        };
        record_to(ground.commands());
        Ok(ground)
    }

    /// A folder that goes with the bench.
    pub(crate) fn dir(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).unwrap_or(Utf8Path::new("."))
    }

    /// Remembers what will have to be removed; said before it is made.
    pub(crate) fn will_make(&self, made: Made) {
        self.made().push(made);
    }

    /// Removes it now.
    pub(crate) async fn remove(&self, made: Made) -> Outcome<()> {
        match &made {
            Made::Run(run) => cluster::release(run, &Events::none()).await?,
            Made::Cluster(name) => self.delete_cluster(name).await?,
            Made::Folder(path) if path.exists() => std::fs::remove_dir_all(path)?,
            Made::Folder(_) => {}
            Made::Image(name) => drop(self.docker(&["image", "rm", "--force", name]).run().await?),
        }
        self.made().retain(|one| *one != made);
        Ok(())
    }

    /// Removes all that is still there, the newest first; one failure does not keep the others.
    pub(crate) async fn clear(&self) -> Outcome<()> {
        let made: Vec<Made> = self.made().iter().rev().cloned().collect();
        let mut failed = Vec::new();
        for one in made {
            if let Err(error) = self.remove(one.clone()).await {
                failed.push(format!("{one:?} is left: {error}"));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ").into()) }
    }

    /// A cluster of ours that is up: the one on which installs and image loads are measured.
    pub(crate) async fn warm(&self) -> Outcome<Cluster> {
        let run = RunId::random();
        self.will_make(Made::Run(run.clone()));
        self.start(&run).await
    }

    /// Starts a cluster of ours, as `verify` does it. A killed bench leaves it to its guard.
    pub(crate) async fn start(&self, run: &RunId) -> Outcome<Cluster> {
        let exe = Utf8PathBuf::try_from(std::env::current_exe()?)?.into_string();
        let guard = GuardCommand(vec![exe, "guard".to_owned(), "--lease".to_owned()]);
        let means = Means { tools: &self.tools, guard: &guard, events: &Events::none() };
        Ok(cluster::shared(run, &Wanted::default(), means).await?)
    }

    /// Docker's client.
    pub(crate) fn docker(&self, args: &[&str]) -> Cmd {
        Cmd::new(&self.tools.docker).args(args).timeout(PATIENCE)
    }

    /// The commands that were recorded since the last question, but for those that only ask.
    pub(crate) fn commands_since(&self, seen: &mut usize) -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(self.commands()).unwrap_or_default();
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let new = lines.iter().skip(std::mem::replace(seen, lines.len()));
        new.filter_map(|line| serde_json::from_value(line["argv"].clone()).ok()).collect()
    }

    async fn delete_cluster(&self, name: &str) -> Outcome<()> {
        let kubeconfig = self.dir().join(format!("{name}.kubeconfig"));
        let args = ["delete", "cluster", "--name", name, "--kubeconfig", kubeconfig.as_str()];
        Cmd::new(&self.tools.kind).args(args).timeout(PATIENCE).run_ok().await?;
        Ok(())
    }

    fn commands(&self) -> Utf8PathBuf {
        self.dir().join("commands.jsonl")
    }

    fn made(&self) -> std::sync::MutexGuard<'_, Vec<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
