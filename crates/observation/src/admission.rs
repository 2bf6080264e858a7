//! What the API server said of objects that it was asked to take, without keeping them: a server-side dry run.

use serde::{Deserialize, Serialize};

/// One object that the API server was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DryRun {
    /// Its place among the documents of the render, counted from 0.
    pub document: usize,
    /// Whether not the object itself was asked about, but a pod of its template.
    pub is_pod: bool,
    /// Whether the object was there already: it would be changed, not made.
    pub is_there: bool,
    /// The namespace it was asked in; `None` for what is in no namespace.
    pub namespace: Option<String>,
    /// What came of it.
    pub answer: Admission,
    /// The API server's warnings.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Admission {
    /// It would be taken.
    Taken,
    /// It would be refused.
    Refused(Refused),
    /// It could not be asked, and why; that says nothing about the object.
    Unasked(String),
}

/// A refusal, in the API server's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// The HTTP status.
    pub code: u16,
    /// The word for machines (`Forbidden`, `Invalid`).
    pub reason: String,
    /// The text for people.
    pub message: String,
    /// The fields that it names (`spec.ports[0].nodePort`).
    #[serde(default)]
    pub fields: Vec<String>,
}
