//! `rbac`: what the API server says a service account may do.

use super::{Judged, Outcome};
use crate::model::{Measured, RbacCheck};
use seatrial_observation::Found;

pub(super) fn look(check: &RbacCheck, found: &[Found]) -> Judged {
    let asked = check.can.iter().map(|access| (access, true)).chain(check.cannot.iter().map(|access| (access, false)));
    let mut broken = Vec::new();
    let mut n = 0_u32;
    for (access, is_promised) in asked {
        let answer = found.iter().find(|one| one.target == access.to_string()).and_then(|one| one.objects.first());
        let Some(answer) = answer else {
            return Judged::unseen(format!("{access}: the cluster serves no resource of that name"));
        };
        let Some(is_allowed) = answer["allowed"].as_bool() else {
            return Judged::unseen(format!("{access}: the API server did not answer"));
        };
        n += 1;
        if is_allowed != is_promised {
            let (expected, seen) = if is_promised { ("allowed", "denied") } else { ("denied", "allowed") };
            let why = answer["reason"].as_str().filter(|why| !why.is_empty());
            let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
            broken.push(format!("{}: {access}: expected {expected}, seen {seen}{why}", check.of));
        }
    }
    if n == 0 {
        return Judged::unseen("no right was asked about");
    }
    let asked =
        Measured { what: "rights".to_owned(), value: f64::from(n), limit: None, unit: String::new(), n: n.into() };
    match Judged::of(&broken) {
        Judged { outcome: Outcome::Holds, .. } => Judged::from(Outcome::Holds).with(asked),
        broken => broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Access;
    use serde_json::json;

    fn access(verb: &str, resource: &str) -> Access {
        Access { verb: verb.to_owned(), resource: resource.to_owned(), subresource: None, namespace: None }
    }

    #[track_caller]
    fn check(answers: &[(&str, serde_json::Value)], expected: &Outcome) {
        let of = "serviceaccount/x".parse().expect("a target");
        let check = RbacCheck { of, can: vec![access("get", "pods")], cannot: vec![access("get", "secrets")] };
        let found = answers
            .iter()
            .map(|(target, answer)| Found { target: (*target).to_owned(), objects: vec![answer.clone()] });
        assert_eq!(look(&check, &found.collect::<Vec<_>>()).outcome, *expected);
    }

    #[test]
    fn rights_are_as_narrow_and_as_wide_as_promised() {
        let (yes, no) = (json!({ "allowed": true, "reason": "by role x" }), json!({ "allowed": false }));
        check(&[("get pods", yes.clone()), ("get secrets", no.clone())], &Outcome::Holds);
        let wide = "sa/x: get secrets: expected denied, seen allowed (by role x)";
        check(&[("get pods", yes.clone()), ("get secrets", yes)], &Outcome::Broken(wide.to_owned()));
        let narrow = "sa/x: get pods: expected allowed, seen denied";
        check(&[("get pods", no.clone()), ("get secrets", no.clone())], &Outcome::Broken(narrow.to_owned()));
        let unknown = "get pods: the cluster serves no resource of that name";
        check(&[("get secrets", no)], &Outcome::Unseen(unknown.to_owned()));
    }
}
