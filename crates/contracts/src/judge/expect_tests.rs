//! Expectations: one line a case.

use super::*;
use crate::model::Check;
use serde_json::json;

/// An expectation in the words of a contract.
fn expectation(yaml: &str) -> Expectation {
    let text = format!("chart: .\nclauses: {{ x: {{ when: uninstall, object: {{ cm/x: {{ v: {yaml} }} }} }} }}\n");
    let today = jiff::civil::date(2026, 1, 1);
    let contract = crate::load::load("c.yaml", &text, None, today).unwrap_or_else(|found| panic!("{yaml}: {found:?}"));
    let release = crate::model::Release {
        name: "r".into(),
        namespace: "n".into(),
        is_namespace_fixed: false,
        pod_security: None,
    };
    let facts = crate::bind::Facts {
        environment: "default",
        element: None,
        values: &Value::Null,
        release: &release,
        chart_version: "1",
        run_id: "0",
        needs: &indexmap::IndexMap::new(),
        env: &std::collections::BTreeMap::new(),
    };
    let clause = crate::bind::bind(&contract, "x", &facts).expect("it is sound");
    match clause.then[0].check.clone() {
        Check::Object(objects) => objects.0[0].1[0].1.clone(),
        other => panic!("{other:?}"),
    }
}

/// What is wrong with a value, in one line; empty where it is as expected.
fn seen(yaml: &str, actual: Option<&Value>, before: Option<&Value>) -> String {
    let found = super::check(&expectation(yaml), actual, before);
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn check(yaml: &str, actual: &Value, expected: &str) {
    assert_eq!(seen(yaml, Some(actual), None), expected, "{yaml} against {actual}");
}

#[test]
fn scalars_are_equal_or_say_both() {
    check("1", &json!(1), "");
    check("1", &json!(2), "expected 1, seen 2");
    check("Recreate", &json!("RollingUpdate"), "expected Recreate, seen RollingUpdate");
    check("true", &json!("true"), "expected true, seen true");
    check("'True'", &json!("True"), "");
    check("''", &json!("x"), "expected \"\", seen x");
    check("1", &json!({ "a": 1 }), "expected 1, seen {\"a\":1}");
}

#[test]
fn amounts_are_equal_whatever_their_unit() {
    check("0.5", &json!("500m"), "");
    check("1Gi", &json!("1024Mi"), "");
    check("100Mi", &json!("100M"), "expected 100Mi, seen 100M");
    check("'1.10'", &json!("1.1"), "expected 1.10, seen 1.1");
    check("1", &json!("1"), "");
}

#[test]
fn comparisons_understand_units() {
    check("'< 1GB'", &json!(999_999_999), "");
    check("'< 1GB'", &json!("1Gi"), "expected < 1GB, seen 1Gi");
    check("'<= 3'", &json!(3), "");
    check("'> 3'", &json!(3), "expected > 3, seen 3");
    check("'>= 200ms'", &json!("1s"), "");
    check("'< 5'", &json!("soon"), "expected < 5, seen soon");
    check("'< 5'", &json!([1]), "expected < 5, seen [1]");
    check("'!= x'", &json!("y"), "");
    check("'!= 500m'", &json!(0.5), "expected != 500m, seen 0.5");
    check("'~ ^a+$'", &json!("aaa"), "");
    check("'~ ^a+$'", &json!("aab"), "expected ~ ^a+$, seen aab");
    check("'= absent'", &json!("absent"), "");
    check("'= < 5'", &json!("< 5"), "");
}

#[test]
fn what_is_not_there_is_no_match() {
    assert_eq!(seen("absent", None, None), "");
    assert_eq!(seen("null", Some(&Value::Null), None), "");
    assert_eq!(seen("absent", Some(&json!(0)), None), "expected absent, seen 0");
    assert_eq!(seen("present", Some(&json!(0)), None), "");
    assert_eq!(seen("present", Some(&Value::Null), None), "expected present, seen absent");
    for yaml in ["1", "'!= 1'", "'~ .*'", "{ a: absent }", "[a]", "'< 1'"] {
        assert!(seen(yaml, None, None).ends_with("seen absent"), "{yaml}");
    }
}

#[test]
fn unchanged_needs_something_from_before() {
    let (a, b) = (json!("a"), json!("b"));
    assert_eq!(seen("unchanged", Some(&a), Some(&a)), "");
    assert_eq!(seen("unchanged", Some(&b), Some(&a)), "expected unchanged (a), seen b");
    assert_eq!(seen("unchanged", None, Some(&a)), "expected unchanged (a), seen absent");
    assert_eq!(seen("unchanged", Some(&a), None), "expected unchanged, but nothing was there before, seen a");
    assert_eq!(seen("unchanged", None, None), "expected unchanged, but nothing was there before, seen absent");
    let (before, after) = (json!({ "k": { "x": 1 } }), json!({ "k": { "x": 2 } }));
    assert_eq!(seen("{ k: { x: unchanged } }", Some(&after), Some(&before)), "k.x: expected unchanged (1), seen 2");
}

#[test]
fn maps_and_lists_are_partial() {
    let ports = json!([{ "name": "http", "containerPort": 5000 }, { "name": "debug", "containerPort": 5001 }]);
    check("[{ name: http, containerPort: 5000 }]", &ports, "");
    let broken = "expected an item { name: http, containerPort: 5001 }, seen ".to_owned() + &ports.to_string();
    check("[{ name: http, containerPort: 5001 }]", &ports, &broken);
    let one = json!([{ "name": "http", "containerPort": 5000 }]);
    check("[{ name: http, containerPort: 5001 }]", &one, "http.containerPort: expected 5001, seen 5000");
    check("{ helm.sh/resource-policy: keep }", &json!({ "helm.sh/resource-policy": "keep", "x": "y" }), "");
    check("{ a: 1, b: 2 }", &json!({ "a": 2 }), "a: expected 1, seen 2; b: expected 2, seen absent");
    check("{ a: 1 }", &json!("a"), "expected a map, seen a");
    check("[a]", &json!({ "a": 1 }), "expected a list, seen {\"a\":1}");
    check("[a]", &json!([]), "expected an item a, seen []");
}

fn path(text: &str) -> ObjectPath {
    let step = |step: &str| if step == "*" { PathStep::All } else { PathStep::Key(step.to_owned()) };
    ObjectPath(text.split('.').map(step).collect())
}

fn deployment() -> Value {
    json!({
        "metadata": { "annotations": { "helm.sh/resource-policy": "keep" } },
        "spec": { "containers": [{ "name": "a", "image": "x" }, { "name": "b", "image": "y", "args": [] }] },
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] }
    })
}

