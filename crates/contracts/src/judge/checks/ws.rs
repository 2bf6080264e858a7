//! `ws`: each step of a talk held. The driver of a talk asks [`answers`] about each frame, so that it waits for just
//! what the verdict will look for.

use super::{Judged, Outcome, failure_text, took};
use crate::judge::expect;
use crate::model::{Expectation, TalkAct, TalkStep, WsCheck, WsLine};
use seatrial_observation::{ProbeAnswer, ProbeOutcome, WsClosed, WsFrame, WsKind, WsStep};
use serde_json::Value;

/// The last frames that a time-out shows.
const SHOWN: usize = 3;

pub(super) fn look(check: &WsCheck, outcomes: &[ProbeOutcome]) -> Judged {
    let Some(outcome) = outcomes.first() else { return Judged::unseen("no talk took place") };
    let name = match &check.line {
        WsLine::New { to, .. } => format!("ws {to}"),
        WsLine::Kept(name) => format!("ws `{name}`"),
    };
    let steps = match &outcome.result {
        Ok(ProbeAnswer::WsTalk(talk)) => &talk.steps,
        Ok(_) => return Judged::unseen(format!("{name}: the probe answered something else than a talk")),
        Err(failure) => {
            let seen = failure_text(failure);
            return Judged::broken(format!("{name}: expected a WebSocket, seen {seen}"));
        }
    };
    for (index, step) in check.talk.iter().enumerate() {
        let what = format!("{name}: step {} ({})", index + 1, words(&step.act));
        let Some(seen) = steps.get(index) else { return Judged::unseen(format!("{what} was not reached")) };
        if let Some(problem) = problem(step, seen) {
            return Judged::broken(format!("{what}: {problem}"));
        }
    }
    Judged::from(Outcome::Holds).with(took("talk", outcome))
}

/// Whether a frame, or a pong, is what a step waits for.
pub fn answers(step: &TalkStep, frame: &WsFrame) -> bool {
    match (&step.act, frame.kind) {
        (TalkAct::Ping, kind) => kind == WsKind::Pong,
        (TalkAct::Expect(expected), WsKind::Text | WsKind::Binary) => is_like(expected, &frame.text),
        _ => false,
    }
}

/// What a map or a list expects is JSON; a text is compared as it is.
fn is_like(expected: &Expectation, text: &str) -> bool {
    let plain = Value::from(text);
    match expected {
        Expectation::Map(_) | Expectation::List(_) => {
            serde_json::from_str::<Value>(text).is_ok_and(|json| expect::check(expected, Some(&json), None).is_empty())
        }
        _ => expect::check(expected, Some(&plain), None).is_empty(),
    }
}

/// How long a step may take: what it waits for, or how long it is silent.
pub fn patience(step: &TalkStep) -> std::time::Duration {
    match &step.act {
        TalkAct::Idle(silent) => *silent,
        _ => step.within.unwrap_or(TalkStep::PATIENCE),
    }
}

fn problem(step: &TalkStep, seen: &WsStep) -> Option<String> {
    let limit = patience(step).as_secs_f64();
    match &step.act {
        TalkAct::Send(_) => seen.closed.as_ref().map(|closed| closed_early(closed, seen)),
        TalkAct::Expect(_) | TalkAct::Ping => {
            let answer = seen.frames.iter().find(|frame| answers(step, frame));
            match (answer, &seen.closed) {
                (Some(frame), _) if seconds(frame.at_ms - seen.from_ms) <= limit => None,
                (Some(frame), _) => Some(format!(
                    "it came after {:.3} s, promised within {limit} s",
                    seconds(frame.at_ms - seen.from_ms)
                )),
                (None, Some(closed)) => Some(closed_early(closed, seen)),
                (None, None) => Some(format!("nothing of that kind within {limit} s; {}", last(&seen.frames))),
            }
        }
        TalkAct::Idle(_) => match &seen.closed {
            Some(closed) => Some(closed_early(closed, seen)),
            None if seconds(seen.to_ms - seen.from_ms) < limit => Some("it was not waited for".to_owned()),
            None => None,
        },
        TalkAct::Close(_) => match &seen.closed {
            Some(WsClosed { code: Some(_), .. }) => None,
            Some(closed) => Some(format!("the close was not answered: {}", closed.reason)),
            None => Some(format!("no answer to the close within {limit} s")),
        },
        TalkAct::Closed(expected) => closed(expected, seen, limit),
        TalkAct::Pings(expected) => {
            let count = Value::from(seen.pings);
            expect::check(expected, Some(&count), None).into_iter().next().map(|mismatch| mismatch.to_string())
        }
    }
}

