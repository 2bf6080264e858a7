//! Contract files as text, what the loader says about them as text: `line:column code`.

use super::*;

const TODAY: Date = jiff::civil::date(2026, 11, 21);

fn rows() -> BTreeSet<String> {
    ["PAL-001", "PAL-002", "HAR-005", "C-08"].map(ToOwned::to_owned).into()
}

fn mistakes(text: &str) -> Vec<Diagnostic> {
    load("contract.yaml", text, Some(&rows()), TODAY).err().unwrap_or_default()
}

/// Every mistake of a file, in order: `line:column code`.
fn check(text: &str, expected: &[&str]) {
    let found = mistakes(text);
    let seen: Vec<String> = found.iter().map(|d| format!("{}:{} {}", d.line, d.column, d.code)).collect();
    let all: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(seen, expected, "in\n{text}\n{}", all.join("\n"));
}

/// One clause of a contract that is sound otherwise, from line 3 on.
fn check_clause(clause: &str, expected: &[&str]) {
    check(&format!("chart: .\nclauses:\n{clause}"), expected);
}

fn contract(text: &str) -> Contract {
    match load("contract.yaml", text, Some(&rows()), TODAY) {
        Ok(contract) => contract,
        Err(mistakes) => panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[test]
fn a_contract_is_a_chart_and_what_it_says() {
    let text = include_str!("fixtures/registry.yaml");
    let contract = load("contract.yaml", text, None, TODAY).expect("the example is sound");
    assert_eq!(contract.release.namespace.as_deref(), Some("pallet"));
    assert_eq!(contract.environments.keys().collect::<Vec<_>>(), ["dev", "prod"]);
    assert_eq!(contract.clauses["dev-volume-is-small"].environments, ["dev"]);
    assert_eq!(contract.clauses["workload"].environments, ["dev", "prod"]);
    let elements: Vec<_> = contract.clauses["data-survives"].each["event"].keys().collect();
    assert_eq!(elements, ["pod-deletion", "reinstall"]);
    assert_eq!(contract.timeouts.ready.as_secs(), 120);
    let cluster = contract.cluster.expect("a cluster is written");
    assert_eq!(cluster.publish[&5000].to_string(), "svc/registry:http");
    assert_eq!(contract.clauses["objects"].line, 20);
}

#[test]
fn what_up_makes_is_read() {
    let section = "cluster:\n  name: dev\n  publish: { 5000: svc/x:http }\n  answers: host:5000/v2/\n  hostStorage: true\n  \
        resources: { cpus: 2, memory: 2Gi }\n  docker: { image: x:1, ports: { 5000: 80 }, volumes: { data: /d } }\n";
    let cluster = contract(&format!("chart: .\n{section}")).cluster.expect("it is written");
    assert_eq!(cluster.answers.expect("written").to_string(), "host:5000/v2/");
    assert_eq!((cluster.resources.cpus, cluster.resources.memory), (Some(2.0), Some(2 << 30)));
    let docker = cluster.docker.expect("written");
    assert_eq!((docker.ports[&5000], docker.volumes["data"].as_str()), (80, "/d"));
}

#[test]
fn what_up_can_not_make_is_refused() {
    let check_cluster =
        |text: &str, expected: &[&str]| check(&format!("chart: .\ncluster: {{ name: x, {text} }}\n"), expected);
    check_cluster("answers: host:5000/v2/", &["2:30 bad-target"]);
    check_cluster("resources: { memory: plenty }", &["2:42 wrong-type"]);
    check_cluster("resources: { cpus: 0 }", &["2:40 bad-value"]);
    check_cluster("docker: { image: x, ports: { 5000: 80 } }", &["2:50 bad-target"]);
}

#[test]
fn the_least_contract_has_a_default_environment() {
    let contract = contract("chart: charts/x\n");
    assert_eq!(contract.environments.keys().collect::<Vec<_>>(), ["default"]);
    assert_eq!(contract.chart, "charts/x");
    assert!(default_contract().clauses.is_empty());
}

#[test]
fn what_is_no_yaml_says_where() {
    check("chart: .\nclauses:\n  a: { http: svc/x\n  b: 1\n", &["4:4 yaml-syntax"]);
    check("chart: .\n---\nchart: .\n", &["3:1 several-documents"]);
    check("chart: .\nchart: ..\nkind: Contract\nkind: Contract\n", &["2:1 duplicate-key", "4:1 duplicate-key"]);
    check_clause("  a: { http: svc/x }\n  a: { http: svc/y }\n", &["4:3 duplicate-key"]);
    check("chart: !mine .\n", &["1:14 bad-tag"]);
    check("", &["1:1 wrong-type"]);
    check("- a\n", &["1:1 wrong-type"]);
}

#[test]
fn unknown_keys_have_the_nearest_known_one() {
    check("chart: .\nenviroments: {}\n", &["2:1 unknown-key"]);
    assert_eq!(mistakes("chart: .\nenviroments: {}\n")[0].hint.as_deref(), Some("did you mean `environments`?"));
    check_clause("  a:\n    htpp: svc/x\n    withn: 5s\n", &["4:5 unknown-key", "5:5 unknown-key"]);
    let text = "chart: .\nclauses:\n  a: { http: { get: svc/x, expect: { stauts: 200 } } }\n";
    check(text, &["3:38 unknown-key"]);
    assert_eq!(mistakes(text)[0].hint.as_deref(), Some("did you mean `status`?"));
    check_clause("  a: { when: { deletePods: deploy/x }, http: svc/x }\n", &["3:16 unknown-key"]);
    check("chart: .\nenvironments: { dev: { valeus: [] } }\n", &["2:24 unknown-key"]);
}

#[test]
fn jobs_and_tests_are_named() {
    check_clause("  a: { job: cronjob/x, within: 2m }\n  b: { job: { of: job/x, exit: 3 } }\n", &[]);
    check_clause("  a: { job: deploy/x }\n", &["3:13 bad-target"]);
    check_clause("  a: { job: 'job/*' }\n", &["3:13 bad-target"]);
    check_clause("  a: { job: { exit: 3 } }\n", &["3:8 missing-key"]);
    check_clause("  a: { helmTest: all }\n  b: { helmTest: [x-test, y-test] }\n", &[]);
    check_clause("  a: { helmTest: [x, 'y=z'] }\n", &["3:22 bad-name"]);
    check_clause("  a: { from: host, helmTest: all }\n", &["3:8 misplaced-key"]);
}

#[test]
fn a_command_is_of_the_host_or_of_an_image() {
    check_clause("  a: { run: { command: [hack/x.sh], junit: out/x.xml } }\n", &[]);
    check_clause(
        "  a: { run: { image: 'x:1' } }\n  b: { run: { image: 'x:1', command: [y], junit: /r/x.xml } }\n",
        &[],
    );
    check_clause("  a: { run: { requires: [sh] } }\n", &["3:13 missing-key"]);
    check_clause("  a: { run: { command: [x], junit: ../x.xml } }\n", &["3:36 bad-path"]);
    check_clause("  a: { run: { image: x, junit: x.xml } }\n", &["3:32 bad-path"]);
    check_clause("  a: { run: { image: x, junit: /x.xml } }\n", &["3:32 bad-path"]);
    check_clause("  a: { run: { image: x, requires: [sh] } }\n", &["3:25 misplaced-key"]);
    check_clause("  a: { run: { image: x, command: [y, '$(host:5000)'] } }\n", &["3:34 bad-target"]);
    check_clause("  a: { from: host, run: { image: x } }\n", &["3:8 misplaced-key"]);
}

#[test]
fn what_is_in_use_has_limits() {
    let usage = |rest: &str| format!("  a: {{ usage: {{ of: deploy/x, {rest} }} }}\n");
    check_clause(&usage("cpu: '< 20m'"), &[]);
    check_clause(&usage("memory: '< 80% of limit', cpu: '<= 1.5'"), &[]);
    check_clause("  a: { usage: { of: deploy/x } }\n", &["3:15 empty-expectation"]);
    check_clause(&usage("cpu: '20m'"), &["3:36 bad-quantity"]);
    check_clause(&usage("cpu: '< much'"), &["3:36 bad-quantity"]);
    check_clause(&usage("memory: '< 80% of all'"), &["3:39 bad-quantity"]);
}

#[test]
fn values_or_objects_are_refused() {
    check_clause("  a: { refuses: [{ set: { a: 1 } }, { apply: x.yaml, saying: odd }] }\n", &[]);
    check_clause("  a: { refuses: { apply: [x.yaml, y.yaml] }, before: { apply: crd.yaml }, within: 5s }\n", &[]);
    check_clause("  a: { refuses: { set: { a: 1 } }, within: 5s }\n", &["3:36 misplaced-key"]);
    check_clause("  a: { refuses: [{ set: { a: 1 }, apply: x.yaml }] }\n", &["3:18 bad-value"]);
    check_clause("  a: { refuses: { saying: x } }\n", &["3:17 bad-value"]);
    check_clause("  a: { refuses: { apply: /x.yaml } }\n", &["3:26 bad-path"]);
}

#[test]
fn talks_are_read_step_by_step() {
    let ws = |rest: &str| format!("  a: {{ ws: {{ {rest} }} }}\n");
    let all = "to: svc/x:http/ws, talk: [{ send: { a: 1 } }, { expect: { b: present }, within: 1s }, ping, { idle: 60s }, \
               { close: 1000 }, { closed: 1001 }]";
    check_clause(&ws(all), &[]);
    check_clause("  a: { ws: svc/x:http/ws }\n", &[]);
    check_clause(&ws("to: svc/x, talk: [{ send: x, expect: y }]"), &["3:32 bad-step"]);
    check_clause(&ws("to: svc/x, talk: [{ within: 1s }]"), &["3:32 bad-step"]);
    check_clause(&ws("to: svc/x, talk: [{ idle: 1s, within: 1s }]"), &["3:44 misplaced-key"]);
    check_clause(&ws("to: svc/x, talk: [{ expect: {} }]"), &["3:42 empty-expectation"]);
    check_clause(&ws("to: svc/x, talk: [{ expect: absent }]"), &["3:42 bad-value"]);
    check_clause(&ws("to: svc/x, talk: [pong]"), &["3:32 bad-value"]);
    check_clause(&ws("talk: [ping]"), &["3:12 bad-value"]);
    check_clause(&ws("kept: l"), &["3:12 empty-expectation"]);
    check_clause(&ws("to: svc/x, keep: l"), &["3:25 misplaced-key"]);
    check_clause("  a: { before: { ws: { to: svc/x, keep: l } }, ws: { kept: l, talk: [{ closed: 1001 }] } }\n", &[]);
}

#[test]
fn from_is_about_probes() {
    check_clause("  a: { from: node, object: { deploy/x: present } }\n", &["3:8 misplaced-key"]);
    check_clause("  a: { from: node, http: svc/x }\n", &[]);
    check_clause("  a: { from: node, then: [{ http: svc/x }, { ready: release }] }\n", &[]);
}

#[test]
fn metrics_have_a_source_and_a_promise() {
    let metrics = |rest: &str| format!("  a: {{ metrics: {{ {rest} }} }}\n");
    check_clause(&metrics("through: servicemonitor/x, expect: { hits: present }"), &[]);
    check_clause(&metrics("through: svc/x:http, expect: { 'hits{code=\"200\"}': '> 0', up: 1 }"), &[]);
    check_clause(&metrics("through: deploy/x, expect: { up: 1 }"), &["3:28 bad-target"]);
    check_clause(&metrics("through: svc/x, expect: { 0up: 1 }"), &["3:45 bad-value"]);
    check_clause(&metrics("through: svc/x, expect: { up: [1] }"), &["3:49 bad-value"]);
}

#[test]
fn rights_and_environments_are_named() {
    check_clause(
        "  a: { rbac: { of: sa/x, can: create pods, cannot: [get secrets in kube-system, update w/status] } }\n",
        &[],
    );
    check_clause("  a: { rbac: { of: sa/x } }\n", &["3:14 empty-expectation"]);
    check_clause("  a: { rbac: { of: deploy/x, can: get pods } }\n", &["3:20 bad-target"]);
    check_clause("  a: { rbac: { of: sa/x, can: [pods] } }\n", &["3:32 bad-value"]);
    let same = |names: &str| {
        format!("chart: .\nenvironments: {{ a: {{}}, b: {{}} }}\nclauses: {{ x: {{ same: {names} }} }}\n")
    };
    check(&same("[a, b]"), &[]);
    check(&same("[a, c]"), &["3:27 unknown-environment"]);
    check(&same("[a]"), &["3:23 empty-expectation"]);
}

#[test]
fn events_know_what_they_happen_to() {
    let when = |event: &str| format!("  a: {{ when: {event}, http: svc/x }}\n");
    for sound in [
        "{ drain: deploy/x }",
        "{ signal: { sts/x: KILL } }",
        "{ signal: { sts/x: SIGTERM } }",
        "{ stop: ds/x }",
        "{ patch: { sts/x: { spec.replicas: 1 } } }",
        "{ apply: [a.yaml, b/c.yaml] }",
        "{ delete: widget/x }",
        "[{ upgrade: { set: { a: 1 } } }, rollback]",
        "[{ upgrade: { from: last-release } }, rollback]",
        "restartNode",
        "{ load: { http: svc/x:http/, rate: 20/s, for: 30s, connections: kept, failures: 0 } }",
        "[{ load: { http: { post: svc/x/, json: { a: 1 }, expect: { status: 201 } } } }, { restart: deploy/x }]",
    ] {
        check_clause(&when(sound), &[]);
    }
    check_clause("  a: { before: { apply: a.yaml }, http: svc/x }\n", &[]);
    check_clause(&when("{ drain: cm/x }"), &["3:23 bad-target"]);
    check_clause(&when("{ signal: { sts/x: KIL } }"), &["3:33 bad-value"]);
    check_clause(&when("{ stop: svc/x }"), &["3:22 bad-target"]);
    check_clause(&when("{ patch: { sts/x: {} } }"), &["3:32 empty-expectation"]);
    check_clause(&when("{ patch: { 'pvc/*': { a: 1 } } }"), &["3:25 bad-target"]);
    check_clause(&when("{ apply: ../x.yaml }"), &["3:23 bad-path"]);
    check_clause(&when("rollback"), &["3:14 no-event"]);
    check_clause(&when("drain"), &["3:14 bad-event"]);
    check_clause(&when("{ upgrade: { from: yesterday } }"), &["3:33 bad-value"]);
    check_clause(&when("{ load: { http: svc/x, rate: 2000/s } }"), &["3:43 bad-rate"]);
    check_clause(&when("{ load: { http: svc/x, rate: 1000/s, for: 2m } }"), &["3:56 bad-load"]);
    check_clause(&when("{ load: { http: { get: svc/x, expect: { text: a } } } }"), &["3:30 bad-load"]);
    check_clause(&when("{ stop: needs/x }"), &["3:22 unknown-reference"]);
}

#[test]
fn only_containers_beside_the_cluster_are_stopped() {
    let stop = |need: &str| {
        let needs = "needs:\n  db: { postgres: { version: 15 } }\n  s: { secret: { a: b } }\n";
        format!(
            "chart: .\n{needs}clauses:\n  a: {{ when: {{ stop: needs/{need} }}, tcp: {{ to: svc/db, expect: refused }} }}\n"
        )
    };
    check(&stop("db"), &[]);
    check(&stop("s"), &["6:22 unknown-reference"]);
    let found = mistakes(&stop("dx"));
    assert_eq!(found[0].hint.as_deref(), Some("did you mean `db`?"), "{found:?}");
}

#[test]
fn a_session_names_what_was_saved_before() {
    let session = |first: &str, second: &str| {
        format!("  a: {{ http: [{{ post: svc/x:http/, {first} }}, {{ get: 'svc/x:http/{second}' }}] }}\n")
    };
    check_clause(&session("save: { id: json.id, etag: header.ETag, all: text }", "$(saved.id)"), &[]);
    check_clause(&session("save: { id: json.id }", "$(saved.ip)"), &["3:61 unknown-reference"]);
    check_clause(&session("save: { id: body }", ""), &["3:48 bad-value"]);
    check_clause("  a: { logs: { contain: $(saved.id) } }\n", &["3:14 unknown-reference"]);
    let then = |contain: &str| {
        format!(
            "  a: {{ then: [{{ http: {{ post: svc/x:http/, save: {{ id: json.id }} }} }}, {{ logs: {{ contain: {contain} }} }}] }}\n"
        )
    };
    check_clause(&then("$(saved.id)"), &[]);
    check_clause(&then("'made $(saved.id)'"), &[]);
    check_clause(&then("[ok, $(saved.ip)]"), &["3:79 unknown-reference"]);
    let prepared = |name: &str| {
        let before = "before: { http: { get: svc/x, save: { id: json.id } } }";
        format!("  a: {{ {before}, when: uninstall, ws: {{ to: svc/x, talk: [{{ send: '$(saved.{name})' }}] }} }}\n")
    };
    check_clause(&prepared("id"), &[]);
    check_clause(&prepared("ip"), &["3:86 unknown-reference"]);
    check_clause("  a: { tcp: 'svc/x:$(saved.id)' }\n", &["3:13 unknown-reference"]);
}

#[test]
fn tls_is_a_field_of_probes() {
    let tls = |rest: &str| format!("  a: {{ http: {{ get: ingress/x/, {rest} }} }}\n");
    for sound in [
        "tls: { trust: secret/x.ca.crt, validFor: '> 7d', names: x.test }",
        "tls: { trust: needs.x }",
        "scheme: https, host: x.test",
        "tls: { serverName: x.test }",
    ] {
        check_clause(&tls(sound), &[]);
    }
    check_clause(&tls("tls: {}"), &["3:38 empty-expectation"]);
    check_clause(&tls("tls: { trust: me }"), &["3:47 bad-value"]);
    check_clause(&tls("tls: { validFor: soon }"), &["3:50 bad-duration"]);
    check_clause(&tls("scheme: http, tls: { trust: secret/x }"), &["3:47 misplaced-key"]);
    check_clause("  a: { http: ingress/x }\n", &["3:14 bad-target"]);
}

#[test]
fn a_query_has_rows_or_an_error() {
    let ask = |rest: &str| format!("  a: {{ postgres: {{ to: svc/x, as: secret/x, {rest} }} }}\n");
    for sound in ["query: select 1, expect: [[1]]", "expect: { error: 28P01 }", "expect: denied", "sslmode: require"] {
        check_clause(&ask(sound), &[]);
    }
    check_clause("  a: { postgres: { to: svc/x, as: { user: u, password: $(secret/x.p) } } }\n", &[]);
    check_clause("  a: { postgres: { to: svc/x, as: me } }\n", &["3:35 bad-value"]);
    check_clause(&ask("expect: { error: wrong }"), &["3:62 bad-value"]);
    check_clause(&ask("expect: [[{}]]"), &["3:55 empty-expectation"]);
    check_clause(&ask("sslmode: disable, tls: { trust: secret/x }"), &["3:63 misplaced-key"]);
}

/// A clause on `http: host:5000/` with this latency; the mistakes as `code: message`.
fn check_latency(latency: &str, expected: &str) {
    let text = format!("chart: .\nclauses:\n  a: {{ http: host:5000/, latency: {latency} }}\n");
    let found = mistakes(&text);
    let seen: Vec<String> = found.iter().map(|d| format!("{}: {}", d.code, d.message)).collect();
    assert_eq!(seen.join("\n"), expected, "{latency}");
}

#[test]
fn a_latency_that_its_samples_can_prove_is_sound() {
    for latency in [
        "{ p95: 50ms }",
        "{ p50: 10ms, p95: 50ms, p99: 200ms, rate: 100/s, samples: 1000, warmUp: 0, connections: kept }",
        "{ p95: 50ms, samples: 100 }",
        "{ p50: +100ms, than: docker }",
        "{ p50: +1ms, than: echo }",
        "{ p95: 50ms, rate: 2/s }",
    ] {
        check_latency(latency, "");
    }
}

#[test]
fn a_latency_that_its_samples_cant_prove_is_refused() {
    let table = [
        ("{ p99: 50ms, samples: 100 }", "unprovable: 100 samples can't prove it: a p99 takes at least 373 samples"),
        ("{ p95: 50ms, samples: 72 }", "unprovable: 72 samples can't prove it: a p95 takes at least 73 samples"),
        ("{ p50: 50ms, samples: 99 }", "unprovable: 99 samples can't prove it: a p50 takes at least 100 samples"),
        ("{ p95: 50ms, samples: 2001 }", "unprovable: no more than 2000 samples are drawn"),
        (
            "{ p95: 50ms, rate: 1/s }",
            "unprovable: no more than 60 samples fit into 60 s: a p95 takes at least 73 samples",
        ),
        (
            "{ p95: 50ms, rate: 2/s, samples: 200 }",
            "unprovable: no more than 120 samples fit into 60 s: 200 are asked for",
        ),
        ("{ p95: 5 }", "wrong-type: expected a text, found `5`"),
        ("{ p95: 5 ms }", "bad-duration: `5 ms` is no duration"),
        ("{ p95: 50ms, rate: 50 }", "wrong-type: expected a text, found `50`"),
        ("{ p95: 50ms, rate: 5/m }", "bad-rate: `5/m` is no rate"),
        ("{ samples: 100 }", "empty-expectation: a latency without a limit promises nothing"),
        ("{ p95: 50ms, p99: 40ms }", "bad-latency: the limit of p95 is above that of p99, which it would follow from"),
        ("{ p50: +100ms }", "bad-latency: a limit with `+` is about a difference, and `than` is missing"),
        ("{ p50: 100ms, than: docker }", "bad-latency: with `than` the limit is about the difference"),
        ("{ p95: 100ms, than: docker }", "bad-latency: differences are judged by medians"),
        ("{ p50: +1ms, than: podman }", "bad-value: the text `podman` is not known here"),
        ("{ p999: 50ms }", "unknown-key: unknown key `p999`"),
    ];
    for (latency, expected) in table {
        check_latency(latency, expected);
    }
}

#[test]
fn only_a_single_probe_has_a_latency() {
    let latency = "latency: { p95: 50ms }";
    for (clause, is_wrong_type) in [
        ("ready: release", false),
        ("http: [svc/x, svc/y]", true),
        ("http: [{ get: svc/x }, { get: svc/y }]", false),
        ("http: { get: svc/x, expect: refused }", false),
        ("tcp: { to: svc/x, expect: refused }", false),
        ("dns: [svc/x, svc/y]", false),
        ("http: svc/x, within: 5s", false),
    ] {
        let text = format!("chart: .\nclauses:\n  a: {{ {clause}, {latency} }}\n");
        let codes: Vec<&str> = mistakes(&text).iter().map(|d| d.code).collect();
        let expected = if is_wrong_type { vec!["wrong-type", "wrong-type"] } else { vec!["bad-latency"] };
        assert_eq!(codes, expected, "{clause}");
    }
    check_clause("  a: { http: svc/x, latency: { p50: +1ms, than: docker } }\n", &["3:30 bad-latency"]);
    check_clause("  a: { from: host, http: svc/x, latency: { p50: +1ms, than: docker } }\n", &[]);
    check_clause("  a: { dns: svc/x, latency: { p95: 5ms, connections: kept } }\n", &["3:29 bad-latency"]);
    check_clause("  a: { from: deploy/x, http: svc/x, latency: { p95: 5ms } }\n", &["3:46 bad-latency"]);
    check_clause("  a: { dns: svc/x, latency: { p95: 5ms } }\n", &[]);
    check_clause("  a: { then: [{ tcp: svc/x, latency: { p95: 5ms } }], when: { restart: deploy/x } }\n", &[]);
    check_clause("  a: { then: [{ http: svc/x }], latency: { p95: 5ms } }\n", &["3:33 misplaced-key"]);
    check_clause("  a: { objects: { Pod: 1 }, latency: { p95: 5ms } }\n", &["3:29 misplaced-key"]);
}

#[test]
fn starts_are_compared_with_starts_elsewhere() {
    let than =
        |p50: &str, more: &str| format!("  a: {{ ready: release, within: {{ p50: {p50}, than: docker }}{more} }}\n");
    check_clause(&than("+100ms", ""), &[]);
    check_clause(&than("+100ms", ", repeat: 5"), &[]);
    check_clause(&than("100ms", ""), &["3:39 bad-duration"]);
    check_clause(&than("+100", ""), &["3:39 wrong-type"]);
    check_clause(&than("+soon", ""), &["3:39 bad-duration"]);
    check_clause(&than("+100ms", ", repeat: 4"), &["3:71 too-few"]);
    check_clause(&than("+100ms", ", when: uninstall"), &["3:24 misplaced-key"]);
    check_clause(&than("+100ms", ", for: 3s"), &["3:24 misplaced-key"]);
    check_clause("  a: { http: svc/x, within: { p50: +1ms, than: docker } }\n", &["3:21 misplaced-key"]);
    check_clause("  a: { ready: release, within: { p50: +1ms, than: podman } }\n", &["3:51 bad-value"]);
    check_clause(
        "  a: { ready: release, within: { p95: +1ms, than: docker } }\n",
        &["3:24 missing-key", "3:34 unknown-key"],
    );
}

#[test]
fn wrong_types_say_what_was_expected() {
    check_clause("  a: { http: 5 }\n", &["3:14 wrong-type"]);
    let text = "chart: .\nclauses:\n  a: { http: 5 }\n";
    assert_eq!(mistakes(text)[0].message, "expected a text or a map or a list, found `5`");
    check_clause("  a: { http: svc/x, advisory: maybe }\n", &["3:31 wrong-type"]);
    check_clause("  a: http\n", &["3:6 wrong-type"]);
    check_clause("  a:\n", &["3:4 wrong-type"]);
    check_clause("  a: { objects: { Deployment: many } }\n", &["3:31 wrong-type"]);
    check_clause("  a: { objects: { Deployment: $(values.n) } }\n", &[]);
    check("chart: 5\n", &["1:8 wrong-type"]);
    check("apiVersion: seatrial.dev/v2\nchart: .\n", &["1:13 bad-value"]);
    check("kind: Contract\n", &["1:1 missing-key"]);
    check_clause("  a: { refuses: [{ saying: x }] }\n", &["3:18 bad-value"]);
    check_clause("  a: { dns: [] }\n", &["3:13 empty-list"]);
}

#[test]
fn a_key_without_a_value_is_a_mistake() {
    check_clause("  a:\n    when:\n    http: svc/x\n", &["4:9 wrong-type"]);
    check_clause("  a: { http: svc/x, within: , covers: null }\n", &["3:27 wrong-type", "3:39 wrong-type"]);
    check_clause("  a: { http: { get: svc/x, expect: { status: 200, json: null } } }\n", &["3:57 wrong-type"]);
    check("chart: .\nclauses:\n", &["2:8 wrong-type"]);
    check("chart: .\nclauses: {}\n", &[]);
}

#[test]
fn aliases_are_values_but_no_bombs() {
    check("chart: .\nclauses:\n  a: { http: &x svc/x }\n  b: { http: *x }\n", &[]);
    let mut text = "chart: .\nclauses:\n  x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n".to_owned();
    for i in 1..12 {
        let list = vec![format!("*x{}", i - 1); 10].join(", ");
        text.extend(["  x", &i.to_string(), ": &x", &i.to_string(), " [", &list, "]\n"]);
    }
    assert_eq!(mistakes(&text)[0].code, "too-many-aliases");
    // Few nodes, but long ones; and anchors around anchors, of which each is kept.
    let long = format!("chart: .\nclauses:\n  a: &a {}\n  b: [{}]\n", "x".repeat(100_000), "*a,".repeat(10_000));
    assert_eq!(mistakes(&long)[0].code, "too-many-aliases");
    let around = (0..60).map(|i| format!("&a{i} [")).collect::<Vec<_>>().concat();
    let deep = format!("chart: .\nclauses:\n  a: {around}{}{}\n", "x,".repeat(10_000), "]".repeat(60));
    assert_eq!(mistakes(&deep)[0].code, "too-many-aliases");
}

#[test]
fn keys_of_values_make_no_gigabytes() {
    let set = |key: &str| format!("chart: .\nenvironments:\n  dev: {{ set: {{ \"{key}\": 1 }} }}\n");
    check(&set("a.b[65536].c"), &[]);
    check(&set("a.b[65537].c"), &["3:17 bad-key"]);
    check(&set(&format!("a{}", ".a".repeat(100))), &["3:17 bad-key"]);
    let many = (0..20).map(|i| format!("\"k{i}[65000]\": 1, ")).collect::<Vec<_>>().concat();
    check(&format!("chart: .\nenvironments:\n  dev: {{ set: {{ {many} }} }}\n"), &["3:15 too-large"]);
}

#[test]
fn a_clause_has_one_check() {
    check_clause("  a: { http: svc/x, tcp: svc/x:80 }\n", &["3:21 two-checks"]);
    check_clause("  a: { within: 5s }\n", &["3:3 no-check"]);
    check_clause("  a: { then: [{ http: svc/x }, { within: 5s }] }\n", &["3:32 no-check"]);
    check_clause("  a: { then: [{ http: svc/x }], http: svc/x }\n", &["3:33 two-checks"]);
    check_clause("  a: { then: [{ http: svc/x }], within: 5s }\n", &["3:33 misplaced-key"]);
    check_clause("  a: { before: { within: 5s }, http: svc/x }\n", &["3:18 unknown-key"]);
}

#[test]
fn durations_quantities_and_regexes_are_read_at_once() {
    check_clause("  a: { http: svc/x, within: 5 }\n", &["3:29 bad-duration"]);
    check_clause("  a: { http: svc/x, within: '5' }\n", &["3:29 bad-duration"]);
    check_clause("  a: { http: svc/x, within: 5 parsecs, for: 0s }\n", &["3:29 bad-duration", "3:45 bad-duration"]);
    check_clause("  a: { http: svc/x, within: 5s of ready }\n", &["3:21 no-event"]);
    check_clause("  a: { http: svc/x, repeat: 0 }\n", &["3:29 bad-value"]);
    check_clause("  a: { http: svc/x, repeat: 101 }\n", &["3:29 bad-value"]);
    check_clause("  a: { then: [{ http: svc/x }], repeat: 3 }\n", &[]);
    check_clause("  a: { then: [{ http: svc/x }], repeat: 0 }\n", &["3:41 bad-value"]);
    check_clause("  a: { http: { get: svc/x, within: 5 } }\n", &["3:36 bad-duration"]);
    check_clause("  a: { http: { post: svc/x, within: 5s } }\n", &["3:29 misplaced-key"]);
    check_clause("  a: { rendered: { deploy/x: absent }, repeat: 3 }\n", &["3:40 misplaced-key"]);
    check_clause("  a: { when: uninstall, http: svc/x, within: 5s of settled }\n", &["3:46 bad-duration"]);
    check_clause("  a: { usage: { of: node, memory: '< plenty' } }\n", &["3:35 bad-quantity"]);
    check_clause("  a: { usage: { of: node, memory: 1GB } }\n", &["3:35 bad-quantity"]);
    check_clause("  a: { logs: { contain: '~ (' } }\n", &["3:25 bad-regex"]);
    check_clause("  a: { logs: { contain: ['~ a', '~'] } }\n", &["3:33 bad-operand"]);
    check_clause("  a: { http: { get: svc/x, expect: { status: 700 } } }\n", &["3:46 bad-status"]);
    check("chart: .\ntimeouts: { ready: soon }\n", &["2:20 bad-duration"]);
    check_clause("  a: { skip: { reason: x, until: tomorrow }, http: svc/x }\n", &["3:34 bad-date"]);
}

#[test]
fn what_heals_does_so_within_a_time() {
    let clause = |heals: &str| format!("  a: {{ when: {{ restart: deploy/x }}, http: svc/x, heals: {heals} }}\n");
    check_clause(&clause("5s"), &[]);
    check_clause(&clause("{ http: svc/x, within: 5s }"), &[]);
    check_clause(&clause("{ http: svc/x }"), &["3:57 no-time"]);
    check_clause(&clause("{ within: 5s }"), &["3:50 no-check"]);
    check_clause("  a: { http: svc/x, heals: { http: svc/x, within: 5s } }\n", &["3:21 no-event"]);
}

#[test]
fn a_line_is_cut_between_a_workload_and_a_port() {
    let clause = |when: &str| format!("  a: {{ when: {{ {when} }}, http: svc/x }}\n");
    check_clause(&clause("cut: { deploy/x: svc/y:http }"), &[]);
    check_clause(&clause("cut: { deploy/x: svc/y:http/path }"), &["3:33 bad-target"]);
    check_clause(&clause("cut: { svc/x: svc/y:http }"), &["3:23 bad-target"]);
    check_clause(&clause("cut: deploy/x"), &["3:21 wrong-type"]);
    check_clause(&clause("deletePod: { of: deploy/x, grace: 0s }"), &[]);
    check_clause(&clause("deletePod: { of: deploy/x, grace: 0 }"), &["3:50 wrong-type"]);
    check_clause(&clause("deletePod: { of: deploy/x, grace: 1500ms }"), &["3:50 bad-duration"]);
}

#[test]
fn an_expectation_asserts_something() {
    check_clause("  a: { rendered: { deploy/x: {} } }\n", &["3:30 empty-expectation"]);
    check_clause("  a: { rendered: {} }\n", &["3:18 empty-expectation"]);
    check_clause("  a: { rendered: { deploy/x: { spec: { a: {} } } } }\n", &["3:43 empty-expectation"]);
    check_clause("  a: { rendered: { deploy/x: { spec..a: 1 } } }\n", &["3:32 bad-path"]);
    check_clause("  a: { http: { get: svc/x, expect: {} } }\n", &["3:36 empty-expectation"]);
    check_clause("  a: { restarts: {} }\n", &["3:18 empty-expectation"]);
    check_clause("  a: { logs: { of: all } }\n", &["3:14 empty-expectation"]);
    check_clause("  a: { object: { deploy/x: { spec: unchanged } } }\n", &["3:3 no-event"]);
}

#[test]
fn targets_are_read_at_once() {
    check_clause("  a: { http: svc/x:99999/ }\n", &["3:14 bad-target"]);
    check_clause("  a: { http: deploy/x }\n", &["3:14 bad-target"]);
    check_clause("  a: { rendered: { svc/x:80: { spec.type: x } } }\n", &["3:20 bad-target"]);
    check_clause("  a: { rendered: { deploy/X: absent } }\n", &["3:20 bad-target"]);
    check_clause("  a: { dns: [svc/x, host:5000] }\n", &["3:21 bad-target"]);
    check_clause("  a: { registry: host:5000/v2/ }\n", &["3:18 bad-target"]);
    check_clause("  a: { http: svc/x, from: nowhere }\n", &["3:27 bad-value"]);
    check_clause("  a: { when: { deletePod: svc/x }, http: svc/x }\n", &["3:27 bad-target"]);
    check_clause("  a: { when: { scale: { sts/x: 0, cm/y: 0 } }, http: svc/x }\n", &["3:35 bad-target"]);
    check("chart: .\ncluster: { name: x, publish: { 0: deploy/x } }\n", &["2:32 bad-target", "2:35 bad-target"]);
}

#[test]
fn events_are_words_or_have_an_object() {
    check_clause("  a: { when: reinstal, http: svc/x }\n", &["3:14 bad-event"]);
    check_clause("  a: { when: deletePod, http: svc/x }\n", &["3:14 bad-event"]);
    check_clause("  a: { when: {}, http: svc/x }\n", &["3:14 bad-event"]);
    check_clause("  a: { when: { restart: deploy/x, scale: { deploy/x: 0 } }, http: svc/x }\n", &["3:35 two-events"]);
    check_clause("  a: { when: [uninstall, upgrade, { upgrade: { set: { a: 1 } } }], http: svc/x }\n", &[]);
    check_clause("  a: { leaves: [] }\n", &["3:8 no-event"]);
    check_clause("  a: { registry: { at: host:5000, push: seed } }\n", &["3:35 misplaced-key"]);
}

#[test]
fn checks_on_the_files_have_no_time() {
    check_clause(
        "  a: { rendered: { deploy/x: absent }, within: 5s, when: uninstall }\n",
        &["3:40 misplaced-key", "3:52 misplaced-key"],
    );
    check_clause("  a: { when: uninstall, then: [{ objects: { Pod: 1 } }] }\n", &["3:8 misplaced-key"]);
}

#[test]
fn names_that_are_named_exist() {
    check_clause("  a: { in: prod, http: svc/x }\n", &["3:12 unknown-environment"]);
    check_clause("  a: { in: [default, default], http: svc/x }\n", &["3:22 duplicate-name"]);
    check_clause("  a: { after: [b], http: svc/x }\n", &["3:16 unknown-clause"]);
    check_clause("  a: { holds: b }\n", &["3:15 unknown-clause"]);
    check_clause("  a: { then: [{ holds: b }] }\n", &["3:24 unknown-clause"]);
    check_clause("  a: { after: [ready, 'reachable[svc/x]'], http: svc/x }\n", &[]);
    check_clause("  a: { covers: [PAL-001, PAL-999], http: svc/x }\n", &["3:26 unknown-row"]);
    check_clause("  a: { after: a, http: svc/x }\n", &["3:15 circle"]);
    check_clause(
        "  a: { after: b, http: svc/x }\n  b: { after: c, http: svc/x }\n  c: { holds: a }\n",
        &["5:15 circle"],
    );
    check_clause("  Upper: { http: svc/x }\n  ready: { http: svc/x }\n", &["3:3 bad-name", "4:3 bad-name"]);
}

#[test]
fn keys_of_values_are_keys() {
    check("chart: .\nenvironments: { a: { set: { 'a[x]': 1 } } }\n", &["2:29 bad-key"]);
    check_clause("  a: { refuses: { set: { a..b: 1 } } }\n", &["3:26 bad-key"]);
    check_clause("  a: { when: { upgrade: { set: { 'a[': 1 } } }, http: svc/x }\n", &["3:34 bad-key"]);
    check_clause("  a: { refuses: { set: { 'a.b[0].c\\.d': 1 } } }\n", &[]);
}

#[test]
fn default_clauses_are_switched_off_by_name() {
    check(
        "chart: .\nwithout: { images: pulled by hand, imges: x, selectors: '' }\n",
        &["2:36 unknown-default", "2:57 no-reason"],
    );
    check_clause("  a: { after: [selectors, 'second-upgrade-restarts-nothing'], http: svc/x }\n", &[]);
}

#[test]
fn each_gives_elements_with_names() {
    check_clause("  a: { each: { t: [svc/x, svc/y] }, http: $(each.t) }\n", &[]);
    check_clause("  a: { each: { t: [svc/x, deploy/y] }, http: $(each.t) }\n", &["3:27 bad-target"]);
    check_clause("  a: { each: { t: { x: svc/x, y: deploy/y } }, http: $(each.t) }\n", &["3:34 bad-target"]);
    check_clause(
        "  a: { each: { e: { x: { dletePod: deploy/x } } }, when: $(each.e), http: svc/x }\n",
        &["3:26 unknown-key"],
    );
    check_clause("  a: { each: { t: [svc/x] }, http: $(each.u) }\n", &["3:36 unknown-reference"]);
    check_clause("  a: { http: $(each.u) }\n", &["3:14 unknown-reference"]);
    check_clause("  a: { each: { t: [] }, http: svc/x }\n", &["3:19 empty-list"]);
    check_clause("  a: { each: { t: [a], u: [b] }, http: svc/x }\n", &["3:8 bad-each"]);
    check_clause(
        "  a: { after: 'b[y]', http: svc/x }\n  b: { each: { t: [x] }, http: svc/x }\n",
        &["3:15 unknown-clause"],
    );
    check_clause(
        "  a: { each: { d: [sts/x, cm/y] }, when: { scale: { $(each.d): 0 } }, http: svc/x }\n",
        &["3:53 bad-target"],
    );
}

#[test]
fn references_are_known() {
    check_clause("  a: { http: $(valeus.x) }\n", &["3:14 unknown-reference"]);
    check_clause("  a: { http: { get: svc/x, headers: { x: $(host:5000) } } }\n", &["3:42 unknown-reference"]);
    check_clause("  a: { http: svc/$(release.nam):80/ }\n", &["3:14 unknown-reference"]);
    check_clause("  a: { http: $(values.x }\n", &["3:14 unknown-reference"]);
    check_clause("  a: { http: 'svc/x:$(values.port)/' , within: $(values.t) }\n", &[]);
    check_clause("  a: { rendered: { deploy/$(release.name): { spec.replicas: '< $(values.n)' } } }\n", &[]);
    check("chart: .\nenvironments: { a: { set: { x: $(run.id) } } }\n", &["2:32 misplaced-reference"]);
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = "\
chart: .
environments:
  dev: { vales: [] }
timeouts: { ready: 5 }
clauses:
  a: { in: stage, http: deploy/x, withn: 5s }
  b: { http: svc/x, within: soon }
  b: { http: svc/x }
  c: { holds: nobody }
  d: { job: svc/x }
";
    check(
        text,
        &[
            "3:10 unknown-key",
            "4:20 bad-duration",
            "6:35 unknown-key",
            "7:29 bad-duration",
            "8:3 duplicate-key",
            "9:15 unknown-clause",
            "10:13 bad-target",
        ],
    );
}

#[test]
fn an_expired_skip_is_no_mistake() {
    let text =
        |until: &str| format!("chart: .\nclauses:\n  a: {{ http: svc/x, skip: {{ reason: x, until: {until} }} }}\n");
    assert!(contract(&text("2026-11-20")).clauses["a"].is_skip_expired);
    assert!(!contract(&text("2026-11-21")).clauses["a"].is_skip_expired);
    check_clause("  a: { http: svc/x, skip: { reason: x } }\n", &["3:21 missing-key"]);
}

#[test]
fn a_diagnostic_reads_well() {
    let text = "chart: .\nclauses:\n  a: { htp: svc/x }\n";
    let expected = "contract.yaml:3:8: unknown key `htp` [unknown-key]\n    did you mean `http`?";
    assert_eq!(mistakes(text)[0].to_string(), expected);
}

#[test]
fn a_thousand_clauses_load_quickly() {
    let clause = |i: usize| {
        format!(
            "  c{i}:\n    covers: [PAL-001]\n    rendered: {{ deploy/x: {{ spec.replicas: {i}, spec.a: '~ ^a$' }} }}\n"
        )
    };
    let text = format!("chart: .\nclauses:\n{}", (0..1000).map(clause).collect::<String>());
    assert_eq!(contract(&text).clauses.len(), 1000);
}

#[test]
fn throughout_and_heals_are_about_an_event() {
    let when = "when: { restart: deploy/x }";
    check_clause(&format!("  a: {{ {when}, http: svc/x, throughout: true, heals: 30s }}\n"), &[]);
    check_clause("  a: { http: svc/x, heals: 30s }\n", &["3:21 no-event"]);
    check_clause(&format!("  a: {{ {when}, http: svc/x, heals: soon }}\n"), &["3:57 bad-duration"]);
    check_clause(&format!("  a: {{ {when}, http: svc/x, throughout: true, within: 5s }}\n"), &["3:68 misplaced-key"]);
    check_clause(&format!("  a: {{ {when}, ready: release, throughout: true }}\n"), &["3:53 misplaced-key"]);
    check_clause("  a: { rendered: { deploy/x: absent }, throughout: true }\n", &["3:40 misplaced-key"]);
}

#[test]
fn a_trial_differs_in_values() {
    let text = "chart: .\nenvironments: { prod: { set: { replicas: 12 }, trial: { replicas: 1, a.b: x } } }\n";
    let prod = &contract(text).environments["prod"];
    assert_eq!((&prod.set["replicas"], prod.trial.len()), (&serde_json::json!(1), 2));
    check("chart: .\nenvironments: { prod: { trial: { 'a[x]': 1 } } }\n", &["2:34 bad-key"]);
}

#[test]
fn expressions_are_read_at_once() {
    check_clause("  a: { rendered: { deploy/x: { cel: 'object.spec.replicas > 1' } } }\n", &[]);
    check_clause("  a: { http: { get: svc/x, expect: { cel: 'json.ok' } } }\n", &[]);
    check_clause("  a: { rendered: { deploy/x: { cel: 'object.(' } } }\n", &["3:37 bad-cel"]);
    check_clause("  a: { http: { get: svc/x, expect: { cel: 5 } } }\n", &["3:43 wrong-type"]);
    check_clause("  a: { object: { deploy/x: { cel: 'true' } } }\n", &["3:35 bad-cel"]);
}

/// The mistakes of a contract with this need, from line 3 on.
fn check_need(need: &str, expected: &[&str]) {
    check(&format!("chart: .\nneeds:\n{need}"), expected);
}

#[test]
fn a_need_is_one_kind_of_thing() {
    check_need("  a: { secret: { k: 'pw-$(run.id)' }, in: default }\n", &[]);
    check_need("  a: { certificate: { names: [x.test] } }\n  b: { crds: crds/x.yaml }\n  c: { namespace: {} }\n", &[]);
    check_need("  a: { chart: ../b, version: 1.x, set: { a.b: 1 } }\n  b: { addon: ingress }\n", &[]);
    check_need("  a: { postgres: { version: 16, tls: true } }\n  b: { container: { image: x, port: 80 } }\n", &[]);
    check_need("  a: { secret: { k: v }, configmap: { k: v } }\n", &["3:26 two-needs"]);
    check_need("  a: { in: default }\n", &["3:3 no-need"]);
    check_need("  a: { secert: { k: v } }\n", &["3:8 unknown-key"]);
    check_need("  a: { secret: {} }\n", &["3:16 empty-expectation"]);
    check_need("  a: { secret: { k: 5 } }\n", &["3:21 wrong-type"]);
    check_need("  a: { secret: { k: v }, in: nowhere }\n", &["3:30 unknown-environment"]);
    check_need("  a: { secret: { k: v }, version: x }\n", &["3:26 misplaced-key"]);
    check_need("  A_b: { secret: { k: v } }\n", &["3:3 bad-name"]);
    check_need("  a: { addon: ingres }\n", &["3:15 bad-value"]);
    check_need("  a: { crds: ../x.yaml }\n", &["3:14 bad-value"]);
}

#[test]
fn references_name_needs_and_what_they_give() {
    let with = |reference: &str| {
        format!(
            "chart: .\nneeds: {{ db: {{ postgres: {{ version: 16 }} }} }}\nclauses:\n  a: {{ logs: {{ contain: {reference} }} }}\n"
        )
    };
    check(&with("$(needs.db.url)"), &[]);
    check(&with("$(needs.db.ulr)"), &["4:25 unknown-reference"]);
    check(&with("$(needs.bd.url)"), &["4:25 unknown-reference"]);
}

/// The examples of the whole language load.
#[test]
fn examples_of_the_wider_language_load() {
    let examples = [
        include_str!("fixtures/a-web.yaml"),
        include_str!("fixtures/c-strato.yaml"),
        include_str!("fixtures/d-operator.yaml"),
    ];
    for text in examples {
        let found = load("contract.yaml", text, None, TODAY).err().unwrap_or_default();
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// Whatever is typed halfway, the loader answers.
#[test]
fn a_file_cut_or_changed_anywhere_is_no_panic() {
    let text = include_str!("fixtures/registry.yaml");
    for at in (0..text.len()).step_by(599).filter(|at| text.is_char_boundary(*at)) {
        let _ = load("contract.yaml", &text[..at], None, TODAY);
        for odd in ["{", "]", "$(", "*", "\u{0}", "- ", "1"] {
            let (head, tail) = text.split_at(at);
            let _ = load("contract.yaml", &format!("{head}{odd}{tail}"), None, TODAY);
        }
    }
}
