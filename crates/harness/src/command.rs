//! The one module that starts processes. It times them, keeps what they print
//! within a bound, ends them with their whole process group, and leaves one
//! JSON line for each in the evidence (see [`record_to`]).
//!
//! No secret is ever an argument: hand it over by [`Cmd::stdin_bytes`] or [`Cmd::env`].

mod blocking;
mod detached;
mod error;
mod finished;
mod group;
mod output;
mod record;
mod run;

pub use error::CommandError;
pub use finished::Finished;
pub use output::Stream;
pub use record::{record_to, redact_by};

use camino::{Utf8Path, Utf8PathBuf};
use std::ffi::{OsStr, OsString};
use std::time::Duration;

type OnLine = Box<dyn FnMut(Stream, &str) + Send>;

/// A command to be run: a program, its arguments and how it is watched.
pub struct Cmd {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    cwd: Option<Utf8PathBuf>,
    stdin: Option<Vec<u8>>,
    timeout: Option<Duration>,
    memory_limit: Option<u64>,
    output_limit: Option<usize>,
    on_line: Option<OnLine>,
    new_session: bool,
    ends_with_us: bool,
    private_output: bool,
}

impl Cmd {
    /// A command without arguments; its standard input is empty.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
            stdin: None,
            timeout: None,
            memory_limit: None,
            output_limit: None,
            on_line: None,
            new_session: false,
            ends_with_us: false,
            private_output: false,
        }
    }

    /// One argument more.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Several arguments more.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let value = Some(value.as_ref().to_owned());
        self.env.push((name.as_ref().to_owned(), value));
        self
    }

    /// Removes a variable of the environment.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), None));
        self
    }

    /// The directory it runs in.
    #[must_use]
    pub fn cwd(mut self, dir: impl AsRef<Utf8Path>) -> Self {
        self.cwd = Some(dir.as_ref().to_owned());
        self
    }

    /// What it reads from its standard input.
    #[must_use]
    pub fn stdin_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// When it is given up and its process group is killed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Bounds the memory that it may write to (by `prlimit`), for programs that may run away. Not the address space:
    /// Go reserves far more of that than it uses.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// More than this on one of its streams is an error, where otherwise only the end would be kept.
    #[must_use]
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = Some(bytes);
        self
    }

    /// Called with each line as it is printed.
    #[must_use]
    pub fn on_line(mut self, on_line: impl FnMut(Stream, &str) + Send + 'static) -> Self {
        self.on_line = Some(Box::new(on_line));
        self
    }

    /// Gives it a session of its own (by `setsid`), so that no terminal reaches it.
    #[must_use]
    pub fn new_session(mut self, new_session: bool) -> Self {
        self.new_session = new_session;
        self
    }

    /// Has the kernel ask it to end (SIGTERM, by `setpriv`) when the thread that waits for it is gone, also by SIGKILL:
    /// for tests, whose runner kills them.
    #[must_use]
    pub fn ends_with_us(mut self) -> Self {
        self.ends_with_us = true;
        self
    }

    /// Keeps what it prints out of the records, for commands that print Secrets.
    #[must_use]
    pub fn private_output(mut self) -> Self {
        self.private_output = true;
        self
    }

    /// The words of the command as a person would type them.
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        std::iter::once(&self.program).chain(&self.args).map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// The process to be started, wrapped by what bounds it.
    #[expect(clippy::disallowed_methods, reason = "this module is the home of processes")]
    fn process(&self) -> std::process::Command {
        let mut words = self.wrapper();
        words.push(self.program.clone());
        words.extend(self.args.iter().cloned());
        let mut process = std::process::Command::new(&words[0]);
        process.args(&words[1..]);
        for (name, value) in &self.env {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        if let Some(cwd) = &self.cwd {
            process.current_dir(cwd);
        }
        process
    }

    /// `setsid`, `setpriv` and `prlimit` replace themselves by the program: the pid stays.
    fn wrapper(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        if self.new_session {
            words.push("setsid".into());
        }
        if self.ends_with_us {
            words.extend(["setpriv", "--pdeathsig", "TERM", "--"].map(Into::into));
        }
        if let Some(bytes) = self.memory_limit {
            words.extend(["prlimit".into(), format!("--data={bytes}").into(), "--".into()]);
        }
        words
    }
}

#[cfg(test)]
mod tests;
