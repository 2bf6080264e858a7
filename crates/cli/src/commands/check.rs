//! `seatrial check`: the static tier. Same judge as `verify`, but no cluster and no Docker; with `--context` the API
//! server of that cluster is asked, too.

use super::verify;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning;
use camino::Utf8PathBuf;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folders of charts, or their names in charts/; all of them where none is given
    #[arg(value_name = "CHART")]
    charts: Vec<Utf8PathBuf>,

    /// This environment only
    #[arg(short, long = "env", value_name = "ENV")]
    environment: Option<String>,

    /// This clause only, and what it stands on; several where it is given several times
    #[arg(long = "clause", value_name = "NAME")]
    clauses: Vec<String>,

    /// Also ask the API server of this context of your kubeconfig, which keeps nothing (`verify --up-to api`)
    #[arg(long, value_name = "CONTEXT", conflicts_with = "baseline_write")]
    context: Option<String>,

    /// Write what the files show now to the baseline that seatrial.yaml names: shown from then on, and no gate
    #[arg(long, conflicts_with_all = ["environment", "clauses"])]
    baseline_write: bool,
}

/// Judges the files.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    if args.baseline_write {
        return write_baseline(args, context).await;
    }
    let (charts, environment, clauses) = (args.charts.clone(), args.environment.clone(), args.clauses.clone());
    let levels = args.context.as_ref().map_or_else(verify::Args::up_to_static, |name| verify::Args::up_to_api(name));
    let verify = verify::Args { charts, environment, clauses, ..levels };
    verify::run(&verify, context).await
}

/// Findings of charts that were not named stay as they are.
async fn write_baseline(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let around = context.repository.file()?.unwrap_or_default();
    let Some(file) = around.baseline_file() else {
        return Err(Failure::usage(
            "no baseline is named; write `baseline: .seatrial-baseline.yaml` into seatrial.yaml",
        ));
    };
    let mut baseline = around.baseline().map_err(planning::failure)?;
    for plan in planning::without_baseline(&context.repository.charts(&args.charts)?).await? {
        baseline.renew(&plan);
    }
    std::fs::write(&file, baseline.text())
        .map_err(|error| Failure::new(Exit::NoEnvironment, format!("{file}: {error}")))?;
    context.printer.line(&format!("{} known findings in {file}", baseline.len()));
    Ok(Exit::Good)
}
