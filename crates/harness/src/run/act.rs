//! What `before` and `when` do.

use super::look::Looker;
use super::{crash, cut, drive, faults};
use crate::release::{ReleaseError, is_kept};
use indexmap::IndexMap;
use jiff::Timestamp;
use seatrial_contracts::judge::{self, Rules};
use seatrial_contracts::model::{Action, Check, Clause, Event, Phase, Slot, Target, VerdictKind, What};
use seatrial_observation::{
    CommandSeen, Look, Observation, ProbeAnswer, ProbeOutcome, Reason, RegistryAction, RegistryAnswer, Seed,
};
use seatrial_probes::wait::{self, Patience};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a preparation may be tried.
const PREPARE: Duration = Duration::from_secs(20);

/// How long an uninstall may take to be through.
const GOING: Duration = Duration::from_mins(1);

/// Does what `before` says; the reason of the first that fails.
pub(super) async fn before(
    looker: &mut Looker<'_>,
    clause: &Clause,
    slot: &Slot,
    notes: &mut Vec<String>,
) -> Result<(), Reason> {
    for action in &clause.before {
        let started = Instant::now();
        let what = match action {
            Action::Push { at, name } => {
                let seed = push(looker, at).await?;
                let what = format!("pushed {} to {at} as `{name}`", seed.manifest);
                looker.seeds.insert(name.clone(), seed);
                what
            }
            Action::Do(event) => {
                one(looker, event).await.map_err(|failed| Reason::new(format!("{}: {failed}", words(event))))?;
                words(event)
            }
            Action::Check(check) => {
                holds(looker, check, slot).await?;
                "a check that must hold before".to_owned()
            }
        };
        notes.push(format!("before: {what} ({:.2} s)", started.elapsed().as_secs_f64()));
    }
    Ok(())
}

/// A preparation may be tried again: it promises nothing.
async fn push(looker: &Looker<'_>, at: &Target) -> Result<Seed, Reason> {
    let patience = Patience::steady(PREPARE, Duration::from_millis(250));
    let pushed = wait::until(&patience, async || {
        let outcome = looker.talk(at, RegistryAction::Push).await.map_err(|failed| failed.message)?;
        Ok::<_, String>(seed_of(outcome))
    });
    pushed.await.map_err(|failed| Reason::new(format!("push to {at}: {failed}")))
}

fn seed_of(outcome: ProbeOutcome) -> Look<Seed> {
    match outcome.result {
        Ok(ProbeAnswer::Registry(RegistryAnswer { seed: Some(seed), .. })) => Look::Ready(seed),
        Ok(ProbeAnswer::Registry(RegistryAnswer { steps, .. })) => {
            let last = steps.last().map(|step| format!("{} gave {}", step.request, step.status));
            Look::Pending(Reason::new(last.unwrap_or_else(|| "no step was taken".to_owned())))
        }
        Ok(_) => Look::Pending(Reason::new("the answer is no registry's")),
        Err(failure) => Look::Pending(Reason::new(failure.message)),
    }
}

/// A check that must hold first, judged like a clause of its own.
async fn holds(looker: &mut Looker<'_>, check: &Check, slot: &Slot) -> Result<(), Reason> {
    let stage = looker.targets.stage;
    let phase = looker.memory.filled(&Phase::of(check.clone()));
    let timeouts = stage.chart.timeouts;
    let rules = Rules { has_event: true, timeouts, slow: looker.targets.site.slow, before: None };
    let part = drive::phase(looker, &phase, &rules, Instant::now()).await;
    looker.memory.learn(&phase, &part);
    let observation = Observation { parts: vec![part], ..Observation::default() };
    let alone = Slot { what: What::Clause(Clause::of(phase)), ..slot.clone() };
    let verdict = judge::evaluate(stage.chart, stage.environment, &alone, Some(&observation));
    match (verdict.kind, verdict.cause) {
        (VerdictKind::Pass, _) => Ok(()),
        (_, cause) => Err(Reason::new(cause.map_or_else(String::new, |cause| cause.message))),
    }
}

