//! A clause as it is written: one flat map of checks and circumstances, all optional. That exactly one check is there
//! is looked at by the parser: a schema that says so makes unreadable errors.

use super::check_word::CHECKS;
use super::latency_file::LatencyFile;
use super::load_file::LoadFile;
use super::one_or_many::OneOrMany;
use super::scalars::Number;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Everything of a clause but its check.
#[derive(Deserialize, JsonSchema)]
pub(super) struct CircumstancesFile {
    /// The environments it is judged in; all of them where none is written.
    #[serde(rename = "in")]
    #[expect(dead_code, reason = "read with the raw clause, before references are looked up; here for the schema")]
    in_: Option<OneOrMany<String>>,
    /// One verdict an element: variable → elements (a list, or name → value); or a list of elements with several
    /// variables each, of which `name` names the verdict.
    #[expect(dead_code, reason = "read with the raw clause, before references are looked up; here for the schema")]
    each: Option<EachOfFile>,
    /// From where probes look: pod (default), host, node, a workload, or a pod with these properties.
    pub(super) from: Option<VantageFile>,
    /// What is prepared first; its failure makes the clause inconclusive.
    #[schemars(with = "Option<OneOrMany<BareCheck>>")]
    pub(super) before: Option<Value>,
    /// What happens; only what comes after it counts.
    pub(super) when: Option<OneOrMany<EventFile>>,
    /// Several checks, one after another.
    #[schemars(with = "Option<Vec<PhaseFile>>", length(min = 1))]
    pub(super) then: Option<Vec<Value>>,
    /// The promise comes true within this time from the event: 5s, or `5s of ready`; a start also in so much more
    /// time than elsewhere.
    pub(super) within: Option<WithinFile>,
    /// The promise holds this long.
    #[serde(rename = "for")]
    pub(super) for_: Option<String>,
    /// So many times in a row, each after the event anew (or after a fresh install, where readiness is promised).
    #[schemars(range(min = 1, max = 100))]
    pub(super) repeat: Option<u64>,
    /// How fast the probe itself is.
    pub(super) latency: Option<LatencyFile>,
    /// The promise holds before, during and after the event: until 5 s after all is ready again.
    #[serde(default)]
    pub(super) throughout: bool,
    /// In the end what `when` did is undone, and all that was ready is ready again within this time; or one check with
    /// its own `within`, counted from then.
    #[schemars(with = "Option<HealsFile>")]
    pub(super) heals: Option<Value>,
    /// Requirement rows.
    pub(super) covers: Option<OneOrMany<String>>,
    /// A line for the report.
    pub(super) why: Option<String>,
    /// Clauses that must have passed.
    pub(super) after: Option<OneOrMany<String>>,
    /// Not judged, for this reason, until this day.
    pub(super) skip: Option<SkipFile>,
    /// States that may heal and do not end a wait (`CreateContainerConfigError` …).
    pub(super) tolerates: Option<OneOrMany<String>>,
    /// Shown, but does not gate.
    #[serde(default)]
    pub(super) advisory: bool,
}

/// One variable with its elements, or elements of several variables.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum EachOfFile {
    /// Variable → its elements.
    One(IndexMap<String, EachFile>),
    /// Each a map: variable → value.
    Rows(#[schemars(length(min = 1))] Vec<IndexMap<String, Value>>),
}

/// The elements of a variable.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum EachFile {
    /// Each is its own name.
    List(#[schemars(length(min = 1))] Vec<Scalar>),
    /// Name → value.
    Map(#[schemars(extend("minProperties" = 1))] IndexMap<String, Value>),
}

/// A text, a number or a flag.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Scalar(pub(super) Value);

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// From where a probe looks.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum VantageFile {
    /// `pod`, `host`, `node`, or a workload.
    Word(String),
    Stranger(StrangerFile),
}

/// A pod with these properties.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct StrangerFile {
    /// Its namespace.
    pub(super) namespace: Option<String>,
    /// Its labels.
    #[serde(default)]
    pub(super) labels: IndexMap<String, String>,
    /// Its service account.
    pub(super) service_account: Option<String>,
}

/// An excuse with an end.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SkipFile {
    /// Why.
    pub(super) reason: String,
    /// The last day of the excuse, YYYY-MM-DD; past it the clause fails.
    pub(super) until: String,
}

/// What happens.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum EventFile {
    /// `reinstall`, `uninstall`, `upgrade` (an identical one), or `rollback` after an upgrade.
    Word(String),
    Event(Box<EventMap>),
}

