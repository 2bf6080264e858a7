//! One file with a mistake of every kind: each is told at its place, and mending one leaves the others.

use super::*;

const TODAY: Date = jiff::civil::date(2026, 11, 21);

const HEAD: &str = "apiVersion: seatrial.dev/v1
kind: Contract
chart: .
environments: { dev: {}, prod: {} }
clauses:
  sound: { http: svc/x }
";

/// A line with a mistake (§ stands where it is told), the line mended, and the code.
const MISTAKES: [(&str, &str, &str); 19] = [
    ("a01: { §htpp: svc/x }", "a01: { http: svc/x }", "unknown-key"),
    ("a02: { objects: { Deployment: §many } }", "a02: { objects: { Deployment: 1 } }", "wrong-type"),
    ("a03: { http: svc/x, within: §5 parsecs }", "a03: { http: svc/x, within: 5s }", "bad-duration"),
    ("a04: { http: svc/x, after: §nobody }", "a04: { http: svc/x, after: sound }", "unknown-clause"),
    ("a05: { holds: §nobody }", "a05: { holds: sound }", "unknown-clause"),
    ("a06: { http: §svc/x:HTTP/ }", "a06: { http: svc/x:http/ }", "bad-target"),
    ("§sound: { http: svc/y }", "a07: { http: svc/y }", "duplicate-key"),
    ("a08: { http: svc/x, §tcp: svc/x:80 }", "a08: { http: svc/x }", "two-checks"),
    (
        "a09: { http: svc/x, latency: { p99: 50ms, samples: §100 } }",
        "a09: { http: svc/x, latency: { p99: 50ms, samples: 400 } }",
        "unprovable",
    ),
    ("a10: { in: §staging, http: svc/x }", "a10: { in: dev, http: svc/x }", "unknown-environment"),
    (
        "a11: { rendered: { deploy/x: { cel: §'object.a ==' } } }",
        "a11: { rendered: { deploy/x: { cel: 'object.a == 1' } } }",
        "bad-cel",
    ),
    ("a12: { http: svc/x, after: §a12 }", "a12: { http: svc/x, after: a13 }", "circle"),
    (
        "a13: { http: svc/x, skip: { reason: x, until: §soon } }",
        "a13: { http: svc/x, skip: { reason: x, until: 2027-01-01 } }",
        "bad-date",
    ),
    (
        "a14: { http: { get: svc/x, expect: { status: §999 } } }",
        "a14: { http: { get: svc/x, expect: { status: 200 } } }",
        "bad-status",
    ),
    ("a15: { when: §explode, http: svc/x }", "a15: { when: uninstall, http: svc/x }", "bad-event"),
    ("a16: { logs: { contain: §'~ (' } }", "a16: { logs: { contain: '~ x' } }", "bad-regex"),
    ("a17: { http: §$(vaules.x) }", "a17: { http: svc/x }", "unknown-reference"),
    ("a18: { http: svc/x, §throughout: true }", "a18: { http: svc/x }", "no-event"),
    ("a19: { covers: §PAL-999, http: svc/x }", "a19: { covers: PAL-001, http: svc/x }", "unknown-row"),
];

fn check(lines: &[String], expected: &[(usize, usize, &str)]) {
    let text = format!("{HEAD}  {}\n", lines.join("\n  "));
    let rows = BTreeSet::from(["PAL-001".to_owned()]);
    let found = load("contract.yaml", &text, Some(&rows), TODAY).err().unwrap_or_default();
    let seen: Vec<(usize, usize, &str)> = found.iter().map(|d| (d.line, d.column, d.code)).collect();
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(seen, expected, "{text}\n{}", told.join("\n"));
}

#[test]
fn every_kind_of_mistake_is_told_and_mending_one_leaves_the_others() {
    let table = &MISTAKES;
    let broken: Vec<String> = table.iter().map(|(line, ..)| line.replace('§', "")).collect();
    let first = HEAD.lines().count() + 1;
    let place = |(index, (line, _, code)): (usize, &(&str, &str, &'static str))| {
        let column = line.chars().position(|c| c == '§').expect("a mark") + 3;
        (first + index, column, *code)
    };
    let expected: Vec<(usize, usize, &str)> = table.iter().enumerate().map(place).collect();
    check(&broken, &expected);
    for (index, (_, mended, _)) in table.iter().enumerate() {
        let mut lines = broken.clone();
        (*mended).clone_into(&mut lines[index]);
        let others: Vec<_> = expected.iter().filter(|(line, ..)| *line != first + index).copied().collect();
        check(&lines, &others);
    }
    let mended: Vec<String> = table.iter().map(|(_, line, _)| (*line).to_owned()).collect();
    check(&mended, &[]);
}
