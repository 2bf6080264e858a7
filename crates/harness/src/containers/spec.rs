//! What to run.

use crate::cache::KeyOf;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// What to run. Data only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerSpec {
    /// Its name, the same for every process that wants it.
    pub name: String,
    /// The image, `name:tag`.
    pub image: String,
    /// Variables of its environment.
    pub env: Vec<(String, String)>,
    /// What follows the image's entrypoint; empty: the image's own.
    pub args: Vec<String>,
    /// Container port → host port on 127.0.0.1 (`None`: the engine chooses).
    pub ports: Vec<(u16, Option<u16>)>,
    /// Host path → container path.
    pub mounts: Vec<(Utf8PathBuf, String)>,
    /// Labels, by which it is found and removed.
    pub labels: Vec<(String, String)>,
    /// Who runs it, `uid` or `uid:gid`; `None`: the image's own.
    pub user: Option<String>,
    /// The most memory it may use, in bytes.
    pub memory: Option<u64>,
    /// The network it joins, made where there is none; `None`: the engine's default.
    pub network: Option<String>,
}

impl ContainerSpec {
    /// The hash of what runs. Labels only say who it belongs to.
    pub(super) fn digest(&self) -> String {
        let runs = Self { labels: Vec::new(), ..self.clone() };
        KeyOf::new().part(serde_json::to_string(&runs).unwrap_or_default()).key().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::ContainerSpec;

    #[test]
    fn another_image_is_another_container_and_another_label_is_not() {
        let spec = ContainerSpec { image: "registry:2.8.2".into(), ..ContainerSpec::default() };
        let relabelled = ContainerSpec { labels: vec![("a".into(), "b".into())], ..spec.clone() };
        let newer = ContainerSpec { image: "registry:2.8.3".into(), ..spec.clone() };
        assert_eq!(spec.digest(), relabelled.digest());
        assert_ne!(spec.digest(), newer.digest());
    }
}
