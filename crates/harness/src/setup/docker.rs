//! The few requests that a set-up makes of the engine.

use crate::command::{Cmd, CommandError};
use camino::Utf8Path;
use std::time::Duration;

/// The label that says what an image was made from.
const LABEL: &str = "io.seatrial.key";

/// `docker`, within ten minutes.
pub(super) fn docker<const N: usize>(args: [&str; N]) -> Cmd {
    Cmd::new("docker").args(args).timeout(Duration::from_mins(10))
}

/// The version of the engine that answers.
pub(super) async fn engine_version() -> Result<String, CommandError> {
    let asked = docker(["version", "--format", "{{.Server.Version}}"]).timeout(Duration::from_secs(20));
    Ok(asked.run_ok().await?.text().to_owned())
}

/// The id of an image, if the engine has it.
pub(super) async fn image_id(tag: &str) -> Option<String> {
    inspect(tag, "{{.Id}}").await
}

/// What an image was made from, if it is one of ours.
pub(super) async fn image_key(tag: &str) -> Option<String> {
    inspect(tag, &format!("{{{{index .Config.Labels \"{LABEL}\"}}}}")).await
}

/// The tag of an image of this name that was made from just this.
pub(super) async fn made_from(repository: &str, key: &str) -> Option<String> {
    let filter = format!("label={LABEL}={key}");
    let format = "{{.Repository}}:{{.Tag}}";
    let asked = docker(["image", "ls", "--filter", &filter, "--format", format, repository]).run_ok().await.ok()?;
    asked.text().lines().next().filter(|tag| !tag.is_empty()).map(ToOwned::to_owned)
}

async fn inspect(tag: &str, format: &str) -> Option<String> {
    let asked = docker(["image", "inspect", "--format", format, tag]).run_ok().await.ok()?;
    Some(asked.text().to_owned())
}

/// Makes an image of an archive of a root.
pub(super) async fn import(archive: &Utf8Path, tag: &str) -> Result<(), CommandError> {
    docker(["import", archive.as_str(), tag]).run_ok().await.map(|_| ())
}

/// Builds an image of packages that its Dockerfile fetches.
pub(super) async fn build_online(context: &Utf8Path, file: &str, tag: &str) -> Result<(), CommandError> {
    let file = context.join(file);
    docker(["build", "--quiet", "--tag", tag, "--file", file.as_str(), context.as_str()]).run_ok().await.map(|_| ())
}

/// Builds an image, with whatever builder the engine has: that of Debian has the classic one only.
pub(super) async fn build(context: &Utf8Path, tag: &str, key: &str, args: &[(&str, &str)]) -> Result<(), CommandError> {
    let mut command = docker(["build", "--quiet", "--network", "none", "--tag", tag]);
    command = command.args(["--label", &format!("{LABEL}={key}")]);
    for (name, value) in args {
        command = command.args(["--build-arg", &format!("{name}={value}")]);
    }
    command.arg(context.as_str()).run_ok().await.map(|_| ())
}
