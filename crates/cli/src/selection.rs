//! Which verdicts of a plan a command is about.
//!
//! `--up-to` and `--clause` keep what the chosen clauses stand on, so that the report holds the one Fail that blocks
//! them. A `--tier` judges that tier alone: prerequisites of other tiers are no gates then.

use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, Level, Slot};
use std::collections::BTreeSet;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// This environment only.
    pub(crate) environment: Option<String>,
    /// These clauses only, each as `clause`, `clause[element]` or the whole id; all where none is named.
    pub(crate) clauses: Vec<String>,
    /// Everything up to this level.
    pub(crate) up_to: Option<Level>,
    /// This tier by itself; lower ones gate nothing.
    pub(crate) tier: Option<Tier>,
}

/// A tier: levels that need the same apparatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Tier {
    /// The files.
    Static,
    /// A real API server (a dry run of every object), no pods.
    Api,
    /// A running release, measuring and disturbing it included.
    Live,
}

impl Filter {
    /// Leaves in the plan what was asked for, and what that stands on.
    pub(crate) fn apply(&self, plan: &mut ChartPlan) {
        let is_asked = |one: &EnvironmentPlan| self.environment.as_ref().is_none_or(|name| *name == one.name);
        let (mut asked, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut plan.environments).into_iter().partition(is_asked);
        for environment in &mut asked {
            self.narrow(environment);
        }
        // No verdict of theirs is asked for; what is compared with them (`same`) sees them all the same.
        let others = others.into_iter().map(|one| EnvironmentPlan { slots: Vec::new(), ..one });
        plan.environments = asked.into_iter().chain(others).collect();
    }

    /// The named clauses that none of the plans has.
    pub(crate) fn unknown(&self, plans: &[ChartPlan]) -> Vec<&str> {
        let slots = || plans.iter().flat_map(|plan| &plan.environments).flat_map(|environment| &environment.slots);
        let is_unknown = |clause: &&String| !slots().any(|slot| is_named(slot, clause));
        self.clauses.iter().filter(is_unknown).map(String::as_str).collect()
    }

    fn narrow(&self, environment: &mut EnvironmentPlan) {
        environment.slots.retain(|slot| self.holds(slot.level));
        let kept = self.chosen(&environment.slots);
        environment.slots.retain(|slot| kept.contains(&slot.id.local()));
        if self.tier.is_some() {
            environment.slots.iter_mut().for_each(|slot| slot.after.retain(|id| kept.contains(id)));
        }
    }

    fn holds(&self, level: Level) -> bool {
        self.up_to.is_none_or(|highest| level <= highest) && self.tier.is_none_or(|tier| tier.holds(level))
    }

    /// The chosen slots and all that they stand on.
    fn chosen(&self, slots: &[Slot]) -> BTreeSet<String> {
        if self.clauses.is_empty() {
            return slots.iter().map(|slot| slot.id.local()).collect();
        }
        let is_chosen = |slot: &&Slot| self.clauses.iter().any(|clause| is_named(slot, clause));
        let mut kept: BTreeSet<String> = slots.iter().filter(is_chosen).map(|slot| slot.id.local()).collect();
        loop {
            let reached =
                slots.iter().filter(|slot| kept.contains(&slot.id.local())).flat_map(|slot| slot.after.clone());
            let before = kept.len();
            let reached: Vec<String> = reached.collect();
            kept.extend(reached);
            if kept.len() == before {
                return kept;
            }
        }
    }
}

impl Tier {
    fn holds(self, level: Level) -> bool {
        match self {
            Self::Static => level == Level::Static,
            Self::Api => level == Level::Api,
            Self::Live => level >= Level::Live,
        }
    }
}

fn is_named(slot: &Slot, clause: &str) -> bool {
    slot.id.clause == clause || slot.id.local() == clause || slot.id.to_string() == clause
}

#[cfg(test)]
mod tests {
    use super::{Filter, Tier};
    use seatrial_contracts::model::{
        ChartPlan, Class, EnvironmentPlan, Level, Origin, Release, Slot, SlotId, Timeouts, What,
    };

    fn slot(clause: &str, level: Level, after: &[&str]) -> Slot {
        let (clause, element) = match clause.split_once('[') {
            Some((clause, element)) => (clause, Some(element.trim_end_matches(']').to_owned())),
            None => (clause, None),
        };
        Slot {
            id: SlotId { chart: "c".into(), environment: "dev".into(), clause: clause.into(), element },
            class: Class::Look,
            level,
            origin: Origin::Written,
            what: What::Renders,
            after: after.iter().map(ToString::to_string).collect(),
            skip: None,
            covers: Vec::new(),
            why: None,
            is_advisory: false,
            line: None,
            pack: None,
        }
    }

