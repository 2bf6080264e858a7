//! The slots of one environment: implicit, default and written, each with its prerequisites.

use super::wiring::Wiring;
use super::{About, ChartSource, graded, holds, order, problem, release_of, skips, values};
use crate::bind::{self, Facts};
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, PodTemplate};
use crate::judge::{defaults_with_subject, policies_with_subject};
use crate::load::is_advisory;
use crate::model::{
    ChartPlan, Check, Class, Clause, Contract, Environment, EnvironmentPlan, Level, Need, Origin, Outputs, RawClause,
    Release, Rendered, Skip, Slot, SlotId, What,
};
use indexmap::IndexMap;
use serde_json::Value;

/// Names that a clause can't have: slots of those names are always there.
const RESERVED: [&str; 5] = ["renders", "named", "installs", "ready", "reachable"];

/// All that the plan of one environment is made from.
pub(super) struct Planner<'a> {
    pub(super) contract: &'a Contract,
    pub(super) source: &'a ChartSource<'a>,
    pub(super) about: &'a About,
    pub(super) name: &'a str,
    pub(super) environment: &'a Environment,
}

impl Planner<'_> {
    /// The environment's plan; `chart` is the plan so far.
    pub(super) fn plan(&self, chart: &ChartPlan) -> Result<EnvironmentPlan, Vec<Diagnostic>> {
        let written = self.written()?;
        let mut planned = self.empty();
        planned.needs = self.needs()?;
        // Some default clauses look at what the written ones address.
        planned.slots.clone_from(&written);
        let slots = self.slots(chart, &planned, written);
        let slots = self.cut(slots);
        let mut slots = order::sorted(slots).map_err(|circle| vec![self.circle(&circle)])?;
        skips::spread(&mut slots);
        planned.slots = slots;
        Ok(planned)
    }

    fn empty(&self) -> EnvironmentPlan {
        let (rendered, render_error) = match self.source.renders.get(self.name) {
            Some(Ok(text)) => (text.clone().into(), None),
            Some(Err(error)) => (Rendered::default(), Some(error.clone())),
            None => (Rendered::default(), Some("it was not rendered".to_owned())),
        };
        EnvironmentPlan {
            name: self.name.to_owned(),
            release: release_of(self.contract, &self.about.name, self.name),
            values: self.environment.values.clone(),
            set: self.environment.set.clone(),
            trial: self.environment.trial.clone(),
            needs: Vec::new(),
            rendered,
            render_error,
            last_release: self.source.last_releases.get(self.name).cloned(),
            slots: Vec::new(),
        }
    }

    /// What the chart expects to find, bound.
    fn needs(&self) -> Result<Vec<Need>, Vec<Diagnostic>> {
        let values = values(self.source, self.environment, &self.contract.file).map_err(|problem| vec![problem])?;
        let release = release_of(self.contract, &self.about.name, self.name);
        let outputs = self.outputs();
        let facts = self.facts(&values, &release, &outputs, None);
        let (mut needs, mut problems) = (Vec::new(), Vec::new());
        for (name, raw) in self.contract.needs.iter().filter(|(name, _)| outputs.contains_key(*name)) {
            match bind::need(name, raw, &facts) {
                Ok(need) => needs.extend(need),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(needs) } else { Err(problems) }
    }

    /// What the needs of this environment give.
    fn outputs(&self) -> IndexMap<String, Outputs> {
        let here = self.contract.needs.iter().filter(|(_, raw)| raw.environments.iter().any(|name| name == self.name));
        here.map(|(name, raw)| (name.clone(), raw.outputs.clone())).collect()
    }

    fn facts<'f>(
        &'f self,
        values: &'f Value,
        release: &'f Release,
        needs: &'f IndexMap<String, Outputs>,
        element: Option<(&'f str, &'f str, &'f Value)>,
    ) -> Facts<'f> {
        let (chart_version, run_id) = (self.about.version.as_str(), self.source.run_id);
        Facts { environment: self.name, element, values, release, chart_version, run_id, needs, env: self.source.env }
    }

    /// The written clauses, bound.
    fn written(&self) -> Result<Vec<Slot>, Vec<Diagnostic>> {
        let values = values(self.source, self.environment, &self.contract.file).map_err(|problem| vec![problem])?;
        let (mut slots, mut problems) = (Vec::new(), Vec::new());
        for (name, raw) in &self.contract.clauses {
            if RESERVED.contains(&name.as_str()) {
                let message = format!("`{name}` is the name of a clause that is always there; choose another");
                problems.push(problem("reserved-name", raw.places.file(), raw.line, message));
            }
            if raw.environments.iter().any(|environment| environment == self.name) {
                match self.elements(name, raw, &values) {
                    Ok(elements) => slots.extend(elements),
                    Err(found) => problems.extend(found),
                }
            }
        }
        holds::taken_over(&mut slots);
        graded::lift_holds(&mut slots);
        if problems.is_empty() { Ok(slots) } else { Err(problems) }
    }

    fn elements(&self, name: &str, raw: &RawClause, values: &Value) -> Result<Vec<Slot>, Vec<Diagnostic>> {
        if raw.each.is_empty() {
            return Ok(vec![self.bound(name, raw, values, None)?]);
        }
        let elements = raw.each.iter().flat_map(|(variable, all)| all.iter().map(move |(e, v)| (&**variable, &**e, v)));
        elements.map(|element| self.bound(name, raw, values, Some(element))).collect()
    }

    fn bound(
        &self,
        name: &str,
        raw: &RawClause,
        values: &Value,
        element: Option<(&str, &str, &Value)>,
    ) -> Result<Slot, Vec<Diagnostic>> {
        let release = release_of(self.contract, &self.about.name, self.name);
        let needs = self.outputs();
        let facts = self.facts(values, &release, &needs, element);
        let clause = bind::bind(self.contract, name, &facts)?;
        Ok(self.written_slot(name, raw, element.map(|(_, element, _)| element), clause))
    }

    fn written_slot(&self, name: &str, raw: &RawClause, element: Option<&str>, clause: Clause) -> Slot {
        let mut slot = self.slot(name, element, Origin::Written, Level::Static, What::Renders);
        slot.line = Some(raw.line);
        slot.covers.clone_from(&clause.covers);
        slot.why.clone_from(&clause.why);
        slot.is_advisory = clause.is_advisory || is_advisory(&self.contract.advisory, &raw.tree);
        slot.pack.clone_from(&raw.pack);
        if let Some(skip) = clause.skip.clone().filter(|skip| skip.is_expired) {
            slot.what = What::Expired(skip);
        } else {
            (slot.class, slot.level) = (graded::class(&clause), graded::level(&clause));
            slot.skip = clause.skip.clone().or_else(|| self.without_release(&clause));
            slot.what = What::Clause(clause);
        }
        slot
    }

    /// An upgrade from a release that is not there.
    fn without_release(&self, clause: &Clause) -> Option<Skip> {
        let is_missing = clause.starts_from_last() && !self.source.last_releases.contains_key(self.name);
        let reason =
            "there is no last release to upgrade from (a folder `.last-release`, a git tag, the target branch)";
        is_missing.then(|| Skip { reason: reason.to_owned(), until: None, is_expired: false })
    }

    fn slot(&self, clause: &str, element: Option<&str>, origin: Origin, level: Level, what: What) -> Slot {
        let id = SlotId {
            chart: self.about.name.clone(),
            environment: self.name.to_owned(),
            clause: clause.to_owned(),
            element: element.map(str::to_owned),
        };
        Slot {
            id,
            class: if level == Level::Disturb { Class::Disturb } else { Class::Look },
            level,
            origin,
            what,
            after: Vec::new(),
            skip: None,
            covers: Vec::new(),
            why: None,
            is_advisory: false,
            line: None,
            pack: None,
        }
    }

    /// A default clause, unless it is switched off or the contract has one of its own by that name.
    fn default(&self, name: &str, level: Level, what: What) -> Option<Slot> {
        let is_off = self.contract.without.contains_key(name) || self.contract.clauses.contains_key(name);
        (!is_off).then(|| self.slot(name, None, Origin::Default, level, what))
    }

    fn slots(&self, chart: &ChartPlan, planned: &EnvironmentPlan, written: Vec<Slot>) -> Vec<Slot> {
        let graph = planned.rendered.graph();
        let wiring = Wiring::of(chart, graph, &written, &planned.needs);
        let mut files = self.on_files(chart, planned, &wiring);
        let (on_files, live): (Vec<Slot>, Vec<Slot>) = written.into_iter().partition(|s| s.level == Level::Static);
        let chain: Vec<String> = files.iter().map(|slot| slot.id.local()).collect();
        files.extend(self.policies(chart, planned, &chain));
        files.extend(on_files.into_iter().map(|slot| Wiring::on_files(slot, &chain)));
        let gates: Vec<String> = files.iter().filter(|slot| is_gate(slot)).map(|slot| slot.id.local()).collect();
        files.extend(self.bring_up(&wiring, gates));
        files.extend(self.on_release(graph, &wiring, live));
        let ids: Vec<SlotId> = files.iter().map(|slot| slot.id.clone()).collect();
        files.into_iter().map(|slot| with_written_after(slot, &ids)).collect()
    }

    /// Implicit and default clauses on the files, each after the one before.
    fn on_files(&self, chart: &ChartPlan, planned: &EnvironmentPlan, wiring: &Wiring) -> Vec<Slot> {
        let mut slots = vec![self.slot("renders", None, Origin::Implicit, Level::Static, What::Renders)];
        slots.extend(self.default("decodes", Level::Static, What::Decodes));
        let mut chain: Vec<String> = slots.iter().map(|slot| slot.id.local()).collect();
        chain_up(&mut slots);
        let mut named = Vec::new();
        for target in &wiring.named {
            let what = What::Named(target.clone());
            let mut slot = self.slot("named", Some(&target.to_string()), Origin::Implicit, Level::Static, what);
            slot.after.clone_from(&chain);
            named.push(slot.id.local());
            slots.push(slot);
        }
        // What is missing fails there and nowhere else: those who refer to it, and who count it, come after.
        chain.extend(named);
        for name in defaults_with_subject(chart, planned, self.is_last()) {
            if let Some(mut slot) = self.default(name, Level::Static, What::Default(name.to_owned())) {
                slot.after.clone_from(&chain);
                chain.push(slot.id.local());
                slots.push(slot);
            }
        }
        slots
    }

    /// Whether this is the environment in which the chart itself is judged.
    fn is_last(&self) -> bool {
        self.contract.environments.keys().last().is_some_and(|last| last == self.name)
    }

    /// The policy pack, where it is used: opinions, of which none waits for another.
    fn policies(&self, chart: &ChartPlan, planned: &EnvironmentPlan, chain: &[String]) -> Vec<Slot> {
        if !self.contract.uses_pack("policy") {
            return Vec::new();
        }
        let names = policies_with_subject(chart, planned, self.is_last()).into_iter();
        let slots = names.filter_map(|name| self.default(name, Level::Static, What::Default(name.to_owned())));
        slots.map(|slot| Slot { after: chain.to_vec(), ..slot }).collect()
    }

    fn bring_up(&self, wiring: &Wiring, gates: Vec<String>) -> Vec<Slot> {
        let implicit = |name: &str, what: What| self.slot(name, None, Origin::Implicit, Level::Live, what);
        let mut slots = vec![implicit("installs", What::Installs), implicit("ready", What::Ready)];
        chain_up(&mut slots);
        slots[0].after.clone_from(&gates);
        if let Some(admitted) = self.default("admitted", Level::Api, What::Admitted) {
            // What the API server refuses is one cause: Helm need not meet it again.
            slots[0].after.push(admitted.id.local());
            slots.insert(0, Slot { after: gates, ..admitted });
        }
        for target in &wiring.reached {
            let what = What::Reachable(target.clone());
            let mut slot = self.slot("reachable", Some(&target.to_string()), Origin::Implicit, Level::Live, what);
            slot.after = wiring.names_of(std::slice::from_ref(target));
            slot.after.push("ready".to_owned());
            slots.push(slot);
        }
        slots
    }

    /// Written and default clauses on the release, by class; what takes the release away comes last.
    fn on_release(&self, graph: &Graph, wiring: &Wiring, written: Vec<Slot>) -> Vec<Slot> {
        let has_leaves = written.iter().any(|slot| clause(slot).is_some_and(judges_leaves));
        let has_pods = graph.documents.iter().filter(|d| !d.is_hook()).any(runs_on);
        let mut slots: Vec<Slot> = written.into_iter().map(|slot| wiring.on_release(slot)).collect();
        let mut defaults = Vec::new();
        if has_pods || graph.documents.is_empty() {
            defaults.extend(self.default("nothing-restarts", Level::Live, What::NothingRestarted));
            let second = "second-upgrade-restarts-nothing";
            defaults.extend(self.default(second, Level::Disturb, What::SecondUpgradeRestartsNothing));
        }
        if !has_leaves {
            defaults.extend(self.default("uninstall-leaves-nothing", Level::Disturb, What::UninstallLeavesNothing));
        }
        slots.extend(defaults.into_iter().map(|slot| Slot { after: vec!["ready".to_owned()], ..slot }));
        slots.sort_by_key(|slot| (slot.class, takes_away(slot)));
        slots
    }

    /// Leaves out what lies above the environment's `upTo`, and what needs it.
    fn cut(&self, slots: Vec<Slot>) -> Vec<Slot> {
        let Some(top) = self.environment.up_to else { return slots };
        let (mut kept, mut cut): (Vec<Slot>, Vec<Slot>) = slots.into_iter().partition(|slot| slot.level <= top);
        loop {
            let gone: Vec<String> = cut.iter().map(|slot| slot.id.local()).collect();
            let (still, more): (Vec<Slot>, Vec<Slot>) =
                kept.into_iter().partition(|slot| !slot.after.iter().any(|id| gone.contains(id)));
            kept = still;
            if more.is_empty() {
                return kept;
            }
            cut.extend(more);
        }
    }

    fn circle(&self, ids: &[String]) -> Diagnostic {
        let line = ids.iter().find_map(|id| self.contract.clauses.get(id)).map_or(1, |raw| raw.line);
        let message = format!("these clauses wait for each other: {}", ids.join(", "));
        problem("circle", &self.contract.file, line, message)
    }
}

