//! What the policy pack asks for, taken away or added.

use super::{Named, WORKLOADS};
use crate::case::{Case, Expected, add, moved, remove, set};
use crate::chart::{Chart, Line};
use serde_json::json;

const STAYING: &str = "Deployment|StatefulSet|DaemonSet";

pub(super) const PROBES: &[Named] = &[
    ("no-readiness", |c| of_listeners(remove(c, STAYING, "@ spec containers * readinessProbe", 0))),
    ("no-liveness", |c| of_listeners(remove(c, STAYING, "@ spec containers * livenessProbe", 0))),
    ("no-readiness-of-a-sidecar", |c| of_listeners(remove(c, STAYING, "@ spec initContainers * readinessProbe", 0))),
    ("no-liveness-of-a-sidecar", |c| of_listeners(remove(c, STAYING, "@ spec initContainers * livenessProbe", 0))),
];

pub(super) const RESOURCES: &[Named] = &[
    ("no-requests", |c| remove(c, WORKLOADS, "@ spec containers * resources requests", 0)),
    ("no-cpu", |c| up(remove(c, WORKLOADS, "@ spec containers * resources requests cpu", 0), 1)),
    ("no-limits", |c| remove(c, WORKLOADS, "@ spec containers * resources limits", 0)),
    ("no-resources", |c| remove(c, WORKLOADS, "@ spec containers * resources", 0)),
];

pub(super) const TAGS: &[Named] = &[
    ("latest", |c| images(c, "containers", |image| Some(format!("{}:latest", untagged(image)?)))),
    ("no-tag", |c| images(c, "containers", untagged)),
    ("latest-init", |c| images(c, "initContainers", |image| Some(format!("{}:latest", untagged(image)?)))),
    ("no-tag-init", |c| images(c, "initContainers", untagged)),
];

pub(super) const SECURITY: &[Named] = &[
    ("host-network", |c| add(c, STAYING, "@ spec", "hostNetwork", &json!(true))),
    ("host-pid", |c| add(c, STAYING, "@ spec", "hostPID", &json!(true))),
    ("as-root", |c| {
        up(set(c, WORKLOADS, "@ spec containers * securityContext runAsNonRoot", |_| Some(json!(false))), 1)
    }),
    ("more-rights", |c| {
        up(set(c, WORKLOADS, "@ spec containers * securityContext allowPrivilegeEscalation", |_| Some(json!(true))), 1)
    }),
    ("keeps-capabilities", |c| up(remove(c, WORKLOADS, "@ spec containers * securityContext capabilities drop", 0), 1)),
    ("privileged", |c| up(add(c, WORKLOADS, "@ spec containers * securityContext", "privileged", &json!(true)), 1)),
];

pub(super) const LABELS: &[Named] = &[
    ("no-name", |c| of_own(c, remove(c, "*", "metadata labels app.kubernetes.io/name", 0))),
    ("no-instance", |c| of_own(c, remove(c, "*", "metadata labels app.kubernetes.io/instance", 0))),
    ("no-chart", |c| of_own(c, remove(c, "*", "metadata labels helm.sh/chart", 0))),
    ("no-labels", |c| of_own(c, remove(c, "*", "metadata labels", 0))),
];

pub(super) const CREDENTIALS: &[Named] = &[
    ("password-in-env", |c| {
        let password = json!({ "name": "DB_PASSWORD", "value": "correct-horse" });
        up_to_value(set(c, WORKLOADS, "@ spec containers * env 0", |_| Some(password.clone())))
    }),
    ("user-and-password-in-a-url", |c| {
        let url = json!({ "name": "DATABASE", "value": "postgres://app:correct-horse@db.example.com/app" });
        up_to_value(set(c, WORKLOADS, "@ spec containers * env 0", |_| Some(url.clone())))
    }),
    ("token-in-a-config", |c| add(c, "ConfigMap", "data", "API_TOKEN", &json!("correct-horse"))),
    ("key-in-a-config", |c| {
        // In two parts: what looks for keys in sources need not find this one.
        let key = format!("-----BEGIN {} KEY-----\nMIIB\n", "PRIVATE");
        add(c, "ConfigMap", "data", "server.pem", &json!(key))
    }),
];

pub(super) const CONFIG: &[Named] = &[
    ("no-checksum", |c| of_config(remove(c, STAYING, "@ metadata annotations checksum/config", 0))),
    ("no-annotations", |c| of_config(remove(c, STAYING, "@ metadata annotations", 0))),
    ("another-annotation", |c| {
        let other = set(c, STAYING, "@ metadata annotations", |_| Some(json!({ "example.com/team": "port" })));
        of_config(other)
    }),
    ("a-word-is-no-checksum", |c| {
        let word = set(c, STAYING, "@ metadata annotations", |_| Some(json!({ "example.com/config": "the-second" })));
        of_config(word)
    }),
];