    fn left(filter: &Filter) -> Vec<String> {
        let slots = vec![
            slot("renders", Level::Static, &[]),
            slot("shape", Level::Static, &["renders"]),
            slot("installs", Level::Live, &["renders"]),
            slot("answers[a]", Level::Live, &["installs"]),
            slot("answers[b]", Level::Live, &["installs"]),
            slot("gone", Level::Disturb, &["installs"]),
        ];
        let release =
            Release { name: "r".into(), namespace: "n".into(), is_namespace_fixed: false, pod_security: None };
        let environment = EnvironmentPlan {
            name: "dev".into(),
            release,
            values: Vec::new(),
            set: indexmap::IndexMap::new(),
            trial: indexmap::IndexMap::new(),
            needs: Vec::new(),
            rendered: String::new().into(),
            render_error: None,
            last_release: None,
            slots,
        };
        let mut plan = ChartPlan {
            chart: "c".into(),
            path: "charts/c".into(),
            cluster: None,
            timeouts: Timeouts::default(),
            templates: std::collections::BTreeMap::new(),
            subcharts: std::collections::BTreeMap::new(),
            skaffold: None,
            environments: vec![environment],
        };
        filter.apply(&mut plan);
        let slots = plan.environments.iter().flat_map(|environment| &environment.slots);
        slots.map(|slot| format!("{} after {}", slot.id.local(), slot.after.join(","))).collect()
    }

    #[test]
    fn what_an_environment_is_compared_with_stays_known() {
        let environment = |name: &str| EnvironmentPlan {
            name: name.into(),
            release: Release { name: "r".into(), namespace: "n".into(), is_namespace_fixed: false, pod_security: None },
            values: Vec::new(),
            set: indexmap::IndexMap::new(),
            trial: indexmap::IndexMap::new(),
            needs: Vec::new(),
            rendered: String::new().into(),
            render_error: None,
            last_release: None,
            slots: vec![slot("renders", Level::Static, &[])],
        };
        let mut plan = ChartPlan {
            chart: "c".into(),
            path: "charts/c".into(),
            cluster: None,
            timeouts: Timeouts::default(),
            templates: std::collections::BTreeMap::new(),
            subcharts: std::collections::BTreeMap::new(),
            skaffold: None,
            environments: vec![environment("dev"), environment("prod")],
        };
        Filter { environment: Some("dev".into()), ..Filter::default() }.apply(&mut plan);
        let left: Vec<_> = plan.environments.iter().map(|one| (one.name.as_str(), one.slots.len())).collect();
        assert_eq!(left, [("dev", 1), ("prod", 0)]);
    }

    #[test]
    fn a_clause_brings_what_it_stands_on() {
        let filter = Filter { clauses: vec!["answers[b]".into()], ..Filter::default() };
        assert_eq!(left(&filter), ["renders after ", "installs after renders", "answers[b] after installs"]);
    }

    #[test]
    fn a_clause_without_its_element_is_all_of_them() {
        let filter = Filter { clauses: vec!["answers".into()], ..Filter::default() };
        assert_eq!(left(&filter).len(), 4);
    }

    #[test]
    fn up_to_cuts_and_keeps_the_gates() {
        let filter = Filter { up_to: Some(Level::Live), ..Filter::default() };
        assert_eq!(left(&filter).len(), 5);
        assert!(left(&filter).contains(&"installs after renders".to_owned()));
    }

    #[test]
    fn a_tier_has_no_gates_below() {
        let filter = Filter { tier: Some(Tier::Live), ..Filter::default() };
        let expected =
            ["installs after ", "answers[a] after installs", "answers[b] after installs", "gone after installs"];
        assert_eq!(left(&filter), expected);
    }

    #[test]
    fn a_tier_can_be_cut() {
        let filter = Filter { tier: Some(Tier::Live), up_to: Some(Level::Live), ..Filter::default() };
        assert_eq!(left(&filter).len(), 3);
    }

    #[test]
    fn several_clauses_are_all_of_them_and_what_they_stand_on() {
        let filter = Filter { clauses: vec!["answers[b]".into(), "gone".into()], ..Filter::default() };
        assert_eq!(left(&filter).len(), 4);
        assert_eq!(filter.unknown(&[]), ["answers[b]", "gone"]);
    }

    #[test]
    fn an_unknown_name_leaves_nothing() {
        assert!(left(&Filter { clauses: vec!["nope".into()], ..Filter::default() }).is_empty());
        assert!(left(&Filter { environment: Some("nope".into()), ..Filter::default() }).is_empty());
    }
}
