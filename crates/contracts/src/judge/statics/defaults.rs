//! The default clauses on the files: their names, in judging order, and the question behind each.

use super::policy::{OF_CHART, POLICIES};
use super::{
    Facts, Inspected, addresses, autoscaling, disruption, duplicates, images, immutable, node_ports, port_chain,
    references, selectors, skaffold, stale_config, version_labels,
};
use crate::model::{ChartPlan, EnvironmentPlan};

type Question = fn(&Facts<'_>) -> Inspected;

/// In judging order: each is asked only where those before it found nothing.
const QUESTIONS: [(&str, Question); 13] = [
    ("duplicates", duplicates::inspect),
    ("selectors", selectors::inspect),
    ("port-chain", port_chain::inspect),
    ("node-ports", node_ports::inspect),
    ("references", references::inspect),
    ("addresses", addresses::inspect),
    ("images", images::inspect),
    ("autoscaling", autoscaling::inspect),
    ("disruption", disruption::inspect),
    ("version-labels", version_labels::inspect),
    ("immutable", immutable::inspect),
    ("stale-config", stale_config::inspect),
    (SKAFFOLD, skaffold::inspect),
];

/// About the chart and not about one of its environments.
const SKAFFOLD: &str = "skaffold";

/// Their names.
pub(crate) const DEFAULTS_ON_FILES: [&str; QUESTIONS.len()] = names(&QUESTIONS);

/// The names of the policy pack.
pub(crate) const POLICY_NAMES: [&str; POLICIES.len()] = names(&POLICIES);

const fn names<const N: usize>(questions: &[(&'static str, Question); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = questions[i].0;
        i += 1;
    }
    names
}

/// What the clause of this name finds.
pub(super) fn inspect(facts: &Facts<'_>, name: &str) -> Option<Inspected> {
    let question = QUESTIONS.iter().chain(&POLICIES).find(|(known, _)| *known == name)?.1;
    Some(question(facts))
}

/// The policies that have a subject in this environment; those of the chart in its last one.
pub(crate) fn policies_with_subject(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    is_last: bool,
) -> Vec<&'static str> {
    let facts = Facts::new(chart, environment);
    let here = POLICIES.iter().filter(|(name, _)| is_last || !OF_CHART.contains(name));
    here.filter(|(_, question)| question(&facts).n > 0).map(|(name, _)| *name).collect()
}

/// The default clauses that have a subject in this environment, in judging order; what is about the chart is asked in its
/// last one.
pub(crate) fn defaults_with_subject(
    chart: &ChartPlan,
    environment: &EnvironmentPlan,
    is_last: bool,
) -> Vec<&'static str> {
    let facts = Facts::new(chart, environment);
    let here = QUESTIONS.iter().filter(|(name, _)| is_last || *name != SKAFFOLD);
    let asked = here.filter(|(_, question)| question(&facts).n > 0);
    asked.map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::{DEFAULTS_ON_FILES, POLICY_NAMES};

    #[test]
    fn the_document_lists_every_clause_once_and_in_order() {
        let document = include_str!("../../../../../docs/default-clauses.md");
        let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name));
        let expected = ["decodes"].into_iter().chain(DEFAULTS_ON_FILES).chain(POLICY_NAMES);
        assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
