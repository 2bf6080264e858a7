//! Jobs, the chart's own tests, commands in pods and their reports, CPU, refusals by admission and what a session saved, on
//! a real cluster. Each promise has a broken twin that fails.

use e2e::Program;
use e2e::charts::Copy;
use e2e::report::{check_all_in_dev, document, verdicts};

/// More clauses of the registry's contract.
const CLAUSES: &str = r#"clauses:
  cleans-up: { job: cronjob/clean, within: 30s }
  fails-to-clean-up: { job: cronjob/fails, within: 30s }
  fails-as-promised: { job: { of: cronjob/fails, exit: 3 }, within: 30s }
  fails-otherwise: { job: { of: cronjob/fails, exit: 4 }, within: 30s }
  prepared: { job: job/prepare }
  tests-pass: { helmTest: answers }
  tests-fail: { helmTest: [answers, sells] }
  tests-nothing: { helmTest: nobody, within: 1s }
  runs-inside: { run: { image: "registry:2.8.2", command: [/bin/sh, -c, "echo '<testcase name=\"a\"/>' > /reports/x.xml"], junit: /reports/x.xml } }
  fails-inside: { run: { image: "registry:2.8.2", command: [/bin/sh, -c, "echo no table in $SEATRIAL_RELEASE; exit 5"] } }
  case-fails-inside: { run: { image: "registry:2.8.2", command: [/bin/sh, -c, "echo '<testcase name=\"a\"/><testcase name=\"b\"><failure message=\"sold out\"/></testcase>' > /reports/x.xml"], junit: /reports/x.xml } }
  runs-outside: { run: { command: [sh, -c, "echo '<testcase name=\"a\"/>' > out.xml"], junit: out.xml } }
  reports-nothing: { run: { command: [sh, -c, "true"], junit: none.xml }, within: 1s }
  idles: { usage: { of: deploy/registry, cpu: "< 500m", memory: "< 80% of limit" } }
  never-idles: { usage: { of: namespace, cpu: "> 1.5" } }
  keeps-out: { refuses: [{ apply: trial/pod.yaml, saying: violates PodSecurity }, { apply: trial/service.yaml, saying: "spec.ports[0].port" }] }
  lets-in: { refuses: { apply: trial/cm.yaml } }
  tells-what-it-sent:
    then:
      - http: { get: svc/registry:http/v2/, save: { type: header.content-type } }
      - logs: { of: deploy/registry, contain: $(saved.type) }
  tells-what-it-did-not-send:
    then:
      - http: { get: svc/registry:http/v2/, save: { version: header.docker-distribution-api-version } }
      - logs: { of: deploy/registry, contain: "never said: $(saved.version)" }
        within: 1s
  paths:
    each: [{ name: base, path: /v2/, status: 200 }, { name: nothing, path: /v2/x, status: 404 }, { name: wrong, path: /v2/, status: 404 }]
    http: { get: "svc/registry:http$(each.path)", expect: { status: $(each.status) } }
"#;

/// Clause → its verdict, and words of its cause.
const EXPECTED: [(&str, &str, &str); 22] = [
    ("cleans-up", "pass", ""),
    ("fails-to-clean-up", "fail", "container/fails ended with exit code 3\n  no such table"),
    ("fails-as-promised", "pass", ""),
    ("fails-otherwise", "fail", "expected to fail with exit code 4, seen it fail"),
    ("prepared", "pass", ""),
    ("tests-pass", "pass", ""),
    (
        "tests-fail",
        "fail",
        "test sells: expected Succeeded, seen Failed: container/sells ended with exit code 7\n  sold out",
    ),
    ("tests-nothing", "inconclusive", "no test ran"),
    ("runs-inside", "pass", ""),
    ("fails-inside", "fail", "expected exit code 0, seen 5\n  no table in registry"),
    ("case-fails-inside", "fail", "1 of 2 test cases failed\n  b: sold out"),
    ("runs-outside", "pass", ""),
    ("reports-nothing", "inconclusive", "wrote no report to none.xml"),
    ("idles", "pass", ""),
    ("never-idles", "fail", "cpu of namespace: expected > 1.5, seen"),
    ("keeps-out", "pass", ""),
    ("lets-in", "fail", "trial/cm.yaml: cm/trial: expected a refusal, seen accepted"),
    ("tells-what-it-sent", "pass", ""),
    ("tells-what-it-did-not-send", "fail", "never said: registry/2.0"),
    ("paths[base]", "pass", ""),
    ("paths[nothing]", "pass", ""),
    ("paths[wrong]", "fail", "status: expected 404, seen 200"),
];

/// Two `CronJobs` that never start by themselves, a hook, and two tests of the chart.
const TEMPLATES: &str = r#"{{- define "trial.pod" }}
restartPolicy: Never
automountServiceAccountToken: false
securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
containers:
  - name: {{ .name }}
    image: registry:2.8.2
    command: [/bin/sh, -c, {{ .script | quote }}]
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
{{- end }}
{{- range $name, $script := dict "clean" "echo cleaned" "fails" "echo no such table; exit 3" }}
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: {{ $name }} }
spec:
  schedule: "0 0 1 1 *"
  suspend: true
  jobTemplate:
    spec:
      backoffLimit: 0
      template: { spec: {{ include "trial.pod" (dict "name" $name "script" $script) | fromYaml | toJson }} }
{{- end }}
---
apiVersion: batch/v1
kind: Job
metadata: { name: prepare, annotations: { helm.sh/hook: pre-install } }
spec: { template: { spec: {{ include "trial.pod" (dict "name" "prepare" "script" "echo prepared") | fromYaml | toJson }} } }
{{- range $name, $script := dict "answers" "echo answered" "sells" "echo sold out; exit 7" }}
---
apiVersion: v1
kind: Pod
metadata: { name: {{ $name }}, annotations: { helm.sh/hook: test } }
spec: {{ include "trial.pod" (dict "name" $name "script" $script) | fromYaml | toJson }}
{{- end }}
"#;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: trial }\ndata: { a: b }\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: trial }\nspec: { containers: [{ name: a, image: registry:2.8.2 }] }\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: { name: trial }\n\
                       spec: { ports: [{ port: 99999 }] }\n";

#[test]
fn what_is_started_beside_a_release_is_judged_and_removed() {
    let copy = Copy::of("pallet-registry").with_clauses(CLAUSES).with_file("templates/trial.yaml", TEMPLATES);
    let copy = copy.with_file("trial/cm.yaml", CONFIG).with_file("trial/pod.yaml", POD);
    let copy = copy.with_file("trial/service.yaml", SERVICE);
    let clauses: Vec<&str> = EXPECTED.iter().map(|(clause, ..)| *clause).collect();
    let lines = verdicts(&document(&copy.verified(&Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")), &clauses)));
    check_all_in_dev(&lines, &EXPECTED);
}
