//! A mistake in a contract file: what, where, and how to mend it; and the places that every node of a file has.

use std::collections::HashMap;
use std::sync::Arc;

/// One mistake, in a form for people (`Display`) and for machines (`code`).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Diagnostic {
    /// A stable word for machines: `unknown-key`, `wrong-type`, `bad-target` …
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// The file as it was named to the loader.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: {} [{}]", self.file, self.line, self.column, self.message, self.code)?;
        match &self.hint {
            Some(hint) => write!(f, "\n    {hint}"),
            None => Ok(()),
        }
    }
}

/// A line and a column, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Default for Mark {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

/// Where a node is: its key (for the entry of a map) and its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Where the key is written; the value's place for items of lists.
    pub key: Mark,
    /// Where the value is written.
    pub value: Mark,
}

/// The place of every node of a contract file, by JSON pointer; cheap to clone and to narrow to one clause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    file: Arc<str>,
    all: Arc<HashMap<String, Place>>,
    base: String,
}

impl Places {
    pub(crate) fn new(file: &str, all: HashMap<String, Place>) -> Self {
        Self { file: file.into(), all: Arc::new(all), base: String::new() }
    }

    /// The same places, with pointers counted from `base` on.
    #[must_use]
    pub(crate) fn below(&self, base: &str) -> Self {
        Self { file: Arc::clone(&self.file), all: Arc::clone(&self.all), base: format!("{}{base}", self.base) }
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The place of a node; of the nearest node around it where that one is not written in the file.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Place {
        let whole = format!("{}{pointer}", self.base);
        let mut rest = whole.as_str();
        loop {
            if let Some(place) = self.all.get(rest) {
                return *place;
            }
            match rest.rfind('/') {
                Some(cut) => rest = &rest[..cut],
                None => return Place::default(),
            }
        }
    }
}

/// The pointer of a child: `/` and the key, escaped as in RFC 6901.
pub(crate) fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Nobody means a known word by a longer one.
const LONGEST_WORD: usize = 80;

/// The nearest of the known words, if one is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let lower = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    let measured = known.into_iter().map(|k| (distance(&lower, &k.to_lowercase()), k));
    measured.filter(|(d, _)| *d <= limit).min_by_key(|(d, _)| *d).map(|(_, k)| k)
}

/// `did you mean …?`, where a known word is near, else the known words.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<&str> = known.into_iter().collect();
    (!all.is_empty()).then(|| format!("known here: {}", all.join(", ")))
}

/// Edit distance with swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_what_was_meant() {
        let known = ["within", "rendered", "for", "covers"];
        assert_eq!(nearest("whitin", known), Some("within"));
        assert_eq!(nearest("renderd", known), Some("rendered"));
        assert_eq!(nearest("fro", known), Some("for"));
        assert_eq!(nearest("zebra", known), None);
    }

    #[test]
    fn a_place_falls_back_to_the_node_around() {
        let mark = Mark { line: 3, column: 5 };
        let places = Places::new("c.yaml", HashMap::from([("/a".into(), Place { key: mark, value: mark })]));
        assert_eq!(places.at("/a/b/0").value, mark);
        assert_eq!(places.below("/a").at("/x").value, mark);
        assert_eq!(places.at("/z").value, Mark::default());
    }

    #[test]
    fn children_are_escaped() {
        assert_eq!(child("/a", "svc/x~y"), "/a/svc~1x~0y");
    }
}