/// Lets it happen. Gives the moment from which promises count: just before the request that does it.
pub(super) async fn when(
    looker: &mut Looker<'_>,
    events: &[Event],
    notes: &mut Vec<String>,
) -> Result<Option<Instant>, Reason> {
    let mut since = None;
    for event in events {
        let started = Instant::now();
        since = Some(one(looker, event).await.map_err(|failed| Reason::new(format!("{}: {failed}", words(event))))?);
        notes.push(format!("when: {} ({:.2} s)", words(event), started.elapsed().as_secs_f64()));
    }
    Ok(since)
}

/// What is left to do after a clause, so that the next one finds the release as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aftermath {
    /// It heals by itself: wait until it is ready.
    Heals,
    /// The same values once more make it what it was.
    Reapply,
    /// It is replaced by a fresh install, by who needs it next.
    Replace,
}

/// What these events leave. Helm 4 applies server-side: a field that somebody else wrote (by scaling) is not its own
/// any more, and forcing it is not ours to decide.
pub(super) fn aftermath(events: &[Event], is_helm_4: bool) -> Aftermath {
    let of = |event: &Event| match event {
        Event::DeletePod(_)
        | Event::DeletePodIn { .. }
        | Event::Restart(_)
        | Event::Reinstall
        | Event::Drain(_)
        | Event::Signal(_)
        | Event::Stop(_)
        | Event::Cut(_)
        | Event::StopNeed(_)
        | Event::Apply(_)
        | Event::Load(_)
        | Event::RestartNode => Aftermath::Heals,
        Event::Upgrade { set } if set.is_empty() => Aftermath::Heals,
        Event::Scale(_) | Event::Patch(_) if is_helm_4 => Aftermath::Replace,
        Event::Scale(_) | Event::Patch(_) | Event::Delete(_) | Event::Rollback | Event::Upgrade { .. } => {
            Aftermath::Reapply
        }
        Event::Uninstall | Event::UpgradeFromLast(_) => Aftermath::Replace,
    };
    events.iter().map(of).max().unwrap_or(Aftermath::Heals)
}

/// Takes back what these events did, the last first; what heals by itself is left to. Gives the moment just before.
pub(super) async fn undo(looker: &mut Looker<'_>, events: &[Event]) -> Result<Instant, Reason> {
    let since = Instant::now();
    faults::undo(looker).await.map_err(Reason::new)?;
    for event in events.iter().rev() {
        let undone = match event {
            Event::Scale(replicas) => scale(looker, &as_rendered(looker, replicas)).await.map(|_| ()),
            Event::Upgrade { set } if !set.is_empty() => upgrade(looker, &IndexMap::new()).await.map(|_| ()),
            Event::Uninstall => reinstalled(looker).await,
            _ => Ok(()),
        };
        undone.map_err(|failed| Reason::new(format!("undoing {}: {failed}", words(event))))?;
    }
    Ok(since)
}

async fn reinstalled(looker: &Looker<'_>) -> Result<(), String> {
    until_only_kept_is_left(looker).await?;
    let (site, stage) = (looker.targets.site, &looker.targets.stage);
    helm_ok(site.install(stage, &stage.environment.set).await)
}

/// The replicas that the chart asks for, of the workloads that were scaled.
fn as_rendered(looker: &Looker<'_>, replicas: &IndexMap<String, u32>) -> IndexMap<String, u32> {
    let rendered = crate::release::objects(&looker.targets.stage.environment.rendered);
    let targets = replicas.keys().filter_map(|written| written.parse::<Target>().ok());
    let workloads = targets.flat_map(|target| looker.targets.workloads(&target));
    let asked = workloads.map(|(kind, name)| {
        let is_it = |object: &&Value| object["kind"] == kind.as_str() && crate::readiness::name_of(object) == name;
        let count = rendered.iter().find(is_it).and_then(|object| object["spec"]["replicas"].as_u64());
        (format!("{kind}/{name}"), count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1))
    });
    asked.collect()
}

