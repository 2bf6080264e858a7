//! `helmTest:`: the chart's own tests, by `helm test`.

use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::model::{Check, HelmTestCheck};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "helmTest",
    about: "The chart's own tests pass: `all` of them, or those with these names. What they leave is removed afterwards.",
    is_static: false,
    schema: schema_of::<HelmTestFile>,
    parse,
};

/// `all`, or names of tests.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
struct HelmTestFile(OneOrMany<String>);

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let file: HelmTestFile = read(value, at, found)?;
    let names = file.0.at(at);
    for (at, name) in &names {
        if name.is_empty() || name.contains([',', '=', '!']) {
            let hint = Some("write `all`, or the metadata.name of a test".to_owned());
            found.value(at, "bad-name", format!("`{name}` is no name of a test"), hint);
        }
    }
    let names = names.into_iter().map(|(_, name)| name).filter(|name| name != "all").collect();
    Some(Check::HelmTest(HelmTestCheck { names }))
}
