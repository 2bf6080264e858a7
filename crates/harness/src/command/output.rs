//! Reads both streams of a child at once, line by line, within a bound.

use super::OnLine;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{ChildStderr, ChildStdout};

/// The most that is kept of each stream.
const BOUND: usize = 16 << 20;

/// What is longer comes in pieces: a line need not end.
const LONGEST_LINE: usize = 1 << 20;

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
    /// The most that may be printed on each stream.
    pub(super) limit: Option<usize>,
    /// Whether that was more; reading ends there.
    pub(super) is_too_much: bool,
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
        if self.limit.is_some_and(|limit| kept.len() + line.len() > limit) {
            self.is_too_much = true;
            return;
        }
        if self.limit.is_none() && kept.len() + line.len() > BOUND {
            kept.drain(..(BOUND / 2).min(kept.len()));
        }
        kept.extend_from_slice(line);
        if let Some(on_line) = on_line {
            on_line(stream, String::from_utf8_lossy(line).trim_end());
        }
    }
}

/// Reads until both streams are closed, or too much was read.
pub(super) async fn pump(
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    captured: &mut Captured,
    mut on_line: Option<OnLine>,
) {
    let (mut out, mut err) = (Lines::new(stdout), Lines::new(stderr));
    while !captured.is_too_much && (out.is_open() || err.is_open()) {
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
        while let Some(reader) = &mut self.reader {
            let Ok(bytes) = reader.fill_buf().await else {
                self.reader = None;
                return;
            };
            if bytes.is_empty() {
                self.reader = None;
                return;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(bytes.len());
            self.line.extend_from_slice(&bytes[..taken]);
            reader.consume(taken);
            if end.is_some() || self.line.len() >= LONGEST_LINE {
                return;
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.line)
    }
}
