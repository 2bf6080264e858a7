//! Which module looks for a need, and which makes it.

use super::debian_image::{OPENVSWITCH, OVN};
use super::error::StepError;
use super::go_image::PERMIFY_IMAGE;
use super::program_image::{PALLET_AGENT, PROBER, STRATO_AGENT, STRATO_CONTROL_PLANE};
use super::programs::{ACTIONLINT, HELM, HELM_4, KIND, ORAS};
use super::{Ctx, Need, POSTGRES, REGISTRY, cargo, engine, node_image, skaffold};
use crate::cache::{cache_dir, link_bin};
use crate::command::{Cmd, CommandError};
use crate::host::Version;
use crate::tools;
use camino::Utf8PathBuf;
use std::time::Duration;

/// What of this need is there, in a few words; `None` if it is missing.
pub(super) async fn find(ctx: &mut Ctx<'_>) -> Result<Option<String>, StepError> {
    Ok(match ctx.need {
        Need::Engine => engine::find(ctx).await,
        Need::Kind => tools::kind().ok().map(|found| found.to_string()),
        Need::Helm => tools::helm().ok().map(|found| found.to_string()),
        Need::NodeImage => node_image::find(ctx).await,
        Need::ProberImage => PROBER.find().await?,
        Need::AgentImage => PALLET_AGENT.find().await?,
        Need::RegistryImage => REGISTRY.find(ctx).await,
        Need::PostgresImage => POSTGRES.find(ctx).await,
        Need::ControlPlaneImage => STRATO_CONTROL_PLANE.find().await?,
        Need::StratoAgentImage => STRATO_AGENT.find().await?,
        Need::PermifyImage => PERMIFY_IMAGE.find().await,
        Need::OpenvswitchImage => OPENVSWITCH.find(ctx).await,
        Need::OvnImage => OVN.find(ctx).await,
        Need::Oras => on_path("oras").or_else(|| built(&ORAS, "oras")).map(|path| path.to_string()),
        Need::Helm4 => built(&HELM_4, "helm").map(|path| path.to_string()),
        Need::Skaffold => skaffold::find(),
        Need::Nextest => cargo::find("cargo-nextest", Version(0, 9, 100)).await,
        Need::Actionlint => {
            on_path("actionlint").or_else(|| built(&ACTIONLINT, "actionlint")).map(|path| path.to_string())
        }
        Need::Shellcheck => on_path("shellcheck").map(|path| path.to_string()),
        Need::Deny => cargo::find("cargo-deny", Version(0, 18, 0)).await,
        Need::Fuzz => cargo::find("cargo-fuzz", Version(0, 12, 0)).await,
        Need::Coverage if !has_llvm_tools().await => None,
        Need::Coverage => cargo::find("cargo-llvm-cov", Version(0, 6, 0)).await,
    })
}

/// Makes it; says what it is now.
pub(super) async fn make(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    match ctx.need {
        Need::Engine => engine::make(ctx).await,
        Need::Kind => go_tool(ctx, &KIND).await,
        Need::Helm => go_tool(ctx, &HELM).await,
        Need::NodeImage => node_image::make(ctx).await,
        Need::ProberImage => PROBER.make(ctx).await,
        Need::AgentImage => PALLET_AGENT.make(ctx).await,
        Need::RegistryImage => REGISTRY.make(ctx).await,
        Need::PostgresImage => POSTGRES.make(ctx).await,
        Need::ControlPlaneImage => STRATO_CONTROL_PLANE.make(ctx).await,
        Need::StratoAgentImage => STRATO_AGENT.make(ctx).await,
        Need::PermifyImage => PERMIFY_IMAGE.make(ctx).await,
        Need::OpenvswitchImage => OPENVSWITCH.make(ctx).await,
        Need::OvnImage => OVN.make(ctx).await,
        Need::Oras => go_tool(ctx, &ORAS).await,
        Need::Helm4 => Ok(format!("{} ({})", HELM_4.version(), HELM_4.build(ctx).await?)),
        Need::Skaffold => skaffold::make(ctx).await,
        Need::Nextest => cargo::make(ctx, "cargo-nextest").await,
        Need::Actionlint => go_tool(ctx, &ACTIONLINT).await,
        Need::Shellcheck => shellcheck(ctx).await,
        Need::Deny => cargo::make(ctx, "cargo-deny").await,
        Need::Fuzz => fuzz(ctx).await,
        Need::Coverage => coverage(ctx).await,
    }
}

