//! Repositories that are made to be measured.

use crate::pairs::Outcome;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;

/// A web service of four objects, as often as is said.
const SERVICES: &str = r#"{{- range until (int .Values.count) }}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: "web-{{ . }}" }
spec:
  selector: { matchLabels: { app: "web-{{ . }}" } }
  template:
    metadata: { labels: { app: "web-{{ . }}" } }
    spec:
      serviceAccountName: "web-{{ . }}"
      containers:
        - name: app
          image: example.org/app:1.0
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /, port: http } }
          envFrom: [{ configMapRef: { name: "web-{{ . }}" } }]
---
apiVersion: v1
kind: Service
metadata: { name: "web-{{ . }}" }
spec: { selector: { app: "web-{{ . }}" }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: "web-{{ . }}" }
data: { LEVEL: info, PATH_PREFIX: "/web-{{ . }}" }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: "web-{{ . }}" }
{{- end }}
"#;

/// Four more objects of each service, of the kinds whose questions are about others.
const AROUND: &str = r#"{{- range until (int .Values.count) }}
---
apiVersion: v1
kind: Secret
metadata: { name: "web-{{ . }}" }
stringData: { upstream: "http://web-{{ . }}:80/" }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: "web-{{ . }}" }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web-{{ . }}" } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: "web-{{ . }}" }
spec: { podSelector: { matchLabels: { app: "web-{{ . }}" } }, ingress: [{ ports: [{ port: http }] }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: "web-{{ . }}" }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: "web-{{ . }}" }, maxReplicas: 3 }
{{- end }}
"#;

/// One chart of this many services, four objects each.
pub(super) fn objects(root: &Utf8Path, services: usize) -> Outcome<()> {
    chart(root, "large", &format!("count: {services}\n"), None)
}

/// One chart of this many services, eight objects each, after a release of the same.
pub(super) fn varied(root: &Utf8Path, services: usize) -> Outcome<()> {
    for name in ["large", ".last-release/large"] {
        chart(root, name, &format!("count: {services}\n"), None)?;
        fs::write(root.join("charts").join(name).join("templates/around.yaml"), AROUND)?;
    }
    Ok(())
}

/// One chart whose contract has this many clauses.
pub(super) fn clauses(root: &Utf8Path, count: usize) -> Outcome<()> {
    let mut contract = "chart: .\nclauses:\n".to_owned();
    for i in 0..count {
        writeln!(contract, "  c{i}: {{ rendered: {{ cm/web-0: {{ data.LEVEL: info }} }} }}")?;
    }
    chart(root, "promising", "count: 1\n", Some(&contract))
}

/// This many charts, each of two services in three environments, with a small contract.
pub(super) fn charts(root: &Utf8Path, count: usize) -> Outcome<()> {
    let contract = "chart: .\nenvironments: { dev: {}, staging: {}, prod: {} }\nclauses:\n  \
        objects: { objects: { Deployment: 2, Service: 2, ConfigMap: 2, ServiceAccount: 2 } }\n  \
        answers: { http: svc/web-0/ }\n  \
        names-resolve: { dns: [svc/web-0, svc/web-1] }\n";
    (0..count).try_for_each(|i| chart(root, &format!("chart-{i:02}"), "count: 2\n", Some(contract)))
}

fn chart(root: &Utf8Path, name: &str, values: &str, contract: Option<&str>) -> Outcome<()> {
    let folder = root.join("charts").join(name);
    let name = folder.file_name().unwrap_or(name);
    fs::create_dir_all(folder.join("templates"))?;
    fs::write(folder.join("Chart.yaml"), format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n"))?;
    fs::write(folder.join("values.yaml"), values)?;
    fs::write(folder.join("templates/services.yaml"), SERVICES)?;
    if let Some(contract) = contract {
        fs::write(folder.join("contract.yaml"), contract)?;
    }
    Ok(())
}

/// One call of Helm.
pub(super) struct HelmCall {
    pub(super) args: Vec<String>,
    /// Whether it renders values that a contract promises are refused.
    pub(super) is_refused: bool,
}

/// The calls of Helm for every environment of every chart, and for the values that its contract says are refused.
pub(super) fn helm_calls(root: &Utf8Path) -> Outcome<Vec<HelmCall>> {
    let mut calls = Vec::new();
    for entry in root.join("charts").read_dir_utf8()? {
        let path = entry?.into_path();
        // What else lies there (the charts of the last release) is no chart of the repository.
        if !path.join("Chart.yaml").is_file() {
            continue;
        }
        let contract = fs::read_to_string(path.join("contract.yaml")).unwrap_or_default();
        let contract: Value = serde_yaml::from_str(&contract)?;
        let environments = contract["environments"].as_object();
        let environments = environments.map_or_else(
            || vec![("default", &Value::Null)],
            |environments| environments.iter().map(|(name, environment)| (name.as_str(), environment)).collect(),
        );
        for (name, environment) in environments {
            let args = arguments(&path, environment);
            calls.extend(refused(&contract, name).map(|set| HelmCall { args: with(&args, set), is_refused: true }));
            calls.push(HelmCall { args, is_refused: false });
        }
    }
    Ok(calls)
}

/// Values that a clause says are refused in this environment, each as `set`.
fn refused<'c>(contract: &'c Value, environment: &str) -> impl Iterator<Item = &'c Value> {
    let clauses = contract["clauses"].as_object().into_iter().flat_map(|clauses| clauses.values());
    let is_there = move |clause: &&Value| match &clause["in"] {
        Value::Null => true,
        Value::Array(names) => names.iter().any(|name| name == environment),
        name => name == environment,
    };
    clauses.filter(is_there).filter_map(|clause| clause["refuses"].as_array()).flatten().map(|refusal| &refusal["set"])
}

fn arguments(chart: &Utf8PathBuf, environment: &Value) -> Vec<String> {
    let mut args = vec!["template".to_owned(), "r".to_owned(), chart.to_string()];
    for file in environment["values"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        args.extend(["--values".to_owned(), chart.join(file).into_string()]);
    }
    with(&args, &environment["set"])
}

fn with(args: &[String], set: &Value) -> Vec<String> {
    let set = set.as_object().into_iter().flatten();
    let set = set.flat_map(|(key, value)| ["--set-json".to_owned(), format!("{key}={value}")]);
    args.iter().cloned().chain(set).collect()
}
