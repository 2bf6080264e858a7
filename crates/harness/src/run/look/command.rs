//! `run`: a command of the contract.

use super::Looker;
use crate::run::address::error;
use seatrial_contracts::model::RunCheck;
use seatrial_observation::{LookError, Seen};

impl Looker<'_> {
    pub(super) async fn run(&self, check: &RunCheck) -> Result<Seen, LookError> {
        let (site, stage) = (self.targets.site, &self.targets.stage);
        let Some((program, args)) = check.command.split_first() else {
            return Err(error("there is no command".to_owned()));
        };
        let cmd = site.cluster.command(program).args(args).cwd(&stage.chart.path);
        let cmd = cmd.env("SEATRIAL_NAMESPACE", stage.namespace()).env("SEATRIAL_RELEASE", stage.release());
        let limit = stage.chart.timeouts.clause.mul_f64(site.slow.max(1.0));
        let finished = cmd.timeout(limit).run().await.map_err(|failed| error(failed.to_string()))?;
        site.evidence.learn(&site.objects, stage.namespace()).await;
        Ok(Seen::Command(site.evidence.command_seen(&finished)))
    }
}