fn words(event: &Event) -> String {
    match event {
        Event::DeletePod(target) => format!("deletePod {target}"),
        Event::DeletePodIn { of, grace } => format!("deletePod {of} in {} s", grace.as_secs()),
        Event::Restart(target) => format!("restart {target}"),
        Event::Scale(replicas) => {
            let all: Vec<String> = replicas.iter().map(|(target, count)| format!("{target} to {count}")).collect();
            format!("scale {}", all.join(", "))
        }
        Event::Drain(target) => format!("drain {target}"),
        Event::Signal(signals) => {
            let all: Vec<String> = signals.iter().map(|(target, signal)| format!("{signal} to {target}")).collect();
            format!("signal {}", all.join(", "))
        }
        Event::Stop(target) => format!("stop {target}"),
        Event::Cut(lines) => {
            let all: Vec<String> = lines.iter().map(|(from, to)| format!("{from} from {to}")).collect();
            format!("cut {}", all.join(", "))
        }
        Event::StopNeed(name) => format!("stop needs/{name}"),
        Event::Patch(patches) => format!("patch {}", patches.keys().cloned().collect::<Vec<_>>().join(", ")),
        Event::Apply(files) => format!("apply {}", files.join(", ")),
        Event::Delete(target) => format!("delete {target}"),
        Event::Rollback => "rollback".to_owned(),
        Event::RestartNode => "restartNode".to_owned(),
        Event::Load(load) => format!("load of {}/s on {}", load.rate, load.request.to),
        Event::UpgradeFromLast(_) => "upgrade from the last release".to_owned(),
        Event::Reinstall => "reinstall".to_owned(),
        Event::Uninstall => "uninstall".to_owned(),
        Event::Upgrade { set } if set.is_empty() => "a second identical upgrade".to_owned(),
        Event::Upgrade { .. } => "upgrade".to_owned(),
    }
}

async fn one(looker: &mut Looker<'_>, event: &Event) -> Result<Instant, String> {
    match event {
        Event::DeletePod(target) => delete_pods(looker, target, None).await,
        Event::DeletePodIn { of, grace } => delete_pods(looker, of, Some(*grace)).await,
        Event::Restart(target) => restart(looker, target).await,
        Event::Scale(replicas) => scale(looker, replicas).await,
        Event::Drain(target) => faults::drain(looker, target).await,
        Event::Signal(signals) => faults::signal(looker, signals).await,
        Event::Stop(target) => faults::stop(looker, target).await,
        Event::Cut(lines) => cut::cut(looker, lines).await,
        Event::StopNeed(name) => faults::stop_need(looker, name).await,
        Event::Patch(patches) => faults::patch(looker, patches).await,
        Event::Apply(files) => faults::apply(looker, files).await,
        Event::Delete(target) => faults::delete(looker, target).await,
        Event::Rollback => faults::rollback(looker).await,
        Event::Uninstall => uninstall(looker).await,
        Event::Reinstall => reinstall(looker).await,
        Event::Upgrade { set } | Event::UpgradeFromLast(set) => upgrade(looker, set).await,
        Event::RestartNode => crash::restart_node(looker).await,
        Event::Load(_) => {
            if let Some(load) = &looker.load {
                load.turn_on();
            }
            Ok(Instant::now())
        }
    }
}

async fn delete_pods(looker: &Looker<'_>, target: &Target, grace: Option<Duration>) -> Result<Instant, String> {
    let pods = looker.targets.pods(target).await.map_err(|failed| failed.message)?;
    if pods.is_empty() {
        return Err(format!("{target} has no pod"));
    }
    let (site, namespace) = (looker.targets.site, looker.targets.stage.namespace());
    let since = Instant::now();
    for pod in &pods {
        let name = crate::readiness::name_of(pod);
        site.objects.delete_in("Pod", namespace, name, grace).await.map_err(|refused| refused.to_string())?;
    }
    until_gone(looker, &pods).await?;
    Ok(since)
}

