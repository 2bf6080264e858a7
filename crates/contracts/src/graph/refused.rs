//! What the API server refuses though the types are right: names that are taken twice, mounts of nothing, ports and
//! labels that can't be. A table of questions to pods and Services.

use super::{Container, Document, Flaw, Path, PodTemplate, ServicePort, below, path};
use crate::units::quantity;
use serde_json::Value;
use std::collections::HashSet;

/// What is refused of a document that decodes.
pub(super) fn flaws(document: &Document) -> Vec<Flaw> {
    let mut found = labels(&document.value["metadata"]["labels"], &path(["metadata", "labels"]));
    match document.kind() {
        "Service" => found.extend(service(document)),
        "HorizontalPodAutoscaler" => found.extend(autoscaler(document)),
        "PodDisruptionBudget" => found.extend(budget(document)),
        "Deployment" => found.extend(strategy(document)),
        _ => {}
    }
    if let Some(pod) = PodTemplate::of(document) {
        found.extend(pod_flaws(document, &pod));
    }
    found
}

fn pod_flaws(document: &Document, pod: &PodTemplate<'_>) -> Vec<Flaw> {
    let containers = pod.containers();
    let mut found: Vec<Flaw> = labels(&Value::Object(pod.labels().clone()), &below(&pod.at, &["metadata", "labels"]));
    found.extend(twice(containers.iter().map(|c| (c.name().to_owned(), c.below(["name"]))), "container"));
    let volumes = pod.spec()["volumes"].as_array().into_iter().flatten().enumerate();
    let names = volumes.map(|(i, v)| (text(&v["name"]), pod.below_spec(["volumes", &i.to_string(), "name"])));
    let names: Vec<(String, Path)> = names.collect();
    found.extend(twice(names.iter().cloned(), "volume"));
    let known: Vec<String> = names.into_iter().map(|(name, _)| name).chain(claims(document)).collect();
    for container in &containers {
        found.extend(container_flaws(container, &known));
    }
    found.extend(restart_policy(document, pod));
    found
}

fn container_flaws(container: &Container<'_>, volumes: &[String]) -> Vec<Flaw> {
    let mounts: Vec<(usize, &Value)> =
        container.value["volumeMounts"].as_array().into_iter().flatten().enumerate().collect();
    let at = |i: usize, field: &str| container.below(["volumeMounts", &i.to_string(), field]);
    let paths = mounts.iter().map(|(i, mount)| (text(&mount["mountPath"]), at(*i, "mountPath")));
    let mut found = twice(paths, "mountPath");
    for (i, mount) in &mounts {
        let name = text(&mount["name"]);
        if !volumes.contains(&name) {
            let all = if volumes.is_empty() { "none".to_owned() } else { volumes.join(", ") };
            let message =
                format!("container {} mounts volume `{name}`, which is none of the pod's: {all}", container.name());
            found.push(Flaw::new(at(*i, "name"), message));
        }
    }
    found.extend(port_names(container));
    found.extend(too_much(container));
    found.extend(probes(container));
    found
}

fn port_names(container: &Container<'_>) -> Vec<Flaw> {
    let ports = container.value["ports"].as_array().into_iter().flatten().enumerate();
    let named = ports
        .filter_map(|(i, port)| Some((port["name"].as_str()?, container.below(["ports", &i.to_string(), "name"]))));
    let named: Vec<(&str, Path)> = named.collect();
    let mut found = twice(named.iter().map(|(name, at)| ((*name).to_owned(), at.clone())), "port name");
    let bad = named.into_iter().filter(|(name, _)| !is_port_name(name));
    found.extend(bad.map(|(name, at)| {
        Flaw::new(at, format!("port name `{name}`: at most 15 lower case letters, digits and `-`, with a letter"))
    }));
    found
}

fn is_port_name(name: &str) -> bool {
    let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let is_bounded = !name.starts_with('-') && !name.ends_with('-') && !name.contains("--");
    is_plain && is_bounded && name.len() <= 15 && name.contains(|c: char| c.is_ascii_lowercase())
}

/// More asked for than allowed.
fn too_much(container: &Container<'_>) -> Vec<Flaw> {
    let resources = &container.value["resources"];
    let requests = resources["requests"].as_object().into_iter().flatten();
    let over = requests.filter(|(key, request)| {
        amount(request).zip(amount(&resources["limits"][key.as_str()])).is_some_and(|(asked, most)| asked > most)
    });
    let flaw = |(key, request): (&String, &Value)| {
        let (asked, most) = (text(request), text(&resources["limits"][key.as_str()]));
        let message = format!("container {} requests {asked} {key}, more than its limit of {most}", container.name());
        Flaw::new(container.below(["resources", "requests", key]), message)
    };
    over.map(flaw).collect()
}

fn amount(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| quantity(value.as_str()?))
}

