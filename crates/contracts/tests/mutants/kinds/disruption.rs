//! Disruption budgets that guard nothing, or let nothing go.

use super::Named;
use crate::case::{Case, moved, set, with};
use crate::chart::{At, Chart};
use serde_json::{Value, json};

const KIND: &str = "PodDisruptionBudget";

pub(super) const MUTANTS: &[Named] = &[
    ("guards-nobody", |c| at_the_selector(set(c, KIND, "spec selector matchLabels *", |_| Some(json!("nobody"))))),
    ("all-must-stay", |c| instead(c, "minAvailable", &json!("100%"))),
    ("none-may-go", |c| instead(c, "maxUnavailable", &json!(0))),
    ("no-part-may-go", |c| instead(c, "maxUnavailable", &json!("0%"))),
    ("as-many-as-there-are", |c| {
        // The most of the web's autoscaler, the members of the database.
        let most = if c.shape == "web" { 6 } else { 3 };
        instead(c, "minAvailable", &json!(most))
    }),
    ("guarded-twice", |c| {
        let numbers = (0..c.documents.len()).filter(|number| c.documents[*number].kind() == KIND);
        let second = |number: usize| {
            let mut twice = c.clone();
            let mut other = c.documents[number].clone();
            other.value["metadata"]["name"] = json!(format!("{}-two", c.documents[number].name()));
            twice.documents.push(other);
            Case::at(twice, vec![At(c.documents.len(), vec!["spec".to_owned(), "selector".to_owned()])])
        };
        numbers.map(second).collect()
    }),
];

/// A budget that says just this.
fn instead(chart: &Chart, field: &str, value: &Value) -> Vec<Case> {
    let spec = |number: usize| At(number, vec!["spec".to_owned()]);
    let budgets = (0..chart.documents.len()).filter(|number| chart.documents[*number].kind() == KIND);
    let case = |number: usize| {
        let selector = chart.get(&spec(number))["selector"].clone();
        let changed = with(chart, &spec(number), json!({ field: value, "selector": selector }));
        Case::at(changed, vec![spec(number).below(field)])
    };
    budgets.map(case).collect()
}

fn at_the_selector(cases: Vec<Case>) -> Vec<Case> {
    moved(cases, |at| at.parent().parent())
}
