//! What Helm says instead of a render; the line is the one in its message.

use super::Named;
use crate::case::{Case, Expected};
use crate::chart::{Chart, Line};

pub(super) const MUTANTS: &[Named] = &[
    ("fails-on-purpose", |chart| {
        broken(chart, Some(4), |c, f| format!("Error: execution error at ({c}/{f}:4:4): set a name"))
    }),
    ("nil-pointer", |chart| {
        broken(chart, Some(12), |c, f| {
            format!(
                "Error: template: {c}/{f}:12:24: executing \"{c}/{f}\" at <.Values.a.b.c>: nil pointer evaluating \
                 interface {{}}.c\n\nUse --debug flag to render out invalid YAML"
            )
        })
    }),
    ("unclosed-action", |chart| {
        broken(chart, Some(7), |c, f| format!("Error: parse error at ({c}/{f}:7): unclosed action"))
    }),
    ("unknown-include", |chart| {
        broken(chart, Some(3), |c, f| {
            format!(
                "Error: template: {c}/{f}:3:11: executing \"{c}/{f}\" at <include \"nobody.labels\" .>: error calling \
                 include: template: no template \"nobody.labels\" associated with template \"gotpl\""
            )
        })
    }),
    ("no-yaml", |chart| {
        broken(chart, None, |c, f| {
            format!(
                "Error: YAML parse error on {c}/{f}: error converting YAML to JSON: yaml: line 9: mapping values are \
                 not allowed in this context"
            )
        })
    }),
    ("in-a-subchart", |chart| {
        let chart = &in_a_subchart(chart);
        broken(chart, Some(5), |c, f| format!("Error: execution error at ({c}/{f}:5:8): no password"))
    }),
];

/// Helm's message about one of the templates.
fn broken(chart: &Chart, template: Option<usize>, message: impl Fn(&str, &str) -> String) -> Vec<Case> {
    let file = &chart.documents[chart.documents.len() / 2].file;
    let line = Line { file: format!("charts/{}/{file}", chart.name()), rendered: None, template };
    let mut broken = chart.clone();
    broken.error = Some(message(chart.name(), file));
    vec![Case { chart: broken, clause: None, expected: Expected::Line(line) }]
}

fn in_a_subchart(chart: &Chart) -> Chart {
    let mut chart = chart.clone();
    for document in &mut chart.documents {
        document.file = format!("charts/below/{}", document.file);
    }
    chart
}
