//! A release of many services, each of which is sound: every question is asked, and nothing is found.

use indexmap::IndexMap;
use seatrial_contracts::judge::judge_static;
use seatrial_contracts::load::default_contract;
use seatrial_contracts::model::{Level, VerdictKind};
use seatrial_contracts::plan::{ChartSource, plan};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Seven objects of one service: what charts are made of.
fn service(text: &mut String, i: usize) {
    let _ = write!(
        text,
        "---
# Source: large/templates/all.yaml
apiVersion: v1
kind: ConfigMap
metadata: {{ name: app-{i}, labels: {{ app: app-{i} }} }}
data: {{ UPSTREAM: \"http://app-{i}:80/\", MODE: fast }}
---
# Source: large/templates/all.yaml
apiVersion: v1
kind: ServiceAccount
metadata: {{ name: app-{i} }}
---
# Source: large/templates/all.yaml
apiVersion: v1
kind: Service
metadata:
  name: app-{i}
spec:
  selector: {{ app: app-{i} }}
  ports:
    - name: http
      port: 80
      targetPort: http
---
# Source: large/templates/all.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{i}
spec:
  selector:
    matchLabels: {{ app: app-{i}, tier: front }}
  template:
    metadata:
      labels: {{ app: app-{i}, tier: front }}
    spec:
      serviceAccountName: app-{i}
      containers:
        - name: app
          image: acme/app:1.2.3
          ports: [{{ name: http, containerPort: 8080 }}]
          envFrom: [{{ configMapRef: {{ name: app-{i} }} }}]
          readinessProbe: {{ httpGet: {{ path: /, port: http }} }}
          resources: {{ requests: {{ cpu: 10m, memory: 16Mi }}, limits: {{ memory: 32Mi }} }}
---
# Source: large/templates/all.yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{ name: app-{i} }}
spec: {{ maxUnavailable: 1, selector: {{ matchLabels: {{ app: app-{i} }} }} }}
---
# Source: large/templates/all.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: app-{i} }}
spec: {{ podSelector: {{ matchLabels: {{ app: app-{i} }} }}, ingress: [{{ ports: [{{ port: http }}] }}] }}
---
# Source: large/templates/all.yaml
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{ name: app-{i} }}
spec: {{ scaleTargetRef: {{ apiVersion: apps/v1, kind: Deployment, name: app-{i} }}, maxReplicas: 3 }}
"
    );
}

/// Plans and judges the files of a release of this many services; how many clauses passed.
fn judged(services: usize) -> usize {
    let mut render = String::new();
    (0..services).for_each(|i| service(&mut render, i));
    let contract = default_contract();
    let renders = IndexMap::from([("default".to_owned(), Ok(render))]);
    let source = ChartSource {
        path: "charts/large",
        chart_yaml: "name: large\nversion: 1.0.0\n",
        values_yaml: "",
        files: &BTreeMap::new(),
        renders: &renders,
        last_releases: &IndexMap::new(),
        skaffold: None,
        run_id: "0",
        env: &std::collections::BTreeMap::new(),
    };
    let plan = plan(&contract, &source).expect("a plan");
    let environment = &plan.environments[0];
    let on_files = environment.slots.iter().filter(|slot| slot.level == Level::Static);
    let verdicts: Vec<_> = on_files.map(|slot| judge_static(&plan, environment, slot)).collect();
    let failed = verdicts.iter().find(|verdict| verdict.kind != VerdictKind::Pass);
    assert!(failed.is_none(), "{failed:?}");
    verdicts.len()
}

#[test]
fn hundreds_of_objects_are_judged() {
    assert_eq!(judged(50), 11);
}
