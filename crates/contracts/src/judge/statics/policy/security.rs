//! `policy-security`: pods fit the Pod Security Standard `restricted`: they run as somebody, gain no rights, and see
//! nothing of their node.

use super::super::{Facts, Finding, Inspected};
use crate::graph::{Container, Path, PodTemplate};
use serde_json::Value;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("pods");
    for pod in facts.graph.pod_templates() {
        let mut found: Vec<(Path, String)> = of_node(&pod);
        found.extend(pod.containers().iter().flat_map(|container| of_container(&pod, container)));
        let workload = pod.workload.target();
        let finding = |(at, what): (Path, String)| Finding::at(pod.workload, &at, format!("{workload} {what}"));
        inspected.subject(found.into_iter().map(finding));
    }
    inspected
}

/// What a pod takes of its node.
fn of_node(pod: &PodTemplate<'_>) -> Vec<(Path, String)> {
    let spaces = ["hostNetwork", "hostPID", "hostIPC"].into_iter().filter(|space| pod.spec()[*space] == true);
    let mut found: Vec<(Path, String)> =
        spaces.map(|space| (pod.below_spec([space]), format!("{space}: expected none, seen true"))).collect();
    let volumes = pod.spec()["volumes"].as_array().into_iter().flatten().enumerate();
    let of_host = volumes.filter(|(_, volume)| !volume["hostPath"].is_null());
    found.extend(of_host.map(|(i, volume)| {
        let name = volume["name"].as_str().unwrap_or("");
        (pod.below_spec(["volumes", &i.to_string()]), format!("volume {name}: expected no hostPath, seen one"))
    }));
    found
}

fn of_container(pod: &PodTemplate<'_>, container: &Container<'_>) -> Vec<(Path, String)> {
    let (own, of_pod) = (&container.value["securityContext"], &pod.spec()["securityContext"]);
    let either = |field: &str| if own[field].is_null() { &of_pod[field] } else { &own[field] };
    let seccomp = either("seccompProfile")["type"].as_str().unwrap_or("none");
    let drops = own["capabilities"]["drop"].as_array().into_iter().flatten();
    let rules = [
        (either("runAsNonRoot") == true, "runAsNonRoot: true"),
        (either("runAsUser").as_u64() != Some(0), "runAsUser other than 0"),
        (own["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation: false"),
        (own["privileged"] != true, "privileged: false"),
        (drops.into_iter().any(|name| name == "ALL"), "capabilities.drop: [ALL]"),
        (added(own).all(|name| name == "NET_BIND_SERVICE"), "capabilities.add: [NET_BIND_SERVICE] at most"),
        (["RuntimeDefault", "Localhost"].contains(&seccomp), "seccompProfile.type: RuntimeDefault"),
    ];
    let at = if own.is_null() { container.at.clone() } else { container.below(["securityContext"]) };
    let name = container.name();
    let broken = rules.into_iter().filter(|(is_kept, _)| !is_kept);
    broken.map(|(_, rule)| (at.clone(), format!("container {name}: expected {rule}, seen otherwise"))).collect()
}

fn added(context: &Value) -> impl Iterator<Item = &str> {
    context["capabilities"]["add"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_house as check;

    #[test]
    fn rights_that_a_pod_has_not_given_up() {
        let told = |rule: &str, line: usize| {
            format!(
                "policy-security: deploy/shop {rule}\n  charts/registry/templates/deployment.yaml rendered line {line}"
            )
        };
        let of_web = |rule: &str| told(&format!("container web: expected {rule}, seen otherwise"), 30);
        check("runAsNonRoot: true", "runAsNonRoot: false", &of_web("runAsNonRoot: true"));
        check(
            "allowPrivilegeEscalation: false",
            "allowPrivilegeEscalation: true",
            &of_web("allowPrivilegeEscalation: false"),
        );
        check("drop: [ALL]", "drop: [CHOWN]", &of_web("capabilities.drop: [ALL]"));
        check("drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", &of_web("capabilities.add: [NET_BIND_SERVICE] at most"));
        check("type: RuntimeDefault", "type: Unconfined", &of_web("seccompProfile.type: RuntimeDefault"));
        check(
            "      containers:",
            "      hostNetwork: true\n      containers:",
            &told("hostNetwork: expected none, seen true", 19),
        );
    }
}
