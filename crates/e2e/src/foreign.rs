//! Somebody else's things on the same engine: a cluster made by plain kind as a user would, a namespace in it, and
//! containers with names that look almost like ours. They go with the value.

use crate::kill::until;
use crate::program::tool;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::tools::{Tools, node_image};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What every host takes: old cgroups, and no iptables.
const CONFIG: &str = "\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking: { kubeProxyMode: nftables }
kubeadmConfigPatches:
- |
  kind: KubeletConfiguration
  failCgroupV1: false
";

/// A cluster made by hand, as a user would make it.
#[derive(Debug)]
pub struct Cluster {
    /// Its name; of this process alone, so that suites of two checkouts do not meet.
    pub name: String,
    kind: String,
    dir: tempfile::TempDir,
}

#[expect(clippy::expect_used, reason = "a test without its cluster has failed")]
impl Cluster {
    /// Makes it; its API answers afterwards, its node may need a moment.
    ///
    /// # Panics
    /// When kind can't.
    pub fn new() -> Self {
        let kind = Tools::find().expect("kind").kind.to_string();
        let name = format!("foreign-e2e-{}", std::process::id());
        let cluster = Self { name, kind, dir: tempfile::tempdir().expect("a folder") };
        let (kubeconfig, config) = (cluster.kubeconfig(), cluster.path().join("kind.yaml"));
        std::fs::write(&config, CONFIG).expect("kind's configuration");
        let create = ["create", "cluster", "--name", &cluster.name, "--kubeconfig", kubeconfig.as_str()];
        let node = node_image();
        let image = node.as_deref().map_or_else(Vec::new, |image| vec!["--image", image]);
        tool(&cluster.kind, &[&create[..], &["--config", config.as_str()], &image].concat());
        cluster
    }

    /// Puts an image of the engine on it.
    ///
    /// # Panics
    /// When kind can't.
    pub fn load(&self, image: &str) {
        tool(&self.kind, &["load", "docker-image", "--name", &self.name, image]);
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8")
    }

    /// Its kubeconfig, in a folder of its own.
    pub fn kubeconfig(&self) -> Utf8PathBuf {
        self.path().join("config")
    }

    /// Its context in there.
    pub fn context(&self) -> String {
        format!("kind-{}", self.name)
    }

    /// What kubectl says, called in the node.
    ///
    /// # Panics
    /// When it fails.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let node = format!("{}-control-plane", self.name);
        let kubectl = ["exec", &node, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"];
        tool("docker", &[&kubectl[..], args].concat())
    }

    /// Applies a manifest, as its owner would.
    ///
    /// # Panics
    /// When kubectl refuses it.
    pub fn apply(&self, manifest: &str) {
        let node = format!("{}-control-plane", self.name);
        let script = "printf %s \"$1\" | kubectl --kubeconfig /etc/kubernetes/admin.conf apply --filename -";
        tool("docker", &["exec", &node, "sh", "-c", script, "sh", manifest]);
    }

    /// Its objects when it has made all that it makes by itself: controllers, accounts, its own pods.
    pub fn settled(&self) -> BTreeSet<String> {
        let mut seen = (self.objects(), Instant::now());
        until("a cluster that makes nothing any more", Duration::from_mins(3), || {
            let now = self.objects();
            if now != seen.0 {
                seen = (now, Instant::now());
            }
            seen.1.elapsed() > Duration::from_secs(8)
        });
        seen.0
    }

    /// The names of all objects that somebody made; what the cluster makes by itself (events, leases) is left out.
    pub fn objects(&self) -> BTreeSet<String> {
        let kinds = "ns,deploy,sts,ds,svc,cm,secret,sa,pvc,pv,role,rolebinding,clusterrole,clusterrolebinding,crd,pod";
        let columns = "custom-columns=K:.kind,NS:.metadata.namespace,N:.metadata.name";
        let output = self.kubectl(&["get", kinds, "--all-namespaces", "--no-headers", "--output", columns]);
        output.lines().map(ToOwned::to_owned).collect()
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        tool(&self.kind, &["delete", "cluster", "--name", &self.name, "--kubeconfig", self.kubeconfig().as_str()]);
    }
}

/// All that must still stand after a reaping.
#[derive(Debug)]
pub struct Foreign {
    /// The cluster.
    pub cluster: Cluster,
    containers: [String; 2],
    before: String,
}

/// A namespace that looks as if it were one of a run of ours, and is not.
const NAMESPACE: &str = "st-theirs";

#[expect(clippy::expect_used, reason = "a test without its neighbours has failed")]
impl Foreign {
    /// Makes a cluster with a namespace, and two containers.
    ///
    /// # Panics
    /// When one of them can't be made.
    pub fn new() -> Self {
        let cluster = Cluster::new();
        cluster.kubectl(&["create", "namespace", NAMESPACE]);
        cluster.kubectl(&["label", "namespace", NAMESPACE, "app.kubernetes.io/managed-by=seatrial"]);
        let image = tool("docker", &["images", "--quiet"]).lines().next().expect("any image").to_owned();
        let containers = [format!("{}-other-control-plane", cluster.name), format!("st-{}", cluster.name)];
        for name in &containers {
            tool("docker", &["create", "--name", name, "--label", "io.x-k8s.kind.cluster=st-foreign", &image, "true"]);
        }
        let mut foreign = Self { cluster, containers, before: String::new() };
        foreign.before = foreign.seen();
        foreign
    }

    /// Each with the identity that a new one of the same name would not have.
    fn seen(&self) -> String {
        let node = format!("{}-control-plane", self.cluster.name);
        let [one, other] = &self.containers;
        let ids = tool("docker", &["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", &node, one, other]);
        let uids = "jsonpath={.metadata.name} {.metadata.uid} {.status.phase}";
        ids + &self.cluster.kubectl(&["get", "namespace", NAMESPACE, "--output", uids])
    }

    /// # Panics
    /// When one of them was touched.
    #[track_caller]
    pub fn still_stands(&self) {
        assert_eq!(self.seen(), self.before);
    }
}

impl Default for Foreign {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let [one, other] = &self.containers;
        tool("docker", &["rm", "--force", one, other]);
    }
}
