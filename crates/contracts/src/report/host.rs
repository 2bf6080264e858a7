//! The schemas of what `list` and `doctor` tell, as they are checked in under `docs/`.

use serde_json::{Map, Value, json};

/// The JSON Schema of `seatrial list --format json`.
pub fn list_schema() -> Value {
    let text = json!({ "type": "string" });
    let cluster = object(&[
        ("name", text.clone()),
        ("provider", json!({ "enum": ["kind", "existing"] })),
        ("run", text.clone()),
        ("state", json!({ "enum": ["up", "running", "warm", "ended"] })),
        ("kubeconfig", text),
        ("ownerPid", json!({ "type": "integer", "minimum": 0 })),
        ("expires", json!({ "type": ["integer", "null"], "description": "Seconds since 1970; null: never." })),
        ("warmUntil", json!({ "type": ["integer", "null"], "description": "Seconds since 1970." })),
    ]);
    document("seatrial.list/v1", &[("clusters", list_of(&cluster))])
}

/// The JSON Schema of `seatrial doctor --format json`.
pub fn doctor_schema() -> Value {
    let text = json!({ "type": "string" });
    let kind = json!({ "enum": ["ordinary", "no-registry", "bare", "restricted"] });
    let tool = optional(&[("name", text.clone()), ("found", maybe(&text))], &[("remedy", text.clone())]);
    let problem = optional(&[("what", text.clone()), ("why", text.clone())], &[("remedy", text)]);
    let parts = [("kind", kind), ("host", host()), ("tools", list_of(&tool)), ("problems", list_of(&problem))];
    document("seatrial.doctor/v1", &parts)
}

fn host() -> Value {
    let (text, flag) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
    let count = json!({ "type": "integer", "minimum": 0 });
    let inotify = object(&[("instances", maybe(&count)), ("watches", maybe(&count))]);
    object(&[
        ("os", text.clone()),
        ("kernel", text.clone()),
        ("arch", text.clone()),
        ("cores", count.clone()),
        ("memory", count.clone()),
        ("diskFree", count.clone()),
        ("engine", maybe(&text)),
        ("registry", flag.clone()),
        ("isRoot", flag),
        ("missingCapabilities", list_of(&text)),
        ("nofileHard", count.clone()),
        ("cgroup", json!({ "enum": ["v1", "v2", "none"] })),
        ("inotify", inotify),
        ("absentModules", list_of(&text)),
        ("portsInUse", list_of(&count)),
    ])
}

fn document(name: &str, parts: &[(&str, Value)]) -> Value {
    let parts = [&[("schema", json!({ "const": name }))], parts].concat();
    let mut schema = object(&parts);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(name);
    schema
}

/// All of these keys and no other.
fn object(required: &[(&str, Value)]) -> Value {
    optional(required, &[])
}

fn optional(required: &[(&str, Value)], more: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        required.iter().chain(more).map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let names: Vec<&str> = required.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "required": names, "additionalProperties": false, "properties": properties })
}

fn list_of(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn maybe(schema: &Value) -> Value {
    json!({ "oneOf": [schema, { "type": "null" }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_state_or_key_does_not_fit() {
        let cluster = |state: &str| {
            json!({ "schema": "seatrial.list/v1", "clusters": [{
                "name": "st-x-1", "provider": "kind", "run": "x", "state": state,
                "kubeconfig": "/k", "ownerPid": 1, "expires": null, "warmUntil": null,
            }] })
        };
        let validator = jsonschema::validator_for(&list_schema()).expect("a schema");
        assert!(validator.is_valid(&cluster("up")));
        assert!(!validator.is_valid(&cluster("gone")));
        let more = json!({ "schema": "seatrial.list/v1", "clusters": [], "more": 1 });
        assert!(!validator.is_valid(&more));
    }
}
