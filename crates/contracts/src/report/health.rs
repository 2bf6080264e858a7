//! What `health` tells: JSON for machines, `seatrial.health/v1` with its schema, and coloured lines for people.

use super::text::painted;
use crate::model::{Health, MadeHealth, ServiceHealth, StateHealth, Wellness};
use serde_json::{Value, json};

/// The document for machines.
pub fn health_json(health: &Health, exit: i32) -> Value {
    json!({
        "schema": "seatrial.health/v1",
        "exit": exit,
        "status": health.status(),
        "seconds": health.seconds,
        "made": health.made.iter().map(made_json).collect::<Vec<_>>(),
    })
}

fn made_json(made: &MadeHealth) -> Value {
    json!({
        "name": made.name,
        "mode": made.mode,
        "status": made.status(),
        "chart": made.chart,
        "releaseName": made.release_name,
        "namespace": made.namespace,
        "cluster": made.cluster,
        "release": made.release,
        "data": made.data,
        "services": made.services,
        "agents": made.agents,
    })
}

/// The lines for people: one for each service, its status first to be seen.
pub fn health_text(health: &Health, colour: bool) -> String {
    if health.made.is_empty() {
        return "nothing stands that `up` made".to_owned();
    }
    let made = health.made.iter().map(|made| made_text(made, colour));
    let took = format!("all services looked at in {:.2} s", health.seconds);
    made.chain([took]).collect::<Vec<_>>().join("\n")
}

fn made_text(made: &MadeHealth, colour: bool) -> String {
    let (release, namespace) = (&made.release_name, &made.namespace);
    let head = format!(
        "{} {} ({}): {} as release {release} in namespace {namespace}",
        word(made.status(), colour),
        made.name,
        made.mode,
        made.chart
    );
    let states = [("cluster", made.cluster.as_ref()), ("release", Some(&made.release)), ("data", Some(&made.data))];
    let states = states.iter().filter_map(|(what, state)| state.map(|state| state_text(what, state, colour)));
    let services = made.looked_at().map(|one| service_text(one, colour));
    std::iter::once(head).chain(states).chain(services).collect::<Vec<_>>().join("\n")
}

fn state_text(what: &str, state: &StateHealth, colour: bool) -> String {
    let code = if state.reason.is_none() { 32 } else { 33 };
    let reason = state.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
    format!("  {}  {what}{reason}", padded(&state.state, code, colour))
}

fn service_text(service: &ServiceHealth, colour: bool) -> String {
    let ServiceHealth { name, url, milliseconds, .. } = service;
    let status = padded(status_word(service.status), status_code(service.status), colour);
    let reason = service.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
    format!("  {status}  {name}  {url}  {milliseconds:.0} ms{reason}")
}

fn word(status: Wellness, colour: bool) -> String {
    painted(status_word(status), status_code(status), colour)
}

/// Padded before it is painted: codes have no width.
fn padded(word: &str, code: u8, colour: bool) -> String {
    painted(&format!("{word:<9}"), code, colour)
}

fn status_word(status: Wellness) -> &'static str {
    match status {
        Wellness::Healthy => "healthy",
        Wellness::Degraded => "degraded",
        Wellness::Unhealthy => "unhealthy",
    }
}

fn status_code(status: Wellness) -> u8 {
    match status {
        Wellness::Healthy => 32,
        Wellness::Degraded => 33,
        Wellness::Unhealthy => 31,
    }
}

/// The JSON Schema of the document, as it is checked in under `docs/health.schema.json`.
pub fn health_schema() -> Value {
    let status = json!({ "enum": ["healthy", "degraded", "unhealthy"] });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "seatrial.health/v1",
        "type": "object",
        "required": ["schema", "exit", "status", "seconds", "made"],
        "additionalProperties": false,
        "properties": {
            "schema": { "const": "seatrial.health/v1" },
            "exit": { "enum": [0, 10, 12] },
            "status": { "enum": ["healthy", "degraded", "unhealthy", null], "description": "The worst; null: nothing stands." },
            "seconds": { "type": "number", "minimum": 0, "description": "All looks together." },
            "made": { "type": "array", "items": { "$ref": "#/$defs/made" } },
        },
        "$defs": { "status": status, "made": made_schema(), "state": state_schema(), "service": service_schema() },
    })
}

fn made_schema() -> Value {
    let text = json!({ "type": "string" });
    let state = json!({ "$ref": "#/$defs/state" });
    let services = |what: &str| json!({ "type": "array", "items": { "$ref": "#/$defs/service" }, "description": what });
    let required = [
        "name",
        "mode",
        "status",
        "chart",
        "releaseName",
        "namespace",
        "cluster",
        "release",
        "data",
        "services",
        "agents",
    ];
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": {
            "name": text, "chart": text, "releaseName": text, "namespace": text,
            "mode": { "enum": ["kind", "docker"] },
            "status": { "$ref": "#/$defs/status" },
            "cluster": { "oneOf": [{ "type": "null" }, state] },
            "release": state,
            "data": state,
            "services": services("Those of the release."),
            "agents": services("The programs beside it; empty where none were asked for."),
        },
    })
}

