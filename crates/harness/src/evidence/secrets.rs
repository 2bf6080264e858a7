//! Secrets: their values for the redactor, and what of them may be written.

use crate::readiness::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Every value of every Secret among these objects, decoded. A service account's token has more in it that is no
/// secret (the namespace's name), and Helm's records are the manifests themselves.
pub(super) fn values(objects: &[Value]) -> Vec<Vec<u8>> {
    let secrets = objects.iter().filter(|object| text(object, "/kind") == "Secret");
    let secrets = secrets.filter(|secret| text(secret, "/type") != "helm.sh/release.v1");
    secrets.flat_map(values_of).collect()
}

fn values_of(secret: &Value) -> Vec<Vec<u8>> {
    let is_token = text(secret, "/type") == "kubernetes.io/service-account-token";
    let data = entries(secret, "data").filter(|(key, _)| !is_token || *key == "token");
    let decoded = data.filter_map(|(_, value)| STANDARD.decode(value).ok());
    let plain = entries(secret, "stringData").map(|(_, value)| value.as_bytes().to_vec());
    decoded.chain(plain).collect()
}

fn entries<'a>(secret: &'a Value, field: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let map = secret.get(field).and_then(Value::as_object);
    map.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

/// The object as it may be written: a Secret as key names and lengths, everything else as it is.
pub(crate) fn masked(mut object: Value) -> Value {
    if text(&object, "/kind") != "Secret" {
        return object;
    }
    for field in ["data", "stringData"] {
        let lengths: Map<String, Value> = entries(&object, field)
            .map(|(key, value)| {
                let bytes = if field == "data" { STANDARD.decode(value).map_or(0, |v| v.len()) } else { value.len() };
                (key.to_owned(), json!(format!("<{bytes} bytes>")))
            })
            .collect();
        if let Some(slot) = object.get_mut(field) {
            *slot = Value::Object(lengths);
        }
    }
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_as_key_names_and_lengths() {
        let secret = json!({
            "kind": "Secret", "metadata": { "name": "s" },
            "data": { "password": "aHVudGVyMg==" }, "stringData": { "user": "admin" },
        });
        let masked = masked(secret.clone());
        assert_eq!(masked["data"], json!({ "password": "<7 bytes>" }));
        assert_eq!(masked["stringData"], json!({ "user": "<5 bytes>" }));
        assert_eq!(values(&[secret]), [b"hunter2".to_vec(), b"admin".to_vec()]);
    }

    #[test]
    fn other_objects_stay_as_they_are() {
        let object = json!({ "kind": "ConfigMap", "data": { "a": "b" } });
        assert_eq!(masked(object.clone()), object);
        assert!(values(&[object]).is_empty());
    }

    #[test]
    fn of_a_service_account_only_its_token_is_secret() {
        let secret = json!({
            "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "data": { "namespace": "cGFsbGV0", "token": "dG9rZW4=" },
        });
        assert_eq!(values(&[secret]), [b"token".to_vec()]);
    }
}
