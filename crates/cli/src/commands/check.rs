//! `seatrial check`: the static tier. Same judge as `verify`, but no cluster and no Docker.

use super::verify;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
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
}

/// Judges the files.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let (charts, environment, clauses) = (args.charts.clone(), args.environment.clone(), args.clauses.clone());
    let verify = verify::Args { charts, environment, clauses, ..verify::Args::up_to_static() };
    verify::run(&verify, context).await
}
