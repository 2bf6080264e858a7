//! Slots that are judged on the rendered files alone. One file a question; each says how many subjects it looked at
//! and what is wrong with them.

mod addresses;
mod autoscaling;
mod contract;
mod decodes;
mod defaults;
mod disruption;
mod duplicates;
mod images;
mod immutable;
mod named;
mod node_ports;
mod objects;
mod policy;
mod port_chain;
mod references;
mod renders;
mod same;
mod selectors;
mod skaffold;
mod stale_config;
mod stand_in;
mod version_labels;

pub(crate) use defaults::{DEFAULTS_ON_FILES, POLICY_NAMES, defaults_with_subject, policies_with_subject};
pub use images::images;
pub(crate) use policy::SCHEMA;
pub(crate) use port_chain::is_port;

use super::verdicts::{fail, finish, inconclusive, pass};
use crate::graph::{Document, Graph, Path, PodTemplate};
use crate::model::{ChartPlan, Check, EnvironmentPlan, Measured, Slot, Thing, Verdict, What, Where};

/// Kinds that are in no namespace and are named by others.
const CLUSTER_WIDE: [&str; 2] = ["ClusterRole", "PriorityClass"];

/// What makes a template render other values at each render, in each cluster, or at each upgrade.
const RANDOM: [&str; 16] = [
    "(now",
    "genCA",
    "genPrivateKey",
    "genSelf",
    "genSigned",
    "htpasswd",
    "lookup ",
    "randA",
    "randB",
    "randI",
    "randN",
    "uuidv4",
    "{{ now",
    "{{- now",
    "Release.Revision",
    "bcrypt",
];

/// What a static question may look at.
pub(super) struct Facts<'a> {
    chart: &'a ChartPlan,
    environment: &'a EnvironmentPlan,
    graph: &'a Graph,
}

impl<'a> Facts<'a> {
    fn new(chart: &'a ChartPlan, environment: &'a EnvironmentPlan) -> Self {
        Self { chart, environment, graph: environment.rendered.graph() }
    }

    /// The namespace that an object is in.
    fn namespace_of<'d>(&'d self, document: &'d Document) -> &'d str {
        document.namespace().unwrap_or(&self.environment.release.namespace)
    }

