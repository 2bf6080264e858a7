//! From a chart's folder to its plan: the files are read, the contract is loaded, each environment is rendered by the
//! real Helm, and `contracts` says which verdicts that will give.

mod folder;
mod last;
mod render;
mod requirements;
mod skaffold;

use crate::cache::Key;
use crate::helm::HelmError;
use crate::repository::Around;
use crate::tools::Tools;
use camino::{Utf8Path, Utf8PathBuf};
use folder::Folder;
use futures::StreamExt;
use indexmap::IndexMap;
use jiff::civil::Date;
use seatrial_contracts::diagnostic::Diagnostic;
use seatrial_contracts::load::{Surroundings, default_contract_in, load_in};
use seatrial_contracts::model::{ChartPlan, Contract, Packs};
use seatrial_contracts::plan::{ChartSource, plan};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// What a plan depends on besides the chart.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// What `$(run.id)` is; `0` at listing.
    pub run_id: String,
    /// The day by which a `skip` is judged; today where none is given.
    pub today: Option<Date>,
    /// Whether renders of unchanged charts are taken from the cache.
    pub is_cached: bool,
    /// Whether findings of the repository's baseline lose their gate.
    pub has_baseline: bool,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { run_id: "0".to_owned(), today: None, is_cached: true, has_baseline: true }
    }
}

/// Why a chart has no plan.
#[derive(Debug, Error)]
pub enum ChartError {
    /// The contract has mistakes, all of them listed.
    #[error("{}", lines(.0))]
    Invalid(Vec<Diagnostic>),
    /// The folder holds no chart.
    #[error("{path} is no chart: it has no Chart.yaml")]
    NoChart {
        /// The folder.
        path: Utf8PathBuf,
    },
    /// `Chart.yaml` does not say what the chart is called.
    #[error("{path}: a chart needs a name")]
    NoName {
        /// The file.
        path: Utf8PathBuf,
    },
    /// `Chart.yaml` is nothing that Helm would read.
    #[error("{path}: {why}")]
    BadFile {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file can't be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Helm could not be run. (That it refuses a chart is a verdict.)
    #[error(transparent)]
    Helm(#[from] HelmError),
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    let line = |one: &Diagnostic| format!("{}:{}:{}: {} [{}]", one.file, one.line, one.column, one.message, one.code);
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The plan of the chart in this folder.
pub async fn plan_chart(path: &Utf8Path, tools: &Tools, options: &PlanOptions) -> Result<ChartPlan, ChartError> {
    plan_with_helm(path, &tools.helm, options).await
}

/// The same for who has Helm only: the static tier needs nothing else.
pub async fn plan_with_helm(path: &Utf8Path, helm: &Utf8Path, options: &PlanOptions) -> Result<ChartPlan, ChartError> {
    let folder = Folder::read(path)?;
    let around = Around::of(path)?;
    let contract = contract(&folder, options, around.as_ref())?;
    let renders = render::all(&folder, &contract, helm, options.is_cached).await?;
    let released = around.as_ref().and_then(|around| around.repository.released.as_ref());
    let last_releases = last::all(&folder, &contract, helm, released, options.is_cached).await;
    let skaffold = skaffold::beside(path, around.as_ref());
    let source = ChartSource {
        path: path.as_str(),
        chart_yaml: &folder.chart_yaml,
        values_yaml: folder.files.get("values.yaml").map_or("", String::as_str),
        files: &folder.files,
        renders: &renders,
        last_releases: &last_releases,
        skaffold: skaffold.as_ref(),
        run_id: &options.run_id,
        env: &variables(),
    };
    let mut plan = plan(&contract, &source).map_err(ChartError::Invalid)?;
    if let Some(around) = around.filter(|_| options.has_baseline) {
        around.baseline()?.apply(&mut plan);
    }
    Ok(plan)
}

/// The variables of this process; one that is no text is none that a contract could name.
fn variables() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// The same for several charts, in their order. While Helm renders one, the next are read.
pub async fn plans_with_helm(
    paths: &[Utf8PathBuf],
    helm: &Utf8Path,
    options: &PlanOptions,
) -> Vec<Result<ChartPlan, ChartError>> {
    let plans = paths.iter().map(|path| plan_with_helm(path, helm, options));
    futures::stream::iter(plans).buffered(2 * render::at_once()).collect().await
}

/// The hash of all that is read of a chart.
pub(crate) fn key(path: &Utf8Path) -> Key {
    folder::key(path)
}

/// The chart's name and its contract, for which no Helm is needed.
pub fn read_contract(path: &Utf8Path, options: &PlanOptions) -> Result<(String, Contract), ChartError> {
    let folder = Folder::read(path)?;
    let contract = contract(&folder, options, Around::of(path)?.as_ref())?;
    Ok((folder.name, contract))
}

/// The contract beside the chart, or what the repository gives to a chart without one.
fn contract(folder: &Folder, options: &PlanOptions, around: Option<&Around>) -> Result<Contract, ChartError> {
    let file = folder.path.join("contract.yaml");
    let rows = requirements::known_rows(&folder.path);
    let no_packs = Packs::new();
    let surroundings = Surroundings {
        known_rows: rows.as_ref(),
        today: options.today.unwrap_or_else(|| jiff::Zoned::now().date()),
        repository: around.map(|around| &around.repository),
        packs: around.map_or(&no_packs, |around| &around.packs),
    };
    let read = match folder.text("contract.yaml") {
        Some(Ok(written)) => load_in(file.as_str(), written, &surroundings),
        Some(Err(why)) => Err(vec![unreadable(file.as_str(), why)]),
        None => default_contract_in(&surroundings),
    };
    let contract = read.map_err(ChartError::Invalid)?;
    let bad: Vec<Diagnostic> = values_files(folder, &contract).collect();
    if bad.is_empty() { Ok(contract) } else { Err(ChartError::Invalid(bad)) }
}

/// Values files of the contract that are there, and can't be read.
fn values_files<'a>(folder: &'a Folder, contract: &'a Contract) -> impl Iterator<Item = Diagnostic> + 'a {
    let named: BTreeSet<&String> = contract.environments.values().flat_map(|one| &one.values).collect();
    named.into_iter().filter_map(|name| {
        let why = folder.text(name)?.err()?;
        Some(unreadable(folder.path.join(name).as_str(), why))
    })
}

fn unreadable(file: &str, message: String) -> Diagnostic {
    Diagnostic { code: "unreadable", message, hint: None, file: file.to_owned(), line: 1, column: 1 }
}

/// The renders by environment.
type Renders = IndexMap<String, Result<String, String>>;
