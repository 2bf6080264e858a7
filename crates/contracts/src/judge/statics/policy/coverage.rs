//! `policy-coverage`: each template is rendered in some environment; what never is, no clause has ever seen. Asked once,
//! in the last environment, when all are known.

use super::super::{Facts, Inspected};
use super::text::{at, templates};
use crate::model::EnvironmentPlan;
use std::collections::BTreeSet;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("templates");
    let mut seen: BTreeSet<&str> = facts.chart.environments.iter().flat_map(sources).collect();
    seen.extend(sources(facts.environment));
    for (path, _) in templates(facts).filter(|(path, _)| renders_objects(path)) {
        let message = format!("expected {path} to render an object in some environment, seen none");
        inspected.subject((!seen.contains(path)).then(|| at(path, 1, message)));
    }
    inspected
}

fn sources(environment: &EnvironmentPlan) -> impl Iterator<Item = &str> {
    environment.rendered.graph().documents.iter().filter_map(|document| document.source.as_deref())
}

/// Helpers and notes render none, and tests are Helm's to run.
fn renders_objects(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_manifest = [".yaml", ".yml", ".tpl"].iter().any(|end| name.ends_with(end));
    is_manifest && !name.starts_with('_') && !path.contains("/tests/")
}

#[cfg(test)]
mod tests {
    use crate::fixture::{HOUSE, policies};

    #[test]
    fn a_template_that_nobody_renders() {
        let told = "policy-coverage: expected templates/gone.yaml to render an object in some environment, seen none\n  \
                    charts/registry/templates/gone.yaml:1 ";
        assert_eq!(policies(HOUSE, &[("templates/gone.yaml", "{{ if .Values.never }}\n{{ end }}\n")]), told);
        for quiet in
            ["templates/_helpers.tpl", "templates/NOTES.txt", "templates/config.yaml", "templates/tests/ask.yaml"]
        {
            assert_eq!(policies(HOUSE, &[(quiet, "")]), "", "{quiet}");
        }
    }
}
