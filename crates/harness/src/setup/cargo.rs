//! Tools that come as crates, pinned in `tools/cargo.txt`.

use super::error::StepError;
use super::steps::{on_path, twice};
use super::{Ctx, apt, recipes};
use crate::cache::{KeyOf, Place, cache_dir};
use crate::command::{Cmd, CommandError};
use crate::host::Version;
use camino::{Utf8Path, Utf8PathBuf};
use std::time::Duration;

/// The pinned version of a tool.
fn pin(tool: &str) -> &'static str {
    let words = recipes::words("tools/cargo.txt");
    let at = words.iter().position(|word| *word == tool);
    at.and_then(|at| words.get(at + 1)).copied().unwrap_or("0.0.0")
}

fn place(tool: &str) -> Place {
    Place::new(tool, KeyOf::new().part(tool).part(pin(tool)).key())
}

/// The tool on PATH if it is not too old, else the one in the cache, if it is there.
pub(super) async fn find(tool: &str, oldest: Version) -> Option<String> {
    if let Some(path) = on_path(tool) {
        let said = Cmd::new(&path).arg("--version").timeout(Duration::from_secs(20)).run().await.ok()?;
        if let Some(version) = Version::find_in(&said.stdout).filter(|version| *version >= oldest) {
            return Some(format!("{version} ({path})"));
        }
    }
    let own = program(tool);
    own.is_file().then(|| format!("{} ({own})", pin(tool)))
}

fn program(tool: &str) -> Utf8PathBuf {
    place(tool).path().join("bin").join(tool)
}

/// Builds the pinned version from source.
pub(super) async fn make(ctx: &mut Ctx<'_>, tool: &str) -> Result<String, StepError> {
    apt::install_linker(ctx).await?;
    ctx.say(format!("cargo install {tool} {}", pin(tool)));
    place(tool).get_or_make(async |to| twice(async || install(tool, to).await).await.map_err(StepError::from)).await?;
    crate::cache::link_bin(&program(tool), tool)?;
    Ok(format!("{} ({})", pin(tool), program(tool)))
}

/// These run for seconds and are built for minutes: not optimised is the better bargain.
async fn install(tool: &str, to: &Utf8Path) -> Result<(), CommandError> {
    let target = cache_dir().join("tmp").join(format!("{tool}-target"));
    let command = Cmd::new("cargo").args(["install", "--locked", "--force", "--root", to.as_str()]);
    let command = command.arg(format!("{tool}@{}", pin(tool))).cwd(to).env("CARGO_TARGET_DIR", &target);
    let command = command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_PROFILE_RELEASE_LTO", "false");
    let command = command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env_remove("RUSTFLAGS");
    command.timeout(Duration::from_mins(30)).run_ok().await?;
    let _ = std::fs::remove_dir_all(target);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tools_are_pinned() {
        for tool in ["cargo-nextest", "cargo-deny", "cargo-fuzz", "cargo-llvm-cov"] {
            assert_ne!(super::pin(tool), "0.0.0", "{tool}");
        }
    }
}