    /// The object of this kind and name in a namespace, or where else the render holds one of that name.
    fn find(&self, kind: &str, name: &str, namespace: &str) -> Result<&'a Document, Elsewhere> {
        let mut others: Vec<&str> = Vec::new();
        for document in self.graph.all_named(kind, name) {
            let is_anywhere = CLUSTER_WIDE.contains(&kind);
            let own = document.namespace().unwrap_or(&self.environment.release.namespace);
            if is_anywhere || own == namespace {
                return Ok(document);
            }
            others.push(own);
        }
        Err(Elsewhere { namespaces: others.into_iter().map(str::to_owned).collect(), wanted: namespace.to_owned() })
    }

    /// Whether an object of the render is in this namespace.
    fn writes_namespace(&self, namespace: &str) -> bool {
        self.graph.find("Namespace", namespace).is_some()
    }

    /// The same object in the last release.
    fn before(&self, document: &Document) -> Option<&'a Document> {
        let last = self.environment.last_release.as_ref()?.rendered.graph();
        let namespace = self.namespace_of(document);
        let mut all = last.all_named(document.kind(), document.name());
        all.find(|old| self.namespace_of(old) == namespace && old.group() == document.group() && !old.is_hook())
    }

    /// Whether the template of an object, or a helper that it may use, makes other values at each render.
    fn is_random(&self, document: &Document) -> bool {
        let source = document.source.as_deref().unwrap_or("");
        let helpers = self.chart.templates.iter().filter(|(name, _)| name.rsplit('.').next() == Some("tpl"));
        let mut texts =
            self.chart.templates.get(&self.chart.file(source)).into_iter().chain(helpers.map(|(_, text)| text));
        texts.any(|text| RANDOM.iter().any(|word| text.contains(word)))
    }

    /// Whether the contract's `needs` bring this object with the keys that are asked for; what a needed chart makes is
    /// not known.
    fn is_given(&self, kind: &str, name: &str, keys: &[String]) -> bool {
        self.environment.needs.iter().any(|need| {
            let made = need.objects();
            let has_keys = |known: &[&str]| keys.iter().all(|key| known.contains(&key.as_str()));
            let is_it = made.iter().any(|(of, known)| *of == kind && has_keys(known));
            (is_it || made.is_empty()) && need.name == name || matches!(need.thing, Thing::Chart { .. })
        })
    }

    /// Whether a name is the release's own: its name, or one that begins with it.
    fn is_of_release(&self, name: &str) -> bool {
        let release = self.environment.release.name.as_str();
        name.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// The pods that stay: those of no hook, and of nothing that ends.
    fn staying_pods(&self) -> impl Iterator<Item = PodTemplate<'a>> {
        self.graph.pod_templates().filter(stays)
    }

    /// Where a finding is. Text is parsed for it, so only what is shown is looked up.
    fn place(&self, finding: &Finding) -> Option<Where> {
        match &finding.at {
            At::Nowhere => None,
            At::File(file, line) => Some(Where { file: self.chart.shown(file), line: Some(*line), note: None }),
            At::Manifest(line) => {
                let file = self.chart.skaffold.as_ref()?.file.clone();
                Some(Where { file, line: Some(*line), note: None })
            }
            At::Object(number, path) => Some(self.graph.documents.get(*number)?.place(self.chart, path)),
            At::Elsewhere(name, number, path) => {
                let environment = self.chart.environments.iter().find(|one| one.name == *name)?;
                let document = environment.rendered.graph().documents.get(*number)?;
                let place = document.place(self.chart, path);
                Some(Where { note: place.note.map(|note| format!("{note} of {name}")), ..place })
            }
        }
    }
}

/// Whether pods stay: those of no hook, and of nothing that ends.
fn stays(pod: &PodTemplate<'_>) -> bool {
    !pod.workload.is_hook() && !matches!(pod.workload.kind(), "Job" | "CronJob")
}

/// The namespaces in which the render has an object of that name, where it has none in the one that is wanted.
struct Elsewhere {
    namespaces: Vec<String>,
    wanted: String,
}

impl std::fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespaces[..] {
            [] => write!(f, "none of that name"),
            all => write!(f, "it in namespace {}, not {}", all.join(", "), self.wanted),
        }
    }
}

/// What more of them is wrong tells nothing new.
const MOST_FINDINGS: usize = 100;

/// What a question found.
#[derive(Debug, Default)]
pub(super) struct Inspected {
    /// What was looked at (`ports`).
    what: &'static str,
    /// How many of them.
    n: usize,
    findings: Vec<Finding>,
}

impl Inspected {
    fn new(what: &'static str) -> Self {
        Self { what, ..Self::default() }
    }

    /// Whether more findings would not be kept: looking for them costs time for nothing.
    fn is_full(&self) -> bool {
        self.findings.len() >= MOST_FINDINGS
    }

    /// Counts one subject and keeps what is wrong with it.
    fn subject(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.n += 1;
        self.findings.extend(findings.into_iter().take(MOST_FINDINGS.saturating_sub(self.findings.len())));
    }
}

/// Something that is wrong, and the object and path in it where that is.
#[derive(Debug)]
pub(super) struct Finding {
    message: String,
    at: At,
}

/// Where a finding is.
#[derive(Debug)]
enum At {
    /// In a rendered object, by its number, at a path.
    Object(usize, Path),
    /// The same in the render of another environment.
    Elsewhere(String, usize, Path),
    /// In a file of the chart, at a line.
    File(String, usize),
    /// In the Skaffold manifest, at a line.
    Manifest(usize),
    /// The render does not hold what it is about.
    Nowhere,
}