async fn shellcheck(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    super::apt::install(ctx, "shellcheck", &["shellcheck"]).await?;
    Ok("installed".to_owned())
}

/// libFuzzer itself is C++, and is compiled with the targets.
async fn fuzz(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    if on_path("c++").is_none() {
        super::apt::install(ctx, "c++", &["g++"]).await?;
    }
    cargo::make(ctx, "cargo-fuzz").await
}

/// Of the compiler's own LLVM: an older one can't read its profiles.
const LLVM: &str = "22";

async fn coverage(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    if !has_llvm_tools().await {
        super::apt::install(ctx, &format!("llvm-cov-{LLVM}"), &[&format!("llvm-{LLVM}")]).await?;
    }
    cargo::make(ctx, "cargo-llvm-cov").await
}

/// Those of the distribution, or rustup's component `llvm-tools`, which cargo-llvm-cov finds by itself.
async fn has_llvm_tools() -> bool {
    let rustc = Cmd::new("rustc").args(["--print", "target-libdir"]).timeout(Duration::from_secs(20)).run().await;
    let libdir = rustc.map(|said| Utf8PathBuf::from(said.stdout.trim())).unwrap_or_default();
    libdir.with_file_name("bin").join("llvm-cov").is_file() || on_path(&format!("llvm-cov-{LLVM}")).is_some()
}

async fn go_tool(ctx: &mut Ctx<'_>, module: &super::go::GoModule) -> Result<String, StepError> {
    let dir = module.build(ctx).await?;
    for (_, name) in module.programs {
        link_bin(&dir.join(name), name)?;
    }
    Ok(format!("{} ({dir})", module.version()))
}

fn built(module: &super::go::GoModule, name: &str) -> Option<Utf8PathBuf> {
    Some(module.program(name)).filter(|path| path.is_file())
}

/// A refusal of a package source can be transient: tries once more, but not where
/// the program itself is missing.
pub(super) async fn twice<T>(attempt: impl AsyncFn() -> Result<T, CommandError>) -> Result<T, CommandError> {
    match attempt().await {
        Ok(value) => Ok(value),
        Err(missing @ CommandError::NotFound { .. }) => Err(missing),
        Err(_) => attempt().await,
    }
}

/// The program on PATH. Our own links in the cache do not count: they may be of an older pin.
pub(crate) fn on_path(program: &str) -> Option<Utf8PathBuf> {
    let own = cache_dir().join("bin");
    let path = std::env::var("PATH").unwrap_or_default();
    let dirs = path.split(':').filter(|dir| !dir.is_empty() && own != *dir);
    dirs.map(|dir| Utf8PathBuf::from(dir).join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn failed() -> CommandError {
        CommandError::Exit { argv: vec!["x".into()], code: Some(1), stderr: String::new() }
    }

    #[tokio::test]
    async fn a_transient_refusal_is_tried_once_more() {
        let tries = Cell::new(0);
        let attempt = async || {
            tries.set(tries.get() + 1);
            if tries.get() == 1 { Err(failed()) } else { Ok(()) }
        };
        twice(attempt).await.expect("second try");
        assert_eq!(tries.get(), 2);
    }

    #[tokio::test]
    async fn a_missing_program_is_not_tried_again() {
        let tries = Cell::new(0);
        let attempt = async || {
            tries.set(tries.get() + 1);
            Err::<(), _>(CommandError::NotFound { program: "go".into() })
        };
        twice(attempt).await.expect_err("missing");
        assert_eq!(tries.get(), 1);
    }
}
