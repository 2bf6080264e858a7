//! `just coverage`: of the code that makes, takes down and looks after what `up` made, more than 80 % of the lines ran.
//!
//! ```text
//! coverage REPORT.json [RECORD.xml]
//! ```
//!
//! REPORT is `cargo llvm-cov report --json`; RECORD is a record like nextest's, for `seatrial trace`.

mod lines;

use lines::Lines;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let report = arguments.next().unwrap_or_default();
    let outcome = judge(&report);
    if let Some(record) = arguments.next()
        && let Err(error) = keep(&record, outcome.is_ok())
    {
        return end(&Err(format!("{record}: {error}")));
    }
    end(&outcome)
}

fn judge(report: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(report).map_err(|error| format!("{report}: {error}"))?;
    Lines::of_report(&text)?.judged()
}

fn keep(path: &str, is_kept: bool) -> std::io::Result<()> {
    if let Some(folder) = std::path::Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    let body = if is_kept { "" } else { "<failure/>" };
    std::fs::write(path, format!("<testcase name=\"coverage\" classname=\"just\">{body}</testcase>\n"))
}

fn end(outcome: &Result<String, String>) -> ExitCode {
    let (Ok(text) | Err(text)) = outcome;
    let _ = writeln!(std::io::stdout(), "{text}");
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
