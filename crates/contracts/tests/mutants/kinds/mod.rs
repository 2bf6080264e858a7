//! The mutants, one file a check. A new clause brings at least four.

mod addresses;
mod autoscaling;
mod decodes;
mod disruption;
mod duplicates;
mod images;
mod immutable;
mod named;
mod node_ports;
mod policy;
mod port_chain;
mod references;
mod refuses;
mod renders;
mod same;
mod selectors;
pub(crate) mod skaffold;
mod stale_config;
mod version_labels;
mod written;

use super::case::Mutant;

/// All of them, by check.
pub(crate) fn all() -> Vec<Mutant> {
    let of = [
        ("renders", renders::MUTANTS),
        ("decodes", decodes::MUTANTS),
        ("named", named::MUTANTS),
        ("duplicates", duplicates::MUTANTS),
        ("selectors", selectors::MUTANTS),
        ("port-chain", port_chain::MUTANTS),
        ("node-ports", node_ports::MUTANTS),
        ("references", references::MUTANTS),
        ("addresses", addresses::MUTANTS),
        ("images", images::MUTANTS),
        ("autoscaling", autoscaling::MUTANTS),
        ("disruption", disruption::MUTANTS),
        ("version-labels", version_labels::MUTANTS),
        ("immutable", immutable::MUTANTS),
        ("stale-config", stale_config::MUTANTS),
        ("skaffold", skaffold::MUTANTS),
        ("policy-probes", policy::PROBES),
        ("policy-resources", policy::RESOURCES),
        ("policy-tags", policy::TAGS),
        ("policy-security", policy::SECURITY),
        ("policy-labels", policy::LABELS),
        ("policy-credentials", policy::CREDENTIALS),
        ("policy-config-changes", policy::CONFIG),
        ("policy-schema", policy::SCHEMA),
        ("policy-determinism", policy::DETERMINISM),
        ("policy-environments", policy::ENVIRONMENTS),
        ("policy-coverage", policy::COVERAGE),
        ("objects", written::OBJECTS),
        ("rendered", written::RENDERED),
        ("same", same::MUTANTS),
        ("refuses", refuses::MUTANTS),
    ];
    of.into_iter()
        .flat_map(|(check, all)| all.iter().map(move |(name, apply)| Mutant { check, name, apply: *apply }))
        .collect()
}

/// Name and function of a mutant.
type Named = (&'static str, fn(&super::chart::Chart) -> Vec<super::case::Case>);

/// Kinds with pods.
const WORKLOADS: &str = "Deployment|StatefulSet|DaemonSet|Job|CronJob";
