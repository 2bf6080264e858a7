//! From the exec of Helm to the verdict that the release is ready, on a warm cluster that has the images.

use super::ground::{Ground, Made, PATIENCE};
use super::pairs::{Comparison, Outcome, Side, interleaved};
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan};
use seatrial_harness::chart::{PlanOptions, plan_chart};
use seatrial_harness::cluster::{self, Cluster, GuardCommand};
use seatrial_harness::command::Cmd;
use seatrial_harness::events::Events;
use seatrial_harness::run::{Session, SessionOptions};
use seatrial_harness::run_id::RunId;
use seatrial_harness::state;
use seatrial_harness::tools::registry_image;

pub(crate) const NAME: &str = "install";

pub(crate) async fn compare(ground: &Ground, warm: &Cluster, pairs: usize) -> Outcome<Comparison> {
    let chart = e2e::program::root().join("charts/pallet-registry");
    let plan = plan_chart(&chart, &ground.tools, &PlanOptions::default()).await?;
    let environment = plan.environments.iter().find(|one| one.name == "dev").ok_or("there is no environment dev")?;
    cluster::load_images(warm, &[registry_image().to_owned()], &ground.tools).await?;
    let session = session(ground).await?;
    let place = Place { ground, warm, plan: &plan, environment, session: &session };
    let (mut our_argv, mut their_argv) = (Vec::new(), Vec::new());
    let seconds = interleaved(pairs, async |side| {
        place.make_empty().await?;
        let (argv, took) = match side {
            Side::Ours => place.ours().await?,
            Side::Theirs => place.theirs().await?,
        };
        *(if side == Side::Ours { &mut our_argv } else { &mut their_argv }) = vec![argv];
        Ok(took)
    });
    let seconds = seconds.await?;
    Ok(Comparison {
        name: NAME,
        what: "install of charts/pallet-registry to the verdict that it is ready",
        theirs: "helm upgrade --install --wait",
        our_argv,
        their_argv,
        notes: vec![
            "into an empty namespace that is there, with a new volume; the image is on the node".to_owned(),
            "ours: helm without --wait and our own watch, counted from opening the watch; the other side polls every two \
             seconds, so it is as quick where the release is ready just before a poll, and up to two seconds later"
                .to_owned(),
        ],
        seconds,
    })
}

/// Where and what is installed.
struct Place<'a> {
    ground: &'a Ground,
    warm: &'a Cluster,
    plan: &'a ChartPlan,
    environment: &'a EnvironmentPlan,
    session: &'a Session,
}

/// One session for all pairs: what Helm knows of the API is known on both sides after the first.
async fn session(ground: &Ground) -> Outcome<Session> {
    let run = RunId::random();
    ground.will_make(Made::Folder(state::run_dir(&run)));
    let mut options = SessionOptions::new(run, GuardCommand(Vec::new()));
    options.evidence_dir = ground.dir().join("evidence");
    Ok(Session::open(options, ground.tools.clone(), Events::none()).await?)
}

impl Place<'_> {
    async fn ours(&self) -> Outcome<(Vec<String>, f64)> {
        let installed = self.session.install(self.warm.clone(), self.plan, self.environment).await?;
        match installed.problem {
            None => Ok((installed.helm.argv, installed.seconds)),
            Some(problem) => Err(format!("the release did not get ready: {problem}").into()),
        }
    }

    async fn theirs(&self) -> Outcome<(Vec<String>, f64)> {
        let finished = self.helm_wait().run_ok().await?;
        Ok((finished.argv, finished.seconds))
    }

    fn helm_wait(&self) -> Cmd {
        let release = &self.environment.release;
        let home = self.ground.dir().join("helm");
        let homes = ["CACHE", "CONFIG", "DATA"].map(|name| (format!("HELM_{name}_HOME"), home.join(name)));
        let helm = self.warm.command(&self.ground.tools.helm);
        let helm = homes.iter().fold(helm, |helm, (name, path)| helm.env(name, path.as_str()));
        helm.args(["upgrade", "--install", &release.name, &self.plan.path, "--namespace", &release.namespace])
            .args(self.values().iter().flat_map(|file| ["--values", file.as_str()]))
            .arg("--wait")
            .timeout(PATIENCE)
    }

    fn values(&self) -> Vec<Utf8PathBuf> {
        self.environment.values.iter().map(|file| Utf8Path::new(&self.plan.path).join(file)).collect()
    }

    /// The namespace is there, and nothing is in it: what an earlier install left goes with the namespace.
    async fn make_empty(&self) -> Outcome<()> {
        let namespace = self.environment.release.namespace.as_str();
        self.kubectl(&["delete", "namespace", namespace, "--ignore-not-found", "--wait"]).await?;
        self.kubectl(&["create", "namespace", namespace]).await
    }

    /// By the node's own kubectl: hosts need none.
    async fn kubectl(&self, args: &[&str]) -> Outcome<()> {
        let node = self.warm.nodes.first().ok_or("the cluster has no node")?;
        let kubectl = ["exec", node, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"];
        self.ground.docker(&kubectl).args(args).run_ok().await?;
        Ok(())
    }
}
