//! `just soak N`: the same charts judged N times on one warm cluster, one JSON line a run. The first run says what each
//! verdict is; the first verdict that differs from that ends it.
//!
//! ```text
//! soak N [what `seatrial verify` is to judge…]
//! ```

mod runs;

use e2e::Program;
use e2e::report::document;
use runs::Runs;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

/// How long the cluster waits for the next run.
const KEEP: &str = "20m";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(wanted) = arguments.next().and_then(|number| number.parse::<u32>().ok()).filter(|number| *number > 0)
    else {
        return end("soak: how often? write a number from 1 on");
    };
    let judged: Vec<String> = arguments.collect();
    let Some(program) = program() else { return end("soak: seatrial-e2e is not beside this program") };
    let mut runs = Runs::default();
    for number in 1..=wanted {
        let keep = if number < wanted { KEEP } else { "1s" };
        let started = Instant::now();
        let mut args = vec!["verify"];
        args.extend(judged.iter().map(String::as_str));
        args.extend(["--format", "json", "--keep", keep]);
        let document = document(&program.call(&args));
        let line = runs.take(&document, started.elapsed().as_secs_f64());
        let _ = writeln!(std::io::stdout(), "{line}");
        if runs.differs() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The program under test, made together with this one. Each call is a run of its own, which finds the cluster warm.
fn program() -> Option<Program> {
    let path = std::env::current_exe().ok()?.with_file_name("seatrial-e2e");
    let path = path.to_str().filter(|_| path.is_file())?;
    Some(Program::at(path).without("SEATRIAL_RUN").without("NEXTEST_RUN_ID"))
}

fn end(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::FAILURE
}
