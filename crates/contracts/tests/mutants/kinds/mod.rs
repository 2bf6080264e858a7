//! The mutants, one file a check. A new clause brings at least four.

mod decodes;
mod images;
mod named;
mod node_ports;
mod port_chain;
mod references;
mod renders;
mod selectors;
mod written;

use super::case::Mutant;

/// All of them, by check.
pub(crate) fn all() -> Vec<Mutant> {
    let of = [
        ("renders", renders::MUTANTS),
        ("decodes", decodes::MUTANTS),
        ("named", named::MUTANTS),
        ("selectors", selectors::MUTANTS),
        ("port-chain", port_chain::MUTANTS),
        ("node-ports", node_ports::MUTANTS),
        ("references", references::MUTANTS),
        ("images", images::MUTANTS),
        ("objects", written::OBJECTS),
        ("rendered", written::RENDERED),
    ];
    of.into_iter()
        .flat_map(|(check, all)| all.iter().map(move |(name, apply)| Mutant { check, name, apply: *apply }))
        .collect()
}

/// Name and function of a mutant.
type Named = (&'static str, fn(&super::chart::Chart) -> Vec<super::case::Case>);

/// Kinds with pods.
const WORKLOADS: &str = "Deployment|StatefulSet|DaemonSet|Job|CronJob";
