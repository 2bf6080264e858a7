//! `latency:` → its domain type. What its samples can't prove is refused here, not found out after a minute of
//! measuring.

use super::findings::Findings;
use super::latency_file::{ConnectionsFile, LatencyFile, ThanFile};
use super::scalars::duration;
use crate::diagnostic::child;
use crate::model::{Check, Clause, Latency, LatencyLimit, Target, Than, Vantage};
use seatrial_observation::{Connections, Sequential};
use serde_json::Value;

/// Requests a second where nothing is written.
const RATE: u32 = 50;

/// The highest rate that one generator keeps up with.
const FASTEST: u32 = 1000;

/// Requests before those that count, where nothing is written.
const WARM_UP: u32 = 10;

/// The fewest pairs whose medians are compared.
const PAIRS: u32 = 100;

/// Parses it. `None` where mistakes were found.
pub(super) fn latency(file: &LatencyFile, at: &str, found: &mut Findings<'_>) -> Option<Latency> {
    let limits = limits(file, at, found)?;
    let rate = match &file.rate {
        None => RATE,
        Some(text) => rate(text, &child(at, "rate"), found)?,
    };
    let needed = limits.iter().map(|one| needed(one.percentile)).max().unwrap_or(PAIRS);
    can_be_proved(file, &limits, rate, needed, at, found).then(|| Latency {
        limits,
        than: file.than.as_ref().map(|than| match than {
            ThanFile::Docker => Than::Docker,
            ThanFile::Echo => Than::Echo,
        }),
        rate,
        samples: file.samples.unwrap_or(needed),
        warm_up: file.warm_up.unwrap_or(WARM_UP),
        connections: match file.connections {
            None | Some(ConnectionsFile::New) => Connections::New,
            Some(ConnectionsFile::Kept) => Connections::Kept,
        },
    })
}

/// The fewest samples that prove a limit on a percentile.
fn needed(percentile: u8) -> u32 {
    if percentile == 50 { PAIRS } else { Sequential::fewest(percentile) }
}

fn limits(file: &LatencyFile, at: &str, found: &mut Findings<'_>) -> Option<Vec<LatencyLimit>> {
    let written = [(50, "p50", &file.p50), (95, "p95", &file.p95), (99, "p99", &file.p99)];
    let written: Vec<_> = written.into_iter().filter_map(|(p, key, text)| Some((p, key, text.as_deref()?))).collect();
    if written.is_empty() {
        let hint = Some("write p50, p95 or p99, for example `latency: { p95: 50ms }`".to_owned());
        found.value(at, "empty-expectation", "a latency without a limit promises nothing", hint);
        return None;
    }
    let parsed: Vec<_> =
        written.into_iter().map(|(p, key, text)| limit(file, p, text, &child(at, key), found)).collect();
    let parsed: Vec<LatencyLimit> = parsed.into_iter().collect::<Option<_>>()?;
    if let Some(pair) = parsed.windows(2).find(|pair| pair[0].limit > pair[1].limit) {
        let (low, high) = (pair[0].percentile, pair[1].percentile);
        let message = format!("the limit of p{low} is above that of p{high}, which it would follow from");
        found.value(&child(at, &format!("p{low}")), "bad-latency", message, None);
        return None;
    }
    Some(parsed)
}

/// `50ms`; `+100ms` is about the difference to a reference, which only medians are compared by.
fn limit(file: &LatencyFile, percentile: u8, text: &str, at: &str, found: &mut Findings<'_>) -> Option<LatencyLimit> {
    let more = text.trim().strip_prefix('+');
    let (message, hint) = match (more.is_some(), file.than.is_some(), percentile) {
        (true, false, _) => ("a limit with `+` is about a difference, and `than` is missing", "add `than: docker`"),
        (_, true, 95..) => ("differences are judged by medians", "write p50, and this one in a clause of its own"),
        (false, true, _) => ("with `than` the limit is about the difference", "write it with a `+`: p50: +100ms"),
        _ => {
            let limit = duration(more.unwrap_or(text), at, found)?;
            return Some(LatencyLimit { percentile, limit });
        }
    };
    found.value(at, "bad-latency", message, Some(hint.to_owned()));
    None
}

/// `50/s`.
/// `50/s`.
pub(super) fn rate(text: &str, at: &str, found: &mut Findings<'_>) -> Option<u32> {
    let rate = text.trim().strip_suffix("/s").and_then(|number| number.trim().parse::<u32>().ok());
    let rate = rate.filter(|rate| (1..=FASTEST).contains(rate));
    if rate.is_none() {
        let hint = Some(format!("requests a second, from 1/s to {FASTEST}/s"));
        found.value(at, "bad-rate", format!("`{text}` is no rate"), hint);
    }
    rate
}

