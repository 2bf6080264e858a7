//! `run`: a command of the contract, on the host or in a pod of an image.

use super::Looker;
use crate::cache::search_path;
use crate::run::address::error;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::RunCheck;
use seatrial_observation::{CommandSeen, LookError, Seen};
use std::time::{Duration, SystemTime};

/// A report may be as long; what is longer is none of a test suite.
pub(super) const MOST: usize = 8 << 20;

impl Looker<'_> {
    pub(super) async fn run(&self, check: &RunCheck) -> Result<Seen, LookError> {
        let site = self.targets.site;
        let mut seen = match &check.image {
            Some(image) => self.in_pod(check, image).await?,
            None => self.on_host(check).await?,
        };
        seen.report = seen.report.map(|report| site.evidence.clean(&report));
        Ok(Seen::Command(seen))
    }

    async fn on_host(&self, check: &RunCheck) -> Result<CommandSeen, LookError> {
        let (site, stage) = (self.targets.site, &self.targets.stage);
        let Some((program, args)) = check.command.split_first() else {
            return Err(error("there is no command".to_owned()));
        };
        let chart = camino::absolute_utf8(&stage.chart.path).map_err(|broken| error(broken.to_string()))?;
        let mut words = Vec::new();
        for word in args {
            words.push(self.written(word).await?);
        }
        // A program with a path is the chart's, whatever folder we were called in.
        let program = if program.contains('/') { chart.join(program) } else { program.into() };
        let cmd = site.cluster.command(program).args(words).cwd(chart.clone()).env("PATH", search_path());
        let cmd = cmd.env("SEATRIAL_NAMESPACE", stage.namespace()).env("SEATRIAL_RELEASE", stage.release());
        let report = check.junit.as_ref().map(|path| Report::of(chart.join(path)));
        let finished = cmd.timeout(self.limit()).run().await.map_err(|failed| error(failed.to_string()))?;
        site.evidence.learn(&site.objects, stage.namespace()).await;
        let report = report.and_then(|report| report.written());
        Ok(CommandSeen { report, ..site.evidence.command_seen(&finished) })
    }

    /// How long a command may take.
    pub(super) fn limit(&self) -> Duration {
        let (site, stage) = (self.targets.site, &self.targets.stage);
        stage.chart.timeouts.clause.mul_f64(site.slow.max(1.0))
    }

    /// `$(host:5000)` is written as the address that reaches it in this run.
    async fn written(&self, word: &str) -> Result<String, LookError> {
        let Some(target) = RunCheck::address(word) else { return Ok(word.to_owned()) };
        let address = self.addresses.of(&target).await?;
        Ok(format!("{}:{}", address.host, address.port))
    }
}

/// A report that a command is to write: one that was there before and did not change is not its own.
struct Report {
    path: Utf8PathBuf,
    before: Option<SystemTime>,
}

impl Report {
    fn of(path: Utf8PathBuf) -> Self {
        let before = modified(&path);
        Self { path, before }
    }

    fn written(&self) -> Option<String> {
        let now = modified(&self.path)?;
        let is_new = self.before != Some(now);
        let is_small = std::fs::metadata(&self.path).is_ok_and(|meta| meta.len() <= MOST as u64);
        std::fs::read(&self.path)
            .ok()
            .filter(|_| is_new && is_small)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn modified(path: &Utf8Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_an_earlier_run_is_not_this_ones() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(dir.path().join("x.xml")).expect("a path");
        let report = Report::of(path.clone());
        assert_eq!(report.written(), None);
        std::fs::write(&path, "new").expect("a file");
        assert_eq!(report.written().as_deref(), Some("new"));
        assert_eq!(Report::of(path).written(), None);
    }
}
