//! `metrics:`: what a workload exposes in the text format of Prometheus.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::expectation::expectation;
use crate::load::findings::Findings;
use crate::load::scalars::target;
use crate::model::{Check, Expectation, Kind, MetricsCheck, Series, Target};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "metrics",
    about: "Metrics in the text format of Prometheus, scraped through a Service or as a ServiceMonitor says.",
    is_static: false,
    schema: schema_of::<MetricsFile>,
    parse,
};

/// What is scraped, and what is found there.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MetricsFile {
    /// svc/NAME:PORT/path (/metrics where no path is written), or servicemonitor/NAME.
    through: String,
    /// Metric → expectation of some sample's value; NAME, or NAME{code="200"}.
    #[schemars(extend("minProperties" = 1))]
    expect: IndexMap<String, Value>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: MetricsFile = read(value, at, found)?;
    let through = through(&file.through, &child(at, "through"), found);
    let mut expect = Vec::new();
    for (name, value) in &file.expect {
        let at = child(&child(at, "expect"), name);
        let series = series(name, &at, found);
        expect.push(series.zip(amount(value, &at, found)));
    }
    let expect = expect.into_iter().collect::<Option<Vec<_>>>();
    Some(Check::Metrics(MetricsCheck { through: through?, expect: expect? }))
}

fn through(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    let target = target(text, at, found)?;
    let is_good = match &target {
        Target::Service { .. } | Target::Pod { .. } | Target::Host { .. } => true,
        Target::Object { kind: Kind::Named(kind), .. } => kind.eq_ignore_ascii_case("servicemonitor"),
        _ => false,
    };
    if !is_good {
        let hint = Some("write svc/NAME:PORT/path or servicemonitor/NAME".to_owned());
        found.value(at, "bad-target", format!("`{text}` can't be scraped"), hint);
    }
    is_good.then_some(target)
}

fn series(text: &str, at: &str, found: &mut Findings<'_>) -> Option<Series> {
    let series = Series::parse(text);
    if series.is_none() {
        let hint = Some("write NAME, or NAME{label=\"value\"}".to_owned());
        found.key(at, "bad-value", format!("`{text}` is no metric"), hint);
    }
    series
}

fn amount(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Expectation> {
    let expected = expectation(value, at, found)?;
    let is_good = !matches!(expected, Expectation::Map(_) | Expectation::List(_) | Expectation::Unchanged);
    if !is_good {
        let hint = Some("write present, absent, a number, or a comparison".to_owned());
        found.value(at, "bad-value", "a metric's value is a number", hint);
    }
    is_good.then_some(expected)
}
