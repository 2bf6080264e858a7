//! `run`: a command of the contract.

use super::Looker;
use crate::cache::search_path;
use crate::run::address::error;
use seatrial_contracts::model::RunCheck;
use seatrial_observation::{LookError, Seen};

impl Looker<'_> {
    pub(super) async fn run(&self, check: &RunCheck) -> Result<Seen, LookError> {
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
        let cmd = site.cluster.command(program).args(words).cwd(chart).env("PATH", search_path());
        let cmd = cmd.env("SEATRIAL_NAMESPACE", stage.namespace()).env("SEATRIAL_RELEASE", stage.release());
        let limit = stage.chart.timeouts.clause.mul_f64(site.slow.max(1.0));
        let finished = cmd.timeout(limit).run().await.map_err(|failed| error(failed.to_string()))?;
        site.evidence.learn(&site.objects, stage.namespace()).await;
        Ok(Seen::Command(site.evidence.command_seen(&finished)))
    }

    /// `$(host:5000)` is written as the address that reaches it in this run.
    async fn written(&self, word: &str) -> Result<String, LookError> {
        let Some(target) = RunCheck::address(word) else { return Ok(word.to_owned()) };
        let address = self.addresses.of(&target).await?;
        Ok(format!("{}:{}", address.host, address.port))
    }
}