/// As `kubectl delete` does: a pod on its way out still answers, and what it answers proves nothing about the next.
pub(super) async fn until_gone(looker: &Looker<'_>, pods: &[Value]) -> Result<(), String> {
    let (site, namespace) = (looker.targets.site, looker.targets.stage.namespace());
    let uids: Vec<&str> = pods.iter().map(|pod| crate::readiness::text(pod, "/metadata/uid")).collect();
    let patience = Patience::steady(GOING, Duration::from_millis(20));
    let gone = wait::until(&patience, async || {
        let now = site.objects.list("Pod", namespace).await?;
        let old = now.iter().find(|pod| uids.contains(&crate::readiness::text(pod, "/metadata/uid")));
        Ok::<_, crate::release::ApiError>(match old {
            None => Look::Ready(()),
            Some(pod) => Look::Pending(Reason::of(label(pod), "is still there")),
        })
    });
    gone.await.map_err(|failed| failed.to_string())
}

/// What `kubectl rollout restart` does.
async fn restart(looker: &Looker<'_>, target: &Target) -> Result<Instant, String> {
    let (site, namespace) = (looker.targets.site, looker.targets.stage.namespace());
    let workloads = looker.targets.workloads(target);
    if workloads.is_empty() {
        return Err(format!("{target} is no workload of the release"));
    }
    let stamp = json!({ "kubectl.kubernetes.io/restartedAt": Timestamp::now().to_string() });
    let patch = json!({ "spec": { "template": { "metadata": { "annotations": stamp } } } });
    let pods = looker.targets.pods(target).await.map_err(|failed| failed.message)?;
    let since = Instant::now();
    for (kind, name) in &workloads {
        site.objects.merge(kind, namespace, name, &patch).await.map_err(|refused| refused.to_string())?;
    }
    // A rollout that never replaces its pods is what the checks will see, so waiting in vain is no failure here.
    let _ = until_gone(looker, &pods).await;
    Ok(since)
}

async fn scale(looker: &Looker<'_>, replicas: &IndexMap<String, u32>) -> Result<Instant, String> {
    let (site, namespace) = (looker.targets.site, looker.targets.stage.namespace());
    let mut all = Vec::new();
    for (written, count) in replicas {
        let target: Target =
            written.parse().map_err(|broken: seatrial_contracts::model::TargetError| broken.to_string())?;
        let workloads = looker.targets.workloads(&target);
        if workloads.is_empty() {
            return Err(format!("{written} is no workload of the release"));
        }
        all.extend(workloads.into_iter().map(|workload| (workload, *count)));
    }
    let since = Instant::now();
    for ((kind, name), count) in &all {
        site.objects.scale(kind, namespace, name, *count).await.map_err(|refused| refused.to_string())?;
    }
    Ok(since)
}

async fn uninstall(looker: &Looker<'_>) -> Result<Instant, String> {
    let (site, stage) = (looker.targets.site, &looker.targets.stage);
    let since = Instant::now();
    let finished =
        site.helm.uninstall(stage.release(), stage.namespace()).await.map_err(|failed| failed.to_string())?;
    if finished.is_ok() { Ok(since) } else { Err(site.evidence.clean(finished.tail())) }
}

/// The clock starts with the install: what takes time before is the uninstall's.
async fn reinstall(looker: &Looker<'_>) -> Result<Instant, String> {
    uninstall(looker).await?;
    until_only_kept_is_left(looker).await?;
    let (site, stage) = (looker.targets.site, &looker.targets.stage);
    let since = Instant::now();
    helm_ok(site.install(stage, &stage.environment.set).await)?;
    Ok(since)
}

