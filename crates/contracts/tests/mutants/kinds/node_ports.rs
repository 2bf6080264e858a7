//! Node ports out of range, taken twice, or on a Service that has none.

use super::Named;
use crate::case::{Case, set, sites, with};
use crate::chart::{At, Chart};
use serde_json::{Value, json};

const PORTS: &str = "spec ports * nodePort";

pub(super) const MUTANTS: &[Named] = &[
    ("below-the-range", |c| set(c, "Service", PORTS, |_| Some(json!(5000)))),
    ("above-the-range", |c| set(c, "Service", PORTS, |_| Some(json!(32768)))),
    ("the-container's-port", |c| set(c, "Service", PORTS, |_| Some(json!(8080)))),
    ("taken-by-another", |c| {
        let all = sites(c, "Service", PORTS);
        let pairs =
            all.iter().enumerate().flat_map(|(i, first)| all[i + 1..].iter().map(move |second| (first, second)));
        pairs.map(|(first, second)| Case::at(with(c, second, c.get(first).clone()), vec![second.clone()])).collect()
    }),
    ("on-a-cluster-ip", |c| {
        let balancers = set(c, "Service", "spec type", |v| (v == "LoadBalancer").then(|| json!("ClusterIP")));
        balancers.into_iter().map(|case| at_its_ports(c, case)).collect()
    }),
    ("without-a-type", |c| {
        let plain = |v: &Value| v["type"].is_null() && v["clusterIP"].is_null();
        let ports = sites(c, "Service", "spec ports *").into_iter().filter(|at| plain(c.get(&at.parent().parent())));
        let add = |at: At| (with(c, &at.below("nodePort"), json!(31999)), at.below("nodePort"));
        ports.map(add).map(|(chart, at)| Case::at(chart, vec![at])).collect()
    }),
];

fn at_its_ports(chart: &Chart, case: Case) -> Case {
    let crate::case::Expected::At(changed) = &case.expected else { return case };
    let ports = sites(chart, "Service", PORTS).into_iter().filter(|at| at.0 == changed[0].0);
    Case::at(case.chart.clone(), ports.collect())
}
