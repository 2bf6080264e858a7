//! Default and implicit clauses as if they were written: one path for all that is looked at.

use crate::model::{
    Check, Clause, EnvironmentPlan, Event, Expectation, Kind, Name, Phase, ReadyOf, Slot, Target, TcpCheck, What,
    Within,
};
use indexmap::IndexMap;
use std::time::Duration;

/// How long a Service may take from its pods' readiness to the first answer: kube-proxy and DNS need their moment.
const REACHABLE_WITHIN: Duration = Duration::from_secs(3);

/// How long nothing may change after a second identical upgrade.
const SETTLES_FOR: Duration = Duration::from_secs(2);

/// The clause that a slot amounts to: the written one, or what a default or implicit one does. `None` for what is
/// judged on the files alone, for `admitted`, whose observation is a dry run, and for `installs`: the end of helm.
pub fn clause_of(slot: &Slot, environment: &EnvironmentPlan) -> Option<Clause> {
    match &slot.what {
        What::Clause(clause) => Some(clause.clone()),
        What::Ready => Some(Clause::of(Phase::of(Check::Ready(ReadyOf::Release)))),
        What::Reachable(target) => Some(reachable(target)),
        What::NothingRestarted => Some(Clause::of(Phase::of(restarts(Expectation::Equal(0.into()))))),
        What::SecondUpgradeRestartsNothing => {
            let phase = Phase { for_: Some(SETTLES_FOR), ..Phase::of(restarts(Expectation::Unchanged)) };
            Some(after(Event::Upgrade { set: IndexMap::new() }, phase))
        }
        What::UninstallLeavesNothing => Some(after(Event::Uninstall, Phase::of(Check::Leaves(kept(environment))))),
        What::Renders
        | What::Decodes
        | What::Named(_)
        | What::Default(_)
        | What::Admitted
        | What::Installs
        | What::Expired(_)
        | What::Invalid(_) => None,
    }
}

/// What to look at for a slot, one [`seatrial_observation::Part`] each, in order. Checks of files and `holds` need no
/// look and are left out. Empty for `installs`.
pub fn phases(slot: &Slot, environment: &EnvironmentPlan) -> Vec<Phase> {
    let all = clause_of(slot, environment).map(|clause| clause.then).unwrap_or_default();
    all.into_iter().filter(|phase| is_looked_at(&phase.check)).collect()
}

/// Whether a slot is judged by [`super::evaluate`]; else [`super::judge_static`] is enough.
pub fn needs_observation(slot: &Slot) -> bool {
    match &slot.what {
        What::Renders | What::Decodes | What::Named(_) | What::Default(_) | What::Expired(_) | What::Invalid(_) => {
            false
        }
        What::Clause(clause) => clause.then.iter().any(|phase| is_looked_at(&phase.check)),
        _ => true,
    }
}

pub(super) fn is_looked_at(check: &Check) -> bool {
    !matches!(check, Check::Rendered(_) | Check::Objects(_) | Check::Same(_) | Check::Holds(_))
}

fn after(event: Event, phase: Phase) -> Clause {
    Clause { when: vec![event], ..Clause::of(phase) }
}

fn reachable(target: &Target) -> Clause {
    let within = Within { limit: REACHABLE_WITHIN, is_of_ready: false, than: None };
    let check = Check::Tcp(TcpCheck { to: target.clone(), failure: None });
    Clause::of(Phase { within: Some(within), ..Phase::of(check) })
}

fn restarts(expectation: Expectation) -> Check {
    Check::Restarts(vec![(Target::every_pod(), expectation)])
}

/// What an uninstall leaves by design: objects with the keep policy, and claims that `StatefulSets` made.
fn kept(environment: &EnvironmentPlan) -> Vec<Target> {
    let graph = environment.rendered.graph();
    let object =
        |kind: &str, name: &str| Target::Object { kind: Kind::Named(kind.to_owned()), name: Name::Is(name.to_owned()) };
    let kept = graph.documents.iter().filter(|d| d.is_kept() && !d.is_hook()).map(|d| object(d.kind(), d.name()));
    let claims = graph.templated_claims();
    kept.chain(claims.iter().map(|name| object("PersistentVolumeClaim", name))).collect()
}
