//! `refuses:`: values that the chart must refuse, objects that the API server must refuse, and what the refusal says.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::event;
use crate::load::findings::Findings;
use crate::load::one_or_many::OneOrMany;
use crate::load::scalars::set_keys;
use crate::model::{Check, Event, Refusal, Refused};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "refuses",
    about: "Values that the chart's schema must refuse, or objects that the API server must refuse, and what the refusal \
            must say. With `apply` the cluster is asked, and nothing is changed.",
    is_static: true,
    schema: schema_of::<OneOrMany<RefusalFile>>,
    parse,
};

/// Values or objects that must be refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RefusalFile {
    /// The values; keys in Helm's own --set syntax, values typed.
    #[schemars(extend("minProperties" = 1))]
    set: Option<IndexMap<String, Value>>,
    /// Files of the chart: each object of them must be refused by a schema, a policy or a webhook of the cluster. It is
    /// asked by a dry run, which gives out no ports and addresses of Services: what only that would refuse is not seen.
    apply: Option<OneOrMany<String>>,
    /// A text that the refusal must hold.
    saying: Option<String>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let refusals: OneOrMany<RefusalFile> = read(value, at, found)?;
    let refusals: Vec<_> = refusals.at(at).into_iter().map(|(at, file)| refusal(file, &at, found)).collect();
    Some(Check::Refuses(refusals.into_iter().collect::<Option<_>>()?))
}

fn refusal(file: RefusalFile, at: &str, found: &mut Findings<'_>) -> Option<Refusal> {
    let what = match (file.set, file.apply) {
        (Some(set), None) => {
            set_keys(set.keys(), &child(at, "set"), found);
            Refused::Values(set)
        }
        (None, Some(files)) => match event::apply(files.at(&child(at, "apply")), found)? {
            Event::Apply(files) => Refused::Objects(files),
            _ => return None,
        },
        (set, _) => {
            let message = if set.is_some() { "both values and objects" } else { "nothing that is to be refused" };
            found.value(at, "bad-value", message, Some("write `set` or `apply`, one an entry".to_owned()));
            return None;
        }
    };
    Some(Refusal { what, saying: file.saying })
}
