//! Each detector on a broken chart, where it fails alone with the expected message, and on the sound one.

use crate::fixture::{CONTRACT, RENDER, chart, mutated, planned, run_files, shown, sound};
use crate::model::{Verdict, VerdictKind};
use crate::report;

/// Breaks the render by one replacement and compares the one Fail; all else passes or is blocked by it.
fn check(from: &str, to: &str, expected: &str) {
    let verdicts = run_files(&chart(&mutated(from, to), CONTRACT));
    only_fail(&verdicts, expected);
}

fn only_fail(verdicts: &[Verdict], expected: &str) {
    let fails: Vec<&Verdict> = verdicts.iter().filter(|v| v.kind == VerdictKind::Fail).collect();
    let shown: Vec<String> = fails.iter().map(|verdict| shown(verdict)).collect();
    assert_eq!(shown.join("\n"), expected);
    let root = fails[0].id.local();
    let others = verdicts.iter().filter(|v| !matches!(v.kind, VerdictKind::Pass | VerdictKind::Fail));
    for other in others {
        assert_eq!(other.blocked_by.as_ref().map(|by| by.0.as_str()), Some(root.as_str()), "{}", other.id);
    }
}

#[test]
fn the_sound_chart_has_no_fail() {
    for verdict in run_files(&sound()) {
        assert_eq!(verdict.kind, VerdictKind::Pass, "{}", report::text(&verdict, false));
    }
}

#[test]
fn a_chart_without_contract_has_the_default_clauses() {
    let contract = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n";
    let plan = chart(RENDER, contract);
    let names: Vec<String> = plan.environments[0].slots.iter().map(|slot| slot.id.local()).collect();
    let expected = "renders decodes duplicates selectors port-chain node-ports references images version-labels admitted installs ready nothing-restarts \
                    second-upgrade-restarts-nothing uninstall-leaves-nothing";
    assert_eq!(names.join(" "), expected);
}

#[test]
fn wrong_target_port() {
    check(
        "targetPort: http",
        "targetPort: htp",
        "port-chain: svc/registry port http → targetPort `htp`: expected a container port of deploy/registry, seen \
         http=5000/TCP\n  charts/registry/templates/service.yaml:12 rendered line 26",
    );
    check(
        "targetPort: http",
        "targetPort: 5001",
        "port-chain: svc/registry port http → targetPort 5001: expected a container port of deploy/registry, seen \
         http=5000/TCP\n  charts/registry/templates/service.yaml:12 rendered line 26",
    );
}

#[test]
fn selector_that_matches_nothing() {
    check(
        "  selector:\n    app: registry\n",
        "  selector:\n    app: registri\n",
        "selectors: svc/registry selects app=registri: expected to match a pod template, seen deploy/registry has \
         app=registry\n  charts/registry/templates/service.yaml:8 rendered line 22",
    );
}

#[test]
fn workload_that_does_not_select_its_own_pods() {
    let render = mutated("      app: registry\n  template", "      app: other\n  template");
    let verdicts = run_files(&chart(&render, CONTRACT));
    only_fail(
        &verdicts,
        "selectors: deploy/registry: expected its selector to match its own pods, seen app=registry\n  \
         charts/registry/templates/deployment.yaml rendered line 37",
    );
}

#[test]
fn node_port_out_of_range() {
    let contract = CONTRACT.replace("nodePort: $(values.service.nodePort)", "name: http");
    let verdicts = run_files(&chart(&mutated("nodePort: 30500", "nodePort: 5000"), &contract));
    only_fail(
        &verdicts,
        "node-ports: svc/registry nodePort 5000: expected 30000 to 32767, seen 5000\n  \
         charts/registry/templates/service.yaml:13 rendered line 27",
    );
}

#[test]
fn renamed_service() {
    check(
        "kind: Service\nmetadata:\n  name: registry\n",
        "kind: Service\nmetadata:\n  name: registri\n",
        "named[svc/registry]: svc/registry: expected in the render, seen only svc/registri\n  \
         charts/registry/templates/service.yaml:4 rendered line 18",
    );
}

#[test]
fn probe_that_names_no_port() {
    check(
        "path: /v2/, port: http",
        "path: /v2/, port: web",
        "port-chain: readinessProbe of deploy/registry container registry → port `web`: expected a port of that \
         container, seen http=5000/TCP\n  charts/registry/templates/deployment.yaml rendered line 53",
    );
}