fn closed(expected: &Expectation, seen: &WsStep, limit: f64) -> Option<String> {
    let Some(closed) = &seen.closed else {
        return Some(format!("it is still open after {limit} s; {}", last(&seen.frames)));
    };
    if seconds(closed.at_ms - seen.from_ms) > limit {
        return Some(format!("it was closed after {:.3} s", seconds(closed.at_ms - seen.from_ms)));
    }
    if *expected == Expectation::Present {
        return None;
    }
    let code = closed.code.map(Value::from);
    let mismatch = expect::check(expected, code.as_ref(), None).into_iter().next()?;
    Some(format!("code: {mismatch}{}", because(closed)))
}

fn closed_early(closed: &WsClosed, seen: &WsStep) -> String {
    let code = closed.code.map_or_else(|| "without a close frame".to_owned(), |code| format!("with code {code}"));
    let after = seconds(closed.at_ms - seen.from_ms).max(0.0);
    format!("the other side closed {code} after {after:.1} s{}; {}", because(closed), last(&seen.frames))
}

fn because(closed: &WsClosed) -> String {
    if closed.reason.is_empty() { String::new() } else { format!(" ({})", closed.reason) }
}

fn last(frames: &[WsFrame]) -> String {
    if frames.is_empty() {
        return "no frame came".to_owned();
    }
    let shown = frames.iter().rev().take(SHOWN).rev().map(|frame| expect::show(&Value::from(frame.text.as_str())));
    format!("last came {}", shown.collect::<Vec<_>>().join(" | "))
}

fn seconds(ms: f64) -> f64 {
    ms / 1e3
}

