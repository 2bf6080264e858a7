//! The fields that a refusal names, as paths into the object.

use crate::graph::Path;
use seatrial_observation::Refused;
use serde_json::Value;

/// The paths that a refusal names, those of its causes first.
pub(super) fn named(why: &Refused) -> Vec<Path> {
    let of_causes = why.fields.iter().map(|field| steps(field));
    of_causes.chain(unknown(&why.message)).filter(|path| !path.is_empty()).collect()
}

/// Unknown fields: `unknown field "spec.colour"` of a create, `.spec.colour: field not declared in schema` of an apply.
fn unknown(message: &str) -> Vec<Path> {
    let created = message.split("unknown field \"").skip(1).filter_map(|rest| rest.split('"').next());
    let applied =
        message.match_indices(": field not declared").filter_map(|(at, _)| message[..at].split(' ').next_back());
    created.chain(applied).map(steps).collect()
}

/// `spec.ports[0].nodePort` and `metadata.labels[a.b/c]`, step by step.
fn steps(field: &str) -> Path {
    let mut path = Path::new();
    for (index, piece) in field.split('[').enumerate() {
        let plain = match piece.split_once(']') {
            Some((inner, rest)) if index > 0 => {
                path.push(inner.trim_matches('"').to_owned());
                rest
            }
            _ => piece,
        };
        path.extend(plain.split('.').filter(|step| !step.is_empty()).map(str::to_owned));
    }
    path
}

/// What stands at a path.
pub(super) fn value<'v>(object: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, fields: &[&str], expected: &[&str]) {
        let fields = fields.iter().map(ToString::to_string).collect();
        let why = Refused { message: message.to_owned(), fields, ..Refused::default() };
        assert_eq!(named(&why).iter().map(|path| path.join(" ")).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn fields_are_read_from_causes_and_from_words() {
        check("", &["spec.ports[0].nodePort"], &["spec ports 0 nodePort"]);
        check("", &["metadata.labels[a.b/c].x"], &["metadata labels a.b/c x"]);
        let strict = "strict decoding error: unknown field \"spec.colour\", unknown field \"spec.size\"";
        check(strict, &[], &["spec colour", "spec size"]);
        check("failed to create typed patch object: .spec.colour: field not declared in schema", &[], &["spec colour"]);
        check("admission webhook denied the request", &[], &[]);
    }
}
