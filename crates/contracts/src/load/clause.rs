//! A clause with its references looked up → its domain type, all mistakes collected.

use super::check_word::{CHECKS, CheckWord, read, word};
use super::checks::registry;
use super::clause_file::{CircumstancesFile, SkipFile, TimesFile, VantageFile};
use super::event::{apply, event};
use super::findings::Findings;
use super::latency::{is_measurable, latency};
use super::one_or_many::OneOrMany;
use super::scalars::{duration, object};
use super::{saved, throughout, within};
use crate::diagnostic::child;
use crate::model::{Action, Check, Clause, Event, Expectation, Phase, RunCheck, Skip, Vantage};
use serde_json::Value;

/// Circumstances that mean nothing for a check on the files.
const LIVE_WORDS: [&str; 10] =
    ["from", "before", "when", "within", "for", "latency", "repeat", "tolerates", "throughout", "heals"];

/// Parses one clause. `None` where mistakes were found (or where a text still holds a reference).
pub(crate) fn clause(tree: &Value, is_skip_expired: bool, found: &mut Findings<'_>) -> Option<Clause> {
    let file: CircumstancesFile = read(tree, "", found)?;
    let from = vantage(file.from, found);
    let before = all(file.before.map(steps), |at, step| action(&step, at, found));
    let when = all(file.when.map(|events| events.at("/when")), |at, step| event(step, at, found));
    let times = TimesFile { within: file.within, for_: file.for_, latency: file.latency };
    let then = phases(tree, file.then, times, file.repeat, found);
    let healing = file.heals.map(|value| healing(&value, found));
    let skip = file.skip.map(|file| skip(file, is_skip_expired, found));
    let mut then = then?;
    for phase in &mut then {
        phase.throughout = file.throughout;
    }
    then.extend(flat(healing)?);
    let clause = Clause {
        from: from?,
        before: before?,
        when: when?,
        then,
        after: list(file.after),
        covers: list(file.covers),
        why: file.why,
        tolerates: list(file.tolerates),
        skip: match skip {
            Some(skip) => Some(skip?),
            None => None,
        },
        is_advisory: file.advisory,
    };
    is_consistent(tree, &clause, found).then_some(clause)
}

/// The entries of `before`, each with its pointer.
fn steps(before: Value) -> Vec<(String, Value)> {
    match before {
        Value::Array(many) => OneOrMany::Many(many).at("/before"),
        one => OneOrMany::One(one).at("/before"),
    }
}

fn list(items: Option<OneOrMany<String>>) -> Vec<String> {
    items.map(OneOrMany::into_vec).unwrap_or_default()
}

fn all<T, U>(items: Option<Vec<(String, T)>>, mut parse: impl FnMut(&str, T) -> Option<U>) -> Option<Vec<U>> {
    let parsed: Vec<_> = items.unwrap_or_default().into_iter().map(|(at, item)| parse(&at, item)).collect();
    parsed.into_iter().collect()
}

fn phases(
    tree: &Value,
    then: Option<Vec<Value>>,
    times: TimesFile,
    repeat: Option<u64>,
    found: &mut Findings<'_>,
) -> Option<Vec<Phase>> {
    let Some(then) = then else {
        let check = the_check(tree, "", found);
        let repeat = flat(repeat.map(|times| within::repeat(times, found)));
        let phase = phase(check, times, "", found)?;
        return Some(vec![within::repeated(phase, repeat?, found)?]);
    };
    let mut is_good = true;
    for (key, _) in checks_of(tree) {
        let hint = Some("move it into `then`".to_owned());
        found.key(&child("", key.key), "two-checks", format!("`{}` beside `then`", key.key), hint);
        is_good = false;
    }
    let time_words =
        [("within", times.within.is_some()), ("for", times.for_.is_some()), ("latency", times.latency.is_some())];
    for (key, is_there) in time_words {
        if is_there {
            let hint = Some("write it beside the check that it is about".to_owned());
            found.key(&child("", key), "misplaced-key", format!("`{key}` beside `then`"), hint);
            is_good = false;
        }
    }
    let entries = then.iter().enumerate().map(|(i, tree)| (format!("/then/{i}"), tree)).collect();
    let phases = all(Some(entries), |at, tree| {
        let times = read(tree, at, found)?;
        let check = the_check(tree, at, found);
        phase(check, times, at, found)
    });
    // All of them in each round.
    let repeat = flat(repeat.map(|times| within::repeat(times, found)))?;
    let phases = phases.filter(|_| is_good)?;
    Some(phases.into_iter().map(|phase| Phase { repeat, ..phase }).collect())
}

/// `heals: 30s`, or one check with its own `within`.
fn healing(value: &Value, found: &mut Findings<'_>) -> Option<Phase> {
    if let Some(text) = value.as_str() {
        return throughout::heals(text, found);
    }
    let times: TimesFile = read(value, "/heals", found)?;
    let check = the_check(value, "/heals", found);
    let phase = phase(check, times, "/heals", found)?;
    if phase.within.is_none() {
        let hint = Some("add `within: 5s`, counted from when `when` is undone".to_owned());
        found.value("/heals", "no-time", "what heals does so within a time", hint);
        return None;
    }
    Some(Phase { heals: true, ..phase })
}

