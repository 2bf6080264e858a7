//! What the written clauses of an environment name and address, and the prerequisites that this gives them.

use super::environment::{clause, dedup};
use super::targets::{Targets, to_be_named, to_be_reached};
use crate::graph::Graph;
use crate::model::{ChartPlan, Kind, Name, Need, Slot, Target, What};

/// What the clauses of an environment name and address, as the implicit clauses ask for it.
pub(super) struct Wiring<'a> {
    chart: &'a ChartPlan,
    graph: &'a Graph,
    needs: &'a [Need],
    /// Must be in the render.
    pub(super) named: Vec<Target>,
    /// Service ports that must answer.
    pub(super) reached: Vec<Target>,
}

impl<'a> Wiring<'a> {
    /// Of the written clauses; what the needs bring is asked of no render.
    pub(super) fn of(chart: &'a ChartPlan, graph: &'a Graph, written: &[Slot], needs: &'a [Need]) -> Self {
        let mut wiring = Self { chart, graph, needs, named: Vec::new(), reached: Vec::new() };
        for targets in written.iter().filter_map(clause).map(Targets::of) {
            let named = targets.named.iter().filter_map(|target| to_be_named(chart, graph, target));
            let named = named.filter(|target| !is_needed(needs, target));
            named.for_each(|target| push(&mut wiring.named, target));
            wiring.reached_of(&targets).into_iter().for_each(|target| push(&mut wiring.reached, target));
        }
        wiring
    }

    fn reached_of(&self, targets: &Targets) -> Vec<Target> {
        let all = targets.addressed.iter().chain(&targets.resolved);
        let all = all.filter(|target| !is_needed(self.needs, target));
        all.filter_map(|target| to_be_reached(self.chart, self.graph, target)).collect()
    }

    /// The ids of the `named` clauses for these targets.
    pub(super) fn names_of(&self, targets: &[Target]) -> Vec<String> {
        let strip = |target: &Target| match target {
            Target::Service { name, .. } => Target::Service { name: name.clone(), port: None, path: String::new() },
            other => other.clone(),
        };
        let wanted = targets.iter().filter_map(|target| to_be_named(self.chart, self.graph, &strip(target)));
        wanted.filter(|target| self.named.contains(target)).map(|target| format!("named[{target}]")).collect()
    }

    /// A written clause on the files comes after the whole chain of them.
    pub(super) fn on_files(mut slot: Slot, chain: &[String]) -> Slot {
        if matches!(slot.what, What::Clause(_)) {
            slot.after = chain.to_vec();
        }
        slot
    }

    /// A written clause on the release comes after what it names and addresses.
    pub(super) fn on_release(&self, mut slot: Slot) -> Slot {
        let targets = clause(&slot).map(Targets::of).unwrap_or_default();
        slot.after = self.names_of(&targets.named);
        slot.after.push("ready".to_owned());
        slot.after.extend(self.reached_of(&targets).iter().map(|target| format!("reachable[{target}]")));
        dedup(&mut slot.after);
        slot
    }
}

/// Whether a target is made for a need, not by the chart.
fn is_needed(needs: &[Need], target: &Target) -> bool {
    let (kind, name) = match target {
        Target::Object { kind: Kind::Named(kind), name: Name::Is(name) } => (kind.as_str(), name),
        Target::Service { name: Name::Is(name), .. } => ("Service", name),
        _ => return false,
    };
    needs.iter().any(|need| need.name == *name && need.objects().iter().any(|(made, _)| *made == kind))
}

fn push(list: &mut Vec<Target>, target: Target) {
    if !list.contains(&target) {
        list.push(target);
    }
}
