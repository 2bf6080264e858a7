//! What the API server would refuse.

use super::{Named, WORKLOADS};
use crate::case::{Case, add, moved, remove, rename, set, sites};
use crate::chart::{At, Chart};
use serde_json::json;

pub(super) const MUTANTS: &[Named] = &[
    ("misspelled-replicas", |c| rename(c, WORKLOADS, "spec replicas", "replica")),
    ("unknown-field-of-spec", |c| {
        add(c, "Service|Ingress|PodDisruptionBudget|HorizontalPodAutoscaler|Job|CronJob", "spec", "retries", &json!(3))
    }),
    ("unknown-field-of-container", |c| add(c, WORKLOADS, "@ spec containers *", "pullPolicy", &json!("Always"))),
    ("unknown-field-of-probe", |c| rename(c, WORKLOADS, "@ spec containers * readinessProbe httpGet path", "url")),
    ("field-one-level-too-high", |c| add(c, WORKLOADS, "spec", "containers", &json!([]))),
    ("replicas-in-words", |c| set(c, WORKLOADS, "spec replicas", |_| Some(json!("two")))),
    ("port-in-quotes", |c| {
        set(c, WORKLOADS, "@ spec containers * ports * containerPort", |port| Some(json!(port.to_string())))
    }),
    ("number-in-env", |c| set(c, WORKLOADS, "@ spec containers * env * value", |_| Some(json!(8080)))),
    ("boolean-as-label", |c| add(c, "*", "metadata labels", "example.com/trial", &json!(true))),
    ("number-in-config", |c| set(c, "ConfigMap", "data *", |_| Some(json!(10)))),
    ("secret-that-is-no-base64", |c| set(c, "Secret", "data *", |_| Some(json!("plain text!")))),
    ("removed-version", |c| {
        set(
            c,
            "Deployment|StatefulSet|DaemonSet|CronJob|HorizontalPodAutoscaler|PodDisruptionBudget|Ingress",
            "apiVersion",
            |v| {
                Some(json!(match v.as_str()? {
                    "apps/v1" => "apps/v1beta1",
                    "autoscaling/v2" => "autoscaling/v2beta2",
                    other => return Some(json!(other.replace("/v1", "/v1beta1"))),
                }))
            },
        )
    }),
    ("container-port-too-high", |c| {
        set(c, WORKLOADS, "@ spec containers * ports * containerPort", |_| Some(json!(80800)))
    }),
    ("service-port-zero", |c| set(c, "Service", "spec ports * port", |_| Some(json!(0)))),
    ("unknown-protocol", |c| set(c, "Service", "spec ports * protocol", |_| Some(json!("HTTP")))),
    ("unknown-service-type", |c| set(c, "Service", "spec type", |_| Some(json!("Nodeport")))),
    ("bad-memory", |c| set(c, WORKLOADS, "@ spec containers * resources limits memory", |_| Some(json!("128MB")))),
    ("bad-cpu", |c| set(c, WORKLOADS, "@ spec containers * resources requests cpu", |_| Some(json!("half")))),
    ("bad-storage", |c| set(c, "PersistentVolumeClaim", "spec resources requests storage", |_| Some(json!("1 Gi")))),
    ("bad-template-storage", |c| {
        set(c, "StatefulSet", "spec volumeClaimTemplates * spec resources requests storage", |_| Some(json!("2GB")))
    }),
    ("unknown-pull-policy", |c| set(c, WORKLOADS, "@ spec containers * imagePullPolicy", |_| Some(json!("Sometimes")))),
    ("unknown-access-mode", |c| set(c, "PersistentVolumeClaim", "spec accessModes 0", |_| Some(json!("ReadWrite")))),
    ("no-name", |c| remove(c, "Service|ConfigMap|Secret|ServiceAccount", "metadata name", 1)),
    ("no-kind", |c| remove(c, "Service|ConfigMap|Secret|ServiceAccount", "kind", 0)),
    ("name-in-capitals", |c| {
        set(c, "PodDisruptionBudget|Ingress|NetworkPolicy|HorizontalPodAutoscaler", "metadata name", |_| {
            Some(json!("My_App"))
        })
    }),
    ("label-value-with-space", |c| {
        set(c, "*", "metadata labels app.kubernetes.io/version", |_| Some(json!("version 1")))
    }),
    ("container-without-name", |c| remove(c, WORKLOADS, "@ spec containers * name", 0)),
    ("two-containers-of-a-name", |c| twice(c, "@ spec containers")),
    ("pod-without-containers", |c| set(c, WORKLOADS, "@ spec containers", |_| Some(json!([])))),
    ("no-selector", |c| remove(c, "Deployment|StatefulSet|DaemonSet", "spec selector", 0)),
    ("mount-of-no-volume", |c| {
        set(c, WORKLOADS, "@ spec containers * volumeMounts * name", |_| Some(json!("nothing-here")))
    }),
    ("deployment-that-never-restarts", |c| {
        add(c, "Deployment|StatefulSet|DaemonSet", "@ spec", "restartPolicy", &json!("Never"))
    }),
    ("job-that-always-restarts", |c| set(c, "Job|CronJob", "@ spec restartPolicy", |_| Some(json!("Always")))),
    ("bad-schedule", |c| set(c, "CronJob", "spec schedule", |_| Some(json!("at night")))),
    ("no-path-type", |c| remove(c, "Ingress", "spec rules * http paths * pathType", 0)),
    ("hpa-upside-down", |c| set(c, "HorizontalPodAutoscaler", "spec maxReplicas", |_| Some(json!(1)))),
    ("no-max-replicas", |c| remove(c, "HorizontalPodAutoscaler", "spec maxReplicas", 0)),
    ("pdb-with-both", |c| {
        let both = ["maxUnavailable", "minAvailable"].into_iter();
        let cases = both.flat_map(|key| add(c, "PodDisruptionBudget", "spec", key, &json!(1)));
        moved(cases.collect(), |at| at.parent().below("maxUnavailable"))
    }),
    ("no-yaml", |c| text(c, |text| text.replacen(':', ": {", 1))),
    ("tab-in-yaml", |c| text(c, |text| text.replacen("  ", "\t", 1))),
    ("left-over-action", |c| text(c, |text| format!("{{{{ if .Values.on }}}}\n{text}"))),
];

/// A second item of a list with the first one's name.
fn twice(chart: &Chart, pattern: &str) -> Vec<Case> {
    let add = |at: At| {
        let mut items = chart.get(&at).as_array().expect("a list").clone();
        items.push(items[0].clone());
        let last = (items.len() - 1).to_string();
        Case::at(crate::case::with(chart, &at, json!(items)), vec![at.below(&last).below("name")])
    };
    sites(chart, WORKLOADS, pattern).into_iter().map(add).collect()
}

/// A document that is no YAML any more; the verdict points at the document.
fn text(chart: &Chart, spoil: impl Fn(&str) -> String) -> Vec<Case> {
    let spoilt = |number: usize| {
        let mut chart = chart.clone();
        let emitted = crate::emit::Emitted::of(&chart.documents[number].value);
        chart.documents[number].text = Some(spoil(&emitted.text));
        Case::at(chart, vec![At(number, Vec::new())])
    };
    (0..chart.documents.len()).map(spoilt).collect()
}