#[test]
fn missing_claim() {
    check(
        "claimName: registry-data",
        "claimName: registry-date",
        "references: deploy/registry refers to pvc/registry-date: expected pvc/registry-date in the render, seen none \
         of that name\n  charts/registry/templates/deployment.yaml rendered line 61",
    );
}

#[test]
fn missing_secret_and_key() {
    let env = |name: &str| {
        format!(
            "          env:\n            - {{ name: A, valueFrom: {{ secretKeyRef: {{ name: {name}, key: a }} }} }}\n"
        )
    };
    let with =
        |name: &str| mutated("          readinessProbe:\n", &format!("{}          readinessProbe:\n", env(name)));
    only_fail(
        &run_files(&chart(&with("token"), CONTRACT)),
        "references: deploy/registry refers to secret/token: expected secret/token in the render, seen none of that \
         name\n  charts/registry/templates/deployment.yaml rendered line 53",
    );
    let contract = CONTRACT.replace("objects: { Dep", "objects: { Secret: 1, Dep");
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: { name: token }\nstringData: { b: x }\n";
    let render = format!("{}{secret}", with("token"));
    only_fail(
        &run_files(&chart(&render, &contract)),
        "references: deploy/registry refers to secret/token: expected key `a` in secret/token, seen none\n  \
         charts/registry/templates/deployment.yaml rendered line 53",
    );
    let sound = run_files(&chart(&render.replace("{ b: x }", "{ a: x }"), &contract));
    assert!(sound.iter().all(|verdict| verdict.kind == VerdictKind::Pass));
}

#[test]
fn image_that_is_no_reference() {
    check(
        "\"registry:2.8.2\"",
        "\"registry:\"",
        "images: image of deploy/registry container registry: expected a reference, seen `registry:` (the tag is empty \
         or has characters that a tag can't have)\n  charts/registry/templates/deployment.yaml rendered line 47",
    );
    check(
        "\"registry:2.8.2\"",
        "\"Registry:2.8.2\"",
        "images: image of deploy/registry container registry: expected a reference, seen `Registry:2.8.2` (a path is \
         lower case letters, digits and `.`, `_`, `-` between)\n  charts/registry/templates/deployment.yaml rendered \
         line 47",
    );
}

/// The sound chart with a Docker mode of this image.
fn check_stand_in(image: &str, expected: Option<&str>) {
    let docker = format!("cluster:\n  docker: {{ image: {image}, ports: {{ 5000: 5000 }} }}\n");
    let verdicts = run_files(&chart(RENDER, &CONTRACT.replacen("cluster:\n", &docker, 1)));
    match expected {
        Some(expected) => only_fail(&verdicts, expected),
        None => assert!(verdicts.iter().all(|verdict| verdict.kind == VerdictKind::Pass), "{image}"),
    }
}

#[test]
fn what_stands_in_for_the_release_is_the_same_image() {
    check_stand_in("\"registry:2.8.2\"", None);
    check_stand_in("docker.io/library/registry:2.8.2", None);
    let seen = |image: &str| {
        let head = "images: cluster.docker.image: expected an image that the chart runs (registry:2.8.2), seen";
        format!("{head} {image}")
    };
    check_stand_in("\"registry:2.8.3\"", Some(&seen("registry:2.8.3")));
    check_stand_in("registry", Some(&seen("registry")));
    check_stand_in("mirror.invalid/registry:2.8.2", Some(&seen("mirror.invalid/registry:2.8.2")));
}

#[test]
fn what_the_api_server_would_refuse() {
    check(
        "  replicas: 1\n",
        "  replica: 1\n",
        "decodes: deploy/registry: unknown field `spec.replica`\n  charts/registry/templates/deployment.yaml rendered \
         line 35",
    );
    check(
        "  replicas: 1\n",
        "  replicas: many\n",
        "decodes: deploy/registry: `spec.replicas`: invalid type: string \"many\", expected i32\n  \
         charts/registry/templates/deployment.yaml rendered line 35",
    );
    check(
        "containerPort: 5000",
        "containerPort: 70000",
        "decodes: deploy/registry: `spec.template.spec.containers.0.ports.0.containerPort` is 70000; ports go from 1 to \
         65535\n  charts/registry/templates/deployment.yaml rendered line 51",
    );
    check(
        "memory: 256Mi",
        "memory: 256MB",
        "decodes: deploy/registry: `spec.template.spec.containers.0.resources.limits.memory` is `256MB`, which is no \
         quantity\n  charts/registry/templates/deployment.yaml rendered line 55",
    );
    check(
        "apiVersion: apps/v1",
        "apiVersion: apps/v1beta2",
        "decodes: deploy/registry: no supported Kubernetes serves apps/v1beta2 Deployment; it is in apps/v1\n  \
         charts/registry/templates/deployment.yaml rendered line 30",
    );
    check(
        "  strategy: { type: Recreate }\n",
        "  strategy: { type: Recreate\n",
        "decodes: templates/deployment.yaml: it is no YAML: did not find expected ',' or '}' (rendered line 37)\n  \
         charts/registry/templates/deployment.yaml rendered line 29",
    );
}

