//! `registry:`: an OCI registry keeps its protocol, and what was pushed.

use crate::diagnostic::child;
use crate::load::check_word::{CheckWord, read, schema_of};
use crate::load::findings::Findings;
use crate::load::scalars::address;
use crate::model::{Action, Check, RegistryCheck, RegistryTalk, Target};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(in crate::load) const WORD: CheckWord = CheckWord {
    key: "registry",
    about: "An OCI registry: /v2/, push, pull, identical bytes, a wrong digest refused; or pull what was pushed before.",
    is_static: false,
    schema: schema_of::<RegistryFile>,
    parse,
};

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum RegistryFile {
    /// The address: the whole round.
    Address(String),
    Talk(TalkFile),
}

/// One talk with a registry.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TalkFile {
    /// The address.
    at: String,
    /// Push a random blob and remember it under this name (in `before` only).
    push: Option<String>,
    /// Pull what was pushed under this name.
    pull: Option<String>,
}

fn parse(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let (to, talk) = match read(value, at, found)? {
        RegistryFile::Address(text) => (address(&text, at, found)?, RegistryTalk::RoundTrip),
        RegistryFile::Talk(TalkFile { push: Some(_), .. }) => {
            let hint = Some("write it in `before`, and `pull` here".to_owned());
            found.key(&child(at, "push"), "misplaced-key", "`push` prepares, it promises nothing", hint);
            return None;
        }
        RegistryFile::Talk(file) => (host(&file, at, found)?, talk(file.pull)),
    };
    no_path(&to, at, found)?;
    Some(Check::Registry(RegistryCheck { at: to, talk }))
}

/// `{ at, push }` in `before`; `None` where it is no push.
pub(in crate::load) fn push(value: &Value, at: &str, found: &mut Findings<'_>) -> Option<Action> {
    let Ok(TalkFile { at: text, push: Some(name), pull: None }) = TalkFile::deserialize(value) else { return None };
    let to = address(&text, &child(at, "at"), found)?;
    no_path(&to, at, found)?;
    Some(Action::Push { at: to, name })
}

fn talk(pull: Option<String>) -> RegistryTalk {
    pull.map_or(RegistryTalk::RoundTrip, |name| RegistryTalk::Pull { name, seed: None })
}

fn host(file: &TalkFile, at: &str, found: &mut Findings<'_>) -> Option<Target> {
    address(&file.at, &child(at, "at"), found)
}

fn no_path(to: &Target, at: &str, found: &mut Findings<'_>) -> Option<()> {
    let (Target::Service { path, .. }
    | Target::Pod { path, .. }
    | Target::Host { path, .. }
    | Target::Ingress { path, .. }) = to
    else {
        return None;
    };
    if !path.is_empty() {
        let hint = Some("write the host and port alone, as in host:5000".to_owned());
        found.value(at, "bad-target", format!("a registry has no path: `{path}`"), hint);
        return None;
    }
    Some(())
}
