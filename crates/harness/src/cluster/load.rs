//! Puts images of the engine on the nodes: only those that a node lacks, as one stream from the engine into
//! containerd (`kind load` saves all layers each time, into a file first).

use super::engine::Engine;
use super::{Cluster, ClusterError, ProviderKind};
use crate::command::Cmd;
use crate::tools::Tools;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The label of a node's image that tells which image of the engine it is.
const ID_LABEL: &str = "seatrial.dev/engine-id";

/// How long loading may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// Saves images and imports them; `$1` is the engine's client, `$2` the node, the rest are images. What the engine
/// can't save ends the stream early, and the import fails. Unpacked layers are not kept twice.
const PIPE: &str = r#"docker=$1 node=$2; shift 2
"$docker" save "$@" | "$docker" exec -i "$node" ctr -n k8s.io images import --local --discard-unpacked-layers -"#;

/// What loading did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadReport {
    /// The images that were put on a node.
    pub loaded: Vec<String>,
    /// The images that all nodes had.
    pub present: Vec<String>,
    /// The images that the engine does not have: they are for the nodes to pull.
    pub absent: Vec<String>,
    /// Seconds it took.
    pub seconds: f64,
}

/// Puts those of these images on the nodes that a node lacks. An image that the engine does not have is reported,
/// not an error: the node may be able to pull it.
pub async fn load_images(cluster: &Cluster, images: &[String], tools: &Tools) -> Result<LoadReport, ClusterError> {
    if cluster.provider == ProviderKind::Existing {
        return Ok(LoadReport { absent: images.to_vec(), ..LoadReport::default() });
    }
    load(&Engine::of(tools), &cluster.name, &cluster.nodes, images).await
}

/// Whether the engine answers.
pub(crate) async fn check_engine(tools: &Tools) -> Result<(), ClusterError> {
    Engine::of(tools).check().await
}

/// The same, where there is no [`Cluster`] yet.
pub(super) async fn load(
    engine: &Engine,
    cluster: &str,
    nodes: &[String],
    images: &[String],
) -> Result<LoadReport, ClusterError> {
    let started = Instant::now();
    let (wanted, absent) = ids(engine, images).await?;
    let loaded = try_join_all(nodes.iter().map(|node| load_node(engine, cluster, node, &wanted))).await?;
    let mut loaded: Vec<_> = loaded.into_iter().flatten().collect();
    loaded.sort();
    loaded.dedup();
    let present = wanted.into_keys().filter(|image| !loaded.contains(image)).collect();
    Ok(LoadReport { loaded, present, absent, seconds: started.elapsed().as_secs_f64() })
}

/// The engine's ids of the images, and the images it does not have.
async fn ids(engine: &Engine, images: &[String]) -> Result<(BTreeMap<String, String>, Vec<String>), ClusterError> {
    let asked = try_join_all(images.iter().map(|image| engine.image_id(image))).await?;
    let (mut wanted, mut absent) = (BTreeMap::new(), Vec::new());
    for (image, id) in images.iter().zip(asked) {
        match id {
            Some(id) => drop(wanted.insert(image.clone(), id)),
            None => absent.push(image.clone()),
        }
    }
    Ok((wanted, absent))
}

async fn load_node(
    engine: &Engine,
    cluster: &str,
    node: &str,
    wanted: &BTreeMap<String, String>,
) -> Result<Vec<String>, ClusterError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let store = store_of(engine, node).await?;
    let missing: Vec<_> = wanted.iter().filter(|(image, id)| !store.has(image, id)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    import(engine, cluster, node, &missing).await?;
    label(engine, cluster, node, &missing).await?;
    Ok(missing.into_iter().map(|(image, _)| image.clone()).collect())
}

async fn store_of(engine: &Engine, node: &str) -> Result<Store, ClusterError> {
    let listed = engine.docker(["exec", node, "ctr", "-n", "k8s.io", "images", "ls"]).run_ok().await;
    Ok(Store::parse(&listed.map_err(ClusterError::command(format!("listing the images of {node}")))?.stdout))
}

