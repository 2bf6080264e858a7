//! `addresses`: hosts and ports inside env values, arguments, config maps and Secrets that mean a Service of this release are
//! right. A name that is not known may well be somebody else's; only what is certain is a finding: a Service that has
//! no such port, a full name in the release's own namespace, a name of the release or one letter beside a Service.

mod text;

use super::port_chain::numbered;
use super::selectors::selector_of;
use super::{Facts, Finding, Inspected};
use crate::graph::{Container, Document, Path, ServicePort, below, path};
use k8s_openapi::ByteString;
use std::borrow::Cow;
use text::{Address, addresses};

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("addresses");
    for pod in facts.graph.pod_templates() {
        for container in pod.containers() {
            for said in of_container(&container) {
                judge(facts, pod.workload, &said, &mut inspected);
            }
        }
    }
    for map in facts.graph.of_kind("ConfigMap") {
        for (key, text) in map.value["data"].as_object().into_iter().flatten() {
            let Some(text) = text.as_str() else { continue };
            let at = below(&path(["data"]), &[key]);
            let said = Said { what: format!("key {key}"), text, at, is_host: false, is_secret: false };
            judge(facts, map, &said, &mut inspected);
        }
    }
    for secret in facts.graph.of_kind("Secret").filter(|secret| is_free(secret)) {
        for (part, key, text) in in_secret(secret) {
            let at = below(&path([part]), &[key]);
            let said = Said { what: format!("key {key}"), text: &text, at, is_host: false, is_secret: true };
            judge(facts, secret, &said, &mut inspected);
        }
    }
    inspected
}

/// Whether a Secret holds what its author likes: certificates and tokens have a type.
fn is_free(secret: &Document) -> bool {
    secret.value["type"].as_str().is_none_or(|kind| kind == "Opaque")
}

/// The texts of a Secret, by where they are.
fn in_secret(secret: &Document) -> Vec<(&'static str, &String, Cow<'_, str>)> {
    let entries = |part: &str| secret.value[part].as_object().into_iter().flatten();
    let plain = entries("stringData").filter_map(|(key, text)| Some(("stringData", key, Cow::from(text.as_str()?))));
    let decoded = entries("data").filter_map(|(key, text)| {
        let bytes: ByteString = serde_json::from_value(text.clone()).ok()?;
        Some(("data", key, Cow::from(String::from_utf8(bytes.0).ok()?)))
    });
    plain.chain(decoded).collect()
}

/// A text in an object.
struct Said<'a> {
    what: String,
    text: &'a str,
    at: Path,
    /// Whether the whole text is a host (`DB_HOST`).
    is_host: bool,
    /// Whether nothing of it may be told.
    is_secret: bool,
}

fn of_container<'c>(container: &'c Container<'c>) -> Vec<Said<'c>> {
    let name = container.name();
    let mut all = Vec::new();
    for (i, variable) in container.value["env"].as_array().into_iter().flatten().enumerate() {
        let (Some(key), Some(text)) = (variable["name"].as_str(), variable["value"].as_str()) else { continue };
        if key.to_ascii_uppercase().contains("IMAGE") {
            continue;
        }
        let at = container.below(["env", &i.to_string(), "value"]);
        let is_host = key.ends_with("_HOST");
        all.push(Said { what: format!("container {name} env {key}"), text, at, is_host, is_secret: false });
    }
    for list in ["command", "args"] {
        for (i, text) in container.value[list].as_array().into_iter().flatten().enumerate() {
            let Some(text) = text.as_str() else { continue };
            let at = container.below([list, &i.to_string()]);
            all.push(Said { what: format!("container {name} {list}"), text, at, is_host: false, is_secret: false });
        }
    }
    all
}

fn judge(facts: &Facts<'_>, document: &Document, said: &Said<'_>, inspected: &mut Inspected) {
    let whole = Address { host: said.text, port: None, has_scheme: true, line: 0 };
    let is_name = said.is_host && said.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let found = if is_name { vec![whole] } else { addresses(said.text) };
    for address in found.iter().filter(|address| is_judged(facts, document, address)) {
        let problem = problem(facts, document, address).map(|problem| {
            let port = address.port.map(|port| format!(":{port}")).unwrap_or_default();
            let address = if said.is_secret { String::new() } else { format!(" → {}{port}", address.host) };
            let message = format!("{} {}{address}: {}", document.target(), said.what, problem.told(said.is_secret));
            Finding::at(document, &said.at, message)
        });
        inspected.subject(problem);
    }
}

