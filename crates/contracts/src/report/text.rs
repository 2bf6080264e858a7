//! One verdict as text: a block of five fixed words where something broke, one line where nothing did.

use super::numbers;
use crate::model::{BlockedBy, Cause, Verdict, VerdictKind, Where};

/// A verdict for the terminal.
pub fn text(verdict: &Verdict, colour: bool) -> String {
    let is_blocked = verdict.blocked_by.is_some();
    match verdict.kind {
        VerdictKind::Fail => format!("{}\n{}", head(verdict, colour), block(verdict, colour)),
        VerdictKind::Inconclusive if !is_blocked => format!("{}\n{}", head(verdict, colour), block(verdict, colour)),
        _ => format!("{}  {}{}", head(verdict, colour), line(verdict), notes(verdict, colour)),
    }
}

/// What a verdict comes to in one line, without its name.
pub fn line(verdict: &Verdict) -> String {
    let cause = verdict.cause.as_ref().map_or("", |cause| first_line(&cause.message));
    match (&verdict.kind, &verdict.blocked_by) {
        (VerdictKind::Pass, _) => values(verdict),
        (_, Some(BlockedBy(by))) => format!("blocked by {by}"),
        _ => cause.to_owned(),
    }
}

/// The value that the promise was about, with its limit; `None` where nothing was promised about a value.
pub(crate) fn figure(verdict: &Verdict) -> Option<String> {
    verdict.measured.iter().find(|measured| measured.limit.is_some()).map(numbers::measured)
}

fn head(verdict: &Verdict, colour: bool) -> String {
    let (word, code) = match (&verdict.kind, &verdict.blocked_by) {
        (VerdictKind::Pass, _) => ("pass", 32),
        (VerdictKind::Fail, _) => ("FAIL", 31),
        (VerdictKind::Inconclusive, Some(_)) => ("blocked", 33),
        (VerdictKind::Inconclusive, None) => ("INCONCLUSIVE", 33),
        (VerdictKind::Skipped, _) => ("skipped", 36),
    };
    let advisory = if verdict.is_advisory { " (advisory)" } else { "" };
    let trial =
        if verdict.trial.is_empty() { String::new() } else { format!(" (trial: {})", verdict.trial.join(", ")) };
    let stubs = &verdict.stubs;
    let stubs = if stubs.is_empty() { String::new() } else { format!(" (stub CRDs: {})", stubs.join(", ")) };
    format!("{} {}{advisory}{trial}{stubs}", painted(word, code, colour), verdict.id)
}

pub(super) fn painted(word: &str, code: u8, colour: bool) -> String {
    if colour { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
}

fn block(verdict: &Verdict, colour: bool) -> String {
    let nothing = Cause { kind: "unknown".to_owned(), message: "nothing is known".to_owned() };
    let cause = verdict.cause.as_ref().unwrap_or(&nothing);
    let word = |word: &str, lines: Vec<String>| {
        let label = painted(&format!("{word:<5}"), 1, colour);
        let body = if lines.is_empty() { "-".to_owned() } else { lines.join("\n         ") };
        format!("  {label}  {body}")
    };
    let mut causes = vec![meaning(&cause.kind).to_owned()];
    causes.extend(cause.message.lines().skip(1).map(str::to_owned));
    causes.extend(verdict.measured.iter().map(numbers::measured));
    causes.extend(verdict.notes.iter().cloned());
    [
        word("broke", vec![first_line(&cause.message).to_owned()]),
        word("cause", causes),
        word("where", verdict.places.iter().map(place).collect()),
        word("next", verdict.next.clone()),
        word("seen", verdict.evidence.iter().cloned().collect()),
    ]
    .join("\n")
}

/// What the reader should know of a pass, below its line.
fn notes(verdict: &Verdict, colour: bool) -> String {
    let label = painted(&format!("{:<5}", "note"), 1, colour);
    verdict.notes.iter().fold(String::new(), |notes, note| notes + &format!("\n  {label}  {note}"))
}

/// What a kind of cause means, for people.
fn meaning(kind: &str) -> &str {
    match kind {
        "mismatch" => "mismatch: what was seen is not what was promised",
        "doomed" => "doomed: waiting longer can't help",
        "timeout" => "timeout: it did not come true before the time to give up",
        "late" => "late: it came true, but after the promised time",
        "slow" => "slow: more requests took longer than promised than chance explains",
        "undecided" => "undecided: the samples neither prove nor disprove it (`--strict` fails it)",
        "noisy" => "noisy: others kept the machine busy, so the figures say nothing about the chart",
        "apparatus" => "apparatus: looking itself failed, which says nothing about the chart",
        "missing" => "missing: there was nothing to judge",
        "before" => "before: what the clause prepares first did not go through",
        "when" => "when: what was to happen could not be done",
        "admitted" => "admitted: the API server would refuse it, by a dry run that changed nothing",
        "helm" => "helm: the install did not go through",
        "render" => "render: helm template failed",
        "decode" => "decode: the API server would refuse the object",
        "missing-name" => "missing-name: a clause names what the chart does not make",
        "selectors" => "selectors: labels and selectors don't meet, so nothing stands behind them",
        "port-chain" => "port-chain: nothing would answer at that port",
        "node-ports" => "node-ports: the API server would refuse the Service",
        "references" => "references: pods can't start without it",
        "images" => "images: the kubelet would say InvalidImageName",
        "expired-skip" => "expired-skip: mend the clause or give the skip a new date",
        other => other,
    }
}

fn place(place: &Where) -> String {
    let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
    let note = place.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    format!("{}{line}{note}", place.file)
}

fn values(verdict: &Verdict) -> String {
    verdict.measured.iter().map(numbers::measured).collect::<Vec<_>>().join("; ")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}