async fn import(
    engine: &Engine,
    cluster: &str,
    node: &str,
    missing: &[(&String, &String)],
) -> Result<(), ClusterError> {
    let images = missing.iter().map(|(image, _)| image.as_str());
    let pipe = engine
        .with_variables(Cmd::new("sh"))
        .args(["-c", PIPE, "load", engine.docker_program(), node])
        .args(images)
        .env(super::CHILD_MARK, cluster)
        .timeout(PATIENCE);
    pipe.run_ok().await.map(drop).map_err(ClusterError::command(format!("loading images into {node}")))
}

/// Labels what was imported; fails for an image that is not there after all.
async fn label(engine: &Engine, cluster: &str, node: &str, missing: &[(&String, &String)]) -> Result<(), ClusterError> {
    for (image, id) in missing {
        let (name, label) = (node_name(image), format!("{ID_LABEL}={id}"));
        let labelled = engine.docker(["exec", node, "ctr", "-n", "k8s.io", "images", "label", &name, &label]).run_ok();
        labelled.await.map_err(|error| ClusterError::Load {
            cluster: cluster.to_owned(),
            image: (*image).clone(),
            message: error.to_string(),
        })?;
    }
    Ok(())
}

/// The images of a node: name → digest and labels.
#[derive(Debug, Default)]
struct Store(BTreeMap<String, (String, String)>);

impl Store {
    /// Reads the table that `ctr images ls` prints.
    fn parse(table: &str) -> Self {
        let row = |line: &str| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let digest = fields.get(2)?;
            Some((fields.first()?.to_string(), ((*digest).to_owned(), fields.last()?.to_string())))
        };
        Self(table.lines().skip(1).filter_map(row).collect())
    }

    /// Whether the node's image of this name is the engine's image of this id: our label says so, or containerd
    /// itself, which lists each image by the digest of its configuration as well, and that is the engine's id.
    fn has(&self, image: &str, id: &str) -> bool {
        let Some((digest, labels)) = self.0.get(&node_name(image)) else { return false };
        let is_labelled = labels.split(',').any(|label| label == format!("{ID_LABEL}={id}"));
        is_labelled || digest == id || self.0.get(id).is_some_and(|(by_id, _)| by_id == digest)
    }
}

/// The name that a node gives an image: with registry and tag.
fn node_name(image: &str) -> String {
    let has_host = image.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost");
    let path = match (has_host, image.contains('/')) {
        (true, _) => image.to_owned(),
        (false, true) => format!("docker.io/{image}"),
        (false, false) => format!("docker.io/library/{image}"),
    };
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) { path } else { format!("{path}:latest") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
REF TYPE DIGEST SIZE PLATFORMS LABELS
docker.io/library/registry:2 application/vnd.docker.distribution.manifest.v2+json sha256:m1 9.1 MiB linux/amd64 io.cri-containerd.image=managed
seatrial.local/prober:abc application/vnd.docker.distribution.manifest.v2+json sha256:m2 3.0 MiB linux/amd64 io.cri-containerd.image=managed,seatrial.dev/engine-id=sha256:c2
sha256:c1 application/vnd.docker.distribution.manifest.v2+json sha256:m1 9.1 MiB linux/amd64 io.cri-containerd.image=managed
";

    #[test]
    fn only_what_is_missing_or_another_is_loaded() {
        let store = Store::parse(TABLE);
        assert!(store.has("registry:2", "sha256:c1"), "known by containerd's own id");
        assert!(store.has("seatrial.local/prober:abc", "sha256:c2"), "known by our label");
        assert!(!store.has("registry:2", "sha256:c9"), "the same name, another image");
        assert!(!store.has("registry:3", "sha256:c1"), "the same image, another name");
    }

    #[test]
    fn names_are_those_of_the_node() {
        assert_eq!(node_name("registry"), "docker.io/library/registry:latest");
        assert_eq!(node_name("registry:2.8"), "docker.io/library/registry:2.8");
        assert_eq!(node_name("seatrial/prober:abc"), "docker.io/seatrial/prober:abc");
        assert_eq!(node_name("localhost:5000/x"), "localhost:5000/x:latest");
        assert_eq!(node_name("seatrial.local/x:1"), "seatrial.local/x:1");
        assert_eq!(node_name("ghcr.io/x/y@sha256:abc"), "ghcr.io/x/y@sha256:abc");
    }
}
