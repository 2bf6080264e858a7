//! What can go wrong with a command, in words that name the remedy.

use thiserror::Error;

/// Why a command gave no result.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The program is not on this host.
    #[error("{program} is not installed or not on PATH{}", remedy(program))]
    NotFound {
        /// The program as it was asked for.
        program: String,
    },
    /// The program is there but could not be started.
    #[error("{} could not be started: {source}", argv.join(" "))]
    Spawn {
        /// The whole command.
        argv: Vec<String>,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It took too long; its process group was killed.
    #[error("{} did not end within {seconds:.0} s and was killed{}", argv.join(" "), after(stderr))]
    Timeout {
        /// The whole command.
        argv: Vec<String>,
        /// How long it was given.
        seconds: f64,
        /// The end of its error output.
        stderr: String,
    },
    /// It printed more than it may; it was ended.
    #[error("{} printed more than {} MiB and was ended", argv.join(" "), limit >> 20)]
    TooMuch {
        /// The whole command.
        argv: Vec<String>,
        /// The most that was allowed, in bytes.
        limit: usize,
    },
    /// It ended with another code than 0 (`None`: by a signal).
    #[error("{} ended with {}{}", argv.join(" "), code_text(*code), after(stderr))]
    Exit {
        /// The whole command.
        argv: Vec<String>,
        /// Its exit code.
        code: Option<i32>,
        /// The end of its error output, or of its output if that is empty.
        stderr: String,
    },
}

/// What to type for the programs that we know how to get.
fn remedy(program: &str) -> &'static str {
    let name = program.rsplit('/').next().unwrap_or(program);
    match name {
        "kind" | "helm" | "docker" | "dockerd" | "mmdebstrap" | "shellcheck" | "actionlint" | "cargo-nextest"
        | "cargo-deny" => ": run `./just setup`",
        "go" => ": install Go (on Debian: apt-get install golang)",
        "setsid" | "prlimit" => ": install the package util-linux",
        _ => "",
    }
}

fn code_text(code: Option<i32>) -> String {
    code.map_or("a signal".to_owned(), |code| format!("exit code {code}"))
}

fn after(stderr: &str) -> String {
    if stderr.trim().is_empty() { String::new() } else { format!(": {}", stderr.trim()) }
}
