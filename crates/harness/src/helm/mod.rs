//! Helm, by its command line. The real `helm upgrade --install`, without `--wait`: readiness is judged by our own
//! watch. Helm keeps its homes in the run's folder and sees only the private kubeconfig, values go through a private
//! file, so nothing of the user is touched and no value is ever in an argv.

mod argv;
mod values;

pub use argv::{Install, Template};

use crate::command::{Cmd, CommandError, Finished};
use camino::{Utf8Path, Utf8PathBuf};
use std::time::Duration;
use thiserror::Error;

/// A template may never end, eat all memory or print without end. The largest of charts render in a second, with
/// 150 MiB; and Helm keeps a release in one Secret, which holds 1 MiB compressed.
pub(crate) const TEMPLATE_TIMEOUT: Duration = Duration::from_secs(7);
pub(crate) const TEMPLATE_MEMORY: u64 = 384 << 20;
const TEMPLATE_OUTPUT: usize = 32 << 20;
const INSTALL_MEMORY: u64 = 2 << 30;
const CALL_TIMEOUT: Duration = Duration::from_mins(5);
const VERSION_TIMEOUT: Duration = Duration::from_secs(30);

/// Why Helm could not be asked. That it said no is no error: its exit code is an observation.
#[derive(Debug, Error)]
pub enum HelmError {
    /// The program could not be run, or did not end.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The private values file could not be written.
    #[error("values file {path}: {source}{}", crate::state::remedy(source))]
    Values {
        /// The file.
        path: Utf8PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// Helm's program and its homes.
#[derive(Clone, Debug)]
pub struct Helm {
    program: Utf8PathBuf,
    home: Utf8PathBuf,
    cluster: Option<(Utf8PathBuf, Option<String>)>,
}

impl Helm {
    /// Helm for rendering: it sees no cluster at all.
    pub fn without_cluster(program: impl Into<Utf8PathBuf>, home: impl Into<Utf8PathBuf>) -> Self {
        Self { program: program.into(), home: home.into(), cluster: None }
    }

    /// Helm for a cluster, by its private kubeconfig.
    #[must_use]
    pub fn on(mut self, kubeconfig: impl Into<Utf8PathBuf>, context: Option<&str>) -> Self {
        self.cluster = Some((kubeconfig.into(), context.map(ToOwned::to_owned)));
        self
    }

    /// `helm template`.
    pub async fn template(&self, template: &Template<'_>) -> Result<Finished, HelmError> {
        let overlay = values::Overlay::write(&self.home, template.set)?;
        let cmd = self.cmd(argv::template(template, &overlay), TEMPLATE_TIMEOUT).output_limit(TEMPLATE_OUTPUT);
        Ok(bounded(cmd, TEMPLATE_MEMORY).run().await?)
    }

    /// `helm upgrade --install`, without waiting for anything but hooks.
    pub async fn install(&self, install: &Install<'_>) -> Result<Finished, HelmError> {
        let overlay = values::Overlay::write(&self.home, install.template.set)?;
        let cmd = self.cmd(argv::install(install, &overlay), CALL_TIMEOUT);
        Ok(bounded(cmd, INSTALL_MEMORY).run().await?)
    }

    /// `helm uninstall`; a release that is not there is no failure.
    pub async fn uninstall(&self, release: &str, namespace: &str) -> Result<Finished, HelmError> {
        Ok(self.cmd(argv::uninstall(release, namespace), CALL_TIMEOUT).run().await?)
    }

    /// `helm rollback` to the revision before, without waiting for anything but hooks.
    pub async fn rollback(&self, release: &str, namespace: &str) -> Result<Finished, HelmError> {
        Ok(self.cmd(argv::rollback(release, namespace), CALL_TIMEOUT).run().await?)
    }

    /// `helm test`: all of them, or those of these names. It may take so long.
    pub async fn test(
        &self,
        release: &str,
        namespace: &str,
        names: &[String],
        limit: Duration,
    ) -> Result<Finished, HelmError> {
        // Helm gives up by itself, and says why; we only end one that does not.
        let cmd = self.cmd(argv::test(release, namespace, names, limit), limit + TEMPLATE_TIMEOUT);
        Ok(cmd.run().await?)
    }

    /// `helm get manifest`; what it prints may hold Secrets.
    pub async fn manifest(&self, release: &str, namespace: &str) -> Result<Finished, HelmError> {
        Ok(self.cmd(argv::get("manifest", release, namespace), CALL_TIMEOUT).private_output().run().await?)
    }

    /// `helm status`, as JSON; what it prints may hold Secrets.
    pub async fn status(&self, release: &str, namespace: &str) -> Result<Finished, HelmError> {
        Ok(self.cmd(argv::status(release, namespace), CALL_TIMEOUT).private_output().run().await?)
    }

    fn cmd(&self, args: Vec<String>, timeout: Duration) -> Cmd {
        let place = |name: &str| self.home.join(name).into_string();
        let (kubeconfig, context) = match &self.cluster {
            Some((kubeconfig, context)) => (kubeconfig.to_string(), context.clone()),
            None => (place("no-kubeconfig"), None),
        };
        let cmd = Cmd::new(&self.program)
            .args(args)
            .env("HELM_CACHE_HOME", place("cache"))
            .env("HELM_CONFIG_HOME", place("config"))
            .env("HELM_DATA_HOME", place("data"))
            // What the API server serves is remembered there, else in the user's ~/.kube.
            .env("KUBECACHEDIR", place("kube"))
            .env("KUBECONFIG", kubeconfig)
            .timeout(timeout);
        let cmd = argv::INHERITED.iter().fold(cmd, Cmd::env_remove);
        match context {
            Some(context) => cmd.env("HELM_KUBECONTEXT", context),
            None => cmd,
        }
    }
}

/// Within this much memory; Go collects its garbage in time if it is told of the bound.
fn bounded(cmd: Cmd, memory: u64) -> Cmd {
    cmd.memory_limit(memory).env("GOMEMLIMIT", (memory / 4 * 3).to_string())
}

/// The program, for records.
impl AsRef<Utf8Path> for Helm {
    fn as_ref(&self) -> &Utf8Path {
        &self.program
    }
}

/// Whether this Helm is of major version 4: it waits unless it is told not to.
pub(crate) async fn is_version_4(program: &Utf8Path) -> Result<bool, HelmError> {
    let finished = Cmd::new(program).args(["version", "--short"]).timeout(VERSION_TIMEOUT).run_ok().await?;
    Ok(finished.text().trim_start_matches('v').starts_with('4'))
}
