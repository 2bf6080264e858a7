//! What objects that make no pods name: Services behind ingresses, routes and webhooks, the Service of a `StatefulSet`,
//! roles and subjects of bindings, certificates of ingresses.

use super::super::Facts;
use super::{Reference, to};
use crate::graph::{Backend, Document, below, path};
use serde_json::Value;

pub(super) fn references(facts: &Facts<'_>, document: &Document) -> Vec<Reference> {
    let mut found: Vec<Reference> = Backend::all(document).into_iter().map(of_backend).collect();
    found.extend(match document.kind() {
        "Ingress" => certificates(document),
        "StatefulSet" => governing(document),
        "RoleBinding" | "ClusterRoleBinding" => binding(facts, document),
        "ServiceAccount" => pull_secrets(document),
        "Secret" => account_of_token(document),
        _ => Vec::new(),
    });
    found
}

fn of_backend(backend: Backend<'_>) -> Reference {
    let namespace = backend.namespace.map(str::to_owned);
    Reference { kind: "Service", name: backend.name.to_owned(), namespace, at: backend.at, ..Reference::default() }
}

/// Certificates of an ingress, unless a controller is told to make them.
fn certificates(ingress: &Document) -> Vec<Reference> {
    let notes = ingress.value.pointer("/metadata/annotations").and_then(Value::as_object).into_iter().flatten();
    let mut keys = notes.map(|(key, _)| key.as_str());
    if keys.any(|key| key.starts_with("cert-manager.io/") || key.contains("acme") || key.contains("certmanager")) {
        return Vec::new();
    }
    let all = ingress.value["spec"]["tls"].as_array().into_iter().flatten().enumerate();
    let at = |i: usize| path(["spec", "tls", &i.to_string(), "secretName"]);
    all.filter_map(|(i, tls)| to("Secret", &tls["secretName"], at(i))).collect()
}

/// Its pods have names in DNS only if this Service is there.
fn governing(set: &Document) -> Vec<Reference> {
    to("Service", &set.value["spec"]["serviceName"], path(["spec", "serviceName"])).into_iter().collect()
}

fn binding(facts: &Facts<'_>, binding: &Document) -> Vec<Reference> {
    let role = &binding.value["roleRef"];
    let kind = match role["kind"].as_str() {
        Some("Role") => Some("Role"),
        // Others than ours are the cluster's.
        Some("ClusterRole") if facts.is_of_release(role["name"].as_str().unwrap_or("")) => Some("ClusterRole"),
        _ => None,
    };
    let mut found: Vec<Reference> =
        kind.and_then(|kind| to(kind, &role["name"], path(["roleRef", "name"]))).into_iter().collect();
    let subjects = binding.value["subjects"].as_array().into_iter().flatten().enumerate();
    found.extend(subjects.filter(|(_, subject)| subject["kind"] == "ServiceAccount").filter_map(|(i, subject)| {
        let at = below(&path(["subjects"]), &[&i.to_string(), "name"]);
        let namespace = subject["namespace"].as_str().map(str::to_owned);
        Some(Reference { namespace, ..to("ServiceAccount", &subject["name"], at)? })
    }));
    found
}

fn pull_secrets(account: &Document) -> Vec<Reference> {
    let all = account.value["imagePullSecrets"].as_array().into_iter().flatten().enumerate();
    let at = |i: usize| path(["imagePullSecrets", &i.to_string(), "name"]);
    all.filter_map(|(i, secret)| to("Secret", &secret["name"], at(i))).collect()
}