/// A probe asks in one way.
fn probes(container: &Container<'_>) -> Vec<Flaw> {
    let ways = ["exec", "grpc", "httpGet", "tcpSocket"];
    let all = ["livenessProbe", "readinessProbe", "startupProbe"].into_iter();
    let written = all.filter_map(|probe| Some((probe, container.value.get(probe)?.as_object()?)));
    let count = |probe: &serde_json::Map<String, Value>| {
        ways.iter().filter(|way| probe.get(**way).is_some_and(|v| !v.is_null())).count()
    };
    let wrong = written.map(|(name, probe)| (name, count(probe))).filter(|(_, n)| *n != 1);
    wrong
        .map(|(name, n)| {
            let message =
                format!("{name} of container {} has {n} of {}, and must have one", container.name(), ways.join(", "));
            Flaw::new(container.below([name]), message)
        })
        .collect()
}

/// What ends may not be restarted for ever, what stays must be.
fn restart_policy(document: &Document, pod: &PodTemplate<'_>) -> Option<Flaw> {
    let written = pod.spec()["restartPolicy"].as_str();
    let is_right = match document.kind() {
        "Job" | "CronJob" => matches!(written, Some("OnFailure" | "Never")),
        "Pod" => true,
        _ => written.is_none_or(|policy| policy == "Always"),
    };
    let seen = written.unwrap_or("none");
    let message = format!("`restartPolicy` of {} is {seen}, which it can't have", document.kind());
    let at = if written.is_some() { pod.below_spec(["restartPolicy"]) } else { pod.below_spec([]) };
    (!is_right).then(|| Flaw::new(at, message))
}

fn strategy(deployment: &Document) -> Option<Flaw> {
    let strategy = &deployment.value["spec"]["strategy"];
    let is_mixed = strategy["type"] == "Recreate" && strategy["rollingUpdate"].is_object();
    let message = "`spec.strategy.rollingUpdate` can't be where the type is Recreate";
    is_mixed.then(|| Flaw::new(path(["spec", "strategy", "rollingUpdate"]), message))
}

fn service(document: &Document) -> Vec<Flaw> {
    let ports = ServicePort::all(document);
    let named = ports.iter().filter_map(|port| Some((port.name()?.to_owned(), port.below("name"))));
    let mut found = twice(named, "port name");
    let numbers = ports.iter().map(|port| (format!("{}/{}", port.value["port"], port.protocol()), port.below("port")));
    found.extend(twice(numbers, "port"));
    if ports.len() > 1 {
        let nameless = ports.iter().filter(|port| port.name().is_none());
        found.extend(nameless.map(|port| Flaw::new(port.at.clone(), "a port has no name, and there are several")));
    }
    let spec = &document.value["spec"];
    let may_have_none = spec["type"] == "ExternalName" || spec["clusterIP"] == "None";
    if ports.is_empty() && !may_have_none {
        found.push(Flaw::new(path(["spec"]), "`spec.ports` is missing"));
    }
    found
}

fn autoscaler(document: &Document) -> Option<Flaw> {
    let spec = &document.value["spec"];
    let (least, most) = (spec["minReplicas"].as_u64().unwrap_or(1), spec["maxReplicas"].as_u64()?);
    let message = format!("`spec.maxReplicas` is {most}, less than the least of {least}");
    (most < least).then(|| Flaw::new(path(["spec", "maxReplicas"]), message))
}

fn budget(document: &Document) -> Option<Flaw> {
    let spec = &document.value["spec"];
    let is_both = !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null();
    is_both
        .then(|| Flaw::new(path(["spec", "maxUnavailable"]), "`minAvailable` and `maxUnavailable` exclude each other"))
}

/// Values of labels are short and plain.
fn labels(labels: &Value, at: &[String]) -> Vec<Flaw> {
    let is_plain = |value: &str| {
        let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let has_ends = value.starts_with(|c: char| c.is_ascii_alphanumeric())
            && value.ends_with(|c: char| c.is_ascii_alphanumeric());
        value.is_empty() || (value.len() <= 63 && value.chars().all(is_inner) && has_ends)
    };
    let all = labels.as_object().into_iter().flatten();
    let bad = all.filter(|(_, value)| value.as_str().is_some_and(|value| !is_plain(value)));
    let message = |key: &str, value: &Value| {
        format!(
            "label {key} is `{}`: at most 63 letters, digits, `-`, `_` and `.`, none of the three at an end",
            text(value)
        )
    };
    bad.map(|(key, value)| Flaw::new(below(at, &[key]), message(key, value))).collect()
}

/// The second of each pair of the same name.
fn twice(all: impl Iterator<Item = (String, Path)>, what: &str) -> Vec<Flaw> {
    let mut seen: HashSet<String> = HashSet::new();
    let again = all.filter(|(name, _)| !name.is_empty() && !seen.insert(name.clone()));
    again.map(|(name, at)| Flaw::new(at, format!("{what} `{name}` is there twice"))).collect()
}