#[test]
fn a_secret_never_shows_in_a_finding() {
    let contract = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n";
    let render =
        "---\n# Source: r/templates/s.yaml\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: 4711 }\n";
    let verdicts = run_files(&chart(render, contract));
    only_fail(
        &verdicts,
        "decodes: secret/s: `data.a` has a wrong type (`data` holds base64 text)\n  charts/registry/templates/s.yaml \
         rendered line 6",
    );
}

#[test]
fn written_clauses_on_the_files() {
    check(
        "type: NodePort",
        "type: LoadBalancer",
        "exposure: svc/registry: spec.type: expected NodePort, seen LoadBalancer\n  \
         charts/registry/templates/service.yaml:6 rendered line 20",
    );
    let config = "---\n# Source: r/templates/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n";
    only_fail(
        &run_files(&chart(&format!("{RENDER}{config}"), CONTRACT)),
        "objects: cm/other: expected no ConfigMap in the render, seen one\n  charts/registry/templates/c.yaml rendered \
         line 64",
    );
}

#[test]
fn pods_are_their_templates() {
    let contract = |field: &str| format!("{CONTRACT}  pods: {{ rendered: {{ pods/*: {{ {field} }} }} }}\n");
    only_fail(
        &run_files(&chart(RENDER, &contract("spec.hostNetwork: true"))),
        "pods: deploy/registry: spec.hostNetwork: expected true, seen absent\n  \
         charts/registry/templates/deployment.yaml rendered line 44",
    );
    only_fail(
        &run_files(&chart(RENDER, &contract("spec.containers.*.ports.http.containerPort: 5001"))),
        "pods: deploy/registry: spec.containers.registry.ports.http.containerPort: expected 5001, seen 5000\n  \
         charts/registry/templates/deployment.yaml rendered line 51",
    );
    let sound = run_files(&chart(RENDER, &contract("metadata.labels.app: registry, spec.containers.*.image: present")));
    assert!(sound.iter().all(|verdict| verdict.kind == VerdictKind::Pass));
}

#[test]
fn a_published_service_without_node_port() {
    let contract = CONTRACT.replace("spec.type: NodePort, ", "").replace(", nodePort: $(values.service.nodePort)", "");
    let render = RENDER.replace("type: NodePort", "type: ClusterIP").replace("      nodePort: 30500\n", "");
    only_fail(
        &run_files(&chart(&render, &contract)),
        "port-chain: host:5000: expected svc/registry to have a node port (type NodePort or LoadBalancer), seen \
         ClusterIP\n  charts/registry/templates/service.yaml:6 rendered line 20",
    );
}

#[test]
fn a_clause_that_addresses_no_port_of_the_service() {
    let contract = CONTRACT.replace("svc/registry:http/v2/", "svc/registry:metrics/");
    only_fail(
        &run_files(&chart(RENDER, &contract)),
        "port-chain: svc/registry:metrics: expected port metrics of svc/registry, seen http\n  \
         charts/registry/templates/service.yaml:9 rendered line 23",
    );
}

#[test]
fn a_chart_that_does_not_render() {
    let error = "Error: execution error at (registry/templates/service.yaml:4:11): no name".to_owned();
    let plan = planned(&Err(error), CONTRACT).expect("a plan");
    only_fail(
        &run_files(&plan),
        "renders: expected to render, seen Error: execution error at (registry/templates/service.yaml:4:11): no name\n  \
         charts/registry/templates/service.yaml:4 ",
    );
}

#[test]
fn a_chart_that_renders_nothing_is_no_pass() {
    let contract = "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\n";
    let verdicts = run_files(&chart("---\n# only a comment\n", contract));
    assert_eq!(verdicts[0].kind, VerdictKind::Inconclusive);
    assert!(verdicts.iter().all(|verdict| verdict.kind != VerdictKind::Pass));
}
