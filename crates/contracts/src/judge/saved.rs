//! What a session saves is known to the checks after it: what `before` saw, what an answer said, what was made.

use super::checks;
use crate::model::{
    Check, Expectation, HttpCheck, HttpStep, LogsCheck, ObjectExpectations, Phase, PostgresCheck, PostgresExpect,
    TalkAct, TalkStep, Target, WsCheck, WsLine, filled_body, filled_text, looked_up,
};
use indexmap::IndexMap;
use seatrial_observation::{Part, ProbeAnswer, Seen};
use serde_json::Value;

/// What the phases of a clause have saved so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory(IndexMap<String, Value>);

impl Memory {
    /// What `before` has saved.
    pub fn of(saved: &IndexMap<String, Value>) -> Self {
        Self(saved.clone())
    }

    /// All of it, by name.
    pub fn into_saved(self) -> IndexMap<String, Value> {
        self.0
    }

    /// Keeps what the last look of a session saved.
    pub fn learn(&mut self, phase: &Phase, part: &Part) {
        let Check::Http(http) = &phase.check else { return };
        let Some(Ok(Seen::Probes(outcomes))) = part.samples.last().map(|sample| &sample.look) else { return };
        for (step, outcome) in http.0.iter().zip(outcomes) {
            if let Ok(ProbeAnswer::Http(answer)) = &outcome.result {
                self.0.extend(checks::saved(step, answer).unwrap_or_default());
            }
        }
    }

    /// The phase with `$(saved.x)` looked up. What was not saved stays as it is written, and nothing is like that.
    #[must_use]
    pub fn filled(&self, phase: &Phase) -> Phase {
        Phase { check: self.check(&phase.check), ..phase.clone() }
    }

    fn check(&self, check: &Check) -> Check {
        if self.0.is_empty() {
            return check.clone();
        }
        match check {
            Check::Logs(logs) => Check::Logs(self.logs(logs)),
            Check::Http(http) => Check::Http(self.session(http)),
            Check::Ws(ws) => Check::Ws(Box::new(self.talk(ws))),
            Check::Postgres(postgres) => Check::Postgres(Box::new(self.query(postgres))),
            Check::Object(expected) => Check::Object(self.objects(expected)),
            other => other.clone(),
        }
    }

    fn value(&self, reference: &str) -> Option<Value> {
        self.0.get(reference.strip_prefix("saved.")?).cloned()
    }

    fn text(&self, text: &str) -> String {
        filled_text(text, &|name| self.value(name))
    }

    fn expected(&self, expectation: &Expectation) -> Expectation {
        looked_up(expectation, &|name| self.value(name))
    }

    /// A line of a log is text.
    fn logs(&self, logs: &LogsCheck) -> LogsCheck {
        let look_up = |reference: &str| self.value(reference).map(|value| as_text(&value));
        let fill = |all: &[Expectation]| all.iter().map(|one| looked_up(one, &look_up)).collect();
        LogsCheck { contain: fill(&logs.contain), never: fill(&logs.never), ..logs.clone() }
    }

    /// What a step of the session itself has saved by then is newer, and left to the session.
    fn session(&self, http: &HttpCheck) -> HttpCheck {
        let mut older = self.clone();
        let mut steps = Vec::new();
        for step in &http.0 {
            steps.push(older.step(step));
            older.0.retain(|name, _| !step.save.contains_key(name));
        }
        HttpCheck(steps)
    }

    fn step(&self, step: &HttpStep) -> HttpStep {
        let headers = step.headers.iter().map(|(name, value)| (name.clone(), self.text(value)));
        let header = step.header.iter().map(|(name, one)| (name.clone(), self.expected(one)));
        HttpStep {
            to: self.target(&step.to),
            headers: headers.collect(),
            body: step.body.as_ref().map(|body| filled_body(body, &|name| self.value(name))),
            status: step.status.as_ref().map(|one| self.expected(one)),
            header: header.collect(),
            text: step.text.as_ref().map(|one| self.expected(one)),
            json: step.json.iter().map(|(path, one)| (path.clone(), self.expected(one))).collect(),
            ..step.clone()
        }
    }

    fn target(&self, target: &Target) -> Target {
        let mut target = target.clone();
        if let Target::Service { path, .. }
        | Target::Pod { path, .. }
        | Target::Host { path, .. }
        | Target::Ingress { path, .. } = &mut target
        {
            *path = self.text(path);
        }
        target
    }

    fn talk(&self, ws: &WsCheck) -> WsCheck {
        let act = |step: &TalkStep| match &step.act {
            TalkAct::Send(text) => TalkAct::Send(filled_body(text, &|name| self.value(name))),
            TalkAct::Expect(expected) => TalkAct::Expect(self.expected(expected)),
            TalkAct::Closed(expected) => TalkAct::Closed(self.expected(expected)),
            TalkAct::Pings(expected) => TalkAct::Pings(self.expected(expected)),
            other => other.clone(),
        };
        let talk = ws.talk.iter().map(|step| TalkStep { act: act(step), within: step.within }).collect();
        let line = match &ws.line {
            WsLine::New { to, headers, tls } => {
                let headers = headers.iter().map(|(name, value)| (name.clone(), self.text(value))).collect();
                WsLine::New { to: self.target(to), headers, tls: tls.clone() }
            }
            WsLine::Kept(name) => WsLine::Kept(name.clone()),
        };
        WsCheck { line, keep: ws.keep.clone(), talk }
    }

