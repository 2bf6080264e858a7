//! `POST /execute`: JSON-RPC 2.0. Text in, text out; what the methods need was looked up before.

use super::config::{Config, Role};
use super::registry::Seen;
use serde_json::{Value, json};

/// What a call may need to know.
pub(super) struct Facts<'a> {
    pub(super) config: &'a Config,
    pub(super) registry: &'a Seen,
}

/// An error of the protocol: its code and its words.
type Fault = (i32, String);

/// The answer to a body; none where there were notifications only.
pub(super) fn execute(body: &[u8], facts: &Facts<'_>) -> Option<Value> {
    match serde_json::from_slice::<Value>(body) {
        Err(error) => Some(failed(&Value::Null, (-32700, format!("parse error: {error}")))),
        Ok(Value::Array(calls)) if calls.is_empty() => Some(failed(&Value::Null, invalid("an empty batch"))),
        Ok(Value::Array(calls)) => {
            let answers: Vec<Value> = calls.iter().filter_map(|call| one(call, facts)).collect();
            (!answers.is_empty()).then(|| Value::Array(answers))
        }
        Ok(call) => one(&call, facts),
    }
}

/// One call. A call without an id is a notification: it is done, and not answered.
fn one(call: &Value, facts: &Facts<'_>) -> Option<Value> {
    let request = match Request::of(call) {
        Ok(request) => request,
        Err(fault) => return Some(failed(&Value::Null, fault)),
    };
    let result = call_method(&request, facts);
    let id = request.id?;
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(fault) => failed(id, fault),
    })
}

struct Request<'a> {
    id: Option<&'a Value>,
    method: &'a str,
    params: &'a Value,
}

impl<'a> Request<'a> {
    fn of(call: &'a Value) -> Result<Self, Fault> {
        let fields = call.as_object().ok_or_else(|| invalid("a call is an object"))?;
        if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(invalid("jsonrpc must be \"2.0\""));
        }
        let method = fields.get("method").and_then(Value::as_str).ok_or_else(|| invalid("method must be a text"))?;
        let id = fields.get("id");
        if id.is_some_and(|id| !(id.is_string() || id.is_number() || id.is_null())) {
            return Err(invalid("id must be a text, a number or null"));
        }
        let params = fields.get("params").unwrap_or(&Value::Null);
        if !(params.is_null() || params.is_object() || params.is_array()) {
            return Err(invalid("params must be a map or a list"));
        }
        Ok(Self { id, method, params })
    }
}

fn call_method(request: &Request<'_>, facts: &Facts<'_>) -> Result<Value, Fault> {
    let role = facts.config.role;
    match request.method {
        "registry.status" => Ok(json!(facts.registry)),
        method if method == role.word() => work(role, request.params, facts.registry),
        method => Err((-32601, format!("method not found: {method}; known are {role} and registry.status"))),
    }
}

/// What the agent is there for. The stand-in names what it would have worked on.
fn work(role: Role, params: &Value, registry: &Seen) -> Result<Value, Fault> {
    let artifact = params.get("artifact").and_then(Value::as_str);
    let artifact = artifact.ok_or_else(|| (-32602, "invalid params: artifact must be a text".to_owned()))?;
    if !registry.is_reachable {
        let reason = registry.reason.as_deref().unwrap_or("unknown");
        return Err((-32000, format!("the registry does not answer: {reason}")));
    }
    Ok(json!({ "agent": role.word(), "artifact": artifact, "status": "completed" }))
}

fn invalid(what: &str) -> Fault {
    (-32600, format!("invalid request: {what}"))
}

fn failed(id: &Value, (code, message): Fault) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str, is_reachable: bool) -> Option<Value> {
        let (url, registry) = (String::new(), "http://r".to_owned());
        let config = Config { role: Role::Plan, port: 8001, url, registry, fault: None };
        let reason = (!is_reachable).then(|| "connection refused".to_owned());
        let registry = Seen { url: "http://r/v2/".to_owned(), is_reachable, status: None, reason };
        execute(body.as_bytes(), &Facts { config: &config, registry: &registry })
    }

    #[track_caller]
    fn check(body: &str, code: i32) {
        let answer = answer(body, true).expect("an answer");
        assert_eq!((&answer["error"]["code"], &answer["jsonrpc"]), (&json!(code), &json!("2.0")), "{answer}");
        assert!(answer["error"]["message"].is_string() && answer.get("result").is_none(), "{answer}");
    }

    #[test]
    fn a_broken_body_has_the_code_of_the_protocol() {
        check("{", -32700);
        check("[]", -32600);
        check("7", -32600);
        check(r#"{"id":1,"method":"plan"}"#, -32600);
        check(r#"{"jsonrpc":"1.0","id":1,"method":"plan"}"#, -32600);
        check(r#"{"jsonrpc":"2.0","id":1}"#, -32600);
        check(r#"{"jsonrpc":"2.0","id":[1],"method":"plan"}"#, -32600);
        check(r#"{"jsonrpc":"2.0","id":1,"method":"plan","params":7}"#, -32600);
        check(r#"{"jsonrpc":"2.0","id":1,"method":"cook"}"#, -32601);
        check(r#"{"jsonrpc":"2.0","id":1,"method":"plan"}"#, -32602);
    }

    #[test]
    fn the_id_comes_back() {
        let call = r#"{"jsonrpc":"2.0","id":"a","method":"plan","params":{"artifact":"x:1"}}"#;
        let done = json!({ "agent": "plan", "artifact": "x:1", "status": "completed" });
        assert_eq!(answer(call, true), Some(json!({ "jsonrpc": "2.0", "id": "a", "result": done })));
        let unknown = answer(r#"{"jsonrpc":"2.0","id":7,"method":"cook"}"#, true).expect("an answer");
        assert_eq!(unknown["id"], 7);
    }

    #[test]
    fn a_batch_is_answered_without_its_notifications() {
        let status = r#"{"jsonrpc":"2.0","id":1,"method":"registry.status"}"#;
        let notification = r#"{"jsonrpc":"2.0","method":"registry.status"}"#;
        let answers = answer(&format!("[{status},{notification},7]"), true).expect("answers");
        assert_eq!(answers.as_array().map(Vec::len), Some(2), "{answers}");
        assert_eq!(answer(notification, true), None);
        assert_eq!(answer(&format!("[{notification}]"), true), None);
    }

    #[test]
    fn without_the_registry_no_work_is_done() {
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"plan","params":{"artifact":"x:1"}}"#;
        let refused = answer(call, false).expect("an answer");
        assert_eq!(refused["error"]["code"], -32000);
        let status = answer(r#"{"jsonrpc":"2.0","id":1,"method":"registry.status"}"#, false).expect("an answer");
        assert_eq!(status["result"]["isReachable"], false);
    }
}
