//! Names that pods can't do without.

use super::{Named, WORKLOADS};
use crate::case::{Case, set, sites, without, without_document};
use crate::chart::{At, Chart};
use serde_json::{Value, json};

/// Where pods name objects: the kind, and the way there below the template.
const WAYS: [(&str, &str); 11] = [
    ("ConfigMap", "@ spec containers * envFrom * configMapRef name"),
    ("ConfigMap", "@ spec containers * env * valueFrom configMapKeyRef name"),
    ("ConfigMap", "@ spec volumes * configMap name"),
    ("ConfigMap", "@ spec volumes * projected sources * configMap name"),
    ("Secret", "@ spec containers * envFrom * secretRef name"),
    ("Secret", "@ spec containers * env * valueFrom secretKeyRef name"),
    ("Secret", "@ spec initContainers * env * valueFrom secretKeyRef name"),
    ("Secret", "@ spec volumes * projected sources * secret name"),
    ("Secret", "@ spec imagePullSecrets * name"),
    ("PersistentVolumeClaim", "@ spec volumes * persistentVolumeClaim claimName"),
    ("ServiceAccount", "@ spec serviceAccountName"),
];

pub(super) const MUTANTS: &[Named] = &[
    ("config-map-misspelled", |c| misspelled(c, "ConfigMap")),
    ("secret-misspelled", |c| misspelled(c, "Secret")),
    ("claim-misspelled", |c| misspelled(c, "PersistentVolumeClaim")),
    ("service-account-misspelled", |c| misspelled(c, "ServiceAccount")),
    ("config-map-gone", |c| gone(c, "ConfigMap")),
    ("secret-gone", |c| gone(c, "Secret")),
    ("service-account-gone", |c| gone(c, "ServiceAccount")),
    ("key-misspelled", |c| {
        let keys =
            ["secretKeyRef key", "configMapKeyRef key"].map(|way| format!("@ spec containers * env * valueFrom {way}"));
        // The verdict points at the name that the key is asked of.
        let cases = keys.iter().flat_map(|keys| set(c, WORKLOADS, keys, |_| Some(json!("no-such-key"))));
        cases.map(at_the_name).collect()
    }),
    ("key-gone", |c| {
        let keys = ["data *", "stringData *"].iter().flat_map(|way| sites(c, "ConfigMap|Secret", way));
        let case = |key: At| {
            let meant = asking(c, &key);
            (!meant.is_empty()).then(|| Case::at(without(c, &key), meant))
        };
        keys.filter_map(case).collect()
    }),
    ("item-misspelled", |c| {
        let ways = ["@ spec volumes * configMap", "@ spec volumes * projected sources * configMap"];
        let cases = ways.iter().flat_map(|way| {
            let items = set(c, WORKLOADS, &format!("{way} items * key"), |_| Some(json!("no-such-file")));
            items.into_iter().map(at_the_name)
        });
        cases.collect()
    }),
];

fn misspelled(chart: &Chart, kind: &str) -> Vec<Case> {
    let other = |v: &Value| Some(json!(format!("{}-x", v.as_str()?)));
    ways(kind).flat_map(|way| set(chart, WORKLOADS, way, other)).collect()
}

/// The object is not in the render any more; whoever names it is shown.
fn gone(chart: &Chart, kind: &str) -> Vec<Case> {
    let objects = chart.documents.iter().enumerate().filter(|(_, document)| document.kind() == kind);
    let case = |(number, document): (usize, &crate::chart::Document)| {
        let rest = without_document(chart, number).uncounted();
        let all = ways(kind).flat_map(|way| sites(&rest, WORKLOADS, way));
        let meant: Vec<At> = all.filter(|at| rest.get(at) == document.name()).collect();
        let is_named = chart.contract.contains(&format!("/{}", chart.filled(document.name())));
        (!meant.is_empty() && !is_named).then(|| Case::at(rest, meant))
    };
    objects.filter_map(case).collect()
}

fn ways(kind: &str) -> impl Iterator<Item = &'static str> {
    WAYS.into_iter().filter(move |(of, _)| *of == kind).map(|(_, way)| way)
}

/// Beside a key, or around an item, stands the name.
fn at_the_name(case: Case) -> Case {
    let crate::case::Expected::At(all) = &case.expected else { return case };
    let key = &all[0];
    let around = [key.parent(), key.parent().parent().parent()];
    let holder = around.into_iter().find(|at| case.chart.get(at).get("name").is_some()).expect("a name");
    Case::at(case.chart.clone(), vec![holder.below("name")])
}

/// Who asks for this key of this object.
fn asking(chart: &Chart, key: &At) -> Vec<At> {
    let object = &chart.documents[key.0];
    let names = ways(object.kind()).flat_map(|way| sites(chart, WORKLOADS, way));
    let asks = |at: &At| {
        let holder = chart.get(&at.parent());
        let items = holder["items"].as_array().into_iter().flatten().map(|item| &item["key"]);
        let wanted = key.1.last().map(|key| json!(key));
        chart.get(at) == object.name() && items.chain([&holder["key"]]).any(|asked| Some(asked) == wanted.as_ref())
    };
    names.filter(asks).collect()
}
