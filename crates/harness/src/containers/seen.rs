//! What the engine says of a container, by its own client.

use super::{Container, ContainerError};
use crate::cluster::engine::Engine;
use crate::command::Finished;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the engine knows of it; `None` if there is none of this name.
pub(super) async fn inspect(engine: &Engine, name: &str) -> Result<Option<Container>, ContainerError> {
    let asked = told(engine, name, ["inspect", "--type", "container", name]).await;
    match asked {
        Ok(finished) => read(name, &finished.stdout).map(Some),
        Err(ContainerError::Engine { message, .. }) if message.contains("No such container") => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// Tells the engine something; anything but success is an error in its words.
pub(super) async fn told<'a>(
    engine: &Engine,
    name: &str,
    args: impl IntoIterator<Item = &'a str>,
) -> Result<Finished, ContainerError> {
    let finished = engine.docker(args).run().await;
    let finished =
        finished.map_err(|source| ContainerError::Command { name: name.to_owned(), source: Box::new(source) })?;
    if finished.is_ok() {
        return Ok(finished);
    }
    let message = finished.tail().trim().trim_start_matches("Error response from daemon: ").to_owned();
    Err(ContainerError::Engine { name: name.to_owned(), message })
}

fn read(name: &str, text: &str) -> Result<Container, ContainerError> {
    let unreadable = |message: String| ContainerError::Unreadable { name: name.to_owned(), message };
    let all: Value = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let one = &all[0];
    let started = one["State"]["StartedAt"].as_str().unwrap_or_default();
    let labels = one["Config"]["Labels"].as_object().into_iter().flatten();
    Ok(Container {
        id: one["Id"].as_str().unwrap_or_default().to_owned(),
        name: one["Name"].as_str().unwrap_or_default().trim_start_matches('/').to_owned(),
        host_ports: host_ports(&one["NetworkSettings"]["Ports"]),
        started_at: started
            .parse::<Timestamp>()
            .map_err(|error| unreadable(format!("StartedAt {started}: {error}")))?,
        is_running: one["State"]["Running"] == true,
        labels: labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
        networks: networks(&one["NetworkSettings"]["Networks"]),
    })
}

fn networks(all: &Value) -> BTreeMap<String, String> {
    let address = |(name, network): (&String, &Value)| {
        let address = network["IPAddress"].as_str().filter(|address| !address.is_empty())?;
        Some((name.clone(), address.to_owned()))
    };
    all.as_object().into_iter().flatten().filter_map(address).collect()
}

fn host_ports(ports: &Value) -> BTreeMap<u16, u16> {
    let port = |(inside, bindings): (&String, &Value)| {
        let inside = inside.strip_suffix("/tcp")?.parse().ok()?;
        Some((inside, bindings.get(0)?["HostPort"].as_str()?.parse().ok()?))
    };
    ports.as_object().into_iter().flatten().filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSPECTED: &str = r#"[{ "Id": "abc", "Name": "/pallet-dev-registry",
        "State": { "Running": true, "StartedAt": "2026-11-21T10:00:00.123456789Z" },
        "Config": { "Labels": { "seatrial.dev/up": "pallet-dev" } },
        "NetworkSettings": { "Ports": { "5000/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "5000" }], "80/tcp": null },
            "Networks": { "kind": { "IPAddress": "172.18.0.3" }, "left": { "IPAddress": "" } } } }]"#;

    #[test]
    fn an_answer_is_read() {
        let container = read("x", INSPECTED).expect("readable");
        assert_eq!((container.name.as_str(), container.is_running), ("pallet-dev-registry", true));
        assert_eq!(container.host_ports, BTreeMap::from([(5000, 5000)]));
        assert_eq!(container.started_at.subsec_nanosecond(), 123_456_789);
        assert_eq!(container.labels["seatrial.dev/up"], "pallet-dev");
        assert_eq!(container.networks, BTreeMap::from([("kind".to_owned(), "172.18.0.3".to_owned())]));
    }

    #[test]
    fn garbage_is_named() {
        let error = read("x", "[]").expect_err("no container");
        assert!(error.to_string().starts_with("container x: the engine's answer can't be read"), "{error}");
    }
}
