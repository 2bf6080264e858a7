//! Binding: references looked up, checks parsed, mistakes with their place.

use super::*;
use crate::load::load;
use crate::model::{Check, Event, Vantage};
use indexmap::IndexMap;
use serde_json::json;

fn contract(clauses: &str) -> Contract {
    let text = format!("chart: .\nclauses:\n{clauses}");
    load("contract.yaml", &text, None, jiff::civil::date(2026, 11, 21)).unwrap_or_else(|found| panic!("{found:?}"))
}

fn release() -> Release {
    Release { name: "registry".into(), namespace: "pallet".into(), is_namespace_fixed: true, pod_security: None }
}

fn try_bind(contract: &Contract, element: Option<&str>) -> Result<Clause, Vec<Diagnostic>> {
    let raw = &contract.clauses["a"];
    let values = json!({ "service": { "nodePort": 30500, "name": "shop" }, "sizes": ["1Gi"], "nothing": null });
    let variable = raw.each.iter().next();
    let element = element.zip(variable).map(|(name, (variable, elements))| (variable.as_str(), name, &elements[name]));
    let release = release();
    let facts = Facts {
        environment: "dev",
        element,
        values: &values,
        release: &release,
        chart_version: "0.1.0",
        run_id: "ab12",
        needs: &indexmap::IndexMap::new(),
        env: &[("STAGE".to_owned(), "lab".to_owned())].into(),
    };
    bind(contract, "a", &facts)
}

fn bound(clauses: &str, element: Option<&str>) -> Clause {
    try_bind(&contract(clauses), element).unwrap_or_else(|found| panic!("{found:?}"))
}

/// The mistake of a clause that shows only with the facts: `line:column code`.
fn check(clauses: &str, element: Option<&str>, expected: &str) {
    let found = try_bind(&contract(clauses), element).err().unwrap_or_default();
    let seen: Vec<String> = found.iter().map(|d| format!("{}:{} {}", d.line, d.column, d.code)).collect();
    assert_eq!(seen.join(" "), expected, "{found:?}");
}

fn check_json(clauses: &str, pointer: &str, expected: &Value) {
    let clause = serde_json::to_value(bound(clauses, None)).expect("clauses are data");
    assert_eq!(clause.pointer(pointer), Some(expected), "{clause:#}");
}

#[test]
fn a_reference_alone_keeps_its_type() {
    let clause =
        bound("  a: { rendered: { svc/x: { spec.ports.http: { nodePort: $(values.service.nodePort) } } } }\n", None);
    let Check::Rendered(objects) = &clause.then[0].check else { panic!("{clause:?}") };
    assert_eq!(crate::judge::expect::describe(&objects.0[0].1[0].1), "{ nodePort: 30500 }");
    check_json(
        "  a: { objects: { Service: $(values.service.nodePort) } }\n",
        "/then/0/check/objects/Service",
        &json!(30500),
    );
    check_json(
        "  a: { rendered: { pvc/x: { size: '$(values.sizes[0])' } } }\n",
        "/then/0/check/rendered/0/1/0/1/equal",
        &json!("1Gi"),
    );
    check_json(
        "  a: { rendered: { pvc/x: { size: $(values.nothing) } } }\n",
        "/then/0/check/rendered/0/1/0/1",
        &json!("absent"),
    );
}

#[test]
fn references_are_written_into_texts() {
    let clause = bound("  a: { http: 'svc/$(values.service.name):$(values.service.nodePort)/$(run.id)' }\n", None);
    let Check::Http(http) = &clause.then[0].check else { panic!("{clause:?}") };
    assert_eq!(http.0[0].to.to_string(), "svc/shop:30500/ab12");
    let text =
        "  a: { http: { get: svc/x, expect: { text: $(release.name)-$(release.namespace)-$(chart.version) } } }\n";
    check_json(text, "/then/0/check/http/0/text/equal", &json!("registry-pallet-0.1.0"));
    let text = "  a: { http: { get: svc/x, headers: { x: $(secret/s.k) } } }\n";
    check_json(text, "/then/0/check/http/0/headers/x", &json!("$(secret/s.k)"));
    let text = "  a: { run: { command: [hack/talk.sh, '$(host:5000)'] } }\n";
    check_json(text, "/then/0/check/run/command/1", &json!("$(host:5000)"));
}

