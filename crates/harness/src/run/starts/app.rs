//! What of a workload is started elsewhere too: the image as it is, with the pod's variables and arguments.
//!
//! A `command` is not taken along: it stands in the place of the image's own entrypoint, and what the image does by
//! itself is what a pod is compared with.

use crate::readiness::{name_of, text};
use serde_json::Value;

/// The container of a workload that says when it is ready, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct App {
    /// Kind of the workload.
    pub(super) kind: String,
    /// Name of the workload.
    pub(super) name: String,
    /// Name of the container.
    pub(super) container: String,
    pub(super) image: String,
    pub(super) env: Vec<(String, String)>,
    pub(super) args: Vec<String>,
    pub(super) port: u16,
    pub(super) path: String,
}

impl App {
    /// The first container with a readiness probe by HTTP.
    pub(super) fn of(workload: &Value) -> Result<Self, String> {
        let what = format!("{}/{}", text(workload, "/kind"), name_of(workload));
        let containers = workload.pointer("/spec/template/spec/containers").and_then(Value::as_array);
        let mut containers = containers.into_iter().flatten();
        let container = containers.find(|one| one.pointer("/readinessProbe/httpGet").is_some());
        let container =
            container.ok_or_else(|| format!("{what} has no readiness probe by HTTP that says where to ask"))?;
        let get = &container["readinessProbe"]["httpGet"];
        if get["scheme"].as_str().is_some_and(|scheme| scheme != "HTTP") {
            return Err(format!("the readiness probe of {what} speaks TLS: its start can't be compared yet"));
        }
        Ok(Self {
            kind: text(workload, "/kind").to_owned(),
            name: name_of(workload).to_owned(),
            container: text(container, "/name").to_owned(),
            image: text(container, "/image").to_owned(),
            env: env(container)?,
            args: args(container),
            port: port(container, &get["port"]).ok_or_else(|| format!("{what}: its readiness probe has no port"))?,
            path: get["path"].as_str().unwrap_or("/").to_owned(),
        })
    }
}

fn env(container: &Value) -> Result<Vec<(String, String)>, String> {
    let variables = container["env"].as_array().into_iter().flatten();
    let pair = |variable: &Value| {
        let name = text(variable, "/name").to_owned();
        if variable.get("valueFrom").is_some() {
            return Err(format!("the variable {name} comes from an object of the cluster: there is none elsewhere"));
        }
        Ok((name, text(variable, "/value").to_owned()))
    };
    variables.map(pair).collect()
}

fn args(container: &Value) -> Vec<String> {
    if container.get("command").is_some() {
        // They are those of the command.
        return Vec::new();
    }
    let args = container["args"].as_array().into_iter().flatten();
    args.filter_map(|arg| arg.as_str().map(ToOwned::to_owned)).collect()
}

/// By number, or by the name of one of the container's ports.
fn port(container: &Value, port: &Value) -> Option<u16> {
    let named = || {
        let ports = container["ports"].as_array()?;
        let named = ports.iter().find(|one| one["name"] == *port)?;
        named["containerPort"].as_u64()
    };
    u16::try_from(port.as_u64().or_else(named)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workload(container: &Value) -> Value {
        let pod = json!({ "containers": [{ "name": "sidecar" }, container] });
        json!({ "kind": "Deployment", "metadata": { "name": "web" }, "spec": { "template": { "spec": pod } } })
    }

    fn container() -> Value {
        json!({
            "name": "web", "image": "web:1", "args": ["serve"],
            "env": [{ "name": "A", "value": "1" }],
            "ports": [{ "name": "http", "containerPort": 8080 }],
            "readinessProbe": { "httpGet": { "path": "/ready", "port": "http" } },
        })
    }

    #[test]
    fn the_container_that_says_when_it_is_ready_is_started() {
        let app = App::of(&workload(&container())).expect("an app");
        let expected = App {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
            container: "web".to_owned(),
            image: "web:1".to_owned(),
            env: vec![("A".to_owned(), "1".to_owned())],
            args: vec!["serve".to_owned()],
            port: 8080,
            path: "/ready".to_owned(),
        };
        assert_eq!(app, expected);
    }

    #[test]
    fn a_command_and_its_arguments_are_the_pods_own() {
        let mut container = container();
        container["command"] = json!(["sh", "-c"]);
        assert_eq!(App::of(&workload(&container)).expect("an app").args, Vec::<String>::new());
    }

    #[test]
    fn what_can_not_be_started_elsewhere_says_why() {
        let refused = |change: fn(&mut Value)| {
            let mut container = container();
            change(&mut container);
            App::of(&workload(&container)).expect_err("refused")
        };
        let no_probe = refused(|one| one["readinessProbe"] = json!({}));
        assert_eq!(no_probe, "Deployment/web has no readiness probe by HTTP that says where to ask");
        let tls = refused(|one| one["readinessProbe"]["httpGet"]["scheme"] = json!("HTTPS"));
        assert!(tls.contains("TLS"), "{tls}");
        let secret = refused(|one| one["env"][0] = json!({ "name": "A", "valueFrom": {} }));
        assert!(secret.contains("the variable A"), "{secret}");
        let port = refused(|one| one["readinessProbe"]["httpGet"]["port"] = json!("other"));
        assert!(port.contains("no port"), "{port}");
    }
}
