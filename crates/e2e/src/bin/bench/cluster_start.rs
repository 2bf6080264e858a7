//! From nothing to a cluster in which a pod gets a DNS answer.

use super::ground::{Ground, Made, PATIENCE};
use super::pairs::{Comparison, Outcome, Side, interleaved};
use camino::Utf8PathBuf;
use seatrial_harness::cluster::{self, Cluster, ProviderKind};
use seatrial_harness::command::Cmd;
use seatrial_harness::run_id::RunId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) const NAME: &str = "cluster-start";

/// How long a cluster of the other side lives at most if the bench is killed: its name says when any `reap` may take
/// it.
const LIFE: Duration = Duration::from_mins(30);

/// What kind needs to be told so that its kubelet starts at all on cgroup version 1.
const CGROUP_V1: &str = "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  failCgroupV1: false\n";

pub(crate) async fn compare(ground: &Ground, pairs: usize) -> Outcome<Comparison> {
    let plain = Plain::find(ground).await?;
    let (mut our_argv, mut their_argv, mut seen) = (Vec::new(), Vec::new(), 0);
    let seconds = interleaved(pairs, async |side| {
        ground.commands_since(&mut seen);
        let (made, took) = match side {
            Side::Ours => ours(ground).await?,
            Side::Theirs => plain.start(ground).await?,
        };
        *(if side == Side::Ours { &mut our_argv } else { &mut their_argv }) = ground.commands_since(&mut seen);
        ground.remove(made).await?;
        Ok(took)
    });
    let seconds = seconds.await?;
    Ok(Comparison {
        name: NAME,
        what: "start of a cluster to a DNS answer from a pod",
        theirs: "kind with its default configuration",
        our_argv,
        their_argv,
        notes: plain.notes(),
        seconds,
    })
}

async fn ours(ground: &Ground) -> Outcome<(Made, f64)> {
    let run = RunId::random();
    ground.will_make(Made::Run(run.clone()));
    let started = Instant::now();
    ground.start(&run).await?;
    Ok((Made::Run(run), started.elapsed().as_secs_f64()))
}

/// kind as its documentation shows it.
struct Plain {
    image: Option<String>,
    config: Option<Utf8PathBuf>,
}

impl Plain {
    async fn find(ground: &Ground) -> Outcome<Self> {
        let version = ground.docker(&["info", "--format", "{{.CgroupVersion}}"]).run_ok().await?;
        let config = ground.dir().join("kind.yaml");
        std::fs::write(&config, format!("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n{CGROUP_V1}"))?;
        Ok(Self { image: ground.tools.node_image(), config: (version.text() == "1").then_some(config) })
    }

    async fn start(&self, ground: &Ground) -> Outcome<(Made, f64)> {
        let name = name();
        ground.will_make(Made::Cluster(name.clone()));
        let cluster = cluster(ground, &name);
        let started = Instant::now();
        self.create(ground, &cluster).run_ok().await?;
        cluster::load_images(&cluster, std::slice::from_ref(&ground.prober), &ground.tools).await?;
        cluster::until_usable(&cluster, &ground.prober).await?;
        Ok((Made::Cluster(name), started.elapsed().as_secs_f64()))
    }

    fn create(&self, ground: &Ground, cluster: &Cluster) -> Cmd {
        let kubeconfig = cluster.kubeconfig.as_str();
        let image = self.image.iter().flat_map(|image| ["--image", image]);
        let config = self.config.iter().flat_map(|config| ["--config", config.as_str()]);
        Cmd::new(&ground.tools.kind)
            .args(["create", "cluster", "--name", &cluster.name, "--kubeconfig", kubeconfig])
            .args(image)
            .args(config)
            .timeout(PATIENCE)
    }

    fn notes(&self) -> Vec<String> {
        let image = match &self.image {
            Some(image) => format!(
                "no registry answers here, so kind's own node image can't be had: both sides use {image}, and the ratio is that of the settings alone"
            ),
            None => "kind's own node image on both sides, as a registry answers here".to_owned(),
        };
        let config = match &self.config {
            Some(_) => {
                "kind's default configuration and `failCgroupV1: false`, without which no kubelet starts on cgroup version 1"
            }
            None => "kind's default configuration: no --config at all",
        };
        let look = "both sides are looked at by the same code; the image of the pod that asks is put on the plain node by our loader, in the other side's favour";
        vec![image, config.to_owned(), look.to_owned()]
    }
}

fn name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    cluster::cluster_name(&RunId::random(), (now + LIFE).as_secs())
}

fn cluster(ground: &Ground, name: &str) -> Cluster {
    Cluster {
        name: name.to_owned(),
        kubeconfig: ground.dir().join(format!("{name}.kubeconfig")),
        context: None,
        provider: ProviderKind::Kind,
        nodes: vec![format!("{name}-control-plane")],
        host_ports: BTreeMap::new(),
        capabilities: ProviderKind::Kind.capabilities(),
    }
}
