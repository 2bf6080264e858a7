//! `http`: each step of a session answers as promised.

use super::{Judged, Outcome, expected_failure, failure_text, took};
use crate::judge::expect;
use crate::model::{Expectation, HttpCheck, HttpStep, Saved, Tls, looked_up};
use indexmap::IndexMap;
use seatrial_observation::{Certificate, HttpAnswer, ProbeAnswer, ProbeOutcome};
use serde_json::Value;

pub(super) fn look(check: &HttpCheck, outcomes: &[ProbeOutcome], before: &[ProbeOutcome]) -> Judged {
    if check.0.is_empty() || outcomes.is_empty() {
        return Judged::unseen("no HTTP exchange took place");
    }
    let mut all = Judged::from(Outcome::Holds);
    let mut known = IndexMap::new();
    for (index, written) in check.0.iter().enumerate() {
        let step = &expecting(written, &known);
        let Some(outcome) = outcomes.get(index) else {
            return Judged::unseen(format!("{} was not reached", name(step)));
        };
        let denials = check.0[..index].iter().filter(|step| step.failure.as_deref() == Some("denied")).count();
        let control = match step.failure.as_deref() {
            Some("refused") => before.get(index),
            _ => outcomes.get(check.0.len() + denials),
        };
        let judged = in_time(step, exchange(step, outcome, control), outcome);
        all.measured.extend(judged.measured);
        if judged.outcome != Outcome::Holds {
            all.outcome = judged.outcome;
            break;
        }
        match outcome.result.as_ref().map(|answer| kept(step, answer)) {
            Ok(Ok(more)) => known.extend(more),
            Ok(Err(missing)) => {
                all.outcome = Outcome::Broken(format!("{}: {missing}", name(step)));
                break;
            }
            Err(_) => {}
        }
    }
    all
}

/// Whether an answer is as a step promises, and holds what it saves; `known` is what earlier steps saved.
pub fn is_as_promised(step: &HttpStep, known: &IndexMap<String, Value>, outcome: &ProbeOutcome) -> bool {
    let step = &expecting(step, known);
    let is_saved = outcome.result.as_ref().is_ok_and(|answer| kept(step, answer).is_ok());
    is_saved && exchange(step, outcome, None).outcome == Outcome::Holds
}

/// The step with what earlier ones saved in the place of `$(saved.x)`.
fn expecting(step: &HttpStep, known: &IndexMap<String, Value>) -> HttpStep {
    let look_up = |reference: &str| known.get(reference.strip_prefix("saved.")?).cloned();
    let fill = |expectation: &Expectation| looked_up(expectation, &look_up);
    HttpStep {
        status: step.status.as_ref().map(fill),
        header: step.header.iter().map(|(name, one)| (name.clone(), fill(one))).collect(),
        text: step.text.as_ref().map(fill),
        json: step.json.iter().map(|(path, one)| (path.clone(), fill(one))).collect(),
        ..step.clone()
    }
}

/// What is asked again until it is as promised was so in time, or never.
fn in_time(step: &HttpStep, judged: Judged, outcome: &ProbeOutcome) -> Judged {
    let Some(limit) = step.within.map(|limit| limit.as_secs_f64()) else { return judged };
    let seconds = outcome.took_ms / 1e3;
    let told = match judged.outcome {
        Outcome::Holds if seconds <= limit => return judged,
        Outcome::Holds => format!("{}: promised within {limit} s, came true after {seconds:.3} s", name(step)),
        Outcome::Broken(message) => format!("{message} (asked again for {seconds:.1} s, promised within {limit} s)"),
        other => return Judged { outcome: other, ..judged },
    };
    Judged { outcome: Outcome::Broken(told), ..judged }
}

fn kept(step: &HttpStep, answer: &ProbeAnswer) -> Result<IndexMap<String, Value>, String> {
    match answer {
        ProbeAnswer::Http(answer) => saved(step, answer),
        _ => Ok(IndexMap::new()),
    }
}

/// What a step saves of its answer; what is not there is the error.
pub fn saved(step: &HttpStep, answer: &HttpAnswer) -> Result<IndexMap<String, Value>, String> {
    let body = || serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
    let mut all = IndexMap::new();
    for (name, from) in &step.save {
        let (value, place) = match from {
            Saved::Text => (Some(Value::from(answer.body.as_str())), "text".to_owned()),
            Saved::Header(header) => {
                (answer.headers.get(header).map(|value| Value::from(value.as_str())), format!("header {header}"))
            }
            Saved::Json(path) => {
                let body = body();
                let found = expect::at_path(path, &body).into_iter().next().and_then(|(_, value)| value.cloned());
                (found.filter(|value| !value.is_null()), format!("json {path}"))
            }
        };
        let value = value.ok_or_else(|| format!("save {name}: expected {place}, seen absent"))?;
        all.insert(name.clone(), value);
    }
    Ok(all)
}

