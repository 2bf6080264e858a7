//! The container engine as clusters see it: nodes, their volumes and ports, images. By its own client, since kind
//! uses that too and so both always mean the same engine.

use super::ClusterError;
use crate::command::{Cmd, CommandError, Finished};
use crate::tools::{self, ToolError, Tools};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The label by which kind marks a node with its cluster.
const KIND_LABEL: &str = "io.x-k8s.kind.cluster";

/// How long the engine may take for a question.
const PATIENCE: Duration = Duration::from_mins(1);

/// The programs that speak with the engine; written into leases, so that a guard finds the same ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Engine {
    docker: String,
    kind: String,
    /// Which engine they speak with, where the user named one.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// The variables that name an engine.
const VARIABLES: [&str; 3] = ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"];

/// A node container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// The container's name.
    pub(crate) name: String,
    /// The cluster it belongs to.
    pub(crate) cluster: String,
}

impl Engine {
    /// The programs that were found on this host.
    pub(crate) fn of(tools: &Tools) -> Self {
        Self { variables: variables(), ..Self::new(tools.docker.as_str(), tools.kind.as_str()) }
    }

    /// The engine's client alone: all that plain containers need.
    pub(crate) fn alone() -> Result<Self, ToolError> {
        let docker = tools::docker()?;
        Ok(Self { variables: variables(), ..Self::new(docker.as_str(), "kind") })
    }

    /// Programs by name or path.
    pub(crate) fn new(docker: &str, kind: &str) -> Self {
        Self { docker: docker.to_owned(), kind: kind.to_owned(), variables: BTreeMap::new() }
    }

    /// A command of the engine's client.
    pub(crate) fn docker<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Cmd {
        self.with_variables(Cmd::new(&self.docker).args(args)).timeout(PATIENCE)
    }

    /// The engine's client, for a command line of a shell.
    pub(crate) fn docker_program(&self) -> &str {
        &self.docker
    }

    /// A command of kind.
    pub(crate) fn kind<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Cmd {
        self.with_variables(Cmd::new(&self.kind).args(args))
    }

    /// What kind says of itself: `kind v0.33.0 go1.25.3 linux/amd64`.
    pub(crate) async fn kind_version(&self) -> Result<String, ClusterError> {
        let asked = self.kind(["version"]).timeout(PATIENCE).run_ok().await;
        Ok(asked.map_err(ClusterError::command("asking kind for its version"))?.text().to_owned())
    }

    /// A command that speaks with this engine, whatever the environment of this process says.
    pub(crate) fn with_variables(&self, command: Cmd) -> Cmd {
        VARIABLES.iter().fold(command, |command, name| match self.variables.get(*name) {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        })
    }

    /// Whether it answers at all.
    pub(crate) async fn check(&self) -> Result<(), ClusterError> {
        ask(self.docker(["version", "--format", "{{.Server.Version}}"])).await.map(drop)
    }

    /// The nodes of all kind clusters, also stopped ones.
    pub(crate) async fn nodes(&self) -> Result<Vec<Node>, ClusterError> {
        let filter = format!("label={KIND_LABEL}");
        let format = format!("{{{{.Names}}}}\t{{{{.Label \"{KIND_LABEL}\"}}}}");
        let listed = self.docker(["ps", "--all", "--no-trunc", "--filter", &filter, "--format", &format]);
        Ok(parse_nodes(&ask(listed).await?.stdout))
    }

    /// The node containers of a cluster.
    pub(crate) async fn nodes_of(&self, cluster: &str) -> Result<Vec<String>, ClusterError> {
        let nodes = self.nodes().await?;
        Ok(nodes.into_iter().filter(|node| node.cluster == cluster).map(|node| node.name).collect())
    }

    /// The volumes of a container; none where there is no such container.
    pub(crate) async fn volumes_of(&self, container: &str) -> Vec<String> {
        let format = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}}\n{{end}}{{end}}";
        let asked = self.docker(["inspect", "--type", "container", "--format", format, container]).run_ok().await;
        asked.map(|seen| seen.stdout.split_whitespace().map(ToOwned::to_owned).collect()).unwrap_or_default()
    }

    /// The ports of a container as `docker port` prints them.
    pub(crate) async fn ports_of(&self, container: &str) -> Result<String, ClusterError> {
        Ok(ask(self.docker(["port", container])).await?.stdout)
    }

    /// The id of an image of the engine; `None` if it has no such image.
    pub(crate) async fn image_id(&self, image: &str) -> Result<Option<String>, ClusterError> {
        let seen = self.docker(["image", "inspect", "--format", "{{.Id}}", image]).run().await;
        let seen = seen.map_err(ClusterError::command("asking for an image"))?;
        match seen.is_ok() {
            true => Ok(Some(seen.text().to_owned())),
            false if seen.stderr.contains("No such image") => Ok(None),
            false => Err(ClusterError::Engine { message: seen.tail().to_owned() }),
        }
    }

    /// The cgroup version of the nodes, `1` or `2`.
    pub(crate) async fn cgroup_version(&self) -> Result<String, ClusterError> {
        Ok(ask(self.docker(["info", "--format", "{{.CgroupVersion}}"])).await?.text().to_owned())
    }

    /// What holds a port of the host, if it is a container.
    pub(crate) async fn publisher_of(&self, port: &str) -> Option<String> {
        let filter = format!("publish={port}");
        let asked = self.docker(["ps", "--filter", &filter, "--format", "container {{.Names}}"]).run_ok().await.ok()?;
        asked.text().lines().next().map(ToOwned::to_owned)
    }
}

fn variables() -> BTreeMap<String, String> {
    VARIABLES.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
}

/// Asks the engine; anything but an answer means that it does not work.
async fn ask(command: Cmd) -> Result<Finished, ClusterError> {
    command.run_ok().await.map_err(|error| match error {
        CommandError::Exit { stderr, .. } => ClusterError::Engine { message: stderr.trim().to_owned() },
        source => ClusterError::Engine { message: source.to_string() },
    })
}

fn parse_nodes(text: &str) -> Vec<Node> {
    let node = |line: &str| {
        let (name, cluster) = line.split_once('\t')?;
        Some(Node { name: name.to_owned(), cluster: cluster.trim().to_owned() })
    };
    text.lines().filter_map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_read_with_their_cluster() {
        let nodes = parse_nodes("st-a-1-control-plane\tst-a-1\nother-worker\tother\n\nno label here\n");
        let pairs: Vec<_> = nodes.iter().map(|node| (node.name.as_str(), node.cluster.as_str())).collect();
        assert_eq!(pairs, [("st-a-1-control-plane", "st-a-1"), ("other-worker", "other")]);
    }
}
