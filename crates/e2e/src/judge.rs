//! The harness as a test sees it: plan a chart, judge one slot. One session a process, opened by the first slot.

use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, Slot, Verdict};
use seatrial_harness::chart::{PlanOptions, plan_chart};
use seatrial_harness::cluster::GuardCommand;
use seatrial_harness::events::Events;
use seatrial_harness::run::{Session, SessionOptions};
use seatrial_harness::run_id::RunId;
use seatrial_harness::tools::Tools;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// What all tests of a process share.
pub struct Judge {
    runtime: Runtime,
    tools: Tools,
    guard: GuardCommand,
    root: Utf8PathBuf,
    session: OnceCell<Session>,
}

impl Judge {
    /// For the repository at `root`; `program` is what the guard is started from.
    pub fn new(program: &str, root: &Utf8Path) -> Result<Self, String> {
        seatrial_harness::install_tls_provider();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
        let tools = Tools::find();
        let guard = ["guard", "--lease"].map(ToOwned::to_owned);
        let guard = GuardCommand(std::iter::once(program.to_owned()).chain(guard).collect());
        Ok(Self { runtime, tools, guard, root: root.to_owned(), session: OnceCell::new() })
    }

    /// Every verdict of a chart, or why there is none.
    pub fn plan(&self, chart: &Utf8Path) -> Result<ChartPlan, String> {
        let options = PlanOptions::default();
        self.runtime.block_on(plan_chart(chart, &self.tools, &options)).map_err(|error| error.to_string())
    }

    /// The verdict of one slot, its prerequisites included.
    pub fn judge(&self, chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot) -> Result<Verdict, String> {
        self.runtime.block_on(async {
            let session = self.session.get_or_try_init(|| self.open()).await?;
            session.judge(chart, environment, slot).await.map_err(|error| error.to_string())
        })
    }

    async fn open(&self) -> Result<Session, String> {
        let options = SessionOptions { ..SessionOptions::new(RunId::current(), self.guard.clone()) };
        let session = Session::open(options, self.tools.clone(), Events::none()).await;
        session.map_err(|error| error.to_string())
    }
}
