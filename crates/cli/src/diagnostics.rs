//! How a mistake in a contract file is shown: its code, its place with the line, and the hint.

use crate::failure::Failure;
use seatrial_contracts::diagnostic::Diagnostic;
use serde_json::{Value, json};

/// What is longer is no line that a person wrote, and helps nobody.
const LONGEST_LINE: usize = 400;
const LARGEST_FILE: u64 = 5 << 20;

/// One mistake for people, with the line it is in.
pub(crate) fn text(found: &Diagnostic) -> String {
    let source = source(&found.file).unwrap_or_default();
    let line = found.line.checked_sub(1).and_then(|index| source.lines().nth(index));
    block(found, line.filter(|line| line.len() <= LONGEST_LINE))
}

/// The text of a file that can be shown: one that is no device and has a size.
fn source(file: &str) -> Option<String> {
    let is_shown = |data: &std::fs::Metadata| data.is_file() && data.len() <= LARGEST_FILE;
    std::fs::metadata(file).ok().filter(is_shown)?;
    std::fs::read_to_string(file).ok()
}

fn block(found: &Diagnostic, line: Option<&str>) -> String {
    let Diagnostic { code, message, hint, file, line: number, column } = found;
    let mut lines = vec![format!("{file}:{number}:{column}: {code}: {message}")];
    if let Some(line) = line {
        let margin = number.to_string();
        let caret = " ".repeat(column.saturating_sub(1));
        lines.push(format!("  {margin} | {line}"));
        lines.push(format!("  {} | {caret}^", " ".repeat(margin.len())));
    }
    lines.extend(hint.iter().map(|hint| format!("  hint: {hint}")));
    lines.join("\n")
}

/// A failed command for machines.
pub(crate) fn json(failure: &Failure) -> Value {
    json!({
        "schema": "seatrial.error/v1",
        "exit": failure.exit.code(),
        "message": failure.message,
        "diagnostics": failure.diagnostics,
    })
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, block};

    #[test]
    fn a_mistake_shows_its_line() {
        let found = Diagnostic {
            code: "unknown-key",
            message: "`enviroments` is no key of a contract".to_owned(),
            hint: Some("did you mean `environments`?".to_owned()),
            file: "charts/a/contract.yaml".to_owned(),
            line: 12,
            column: 3,
        };
        let expected = "charts/a/contract.yaml:12:3: unknown-key: `enviroments` is no key of a contract
  12 |   enviroments: {}
     |   ^
  hint: did you mean `environments`?";
        assert_eq!(block(&found, Some("  enviroments: {}")), expected);
    }
}