#[test]
fn elements_are_events_and_keys() {
    let text = "  a: { each: { event: { gone: { deletePod: deploy/x }, again: reinstall } }, when: $(each.event), http: svc/x }\n";
    assert_eq!(bound(text, Some("again")).when, [Event::Reinstall]);
    assert!(
        matches!(&bound(text, Some("gone")).when[..], [Event::DeletePod(target)] if target.to_string() == "deploy/x")
    );
    let text = "  a: { each: { on: [sts/x, deploy/y] }, when: { scale: { $(each.on): 0 } }, http: svc/x }\n";
    let Event::Scale(scale) = &bound(text, Some("deploy/y")).when[0] else { panic!("a scale") };
    assert_eq!(scale["deploy/y"], 0);
}

#[test]
fn elements_may_have_several_variables() {
    let text = "  a: { each: [{ name: x, path: /x, port: 1 }, { path: /y, port: 2 }], http: 'svc/s:$(each.port)$(each.path)' }\n";
    let mistakes = load("contract.yaml", &format!("chart: .\nclauses:\n{text}"), None, jiff::civil::date(2026, 11, 21));
    assert_eq!(mistakes.expect_err("no name")[0].code, "bad-each");
    let text = "  a: { each: [{ name: x, path: /x, port: 1 }, { name: y, path: /y, port: 2 }], http: 'svc/s:$(each.port)$(each.path)' }\n";
    let Check::Http(http) = &bound(text, Some("y")).then[0].check else { panic!("http") };
    assert_eq!(http.0[0].to.to_string(), "svc/s:2/y");
    let text =
        "  a: { each: [{ status: 200 }, { status: 404 }], http: { get: svc/s, expect: { status: $(each.status) } } }\n";
    let Check::Http(http) = &bound(text, Some("404")).then[0].check else { panic!("http") };
    assert_eq!(crate::judge::expect::describe(http.0[0].status.as_ref().expect("a status")), "404");
    // What is wrong with a value is told where it is written.
    let text = "  a: { each: [{ name: s, to: svc/s }, { name: t, to: $(values.nope) }], http: $(each.to) }\n";
    check(text, Some("t"), "3:79 unknown-reference");
}

#[test]
fn variables_of_the_environment_are_looked_up_and_secrets_are_not() {
    let with = |name: &str| format!("  a: {{ http: {{ get: svc/x, headers: {{ stage: $(env.{name}) }} }} }}\n");
    check_json(&with("STAGE"), "/then/0/check/http/0/headers/stage", &json!("lab"));
    check(&with("STAGES"), None, "3:46 unknown-reference");
    let refused = |name: &str| {
        let text = format!("chart: .\nclauses:\n{}", with(name));
        let found = load("contract.yaml", &text, None, jiff::civil::date(2026, 11, 21)).expect_err("a mistake");
        found[0].code
    };
    assert_eq!(refused("GITHUB_TOKEN"), "secret-in-env");
    assert_eq!(refused("db_password"), "secret-in-env");
    assert_eq!(refused("A-B"), "unknown-reference");
}

#[test]
fn what_the_facts_show_is_told_where_it_is_written() {
    check("  a: { http: $(values.servise.name) }\n", None, "3:14 unknown-reference");
    check("  a: { http: $(values.service.nodePort) }\n", None, "3:14 wrong-type");
    check("  a: { http: 'svc/x:$(values.service)/' }\n", None, "3:14 bad-target");
    check("  a: { http: svc/x, within: $(values.service.name) }\n", None, "3:29 bad-duration");
    check(
        "  a: { each: { p: { x: '$(values.nope)' } }, http: 'svc/x:$(each.p)/' }\n",
        Some("x"),
        "3:52 unknown-reference",
    );
}

#[test]
fn circumstances_are_typed() {
    let text = "  a:
    from: { namespace: other, labels: { a: b }, serviceAccount: s }
    before: [{ registry: { at: host:5000, push: seed } }, { ready: release }]
    when: { upgrade: { set: { a.b: 1 } } }
    then:
      - { registry: { at: host:5000, pull: seed }, within: 5s of ready }
      - { restarts: { deploy/x: 0 }, for: 1m }
    covers: PAL-001
    after: [b]
    why: because
    tolerates: CreateContainerConfigError
    advisory: true
    skip: { reason: later, until: 2026-01-01 }
  b: { tcp: { to: svc/x, expect: denied }, from: deploy/x }
";
    let clause = bound(text, None);
    assert!(matches!(&clause.from, Vantage::Stranger { namespace: Some(n), .. } if n == "other"));
    assert_eq!((clause.before.len(), clause.then.len(), clause.is_advisory), (2, 2, true));
    assert!(clause.then[0].within.expect("written").is_of_ready);
    assert_eq!(clause.then[1].for_.expect("written").as_secs(), 60);
    assert_eq!((clause.covers, clause.after, clause.tolerates.len()), (vec!["PAL-001".into()], vec!["b".into()], 1));
    assert!(clause.skip.expect("written").is_expired);
}