/// One event and what it happens to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct EventMap {
    /// Delete the pods of a workload; with `{ of: deploy/x, grace: 0s }` in another time than they ask for themselves.
    pub(super) delete_pod: Option<DeletePodFile>,
    /// Restart a workload, as `kubectl rollout restart` does.
    pub(super) restart: Option<String>,
    /// Set the replicas of workloads.
    #[schemars(extend("minProperties" = 1))]
    pub(super) scale: Option<IndexMap<String, Number>>,
    /// Evict the pods of a workload, as a drain of their nodes does it; budgets are respected.
    pub(super) drain: Option<String>,
    /// Signal the first process of a workload's containers: { sts/x: KILL }.
    #[schemars(extend("minProperties" = 1))]
    pub(super) signal: Option<IndexMap<String, String>>,
    /// Every process of a workload stands still until the clause is over; `needs/x`, a container beside the cluster, is
    /// stopped, and started again.
    pub(super) stop: Option<String>,
    /// Drop the packets between a workload's pods and a Service port, in the pods' own network, so that neither side is
    /// told: { deploy/x: svc/y:http }. Undone after the clause, or by `heals`.
    #[schemars(extend("minProperties" = 1))]
    pub(super) cut: Option<IndexMap<String, String>>,
    /// Change fields of objects: { sts/x: { spec.replicas: 1 } }.
    #[schemars(extend("minProperties" = 1), with = "Option<IndexMap<String, IndexMap<String, Value>>>")]
    pub(super) patch: Option<IndexMap<String, Value>>,
    /// Apply the objects of these files of the chart; what was not there before goes after the clause.
    pub(super) apply: Option<OneOrMany<String>>,
    /// Delete these objects.
    pub(super) delete: Option<String>,
    /// Upgrade the release with other values, or from the last release: that is installed first, before all else of
    /// the clause. Where there is none, the clause is skipped.
    pub(super) upgrade: Option<UpgradeFile>,
    /// Requests at a constant rate, until the clause is judged: so many of them failed is told, and may be limited.
    pub(super) load: Option<LoadFile>,
}

/// A workload, or one and the time that its pods have to end.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum DeletePodFile {
    /// `deploy/x`.
    Target(String),
    Graced(GracedFile),
}

/// A workload, and the time that its pods have to end.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GracedFile {
    /// The workload.
    pub(super) of: String,
    /// The time, in whole seconds; 0s is a crash.
    pub(super) grace: String,
}

/// What an upgrade starts from, and its values.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpgradeFile {
    /// What is there before; the chart as it is, where nothing is written.
    pub(super) from: Option<FromFile>,
    /// Keys in Helm's own --set syntax, values typed.
    #[serde(default)]
    pub(super) set: IndexMap<String, Value>,
}

/// What an upgrade starts from.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FromFile {
    /// The last release: `.last-release` beside the chart, a git tag, or the target branch.
    LastRelease,
}

/// A promise about time.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum WithinFile {
    /// `5s`, or `5s of ready`.
    Text(String),
    Than(ThanFile),
}

/// So much longer than elsewhere, in the middle of several starts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ThanFile {
    /// How much longer the median may be: +100ms.
    pub(super) p50: String,
    /// The same image elsewhere.
    pub(super) than: ElsewhereFile,
}

/// Where the same image is started too.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ElsewhereFile {
    /// In a plain container of the engine.
    Docker,
}

/// The time words of one check.
#[derive(Deserialize, JsonSchema)]
pub(super) struct TimesFile {
    /// The promise comes true within this time from the event: 5s, or `5s of ready`; a start also in so much more
    /// time than elsewhere.
    pub(super) within: Option<WithinFile>,
    /// The promise holds this long.
    #[serde(rename = "for")]
    pub(super) for_: Option<String>,
    /// How fast the probe itself is.
    pub(super) latency: Option<LatencyFile>,
}

/// The schema of a clause: circumstances and checks side by side.
pub(crate) struct ClauseFile;

impl JsonSchema for ClauseFile {
    fn schema_name() -> Cow<'static, str> {
        "Clause".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let circumstances = CircumstancesFile::json_schema(generator);
        with_checks("One promise: exactly one check, and any circumstances.", Some(&circumstances), generator)
    }
}

/// The schema of an entry of `then`: one check and its time words.
struct PhaseFile;

impl JsonSchema for PhaseFile {
    fn schema_name() -> Cow<'static, str> {
        "Phase".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let times = TimesFile::json_schema(generator);
        with_checks("One check with its own time words.", Some(&times), generator)
    }
}

/// What is promised once the event was undone: a time until all is ready again, or a check.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema")]
enum HealsFile {
    Time(String),
    Check(PhaseFile),
}

/// The schema of an entry of `before`: one check.
struct BareCheck;

impl JsonSchema for BareCheck {
    fn schema_name() -> Cow<'static, str> {
        "Preparation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let apply = generator.subschema_for::<OneOrMany<String>>().to_value();
        let beside = json_schema!({ "properties": { "apply": apply } });
        with_checks(
            "One check that must hold first, a push to a registry, or files to apply.",
            Some(&beside),
            generator,
        )
    }
}

fn with_checks(about: &str, beside: Option<&Schema>, generator: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    for word in CHECKS {
        let mut schema = (word.schema)(generator);
        schema.insert("description".to_owned(), Value::from(word.about));
        properties.insert(word.key.to_owned(), schema.to_value());
    }
    if let Some(Value::Object(more)) = beside.and_then(|schema| schema.get("properties")) {
        properties.extend(more.clone());
    }
    json_schema!({
        "description": about,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}
