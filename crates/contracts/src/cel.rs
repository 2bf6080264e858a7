//! `cel:`: what plain YAML can't say, in the Common Expression Language. An expression sees the value as `object` and as
//! `json`, and in an answer of HTTP as `now` the moment at which the answer was given (its `Date`).

use cel::{Context, Env, Program};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// The names that an expression may use.
pub(crate) const NAMES: [&str; 3] = ["object", "json", "now"];

/// A longer expression is none that people read.
const LONGEST: usize = 2_000;

/// The parser and the evaluation go as deep as brackets do and as chains of signs (`a + b + c`) are long, and a thread has
/// 2 MiB of stack: brackets weigh four times as much as signs, and this is the most of both.
const HEAVIEST: usize = 40;

fn env() -> Arc<Env> {
    static ENV: OnceLock<Arc<Env>> = OnceLock::new();
    Arc::clone(ENV.get_or_init(|| Arc::new(Env::stdlib())))
}

/// What is wrong with an expression that was never evaluated: it does not parse, or names what there is not.
pub(crate) fn problem(source: &str) -> Option<String> {
    if source.len() > LONGEST || 4 * depth(source) + signs(source) > HEAVIEST {
        return Some(format!(
            "it is longer than {LONGEST} bytes, nested deeper than {} brackets, or has more than {HEAVIEST} signs",
            HEAVIEST / 4
        ));
    }
    let program = match env().compile(source) {
        Ok(program) => program,
        Err(mistakes) => {
            let first = mistakes.errors.first();
            return Some(first.map_or_else(
                || "it does not parse".to_owned(),
                |one| format!("{} (column {} of the expression)", first_line(&one.msg), one.pos.1),
            ));
        }
    };
    let references = program.references();
    let is_there = NAMES.iter().any(|name| references.has_variable(name));
    (!is_there).then(|| format!("it looks at nothing; write {}", NAMES.join(", ")))
}

/// Whether an expression holds of a value; `Err` says why it can't be told.
pub(crate) fn holds(source: &str, value: &Value, now: Option<&str>) -> Result<bool, String> {
    let program = env().compile(source).map_err(|mistakes| first_line(&mistakes.to_string()).to_owned())?;
    let mut context = Context::with_env(env());
    for name in ["object", "json"] {
        context.add_variable_from_value(name, typed(value));
    }
    if let Some(now) = now {
        let moment = Program::compile(&format!("timestamp('{now}')")).map_err(|mistakes| mistakes.to_string())?;
        let moment = moment.execute(&Context::with_env(env())).map_err(|error| error.to_string())?;
        context.add_variable_from_value("now", moment);
    }
    match program.execute(&context) {
        Ok(cel::Value::Bool(holds)) => Ok(holds),
        Ok(other) => Err(format!("it gives {}, neither true nor false", kind(&other))),
        Err(error) => Err(error.to_string()),
    }
}

/// The most brackets that are open at once, those in texts included.
fn depth(source: &str) -> usize {
    let mut open = 0_usize;
    let depths = source.bytes().map(|byte| {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open
    });
    depths.max().unwrap_or(0)
}

/// The signs that reckon or compare, those in texts included.
fn signs(source: &str) -> usize {
    let words = source.split_whitespace().filter(|word| *word == "in").count();
    let pairs = ["==", "!="].map(|pair| source.matches(pair).count());
    words + pairs.iter().sum::<usize>() + source.bytes().filter(|byte| b"+-*/%<>".contains(byte)).count()
}

/// JSON as CEL has it: every whole number is an `int`, as in a literal, so that they can be added and compared.
fn typed(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(flag) => cel::Value::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => cel::Value::Int(whole),
            None => cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(typed).collect::<Vec<_>>().into(),
        Value::Object(entries) => {
            entries.iter().map(|(key, item)| (key.clone(), typed(item))).collect::<HashMap<_, _>>().into()
        }
    }
}