fn state_schema() -> Value {
    json!({
        "type": "object",
        "required": ["state", "reason"],
        "additionalProperties": false,
        "properties": {
            "state": { "type": "string" },
            "reason": { "type": ["string", "null"], "description": "Why it is not as it should be." },
        },
    })
}

fn service_schema() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["name", "status", "reason", "url", "at", "milliseconds"],
        "additionalProperties": false,
        "properties": {
            "name": text, "url": text,
            "at": { "type": "string", "description": "What runs it: a workload, or a container." },
            "status": { "$ref": "#/$defs/status" },
            "reason": { "type": ["string", "null"] },
            "milliseconds": { "type": "number", "minimum": 0 },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, status: Wellness, reason: Option<&str>) -> ServiceHealth {
        let (name, reason) = (name.to_owned(), reason.map(ToOwned::to_owned));
        let (url, at) = (format!("http://127.0.0.1/{name}"), format!("deploy/{name}"));
        ServiceHealth { name, status, reason, url, at, milliseconds: 4.2 }
    }

    fn state(word: &str, reason: Option<&str>) -> StateHealth {
        StateHealth { state: word.to_owned(), reason: reason.map(ToOwned::to_owned) }
    }

    fn made(agent: ServiceHealth) -> Health {
        let made = MadeHealth {
            name: "pallet-dev".into(),
            mode: "kind".into(),
            chart: "pallet-registry".into(),
            release_name: "registry".into(),
            namespace: "pallet".into(),
            cluster: Some(state("ready", None)),
            release: state("ready", None),
            data: state("kept", None),
            services: vec![service("registry", Wellness::Healthy, None)],
            agents: vec![agent],
        };
        Health { made: vec![made], seconds: 0.05 }
    }

    fn well() -> Health {
        made(service("agent-plan", Wellness::Healthy, None))
    }

    fn ill() -> Health {
        made(service("agent-plan", Wellness::Unhealthy, Some("connection refused")))
    }

    #[test]
    fn for_people_each_service_has_a_line() {
        let expected = "\
unhealthy pallet-dev (kind): pallet-registry as release registry in namespace pallet
  ready      cluster
  ready      release
  kept       data
  healthy    registry  http://127.0.0.1/registry  4 ms
  unhealthy  agent-plan  http://127.0.0.1/agent-plan  4 ms  connection refused
all services looked at in 0.05 s";
        assert_eq!(health_text(&ill(), false), expected);
    }

    #[test]
    fn the_colour_tells_the_status_and_nothing_else() {
        let coloured = health_text(&ill(), true);
        assert!(coloured.starts_with("\u{1b}[31munhealthy\u{1b}[0m pallet-dev"), "{coloured}");
        assert!(coloured.contains("  \u{1b}[32mhealthy  \u{1b}[0m  registry"), "{coloured}");
        assert!(coloured.contains("  \u{1b}[31munhealthy\u{1b}[0m  agent-plan"), "{coloured}");
        let plain = regex::Regex::new("\u{1b}\\[[0-9]+m").expect("a pattern").replace_all(&coloured, "").into_owned();
        assert_eq!(plain, health_text(&ill(), false));
        assert!(health_text(&well(), true).starts_with("\u{1b}[32mhealthy\u{1b}[0m"));
    }

    #[test]
    fn the_document_keeps_its_schema() {
        let validator = jsonschema::validator_for(&health_schema()).expect("a schema");
        let nothing = Health { made: Vec::new(), seconds: 0.0 };
        for (health, exit) in [(well(), 0), (ill(), 10), (nothing, 12)] {
            let document = health_json(&health, exit);
            assert!(validator.is_valid(&document), "{document:#}");
        }
        let mut broken = health_json(&well(), 0);
        broken["made"][0]["agents"][0]["status"] = json!("fine");
        assert!(!validator.is_valid(&broken));
    }

    #[test]
    fn the_worst_part_is_the_whole() {
        assert_eq!(well().status(), Some(Wellness::Healthy));
        assert_eq!(ill().status(), Some(Wellness::Unhealthy));
        let mut health = well();
        health.made[0].cluster = Some(state("failed", Some("the API server does not answer")));
        assert_eq!(health.status(), Some(Wellness::Degraded));
        health.made[0].services.clear();
        assert_eq!(health.status(), Some(Wellness::Unhealthy), "nothing observed is never healthy");
        assert_eq!(Health { made: Vec::new(), seconds: 0.0 }.status(), None);
    }

    #[test]
    fn agents_are_always_listed() {
        let mut health = well();
        health.made[0].agents.clear();
        assert_eq!(health_json(&health, 0)["made"][0]["agents"], json!([]));
    }
}
