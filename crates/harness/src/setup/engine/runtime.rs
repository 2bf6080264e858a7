//! The OCI runtime of ours that a running engine was started with. The engine answers without it, too, but starts no
//! container: whoever emptied the cache gets it back where the engine looks for it.

use super::super::docker::docker;
use super::{Ctx, OCI_WRAPPER, StepError};
use crate::cache::CacheError;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Its name in the engine's configuration.
pub(super) const NAME: &str = "seatrial";

/// Its program.
pub(super) const PROGRAM: &str = "oci-wrapper";

/// Where the engine looks for it in vain. `None` also where no engine answers, or its runtime is not ours: that of a
/// stranger may be on another host.
pub(super) async fn missing() -> Option<Utf8PathBuf> {
    let asked = docker(["info", "--format", "{{json .}}"]).timeout(Duration::from_secs(20)).run_ok().await.ok()?;
    ours(&asked.stdout).filter(|path| !path.is_file())
}

/// The path of the default runtime in the words of `docker info`, if it is ours.
fn ours(info: &str) -> Option<Utf8PathBuf> {
    let info: Value = serde_json::from_str(info).ok()?;
    let is_ours = info["DefaultRuntime"] == NAME;
    info["Runtimes"][NAME]["path"].as_str().filter(|_| is_ours).map(Into::into)
}

/// Builds it and puts it there.
pub(super) async fn put_back(ctx: &mut Ctx<'_>, path: &Utf8Path) -> Result<(), StepError> {
    ctx.say(format!("the engine was started with {path}, which is gone: every container would fail to start"));
    let built = OCI_WRAPPER.program(PROGRAM);
    forget_without(&built)?;
    OCI_WRAPPER.build(ctx).await?;
    copy(&built, path).map_err(CacheError::at(path))?;
    Ok(())
}

/// A place in the cache counts as made while its folder is there.
fn forget_without(program: &Utf8Path) -> Result<(), StepError> {
    let place = program.parent().unwrap_or(program);
    if place.is_dir() && !program.is_file() {
        std::fs::remove_dir_all(place).map_err(CacheError::at(place))?;
    }
    Ok(())
}

/// Another cache, or another version of ours, may have been the place when the engine was started.
fn copy(built: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    if built == to {
        return Ok(());
    }
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{PROGRAM}.{}", std::process::id()));
    std::fs::copy(built, &draft)?;
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755))?;
    std::fs::rename(draft, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(default: &str, runtimes: &Value, expected: Option<&str>) {
        let info = json!({ "DefaultRuntime": default, "Runtimes": runtimes }).to_string();
        assert_eq!(ours(&info).as_deref().map(Utf8Path::as_str), expected);
    }

    #[test]
    fn only_a_runtime_of_ours_is_looked_for() {
        let runtimes = json!({ "runc": { "path": "runc" }, "seatrial": { "path": "/cache/oci-wrapper" } });
        check("seatrial", &runtimes, Some("/cache/oci-wrapper"));
        check("runc", &runtimes, None);
        check("other", &json!({ "other": { "path": "/gone" } }), None);
        assert_eq!(ours("no JSON"), None);
    }

    #[test]
    fn it_is_put_where_the_engine_looks_and_can_be_run() {
        let dir = tempfile::tempdir().expect("dir");
        let dir = Utf8Path::from_path(dir.path()).expect("utf8");
        let (built, gone) = (dir.join("key/oci-wrapper"), dir.join("older/oci-wrapper"));
        std::fs::create_dir(dir.join("key")).expect("a folder");
        std::fs::write(&built, "program").expect("write");
        forget_without(&built).expect("looked");
        copy(&built, &gone).expect("copied");
        let mode = std::fs::metadata(&gone).expect("there").permissions().mode();
        assert_eq!((std::fs::read_to_string(&gone).expect("read"), mode & 0o777), ("program".to_owned(), 0o755));
        copy(&built, &built).expect("it is there already");
        assert_eq!(std::fs::read_to_string(&built).expect("read"), "program");
    }

    #[test]
    fn an_empty_place_is_made_anew() {
        let dir = tempfile::tempdir().expect("dir");
        let place = Utf8Path::from_path(dir.path()).expect("utf8").join("key");
        std::fs::create_dir(&place).expect("a folder");
        forget_without(&place.join(PROGRAM)).expect("removed");
        assert!(!place.exists());
        forget_without(&place.join(PROGRAM)).expect("nothing to remove");
    }
}
