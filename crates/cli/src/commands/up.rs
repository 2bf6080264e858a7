//! `seatrial up`: the cluster that a contract's `cluster:` describes, with the chart in it, left for whoever comes.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::unless_interrupted;
use crate::{planning, published};
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ChartPlan, ClusterSpec, EnvironmentPlan};
use seatrial_harness::cluster::{Cluster, keep_named, named};
use seatrial_harness::run::{Installed, Session, SessionOptions};
use seatrial_harness::run_id::RunId;
use serde_json::{Value, json};

/// Arguments of `up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of a chart, or its name in charts/; the only one with `cluster:` where it is left out
    #[arg(value_name = "CHART")]
    chart: Option<Utf8PathBuf>,

    /// The environment whose values are installed; the first of the contract where it is left out
    #[arg(short, long = "env", value_name = "ENV")]
    environment: Option<String>,
}

/// What is made: one environment of one chart, on the cluster of its contract.
struct Wanted<'a> {
    plan: &'a ChartPlan,
    environment: &'a EnvironmentPlan,
    spec: &'a ClusterSpec,
}

/// Makes the cluster, installs the release, waits until it is ready, leaves both.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let plan = chart(args.chart.as_deref(), context).await?;
    let wanted = Wanted::of(&plan, args.environment.as_deref())?;
    let Some(made) = unless_interrupted(make(&wanted, context)).await else {
        return Err(Failure::new(Exit::Interrupted, "interrupted; what was made is torn down"));
    };
    let (cluster, installed) = made?;
    // Also where the chart is broken: whoever mends it wants to look.
    keep_named(&cluster.name).map_err(|error| Failure::environment(&error))?;
    context.printer.answer(&wanted.value(&cluster, &installed), || wanted.text(&cluster, &installed));
    Ok(if is_ready(&installed) { Exit::Good } else { Exit::Broken })
}

async fn chart(named: Option<&Utf8Path>, context: &Context) -> Result<ChartPlan, Failure> {
    if let Some(name) = named {
        return planning::one(&context.repository.one(name)?, &Context::helm()?).await;
    }
    let charts = context.repository.charts(&[])?;
    let mut plans = planning::all(&charts).await?.complete()?;
    plans.retain(|plan| plan.cluster.is_some());
    let paths = plans.iter().map(|plan| plan.path.clone()).collect::<Vec<_>>().join(", ");
    match plans.pop() {
        Some(plan) if plans.is_empty() => Ok(plan),
        Some(_) => Err(Failure::usage(format!("several contracts have `cluster:`; name one of {paths}"))),
        None => Err(Failure::usage("no contract of this repository has `cluster:`")),
    }
}

async fn make(wanted: &Wanted<'_>, context: &Context) -> Result<(Cluster, Installed), Failure> {
    let environment = |error: &dyn std::error::Error| Failure::environment(error);
    let (tools, guard) = (Context::tools()?, Context::guard());
    let publish = published::node_ports(wanted.spec, &wanted.environment.rendered)?;
    let cluster = named(wanted.spec, &publish, &tools, &guard, &context.events).await;
    let cluster = cluster.map_err(|error| environment(&error))?;
    let mut options = SessionOptions::new(RunId::current(), guard);
    options.evidence_dir = context.repository.root.join("target/seatrial");
    let session = Session::open(options, tools, context.events.clone()).await.map_err(|error| environment(&error))?;
    let installed = session.install(cluster.clone(), wanted.plan, wanted.environment).await;
    Ok((cluster, installed.map_err(|error| environment(&error))?))
}

fn is_ready(installed: &Installed) -> bool {
    installed.helm.code == Some(0) && installed.problem.is_none()
}

impl<'a> Wanted<'a> {
    fn of(plan: &'a ChartPlan, environment: Option<&str>) -> Result<Self, Failure> {
        let chart = &plan.chart;
        let spec = plan.cluster.as_ref();
        let spec = spec.ok_or_else(|| Failure::usage(format!("the contract of {chart} has no `cluster:`")))?;
        let is_it = |candidate: &&EnvironmentPlan| environment.is_none_or(|name| name == candidate.name);
        let unknown = || Failure::usage(format!("{chart} has no environment {}", environment.unwrap_or("at all")));
        let environment = plan.environments.iter().find(is_it).ok_or_else(unknown)?;
        if let Some(error) = &environment.render_error {
            return Err(Failure::new(Exit::Broken, format!("{chart} does not render: {error}")));
        }
        Ok(Self { plan, environment, spec })
    }

    fn value(&self, cluster: &Cluster, installed: &Installed) -> Value {
        let release = &self.environment.release;
        let publish = self.spec.publish.iter().map(|(port, target)| (port.to_string(), json!(target.to_string())));
        json!({
            "schema": "seatrial.up/v1",
            "cluster": cluster.name,
            "kubeconfig": cluster.kubeconfig,
            "environment": self.environment.name,
            "release": release.name,
            "namespace": release.namespace,
            "publish": publish.collect::<serde_json::Map<_, _>>(),
            "isReady": is_ready(installed),
            "problem": problem(installed),
            "seconds": installed.seconds,
        })
    }

    fn text(&self, cluster: &Cluster, installed: &Installed) -> String {
        let release = &self.environment.release;
        let (name, namespace, environment) = (&release.name, &release.namespace, &self.environment.name);
        let state = match problem(installed) {
            None => format!("ready after {:.1} s", installed.seconds),
            Some(problem) => format!("not ready: {problem}"),
        };
        let mut lines =
            vec![format!("{}: release {name} ({environment}) in namespace {namespace}, {state}", cluster.name)];
        lines.extend(self.spec.publish.iter().map(|(port, target)| format!("  localhost:{port} is {target}")));
        lines.push(format!("  export KUBECONFIG={}", cluster.kubeconfig));
        lines.push("  seatrial down    removes it".to_owned());
        lines.join("\n")
    }
}

fn problem(installed: &Installed) -> Option<String> {
    if installed.helm.code == Some(0) {
        return installed.problem.clone();
    }
    Some(format!("helm failed: {}", installed.helm.stderr.trim()))
}
