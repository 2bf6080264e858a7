//! From a chart's folder to its plan: the files are read, the contract is loaded, each environment is rendered by the
//! real Helm, and `contracts` says which verdicts that will give.

mod render;
mod requirements;

use crate::helm::HelmError;
use crate::repository::Around;
use crate::tools::Tools;
use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;
use jiff::civil::Date;
use seatrial_contracts::diagnostic::Diagnostic;
use seatrial_contracts::load::{Surroundings, default_contract_in, load_in};
use seatrial_contracts::model::{ChartPlan, Contract, Packs};
use seatrial_contracts::plan::{ChartSource, plan};
use std::collections::BTreeMap;
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
    let contract = folder.contract(options, around.as_ref())?;
    let renders = render::all(&folder, &contract, helm, options.is_cached).await?;
    let source = ChartSource {
        path: path.as_str(),
        chart_yaml: &folder.chart_yaml,
        values_yaml: folder.files.get("values.yaml").map_or("", String::as_str),
        files: &folder.files,
        renders: &renders,
        run_id: &options.run_id,
    };
    let mut plan = plan(&contract, &source).map_err(ChartError::Invalid)?;
    if let Some(around) = around.filter(|_| options.has_baseline) {
        around.baseline()?.apply(&mut plan);
    }
    Ok(plan)
}

/// The chart's name and its contract, for which no Helm is needed.
pub fn read_contract(path: &Utf8Path, options: &PlanOptions) -> Result<(String, Contract), ChartError> {
    let folder = Folder::read(path)?;
    let contract = folder.contract(options, Around::of(path)?.as_ref())?;
    Ok((folder.name, contract))
}

/// A chart's folder, read.
struct Folder {
    path: Utf8PathBuf,
    name: String,
    chart_yaml: String,
    /// Every text file by its path in the chart.
    files: BTreeMap<String, String>,
}

impl Folder {
    fn read(path: &Utf8Path) -> Result<Self, ChartError> {
        let chart_file = path.join("Chart.yaml");
        if !chart_file.is_file() {
            return Err(ChartError::NoChart { path: path.to_owned() });
        }
        let chart_yaml = text(&chart_file)?;
        let name = name_of(&chart_yaml).ok_or(ChartError::NoName { path: chart_file })?;
        let mut files = BTreeMap::new();
        read_texts(path, path, &mut files)?;
        Ok(Self { path: path.to_owned(), name, chart_yaml, files })
    }

    fn contract(&self, options: &PlanOptions, around: Option<&Around>) -> Result<Contract, ChartError> {
        let file = self.path.join("contract.yaml");
        let rows = requirements::known_rows(&self.path);
        let no_packs = Packs::new();
        let surroundings = Surroundings {
            known_rows: rows.as_ref(),
            today: options.today.unwrap_or_else(|| jiff::Zoned::now().date()),
            repository: around.map(|around| &around.repository),
            packs: around.map_or(&no_packs, |around| &around.packs),
        };
        let read = match self.files.get("contract.yaml") {
            Some(written) => load_in(file.as_str(), written, &surroundings),
            None => default_contract_in(&surroundings),
        };
        read.map_err(ChartError::Invalid)
    }
}

fn name_of(chart_yaml: &str) -> Option<String> {
    let chart: serde_json::Value = serde_yaml::from_str(chart_yaml).ok()?;
    Some(chart.get("name")?.as_str()?.to_owned()).filter(|name| !name.is_empty())
}

fn text(path: &Utf8Path) -> Result<String, ChartError> {
    std::fs::read_to_string(path).map_err(|source| ChartError::Read { path: path.to_owned(), source })
}

/// All text files below a folder; what is no text (an icon, an archive) is no source of a finding.
fn read_texts(root: &Utf8Path, dir: &Utf8Path, files: &mut BTreeMap<String, String>) -> Result<(), ChartError> {
    let failed = |source| ChartError::Read { path: dir.to_owned(), source };
    for entry in dir.read_dir_utf8().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if path.is_dir() {
            read_texts(root, path, files)?;
        } else if let Ok(text) = std::fs::read_to_string(path) {
            let name = path.strip_prefix(root).unwrap_or(path);
            files.insert(name.to_string(), text);
        }
    }
    Ok(())
}

/// The renders by environment.
type Renders = IndexMap<String, Result<String, String>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_chart_yaml_is_no_chart() {
        let dir = tempfile::tempdir().expect("dir");
        let path = Utf8Path::from_path(dir.path()).expect("utf8");
        let error = Folder::read(path).err().expect("no chart");
        assert_eq!(error.to_string(), format!("{path} is no chart: it has no Chart.yaml"));
    }

    #[test]
    fn a_chart_is_read_with_its_templates() {
        let dir = tempfile::tempdir().expect("dir");
        let path = Utf8Path::from_path(dir.path()).expect("utf8");
        std::fs::create_dir(path.join("templates")).expect("dir");
        std::fs::write(path.join("Chart.yaml"), "name: web\nversion: 1.0.0\n").expect("write");
        std::fs::write(path.join("templates/a.yaml"), "kind: A").expect("write");
        std::fs::write(path.join("icon.png"), [0xff, 0xfe, 0x00]).expect("write");
        let folder = Folder::read(path).expect("a chart");
        assert_eq!(folder.name, "web");
        assert_eq!(folder.files.keys().collect::<Vec<_>>(), ["Chart.yaml", "templates/a.yaml"]);
    }

    #[test]
    fn a_chart_without_a_name_is_refused() {
        assert_eq!(name_of("version: 1"), None);
        assert_eq!(name_of("name: ''"), None);
        assert_eq!(name_of("name: web").as_deref(), Some("web"));
    }
}
