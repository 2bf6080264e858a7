//! Redaction of a value with a type: a Secret that says `5432` or `http` must not break the numbers and the words of ours
//! that hold the same letters. Only texts are cleaned, and those that the type itself needs stay: they are ours, not data.

use super::Redactor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

impl Redactor {
    /// The same value without any known secret in its texts, a secret number whole only where a text may stand instead.
    /// `None`: it can't be had in this type.
    pub(crate) fn clean_typed<T: Serialize + DeserializeOwned>(&self, value: &T) -> Option<T> {
        let document = serde_json::to_value(value).ok()?;
        let mut found = BTreeSet::new();
        self.find(&document, &mut found);
        let found: Vec<String> = found.into_iter().collect();
        let mut ours = BTreeSet::new();
        self.needed::<T>(&document, &found, &mut ours);
        whole(&self.without(&document, &|text| !ours.contains(text)))
    }

    /// Texts, keys and whole numbers that hold a secret.
    fn find(&self, value: &Value, found: &mut BTreeSet<String>) {
        let mut of = |text: &str| {
            if self.clean(text) != text {
                found.insert(text.to_owned());
            }
        };
        match value {
            Value::String(text) => of(text),
            Value::Number(number) if self.is_known(&number.to_string()) => drop(found.insert(number.to_string())),
            Value::Array(items) => items.iter().for_each(|item| self.find(item, found)),
            Value::Object(entries) => {
                entries.keys().for_each(|key| of(key));
                entries.values().for_each(|value| self.find(value, found));
            }
            _ => {}
        }
    }

    /// Those of the texts without which there is no such type (the names of fields and variants, times): halved until they
    /// are found, since they are few among many.
    fn needed<T: Serialize + DeserializeOwned>(&self, document: &Value, texts: &[String], ours: &mut BTreeSet<String>) {
        let clean = self.without(document, &|text| texts.iter().any(|known| known == text));
        if texts.is_empty() || whole::<T>(&clean).is_some() {
            return;
        }
        if let [one] = texts {
            ours.insert(one.clone());
            return;
        }
        let (left, right) = texts.split_at(texts.len() / 2);
        self.needed::<T>(document, left, ours);
        self.needed::<T>(document, right, ours);
    }

    /// The document, its chosen texts cleaned.
    fn without(&self, value: &Value, is_chosen: &dyn Fn(&str) -> bool) -> Value {
        let clean = |text: &str| if is_chosen(text) { self.clean(text) } else { text.to_owned() };
        match value {
            Value::String(text) => Value::String(clean(text)),
            Value::Number(number) => {
                let text = number.to_string();
                if self.is_known(&text) && is_chosen(&text) { Value::String(clean(&text)) } else { value.clone() }
            }
            Value::Array(items) => items.iter().map(|item| self.without(item, is_chosen)).collect(),
            Value::Object(entries) => {
                entries.iter().map(|(key, value)| (clean(key), self.without(value, is_chosen))).collect()
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    /// Whether this is a secret, whole.
    fn is_known(&self, text: &str) -> bool {
        self.forms.iter().any(|form| form == text)
    }
}

/// A value of this type, if nothing of the document is lost in it: a field that has a default may be left out, and then a
/// name that was cleaned away would take its content along without a word.
fn whole<T: Serialize + DeserializeOwned>(document: &Value) -> Option<T> {
    let value = T::deserialize(document).ok()?;
    (serde_json::to_value(&value).ok()? == *document).then_some(value)
}

#[cfg(test)]
mod tests {
    use crate::redact::{REDACTED, Redactor};
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Http,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Seen {
        kind: Kind,
        at: u64,
        body: Value,
        headers: BTreeMap<String, String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    }

    fn seen(text: &str) -> Seen {
        let headers = BTreeMap::from([(text.to_owned(), format!("a {text} b"))]);
        Seen {
            kind: Kind::Http,
            at: 17_543_254,
            body: json!({ "port": 5432, "text": text }),
            headers,
            notes: Vec::new(),
        }
    }

    #[test]
    fn numbers_and_words_of_ours_outlive_a_secret_of_the_same_letters() {
        let redactor = Redactor::of([&b"5432"[..], b"http", b"kind", b"17543254"]);
        let clean = redactor.clean_typed(&seen("see http://x:5432")).expect("of the same type");
        assert_eq!((clean.kind, clean.at), (Kind::Http, 17_543_254));
        let text = format!("see {REDACTED}://x:{REDACTED}");
        assert_eq!(clean.body, json!({ "port": REDACTED, "text": text }));
        assert_eq!(clean.headers, BTreeMap::from([(text.clone(), format!("a {text} b"))]));
    }

    #[test]
    fn a_field_that_may_be_missing_outlives_a_secret_of_its_name() {
        let redactor = Redactor::of([&b"notes"[..]]);
        let before = Seen { notes: vec!["kept, and of notes".to_owned()], ..seen("text") };
        let clean = redactor.clean_typed(&before).expect("of the same type");
        assert_eq!(clean.notes, [format!("kept, and of {REDACTED}")]);
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is() {
        assert_eq!(Redactor::of([&b"hunter22"[..]]).clean_typed(&seen("text")), Some(seen("text")));
    }
}
