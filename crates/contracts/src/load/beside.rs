//! `cluster.beside`: the programs that `up` runs beside a release.

use super::cluster::is_service;
use super::contract_file::BesideFile;
use super::findings::Findings;
use super::scalars::address;
use super::sections::label;
use crate::bind;
use crate::diagnostic::child;
use crate::model::{Beside, EnvPart, EnvText};
use indexmap::IndexMap;

const AT: &str = "/cluster/beside";

/// All of them; `published` are the ports of the host that are taken already.
pub(super) fn beside(
    files: IndexMap<String, BesideFile>,
    mut published: Vec<u16>,
    found: &mut Findings<'_>,
) -> IndexMap<String, Beside> {
    let mut all = IndexMap::new();
    for (name, file) in files {
        let at = child(AT, &name);
        found.of_key(|found| label(&name, &at, found));
        port(file.port, &published, &child(&at, "port"), found);
        published.push(file.port);
        all.insert(name, one(file, &at, found));
    }
    all
}

fn one(file: BesideFile, at: &str, found: &mut Findings<'_>) -> Beside {
    if file.image.trim().is_empty() {
        found.value(&child(at, "image"), "bad-value", "an image has a name", None);
    }
    let health = file.health.unwrap_or_else(|| "/health".to_owned());
    if !health.starts_with('/') {
        let hint = Some(format!("did you mean `/{health}`?"));
        found.value(&child(at, "health"), "bad-value", format!("`{health}` is no path"), hint);
    }
    let env = file.env.into_iter().map(|(name, text)| {
        let parts = parts(&text, &child(&child(at, "env"), &name), found);
        (name, EnvText(parts))
    });
    Beside { env: env.collect(), image: file.image, port: file.port, health }
}

/// One port of the host has one program.
fn port(port: u16, published: &[u16], at: &str, found: &mut Findings<'_>) {
    if port == 0 {
        found.value(at, "bad-value", "`0` is no port", None);
    } else if published.contains(&port) {
        let hint = Some("each program has a port of the host of its own".to_owned());
        found.value(at, "bad-value", format!("port {port} of the host is taken above"), hint);
    }
}

/// The text between references, and the Service ports that they name.
fn parts(text: &str, at: &str, found: &mut Findings<'_>) -> Vec<EnvPart> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$(") {
        parts.push(EnvPart::Text(before.to_owned()));
        let Some((name, after)) = after.split_once(')') else {
            found.value(at, "unknown-reference", format!("`{text}` has no closing parenthesis"), None);
            return parts;
        };
        parts.extend(reference(name.trim(), at, found));
        rest = after;
    }
    parts.push(EnvPart::Text(rest.to_owned()));
    parts.retain(|part| *part != EnvPart::Text(String::new()));
    parts
}

/// What a program beside a release may name is what both a cluster and plain containers know: values and names of a
/// release are not among it.
fn reference(name: &str, at: &str, found: &mut Findings<'_>) -> Option<EnvPart> {
    if let Some(variable) = name.strip_prefix("env.") {
        return match bind::is_variable(variable) {
            Ok(()) => Some(EnvPart::Variable(variable.to_owned())),
            Err(refused) => {
                found.value(at, refused.code, refused.message, refused.hint);
                None
            }
        };
    }
    if !name.starts_with("svc") {
        let hint = Some("known here: $(svc/NAME:PORT) and $(env.NAME)".to_owned());
        let message = format!("`{name}` is not known beside a release, which may be plain containers");
        found.value(at, "unknown-reference", message, hint);
        return None;
    }
    let target = address(name, at, found)?;
    is_service(&target, name, at, found).then_some(EnvPart::Address(target))
}

#[cfg(test)]
mod tests {
    use crate::load::load;
    use crate::model::{Beside, EnvPart, Target};
    use jiff::civil::date;

    fn read(beside: &str) -> Result<Beside, Vec<String>> {
        let text = format!("chart: .\ncluster:\n  name: x\n  publish: {{ 5000: svc/r:http }}\n  beside: {beside}\n");
        let loaded = load("contract.yaml", &text, None, date(2026, 11, 21));
        let contract = loaded.map_err(|mistakes| {
            mistakes.iter().map(|one| format!("{} {}", one.column, one.message)).collect::<Vec<_>>()
        })?;
        Ok(contract.cluster.expect("a cluster").beside.swap_remove("agent").expect("an agent"))
    }

    #[track_caller]
    fn check(beside: &str, expected: &[&str]) {
        assert_eq!(read(beside).expect_err("a mistake"), expected);
    }

    #[test]
    fn an_address_is_looked_up_where_it_runs() {
        let agent = read("{ agent: { image: a/b, port: 8001, env: { URL: 'http://$(svc/r:http)/v2/', ROLE: plan } } }");
        let agent = agent.expect("a program");
        assert_eq!((agent.image.as_str(), agent.port, agent.health.as_str()), ("a/b", 8001, "/health"));
        let known = |target: &Target| (target.to_string() == "svc/r:http").then(|| "r:5000".to_owned());
        let none = |_: &str| None;
        assert_eq!(agent.env["URL"].with(known, none), Ok("http://r:5000/v2/".to_owned()));
        assert_eq!(agent.env["ROLE"].with(known, none), Ok("plan".to_owned()));
        let unknown = agent.env["URL"].with(|_| None, none).expect_err("no address");
        assert_eq!(*unknown, EnvPart::Address("svc/r:http".parse().expect("a target")));
    }

    #[test]
    fn a_variable_is_that_of_who_calls_up() {
        let agent = read("{ agent: { image: a, port: 1, env: { X: 'at $(env.STAGE)' } } }").expect("a program");
        let value = |known: Option<&str>| agent.env["X"].with(|_| None, |_| known.map(str::to_owned)).ok();
        assert_eq!(value(Some("lab")).as_deref(), Some("at lab"));
        assert_eq!(value(None), None);
    }

    #[test]
    fn what_can_not_run_is_refused() {
        check("{ agent: { image: a } }", &["13 the key `port` is missing"]);
        check("{ agent: { image: a, port: 5000 } }", &["38 port 5000 of the host is taken above"]);
        check("{ a: { image: a, port: 1 }, b: { image: a, port: 1 } }", &["60 port 1 of the host is taken above"]);
        check("{ agent: { image: ' ', port: 0 } }", &["29 an image has a name", "40 `0` is no port"]);
        check("{ A_B: { image: a, port: 1 } }", &["13 `A_B` is no name that Kubernetes takes"]);
        check("{ agent: { image: a, port: 1, health: ok } }", &["49 `ok` is no path"]);
    }

    #[test]
    fn a_reference_names_a_service_port() {
        let env = |value: &str| format!("{{ agent: {{ image: a, port: 1, env: {{ X: '{value}' }} }} }}");
        check(&env("$(svc/r:http"), &["51 `$(svc/r:http` has no closing parenthesis"]);
        check(&env("$(svc/r:http/v2/)"), &["51 `svc/r:http/v2/` is no Service port"]);
        let unknown = "51 `values.a` is not known beside a release, which may be plain containers";
        check(&env("$(values.a)"), &[unknown]);
        let secret = "51 `env.A_TOKEN` looks like a secret, and what is looked up is written into plans and reports";
        check(&env("$(env.A_TOKEN)"), &[secret]);
    }
}
