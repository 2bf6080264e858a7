//! Running a command where nothing is async.

use super::{Cmd, CommandError, Finished};

impl Cmd {
    /// Runs it and blocks until it has ended; for short questions such as `kind version`.
    pub fn run_blocking(self) -> Result<Finished, CommandError> {
        let argv = self.argv();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(self.run()))
        };
        // A thread of its own: the caller may be inside a runtime, where blocking on another one panics.
        match std::thread::spawn(run).join() {
            Ok(Ok(result)) => result,
            Ok(Err(source)) => Err(CommandError::Spawn { argv, source }),
            Err(_) => Err(CommandError::Spawn { argv, source: std::io::Error::other("the thread that ran it died") }),
        }
    }
}