fn name(step: &HttpStep) -> String {
    format!("{} {}", step.method, step.to)
}

fn exchange(step: &HttpStep, outcome: &ProbeOutcome, control: Option<&ProbeOutcome>) -> Judged {
    if let Some(expected) = &step.failure {
        return expected_failure(&name(step), expected, outcome, control);
    }
    match &outcome.result {
        Ok(ProbeAnswer::Http(answer)) => Judged::of(&mismatches(step, answer)).with(took("answer", outcome)),
        Ok(_) => Judged::unseen(format!("{}: the probe answered something else than HTTP", name(step))),
        Err(failure) => {
            Judged::broken(format!("{}: expected {}, seen {}", name(step), promise(step), failure_text(failure)))
        }
    }
}

fn promise(step: &HttpStep) -> String {
    let status = step.status.as_ref().map(|status| expect::check(status, None, None));
    let text = status.and_then(|found| found.into_iter().next()).map(|mismatch| mismatch.expected);
    text.map_or_else(|| "status 2xx".to_owned(), |text| format!("status {text}"))
}

fn mismatches(step: &HttpStep, answer: &HttpAnswer) -> Vec<String> {
    let mut found = status(step, answer);
    for (key, expected) in &step.header {
        let value = answer.headers.get(&key.to_lowercase()).map(|v| Value::String(v.clone()));
        found.extend(expect::check(expected, value.as_ref(), None).iter().map(|m| format!("header {key}: {m}")));
    }
    if let Some(expected) = &step.text {
        let body = Value::String(answer.body.clone());
        found.extend(expect::check(expected, Some(&body), None).iter().map(|m| format!("body: {m}")));
    }
    found.extend(json(step, answer));
    found.extend(step.tls.iter().flat_map(|tls| certificate(tls, answer.certificate.as_ref())));
    found.iter().map(|text| format!("{}: {text}", name(step))).collect()
}

fn status(step: &HttpStep, answer: &HttpAnswer) -> Vec<String> {
    match &step.status {
        Some(expected) => {
            let status = Value::from(answer.status);
            expect::check(expected, Some(&status), None).iter().map(|m| format!("status: {m}")).collect()
        }
        None if (200..300).contains(&answer.status) => Vec::new(),
        None => vec![format!("status: expected 2xx, seen {}", answer.status)],
    }
}

/// Who signed it is the handshake's business; what it is for and how long it lasts is looked at here.
fn certificate(tls: &Tls, seen: Option<&Certificate>) -> Vec<String> {
    let Some(seen) = seen else { return vec!["certificate: expected one, seen none".to_owned()] };
    let mut found = Vec::new();
    for name in tls.names.iter().filter(|name| !seen.names.contains(name)) {
        found.push(format!("certificate: expected for {name}, seen for {}", seen.names.join(", ")));
    }
    if let Some(expected) = &tls.valid_for {
        let left = Value::from(format!("{}s", seen.valid_for_s));
        if !expect::check(expected, Some(&left), None).is_empty() {
            let days = seen.valid_for_s as f64 / 86_400.0;
            found.push(format!("certificate: expected valid for {}, seen {days:.1} d", expect::describe(expected)));
        }
    }
    found
}

fn json(step: &HttpStep, answer: &HttpAnswer) -> Vec<String> {
    if step.json.is_empty() {
        return Vec::new();
    }
    let body: Value = match serde_json::from_str(&answer.body) {
        Ok(body) => body,
        Err(error) => return vec![format!("body: expected JSON, seen {error}")],
    };
    let now = given_at(answer);
    let all = step.json.iter().flat_map(|(path, expected)| match expected {
        Expectation::Cel(source) if path.0.is_empty() => expect::by_cel(source, &body, now.as_deref()),
        expected => expect::check_path(path, expected, &body, None),
    });
    all.map(|m| format!("body: {m}")).collect()
}