fn can_be_proved(
    file: &LatencyFile,
    limits: &[LatencyLimit],
    rate: u32,
    needed: u32,
    at: &str,
    found: &mut Findings<'_>,
) -> bool {
    let percentile = limits.iter().map(|one| one.percentile).max_by_key(|p| self::needed(*p)).unwrap_or(50);
    let takes = format!("a p{percentile} takes at least {needed} samples");
    let (most, longest) = (Latency::MOST_SAMPLES, Latency::LONGEST.as_secs());
    let fitting = u64::from(rate) * longest;
    let (key, message) = match file.samples {
        Some(samples) if samples < needed => ("samples", format!("{samples} samples can't prove it: {takes}")),
        Some(samples) if samples > most => ("samples", format!("no more than {most} samples are drawn")),
        samples if fitting < u64::from(samples.unwrap_or(needed)) => {
            let takes = samples.map_or(takes, |samples| format!("{samples} are asked for"));
            ("rate", format!("no more than {fitting} samples fit into {longest} s: {takes}"))
        }
        _ => return true,
    };
    let hint = Some("`samples` is the fewest; more are drawn where they are needed".to_owned());
    found.value(&child(at, key), "unprovable", message, hint);
    false
}

/// What only the whole clause shows: what can be measured, and from where.
pub(super) fn is_measurable(tree: &Value, clause: &Clause, found: &mut Findings<'_>) -> bool {
    let mut is_good = true;
    for (index, phase) in clause.then.iter().enumerate() {
        let Some(latency) = &phase.latency else { continue };
        let at = if tree.get("then").is_some() { format!("/then/{index}") } else { String::new() };
        let is_timed = phase.within.is_some() || phase.for_.is_some() || phase.repeat.is_some();
        let problem = if is_timed {
            Some(("`latency` beside `within`, `for` or `repeat`", "write two clauses"))
        } else {
            probe_problem(&phase.check, latency).or_else(|| vantage_problem(clause, &phase.check, latency))
        };
        if let Some((message, hint)) = problem {
            found.value(&child(&at, "latency"), "bad-latency", message, Some(hint.to_owned()));
            is_good = false;
        }
    }
    is_good
}

type Problem = Option<(&'static str, &'static str)>;

fn probe_problem(check: &Check, latency: &Latency) -> Problem {
    match check {
        Check::Http(http) if http.0.len() > 1 => Some(("a session of several exchanges has no latency", "measure one")),
        Check::Http(http) if http.0.iter().all(|step| step.failure.is_none()) => None,
        Check::Tcp(_) | Check::Dns(_) if latency.connections == Connections::Kept => {
            Some(("only HTTP keeps connections", "leave `connections` out"))
        }
        Check::Tcp(tcp) if tcp.failure.is_none() => None,
        Check::Http(_) | Check::Tcp(_) => Some(("a failure that is expected has no latency", "leave `expect` out")),
        Check::Dns(targets) if targets.len() > 1 => Some(("several Services have no latency in common", "measure one")),
        Check::Dns(_) if latency.than == Some(Than::Docker) => {
            Some(("a plain container has no name in the cluster", "compare http or tcp"))
        }
        // What is judged on the files was refused already.
        Check::Dns(_) | Check::Rendered(_) | Check::Objects(_) | Check::Refuses(_) => None,
        _ => Some(("only http, tcp and dns have a latency", "move it into a clause with such a check")),
    }
}

/// A container of the engine is reached from the host.
fn vantage_problem(clause: &Clause, check: &Check, latency: &Latency) -> Problem {
    let to = match check {
        Check::Http(http) => http.0.first().map(|step| &step.to),
        Check::Tcp(tcp) => Some(&tcp.to),
        _ => None,
    };
    if !matches!(clause.from, Vantage::Pod | Vantage::Host) {
        return Some((
            "latency is measured from a pod of ours or from the host",
            "write `from: host`, or leave `from` out",
        ));
    }
    let is_from_host = clause.from == Vantage::Host || matches!(to, Some(Target::Host { .. }));
    (latency.than == Some(Than::Docker) && !is_from_host).then_some((
        "a plain container is reached from the host, and this looks from elsewhere",
        "write `from: host`, or an address host:PORT",
    ))
}
