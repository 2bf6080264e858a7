//! Keys in Helm's own `--set` syntax: `a.b[0].c`, with `\.` for a dot inside a key.

use serde_json::{Map, Value};

/// One step of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// A key that goes deeper is none that people write.
const DEEPEST: usize = 64;

/// `None` where the text is no key.
pub(super) fn parse(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in parts(text) {
        let (name, mut rest) = part.find('[').map_or((part.as_str(), ""), |at| part.split_at(at));
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Key(name.to_owned()));
        while let Some(inner) = rest.strip_prefix('[') {
            let (number, after) = inner.split_once(']')?;
            steps.push(Step::Index(number.parse().ok().filter(|number| *number <= 65_536)?));
            rest = after;
        }
        if !rest.is_empty() || steps.len() > DEEPEST {
            return None;
        }
    }
    Some(steps)
}

/// Items that lists may get by setting the value of a key, at the most.
pub(super) fn filled(steps: &[Step]) -> usize {
    let items = |step: &Step| match step {
        Step::Key(_) => 0,
        Step::Index(number) => number + 1,
    };
    steps.iter().map(items).sum()
}

/// Splits at dots that are not escaped.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, parts.last_mut()) {
            ('.', _) => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(chars.next()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
    }
    parts
}

/// The value at a key.
pub(super) fn get<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(number) => value.get(*number),
    })
}

/// Sets the value at a key; maps and lists on the way are made, lists filled up with null.
pub(super) fn set(value: &mut Value, steps: &[Step], new: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = new;
        return;
    };
    match step {
        Step::Key(key) => {
            if !value.is_object() {
                *value = Value::Object(Map::new());
            }
            if let Value::Object(map) = value {
                set(map.entry(key.clone()).or_insert(Value::Null), rest, new);
            }
        }
        Step::Index(number) => {
            if !value.is_array() {
                *value = Value::Array(Vec::new());
            }
            if let Value::Array(list) = value {
                if list.len() <= *number {
                    list.resize(number + 1, Value::Null);
                }
                set(&mut list[*number], rest, new);
            }
        }
    }
}