/// The paths and values that a path names.
fn check_at(text: &str, expected: &str) {
    let object = deployment();
    let found = at_path(&path(text), &object);
    let shown = found.iter().map(|(at, value)| format!("{at}={}", value.map_or("-".to_owned(), show)));
    assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{text}");
}

#[test]
fn paths_address_items_by_name_type_key_number_and_all() {
    check_at("spec.containers.a.image", "spec.containers.a.image=x");
    check_at("spec.containers.1.image", "spec.containers.1.image=y");
    check_at("spec.containers.*.image", "spec.containers.a.image=x spec.containers.b.image=y");
    check_at("status.conditions.Ready.status", "status.conditions.Ready.status=True");
    check_at("metadata.annotations.helm.sh/resource-policy", "metadata.annotations.helm.sh/resource-policy=keep");
    check_at("spec.replicas", "spec.replicas=-");
    check_at("spec.containers.c.image", "spec.containers.c.image=-");
    check_at("spec.containers.*.command", "spec.containers.a.command=- spec.containers.b.command=-");
    check_at("spec.initContainers.*.image", "");
    check_at("spec.containers.b.args.*", "");
}

#[test]
fn all_of_nothing_is_a_mismatch() {
    let object = deployment();
    let absent = check_path(&path("spec.initContainers.*.image"), &Expectation::Absent, &object, None);
    assert_eq!(absent[0].to_string(), "spec.initContainers.*.image: expected at least one item, seen no item");
    let equal = Expectation::Equal(json!("x"));
    let found = check_path(&path("spec.containers.*.image"), &equal, &object, None);
    assert_eq!(found[0].to_string(), "spec.containers.b.image: expected x, seen y");
    assert_eq!(found.len(), 1);
    assert_eq!(check_path(&ObjectPath::default(), &Expectation::Present, &object, None), []);
}

#[test]
fn long_values_are_cut() {
    assert!(show(&json!("a".repeat(1000))).ends_with("… (1000 characters)"));
}