/// The moment at which the answer was given, by its own clock.
fn given_at(answer: &HttpAnswer) -> Option<String> {
    let date = answer.headers.get("date")?;
    jiff::fmt::rfc2822::parse(date).ok().map(|at| at.timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Name, ObjectPath, PathStep, Target};

    fn step(save: &[(&str, Saved)]) -> HttpStep {
        let to = Target::Service { name: Name::Is("x".to_owned()), port: None, path: "/".to_owned() };
        HttpStep {
            method: "GET".to_owned(),
            to,
            scheme: None,
            host: None,
            tls: None,
            headers: [].into(),
            body: None,
            status: None,
            header: [].into(),
            text: None,
            json: Vec::new(),
            failure: None,
            within: None,
            save: save.iter().map(|(name, from)| ((*name).to_owned(), from.clone())).collect(),
        }
    }

    fn answered(body: &str, valid_for_s: i64) -> ProbeOutcome {
        let names = vec!["x.test".to_owned()];
        let certificate = Some(Certificate { names, issuer: "me".to_owned(), valid_for_s });
        let (headers, body) = ([("etag".to_owned(), "e1".to_owned())].into(), body.to_owned());
        let answer = HttpAnswer { status: 200, headers, body, is_truncated: false, certificate };
        ProbeOutcome { took_ms: 1.0, result: Ok(ProbeAnswer::Http(answer)) }
    }

    #[track_caller]
    fn check(steps: Vec<HttpStep>, outcomes: &[ProbeOutcome], expected: &str) {
        let seen = match look(&HttpCheck(steps), outcomes, &[]).outcome {
            Outcome::Holds => "holds".to_owned(),
            Outcome::Broken(message) => message,
            other => format!("{other:?}"),
        };
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_later_step_is_judged_by_what_an_earlier_one_saved() {
        let id = ObjectPath(vec![PathStep::Key("id".to_owned())]);
        let first = step(&[("id", Saved::Json(id.clone())), ("etag", Saved::Header("etag".to_owned()))]);
        let expected = |name: &str| Expectation::Equal(format!("$(saved.{name})").into());
        let second = HttpStep {
            json: vec![(id, expected("id"))],
            header: [("etag".to_owned(), expected("etag"))].into(),
            ..step(&[])
        };
        let session = || vec![first.clone(), second.clone()];
        check(session(), &[answered(r#"{"id":7}"#, 0), answered(r#"{"id":7}"#, 0)], "holds");
        let other = [answered(r#"{"id":7}"#, 0), answered(r#"{"id":8}"#, 0)];
        check(session(), &other, "GET svc/x/: body: id: expected 7, seen 8");
        check(session(), &[answered("{}", 0)], "GET svc/x/: save id: expected json id, seen absent");
    }

    #[test]
    fn what_is_asked_again_comes_true_in_time() {
        let ok = |took_ms| ProbeOutcome { took_ms, ..answered(r#"{"n":2}"#, 0) };
        let n = ObjectPath(vec![PathStep::Key("n".to_owned())]);
        let more = Expectation::Compare(crate::model::Comparison {
            operator: crate::model::Operator::Greater,
            operand: "$(saved.n)".to_owned(),
        });
        let first = step(&[("n", Saved::Json(n.clone()))]);
        let within = Some(std::time::Duration::from_secs(3));
        let second = HttpStep { json: vec![(n, more)], within, ..step(&[]) };
        let session = || vec![first.clone(), second.clone()];
        let one = || answered(r#"{"n":1}"#, 0);
        check(session(), &[one(), ok(2_000.0)], "holds");
        check(session(), &[one(), ok(3_200.0)], "GET svc/x/: promised within 3 s, came true after 3.200 s");
        let still = ProbeOutcome { took_ms: 3_100.0, ..one() };
        let told = "GET svc/x/: body: n: expected > 1, seen 1 (asked again for 3.1 s, promised within 3 s)";
        check(session(), &[one(), still], told);
        let known = [("n".to_owned(), Value::from(1))].into();
        assert!(is_as_promised(&second, &known, &ok(1.0)) && !is_as_promised(&second, &known, &one()));
        assert!(!is_as_promised(&first, &known, &answered("{}", 0)), "what is to be saved is not there yet");
    }

    #[test]
    fn a_certificate_is_for_its_names_and_lasts() {
        let week = Expectation::Compare(crate::model::Comparison {
            operator: crate::model::Operator::Greater,
            operand: "7d".to_owned(),
        });
        let tls = |name: &str| Tls { names: vec![name.to_owned()], valid_for: Some(week.clone()), ..Tls::default() };
        let ask = |name: &str| vec![HttpStep { tls: Some(tls(name)), ..step(&[]) }];
        check(ask("x.test"), &[answered("", 8 * 86_400)], "holds");
        let short = "GET svc/x/: certificate: expected valid for > 7d, seen 6.0 d";
        check(ask("x.test"), &[answered("", 6 * 86_400)], short);
        check(ask("x.test"), &[answered("", -86_400)], "GET svc/x/: certificate: expected valid for > 7d, seen -1.0 d");
        let other = "GET svc/x/: certificate: expected for y.test, seen for x.test";
        check(ask("y.test"), &[answered("", 8 * 86_400)], other);
    }
}
