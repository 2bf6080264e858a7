//! Services that other objects send traffic to: ingresses, routes of the Gateway API, webhooks and API services.

use super::{Document, Path, below};
use serde_json::Value;

/// A Service that an object names, and the port of it.
#[derive(Clone, Debug)]
pub(crate) struct Backend<'a> {
    /// The Service's name.
    pub(crate) name: &'a str,
    /// Where that is written.
    pub(crate) at: Path,
    /// The namespace, where one is written.
    pub(crate) namespace: Option<&'a str>,
    /// The port by number or name, and where that is written.
    pub(crate) port: Option<(&'a Value, Path)>,
}

/// Kinds of the Gateway API that have backends.
const ROUTES: [&str; 5] = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"];

impl<'a> Backend<'a> {
    /// All backends of a document.
    pub(crate) fn all(document: &'a Document) -> Vec<Self> {
        let value = &document.value;
        match document.kind() {
            "Ingress" => ingress(value),
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => webhooks(value),
            "APIService" => of_service(&value["spec"]["service"], &below(&[], &["spec", "service"])).collect(),
            kind if ROUTES.contains(&kind) && document.group() == "gateway.networking.k8s.io" => route(value),
            _ => Vec::new(),
        }
    }
}

fn ingress(value: &Value) -> Vec<Backend<'_>> {
    let default = of_ingress(&value["spec"]["defaultBackend"], &below(&[], &["spec", "defaultBackend"]));
    let rules = items(value, &["spec", "rules"]).into_iter();
    let paths = rules.flat_map(|(at, rule)| {
        let paths = items(rule, &["http", "paths"]).into_iter();
        paths.filter_map(move |(inner, path)| {
            let at: Path = at.iter().cloned().chain(inner).chain(["backend".to_owned()]).collect();
            of_ingress(&path["backend"], &at)
        })
    });
    default.into_iter().chain(paths).collect()
}

fn of_ingress<'v>(backend: &'v Value, at: &[String]) -> Option<Backend<'v>> {
    let service = &backend["service"];
    let port = ["name", "number"].into_iter().find_map(|key| {
        let port = service["port"].get(key)?;
        Some((port, below(at, &["service", "port", key])))
    });
    // The controller of AWS: the backend is in an annotation, and no Service.
    if service["port"]["name"] == "use-annotation" {
        return None;
    }
    Some(Backend { name: service["name"].as_str()?, at: below(at, &["service", "name"]), namespace: None, port })
}

fn route(value: &Value) -> Vec<Backend<'_>> {
    let rules = items(value, &["spec", "rules"]).into_iter();
    let refs = rules.flat_map(|(at, rule)| {
        let refs = items(rule, &["backendRefs"]).into_iter();
        refs.map(move |(inner, backend)| (at.iter().cloned().chain(inner).collect::<Path>(), backend))
    });
    let is_service = |backend: &Value| {
        backend["kind"].as_str().is_none_or(|kind| kind == "Service")
            && backend["group"].as_str().is_none_or(str::is_empty)
    };
    let services = refs.filter(|(_, backend)| is_service(backend));
    services.flat_map(|(at, backend)| of_service(backend, &at).collect::<Vec<_>>()).collect()
}

fn webhooks(value: &Value) -> Vec<Backend<'_>> {
    let hooks = items(value, &["webhooks"]).into_iter();
    hooks
        .flat_map(|(at, hook)| {
            let service = &hook["clientConfig"]["service"];
            of_service(service, &below(&at, &["clientConfig", "service"])).collect::<Vec<_>>()
        })
        .collect()
}

fn of_service<'v>(service: &'v Value, at: &[String]) -> impl Iterator<Item = Backend<'v>> + use<'v> {
    let port = service.get("port").map(|port| (port, below(at, &["port"])));
    let at = below(at, &["name"]);
    let name = service["name"].as_str();
    name.map(|name| Backend { name, at, namespace: service["namespace"].as_str(), port }).into_iter()
}

/// The items of a list, each with its path.
fn items<'v>(value: &'v Value, steps: &[&str]) -> Vec<(Path, &'v Value)> {
    let list = steps.iter().try_fold(value, |value, step| value.get(*step)).and_then(Value::as_array);
    let items = list.into_iter().flatten().enumerate();
    items.map(|(i, item)| (below(&below(&[], steps), &[&i.to_string()]), item)).collect()
}