fn claims(document: &Document) -> Vec<String> {
    let all = document.value.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array).into_iter().flatten();
    all.map(|claim| text(&claim["metadata"]["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_shop as check;

    /// One replacement in the shop, what is told of it, and where.
    fn shop(from: &str, to: &str, told: &str, template: &str, line: usize) {
        let expected = format!("decodes: {told}\n  charts/registry/templates/{template}.yaml rendered line {line}");
        check(from, to, &expected);
    }

    #[test]
    fn names_that_are_taken() {
        let (web, service) = ("deploy/shop: ", "svc/shop: ");
        shop(
            "- name: admin\n              containerPort",
            "- name: http\n              containerPort",
            &format!("{web}port name `http` is there twice"),
            "deployment",
            38,
        );
        shop(
            "- name: admin\n      port",
            "- name: http\n      port",
            &format!("{service}port name `http` is there twice"),
            "front",
            14,
        );
        shop("      port: 9000", "      port: 80", &format!("{service}port `80/TCP` is there twice"), "front", 15);
        shop(
            "    - name: admin\n      port: 9000\n",
            "    - port: 9000\n",
            &format!("{service}a port has no name, and there are several"),
            "front",
            14,
        );
        shop(
            "- name: http\n              c",
            "- name: http-and-nothing-else\n              c",
            &format!(
                "{web}port name `http-and-nothing-else`: at most 15 lower case letters, digits and `-`, with a letter"
            ),
            "deployment",
            36,
        );
    }

    #[test]
    fn mounts_and_volumes() {
        let mounts = |mounts: &str| format!("          volumeMounts: [{mounts}]\n          readinessProbe");
        let volumes = "      volumes: [{ name: a, emptyDir: {} }]\n---\n# Source: shop/templates/config.yaml";
        let with = |m: &str| {
            crate::fixture::SHOP
                .replace("          readinessProbe", &mounts(m))
                .replace("---\n# Source: shop/templates/config.yaml", volumes)
        };
        assert_eq!(crate::fixture::findings(&with("{ name: a, mountPath: /a }")), "");
        assert_eq!(
            crate::fixture::findings(&with("{ name: b, mountPath: /a }")),
            "decodes: deploy/shop: container web mounts volume `b`, which is none of the pod's: a\n  charts/registry/templates/deployment.yaml rendered line 45"
        );
        assert_eq!(
            crate::fixture::findings(&with("{ name: a, mountPath: /a }, { name: a, mountPath: /a }")),
            "decodes: deploy/shop: mountPath `/a` is there twice\n  charts/registry/templates/deployment.yaml rendered line 45"
        );
    }

    #[test]
    fn containers_that_can_not_be() {
        let before = "          readinessProbe:";
        shop(
            before,
            "          resources: { requests: { memory: 2Gi }, limits: { memory: 500Mi } }\n          readinessProbe:",
            "deploy/shop: container web requests 2Gi memory, more than its limit of 500Mi",
            "deployment",
            45,
        );
        shop(
            "            httpGet: { path: /, port: http }",
            "            periodSeconds: 1",
            "deploy/shop: readinessProbe of container web has 0 of exec, grpc, httpGet, tcpSocket, and must have one",
            "deployment",
            45,
        );
        shop(
            "    spec:\n      containers",
            "    spec:\n      restartPolicy: Never\n      containers",
            "deploy/shop: `restartPolicy` of Deployment is Never, which it can't have",
            "deployment",
            32,
        );
    }

    #[test]
    fn labels_and_numbers() {
        shop(
            "  name: shop-config\n",
            "  name: shop-config\n  labels: { a: -b }\n",
            "cm/shop-config: label a is `-b`: at most 63 letters, digits, `-`, `_` and `.`, none of the three at an end",
            "config",
            53,
        );
        let hpa = "---\n# Source: shop/templates/hpa.yaml\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: shop }\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }, minReplicas: 3, maxReplicas: 2 }\n";
        shop("# more", hpa, "hpa/shop: `spec.maxReplicas` is 2, less than the least of 3", "hpa", 60);
        let pdb = "---\n# Source: shop/templates/pdb.yaml\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: shop }\nspec: { minAvailable: 1, maxUnavailable: 1, selector: { matchLabels: { app: shop } } }\n";
        shop("# more", pdb, "pdb/shop: `minAvailable` and `maxUnavailable` exclude each other", "pdb", 60);
        shop(
            "spec:\n  selector:\n    matchLabels",
            "spec:\n  strategy: { type: Recreate, rollingUpdate: {} }\n  selector:\n    matchLabels",
            "deploy/shop: `spec.strategy.rollingUpdate` can't be where the type is Recreate",
            "deployment",
            24,
        );
    }
}
