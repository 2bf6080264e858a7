//! Starting a process that outlives us.

use super::{Cmd, CommandError};
use camino::Utf8Path;
use std::fs::{File, OpenOptions};
use std::process::Stdio;

impl Cmd {
    /// Starts it in a session of its own, its output appended to `log`; it
    /// survives us. Gives its process id.
    pub fn spawn_detached(mut self, log: &Utf8Path) -> Result<u32, CommandError> {
        self.new_session = true;
        let (out, err) = open_twice(log).map_err(|source| self.cannot_start(source))?;
        let mut process = self.process();
        process.stdin(Stdio::null()).stdout(out).stderr(err);
        let mut child = process.spawn().map_err(|source| self.cannot_start(source))?;
        let pid = child.id();
        // Somebody must take note of its end, or it stays a zombie while we live.
        std::thread::spawn(move || child.wait());
        Ok(pid)
    }
}

fn open_twice(log: &Utf8Path) -> std::io::Result<(File, File)> {
    if let Some(dir) = log.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let file = OpenOptions::new().create(true).append(true).open(log)?;
    Ok((file.try_clone()?, file))
}
