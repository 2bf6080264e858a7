//! Packs, `uses` and the repository file: texts in, clauses or mistakes out.

use super::*;
use crate::model::{Check, ImageSource, Released};
use serde_json::json;

const TODAY: Date = jiff::civil::date(2026, 11, 21);
const HOUSE: &str = include_str!("fixtures/pack-house.yaml");

fn places(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|d| format!("{}:{}:{} {}", d.file, d.line, d.column, d.code)).collect()
}

fn packs(texts: &[(&str, &str)]) -> Packs {
    let read = |(name, text): &(&str, &str)| {
        let pack = pack(name, &format!("{name}.yaml"), text).unwrap_or_else(|found| panic!("{found:?}"));
        ((*name).to_owned(), pack)
    };
    texts.iter().map(read).collect()
}

fn load_with(text: &str, packs: &Packs, repository: Option<&Repository>) -> Result<Contract, Vec<Diagnostic>> {
    load_in("c.yaml", text, &Surroundings { known_rows: None, today: TODAY, repository, packs })
}

/// The mistakes of a contract that uses the house pack.
fn check(text: &str, expected: &[&str]) {
    let found = load_with(text, &packs(&[("house", HOUSE)]), None).err().unwrap_or_default();
    assert_eq!(places(&found), expected, "{text}\n{found:?}");
}

#[test]
fn the_clauses_of_a_pack_have_its_name() {
    let contract = load_with("chart: .\nuses: { house: {} }\n", &packs(&[("house", HOUSE)]), None).expect("sound");
    let names: Vec<_> = contract.clauses.keys().map(String::as_str).collect();
    assert_eq!(names, ["house.health", "house.no-request-lost", "house.restricted", "house.owner-label"]);
    assert!(contract.uses_pack("house") && !contract.uses_pack("policy"));
    let raw = &contract.clauses["house.health"];
    assert_eq!((raw.pack.as_deref(), raw.line, raw.places.file()), (Some("house"), 8, "house.yaml"));
}

/// The address that `house.health` asks, by the parameters that are given.
fn asked(uses: &str) -> String {
    let contract = load_with(&format!("chart: .\nuses: {uses}\n"), &packs(&[("house", HOUSE)]), None).expect("sound");
    let release = crate::model::Release {
        name: "r".into(),
        namespace: "n".into(),
        is_namespace_fixed: false,
        pod_security: None,
    };
    let facts = bind::Facts {
        environment: "default",
        element: None,
        values: &json!({}),
        release: &release,
        chart_version: "1",
        run_id: "0",
        needs: &indexmap::IndexMap::new(),
        env: &std::collections::BTreeMap::new(),
    };
    let clause = bind::bind(&contract, "house.health", &facts).expect("bound");
    let Check::Http(http) = &clause.then[0].check else { panic!("{clause:?}") };
    http.0[0].to.to_string()
}

#[test]
fn parameters_are_looked_up() {
    assert_eq!(asked("{ house: {} }"), "svc//healthz");
    assert_eq!(asked("{ house: { service: 'svc/x:http', health: /ping } }"), "svc/x:http/ping");
    assert_eq!(asked("{ house: { service: svc/$(release.name) } }"), "svc/r/healthz");
}

#[test]
fn a_clause_of_a_pack_is_switched_off_by_name() {
    let text = "chart: .\nuses: { house: {} }\nwithout: { house.owner-label: we have no owner }\n";
    let contract = load_with(text, &packs(&[("house", HOUSE)]), None).expect("sound");
    assert!(contract.clauses.contains_key("house.health") && !contract.clauses.contains_key("house.owner-label"));
    check("chart: .\nuses: { house: {} }\nwithout: { house.owner: x }\n", &["c.yaml:3:12 unknown-default"]);
    check("chart: .\nuses: { house: {} }\nwithout: { house.health: '' }\n", &["c.yaml:3:26 no-reason"]);
}

#[test]
fn what_uses_names_is_there() {
    check("chart: .\nuses: { huose: {} }\n", &["c.yaml:2:9 unknown-pack"]);
    check("chart: .\nuses: { house: { servise: svc/x } }\n", &["c.yaml:2:18 unknown-param"]);
    check("chart: .\nuses: { policy: { strict: true } }\n", &["c.yaml:2:19 unknown-param"]);
    check("chart: .\nuses: { house: { service: 5 } }\n", &["house.yaml:8:28 bad-target", "house.yaml:9:55 bad-target"]);
    check("chart: .\nclauses: { a: { http: $(params.service) } }\n", &["c.yaml:2:23 unknown-reference"]);
    check("chart: .\nuses: { house: {} }\nclauses: { a: { tcp: svc/x, after: house.health } }\n", &[]);
    check(
        "chart: .\nuses: { house: {} }\nclauses: { a: { tcp: svc/x, after: house.helath } }\n",
        &["c.yaml:3:36 unknown-clause"],
    );
}

#[test]
fn a_parameter_without_a_default_is_asked_for() {
    let packs = packs(&[("p", "kind: Pack\nparams: { to: }\nclauses: { a: { tcp: $(params.to) } }\n")]);
    let found = load_with("chart: .\nuses: { p: {} }\n", &packs, None).expect_err("to is missing");
    assert_eq!(found[0].code, "missing-param");
    assert!(load_with("chart: .\nuses: { p: { to: 'svc/x:1' } }\n", &packs, None).is_ok());
}

