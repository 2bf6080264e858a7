//! Packages of the distribution.

use super::Ctx;
use super::error::StepError;
use super::steps::{on_path, twice};
use crate::cache::lock;
use crate::command::{Cmd, CommandError};
use std::time::Duration;

/// Installs the packages, if the program that they bring is not there.
pub(super) async fn install(ctx: &mut Ctx<'_>, program: &str, packages: &[&str]) -> Result<(), StepError> {
    if on_path(program).is_some() {
        return Ok(());
    }
    let refused = |reason| StepError::Package { package: packages.join(" "), reason };
    if on_path("apt-get").is_none() {
        return Err(refused("this is no Debian or Ubuntu"));
    }
    if !ctx.host.is_root {
        return Err(refused("only root can install packages"));
    }
    ctx.say(format!("installing {}", packages.join(" ")));
    let _lock = lock("apt").await?;
    twice(async || get(packages).await).await?;
    Ok(())
}

/// A linker, which Rust needs and does not bring.
pub(super) async fn install_linker(ctx: &mut Ctx<'_>) -> Result<(), StepError> {
    install(ctx, "cc", &["gcc", "libc6-dev"]).await
}

/// The lists first: on a fresh machine there are none, and old ones name packages that are gone.
async fn get(packages: &[&str]) -> Result<(), CommandError> {
    apt(&["update", "--quiet"]).run_ok().await?;
    let install = apt(&["install", "--quiet", "--yes", "--no-install-recommends"]).args(packages);
    install.run_ok().await.map(|_| ())
}

fn apt(args: &[&str]) -> Cmd {
    let command = Cmd::new("apt-get").args(["-o", "DPkg::Lock::Timeout=120"]).args(args);
    command.env("DEBIAN_FRONTEND", "noninteractive").timeout(Duration::from_mins(15))
}