fn phase(check: Option<Check>, times: TimesFile, at: &str, found: &mut Findings<'_>) -> Option<Phase> {
    let within = times.within.map(|file| within::within(file, &child(at, "within"), found));
    let for_ = times.for_.map(|text| duration(&text, &child(at, "for"), found));
    let latency = times.latency.map(|file| latency(&file, &child(at, "latency"), found));
    Some(Phase { within: flat(within)?, for_: flat(for_)?, latency: flat(latency)?, ..Phase::of(check?) })
}

/// `Some(None)` is a mistake, `None` is left out.
#[expect(clippy::option_option, reason = "the outer one says whether it is good, the inner one whether it is there")]
fn flat<T>(parsed: Option<Option<T>>) -> Option<Option<T>> {
    match parsed {
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
        None => Some(None),
    }
}

fn checks_of(tree: &Value) -> Vec<(&'static CheckWord, &Value)> {
    let entries = tree.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((word(key)?, value))).collect()
}

/// The one check of a map.
fn the_check(tree: &Value, at: &str, found: &mut Findings<'_>) -> Option<Check> {
    let checks = checks_of(tree);
    let (word, value) = match checks.as_slice() {
        [one] => *one,
        [] => {
            let known: Vec<&str> = CHECKS.iter().map(|word| word.key).collect();
            let hint = Some(format!("write one of {}", known.join(", ")));
            found.key(at, "no-check", "no check: nothing is promised", hint);
            return None;
        }
        [(first, _), (second, _), ..] => {
            let hint = Some("one clause, one check; several checks after one event are a `then:` list".to_owned());
            let message = format!("two checks in one clause: `{}` and `{}`", first.key, second.key);
            found.key(&child(at, second.key), "two-checks", message, hint);
            for (word, value) in &checks {
                (word.parse)(value, &child(at, word.key), found);
            }
            return None;
        }
    };
    (word.parse)(value, &child(at, word.key), found)
}

/// An entry of `before`: a push, files to apply, or a check.
fn action(tree: &Value, at: &str, found: &mut Findings<'_>) -> Option<Action> {
    let talk = tree.get("registry").filter(|talk| talk.get("push").is_some() && talk.get("pull").is_none());
    if let Some(files) = tree.get("apply")
        && checks_of(tree).is_empty()
    {
        let at = child(at, "apply");
        let files: OneOrMany<String> = read(files, &at, found)?;
        return apply(files.at(&at), found).map(Action::Do);
    }
    match (talk, checks_of(tree).len()) {
        (Some(talk), 1) => registry::push(talk, &child(at, "registry"), found),
        _ => the_check(tree, at, found).map(Action::Check),
    }
}

fn vantage(file: Option<VantageFile>, found: &mut Findings<'_>) -> Option<Vantage> {
    match file {
        None => Some(Vantage::Pod),
        Some(VantageFile::Word(word)) => match word.as_str() {
            "pod" => Some(Vantage::Pod),
            "host" => Some(Vantage::Host),
            "node" => Some(Vantage::Node),
            text if text.contains('/') => object(text, "/from", found).map(Vantage::Workload),
            other => {
                let hint = Some("write pod, host, node, or a workload such as deploy/x".to_owned());
                found.value("/from", "bad-value", format!("`{other}` is no place to look from"), hint);
                None
            }
        },
        Some(VantageFile::Stranger(file)) => Some(Vantage::Stranger {
            namespace: file.namespace,
            labels: file.labels,
            service_account: file.service_account,
        }),
    }
}

fn skip(file: SkipFile, is_expired: bool, found: &mut Findings<'_>) -> Option<Skip> {
    if file.until.parse::<jiff::civil::Date>().is_err() {
        let hint = Some("write the last day of the excuse as YYYY-MM-DD".to_owned());
        found.value("/skip/until", "bad-date", format!("`{}` is no date", file.until), hint);
        return None;
    }
    Some(Skip { reason: file.reason, until: Some(file.until), is_expired })
}

/// What only the whole clause shows: words that mean nothing together.
fn is_consistent(tree: &Value, clause: &Clause, found: &mut Findings<'_>) -> bool {
    let is_good = [
        static_alone(tree, clause, found),
        leaves_after_uninstall(clause, found),
        unchanged_after_event(clause, found),
        of_ready_after_event(clause, found),
        rollback_after_upgrade(clause, found),
        from_is_of_probes(tree, clause, found),
        within::is_of_a_start(clause, found),
        is_measurable(tree, clause, found),
        throughout::is_watchable(tree, clause, found),
        saved::is_saved_before(tree, found),
    ];
    is_good.iter().all(|good| *good)
}

