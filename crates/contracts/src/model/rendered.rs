//! What `helm template` printed: a text for everybody, and the graph of its objects, read once by who asks first.

use crate::graph::Graph;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::{Arc, OnceLock};

/// A render. Clones share the text and what was read of it.
#[derive(Clone)]
pub struct Rendered {
    text: Arc<str>,
    graph: Arc<OnceLock<Graph>>,
}

impl Rendered {
    /// The objects of it.
    pub(crate) fn graph(&self) -> &Graph {
        self.graph.get_or_init(|| Graph::read_shared(&self.text))
    }
}

impl From<String> for Rendered {
    fn from(text: String) -> Self {
        Self { text: text.into(), graph: Arc::default() }
    }
}

impl Default for Rendered {
    fn default() -> Self {
        Self::from(String::new())
    }
}

impl std::ops::Deref for Rendered {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for Rendered {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Serialize for Rendered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Rendered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_render_is_read_once_and_written_as_text() {
        let render = Rendered::from("kind: A\n".to_owned());
        let copy = render.clone();
        assert!(std::ptr::eq(render.graph(), copy.graph()));
        assert_eq!(serde_json::to_string(&render).expect("json"), "\"kind: A\\n\"");
        assert_eq!(serde_json::from_str::<Rendered>("\"kind: A\\n\"").expect("render"), render);
    }
}
