//! `object` and `rendered`: fields of objects, in the cluster or in the files.

use super::Judged;
use crate::graph::{Document, Graph, PodTemplate};
use crate::judge::expect;
use crate::model::{Expectation, ObjectExpectations, ObjectPath, Target, looked_up, object_field};
use seatrial_observation::Found;
use serde_json::Value;

type Fields = [(ObjectPath, Expectation)];

pub(super) fn look(expected: &ObjectExpectations, found: &[Found], before: &[Found]) -> Judged {
    if expected.0.is_empty() || found.len() < expected.0.len() {
        return Judged::unseen("not every object was looked for");
    }
    let mut broken = Vec::new();
    for (index, (target, fields)) in expected.0.iter().enumerate() {
        let earlier = before.get(index).map_or(&[][..], |f| f.objects.as_slice());
        let fields: Vec<_> = fields.iter().map(|(path, one)| (path.clone(), referring(one, found))).collect();
        broken.extend(objects(target, &fields, &found[index].objects, earlier));
    }
    Judged::of(&broken)
}

/// `$(widget/x.metadata.generation)`: a field of another object, as it was seen in the same look.
fn referring(expected: &Expectation, found: &[Found]) -> Expectation {
    looked_up(expected, &|name| {
        let (target, path) = object_field(name)?;
        let target = target.to_string();
        let object = found.iter().find(|one| one.target == target)?.objects.first()?;
        expect::at_path(&path, object).into_iter().next()?.1.cloned()
    })
}

/// The objects that expectations refer to.
pub fn referred(expected: &ObjectExpectations) -> Vec<Target> {
    let texts = expected.0.iter().flat_map(|(_, fields)| fields).map(|(_, one)| expect::describe(one));
    let mut targets: Vec<Target> = Vec::new();
    for text in texts {
        for name in text.split("$(").skip(1).filter_map(|rest| rest.split(')').next()) {
            targets.extend(object_field(name).map(|(target, _)| target));
        }
    }
    targets
}

/// What does not hold of the objects that one target names.
fn objects(target: &Target, fields: &Fields, objects: &[Value], before: &[Value]) -> Vec<String> {
    if is_absent(fields) {
        let seen = objects.iter().map(|object| format!("expected no {target}, seen {}", name(object)));
        return seen.collect();
    }
    if objects.is_empty() {
        return vec![format!("{target}: expected to be there, seen nothing of that name")];
    }
    objects.iter().flat_map(|object| mismatches(&label(target, object), fields, object, before)).collect()
}

fn mismatches(label: &str, fields: &Fields, object: &Value, before: &[Value]) -> Vec<String> {
    let earlier = before.iter().find(|b| name(b) == name(object));
    let all = fields.iter().flat_map(|(path, expected)| expect::check_path(path, expected, object, earlier));
    all.map(|mismatch| format!("{label}: {mismatch}")).collect()
}

fn is_absent(fields: &Fields) -> bool {
    matches!(fields, [(path, Expectation::Absent)] if path.0.is_empty())
}

fn name(object: &Value) -> &str {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("an object without a name")
}

/// The target as written where it names one object, else the object.
fn label(target: &Target, object: &Value) -> String {
    use crate::model::{Kind, Name};
    match target {
        Target::Object { kind: Kind::Named(_), name: Name::Is(_) } | Target::Service { name: Name::Is(_), .. } => {
            target.to_string()
        }
        _ => format!("{}/{}", Kind::short(object["kind"].as_str().unwrap_or("object")), name(object)),
    }
}

/// What does not hold of rendered objects: the message, the object it is about and the path in it.
pub(in crate::judge) fn rendered<'g>(
    expected: &ObjectExpectations,
    graph: &'g Graph,
) -> Vec<(String, Option<(&'g Document, String)>)> {
    let mut broken = Vec::new();
    for (target, fields) in &expected.0 {
        let documents = graph.named(target);
        if is_absent(fields) || documents.is_empty() {
            let values: Vec<Value> = documents.iter().map(|d| d.value.clone()).collect();
            let place = || documents.first().map(|d| (*d, String::new()));
            broken.extend(objects(target, fields, &values, &[]).into_iter().map(|message| (message, place())));
            continue;
        }
        broken.extend(documents.into_iter().flat_map(|d| document(target, fields, d)));
    }
    broken
}

fn document<'g>(
    target: &Target,
    fields: &Fields,
    document: &'g Document,
) -> Vec<(String, Option<(&'g Document, String)>)> {
    let label = label(target, &document.value);
    let (value, at) = addressed(target, document);
    let place = |path: String| [at.as_str(), &path].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(".");
    let all = fields.iter().flat_map(|(path, expected)| expect::check_path(path, expected, value, None));
    all.map(|m| (format!("{label}: {m}"), Some((document, place(m.path))))).collect()
}

/// What the fields are those of, and where it is: of `pods/*` it is the template in the workload.
fn addressed<'d>(target: &Target, document: &'d Document) -> (&'d Value, String) {
    let is_template = matches!(target, Target::Object { kind: crate::model::Kind::PodTemplates, .. });
    let at = PodTemplate::of(document).filter(|_| is_template).map(|pod| pod.at).unwrap_or_default();
    let value = at.iter().fold(&document.value, |value, step| &value[step.as_str()]);
    (value, at.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::checks::Outcome;
    use serde_json::json;

    #[test]
    fn a_field_is_compared_with_that_of_another_object() {
        let target = |text: &str| text.parse::<Target>().expect("a target");
        let path = ObjectPath(vec![crate::model::PathStep::Key("seen".to_owned())]);
        let expected = Expectation::Equal("$(widget/a.metadata.generation)".into());
        let expected = ObjectExpectations(vec![(target("widget/b"), vec![(path, expected)])]);
        assert_eq!(referred(&expected), [target("widget/a")]);
        let found = |generation: u64| {
            let one = |name: &str, object| Found { target: name.to_owned(), objects: vec![object] };
            vec![
                one("widget/b", json!({ "seen": 3 })),
                one("widget/a", json!({ "metadata": { "generation": generation } })),
            ]
        };
        assert_eq!(look(&expected, &found(3), &[]).outcome, Outcome::Holds);
        let broken = "widget/b: seen: expected 4, seen 3";
        assert_eq!(look(&expected, &found(4), &[]).outcome, Outcome::Broken(broken.to_owned()));
    }
}
