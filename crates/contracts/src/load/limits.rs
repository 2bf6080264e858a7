//! What is too large to be a file of the language, and how much of its mistakes is told.

use super::tree::{self, Tree};
use crate::diagnostic::Diagnostic;
use serde_json::{Map, Value};

/// A larger file is none that people wrote, and neither is one with more clauses: each is a verdict to be waited for.
const MOST_BYTES: usize = 1 << 20;
const MOST_CLAUSES: usize = 2_000;

/// Who makes more mistakes did not write a file of this language.
const MOST_MISTAKES: usize = 200;
const LONGEST_MESSAGE: usize = 400;

/// The tree of a file that is small enough.
pub(crate) fn tree(file: &str, text: &str) -> Result<Tree, Diagnostic> {
    if text.len() > MOST_BYTES {
        return Err(too_large(file, (1, 1), format!("the file is larger than {} MiB", MOST_BYTES >> 20)));
    }
    let tree = tree::parse(file, text).map_err(shortened)?;
    let clauses = tree.value.get("clauses").and_then(Value::as_object).map_or(0, Map::len);
    if clauses > MOST_CLAUSES {
        let place = tree.places.at("/clauses").key;
        let message = format!("{clauses} clauses, where {MOST_CLAUSES} is the most");
        return Err(too_large(file, (place.line, place.column), message));
    }
    Ok(tree)
}

fn too_large(file: &str, (line, column): (usize, usize), message: String) -> Diagnostic {
    Diagnostic { code: "too-large", message, hint: None, file: file.to_owned(), line, column }
}

/// The mistakes that are told, the last of them how many are not.
pub(super) fn told(mut mistakes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if let Some(first) = mistakes.get(MOST_MISTAKES).cloned() {
        let message = format!("{} more mistakes are not shown", mistakes.len() - MOST_MISTAKES);
        mistakes.truncate(MOST_MISTAKES);
        mistakes.push(Diagnostic { code: "more-mistakes", message, hint: None, ..first });
    }
    mistakes.into_iter().map(shortened).collect()
}

/// A message may hold what is written in the file.
fn shortened(mut mistake: Diagnostic) -> Diagnostic {
    if let Some((cut, _)) = mistake.message.char_indices().nth(LONGEST_MESSAGE) {
        mistake.message.truncate(cut);
        mistake.message.push('…');
    }
    mistake
}
