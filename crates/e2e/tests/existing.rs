//! A cluster that is not ours: the same contract gives the same verdicts, what needs a capability of ours is skipped,
//! and afterwards the cluster's objects are what they were.

use camino::{Utf8Path, Utf8PathBuf};
use e2e::Program;
use e2e::charts::Copy;
use e2e::kill::until;
use e2e::program::tool;
use e2e::report::{document, verdicts};
use e2e::skips::{Host, compare};
use seatrial_harness::tools::{Tools, node_image, prober_image, registry_image};
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

/// A cluster made by hand, as a user would make it; gone with the value.
struct Foreign {
    /// Its own, so that suites of two checkouts do not meet.
    name: String,
    kind: String,
    dir: tempfile::TempDir,
}

impl Foreign {
    fn new() -> Self {
        let kind = Tools::find().expect("kind").kind.to_string();
        let name = format!("foreign-e2e-{}", std::process::id());
        let foreign = Self { name, kind, dir: tempfile::tempdir().expect("a folder") };
        let name = &foreign.name;
        let (kubeconfig, config) = (foreign.kubeconfig(), foreign.path().join("kind.yaml"));
        std::fs::write(&config, CONFIG).expect("kind's configuration");
        let create = ["create", "cluster", "--name", name, "--kubeconfig", kubeconfig.as_str(), "--wait", "120s"];
        let node = node_image();
        let image = node.as_deref().map_or_else(Vec::new, |image| vec!["--image", image]);
        tool(&foreign.kind, &[&create[..], &["--config", config.as_str()], &image].concat());
        for image in [prober_image().expect("the prober"), registry_image().to_owned()] {
            tool(&foreign.kind, &["load", "docker-image", "--name", name, &image]);
        }
        foreign
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8")
    }

    fn kubeconfig(&self) -> Utf8PathBuf {
        self.path().join("config")
    }

    /// Its objects when it has made all that it makes by itself: controllers, accounts, its own pods.
    fn settled(&self) -> BTreeSet<String> {
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
    fn objects(&self) -> BTreeSet<String> {
        let kinds = "ns,deploy,sts,ds,svc,cm,secret,sa,pvc,pv,role,rolebinding,clusterrole,clusterrolebinding,crd,pod";
        let node = format!("{}-control-plane", self.name);
        let get = ["exec", &node, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "get", kinds];
        let columns = "custom-columns=K:.kind,NS:.metadata.namespace,N:.metadata.name";
        let output = tool("docker", &[&get[..], &["--all-namespaces", "--no-headers", "--output", columns]].concat());
        output.lines().map(ToOwned::to_owned).collect()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        tool(&self.kind, &["delete", "cluster", "--name", &self.name, "--kubeconfig", self.kubeconfig().as_str()]);
    }
}

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).alone(&format!("foreign-{}", std::process::id()))
}

#[test]
fn an_existing_cluster_gives_the_same_verdicts() {
    let foreign = Foreign::new();
    let before = foreign.settled();
    let chart = Copy::of("pallet-registry");
    let program = program().env("KUBECONFIG", foreign.kubeconfig());
    let context = format!("kind-{}", foreign.name);
    let path = chart.path();
    let args = ["verify", path.as_str(), "-e", "dev", "--provider", "existing", "--context", &context];
    let finished = program.call(&[&args[..], &["--format", "json"]].concat());
    let verdicts = verdicts(&document(&finished));
    let not_passed: Vec<_> =
        verdicts.iter().filter(|line| line.verdict != "pass" && line.verdict != "skipped").collect();
    assert!(not_passed.is_empty(), "{not_passed:#?}");
    let skipped: BTreeSet<String> =
        verdicts.iter().filter(|line| line.verdict == "skipped").map(|line| line.id.clone()).collect();
    let listed = Host::Existing.listed().into_iter().filter(|id| id.contains("::dev::")).collect();
    compare(Host::Existing, &skipped, &listed).unwrap_or_else(|message| panic!("{message}"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(foreign.objects(), before);
}
