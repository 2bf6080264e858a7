//! The harness as a test sees it: plan a chart, judge one slot. One session a process, opened by the first slot.

use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, Slot, Verdict};
use seatrial_harness::chart::{PlanOptions, plan_with_helm};
use seatrial_harness::cluster::{GuardCommand, ProviderKind};
use seatrial_harness::events::Events;
use seatrial_harness::run::{Session, SessionOptions, node_ports, skip_what_is_missing};
use seatrial_harness::run_id::RunId;
use seatrial_harness::tools::Tools;
use std::collections::BTreeSet;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// What all tests of a process share.
pub struct Judge {
    runtime: Runtime,
    helm: Utf8PathBuf,
    guard: GuardCommand,
    root: Utf8PathBuf,
    session: OnceCell<Session>,
}

impl Judge {
    /// For the repository at `root`; `program` is what the guard is started from.
    pub fn new(program: &str, root: &Utf8Path) -> Result<Self, String> {
        seatrial_probes::install_tls_provider();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let guard = ["guard", "--lease"].map(ToOwned::to_owned);
        Ok(Self {
            runtime: runtime.map_err(|error| error.to_string())?,
            helm: Tools::find_helm().map_err(|error| error.to_string())?,
            guard: GuardCommand(std::iter::once(program.to_owned()).chain(guard).collect()),
            root: root.to_owned(),
            session: OnceCell::new(),
        })
    }

    /// The folders of all charts.
    pub fn charts(&self) -> Vec<Utf8PathBuf> {
        let entries = self.root.join("charts").read_dir_utf8().into_iter().flatten().flatten();
        let mut charts: Vec<_> = entries.map(|entry| entry.path().to_owned()).collect();
        charts.retain(|chart| chart.join("Chart.yaml").is_file());
        charts.sort();
        charts
    }

    /// Every verdict of a chart, or why there is none. Skips are known here.
    pub fn plan(&self, chart: &Utf8Path) -> Result<ChartPlan, String> {
        let options = PlanOptions::default();
        let plan = self.runtime.block_on(plan_with_helm(chart, &self.helm, &options));
        let mut plan = plan.map_err(|error| error.to_string())?;
        skip_what_is_missing(&mut plan, ProviderKind::Kind.capabilities());
        Ok(plan)
    }

    /// The verdict of one slot, its prerequisites included.
    pub fn judge(&self, chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot) -> Result<Verdict, String> {
        // Outside of the runtime: planning blocks on it.
        let node_ports =
            self.charts().into_iter().filter_map(|chart| self.plan(&chart).ok()).flat_map(|plan| node_ports(&plan));
        let node_ports: BTreeSet<u16> = node_ports.collect();
        self.runtime.block_on(async {
            let session = self.session.get_or_try_init(|| self.open(node_ports)).await?;
            session.judge(chart, environment, slot).await.map_err(|error| error.to_string())
        })
    }

    async fn open(&self, node_ports: BTreeSet<u16>) -> Result<Session, String> {
        let mut options = SessionOptions::new(RunId::current(), self.guard.clone());
        options.evidence_dir = self.root.join("target/seatrial");
        options.node_ports = node_ports;
        let tools = Tools::find().map_err(|error| error.to_string())?;
        let session = Session::open(options, tools, Events::none()).await;
        session.map_err(|error| error.to_string())
    }
}