fn words(act: &TalkAct) -> String {
    match act {
        TalkAct::Send(text) => format!("send {}", expect::show(&Value::from(text.as_str()))),
        TalkAct::Expect(expected) => format!("expect {}", expect::describe(expected)),
        TalkAct::Ping => "ping".to_owned(),
        TalkAct::Idle(silent) => format!("idle {silent:?}"),
        TalkAct::Close(code) => format!("close {code}"),
        TalkAct::Closed(expected) => format!("closed {}", expect::describe(expected)),
        TalkAct::Pings(expected) => format!("pings {}", expect::describe(expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Comparison, Name, Operator, Target};
    use seatrial_observation::{FailureKind, ProbeFailure, WsTalk};

    fn frame(at_ms: f64, text: &str) -> WsFrame {
        WsFrame { at_ms, kind: WsKind::Text, text: text.to_owned() }
    }

    fn seen(frames: Vec<WsFrame>, closed: Option<(f64, Option<u16>)>) -> WsStep {
        let closed = closed.map(|(at_ms, code)| WsClosed { at_ms, code, reason: "so".to_owned() });
        WsStep { from_ms: 100.0, to_ms: 400.0, frames, closed, pings: 2 }
    }

    fn ack() -> TalkAct {
        TalkAct::Expect(Expectation::Map(vec![("type".to_owned(), Expectation::Equal("ack".into()))]))
    }

    #[track_caller]
    fn check(act: TalkAct, within_s: Option<u64>, seen: WsStep, expected: &str) {
        let within = within_s.map(std::time::Duration::from_secs);
        let to = Target::Service { name: Name::Is("x".to_owned()), port: None, path: String::new() };
        let line = WsLine::New { to, headers: [].into(), tls: None };
        let check = WsCheck { line, keep: None, talk: vec![TalkStep { act, within }] };
        let result = Ok(ProbeAnswer::WsTalk(WsTalk { steps: vec![seen] }));
        let judged = match look(&check, &[ProbeOutcome { took_ms: 1.0, result }]).outcome {
            Outcome::Holds => "holds".to_owned(),
            Outcome::Broken(message) => message,
            other => format!("{other:?}"),
        };
        assert!(judged.contains(expected), "{judged}");
    }

    #[test]
    fn a_frame_like_the_expected_one_may_come_among_others() {
        let frames = vec![frame(150.0, "hello"), frame(200.0, r#"{"type":"ack","id":1}"#)];
        check(ack(), None, seen(frames, None), "holds");
        check(
            TalkAct::Expect(Expectation::Equal("hello".into())),
            None,
            seen(vec![frame(150.0, "hello")], None),
            "holds",
        );
    }

    #[test]
    fn what_does_not_come_shows_the_last_frames() {
        let frames = vec![frame(150.0, r#"{"type":"nack"}"#)];
        check(ack(), Some(1), seen(frames, None), r#"nothing of that kind within 1 s; last came {"type":"nack"}"#);
        check(ack(), None, seen(vec![], None), "nothing of that kind within 5 s; no frame came");
        let late = vec![frame(1200.0, r#"{"type":"ack"}"#)];
        check(ack(), Some(1), seen(late, None), "it came after 1.100 s, promised within 1 s");
    }

    #[test]
    fn a_close_before_its_time_has_its_code() {
        let early = || seen(vec![], Some((350.0, Some(1011))));
        check(ack(), None, early(), "the other side closed with code 1011 after 0.2 s (so); no frame came");
        check(TalkAct::Idle(std::time::Duration::from_millis(300)), None, early(), "closed with code 1011");
        check(TalkAct::Send("x".to_owned()), None, seen(vec![], Some((1.0, None))), "closed without a close frame");
    }

    #[test]
    fn idle_holds_when_nothing_closed() {
        let idle = |ms| TalkAct::Idle(std::time::Duration::from_millis(ms));
        check(idle(300), None, seen(vec![], None), "holds");
        check(idle(900), None, seen(vec![], None), "it was not waited for");
    }

    #[test]
    fn a_close_is_answered_and_has_the_code_that_is_promised() {
        check(TalkAct::Close(1000), None, seen(vec![], Some((200.0, Some(1000)))), "holds");
        check(TalkAct::Close(1000), None, seen(vec![], Some((200.0, None))), "the close was not answered: so");
        check(TalkAct::Close(1000), None, seen(vec![], None), "no answer to the close within 5 s");
        let closed = |code: u64| TalkAct::Closed(Expectation::Equal(code.into()));
        check(closed(1001), None, seen(vec![], Some((200.0, Some(1001)))), "holds");
        check(closed(1001), None, seen(vec![], Some((200.0, Some(1006)))), "code: expected 1001, seen 1006 (so)");
        check(closed(1001), None, seen(vec![], Some((200.0, None))), "code: expected 1001, seen absent");
        check(TalkAct::Closed(Expectation::Present), None, seen(vec![], Some((200.0, None))), "holds");
        check(TalkAct::Closed(Expectation::Present), Some(60), seen(vec![], None), "it is still open after 60 s");
    }

    #[test]
    fn a_ping_wants_a_pong() {
        let pong = WsFrame { at_ms: 150.0, kind: WsKind::Pong, text: String::new() };
        check(TalkAct::Ping, None, seen(vec![pong], None), "holds");
        check(TalkAct::Ping, None, seen(vec![frame(150.0, "x")], None), "nothing of that kind");
    }

    #[test]
    fn pings_of_the_other_side_are_counted() {
        let pings = |text: &str| {
            let operand = text.to_owned();
            TalkAct::Pings(Expectation::Compare(Comparison { operator: Operator::AtLeast, operand }))
        };
        check(pings("2"), None, seen(vec![], None), "holds");
        check(pings("3"), None, seen(vec![], None), "step 1 (pings >= 3): expected >= 3, seen 2");
    }

    #[test]
    fn what_is_no_websocket_or_no_record_is_told_apart() {
        let line = WsLine::Kept("l".to_owned());
        let check = WsCheck { line, keep: None, talk: vec![TalkStep { act: TalkAct::Ping, within: None }] };
        let failure = ProbeFailure { kind: FailureKind::Protocol, message: "no upgrade: status 404".to_owned() };
        let refused = look(&check, &[ProbeOutcome { took_ms: 1.0, result: Err(failure) }]);
        let expected = "ws `l`: expected a WebSocket, seen not the protocol (no upgrade: status 404)";
        assert_eq!(refused.outcome, Outcome::Broken(expected.to_owned()));
        let empty = Ok(ProbeAnswer::WsTalk(WsTalk { steps: Vec::new() }));
        let cut = look(&check, &[ProbeOutcome { took_ms: 1.0, result: empty }]);
        assert!(matches!(cut.outcome, Outcome::Unseen(_)), "{cut:?}");
        assert!(matches!(look(&check, &[]).outcome, Outcome::Unseen(_)));
    }
}