/// Adds what the clause itself asks for: `after` and `holds`; a clause with `each` stands for all of its elements.
fn with_written_after(mut slot: Slot, ids: &[SlotId]) -> Slot {
    let Some(clause) = clause(&slot) else { return slot };
    let holds = clause.then.iter().filter_map(|phase| match &phase.check {
        Check::Holds(other) => Some(other),
        _ => None,
    });
    let wanted: Vec<String> = holds.chain(&clause.after).cloned().collect();
    for name in wanted {
        let named = ids.iter().filter(|id| id.local() == name || id.clause == name).map(SlotId::local);
        slot.after.extend(named);
    }
    dedup(&mut slot.after);
    slot
}

/// The clause of a slot, where it is one.
pub(super) fn clause(slot: &Slot) -> Option<&Clause> {
    match &slot.what {
        What::Clause(clause) => Some(clause),
        _ => None,
    }
}

fn judges_leaves(clause: &Clause) -> bool {
    clause.then.iter().any(|phase| matches!(phase.check, Check::Leaves(_)))
}

/// Whether a document makes pods that stay.
fn runs_on(document: &crate::graph::Document) -> bool {
    let is_zero = document.value.pointer("/spec/replicas").and_then(Value::as_u64) == Some(0);
    let stays = !matches!(document.kind(), "Job" | "CronJob");
    stays && !is_zero && PodTemplate::of(document).is_some()
}

fn takes_away(slot: &Slot) -> bool {
    match &slot.what {
        What::Clause(clause) => graded::is_last(clause),
        What::NothingRestarted | What::UninstallLeavesNothing => true,
        _ => false,
    }
}

/// Whether a Fail of this slot keeps the release from being installed.
fn is_gate(slot: &Slot) -> bool {
    slot.level == Level::Static && !slot.is_advisory && slot.skip.is_none() && !matches!(slot.what, What::Expired(_))
}

/// Each after the one before it.
fn chain_up(slots: &mut [Slot]) {
    for i in 1..slots.len() {
        let before = slots[i - 1].id.local();
        slots[i].after.push(before);
    }
}

/// Each once, at its first place.
pub(super) fn dedup(ids: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
}