fn account_of_token(secret: &Document) -> Vec<Reference> {
    const ACCOUNT: &str = "kubernetes.io/service-account.name";
    let name = &secret.value["metadata"]["annotations"][ACCOUNT];
    let at = path(["metadata", "annotations", ACCOUNT]);
    let is_token = secret.value["type"] == "kubernetes.io/service-account-token";
    to("ServiceAccount", name, at).filter(|_| is_token).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_shop as check;

    const INGRESS: &str = "---\n# Source: shop/templates/ingress.yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\n\
                           metadata: { name: shop }\nspec:\n  tls:\n    - secretName: shop-tls\n  rules:\n    - http:\n        \
                           paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              \
                           service:\n                name: shop\n                port: { name: http }\n";
    const TLS: &str = "---\napiVersion: v1\nkind: Secret\nmetadata: { name: shop-tls }\n";

    #[test]
    fn what_an_ingress_names() {
        check("# more", &format!("{INGRESS}{TLS}"), "");
        check(
            "# more",
            &format!("{}{TLS}", INGRESS.replace("name: shop\n", "name: shap\n")),
            "references: ingress/shop refers to svc/shap: expected svc/shap in the render, seen none of that name\n  \
             charts/registry/templates/ingress.yaml rendered line 70",
        );
        check(
            "# more",
            INGRESS,
            "references: ingress/shop refers to secret/shop-tls: expected secret/shop-tls in the render, seen none of that \
             name\n  charts/registry/templates/ingress.yaml rendered line 62",
        );
        let elsewhere =
            INGRESS.replace("name: shop\n", "name: redirect\n").replace("{ name: http }", "{ name: use-annotation }");
        check("# more", &format!("{elsewhere}{TLS}"), "");
        let annotated = INGRESS.replace("{ name: shop }", "{ name: shop, annotations: { cert-manager.io/issuer: a } }");
        check("# more", &annotated, "");
    }

    #[test]
    fn the_service_of_a_stateful_set() {
        let set = "---\n# Source: shop/templates/set.yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: db }\nspec:\n  \
                   serviceName: shop\n  selector: { matchLabels: { app: db } }\n  template:\n    metadata: { labels: { app: db } \
                   }\n    spec: { containers: [{ name: db, image: db:1 }] }\n";
        check("# more", set, "");
        check(
            "# more",
            &set.replace("serviceName: shop", "serviceName: db"),
            "references: sts/db refers to svc/db: expected svc/db in the render, seen none of that name\n  \
             charts/registry/templates/set.yaml rendered line 61",
        );
    }

    const RIGHTS: &str = "---\n# Source: shop/templates/rights.yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
                          metadata: { name: shop }\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: shop\n\
                          subjects:\n  - kind: ServiceAccount\n    name: shop\n    namespace: shop\n---\napiVersion: \
                          rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: shop }\n---\napiVersion: v1\nkind: \
                          ServiceAccount\nmetadata: { name: shop }\n";

    #[test]
    fn what_a_binding_names() {
        check("# more", RIGHTS, "");
        check("# more", &RIGHTS.replacen("kind: Role\n  name: shop", "kind: ClusterRole\n  name: view", 1), "");
        check(
            "# more",
            &RIGHTS.replacen("    namespace: shop", "    namespace: monitoring", 1).replacen(
                "name: shop\n    n",
                "name: prometheus\n    n",
                1,
            ),
            "",
        );
        check(
            "# more",
            &RIGHTS.replacen("kind: Role\n  name: shop", "kind: Role\n  name: shap", 1),
            "references: rolebinding/shop refers to role/shap: expected role/shap in the render, seen none of that name\n  \
             charts/registry/templates/rights.yaml rendered line 63",
        );
        check(
            "# more",
            &RIGHTS.replacen("    namespace: shop", "    namespace: default", 1),
            "references: rolebinding/shop refers to sa/shop: expected sa/shop in the render, seen it in namespace shop, not \
             default\n  charts/registry/templates/rights.yaml rendered line 66",
        );
    }

    #[test]
    fn a_hook_that_comes_too_early() {
        let job = "---\n# Source: shop/templates/job.yaml\napiVersion: batch/v1\nkind: Job\nmetadata: { name: init, annotations: { \
                   helm.sh/hook: pre-install } }\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        \
                   - { name: init, image: db:1, envFrom: [{ configMapRef: { name: shop-config } }] }\n";
        check("# more", &job.replace("pre-install", "post-install"), "");
        check(
            "# more",
            job,
            "references: job/init refers to cm/shop-config: expected a hook that is made before this pre-install hook, seen \
             cm/shop-config made after it\n  charts/registry/templates/job.yaml rendered line 65",
        );
    }

    #[test]
    fn what_pods_pull_with() {
        let with = |name: &str| {
            format!("    spec:\n      imagePullSecrets: [{{ name: {name} }}]\n      containers:\n        - name: web")
        };
        check(
            "    spec:\n      containers:\n        - name: web",
            &with("shop-tls"),
            "references: deploy/shop refers to secret/shop-tls: expected secret/shop-tls in the render, seen none of that name\n  \
             charts/registry/templates/deployment.yaml rendered line 32",
        );
        let sound =
            crate::fixture::SHOP.replace("    spec:\n      containers:\n        - name: web", &with("shop-tls"));
        assert_eq!(crate::fixture::findings(&sound.replace("# more", TLS)), "");
    }
}
