//! The requirement rows of `docs/requirements.md`: what `covers` may name.

use regex::Regex;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The ids of all rows: the first cells of tables, and rows that the decisions add in prose (with a known prefix).
pub fn known_rows(markdown: &str) -> BTreeSet<String> {
    let mut rows: BTreeSet<String> = markdown.lines().filter_map(first_cell).collect();
    let prefixes: BTreeSet<String> = rows.iter().filter_map(|row| prefix(row)).collect();
    let added = decisions(markdown).flat_map(ids).filter(|id| prefix(id).is_some_and(|p| prefixes.contains(&p)));
    rows.extend(added.collect::<Vec<_>>());
    rows
}

/// The id in the first cell of a table's row.
fn first_cell(line: &str) -> Option<String> {
    let cell = line.strip_prefix('|')?.split('|').next()?.trim().trim_matches(['*', '`']);
    ids(cell).find(|id| id == cell)
}

/// The lines of sections about decisions.
fn decisions(markdown: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    markdown.lines().filter(move |line| {
        if line.starts_with('#') {
            is_inside = line.contains("Decisions");
        }
        is_inside
    })
}

fn ids(text: &str) -> impl Iterator<Item = String> {
    static ID: OnceLock<Option<Regex>> = OnceLock::new();
    let regex = ID.get_or_init(|| Regex::new(r"\b[A-Z][A-Z0-9]*-[0-9]{2,4}[a-z]?\b").ok());
    let found = regex.iter().flat_map(|regex| regex.find_iter(text));
    found.map(|id| id.as_str().to_owned()).collect::<Vec<_>>().into_iter()
}

fn prefix(id: &str) -> Option<String> {
    id.split_once('-').map(|(prefix, _)| prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
## Decisions
1. The row HAR-069 is added, ISO-8601 is none.
## Rows
| id | text |
|---|---|
| HAR-001 | names TD1-030 |
| C-08 | a decision |
| STR-039b | with a letter |
| Budget | < 30 s |
Prose about HAR-999.
";

    #[test]
    fn rows_are_first_cells_and_what_decisions_add() {
        let rows: Vec<String> = known_rows(TEXT).into_iter().collect();
        assert_eq!(rows, ["C-08", "HAR-001", "HAR-069", "STR-039b"]);
    }
}
