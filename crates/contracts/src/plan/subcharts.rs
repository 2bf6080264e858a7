//! Subcharts: Helm calls one by its name or by the alias that its parent gives it, whatever its folder is called.

use crate::yaml;
use serde_json::Value;
use std::collections::BTreeMap;

/// More of them are not followed: two aliases at each of many levels are no end of names.
const MOST: usize = 1_000;

/// `charts/CALLED` → `charts/FOLDER` for all that are called otherwise, those of subcharts too.
pub(super) fn folders(chart_yaml: &str, files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    below(chart_yaml, files, ("", ""), &mut found);
    found.retain(|called, folder| called != folder);
    found
}

/// Those of the chart that Helm calls `called` and whose folder is `folder`, each with a slash at its end or empty.
fn below(
    chart_yaml: &str,
    files: &BTreeMap<String, String>,
    (called, folder): (&str, &str),
    found: &mut BTreeMap<String, String>,
) {
    let names = names(chart_yaml);
    let start = format!("{folder}charts/");
    for (path, text) in files.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start)) {
        let Some(own) = path[start.len()..].strip_suffix("/Chart.yaml").filter(|own| !own.contains('/')) else {
            continue;
        };
        let name = text_at(&read(text), "name");
        let known: Vec<&String> = names.iter().filter(|(of, _)| *of == name).map(|(_, called)| called).collect();
        for name in if known.is_empty() { vec![&name] } else { known } {
            if found.len() >= MOST {
                return;
            }
            let (called, folder) = (format!("{called}charts/{name}"), format!("{start}{own}"));
            found.insert(called.clone(), folder.clone());
            below(text, files, (&format!("{called}/"), &format!("{folder}/")), found);
        }
    }
}

/// Names of dependencies, and what each is called: its alias, where it has one.
fn names(chart_yaml: &str) -> Vec<(String, String)> {
    let chart = read(chart_yaml);
    let all = chart["dependencies"].as_array().into_iter().flatten();
    let called = |one: &Value| {
        let (name, alias) = (text_at(one, "name"), text_at(one, "alias"));
        (name.clone(), if alias.is_empty() { name } else { alias })
    };
    all.map(called).collect()
}

fn read(text: &str) -> Value {
    yaml::json(text).unwrap_or_default()
}

fn text_at(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_found_by_what_helm_calls_them() {
        let chart =
            "name: app\ndependencies: [{ name: redis, alias: cache }, { name: redis, alias: queue }, { name: db }]\n";
        let redis = "name: redis\ndependencies: [{ name: metrics, alias: numbers }]\n";
        let files = [
            ("charts/db/Chart.yaml", "name: db\n"),
            ("charts/db/templates/x.yaml", ""),
            ("charts/redis-7/Chart.yaml", redis),
            ("charts/redis-7/charts/metrics/Chart.yaml", "name: metrics\n"),
            ("charts/unlisted-1/Chart.yaml", "name: unlisted\n"),
        ];
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        let found: Vec<String> = folders(chart, &files).iter().map(|(a, b)| format!("{a} {b}")).collect();
        let expected = [
            "charts/cache charts/redis-7",
            "charts/cache/charts/numbers charts/redis-7/charts/metrics",
            "charts/queue charts/redis-7",
            "charts/queue/charts/numbers charts/redis-7/charts/metrics",
            "charts/unlisted charts/unlisted-1",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_finding_in_a_subchart_is_shown_where_it_is_written() {
        use crate::fixture::{SHOP, chart};
        use crate::judge::judge_static;
        let broken = SHOP.replace("targetPort: http", "targetPort: web");
        let mut plan =
            chart(&broken.replace("shop/templates/front", "shop/charts/cache/templates/front"), "chart: .\n");
        plan.subcharts = BTreeMap::from([("charts/cache".to_owned(), "charts/redis".to_owned())]);
        let (environment, slot) = crate::fixture::slot(&plan, "port-chain");
        let verdict = judge_static(&plan, environment, slot);
        assert_eq!(verdict.places[0].file, "charts/registry/charts/redis/templates/front.yaml", "{verdict:#?}");
        assert_eq!(plan.file("charts/cacher/x"), "charts/cacher/x");
    }
}
