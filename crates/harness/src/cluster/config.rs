//! What kind is told: one node, its ports, and the settings that make it fast.

use super::ClusterError;
use super::provider::Request;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

/// Where the node finds the patches for kubeadm.
const PATCHES_IN_NODE: &str = "/seatrial/patches";

/// Where the node keeps the data of local volumes.
const STORAGE_IN_NODE: &str = "/var/local-path-provisioner";

/// `CoreDNS` starts with one replica that is asked every second, not every ten: it answers seconds earlier.
const COREDNS: &str = "\
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: coredns
        readinessProbe: { periodSeconds: 1 }
";

/// Nobody else leads on one node: waiting for a lease is waiting for nobody. At 20 requests a second, its default, the
/// controller manager spends four seconds on making the accounts of its controllers before the first one works.
/// `enable-hostpath-provisioner` is kind's own, which a patched list would lose. etcd need not survive a power cut. Ten
/// RSA keys take more than a second to make, elliptic ones none.
const CONTROL_PLANE: &str = "\
kind: ClusterConfiguration
encryptionAlgorithm: ECDSA-P256
etcd:
  local:
    extraArgs:
    - { name: unsafe-no-fsync, value: \"true\" }
    - { name: heartbeat-interval, value: \"50\" }
    - { name: election-timeout, value: \"250\" }
controllerManager:
  extraArgs:
  - { name: leader-elect, value: \"false\" }
  - { name: kube-api-qps, value: \"500\" }
  - { name: kube-api-burst, value: \"1000\" }
  - { name: enable-hostpath-provisioner, value: \"true\" }
scheduler:
  extraArgs:
  - { name: leader-elect, value: \"false\" }
";

/// The default holds a changed Service back for up to a second; 0 would be defaulted back to that second.
const KUBE_PROXY: &str = "\
kind: KubeProxyConfiguration
nftables:
  minSyncPeriod: 10ms
";

/// What differs between hosts and versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether the nodes live in cgroups of version 1.
    pub(super) is_cgroup_v1: bool,
    /// The minor version of Kubernetes in the node image, where its tag says it.
    pub(super) kubernetes_minor: Option<u32>,
}

/// Writes kind's configuration and what it refers to; gives its path.
pub(super) fn write(request: &Request, facts: Facts) -> Result<Utf8PathBuf, ClusterError> {
    let patches = request.dir.join("kubeadm-patches");
    put(&patches.join("corednsdeployment+strategic.yaml"), COREDNS)?;
    let path = request.dir.join("kind.yaml");
    put(&path, &kind_config(request, facts, &patches))?;
    Ok(path)
}

/// Everything that makes a cluster what it is, and nothing that differs between two of the same kind: neither name nor
/// folder.
pub(super) fn shape(request: &Request, facts: Facts) -> String {
    let nameless = Request { name: String::new(), dir: Utf8PathBuf::new(), ..request.clone() };
    kind_config(&nameless, facts, Utf8Path::new("")) + COREDNS
}

fn put(path: &Utf8Path, text: &str) -> Result<(), ClusterError> {
    state::write_private(path, text.as_bytes()).map_err(ClusterError::state(path))
}

/// kind's configuration as YAML (every JSON text is one).
fn kind_config(request: &Request, facts: Facts, patches: &Utf8Path) -> String {
    let config = json!({
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": request.name,
        "networking": {
            "kubeProxyMode": "nftables",
            "apiServerAddress": "127.0.0.1",
            "apiServerPort": api_server_port(request),
        },
        "nodes": [{
            "role": "control-plane",
            "extraPortMappings": request.ports.iter().copied().map(port_mapping).collect::<Vec<_>>(),
            "extraMounts": mounts(request, patches),
        }],
        "kubeadmConfigPatches": [CONTROL_PLANE, KUBE_PROXY, init(), kubelet(facts)],
    });
    serde_yaml::to_string(&config).unwrap_or_else(|_| config.to_string())
}

/// The engine chooses every port that nobody asked for: one that is chosen first and bound later may be gone by
/// then. A cluster that is to outlive a restart of its node keeps the port that kind chose: the engine would choose
/// another one each time.
fn api_server_port(request: &Request) -> i32 {
    let is_lasting = request.ports.iter().any(|(_, host)| host.is_some());
    if is_lasting { 0 } else { -1 }
}

fn port_mapping((inside, host): (u16, Option<u16>)) -> Value {
    json!({
        "containerPort": inside,
        "hostPort": host.map_or(-1, i32::from),
        "listenAddress": "127.0.0.1",
        "protocol": "TCP",
    })
}

fn mounts(request: &Request, patches: &Utf8Path) -> Vec<Value> {
    let storage = request.storage.iter().map(|dir| json!({ "hostPath": dir, "containerPath": STORAGE_IN_NODE }));
    let patches = json!({ "hostPath": patches, "containerPath": PATCHES_IN_NODE, "readOnly": true });
    std::iter::once(patches).chain(storage).collect()
}

fn init() -> String {
    format!("kind: InitConfiguration\npatches:\n  directory: {PATCHES_IN_NODE}\n")
}

fn kubelet(facts: Facts) -> String {
    let mut text = "kind: KubeletConfiguration\nserializeImagePulls: false\n".to_owned();
    if facts.is_cgroup_v1 {
        text.push_str("failCgroupV1: false\n");
    }
    // On by default from 1.37 on, unknown before 1.36.
    if facts.kubernetes_minor == Some(36) {
        text.push_str("featureGates:\n  PLEGOnDemandRelist: true\n");
    }
    text
}

/// The minor version of Kubernetes that an image's tag names (`…:v1.36.3-abc` → 36).
pub(super) fn kubernetes_minor(image: &str) -> Option<u32> {
    let tag = image.split('@').next()?.rsplit_once(':')?.1;
    let version = tag.strip_prefix('v')?.strip_prefix("1.")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::engine::Engine;

    const OURS: Facts = Facts { is_cgroup_v1: true, kubernetes_minor: Some(36) };

    fn request() -> Request {
        Request {
            name: "st-abcd1234-top2v4".into(),
            dir: "/run-dir".into(),
            context: None,
            ports: vec![(30500, None)],
            storage: None,
            node_image: None,
            prober: "seatrial.local/prober:abc".into(),
            engine: Engine::new("docker", "kind"),
        }
    }

    fn config(request: &Request, facts: Facts) -> Value {
        let text = kind_config(request, facts, Utf8Path::new("/run-dir/kubeadm-patches"));
        serde_yaml::from_str(&text).expect("it is YAML")
    }

    /// The patch of one kind, parsed.
    fn patch(config: &Value, kind: &str) -> Value {
        let patches = config["kubeadmConfigPatches"].as_array().expect("patches");
        let parsed = patches.iter().map(|patch| serde_yaml::from_str(patch.as_str().expect("text")).expect("YAML"));
        parsed.into_iter().find(|patch: &Value| patch["kind"] == kind).expect("there is one")
    }

    #[test]
    fn the_engine_chooses_the_ports_of_a_shared_cluster() {
        let config = config(&request(), OURS);
        let port = json!({ "containerPort": 30500, "hostPort": -1, "listenAddress": "127.0.0.1", "protocol": "TCP" });
        assert_eq!(config["nodes"][0]["extraPortMappings"], json!([port]));
        assert_eq!(config["networking"]["apiServerPort"], -1);
        assert_eq!(config["networking"]["apiServerAddress"], "127.0.0.1");
    }

    #[test]
    fn a_published_port_is_the_one_asked_for() {
        let request = Request { ports: vec![(30500, Some(5000))], storage: Some("/data".into()), ..request() };
        let config = config(&request, OURS);
        assert_eq!(config["nodes"][0]["extraPortMappings"][0]["hostPort"], 5000);
        assert_eq!(config["networking"]["apiServerPort"], 0);
        assert_eq!(config["nodes"][0]["extraMounts"][1]["hostPath"], "/data");
    }

    #[test]
    fn two_clusters_of_the_same_kind_have_the_same_shape() {
        let shape = |request: &Request| shape(request, OURS);
        let other = Request { name: "st-other000-top2v5".into(), dir: "/other".into(), ..request() };
        assert_eq!(shape(&request()), shape(&other));
        assert_ne!(shape(&request()), shape(&Request { ports: vec![(30501, None)], ..request() }));
        assert_ne!(shape(&request()), shape(&Request { storage: Some("/data".into()), ..request() }));
    }

    #[test]
    fn the_fast_settings_are_there() {
        let config = config(&request(), OURS);
        assert_eq!(config["networking"]["kubeProxyMode"], "nftables");
        assert_eq!(patch(&config, "KubeProxyConfiguration")["nftables"]["minSyncPeriod"], "10ms");
        assert_eq!(patch(&config, "InitConfiguration")["patches"]["directory"], PATCHES_IN_NODE);
        let control_plane = patch(&config, "ClusterConfiguration");
        assert_eq!(control_plane["scheduler"]["extraArgs"][0], json!({ "name": "leader-elect", "value": "false" }));
        assert_eq!(control_plane["encryptionAlgorithm"], "ECDSA-P256");
        assert_eq!(control_plane["etcd"]["local"]["extraArgs"][0]["name"], "unsafe-no-fsync");
        let coredns: Value = serde_yaml::from_str(COREDNS).expect("YAML");
        assert_eq!(coredns["spec"]["replicas"], 1);
    }

    #[test]
    fn the_kubelet_is_told_what_its_host_and_version_need() {
        let kubelet = |facts| patch(&config(&request(), facts), "KubeletConfiguration");
        let ours = kubelet(OURS);
        assert_eq!((&ours["failCgroupV1"], &ours["featureGates"]["PLEGOnDemandRelist"]), (&json!(false), &json!(true)));
        let other = kubelet(Facts { is_cgroup_v1: false, kubernetes_minor: Some(37) });
        assert!(other.get("failCgroupV1").is_none() && other.get("featureGates").is_none(), "{other}");
    }

    #[test]
    fn the_version_is_read_off_the_tag() {
        assert_eq!(kubernetes_minor("seatrial.local/node:v1.36.3-0a1b"), Some(36));
        assert_eq!(kubernetes_minor("kindest/node:v1.37.0@sha256:abc"), Some(37));
        assert_eq!(kubernetes_minor("localhost:5000/node"), None);
        assert_eq!(kubernetes_minor("node:latest"), None);
    }
}
