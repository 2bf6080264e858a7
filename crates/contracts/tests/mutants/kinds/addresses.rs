//! Services inside variables and configuration: a port that they don't have, a name that nobody has.

use super::{Named, WORKLOADS};
use crate::case::set;
use serde_json::json;

const ENV: &str = "@ spec containers * env * value";

pub(super) const MUTANTS: &[Named] = &[
    ("another-port-in-a-url", |c| {
        // One that ends in 9 is none of theirs.
        set(c, WORKLOADS, ENV, |v| with_port(v.as_str()?))
    }),
    ("another-port-in-a-config", |c| set(c, "ConfigMap", "data *", |v| with_port(v.as_str()?))),
    ("misspelled-in-a-url", |c| set(c, WORKLOADS, ENV, |v| misspelled(v.as_str()?))),
    ("misspelled-in-a-config", |c| set(c, "ConfigMap", "data *", |v| misspelled(v.as_str()?))),
    ("misspelled-host", |c| {
        set(c, WORKLOADS, ENV, |v| {
            let host = v.as_str()?;
            (host.starts_with('<') && host.ends_with('>')).then(|| json!(format!("{host}q")))
        })
    }),
    ("whole-name-of-nobody", |c| {
        let nobody = format!("http://nobody.{}.svc.cluster.local/", c.namespace());
        set(c, WORKLOADS, ENV, |v| v.as_str()?.starts_with("http").then(|| json!(nobody)))
    }),
    ("another-port-in-a-secret", |c| set(c, "Secret", "stringData *", |v| with_port(v.as_str()?))),
    ("another-port-of-a-member", |c| {
        set(c, "StatefulSet", ENV, |v| {
            let member = v.as_str().filter(|text| text.contains("-0."))?;
            Some(json!(member.replace(":7000", ":7009")))
        })
    }),
];

/// The text with another port behind the first name.
fn with_port(text: &str) -> Option<serde_json::Value> {
    let (before, rest) = text.split_once(">:")?;
    if before.contains("-0.") {
        return None;
    }
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    Some(json!(format!("{before}>:4719{after}")))
}

/// The text with a letter too many in the first name of a URL.
fn misspelled(text: &str) -> Option<serde_json::Value> {
    let (before, rest) = text.split_once("://<")?;
    let (name, after) = rest.split_once('>')?;
    Some(json!(format!("{before}://<{name}>q{after}")))
}
