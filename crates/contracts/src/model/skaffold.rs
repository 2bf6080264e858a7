//! The Skaffold manifest beside a chart, as text, and what is known of the files around it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `skaffold.yaml` and what it can be compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkaffoldFile {
    /// The file, as findings print it.
    pub file: String,
    /// What it says.
    pub text: String,
    /// The chart's folder, relative to the file.
    pub chart: String,
    /// Which of the paths that it names (`skaffold::named_paths`) are there.
    pub there: BTreeSet<String>,
    /// Patterns of the images that Skaffold builds, by `images` of the repository file.
    pub built: Vec<String>,
}
