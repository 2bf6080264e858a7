//! YAML of manifests and values → JSON, as Kubernetes reads it: merge keys are merged, a key that is written twice is a
//! mistake. The text may come from anywhere, so its depth, its size and what its aliases make of it are bounded.

use crate::load::tree;
use saphyr_parser::Parser;
use serde::de::{DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;

/// One document may be so large; the API server takes no request of more than 3 MiB.
const MOST_BYTES: usize = 5 << 20;

/// Values that aliases bring beside those that are written.
const MOST_ALIASED: usize = 100_000;

/// Brackets that may be open at once before it is looked at more closely whether they are brackets at all.
const MANY_BRACKETS: usize = 200;

/// Why a text is no YAML that Kubernetes would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlError {
    /// In one line, without a place.
    pub(crate) message: String,
    /// Line and column, counted from 1, where they are known.
    pub(crate) at: Option<(usize, usize)>,
}

/// The one document of a text; null where there is none.
pub(crate) fn json(text: &str) -> Result<Value, YamlError> {
    if text.len() > MOST_BYTES {
        return Err(unplaced(format!("a document of more than {} MiB", MOST_BYTES >> 20)));
    }
    if is_too_deep(text) {
        return Err(unplaced("nested too deeply".to_owned()));
    }
    // Each value is written with a byte at least, so that without aliases it is enough.
    let left = Cell::new(text.len() + MOST_ALIASED);
    let read = Node { left: &left }.deserialize(serde_yaml::Deserializer::from_str(text));
    read.map_err(|error| {
        let (at, message) = (error.location().map(|at| (at.line(), at.column())), error.to_string());
        let message = message.split_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
        twice(text).unwrap_or(YamlError { message, at })
    })
}

/// The exact place of a key that is written twice, which the parser of manifests does not tell.
fn twice(text: &str) -> Option<YamlError> {
    let found = tree::parse("", text).ok()?.mistakes.into_iter().find(|mistake| mistake.code == "duplicate-key")?;
    // The line of the first is one of this text, which may be a part of a longer one.
    let message = found.message.split_once("; ").map_or(found.message.as_str(), |(message, _)| message).to_owned();
    Some(YamlError { message, at: Some((found.line, found.column)) })
}

fn unplaced(message: String) -> YamlError {
    YamlError { message, at: None }
}

/// The parser of manifests takes time in the square of the open brackets. They may well be part of a text: the other
/// parser, which has a limit of its own, decides.
fn is_too_deep(text: &str) -> bool {
    let mut open = 0_usize;
    let mut most = 0;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    let is_deep = |error: saphyr_parser::ScanError| error.info().contains("recursion limit");
    most > MANY_BRACKETS && Parser::new_from_str(text).find_map(Result::err).is_some_and(is_deep)
}

/// Reads one value, as long as values are left.
#[derive(Clone, Copy)]
struct Node<'l> {
    left: &'l Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.spend(1)?;
        deserializer.deserialize_any(self)
    }
}

impl Node<'_> {
    /// A value costs one, a long text more.
    fn spend<E: serde::de::Error>(self, cost: usize) -> Result<(), E> {
        let left = self.left.get().checked_sub(cost).ok_or_else(|| E::custom("aliases make it too large"))?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(float(value as f64))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(float(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.spend(tree::weight(value))?;
        Ok(Value::from(value))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.spend(tree::weight(&value))?;
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let (mut map, mut merged) = (Map::new(), Vec::new());
        while let Some(key) = entries.next_key::<String>()? {
            self.spend(tree::weight(&key))?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` is written twice")));
            }
            match entries.next_value_seed(self)? {
                value if key == "<<" => merged.push(value),
                value => drop(map.insert(key, value)),
            }
        }
        for below in merged {
            merge(&mut map, below);
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(A::Error::custom("a tag that has no meaning here"))
    }
}

/// JSON has no infinity.
fn float(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// What is written beside `<<` wins over what that brings, and an earlier map of a list over a later one.
fn merge(map: &mut Map<String, Value>, below: Value) {
    match below {
        Value::Object(below) => {
            for (key, value) in below {
                map.entry(key).or_insert(value);
            }
        }
        Value::Array(all) => all.into_iter().for_each(|one| merge(map, one)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    /// The value as JSON, or the mistake with its place.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let seen = match json(text) {
            Ok(value) => value.to_string(),
            Err(error) => match error.at {
                Some((line, column)) => format!("{line}:{column} {}", error.message),
                None => error.message,
            },
        };
        assert_eq!(seen, expected);
    }

    #[test]
    fn yaml_is_read_as_kubernetes_does() {
        check("a: [1, -2, 0.5, yes, null, '1', 99999999999999999999]", r#"{"a":[1,-2,0.5,"yes",null,"1",1e+20]}"#);
        check("1: a\ntrue: b\n", r#"{"1":"a","true":"b"}"#);
        check("", "null");
    }

    #[test]
    fn a_key_is_written_once() {
        check("a: 1\nb:\n  c: 1\n  c: 2\n", "4:3 the key `c` is written twice");
    }

    #[test]
    fn merge_keys_are_merged() {
        check("x: &x { a: 1, b: 2 }\ny: { <<: *x, b: 3 }", r#"{"x":{"a":1,"b":2},"y":{"b":3,"a":1}}"#);
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let list = format!("a: &a [{}]\n", "x,".repeat(1000));
        check(&format!("{list}b: [{}]", "*a,".repeat(50_000)), "1:4 b[250]: aliases make it too large");
        let text = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 20), "*a,".repeat(50_000));
        let error = json(&text).expect_err("50 GB");
        assert!(error.message.ends_with("aliases make it too large"), "{error:?}");
    }

    #[test]
    fn depth_is_bounded() {
        for text in ["[".repeat(100_000), "{a: ".repeat(50_000), "- ".repeat(50_000)] {
            let error = json(&text).expect_err("too deep");
            assert!(error.message.contains("too deeply") || error.message.contains("recursion"), "{error:?}");
        }
    }

    #[test]
    fn brackets_of_a_text_are_no_depth() {
        let colours = "\\e[31m".repeat(1000);
        check(&format!("a: |\n  {}\n", "[31m".repeat(1000)), &format!(r#"{{"a":"{}\n"}}"#, "[31m".repeat(1000)));
        assert!(json(&format!("a: \"{colours}\"")).is_ok());
    }

    #[test]
    fn a_document_has_a_size() {
        check(&"#".repeat(6 << 20), "a document of more than 5 MiB");
    }
}
