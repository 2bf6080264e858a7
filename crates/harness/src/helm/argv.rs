//! The arguments of each call. Pure, so that a test can say what Helm is told and what never is.

use super::values::Overlay;
use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;
use serde_json::Value;
use std::time::Duration;

/// Variables of the user's environment that would steer Helm elsewhere.
pub(super) const INHERITED: [&str; 14] = [
    "HELM_NAMESPACE",
    "HELM_KUBECONTEXT",
    "HELM_KUBEAPISERVER",
    "HELM_KUBETOKEN",
    "HELM_KUBEASUSER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBECAFILE",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    "HELM_KUBETLS_SERVER_NAME",
    "HELM_DRIVER",
    "HELM_DEBUG",
    "HELM_PLUGINS",
    "HELM_REGISTRY_CONFIG",
    "HELM_REPOSITORY_CONFIG",
];

/// What is rendered: a chart with values, under a release's name.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The release's name.
    pub release: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The chart's folder.
    pub chart: &'a Utf8Path,
    /// Values files, in order.
    pub files: &'a [Utf8PathBuf],
    /// Single values, in Helm's own `--set` syntax → typed value.
    pub set: &'a IndexMap<String, Value>,
}

/// What is installed.
#[derive(Clone, Copy, Debug)]
pub struct Install<'a> {
    /// Chart, values and names.
    pub template: Template<'a>,
    /// Whether Helm is of major version 4, which waits unless it is told not to.
    pub is_helm_4: bool,
}

pub(super) fn template(template: &Template<'_>, overlay: &Overlay) -> Vec<String> {
    let mut args = words(&["template", template.release, template.chart.as_str(), "--namespace", template.namespace]);
    args.extend(values(template, overlay));
    args
}

pub(super) fn install(install: &Install<'_>, overlay: &Overlay) -> Vec<String> {
    let template = &install.template;
    let mut args = words(&["upgrade", "--install", template.release, template.chart.as_str()]);
    args.extend(words(&["--namespace", template.namespace]));
    if install.is_helm_4 {
        args.push("--wait=hookOnly".to_owned());
    }
    args.extend(values(template, overlay));
    args
}

pub(super) fn uninstall(release: &str, namespace: &str) -> Vec<String> {
    words(&["uninstall", release, "--namespace", namespace, "--ignore-not-found"])
}

pub(super) fn rollback(release: &str, namespace: &str) -> Vec<String> {
    words(&["rollback", release, "--namespace", namespace])
}

pub(super) fn test(release: &str, namespace: &str, names: &[String], limit: Duration) -> Vec<String> {
    let mut args =
        words(&["test", release, "--namespace", namespace, "--timeout", &format!("{}s", limit.as_secs().max(1))]);
    args.extend(names.iter().flat_map(|name| ["--filter".to_owned(), format!("name={name}")]));
    args
}

pub(super) fn get(what: &str, release: &str, namespace: &str) -> Vec<String> {
    words(&["get", what, release, "--namespace", namespace])
}

pub(super) fn status(release: &str, namespace: &str) -> Vec<String> {
    words(&["status", release, "--namespace", namespace, "--output", "json"])
}

fn values(template: &Template<'_>, overlay: &Overlay) -> Vec<String> {
    let files = template.files.iter().map(Utf8PathBuf::as_path).chain(overlay.file());
    let mut args: Vec<String> = files.flat_map(|file| words(&["--values", file.as_str()])).collect();
    args.extend(overlay.indexed().flat_map(|pair| ["--set-json".to_owned(), pair]));
    args
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(set: &Value, is_helm_4: bool, expected: &str) {
        let home = tempfile::tempdir().expect("dir");
        let home = Utf8Path::from_path(home.path()).expect("utf8");
        let set = set.as_object().expect("map").iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let overlay = Overlay::write(home, &set).expect("written");
        let files = [Utf8PathBuf::from("c/values-dev.yaml")];
        let chart = Utf8Path::new("c");
        let template = Template { release: "r", namespace: "n", chart, files: &files, set: &set };
        let args = install(&Install { template, is_helm_4 }, &overlay).join(" ");
        let file = overlay.file().map_or("no file", Utf8Path::as_str);
        assert_eq!(args.replace(file, "PRIVATE"), expected);
    }

    #[test]
    fn values_go_through_a_private_file() {
        check(
            &json!({ "a.b": "s3cret" }),
            false,
            "upgrade --install r c --namespace n --values c/values-dev.yaml --values PRIVATE",
        );
    }

    #[test]
    fn only_list_items_are_set_by_argument() {
        check(
            &json!({ "a[0].b": 1 }),
            false,
            "upgrade --install r c --namespace n --values c/values-dev.yaml --set-json a[0].b=1",
        );
    }

    #[test]
    fn helm_4_is_told_not_to_wait() {
        check(&json!({}), true, "upgrade --install r c --namespace n --wait=hookOnly --values c/values-dev.yaml");
    }

    #[test]
    fn tests_are_chosen_by_name() {
        let args = |names: &[&str]| test("r", "n", &words(names), Duration::from_secs(30)).join(" ");
        assert_eq!(args(&[]), "test r --namespace n --timeout 30s");
        assert_eq!(args(&["a", "b"]), "test r --namespace n --timeout 30s --filter name=a --filter name=b");
    }

    #[test]
    fn helm_is_never_asked_to_wait_for_readiness() {
        let args = uninstall("r", "n").join(" ");
        assert_eq!(args, "uninstall r --namespace n --ignore-not-found");
    }
}
