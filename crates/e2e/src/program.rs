//! The program under test, called as a user calls it.

use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::command::{Cmd, CommandError, Finished};
use std::time::Duration;

/// How long one call may take; far beyond every promise, so that a hang is a failure and not a lost machine.
const PATIENCE: Duration = Duration::from_mins(12);

/// `seatrial-e2e` with a working directory and variables.
#[derive(Clone, Debug)]
pub struct Program {
    exe: String,
    cwd: Utf8PathBuf,
    env: Vec<(String, Option<String>)>,
}

impl Program {
    /// The program at this path (`env!("CARGO_BIN_EXE_seatrial-e2e")`), called in the repository's root.
    pub fn at(exe: &str) -> Self {
        Self { exe: exe.to_owned(), cwd: root(), env: Vec::new() }
    }

    /// Called in another folder.
    #[must_use]
    pub fn in_dir(mut self, cwd: &Utf8Path) -> Self {
        cwd.clone_into(&mut self.cwd);
        self
    }

    /// With a variable set.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), Some(value.into())));
        self
    }

    /// With a variable taken away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.env.push((name.to_owned(), None));
        self
    }

    /// As a run of its own: no other process, and not the nextest run around it, shares its cluster.
    #[must_use]
    pub fn alone(self, run: &str) -> Self {
        self.without("NEXTEST_RUN_ID").without("NEXTEST_EXECUTION_MODE").env("SEATRIAL_RUN", run)
    }

    /// Calls it and waits for its end.
    ///
    /// # Panics
    /// When it can't be started, or hangs.
    #[expect(clippy::panic, reason = "a test that can't start its program has failed")]
    pub fn call(&self, args: &[&str]) -> Finished {
        match block_on(self.command(args).ends_with_us().timeout(PATIENCE).run()) {
            Ok(finished) => finished,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts it in a session of its own and gives its process id.
    pub fn start(&self, args: &[&str], log: &Utf8Path) -> Result<u32, CommandError> {
        self.command(args).spawn_detached(log)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Cmd {
        let cmd = Cmd::new(&self.exe).args(args).cwd(&self.cwd);
        self.env.iter().fold(cmd, |cmd, (name, value)| match value {
            Some(value) => cmd.env(name, value),
            None => cmd.env_remove(name),
        })
    }
}

/// The repository's root.
pub fn root() -> Utf8PathBuf {
    let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Runs a future to its end on a small runtime of its own.
///
/// # Panics
/// When the system gives no runtime.
#[expect(clippy::expect_used, reason = "a test without a runtime has failed")]
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Another program's output; its end must be good.
///
/// # Panics
/// When it is missing or fails.
#[expect(clippy::panic, reason = "a test whose tools fail has failed")]
pub fn tool(program: &str, args: &[&str]) -> String {
    match block_on(Cmd::new(program).args(args).timeout(PATIENCE).run_ok()) {
        Ok(finished) => finished.stdout,
        Err(error) => panic!("{error}"),
    }
}

/// The newest binary of one of our test targets; Cargo built it together with the test that asks.
///
/// # Panics
/// When there is none.
#[expect(clippy::expect_used, clippy::panic, reason = "a test whose neighbour is missing has failed")]
pub fn test_binary(target: &str) -> Utf8PathBuf {
    let here = std::env::current_exe().expect("this test's path");
    let folder = Utf8PathBuf::try_from(here.parent().expect("a folder").to_owned()).expect("UTF-8");
    let is_it = |name: &str| name.strip_prefix(target).is_some_and(|rest| rest.starts_with('-') && !rest.contains('.'));
    let entries = folder.read_dir_utf8().expect("the folder of tests").flatten();
    let candidates = entries.filter(|entry| is_it(entry.file_name()));
    let newest = candidates.max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok());
    newest.unwrap_or_else(|| panic!("no test binary {target}: run `cargo test -p e2e --no-run`")).path().to_owned()
}
