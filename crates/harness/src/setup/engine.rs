//! The container engine: installed and started where there is none.

mod config;
mod runtime;
mod stale;

use super::error::StepError;
use super::programs::OCI_WRAPPER;
use super::{Ctx, apt, docker};
use crate::cache::{CacheError, cache_dir, lock};
use crate::command::{Cmd, CommandError};
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_observation::{Look, Reason};
use seatrial_probes::wait::{Patience, until};
use std::time::Duration;

/// Enough for a dozen nodes.
const INOTIFY_INSTANCES: u64 = 1024;

/// The version of the engine, if one answers that can start containers.
pub(super) async fn find(_ctx: &Ctx<'_>) -> Option<String> {
    let version = docker::engine_version().await.ok()?;
    runtime::missing().await.is_none().then(|| format!("Docker Engine {version}"))
}

/// Installs an engine if there is none, and starts it.
pub(super) async fn make(ctx: &mut Ctx<'_>) -> Result<String, StepError> {
    refuse_unless_root(ctx).await?;
    let _lock = lock("engine").await?;
    apt::install(ctx, "dockerd", &["docker.io"]).await?;
    match runtime::missing().await {
        Some(path) => runtime::put_back(ctx, &path).await?,
        None if find(ctx).await.is_none() => start(ctx).await?,
        None => {}
    }
    Ok(format!("Docker Engine {}", docker::engine_version().await?))
}

async fn refuse_unless_root(ctx: &Ctx<'_>) -> Result<(), StepError> {
    match docker::engine_version().await {
        Err(error) if !ctx.host.is_root => Err(StepError::NotRoot { reason: error.to_string() }),
        _ => Ok(()),
    }
}

/// Where there is a service manager it starts the engine; else we do, in a
/// session of its own, so that it survives us.
async fn start(ctx: &mut Ctx<'_>) -> Result<(), StepError> {
    if Utf8Path::new("/run/systemd/system").is_dir() {
        ctx.say("starting the service docker");
        Cmd::new("systemctl").args(["enable", "--now", "docker"]).run_ok().await?;
        return answers(&cache_dir().join("engine/dockerd.log"), None).await;
    }
    let log = cache_dir().join("engine/dockerd.log");
    let config = write_config(ctx).await?;
    raise_inotify(ctx);
    stale::remove();
    ctx.say(format!("starting dockerd; it writes to {log}"));
    let pid = dockerd(ctx.host.nofile_hard, &config).spawn_detached(&log)?;
    answers(&log, Some(pid)).await
}

/// Each node takes some 40 instances: the kernel's default of 128 is too few for
/// several clusters. Where we start the engine the host is ours to tune; a refusal is
/// no error, `doctor` tells of it.
fn raise_inotify(ctx: &mut Ctx<'_>) {
    let is_low = ctx.host.inotify.instances.is_some_and(|have| have < INOTIFY_INSTANCES);
    let file = "/proc/sys/fs/inotify/max_user_instances";
    if is_low && std::fs::write(file, INOTIFY_INSTANCES.to_string()).is_ok() {
        ctx.say(format!("raised fs.inotify.max_user_instances to {INOTIFY_INSTANCES}"));
    }
}

/// The engine hands its limit of open files down to containers: as many as the host allows.
fn dockerd(nofile: u64, config: &Utf8Path) -> Cmd {
    let limit = format!("--nofile={nofile}:{nofile}");
    Cmd::new("prlimit").args([limit.as_str(), "--", "dockerd", "--config-file", config.as_str()])
}

async fn write_config(ctx: &mut Ctx<'_>) -> Result<Utf8PathBuf, StepError> {
    let wrapper = match ctx.host.missing_capabilities.as_slice() {
        [] => None,
        _ => Some(OCI_WRAPPER.build(ctx).await?.join(runtime::PROGRAM)),
    };
    let users = std::fs::read_to_string("/etc/docker/daemon.json").ok();
    let path = cache_dir().join("engine/daemon.json");
    let text = config::daemon_json(users.as_deref(), wrapper.as_deref());
    std::fs::create_dir_all(cache_dir().join("engine")).map_err(CacheError::at(&path))?;
    std::fs::write(&path, text).map_err(CacheError::at(&path))?;
    Ok(path)
}

/// Waits until the engine answers; a daemon that has ended will not.
async fn answers(log: &Utf8Path, pid: Option<u32>) -> Result<(), StepError> {
    let patience = Patience::steady(Duration::from_mins(1), Duration::from_millis(100));
    let look = async || {
        let said = docker::engine_version().await;
        let ended = pid.is_some_and(|pid| !Utf8Path::new(&format!("/proc/{pid}")).exists());
        Ok::<_, CommandError>(match said {
            Ok(_) => Look::Ready(()),
            Err(_) if ended => Look::Doomed(Reason::new("dockerd has ended")),
            Err(error) => Look::Pending(Reason::new(error.to_string())),
        })
    };
    let silent =
        |source| StepError::EngineSilent { log: log.to_owned(), tail: last_lines(log), source: Box::new(source) };
    until(&patience, look).await.map_err(silent)
}

fn last_lines(log: &Utf8Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