fn static_alone(tree: &Value, clause: &Clause, found: &mut Findings<'_>) -> bool {
    let mut is_good = true;
    let statics = [String::new()].into_iter().chain((0..clause.then.len()).map(|i| format!("/then/{i}")));
    for at in statics {
        let Some(part) = tree.pointer(&at) else { continue };
        let is_static = |check: &CheckWord, value: &Value| check.is_static && !asks_the_cluster(check, value);
        let statics = checks_of(part).into_iter().find(|(check, value)| is_static(check, value));
        let Some((check, _)) = statics else { continue };
        for (holder, pointer) in [(tree, ""), (part, at.as_str())] {
            for key in LIVE_WORDS.iter().filter(|key| holder.get(**key).is_some()) {
                let message = format!("`{key}` means nothing for `{}`, which is judged on the files", check.key);
                found.key(&child(pointer, key), "misplaced-key", message, None);
                is_good = false;
            }
            if at.is_empty() {
                break;
            }
        }
    }
    is_good
}

/// Objects are refused by a cluster, values by Helm.
fn asks_the_cluster(check: &CheckWord, value: &Value) -> bool {
    let applies = |one: &Value| one.get("apply").is_some();
    check.key == "refuses" && (applies(value) || value.as_array().is_some_and(|all| all.iter().any(applies)))
}

fn leaves_after_uninstall(clause: &Clause, found: &mut Findings<'_>) -> bool {
    let has_leaves = clause.then.iter().any(|phase| matches!(phase.check, Check::Leaves(_)));
    let is_good = !has_leaves || clause.when.contains(&Event::Uninstall);
    if !is_good {
        let hint = Some("add `when: uninstall`".to_owned());
        found.key("/leaves", "no-event", "`leaves` is about what an uninstall leaves", hint);
    }
    is_good
}

fn unchanged_after_event(clause: &Clause, found: &mut Findings<'_>) -> bool {
    let is_good = !clause.when.is_empty() || !clause.then.iter().any(|phase| has_unchanged(&phase.check));
    if !is_good {
        let hint = Some("add a `when`".to_owned());
        found.key("", "no-event", "`unchanged` compares with the time before `when`", hint);
    }
    is_good
}

fn has_unchanged(check: &Check) -> bool {
    match check {
        Check::Object(objects) | Check::Rendered(objects) => {
            objects.0.iter().flat_map(|(_, paths)| paths).any(|(_, expectation)| is_unchanged(expectation))
        }
        _ => false,
    }
}

fn is_unchanged(expectation: &Expectation) -> bool {
    match expectation {
        Expectation::Unchanged => true,
        Expectation::Map(entries) => entries.iter().any(|(_, expectation)| is_unchanged(expectation)),
        Expectation::List(items) => items.iter().any(is_unchanged),
        _ => false,
    }
}

/// Where a look is taken from means something for what is asked over the network, or run on the host.
fn from_is_of_probes(tree: &Value, clause: &Clause, found: &mut Findings<'_>) -> bool {
    let is_probe = |check: &Check| {
        matches!(
            check,
            Check::Http(_)
                | Check::Ws(_)
                | Check::Tcp(_)
                | Check::Metrics(_)
                | Check::Dns(_)
                | Check::Postgres(_)
                | Check::Registry(_)
                | Check::Run(RunCheck { image: None, .. })
                | Check::Holds(_)
        )
    };
    let is_prepared = |action: &Action| match action {
        Action::Push { .. } => true,
        Action::Check(check) => is_probe(check),
        Action::Do(_) => false,
    };
    let checks = || clause.then.iter().map(|phase| &phase.check);
    // What is judged on the files was refused already.
    let is_good = tree.get("from").is_none()
        || checks().any(|check| is_probe(check) || check.is_of_files())
        || clause.before.iter().any(is_prepared);
    if !is_good {
        let hint = Some("leave it out: the API server is asked, wherever that is".to_owned());
        found.key("/from", "misplaced-key", "`from` means nothing for a check that sends no probe", hint);
    }
    is_good
}

/// A release that nobody upgraded has no revision before it that a clause could count on.
fn rollback_after_upgrade(clause: &Clause, found: &mut Findings<'_>) -> bool {
    let Some(index) = clause.when.iter().position(|event| *event == Event::Rollback) else { return true };
    let is_good =
        clause.when[..index].iter().any(|event| matches!(event, Event::Upgrade { .. } | Event::UpgradeFromLast(_)));
    if !is_good {
        let hint = Some("write `when: [{ upgrade: … }, rollback]`".to_owned());
        found.value("/when", "no-event", "`rollback` goes back behind an upgrade of the same clause", hint);
    }
    is_good
}

fn of_ready_after_event(clause: &Clause, found: &mut Findings<'_>) -> bool {
    let is_of_ready = |phase: &Phase| phase.within.is_some_and(|within| within.is_of_ready);
    let is_good = !clause.when.is_empty() || !clause.then.iter().any(is_of_ready);
    if !is_good {
        let hint = Some("add a `when`, or leave `of ready` out".to_owned());
        found.key("/within", "no-event", "`of ready` counts from when the object of `when` is ready again", hint);
    }
    is_good
}
