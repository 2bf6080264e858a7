//! The plan: every verdict that will be given, in judging order, each with what must have passed before it.
//!
//! Prerequisites are given by kind, so that one cause gives one Fail: the files first (`renders` → `decodes` →
//! `named[…]` → `selectors` → `port-chain` → the rest), then `admitted` → `installs` → `ready` → `reachable[…]` → all else.

mod baseline;
mod environment;
mod graded;
mod holds;
mod order;
mod skips;
mod subcharts;
mod targets;
mod wiring;

pub use baseline::Baseline;
pub use skips::skip_where;
pub(crate) use targets::{addressed, behind};

use crate::bind;
use crate::diagnostic::Diagnostic;
use crate::judge::{DEFAULTS_ON_FILES, POLICY_NAMES, SCHEMA};
use crate::model::{ChartPlan, Contract, Environment, LastRelease, Release, SkaffoldFile};
use crate::yaml;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::BTreeMap;

/// The chart as text: what a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct ChartSource<'a> {
    /// The chart's folder as it is to be shown.
    pub path: &'a str,
    /// `Chart.yaml`.
    pub chart_yaml: &'a str,
    /// `values.yaml`.
    pub values_yaml: &'a str,
    /// Values files and templates by path relative to the chart.
    pub files: &'a BTreeMap<String, String>,
    /// Environment → what `helm template` printed, or the end of its standard error.
    pub renders: &'a IndexMap<String, Result<String, String>>,
    /// Environment → the last release with that environment's values; empty where none was found.
    pub last_releases: &'a IndexMap<String, LastRelease>,
    /// The Skaffold manifest of the repository, where there is one.
    pub skaffold: Option<&'a SkaffoldFile>,
    /// The run, `0` at listing.
    pub run_id: &'a str,
    /// The environment's variables, for `$(env.X)`.
    pub env: &'a BTreeMap<String, String>,
}

/// The plan of a chart, or every mistake that only shows when clauses meet values and other clauses.
pub fn plan(contract: &Contract, source: &ChartSource<'_>) -> Result<ChartPlan, Vec<Diagnostic>> {
    let about = About::read(source).map_err(|problem| vec![problem])?;
    let mut plan = ChartPlan {
        chart: about.name.clone(),
        path: source.path.to_owned(),
        cluster: contract.cluster.clone(),
        timeouts: contract.timeouts,
        templates: templates(source),
        subcharts: subcharts::folders(source.chart_yaml, source.files),
        skaffold: source.skaffold.cloned(),
        environments: Vec::new(),
    };
    let mut problems = unknown_defaults(contract);
    for (name, environment) in &contract.environments {
        let planner = environment::Planner { contract, source, about: &about, name, environment };
        match planner.plan(&plan) {
            Ok(done) => plan.environments.push(done),
            Err(found) => problems.extend(found),
        }
    }
    problems.dedup();
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

/// The names a release gets: those the contract fixed, else the chart's name and `<chart>-<environment>`.
pub fn release_of(contract: &Contract, chart_name: &str, environment: &str) -> Release {
    let spec = &contract.release;
    let computed = format!("{chart_name}-{environment}");
    Release {
        name: shortened(spec.name.as_deref().unwrap_or(chart_name), 53),
        namespace: shortened(spec.namespace.as_deref().unwrap_or(&computed), 63),
        is_namespace_fixed: spec.namespace.is_some(),
        pod_security: spec.pod_security.clone(),
    }
}

/// Names of Kubernetes end somewhere, and not with a dash.
fn shortened(name: &str, most: usize) -> String {
    let cut: String = name.chars().take(most).collect();
    cut.trim_end_matches('-').to_owned()
}

/// What `Chart.yaml` says.
#[derive(Debug)]
struct About {
    name: String,
    version: String,
}

impl About {
    fn read(source: &ChartSource<'_>) -> Result<Self, Diagnostic> {
        let file = format!("{}/Chart.yaml", source.path);
        let chart = yaml::json(source.chart_yaml).map_err(|error| {
            let line = error.at.map_or(1, |(line, _)| line);
            problem("chart-yaml", &file, line, format!("it is no YAML: {}", error.message))
        })?;
        let field = |key: &str| chart[key].as_str().map(str::to_owned);
        let name = field("name").ok_or_else(|| problem("chart-yaml", &file, 1, "`name` is missing"))?;
        Ok(Self { name, version: field("version").unwrap_or_default() })
    }
}

fn templates(source: &ChartSource<'_>) -> BTreeMap<String, String> {
    let is_template =
        |path: &str| ["templates/", "charts/", "crds/"].iter().any(|folder| path.starts_with(folder)) || path == SCHEMA;
    source.files.iter().filter(|(path, _)| is_template(path)).map(|(path, text)| (path.clone(), text.clone())).collect()
}

/// Default clauses that are judged on a cluster.
const LIVE_DEFAULTS: [&str; 4] =
    ["admitted", "nothing-restarts", "second-upgrade-restarts-nothing", "uninstall-leaves-nothing"];

/// The default clauses and those of the policy pack, which can be switched off by name.
pub(crate) fn defaults() -> Vec<&'static str> {
    ["decodes"].into_iter().chain(DEFAULTS_ON_FILES).chain(LIVE_DEFAULTS).chain(POLICY_NAMES).collect()
}

fn unknown_defaults(contract: &Contract) -> Vec<Diagnostic> {
    // Names with a dot are of packs; the loader knows them.
    let unknown = contract.without.keys().filter(|name| !name.contains('.') && !defaults().contains(&name.as_str()));
    unknown
        .map(|name| Diagnostic {
            hint: Some(format!("default clauses are {}", defaults().join(", "))),
            ..problem(
                "unknown-default",
                &contract.file,
                1,
                format!("`without` names `{name}`, which is no default clause"),
            )
        })
        .collect()
}

/// The merged values of an environment.
fn values(source: &ChartSource<'_>, environment: &Environment, file: &str) -> Result<Value, Diagnostic> {
    let mut files = Vec::new();
    for name in &environment.values {
        let text = source.files.get(name);
        let text =
            text.ok_or_else(|| problem("missing-file", file, 1, format!("the values file `{name}` is not there")))?;
        files.push((name.as_str(), text.as_str()));
    }
    bind::merged_values(source.values_yaml, &files, &environment.set)
}

fn problem(code: &'static str, file: &str, line: usize, message: impl Into<String>) -> Diagnostic {
    Diagnostic { code, message: message.into(), hint: None, file: file.to_owned(), line, column: 1 }
}

#[cfg(test)]
mod tests;
