//! Which lines ran, file by file, and whether they are enough.

use serde_json::Value;
use std::fmt::Write as _;

/// The code that is meant, by the part of its path behind `crates/`.
const MEANT: [&str; 7] = [
    "harness/src/bootstrap",
    "harness/src/containers",
    "harness/src/health",
    "harness/src/beside",
    "cli/src/commands/up",
    "cli/src/commands/down",
    "cli/src/commands/health",
];

/// More than this share of the lines must have run.
const WANTED: f64 = 80.0;

/// The lines of each file that is meant.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines(Vec<File>);

#[derive(Debug, PartialEq)]
struct File {
    path: String,
    count: u64,
    ran: u64,
}

impl Lines {
    /// Reads them off the report of `cargo llvm-cov report --json`.
    pub(crate) fn of_report(text: &str) -> Result<Self, String> {
        let report: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let files = report.pointer("/data/0/files").and_then(Value::as_array).ok_or("the report has no files")?;
        Ok(Self(files.iter().filter_map(File::meant).collect()))
    }

    /// The table, if enough ran.
    pub(crate) fn judged(&self) -> Result<String, String> {
        let (count, ran) = self.0.iter().fold((0, 0), |(count, ran), file| (count + file.count, ran + file.ran));
        let mut text = String::new();
        for file in &self.0 {
            let _ = writeln!(
                text,
                "{:6.1} %  {:>4} of {:>4}  {}",
                percent(file.ran, file.count),
                file.ran,
                file.count,
                file.path
            );
        }
        let _ = write!(
            text,
            "{:6.1} %  {ran:>4} of {count:>4}  lines of bootstrap and health; more than {WANTED} % wanted",
            percent(ran, count)
        );
        if percent(ran, count) > WANTED { Ok(text) } else { Err(text) }
    }
}

impl File {
    fn meant(file: &Value) -> Option<Self> {
        let path = file["filename"].as_str()?.rsplit_once("/crates/")?.1.to_owned();
        let is_meant =
            MEANT.iter().any(|meant| path.strip_prefix(meant).is_some_and(|rest| rest.starts_with(['/', '.'])));
        let lines = &file["summary"]["lines"];
        let count = |key: &str| lines[key].as_u64();
        if is_meant { Some(Self { path, count: count("count")?, ran: count("covered")? }) } else { None }
    }
}

/// Nothing counted is nothing covered.
fn percent(ran: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { ran as f64 * 100.0 / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(files: &[(&str, u64, u64)]) -> Result<String, String> {
        let files: Vec<Value> = files
            .iter()
            .map(|(path, count, covered)| json!({ "filename": path, "summary": { "lines": { "count": count, "covered": covered } } }))
            .collect();
        Lines::of_report(&json!({ "data": [{ "files": files }] }).to_string())?.judged()
    }

    #[test]
    fn enough_lines_are_a_pass() {
        let said = judged(&[
            ("/x/crates/cli/src/commands/up.rs", 100, 90),
            ("/x/crates/harness/src/bootstrap/mod.rs", 100, 71),
        ]);
        assert!(said.as_ref().is_ok_and(|text| text.contains("80.5 %   161 of  200")), "{said:?}");
    }

    #[test]
    fn too_few_lines_are_told() {
        let told = judged(&[("/x/crates/harness/src/containers/start.rs", 100, 80)]);
        assert!(told.as_ref().is_err_and(|text| text.contains("80.0 %    80 of  100")), "{told:?}");
    }

    #[test]
    fn other_files_do_not_count_and_nothing_is_no_pass() {
        let told = judged(&[
            ("/x/crates/harness/src/bootstrapper.rs", 100, 100),
            ("/x/crates/cli/src/commands/verify.rs", 9, 9),
        ]);
        assert!(told.as_ref().is_err_and(|text| text.contains("0 of    0")), "{told:?}");
        assert!(Lines::of_report("{}").is_err());
    }
}
