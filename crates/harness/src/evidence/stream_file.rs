//! The file of one log stream: written by one process at a time, bounded, and resumed where the last writer stopped.

use crate::state;
use camino::Utf8Path;
use jiff::Timestamp;
use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

/// The most that is kept of a stream. What is older than the last half of it goes first.
pub(super) const MOST: usize = 1 << 20;

/// How much of the end is read to find the last line's time.
const END: u64 = 64 << 10;

/// An open stream; the lock on it goes with the process.
#[derive(Debug)]
pub(super) struct StreamFile {
    file: File,
    size: usize,
}

impl StreamFile {
    /// Opens it, or makes it; `None` while another process writes it.
    pub(super) fn open(path: &Utf8Path) -> Result<Option<Self>> {
        if let Some(dir) = path.parent() {
            state::make_private_dir(dir)?;
        }
        let mut options = File::options();
        let file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        Ok(Some(Self { file, size }))
    }

    /// The time of the last whole line, from which to go on. Half a line that a killed writer left is ended.
    pub(super) fn resume(&mut self) -> Result<Option<Timestamp>> {
        let start = (self.size as u64).saturating_sub(END);
        let end = self.read_from(start)?;
        let whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        if whole < end.len() {
            self.append("\n")?;
        }
        let text = String::from_utf8_lossy(&end[..whole]);
        Ok(text.lines().rev().find_map(stamp))
    }

    /// Adds to its end; where it gets too long, only its last half stays.
    pub(super) fn append(&mut self, text: &str) -> Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.size += text.len();
        if self.size > MOST { self.halve() } else { Ok(()) }
    }

    fn halve(&mut self) -> Result<()> {
        let half = self.read_from((self.size - MOST / 2) as u64)?;
        let line = half.iter().position(|byte| *byte == b'\n').map_or(0, |first| first + 1);
        let left_out = format!("(the first {} bytes were left out)\n", self.size - (half.len() - line));
        self.file.set_len(0)?;
        self.size = 0;
        for part in [left_out.as_bytes(), &half[line..]] {
            self.file.write_all(part)?;
            self.size += part.len();
        }
        Ok(())
    }

    fn read_from(&mut self, start: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The time that the kubelet writes before a line.
pub(super) fn stamp(line: &str) -> Option<Timestamp> {
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    fn file() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("utf8").join("streams/a.log");
        (dir, path)
    }

    fn opened(path: &Utf8Path) -> StreamFile {
        StreamFile::open(path).expect("the file").expect("nobody has it")
    }

    #[test]
    fn one_process_writes_and_the_next_goes_on() {
        let (_dir, path) = file();
        let mut first = opened(&path);
        assert_eq!(first.resume().expect("read"), None);
        first.append("2026-11-21T10:00:00.5Z one\n2026-11-21T10:00:01.5Z tw").expect("write");
        assert!(StreamFile::open(&path).expect("the file").is_none(), "it is being written");
        drop(first);
        let mut next = opened(&path);
        let expected: Timestamp = "2026-11-21T10:00:00.5Z".parse().expect("a time");
        assert_eq!(next.resume().expect("read"), Some(expected));
        next.append("2026-11-21T10:00:01.5Z two\n").expect("write");
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(text.ends_with("5Z tw\n2026-11-21T10:00:01.5Z two\n"), "{text}");
    }

    #[test]
    fn the_end_of_a_long_log_is_kept() {
        let (_dir, path) = file();
        let mut stream = opened(&path);
        for number in 0..40_000 {
            stream.append(&format!("2026-11-21T10:00:00Z line {number} of many that are all alike\n")).expect("write");
        }
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(text.len() <= MOST && text.len() == stream.size, "{} bytes", text.len());
        assert!(text.starts_with("(the first ") && text.ends_with("line 39999 of many that are all alike\n"));
        assert!(text.lines().skip(1).all(|line| line.starts_with("2026-11-21T10:00:00Z line ")), "only whole lines");
    }
}
