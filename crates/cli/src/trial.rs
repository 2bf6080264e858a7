//! Judging all slots of some plans in this one process: charts and environments one after the other, within an
//! environment by class (look, measure, disturb). Whatever happens, the session is closed in the end.

use crate::clock::Clock;
use crate::context::Context;
use crate::failure::{Failure, chain};
use crate::interrupt::unless_interrupted;
use crate::planning;
use futures::future::join_all;
use seatrial_contracts::model::{
    Cause, ChartPlan, Check, Class, EnvironmentPlan, Level, Phase, Slot, TalkAct, Verdict, What,
};
use seatrial_contracts::{judge, report};
use seatrial_harness::cluster::ProviderKind;
use seatrial_harness::run::{RunError, Session, SessionOptions};
use seatrial_harness::run_id::RunId;
use std::time::Duration;

/// A look that names so long a time waits together with others.
const PATIENT: Duration = Duration::from_secs(10);

/// Under which conditions.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) provider: ProviderKind,
    pub(crate) context: Option<String>,
    pub(crate) keep: Option<Duration>,
    pub(crate) slow: f64,
    pub(crate) is_strict: bool,
    /// Whether static clauses gate the live ones.
    pub(crate) has_gates: bool,
    /// Whether values of Secrets are taken out of the evidence.
    pub(crate) is_redacted: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// One for each slot that was reached, in the order they were judged.
    pub(crate) verdicts: Vec<Verdict>,
    /// Why the environment did not come up.
    pub(crate) environment: Option<String>,
    /// Why the teardown failed.
    pub(crate) leftovers: Option<String>,
    /// Whether the user or the system asked to stop.
    pub(crate) is_interrupted: bool,
}

/// Judges every slot of the plans.
pub(crate) async fn judge(plans: &[ChartPlan], on: &Conditions, context: &Context, clock: &mut Clock) -> Trial {
    let mut trial = Trial::default();
    let session = match open(plans, on, context).await {
        Ok(session) => session,
        Err(failure) => {
            trial.environment = Some(failure.message);
            return trial;
        }
    };
    let work = all(plans, &session, on, context, clock, &mut trial);
    trial.is_interrupted = unless_interrupted(work).await.is_none();
    trial.leftovers = session.close().await.err().map(|error| chain(&error));
    clock.lap("clean up");
    trial
}

async fn open(plans: &[ChartPlan], on: &Conditions, context: &Context) -> Result<Session, Failure> {
    let mut options = SessionOptions::new(RunId::current(), Context::guard());
    options.provider = on.provider;
    options.context.clone_from(&on.context);
    options.slow = on.slow;
    options.keep = on.keep;
    options.has_gates = on.has_gates;
    options.is_redacted = on.is_redacted;
    options.contexts = context.repository.file()?.map(|around| around.repository.contexts).unwrap_or_default();
    options.evidence_dir = context.repository.root.join("target/seatrial");
    // A dry run on a cluster that is there calls no program but Helm.
    let top = if on.provider == ProviderKind::Existing { Level::Api } else { Level::Static };
    let is_of_helm =
        plans.iter().flat_map(|plan| &plan.environments).flat_map(|e| &e.slots).all(|slot| slot.level <= top);
    // Docker mode plans by Helm, and calls neither kind nor kubectl.
    let tools = if is_of_helm || on.provider == ProviderKind::Docker {
        Context::tools_for_files()?
    } else {
        options.node_ports = planning::node_ports(context).await;
        Context::tools()?
    };
    Session::open(options, tools, context.events.clone()).await.map_err(|error| Failure::environment(&error))
}

async fn all(
    plans: &[ChartPlan],
    session: &Session,
    on: &Conditions,
    context: &Context,
    clock: &mut Clock,
    trial: &mut Trial,
) {
    for (plan, environment) in plans.iter().flat_map(|plan| plan.environments.iter().map(move |e| (plan, e))) {
        for group in in_groups(environment) {
            let judged = join_all(group.iter().map(|slot| session.judge(plan, environment, slot))).await;
            for (slot, judged) in group.into_iter().zip(judged) {
                let verdict = one(slot, judged, trial);
                let verdict = if on.is_strict { judge::strictly(verdict) } else { verdict };
                clock.lap(&format!("{:?}", slot.level).to_lowercase());
                // Blocked ones are folded into one line at the end.
                if !context.printer.is_json() && verdict.blocked_by.is_none() {
                    context.printer.line(&report::text(&verdict, context.printer.has_colour()));
                }
                trial.verdicts.push(verdict);
            }
        }
    }
}

