//! `decodes`: every object is one that the API server would take.

use super::{Facts, Finding, Inspected};
use crate::graph::{Document, flaws};

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("objects");
    for document in &facts.graph.documents {
        let label = label(document);
        let found = flaws(document).into_iter();
        inspected.subject(found.map(|f| Finding::at(document, &f.at, format!("{label}: {}", f.message))));
    }
    inspected
}

fn label(document: &Document) -> String {
    if document.name().is_empty() {
        return document.source.as_deref().unwrap_or("an object").to_owned();
    }
    document.target()
}