/// A name of the cluster: what it could mean is decided by how much of it is written.
enum Meaning<'t> {
    /// `shop`, `shop.ns` or `shop.ns.svc…` in the namespace of who says it.
    Service(&'t str),
    /// The same with the namespace written, and so without a doubt.
    Certain(&'t str),
    /// Something else.
    Foreign,
}

fn meaning<'t>(facts: &Facts<'_>, document: &Document, host: &'t str) -> Meaning<'t> {
    let labels: Vec<&str> = host.split('.').collect();
    let namespace = facts.namespace_of(document);
    match labels[..] {
        [name] => Meaning::Service(name),
        [name, ns, "svc", ..] if ns == namespace => Meaning::Certain(name),
        [name, ns] if ns == namespace => Meaning::Certain(name),
        _ => Meaning::Foreign,
    }
}

/// Whether the address can be judged at all: so that there is a subject only where one is.
fn is_judged(facts: &Facts<'_>, document: &Document, address: &Address<'_>) -> bool {
    match meaning(facts, document, address.host) {
        Meaning::Certain(_) => true,
        Meaning::Service(name) => service(facts, document, name).is_some() || is_meant(facts, name, address),
        Meaning::Foreign => false,
    }
}

fn service<'f>(facts: &'f Facts<'_>, document: &Document, name: &str) -> Option<&'f Document> {
    facts.find("Service", name, facts.namespace_of(document)).ok()
}

/// Whether a name that no Service has can only be a slip.
fn is_meant(facts: &Facts<'_>, name: &str, address: &Address<'_>) -> bool {
    address.has_scheme && ((facts.is_of_release(name) && name.contains('-')) || near(facts, name).is_some())
}

/// The Service whose name is one letter beside this one. Digits count things: `db-1` is not `db-2`.
fn near<'f>(facts: &'f Facts<'_>, name: &str) -> Option<&'f str> {
    if name.len() < 5 {
        return None;
    }
    let mut all = facts.graph.of_kind("Service").map(Document::name);
    all.find(|known| is_one_beside(name, known))
}

fn is_one_beside(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let same = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
    let (rest, longer) = (&short[same..], &long[same..]);
    let is_letter = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase());
    match long.len() - short.len() {
        0 => is_letter(rest) && is_letter(longer) && rest.get(1..) == longer.get(1..),
        1 => is_letter(longer) && longer.get(1..) == Some(rest) && !is_plural(rest, longer),
        _ => false,
    }
}

/// `shop` and `shops` are names that both may be.
fn is_plural(rest: &str, longer: &str) -> bool {
    rest.is_empty() && longer == "s"
}

/// What is wrong with an address.
enum Problem<'f> {
    /// The Service has no such port: its name, and the ports it has.
    Port(String, String),
    /// No Service has this name; one has nearly the same.
    Name(String, Option<&'f str>),
}

impl Problem<'_> {
    fn told(&self, is_secret: bool) -> String {
        let near = |near: Option<&str>| near.map_or_else(String::new, |near| format!(" (did you mean svc/{near}?)"));
        match self {
            Self::Port(service, seen) => format!("expected a port of {service}, seen {seen}"),
            Self::Name(_, known) if is_secret => {
                format!("expected the Service it names in the render, seen none of that name{}", near(*known))
            }
            Self::Name(name, known) => {
                format!("expected svc/{name} in the render, seen none of that name{}", near(*known))
            }
        }
    }
}

fn problem<'f>(facts: &'f Facts<'_>, document: &Document, address: &Address<'_>) -> Option<Problem<'f>> {
    let (Meaning::Service(name) | Meaning::Certain(name)) = meaning(facts, document, address.host) else { return None };
    match service(facts, document, name) {
        Some(service) => wrong_port(facts, service, address.port?),
        None if facts.graph.may_be_made("Service", name)
            || facts.is_given("Service", name, &[])
            || is_of_a_pod(facts, address.host) =>
        {
            None
        }
        None => Some(Problem::Name(name.to_owned(), near(facts, name))),
    }
}

/// `db-0.db`: the name of one pod, not of a Service.
fn is_of_a_pod(facts: &Facts<'_>, host: &str) -> bool {
    host.split_once('.').is_some_and(|(_, second)| facts.graph.find("Service", second).is_some())
}

fn wrong_port<'f>(facts: &Facts<'_>, service: &Document, port: u64) -> Option<Problem<'f>> {
    let ports = ServicePort::all(service);
    let has = |known: &ServicePort<'_>| known.value["port"].as_u64() == Some(port);
    let is_external = service.value["spec"]["type"] == "ExternalName";
    if is_external || ports.is_empty() || ports.iter().any(has) || is_headless(facts, service, port) {
        return None;
    }
    let seen = ports.iter().map(numbered).collect::<Vec<_>>().join(", ");
    Some(Problem::Port(service.target(), seen))
}

/// Behind a headless Service are the pods themselves: any port of theirs answers.
fn is_headless(facts: &Facts<'_>, service: &Document, port: u64) -> bool {
    let is_it = service.value["spec"]["clusterIP"] == "None";
    let pods = selector_of(service).filter(|_| is_it).map(|selector| facts.graph.selected(selector));
    let containers = |pods: Vec<crate::graph::PodTemplate<'_>>| {
        pods.iter().flat_map(crate::graph::PodTemplate::containers).any(|c| {
            let ports = c.ports();
            ports.is_empty() || ports.iter().any(|known| known.1 == port)
        })
    };
    is_it && pods.is_none_or(containers)
}

#[cfg(test)]
mod tests {
    use crate::fixture::check_shop as check;