#[test]
fn logs_hold_texts_and_match_expressions() {
    let text = "  a: { logs: { of: deploy/x, contain: a.b, never: [secrets, '~ ^x'], format: json, fields: [ts] } }\n";
    let Check::Logs(logs) = bound(text, None).then.remove(0).check else { panic!("logs") };
    assert!(logs.never_secrets && logs.never.len() == 1);
    assert_eq!(crate::judge::expect::describe(&logs.contain[0]), "~ a\\.b");
    assert_eq!(logs.json_fields, Some(vec!["ts".to_owned()]));
}

#[test]
fn a_status_may_be_a_class() {
    let text = "  a: { http: { get: svc/x, expect: { status: 4xx } } }\n";
    check_json(text, "/then/0/check/http/0/status/compare/operand", &json!("^4..$"));
}

#[test]
fn the_example_binds_whole() {
    let text = include_str!("../load/fixtures/registry.yaml");
    let contract = load("contract.yaml", text, None, jiff::civil::date(2026, 11, 21)).expect("sound");
    let values = json!({ "service": { "nodePort": 30500 }, "persistence": { "size": "1Gi" } });
    for (name, raw) in &contract.clauses {
        let each =
            raw.each.iter().flat_map(|(v, elements)| elements.iter().map(move |(n, e)| (v.as_str(), n.as_str(), e)));
        let elements: Vec<_> = if raw.each.is_empty() { vec![None] } else { each.map(Some).collect() };
        for element in elements {
            let facts = Facts {
                environment: "dev",
                element,
                values: &values,
                release: &release(),
                chart_version: "1",
                run_id: "0",
                needs: &indexmap::IndexMap::new(),
                env: &BTreeMap::new(),
            };
            assert!(bind(&contract, name, &facts).is_ok(), "{name}");
        }
    }
}

/// Merges, and compares as JSON.
fn merged(values: &str, files: &[&str], set: &Value, expected: &Value) {
    let files: Vec<_> = files.iter().map(|text| ("f.yaml", *text)).collect();
    let set = set.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    assert_eq!(&merged_values(values, &files, &set).expect("sound values"), expected);
}

#[test]
fn values_merge_as_helm_does() {
    merged("a: 1\nb: { c: 2, d: 3 }\n", &["b: { c: 4 }\n"], &json!({}), &json!({ "a": 1, "b": { "c": 4, "d": 3 } }));
    merged("l: [1, 2]\n", &["l: [3]\n"], &json!({}), &json!({ "l": [3] }));
    merged("a: 1\nb: 2\n", &["a: null\n"], &json!({}), &json!({ "b": 2 }));
    merged("b: { c: 1, d: 2 }\n", &["b: { c: null }\n"], &json!({}), &json!({ "b": { "d": 2 } }));
    merged("a: { b: 1 }\n", &["a: 5\n"], &json!({}), &json!({ "a": 5 }));
    merged("a: 1\n", &["a: 2\n", "a: 3\n"], &json!({ "a": 4 }), &json!({ "a": 4 }));
    merged("a: 1\n", &["a: null\n", "a: 3\n"], &json!({}), &json!({ "a": 3 }));
    merged(
        "a: { b: [1] }\n",
        &[],
        &json!({ "a.b[1].c": 2, "x\\.y": 3 }),
        &json!({ "a": { "b": [null, { "c": 2 }] }, "x.y": 3 }),
    );
    merged("a: { b: 1, c: 2 }\n", &[], &json!({ "a.b": null }), &json!({ "a": { "c": 2 } }));
    merged(
        "x: &x { a: 1 }\ny: { <<: *x, b: 2 }\n",
        &[],
        &json!({}),
        &json!({ "x": { "a": 1 }, "y": { "b": 2, "a": 1 } }),
    );
    merged("", &[], &json!({}), &json!({}));
}

#[test]
fn values_that_are_none_say_which_file() {
    let none = IndexMap::new();
    let broken = merged_values("", &[("values-dev.yaml", "a: [1\n")], &none).expect_err("no YAML");
    assert_eq!((broken.code, broken.file.as_str()), ("yaml-syntax", "values-dev.yaml"));
    assert_eq!(merged_values("- a\n", &[], &none).expect_err("a list").code, "wrong-type");
    let set = IndexMap::from([("a[x]".to_owned(), json!(1))]);
    assert_eq!(merged_values("", &[], &set).expect_err("no key").code, "bad-key");
}