    /// In a query a value stands between quotes, which it must not end.
    fn query(&self, postgres: &PostgresCheck) -> PostgresCheck {
        let quoted = |name: &str| self.value(name).map(|value| in_quotes(&value));
        let expect = match &postgres.expect {
            PostgresExpect::Rows(rows) => {
                let rows = rows.iter().map(|row| row.iter().map(|one| self.expected(one)).collect());
                PostgresExpect::Rows(rows.collect())
            }
            other => other.clone(),
        };
        PostgresCheck { query: filled_text(&postgres.query, &quoted), expect, ..postgres.clone() }
    }

    fn objects(&self, expected: &ObjectExpectations) -> ObjectExpectations {
        let fields = |fields: &[(_, Expectation)]| -> Vec<_> {
            fields
                .iter()
                .map(|(path, one): &(crate::model::ObjectPath, _)| (path.clone(), self.expected(one)))
                .collect()
        };
        ObjectExpectations(expected.0.iter().map(|(target, all)| (target.clone(), fields(all))).collect())
    }
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::String(_) => value.clone(),
        other => Value::from(other.to_string()),
    }
}

fn in_quotes(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.replace('\'', "''")),
        other => Value::from(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{RENDER, chart, slot};
    use crate::model::What;

    /// The second check of a clause whose first saves `id` (7) and `who` (o'hara), filled, as JSON.
    #[track_caller]
    fn check(second: &str, expected: &str) {
        let first = "{ http: { get: svc/registry:http/, save: { id: json.id, who: json.who } } }";
        let clause = format!("clauses:\n  a:\n    then:\n      - {first}\n      - {second}\n");
        let chart = chart(RENDER, &format!("chart: .\nenvironments: {{ dev: {{}} }}\n{clause}"));
        let (_, slot) = slot(&chart, "a");
        let What::Clause(clause) = &slot.what else { panic!("{slot:?}") };
        let memory = Memory([("id".to_owned(), Value::from(7)), ("who".to_owned(), Value::from("o'hara"))].into());
        let seen = serde_json::to_string(&memory.filled(&clause.then[1]).check).expect("JSON");
        assert!(seen.contains(expected), "{expected} is not in {seen}");
        let unknown = serde_json::to_string(&Memory::default().filled(&clause.then[1]).check).expect("JSON");
        assert!(unknown.contains("$(saved."), "what was not saved stays: {unknown}");
    }

    #[test]
    fn every_probe_after_a_session_knows_what_it_saved() {
        check("{ http: 'svc/registry:http/items/$(saved.id)' }", "/items/7");
        check("{ http: { post: svc/registry:http/, json: { item: $(saved.id) } } }", r#"{\"item\":7}"#);
        check("{ http: { get: svc/registry:http/, expect: { json: { item: $(saved.id) } } } }", r#"{"equal":7}"#);
        check("{ http: { get: svc/registry:http/, expect: { cel: \"json.id == '$(saved.id)'\" } } }", "json.id == '7'");
        check("{ ws: { to: svc/registry:http/, talk: [{ send: { item: $(saved.id) } }] } }", r#"{\"item\":7}"#);
        check("{ logs: { of: deploy/registry, contain: 'made $(saved.id)' } }", "made 7");
        check("{ object: { deploy/registry: { spec.replicas: $(saved.id) } } }", r#"{"equal":7}"#);
    }

    #[test]
    fn what_is_put_between_quotes_does_not_end_them() {
        let login = "to: svc/registry:http, as: { user: a }";
        check(
            &format!("{{ postgres: {{ {login}, query: \"select '$(saved.who)', $(saved.id)\", expect: [[1, 2]] }} }}"),
            "select 'o''hara', 7",
        );
        let cel = "json.who == '$(saved.who)' && json.id == '$(saved.id)'";
        check(
            &format!("{{ http: {{ get: svc/registry:http/, expect: {{ cel: \"{cel}\" }} }} }}"),
            r"json.who == 'o\\'hara' && json.id == '7'",
        );
    }

    #[test]
    fn a_session_that_saves_a_name_again_uses_its_own() {
        let again = "[{ get: 'svc/registry:http/$(saved.id)', save: { id: json.id } }, \
                     { get: 'svc/registry:http/later/$(saved.who)' }, { get: 'svc/registry:http/later/$(saved.id)' }]";
        let clause = format!(
            "chart: .\nenvironments: {{ dev: {{}} }}\nclauses:\n  a:\n    before: {{ http: {{ get: svc/registry:http/, save: {{ id: json.id, who: json.who }} }} }}\n    http: {again}\n"
        );
        let chart = chart(RENDER, &clause);
        let (_, slot) = slot(&chart, "a");
        let What::Clause(clause) = &slot.what else { panic!("{slot:?}") };
        let memory = Memory([("id".to_owned(), Value::from(7)), ("who".to_owned(), Value::from("x"))].into());
        let Check::Http(http) = memory.filled(&clause.then[0]).check else { panic!("a session") };
        let paths: Vec<String> = http.0.iter().map(|step| step.to.to_string()).collect();
        let expected = ["svc/registry:http/7", "svc/registry:http/later/x", "svc/registry:http/later/$(saved.id)"];
        assert_eq!(paths, expected);
    }
}