fn kind(value: &cel::Value) -> String {
    value.json().map_or_else(|_| "something else".to_owned(), |value| value.to_string())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// `true`, `false`, or the beginning of why it can't be told.
    fn check(source: &str, value: &Value, expected: &str) {
        let now = Some("2026-11-21T10:00:30Z");
        let seen = holds(source, value, now).map_or_else(|error| error, |holds| holds.to_string());
        assert!(seen.starts_with(expected), "{source}: {seen}");
    }

    #[test]
    fn expressions_see_the_value_and_the_moment() {
        let agents = json!([{ "connected": true, "lastHeartbeat": "2026-11-21T10:00:20Z" }]);
        let fresh = "json.exists(a, a.connected && now - timestamp(a.lastHeartbeat) < duration('15s'))";
        check(fresh, &agents, "true");
        check(&fresh.replace("15s", "5s"), &agents, "false");
        let claims = "!object.spec.template.spec.?volumes.orValue([]).exists(v, has(v.persistentVolumeClaim))";
        let spec = |volumes: Value| json!({ "spec": { "template": { "spec": volumes } } });
        check(claims, &spec(json!({})), "true");
        check(claims, &spec(json!({ "volumes": [{ "emptyDir": {} }] })), "true");
        check(claims, &spec(json!({ "volumes": [{ "persistentVolumeClaim": { "claimName": "x" } }] })), "false");
        check("object.a + 1 == 2 && object.b.matches('^x')", &json!({ "a": 1, "b": "xy" }), "true");
    }

    #[test]
    fn what_can_not_be_told_says_why() {
        check("object.a.b == 1", &json!({ "a": {} }), "No such key");
        check("object.a", &json!({ "a": 5 }), "it gives 5, neither true nor false");
        check("object.a > 'x'", &json!({ "a": 5 }), "found no matching overload");
        assert!(holds("now > timestamp('2026-01-01T00:00:00Z')", &json!({}), None).is_err());
    }

    #[test]
    fn mistakes_show_before_anything_is_looked_at() {
        assert_eq!(problem("object.a == 1"), None);
        assert_eq!(problem("json.exists(a, a.b)"), None);
        assert!(problem("object.a ==").is_some_and(|text| text.contains("of the expression")));
        assert!(problem("1 == 1").is_some_and(|text| text.starts_with("it looks at nothing")));
        assert!(problem("").is_some());
    }

    #[test]
    fn no_expression_is_too_much_for_the_stack() {
        let around = |open: &str, n: usize, close: &str| format!("{}object{} == 1", open.repeat(n), close.repeat(n));
        for hostile in [
            around("(", 100_000, ")"),
            around("[", 500, "]"),
            around("!", 100_000, ""),
            format!("object{} == 1", " + 1".repeat(100)),
            format!("object{}", " in object".repeat(100)),
            format!("{}true{}", "json.all(x, ".repeat(20), ")".repeat(20)),
        ] {
            assert!(problem(&hostile).is_some_and(|text| text.starts_with("it is longer")), "{}", hostile.len());
        }
        // What is let through is evaluated to its end, whatever that is.
        for long in [
            around("(", 9, ")"),
            around("[", 9, "]"),
            around("!", 1_900, ""),
            format!("object{}", ".a".repeat(900)),
            format!("object{}", " ? object : object".repeat(100)),
            format!("object{}", " && object".repeat(190)),
            format!("object{}", " in object".repeat(40)),
            format!("{}true{}", "json.all(x, ".repeat(10), ")".repeat(10)),
            format!("{}object{} == 1{}", "(".repeat(5), ")".repeat(5), " + 1".repeat(19)),
        ] {
            assert!(!problem(&long).is_some_and(|text| text.starts_with("it is longer")), "{long}");
            let _ = holds(&long, &json!([1]), None);
        }
        check(&format!("object{} == 39", " + 1".repeat(38)), &json!(1), "true");
    }
}
