//! Reads both streams of a child at once, line by line, within a bound.

use super::OnLine;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{ChildStderr, ChildStdout};

/// The most that is kept of each stream.
const BOUND: usize = 16 << 20;

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a child has printed so far.
#[derive(Default)]
pub(super) struct Captured {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

impl Captured {
    fn take(&mut self, stream: Stream, line: &[u8], on_line: Option<&mut OnLine>) {
        if line.is_empty() {
            return;
        }
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        if kept.len() + line.len() > BOUND {
            kept.drain(..(BOUND / 2).min(kept.len()));
        }
        kept.extend_from_slice(line);
        if let Some(on_line) = on_line {
            on_line(stream, String::from_utf8_lossy(line).trim_end());
        }
    }
}

/// Reads until both streams are closed.
pub(super) async fn pump(
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    captured: &mut Captured,
    mut on_line: Option<OnLine>,
) {
    let (mut out, mut err) = (Lines::new(stdout), Lines::new(stderr));
    while out.is_open() || err.is_open() {
        tokio::select! {
            () = out.next(), if out.is_open() => captured.take(Stream::Stdout, &out.take(), on_line.as_mut()),
            () = err.next(), if err.is_open() => captured.take(Stream::Stderr, &err.take(), on_line.as_mut()),
        }
    }
}

/// One stream and the line that is being read; safe to be cancelled between reads.
struct Lines<R> {
    reader: Option<BufReader<R>>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(stream: Option<R>) -> Self {
        Self { reader: stream.map(BufReader::new), line: Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.reader.is_some()
    }

    async fn next(&mut self) {
        if let Some(reader) = &mut self.reader {
            let read = reader.read_until(b'\n', &mut self.line).await;
            if matches!(read, Ok(0) | Err(_)) {
                self.reader = None;
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.line)
    }
}
