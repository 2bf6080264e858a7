//! Single values of a contract as a private values file: an argv is read by everybody on the host, a file of mode
//! 0600 is not.

use super::HelmError;
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// What Helm is given beside the chart's own values files. The file is removed with it.
#[derive(Debug)]
pub(super) struct Overlay {
    file: Option<Utf8PathBuf>,
    /// Items of lists: a values file replaces a list, only `--set-json` reaches into one.
    indexed: Vec<(String, Value)>,
}

impl Overlay {
    pub(super) fn write(home: &Utf8Path, set: &IndexMap<String, Value>) -> Result<Self, HelmError> {
        let (indexed, plain): (Vec<_>, Vec<_>) =
            set.iter().map(|(key, value)| (key.clone(), value.clone())).partition(|(key, _)| key.contains('['));
        let mut overlay = Self { file: None, indexed };
        if plain.is_empty() {
            return Ok(overlay);
        }
        let mut root = Map::new();
        for (key, value) in plain {
            insert(&mut root, &steps(&key), value);
        }
        let path = home.join(format!("values-{}.json", unique()));
        let text = Value::Object(root).to_string();
        state::write_private(&path, text.as_bytes())
            .map_err(|source| HelmError::Values { path: path.clone(), source })?;
        overlay.file = Some(path);
        Ok(overlay)
    }

    pub(super) fn file(&self) -> Option<&Utf8Path> {
        self.file.as_deref()
    }

    pub(super) fn indexed(&self) -> impl Iterator<Item = String> + '_ {
        self.indexed.iter().map(|(key, value)| format!("{key}={value}"))
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // The run's folder goes as a whole anyway.
            let _ = std::fs::remove_file(file);
        }
    }
}

fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// `a.b\.c` → `a`, `b.c`.
fn steps(key: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => steps.push(String::new()),
            '\\' => steps.last_mut().map_or((), |step| step.extend(chars.next())),
            c => steps.last_mut().map_or((), |step| step.push(c)),
        }
    }
    steps
}

fn insert(map: &mut Map<String, Value>, steps: &[String], value: Value) {
    match steps {
        [] => {}
        [last] => drop(map.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let inner = map.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_nest_and_null_deletes() {
        let dir = tempfile::tempdir().expect("dir");
        let home = Utf8Path::from_path(dir.path()).expect("utf8");
        let set = IndexMap::from([
            ("a.b".to_owned(), json!(1)),
            ("a.c\\.d".to_owned(), json!(null)),
            ("list".to_owned(), json!([1])),
        ]);
        let overlay = Overlay::write(home, &set).expect("written");
        let file = overlay.file().expect("a file").to_owned();
        let text = std::fs::read_to_string(&file).expect("read");
        assert_eq!(text, r#"{"a":{"b":1,"c.d":null},"list":[1]}"#);
        assert_eq!(std::fs::metadata(&file).expect("stat").permissions().mode() & 0o777, 0o600);
        drop(overlay);
        assert!(!file.exists(), "it goes with the call");
    }
}