pub(super) const SCHEMA: &[Named] = &[
    ("no-schema", |c| schema(c, None)),
    ("no-json", |c| schema(c, Some("{ properties: yes"))),
    ("no-properties", |c| schema(c, Some(r#"{ "type": "object" }"#))),
    ("empty-properties", |c| schema(c, Some(r#"{ "properties": {} }"#))),
];

pub(super) const DETERMINISM: &[Named] = &[
    ("random-password", |c| helper(c, "  password: {{ randAlphaNum 20 | b64enc }}")),
    ("now", |c| helper(c, "  restarted: {{ now | date \"2006-01-02\" }}")),
    ("certificate", |c| helper(c, "  {{- $ca := genCA \"ours\" 365 }}")),
    ("uuid", |c| helper(c, "  id: {{ uuidv4 | quote }}")),
];

pub(super) const ENVIRONMENTS: &[Named] = &[
    ("asks-for-a-value", |c| helper(c, "  {{- if eq .Values.environment \"prod\" }}")),
    ("asks-for-the-namespace", |c| helper(c, "  {{- if eq .Release.Namespace \"production\" }}")),
    ("asks-for-the-name", |c| helper(c, "  {{- if hasPrefix \"prod\" .Release.Name }}")),
    ("asks-for-a-global", |c| helper(c, "  {{- if ne .Values.global.env \"dev\" }}")),
];

pub(super) const COVERAGE: &[Named] = &[
    ("template-that-never-renders", |c| {
        file(c, "templates/never.yaml", Some("{{- if .Values.never }}\n{{- end }}\n"), 1)
    }),
    ("empty-template", |c| file(c, "templates/empty.yaml", Some(""), 1)),
    ("template-in-a-folder", |c| file(c, "templates/deep/never.yml", Some("# nothing yet\n"), 1)),
    ("manifest-in-a-helper's-clothes", |c| file(c, "templates/never.tpl", Some("kind: ConfigMap\n"), 1)),
];

/// A file of the chart with another text, or none; the verdict points at a line of it.
fn file(chart: &Chart, path: &str, text: Option<&str>, line: usize) -> Vec<Case> {
    let mut changed = chart.clone();
    match text {
        Some(text) => drop(changed.files.insert(path.to_owned(), text.to_owned())),
        None => drop(changed.files.remove(path)),
    }
    let line = Line { file: format!("charts/{}/{path}", chart.name()), rendered: None, template: Some(line) };
    vec![Case { chart: changed, clause: None, expected: Expected::Line(line) }]
}

/// Another schema; that it refuses nothing any more is not promised here.
fn schema(chart: &Chart, text: Option<&str>) -> Vec<Case> {
    let cases = file(&chart.without_clause("refuses-nonsense"), "values.schema.json", text, 1);
    // Without a schema the chart itself is shown.
    let shown = |case: Case| {
        let file = format!("charts/{}/Chart.yaml", chart.name());
        let line = Line { file, rendered: None, template: Some(1) };
        if text.is_none() { Case { expected: Expected::Line(line), ..case } } else { case }
    };
    cases.into_iter().map(shown).collect()
}

/// A helper with this line as its second.
fn helper(chart: &Chart, line: &str) -> Vec<Case> {
    file(chart, "templates/_more.tpl", Some(&format!("{{{{- define \"more\" }}}}\n{line}\n{{{{- end }}}}\n")), 2)
}

fn images(chart: &Chart, list: &str, change: impl Fn(&str) -> Option<String>) -> Vec<Case> {
    set(chart, WORKLOADS, &format!("@ spec {list} * image"), |v| Some(json!(change(v.as_str()?)?)))
}

fn untagged(image: &str) -> Option<String> {
    let (name, tag) = image.rsplit_once(':')?;
    (!name.contains('@') && !tag.contains('/')).then(|| name.to_owned())
}

/// The verdict points so many steps further out.
fn up(cases: Vec<Case>, steps: usize) -> Vec<Case> {
    moved(cases, |at| (0..steps).fold(at.clone(), |at, _| at.parent()))
}

fn up_to_value(cases: Vec<Case>) -> Vec<Case> {
    moved(cases, |at| at.below("value"))
}

/// Containers with ports.
fn of_listeners(cases: Vec<Case>) -> Vec<Case> {
    let listens = |case: &Case| match &case.expected {
        Expected::At(all) => !case.chart.get(&all[0].below("ports")).is_null(),
        _ => false,
    };
    cases.into_iter().filter(listens).collect()
}

/// What Helm keeps beside a release, and kinds, need no labels.
fn of_own(chart: &Chart, cases: Vec<Case>) -> Vec<Case> {
    let is_own = |case: &Case| match &case.expected {
        Expected::At(all) => {
            let document = &chart.documents[all[0].0];
            document.kind() != "CustomResourceDefinition"
                && document.value["metadata"]["annotations"]["helm.sh/hook"].is_null()
        }
        _ => false,
    };
    cases.into_iter().filter(is_own).collect()
}

/// Pods that take config when they start; the verdict points at their template.
fn of_config(cases: Vec<Case>) -> Vec<Case> {
    let takes = |case: &Case| match &case.expected {
        Expected::At(all) => {
            let text = case.chart.documents[all[0].0].value.to_string();
            ["configMapRef", "secretKeyRef", "configMapKeyRef"].iter().any(|word| text.contains(word))
                || text.contains("subPath")
        }
        _ => false,
    };
    let cases = cases.into_iter().filter(takes).collect();
    moved(cases, |at| at.with_path(&["spec", "template"]))
}
