//! The generated schema against a tree: every mistake at its place, in words of the language instead of JSON Schema's.

use super::findings::Findings;
use crate::diagnostic::{child, hint};
use crate::schema::{self, FileKind};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonTypeSet, ValidationError, Validator};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// Mistakes of a whole file.
pub(super) fn file(kind: FileKind, value: &Value, found: &mut Findings<'_>) -> Vec<String> {
    static VALIDATORS: [OnceLock<Option<Validator>>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    let validator = VALIDATORS[kind as usize].get_or_init(|| jsonschema::validator_for(schema::of(kind)).ok());
    run(kind, validator.as_ref(), value, found)
}

/// Mistakes of one clause after its references were looked up.
pub(crate) fn clause(value: &Value, found: &mut Findings<'_>) -> Vec<String> {
    static VALIDATOR: OnceLock<Option<Validator>> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| {
        let schema = json!({ "$ref": "#/$defs/Clause", "$defs": schema::of(FileKind::Contract)["$defs"] });
        jsonschema::validator_for(&schema).ok()
    });
    run(FileKind::Contract, validator.as_ref(), value, found)
}

/// Reports every error; gives the pointers of the values that have one.
fn run(kind: FileKind, validator: Option<&Validator>, value: &Value, found: &mut Findings<'_>) -> Vec<String> {
    let Some(validator) = validator else {
        found.value("", "bad-schema", "the generated schema does not compile; this is a bug of Seatrial", None);
        return vec![String::new()];
    };
    let errors: Vec<ValidationError<'_>> = validator.iter_errors(value).collect();
    let mut plain = Vec::new();
    for error in &errors {
        flatten(error, &mut plain);
    }
    for error in &plain {
        report(kind, error, found);
    }
    errors.iter().chain(plain).map(|error| error.instance_path().to_string()).collect()
}

/// The errors that matter: of an `anyOf` those of the branch that was meant.
fn flatten<'e>(error: &'e ValidationError<'_>, plain: &mut Vec<&'e ValidationError<'e>>) {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } => match meant(error.instance_path().as_str(), context) {
            Some(branch) => branch.iter().for_each(|inner| flatten(inner, plain)),
            None => plain.push(error),
        },
        _ => plain.push(error),
    }
}

/// The branch of an `anyOf` whose type fits; `None` where no branch's type fits.
fn meant<'e>(at: &str, context: &'e [Vec<ValidationError<'static>>]) -> Option<&'e Vec<ValidationError<'static>>> {
    context.iter().filter(|branch| is_type_right(at, branch)).min_by_key(|branch| branch.len())
}

/// Whether a branch refuses a value for more than its type. A text that is no reference, where a number may be a
/// reference, is of the wrong type.
fn is_type_right(at: &str, branch: &[ValidationError<'static>]) -> bool {
    branch.iter().filter(|error| error.instance_path().as_str() == at).all(|error| match error.kind() {
        ValidationErrorKind::Type { .. } | ValidationErrorKind::Pattern { .. } => false,
        ValidationErrorKind::AnyOf { context } => meant(at, context).is_some(),
        _ => true,
    })
}

fn report(file: FileKind, error: &ValidationError<'_>, found: &mut Findings<'_>) {
    let at = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for key in unexpected {
                unknown_key(at, key, &known_keys(file, error), found);
            }
        }
        ValidationErrorKind::Type { kind } => wrong_type(at, &types(kind), error.instance(), found),
        ValidationErrorKind::AnyOf { context } => wrong_type(at, &expected_types(context), error.instance(), found),
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            found.key(at, "missing-key", format!("the key `{property}` is missing"), None);
        }
        ValidationErrorKind::MinItems { .. } => found.value(at, "empty-list", "an empty list", None),
        ValidationErrorKind::MinProperties { .. } => found.value(at, "empty-expectation", "an empty map", None),
        ValidationErrorKind::Enum { options } => bad_word(at, error.instance(), options, found),
        ValidationErrorKind::Constant { expected_value } => {
            bad_word(at, error.instance(), &json!([expected_value]), found);
        }
        _ => found.value(at, "bad-value", error.to_string(), None),
    }
}

/// The types of all branches, those of branches within branches too.
fn expected_types(context: &[Vec<ValidationError<'static>>]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for error in context.iter().flatten() {
        let more = match error.kind() {
            ValidationErrorKind::Type { kind } => types(kind),
            ValidationErrorKind::AnyOf { context } => expected_types(context),
            _ => Vec::new(),
        };
        all.extend(more);
    }
    let mut seen = Vec::new();
    all.retain(|word| {
        word != "null" && !seen.contains(word) && {
            seen.push(word.clone());
            true
        }
    });
    all
}

fn types(kind: &TypeKind) -> Vec<String> {
    let set: JsonTypeSet = match kind {
        TypeKind::Single(one) => JsonTypeSet::empty().insert(*one),
        TypeKind::Multiple(set) => *set,
    };
    let words = set.iter().map(|one| one.to_string());
    words.filter(|word| word != "null").collect()
}

fn wrong_type(at: &str, expected: &[String], seen: &Value, found: &mut Findings<'_>) {
    if is_duration(at) && seen.is_number() {
        let hint = Some(format!("a duration has a unit: did you mean `{seen}s`?"));
        found.value(at, "bad-duration", format!("`{seen}` is no duration"), hint);
        return;
    }
    let expected: Vec<&str> = expected.iter().map(|word| plain_type(word)).collect();
    let message = format!("expected {}, found {}", expected.join(" or "), describe(seen));
    found.value(at, "wrong-type", message, None);
}

fn is_duration(at: &str) -> bool {
    at.ends_with("/within") || at.ends_with("/for") || at.starts_with("/timeouts/")
}

fn plain_type(word: &str) -> &str {
    match word {
        "object" => "a map",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        other => other,
    }
}

fn describe(seen: &Value) -> String {
    match seen {
        Value::Null => "nothing".to_owned(),
        Value::Object(_) => "a map".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("the text `{text}`"),
        other => format!("`{other}`"),
    }
}

fn unknown_key(at: &str, key: &str, known: &[String], found: &mut Findings<'_>) {
    let pointer = child(at, key);
    let hint = hint(key, known.iter().map(String::as_str));
    found.key(&pointer, "unknown-key", format!("unknown key `{key}`"), hint);
}

/// The keys that the schema knows where an unknown one was found.
fn known_keys(file: FileKind, error: &ValidationError<'_>) -> Vec<String> {
    let path = error.schema_path().as_str();
    let holder = path.strip_suffix("/additionalProperties").unwrap_or(path);
    let schema = schema::of(file);
    let properties = schema.pointer(&format!("{holder}/properties")).and_then(Value::as_object);
    properties.map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

fn bad_word(at: &str, seen: &Value, options: &Value, found: &mut Findings<'_>) {
    let known: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let hint = seen.as_str().and_then(|word| hint(word, known.iter().copied()));
    let hint = hint.or_else(|| Some(format!("known here: {}", known.join(", "))));
    found.value(at, "bad-value", format!("{} is not known here", describe(seen)), hint);
}