impl Finding {
    fn at(document: &Document, path: &Path, message: impl Into<String>) -> Self {
        Self { message: message.into(), at: At::Object(document.number, path.clone()) }
    }

    /// Of something that the render does not hold.
    fn nowhere(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: At::Nowhere }
    }

    /// In the Skaffold manifest.
    fn in_manifest(line: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), at: At::Manifest(line) }
    }

    /// In a file of the chart that is not rendered, or before it is.
    fn in_template(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), at: At::File(file.to_owned(), line) }
    }
}

/// Judges a slot that needs no observation.
pub fn judge_static(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot) -> Verdict {
    let facts = Facts::new(chart, environment);
    let verdict = match &slot.what {
        What::Renders => renders::judge(chart, environment, slot),
        What::Invalid(message) => fail(slot, "invalid", message.clone()),
        What::Expired(skip) => contract::expired(slot, skip),
        What::Decodes => ruled(&facts, slot, &decodes::inspect(&facts), "decode"),
        What::Named(target) => ruled(&facts, slot, &named::inspect(&facts, target), "missing-name"),
        What::Default(name) => match defaults::inspect(&facts, name) {
            Some(inspected) => ruled(&facts, slot, &inspected, name),
            None => inconclusive(slot, "missing", format!("there is no default clause `{name}`")),
        },
        What::Clause(clause) => {
            let mut verdicts = clause.then.iter().map(|phase| of_check(chart, environment, slot, &phase.check));
            let first = verdicts.find(|v| v.as_ref().is_none_or(|v| v.kind != crate::model::VerdictKind::Pass));
            match first {
                Some(verdict) => verdict.unwrap_or_else(|| inconclusive(slot, "missing", "it needs an observation")),
                None if clause.then.is_empty() => inconclusive(slot, "missing", "the clause has no check"),
                None => last_pass(chart, environment, slot, clause.then.last().map(|phase| &phase.check)),
            }
        }
        _ => inconclusive(slot, "missing", "it needs an observation"),
    };
    finish(verdict, chart, environment, slot)
}

fn last_pass(chart: &ChartPlan, environment: &EnvironmentPlan, slot: &Slot, check: Option<&Check>) -> Verdict {
    let verdict = check.and_then(|check| of_check(chart, environment, slot, check));
    verdict.unwrap_or_else(|| pass(slot, Vec::new()))
}

/// The verdict of a written check that the files alone decide; `None` for one that must be observed.
pub(super) fn of_check(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    slot: &Slot,
    check: &Check,
) -> Option<Verdict> {
    let facts = Facts::new(chart, environment);
    let inspected = match check {
        Check::Rendered(expected) => objects::rendered(&facts, expected),
        Check::Same(names) => same::inspect(&facts, names),
        Check::Objects(counts) => objects::counts(&facts, counts),
        // It is a prerequisite: were it not kept, this would be blocked.
        Check::Holds(_) => return Some(pass(slot, Vec::new())),
        _ => return None,
    };
    Some(ruled(&facts, slot, &inspected, "mismatch"))
}

fn ruled(facts: &Facts<'_>, slot: &Slot, inspected: &Inspected, cause: &str) -> Verdict {
    if inspected.n == 0 && inspected.findings.is_empty() {
        return inconclusive(slot, "missing", format!("the render holds no {}", inspected.what));
    }
    if inspected.findings.is_empty() {
        return pass(slot, vec![looked_at(inspected)]);
    }
    let mut message = inspected.findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("\n");
    if inspected.is_full() {
        message.push_str("\nwhat else is wrong is not shown");
    }
    let mut verdict = fail(slot, cause, message);
    verdict.places = inspected.findings.iter().filter_map(|finding| facts.place(finding)).collect();
    verdict
}

fn looked_at(inspected: &Inspected) -> Measured {
    let n = inspected.n as u64;
    Measured { what: inspected.what.to_owned(), value: n as f64, limit: None, unit: String::new(), n }
}

#[cfg(test)]
mod tests;