async fn until_only_kept_is_left(looker: &Looker<'_>) -> Result<(), String> {
    let (site, stage) = (looker.targets.site, &looker.targets.stage);
    let patience = Patience::steady(GOING, Duration::from_millis(50));
    let gone = wait::until(&patience, async || {
        let left = site.left(stage).await?;
        // Claims outlive their StatefulSet by design.
        let going = left.iter().find(|one| !is_kept(one) && one["kind"] != "PersistentVolumeClaim");
        Ok::<_, ReleaseError>(match going {
            None => Look::Ready(()),
            Some(one) => Look::Pending(Reason::of(label(one), "is still there")),
        })
    });
    gone.await.map_err(|failed| failed.to_string())
}

fn label(object: &Value) -> String {
    format!("{}/{}", object["kind"].as_str().unwrap_or("object"), crate::readiness::name_of(object))
}

async fn upgrade(looker: &mut Looker<'_>, set: &IndexMap<String, Value>) -> Result<Instant, String> {
    let (site, stage) = (looker.targets.site, looker.targets.stage);
    let mut all = stage.environment.set.clone();
    all.extend(set.iter().map(|(key, value)| (key.clone(), value.clone())));
    let since = Instant::now();
    let helm = site.install(&stage, &all).await;
    // Helm came to an end, and said no.
    looker.is_refused = helm.as_ref().is_ok_and(|helm| helm.code != Some(0));
    helm_ok(helm)?;
    Ok(since)
}

/// Installs the last release where the clause is an upgrade from there: all else of the clause comes after it.
pub(super) async fn stand(looker: &Looker<'_>, clause: &Clause, notes: &mut Vec<String>) -> Result<(), Reason> {
    if !clause.starts_from_last() {
        return Ok(());
    }
    let (site, stage, started) = (looker.targets.site, looker.targets.stage, Instant::now());
    let last = stage.environment.last_release.as_ref().ok_or_else(|| Reason::new("there is no last release"))?;
    site.replace_by_last(&stage, last).await.map_err(|failed| Reason::new(format!("{}: {failed}", last.name)))?;
    notes.push(format!("before: installed {} ({:.2} s)", last.name, started.elapsed().as_secs_f64()));
    Ok(())
}

fn helm_ok(helm: Result<CommandSeen, ReleaseError>) -> Result<(), String> {
    let helm = helm.map_err(|failed| failed.to_string())?;
    if helm.code == Some(0) { Ok(()) } else { Err(format!("helm ended with {:?}: {}", helm.code, helm.stderr.trim())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::model::{Kind, Name};

    fn deploy() -> Target {
        Target::Object { kind: Kind::Named("Deployment".to_owned()), name: Name::Is("web".to_owned()) }
    }

    #[test]
    fn what_is_done_to_a_release_decides_how_it_is_put_right() {
        let scaled = Event::Scale(IndexMap::from([("deploy/web".to_owned(), 0)]));
        let upgraded = Event::Upgrade { set: IndexMap::from([("a".to_owned(), json!(1))]) };
        let table = [
            (vec![], false, Aftermath::Heals),
            (vec![Event::DeletePod(deploy()), Event::Restart(deploy())], false, Aftermath::Heals),
            (vec![Event::Upgrade { set: IndexMap::new() }], true, Aftermath::Heals),
            (vec![upgraded.clone()], true, Aftermath::Reapply),
            (vec![scaled.clone()], false, Aftermath::Reapply),
            (vec![scaled], true, Aftermath::Replace),
            (vec![upgraded, Event::Uninstall], false, Aftermath::Replace),
            (vec![Event::RestartNode, Event::StopNeed("db".into())], false, Aftermath::Heals),
            (vec![Event::UpgradeFromLast(IndexMap::new()), Event::Rollback], false, Aftermath::Replace),
        ];
        for (events, is_helm_4, expected) in table {
            assert_eq!(aftermath(&events, is_helm_4), expected, "{events:?}");
        }
    }

    #[test]
    fn a_push_without_a_seed_is_tried_again() {
        let answer = RegistryAnswer { steps: Vec::new(), seed: None };
        let outcome = ProbeOutcome { took_ms: 1.0, result: Ok(ProbeAnswer::Registry(answer)) };
        assert!(!seed_of(outcome).is_ready());
    }
}