/// One slot after the other, but those that look and do little else than wait: they wait together, after the others that
/// look.
fn in_groups(environment: &EnvironmentPlan) -> Vec<Vec<&Slot>> {
    let (patient, others): (Vec<&Slot>, Vec<&Slot>) =
        in_order(environment).into_iter().partition(|slot| is_patient(slot));
    let lookers = others.iter().filter(|slot| slot.class == Class::Look).count();
    let mut groups: Vec<Vec<&Slot>> = others.into_iter().map(|slot| vec![slot]).collect();
    if !patient.is_empty() {
        groups.insert(lookers, patient);
    }
    groups
}

/// Whether a slot that looks says of itself that it takes a while.
fn is_patient(slot: &Slot) -> bool {
    let What::Clause(clause) = &slot.what else { return false };
    slot.class == Class::Look && clause.then.iter().map(takes).sum::<Duration>() >= PATIENT
}

/// The time that a check itself names.
fn takes(phase: &Phase) -> Duration {
    let silent = match &phase.check {
        Check::Ws(ws) => ws
            .talk
            .iter()
            .map(|step| match &step.act {
                TalkAct::Idle(silent) => *silent,
                _ => Duration::ZERO,
            })
            .sum(),
        _ => Duration::ZERO,
    };
    silent + phase.for_.unwrap_or_default()
}

/// Look, measure, disturb; within a class as planned.
fn in_order(environment: &EnvironmentPlan) -> Vec<&Slot> {
    let mut slots: Vec<&Slot> = environment.slots.iter().collect();
    slots.sort_by_key(|slot| slot.class);
    slots
}

/// The verdict of one slot; where the environment did not come up, that is what blocks it.
fn one(slot: &Slot, judged: Result<Verdict, RunError>, trial: &mut Trial) -> Verdict {
    match judged {
        Ok(verdict) => verdict,
        Err(error) => {
            let message = chain(&error);
            trial.environment.get_or_insert(message.clone());
            let cause = Cause { kind: "environment".to_owned(), message };
            Verdict { cause: Some(cause), ..judge::blocked(slot, "environment") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexMap;
    use seatrial_contracts::load::default_contract;
    use seatrial_contracts::load::load;
    use seatrial_contracts::plan::{ChartSource, plan};

    /// The plan of the least chart: it has clauses that look and clauses that disturb.
    fn least_plan() -> ChartPlan {
        plan_of(&default_contract())
    }

    fn plan_of(contract: &seatrial_contracts::model::Contract) -> ChartPlan {
        let render = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: empty }\n";
        let renders: IndexMap<String, Result<String, String>> =
            contract.environments.keys().map(|name| (name.clone(), Ok(render.to_owned()))).collect();
        let source = ChartSource {
            path: "charts/least",
            chart_yaml: "name: least\nversion: 1.0.0\n",
            values_yaml: "",
            files: &std::collections::BTreeMap::new(),
            renders: &renders,
            last_releases: &IndexMap::new(),
            skaffold: None,
            run_id: "0",
            env: &std::collections::BTreeMap::new(),
        };
        plan(contract, &source).expect("a plan")
    }

    #[test]
    fn who_only_waits_waits_together() {
        let text = "chart: .\nclauses:\n  idles: { ws: { to: svc/x:80, talk: [{ idle: 60s }] } }\n  \
                    stays: { restarts: { cm/empty: 0 }, for: 20s }\n  \
                    short: { ws: { to: svc/x:80, talk: [{ idle: 2s }] } }\n  \
                    disturbs: { when: uninstall, object: { cm/empty: absent }, for: 20s }\n";
        let plan = plan_of(&load("contract.yaml", text, None, jiff::civil::date(2026, 1, 1)).expect("a contract"));
        let groups = in_groups(&plan.environments[0]);
        let together: Vec<Vec<&str>> = groups
            .iter()
            .filter(|group| group.len() > 1)
            .map(|group| group.iter().map(|slot| slot.id.clause.as_str()).collect())
            .collect();
        assert_eq!(together, [["idles", "stays"]]);
        let classes: Vec<Class> = groups.concat().iter().map(|slot| slot.class).collect();
        assert!(classes.is_sorted(), "invariant 8: {classes:?}");
        assert_eq!(groups.concat().len(), plan.environments[0].slots.len(), "nobody is left out");
    }

    /// Invariant 8, within one process: whatever order the plan has.
    #[test]
    fn who_disturbs_comes_last() {
        let mut plan = least_plan();
        let environment = &mut plan.environments[0];
        environment.slots.reverse();
        let classes: Vec<Class> = in_order(environment).iter().map(|slot| slot.class).collect();
        assert_eq!((classes.first(), classes.last()), (Some(&Class::Look), Some(&Class::Disturb)));
        assert!(classes.is_sorted(), "{classes:?}");
    }
}
