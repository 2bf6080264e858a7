//! Running a command to its end.

use super::error::CommandError;
use super::finished::{Finished, TAIL, tail};
use super::group::Group;
use super::output::{Captured, pump};
use super::{Cmd, record};
use std::os::unix::process::CommandExt;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin};

/// How long output is still read after the child has ended: a grandchild that
/// went into the background may hold the pipe for ever.
const LINGER: Duration = Duration::from_millis(500);

impl Cmd {
    /// Runs it; a non-zero exit code is a result, not an error.
    pub async fn run(mut self) -> Result<Finished, CommandError> {
        let started = Instant::now();
        let mut child = self.start()?;
        let mut group = Group::of(child.id());
        let mut captured = Captured { limit: self.output_limit, ..Captured::default() };
        let limit = self.timeout.unwrap_or(Duration::MAX);
        let ended = tokio::time::timeout(limit, self.watch(&mut child, &mut captured)).await;
        let seconds = started.elapsed().as_secs_f64();
        if let Some(limit) = self.output_limit.filter(|_| captured.is_too_much) {
            group.kill();
            let _ = child.wait().await;
            return Err(CommandError::TooMuch { argv: self.argv(), limit });
        }
        if let Ok(status) = ended {
            group.release();
            let status = status.map_err(|source| self.cannot_start(source))?;
            return Ok(self.finished(status, seconds, captured));
        }
        group.kill();
        let _ = child.wait().await;
        Err(self.timed_out(seconds, captured))
    }

    /// Runs it; a non-zero exit code is an error.
    pub async fn run_ok(self) -> Result<Finished, CommandError> {
        let finished = self.run().await?;
        if finished.is_ok() {
            return Ok(finished);
        }
        let stderr = finished.tail().to_owned();
        Err(CommandError::Exit { argv: finished.argv, code: finished.code, stderr })
    }

    fn start(&self) -> Result<Child, CommandError> {
        let mut process = self.process();
        if !self.new_session {
            // `setsid` would fork if it led a group already, and the pid would be lost.
            process.process_group(0);
        }
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        process.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = tokio::process::Command::from(process);
        process.kill_on_drop(true);
        process.spawn().map_err(|source| self.cannot_start(source))
    }

    async fn watch(&mut self, child: &mut Child, captured: &mut Captured) -> std::io::Result<ExitStatus> {
        let feed = feed(child.stdin.take(), self.stdin.take());
        let reading = pump(child.stdout.take(), child.stderr.take(), captured, self.on_line.take());
        let mut talking = std::pin::pin!(async { tokio::join!(feed, reading) });
        tokio::select! {
            _ = &mut talking => child.wait().await,
            status = child.wait() => {
                let _ = tokio::time::timeout(LINGER, talking).await;
                status
            }
        }
    }

    fn finished(&self, status: ExitStatus, seconds: f64, captured: Captured) -> Finished {
        let finished = Finished {
            argv: self.argv(),
            cwd: self.cwd.as_ref().map(ToString::to_string),
            seconds,
            code: status.code(),
            stdout: into_text(captured.stdout),
            stderr: into_text(captured.stderr),
        };
        record::write(&finished, self.private_output, None);
        finished
    }

    fn timed_out(&self, seconds: f64, captured: Captured) -> CommandError {
        let finished = Finished {
            argv: self.argv(),
            cwd: self.cwd.as_ref().map(ToString::to_string),
            seconds,
            code: None,
            stdout: into_text(captured.stdout),
            stderr: into_text(captured.stderr),
        };
        record::write(&finished, self.private_output, Some("timed out"));
        CommandError::Timeout { argv: finished.argv.clone(), seconds, stderr: tail(finished.tail(), TAIL).to_owned() }
    }

    /// Says whether the program is missing or the system refused.
    pub(super) fn cannot_start(&self, source: std::io::Error) -> CommandError {
        let is_missing =
            source.kind() == std::io::ErrorKind::NotFound && self.cwd.as_ref().is_none_or(|cwd| cwd.is_dir());
        if is_missing {
            return CommandError::NotFound { program: self.argv().swap_remove(0) };
        }
        CommandError::Spawn { argv: self.argv(), source }
    }
}

/// Writes the input and closes the pipe. A child that does not read it all is no error.
async fn feed(stdin: Option<ChildStdin>, bytes: Option<Vec<u8>>) {
    if let (Some(mut stdin), Some(bytes)) = (stdin, bytes) {
        let _ = stdin.write_all(&bytes).await;
        let _ = stdin.shutdown().await;
    }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
