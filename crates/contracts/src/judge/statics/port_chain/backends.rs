//! Ports of Services that ingresses, routes and webhooks send traffic to.

use super::super::{Facts, Finding, Inspected};
use super::label;
use crate::graph::{Backend, Document, ServicePort};
use serde_json::Value;

pub(super) fn inspect(facts: &Facts<'_>, inspected: &mut Inspected) {
    for document in &facts.graph.documents {
        for backend in Backend::all(document) {
            inspected.subject(no_such_port(facts, document, &backend));
        }
    }
}

fn no_such_port(facts: &Facts<'_>, document: &Document, backend: &Backend<'_>) -> Option<Finding> {
    let (port, at) = backend.port.as_ref()?;
    let namespace = backend.namespace.unwrap_or_else(|| facts.namespace_of(document));
    let service = facts.find("Service", backend.name, namespace).ok()?;
    let ports = ServicePort::all(service);
    if service.value["spec"]["type"] == "ExternalName" || ports.iter().any(|known| is_it(known, port)) {
        return None;
    }
    let wanted = port.as_str().map_or_else(|| port.to_string(), |name| format!("`{name}`"));
    let (from, to) = (document.target(), service.target());
    let seen = ports.iter().map(numbered).collect::<Vec<_>>().join(", ");
    Some(Finding::at(document, at, format!("{from} → {to} port {wanted}: expected a port of {to}, seen {seen}")))
}

fn is_it(known: &ServicePort<'_>, wanted: &Value) -> bool {
    match wanted {
        Value::String(name) => known.name() == Some(name),
        number => known.value["port"] == *number,
    }
}

/// `http=80`, or `80` for a port without a name.
pub(in crate::judge::statics) fn numbered(port: &ServicePort<'_>) -> String {
    let number = &port.value["port"];
    port.name().map_or_else(|| label(port), |name| format!("{name}={number}"))
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_shop as check;

    #[test]
    fn the_port_of_an_ingress() {
        let ingress = |port: &str| {
            format!(
                "---\n# Source: shop/templates/ingress.yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{ name: \
                 shop }}\nspec:\n  defaultBackend:\n    service:\n      name: shop\n      port: {{ {port} }}\n"
            )
        };
        for port in ["name: http", "number: 80", "number: 9000"] {
            check("# more", &ingress(port), "");
        }
        for (port, wanted) in [("name: htp", "`htp`"), ("number: 8080", "8080")] {
            let expected = format!(
                "port-chain: ingress/shop → svc/shop port {wanted}: expected a port of svc/shop, seen http=80, admin=9000\n  \
                 charts/registry/templates/ingress.yaml rendered line 64"
            );
            check("# more", &ingress(port), &expected);
        }
    }

    #[test]
    fn the_port_of_a_route() {
        let route = |port: u16| {
            format!(
                "---\n# Source: shop/templates/route.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ \
                 name: shop }}\nspec:\n  rules:\n    - backendRefs:\n        - name: shop\n          port: {port}\n"
            )
        };
        check("# more", &route(80), "");
        check(
            "# more",
            &route(81),
            "port-chain: httproute/shop → svc/shop port 81: expected a port of svc/shop, seen http=80, admin=9000\n  \
             charts/registry/templates/route.yaml rendered line 64",
        );
    }
}
