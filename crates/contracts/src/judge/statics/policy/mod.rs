//! The policy pack: what most houses ask of a chart, and what one may see otherwise. Off until `uses: { policy: {} }`
//! asks for it; each can be switched off by name with a reason.

mod config;
mod coverage;
mod credentials;
mod determinism;
mod environments;
mod labels;
mod probes;
mod resources;
mod schema;
mod security;
mod tags;
mod text;

pub(crate) use schema::SCHEMA;
pub(super) use tags::moving;

use super::{Facts, Inspected};

type Question = fn(&Facts<'_>) -> Inspected;

/// Names and questions. None waits for another: these are opinions, not causes of one another.
pub(super) const POLICIES: [(&str, Question); 11] = [
    ("policy-probes", probes::inspect),
    ("policy-resources", resources::inspect),
    ("policy-tags", tags::inspect),
    ("policy-security", security::inspect),
    ("policy-labels", labels::inspect),
    ("policy-credentials", credentials::inspect),
    ("policy-config-changes", config::inspect),
    ("policy-environments", environments::inspect),
    ("policy-schema", schema::inspect),
    ("policy-determinism", determinism::inspect),
    ("policy-coverage", coverage::inspect),
];

/// Those about the chart and not about one of its environments: asked once, in the last one.
pub(super) const OF_CHART: [&str; 4] =
    ["policy-environments", "policy-schema", "policy-determinism", "policy-coverage"];