    const AT: &str = "\n  charts/registry/templates/deployment.yaml rendered line 42";

    fn env(value: &str, expected: &str) {
        let at = if expected.is_empty() { "" } else { AT };
        check("value: plain", &format!("value: \"{value}\""), &format!("{expected}{at}"));
    }

    #[test]
    fn ports_that_a_service_does_not_have() {
        for sound in
            ["http://shop:80/", "http://shop/", "shop:9000", "ws://shop.shop.svc.cluster.local:80", "http://shop"]
        {
            env(sound, "");
        }
        let seen = "expected a port of svc/shop, seen http=80, admin=9000";
        env("http://shop:8080/", &format!("addresses: deploy/shop container web env PLAIN → shop:8080: {seen}"));
        env("shop:8080", &format!("addresses: deploy/shop container web env PLAIN → shop:8080: {seen}"));
        env("https://shop/x", &format!("addresses: deploy/shop container web env PLAIN → shop:443: {seen}"));
        env(
            "postgres://u:p@shop.shop/x",
            &format!("addresses: deploy/shop container web env PLAIN → shop.shop:5432: {seen}"),
        );
    }

    #[test]
    fn names_that_no_service_has() {
        let none = "expected svc/";
        env(
            "http://shop-db:80",
            &format!(
                "addresses: deploy/shop container web env PLAIN → shop-db:80: {none}shop-db in the render, seen none of that name"
            ),
        );
        env(
            "tcp://db.shop.svc:80",
            &format!(
                "addresses: deploy/shop container web env PLAIN → db.shop.svc:80: {none}db in the render, seen none of that name"
            ),
        );
    }

    #[test]
    fn names_of_somebody_else() {
        for other in [
            "http://postgres:5432",
            "redis:6379",
            "http://db.other.svc",
            "https://example.com:9",
            "shops:80",
            "shop-db:80",
        ] {
            env(other, "");
        }
    }

    #[test]
    fn a_name_one_letter_beside() {
        use crate::fixture::{SHOP, findings};
        let with = |name: &str| {
            let service = "---\napiVersion: v1\nkind: Service\nmetadata: { name: storefront }\nspec: { selector: { app: shop }, ports: [{ port: 80, targetPort: http }] }\n";
            findings(&SHOP.replace("# more", service).replace("value: plain", &format!("value: \"http://{name}:80\"")))
        };
        assert_eq!(with("storefront"), "");
        assert_eq!(with("storefronts"), "");
        assert_eq!(
            with("storefrunt"),
            format!(
                "addresses: deploy/shop container web env PLAIN → storefrunt:80: expected svc/storefrunt in the render, seen none of that name (did you mean svc/storefront?){AT}"
            )
        );
    }

    #[test]
    fn hosts_by_themselves_and_config_maps() {
        check(
            "name: PLAIN\n              value: plain",
            "name: DB_HOST\n              value: shop-db",
            &format!(
                "addresses: deploy/shop container web env DB_HOST → shop-db: expected svc/shop-db in the render, seen none of that name{AT}"
            ),
        );
        check("name: PLAIN\n              value: plain", "name: DB_HOST\n              value: shop", "");
        check(
            "MODE: fast",
            "MODE: \"a: http://shop:81/\"",
            "addresses: cm/shop-config key MODE → shop:81: expected a port of svc/shop, seen http=80, admin=9000\n  \
             charts/registry/templates/config.yaml rendered line 54",
        );
    }

    #[test]
    fn of_a_secret_no_word_is_told() {
        let secret = |part: &str, value: &str| {
            format!(
                "---\n# Source: shop/templates/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata: {{ name: dsn }}\n{part}:\n  url: {value}\n"
            )
        };
        let at = "\n  charts/registry/templates/secret.yaml rendered line 61";
        let port = format!("addresses: secret/dsn key url: expected a port of svc/shop, seen http=80, admin=9000{at}");
        let name = format!(
            "addresses: secret/dsn key url: expected the Service it names in the render, seen none of that name{at}"
        );
        check("# more", &secret("stringData", "redis://:pw@shop:80/0"), "");
        check("# more", &secret("stringData", "redis://:pw@shop:4719/0"), &port);
        // The same in base64.
        check("# more", &secret("data", "cmVkaXM6Ly86cHdAc2hvcDo0NzE5LzA="), &port);
        check("# more", &secret("stringData", "http://shop-db:80"), &name);
        check("# more", &format!("{}type: kubernetes.io/tls\n", secret("stringData", "http://shop:4719")), "");
    }

    #[test]
    fn pods_behind_a_headless_service() {
        use crate::fixture::{SHOP, findings};
        let headless = SHOP.replacen(
            "spec:\n  selector:\n    app: shop\n  ports",
            "spec:\n  clusterIP: None\n  selector:\n    app: shop\n  ports",
            1,
        );
        assert_eq!(findings(&headless.replace("value: plain", "value: \"http://shop:8080\"")), "");
        assert_eq!(findings(&headless.replace("value: plain", "value: \"http://shop-0.shop:8080\"")), "");
    }
}
