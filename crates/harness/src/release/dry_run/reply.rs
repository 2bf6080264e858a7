//! The API server's reply to a dry run: taken, refused, or no answer about the object at all.

use seatrial_observation::{Admission, Refused};
use serde_json::Value;

/// A reply, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) answer: Admission,
    pub(super) warnings: Vec<String>,
}

/// Reads a reply; `Err` where it says that the API server could not answer.
pub(super) fn read(status: u16, body: &[u8], warnings: Vec<String>) -> Result<Reply, String> {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let word = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let (reason, message) = (word("reason"), word("message"));
    let message = if message.is_empty() { String::from_utf8_lossy(body).into_owned() } else { message };
    let answer = match status {
        200..300 => Admission::Taken,
        _ if is_about_asking(&message) => Admission::Unasked(message),
        // Made meanwhile, by somebody else: it would have been taken.
        409 if reason == "AlreadyExists" => Admission::Taken,
        401 | 429 | 500.. => return Err(message),
        code => Admission::Refused(Refused { code, reason, message, fields: fields(&said) }),
    };
    Ok(Reply { answer, warnings })
}

/// Refusals that are about the question, not about the object: a webhook that takes no dry runs or does not answer, and
/// rights that this user lacks.
fn is_about_asking(message: &str) -> bool {
    let is_users = message.contains("is forbidden: User \"") && message.contains("\" cannot ");
    message.contains("does not support dry run") || message.contains("failed calling webhook") || is_users
}

fn fields(said: &Value) -> Vec<String> {
    let causes = said.pointer("/details/causes").and_then(Value::as_array).into_iter().flatten();
    let fields = causes.filter_map(|cause| cause["field"].as_str());
    fields.filter(|field| !field.is_empty() && *field != "<nil>").map(ToOwned::to_owned).collect()
}

/// The text of `299 - "text"`.
pub(super) fn warning(header: &str) -> String {
    let quoted = header.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(text, _)| text);
    quoted.unwrap_or(header).replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(status: u16, message: &str, expected: &str) {
        let causes = json!([{ "field": "spec.x" }, { "field": "<nil>" }]);
        let body = json!({ "message": message, "reason": "Forbidden", "details": { "causes": causes } });
        let read = read(status, body.to_string().as_bytes(), Vec::new());
        let told = match read.map(|reply| reply.answer) {
            Ok(Admission::Taken) => "taken".to_owned(),
            Ok(Admission::Refused(why)) => format!("refused {} at {}", why.code, why.fields.join(",")),
            Ok(Admission::Unasked(_)) => "unasked".to_owned(),
            Err(_) => "no answer".to_owned(),
        };
        assert_eq!(told, expected, "{message}");
    }

    #[test]
    fn what_is_refused_is_kept_apart_from_what_was_not_answered() {
        check(201, "", "taken");
        check(403, "exceeded quota: none", "refused 403 at spec.x");
        check(422, "ValidatingAdmissionPolicy 'p' denied request", "refused 422 at spec.x");
        check(400, "admission webhook \"w\" does not support dry run", "unasked");
        check(500, "Internal error occurred: failed calling webhook \"w\"", "unasked");
        check(403, "pods is forbidden: User \"ada\" cannot create resource \"pods\"", "unasked");
        check(503, "the server is currently unable to handle the request", "no answer");
        check(429, "too many requests", "no answer");
    }

    #[test]
    fn an_object_that_came_meanwhile_is_taken() {
        let body = json!({ "reason": "AlreadyExists", "message": "it exists" }).to_string();
        assert_eq!(read(409, body.as_bytes(), Vec::new()).expect("a reply").answer, Admission::Taken);
    }

    #[test]
    fn warnings_are_the_text_in_quotes() {
        assert_eq!(warning("299 - \"v1 \\\"old\\\" is deprecated\""), "v1 \"old\" is deprecated");
        assert_eq!(warning("plain"), "plain");
    }
}