#[test]
fn a_pack_names_its_own_clauses_first() {
    let text =
        "kind: Pack\nclauses:\n  a: { tcp: svc/x }\n  b: { holds: a }\n  c: { tcp: svc/y, after: [a, renders] }\n";
    let contract = load_with("chart: .\nuses: { p: {} }\n", &packs(&[("p", text)]), None).expect("sound");
    assert_eq!(contract.clauses["p.b"].tree, json!({ "holds": "p.a" }));
    assert_eq!(contract.clauses["p.c"].tree["after"], json!(["p.a", "renders"]));
}

#[test]
fn mistakes_of_a_pack_have_their_place() {
    let of_pack = |text: &str| places(&pack("p", "p.yaml", text).expect_err("a mistake"));
    assert_eq!(of_pack("kind: Contract\nclauses: {}\n"), ["p.yaml:1:7 bad-value"]);
    assert_eq!(of_pack("kind: Pack\nclauses: { a: { htpp: x } }\n"), ["p.yaml:2:17 unknown-key"]);
    assert_eq!(of_pack("kind: Pack\nparms: {}\n"), ["p.yaml:1:1 missing-key", "p.yaml:2:1 unknown-key"]);
    let packs = packs(&[("p", "kind: Pack\nclauses: { a: { tcp: svc/x, within: soon } }\n")]);
    let found = load_with("chart: .\nuses: { p: {} }\n", &packs, None).expect_err("no duration");
    assert_eq!(places(&found), ["p.yaml:2:37 bad-duration"]);
}

#[test]
fn the_example_of_a_repository_is_read_whole() {
    let text = include_str!("fixtures/seatrial.yaml");
    let read = repository("seatrial.yaml", text, &packs(&[("house", HOUSE)])).expect("sound");
    assert_eq!(read.charts, ["charts/*", "platform/*/chart"]);
    assert_eq!(read.released, Some(Released::Oci("oci://ghcr.io/acme/charts".into())));
    assert_eq!(read.cluster.kubernetes, ["1.37", "1.36"]);
    assert_eq!(read.images["ghcr.io/acme/*"], ImageSource::Build("skaffold".into()));
    assert_eq!(read.addons["ingress"], "traefik");
    assert_eq!(read.contexts.deny, ["*prod*"]);
    assert_eq!((read.ready.map(|d| d.as_secs()), read.clause.map(|d| d.as_secs())), (Some(300), Some(30)));
    assert_eq!(read.baseline.as_deref(), Some(".seatrial-baseline.yaml"));
    assert_eq!(read.without_effect().len(), 4, "{:?}", read.without_effect());
}

/// The mistakes of a repository file, from line 2 on.
fn check_repository(text: &str, expected: &[&str]) {
    let text = format!("kind: Repository\n{text}");
    let found = repository("s.yaml", &text, &packs(&[("house", HOUSE)])).err().unwrap_or_default();
    assert_eq!(places(&found), expected, "{text}\n{found:?}");
}

#[test]
fn mistakes_of_a_repository_file_have_their_place() {
    check_repository("chart: [a]\n", &["s.yaml:2:1 unknown-key"]);
    check_repository("charts: [/etc/*, ../x]\n", &["s.yaml:2:10 bad-value", "s.yaml:2:18 bad-value"]);
    check_repository("released: yesterday\n", &["s.yaml:2:11 bad-value"]);
    check_repository("uses: { huose: {} }\n", &["s.yaml:2:9 unknown-pack"]);
    check_repository("images: { a: push }\n", &["s.yaml:2:14 bad-value"]);
    check_repository("images: { a: { build: x, load: y } }\n", &["s.yaml:2:14 bad-value"]);
    check_repository("timeouts: { ready: 5 }\n", &["s.yaml:2:20 bad-duration"]);
    check_repository("advisory: [latnecy]\n", &["s.yaml:2:12 bad-value"]);
    check_repository("cluster: { nodes: 0 }\n", &["s.yaml:2:19 bad-value"]);
    check_repository("contexts: { allow: all }\n", &["s.yaml:2:20 wrong-type"]);
}

#[test]
fn the_repository_gives_what_a_contract_leaves_out() {
    let text =
        "kind: Repository\nuses: { house: { health: /a } }\ntimeouts: { ready: 5m, clause: 9s }\nadvisory: [tcp]\n";
    let packs = packs(&[("house", HOUSE)]);
    let around = repository("s.yaml", text, &packs).expect("sound");
    let own = "chart: .\ntimeouts: { clause: 7s }\nuses: { house: { service: 'svc/x:http' } }\n";
    let contract = load_with(own, &packs, Some(&around)).expect("sound");
    assert_eq!((contract.timeouts.ready.as_secs(), contract.timeouts.clause.as_secs()), (300, 7));
    let params = &contract.clauses["house.health"].params;
    assert_eq!((&params["service"], &params["health"]), (&json!("svc/x:http"), &json!("/a")));
    assert!(is_advisory(&contract.advisory, &json!({ "then": [{ "tcp": "svc" }] })));
    assert!(!is_advisory(&contract.advisory, &json!({ "http": "svc" })));
    let none =
        default_contract_in(&Surroundings { known_rows: None, today: TODAY, repository: Some(&around), packs: &packs });
    assert!(none.expect("sound").clauses.contains_key("house.restricted"));
}
