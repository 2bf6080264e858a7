//! What the programs of a render may make themselves, by the rights that the render gives them: a Secret that a job
//! writes, or pods that an operator starts, are not missed. Nobody makes what nobody may.

use super::index::Index;
use super::{Document, PodTemplate};
use serde_json::Value;
use std::collections::HashSet;

/// Roles of every cluster by which nothing is made.
const HARMLESS: [&str; 4] =
    ["extension-apiserver-authentication-reader", "system:auth-delegator", "system:public-info-viewer", "view"];

/// What is done with an object that was not there: server-side apply is a patch.
const MAKING: [&str; 3] = ["create", "patch", "*"];

/// What an operator does with its own resources, beside watching them; who only reads them is none.
const KEEPING: [&str; 3] = ["update", "patch", "*"];

/// By these verbs one comes to rights that are not written.
const BOUNDLESS: [&str; 3] = ["bind", "escalate", "impersonate"];

/// The rights of all accounts of a render.
#[derive(Debug, Default)]
pub(super) struct Rights<'d> {
    /// Rules of the accounts that the render brings, or that its pods run as.
    own: Vec<Rule<'d>>,
    /// Those of all accounts: the pods that an operator makes may run as others.
    all: Vec<Rule<'d>>,
    /// Whether somebody has rights that the render does not tell.
    has_unknown: bool,
}

/// One rule of a role, and the accounts that have it.
#[derive(Clone, Debug)]
struct Rule<'d> {
    accounts: HashSet<&'d str>,
    groups: Vec<&'d str>,
    resources: Vec<&'d str>,
    verbs: Vec<&'d str>,
}

/// What may be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Made {
    /// Nothing.
    #[default]
    Nothing,
    /// Objects of these resources (`secrets`).
    Of(HashSet<String>),
    /// Nobody can tell.
    Anything,
}

impl Made {
    /// Whether objects of one of these resources may be made.
    pub(super) fn holds(&self, resources: &[&str]) -> bool {
        match self {
            Self::Nothing => false,
            Self::Of(all) => resources.iter().any(|resource| all.contains(*resource)),
            Self::Anything => true,
        }
    }
}

impl<'d> Rights<'d> {
    pub(super) fn of(documents: &'d [Document], index: &Index) -> Self {
        let mut rights = Self::default();
        let running = index.pods.iter().filter_map(|i| account(&documents[*i]));
        let own: HashSet<&str> =
            running.chain(index.of_kind("ServiceAccount").iter().map(|i| documents[*i].name())).collect();
        for binding in ["RoleBinding", "ClusterRoleBinding"].into_iter().flat_map(|kind| index.of_kind(kind)) {
            let binding = &documents[*binding];
            let role = &binding.value["roleRef"];
            let role = index.named(text(&role["kind"]), text(&role["name"])).first().map(|i| &documents[*i]);
            rights.add(&own, binding, role);
        }
        rights
    }

    fn add(&mut self, own: &HashSet<&'d str>, binding: &'d Document, role: Option<&'d Document>) {
        let subjects = list(&binding.value["subjects"]);
        let is_account = |subject: &&Value| subject["kind"] == "ServiceAccount";
        // Of users and groups none is a pod of this render, but for the groups of all accounts.
        let is_of_all = |subject: &Value| text(&subject["name"]).starts_with("system:serviceaccounts");
        let is_for_all = list(&binding.value["subjects"]).any(is_of_all);
        let accounts: HashSet<&str> = subjects.filter(is_account).map(|one| text(&one["name"])).collect();
        if accounts.is_empty() && !is_for_all {
            return;
        }
        let Some(role) = role else {
            // A role that is missed has no rights; of the cluster's own it is not known which.
            let role = &binding.value["roleRef"];
            self.has_unknown |= role["kind"] == "ClusterRole" && !HARMLESS.contains(&text(&role["name"]));
            return;
        };
        self.has_unknown |= !role.value["aggregationRule"].is_null();
        for rule in list(&role.value["rules"]).map(|rule| Rule::of(rule, &accounts)) {
            self.has_unknown |= rule.verbs.iter().any(|verb| BOUNDLESS.contains(verb));
            if is_for_all || accounts.iter().any(|account| own.contains(account)) {
                self.own.push(rule.clone());
            }
            self.all.push(rule);
        }
    }

    /// Whether a program of this render keeps these resources: it is their operator. Where the chart does not define
    /// them, it must write their status or their finalizers, which is for operators alone.
    pub(super) fn has_operator(&self, group: &str, plural: &str, is_defined: bool) -> bool {
        let may = |account: &str, resource: &str, verbs: &[&str]| {
            let mut own = self.own.iter().filter(|rule| rule.accounts.contains(account));
            own.any(|rule| rule.is_about(group, resource) && rule.verbs.iter().any(|verb| verbs.contains(verb)))
        };
        let parts = ["status", "finalizers"].map(|part| format!("{plural}/{part}"));
        let keeps = |account: &str| {
            let is_its_own = parts.iter().any(|part| may(account, part, &KEEPING));
            is_its_own || (is_defined && may(account, plural, &KEEPING))
        };
        let mut accounts = self.own.iter().flat_map(|rule| rule.accounts.iter());
        accounts.any(|account| may(account, plural, &["watch", "*"]) && keeps(account))
    }

    /// What all of them may make; of custom resources (group and plural) `is_known` tells whether nothing else comes of
    /// them than what is counted here.
    pub(super) fn made(&self, is_known: impl Fn(&str, &str) -> bool) -> Made {
        if self.has_unknown {
            return Made::Anything;
        }
        let mut made = HashSet::new();
        for rule in self.all.iter().filter(|rule| rule.verbs.iter().any(|verb| MAKING.contains(verb))) {
            for (group, resource) in rule.pairs() {
                match group {
                    "*" => return Made::Anything,
                    _ if is_own(group) && resource == "*" => return Made::Anything,
                    _ if is_own(group) => drop(made.insert(resource.to_owned())),
                    // What is made of that elsewhere is not known.
                    _ if !is_known(group, resource) => return Made::Anything,
                    _ => {}
                }
            }
        }
        if made.is_empty() { Made::Nothing } else { Made::Of(made) }
    }
}

impl<'d> Rule<'d> {
    fn of(rule: &'d Value, accounts: &HashSet<&'d str>) -> Self {
        let words = |key: &str| list(&rule[key]).filter_map(Value::as_str).collect();
        let (groups, resources, verbs) = (words("apiGroups"), words("resources"), words("verbs"));
        Self { accounts: accounts.clone(), groups, resources, verbs }
    }

    fn is_about(&self, group: &str, plural: &str) -> bool {
        let is_one = |known: &[&str], wanted: &str| known.iter().any(|one| *one == wanted || *one == "*");
        is_one(&self.groups, group) && is_one(&self.resources, plural)
    }

    fn pairs(&self) -> impl Iterator<Item = (&'d str, &'d str)> {
        // `pods/exec` makes no object.
        let resources: Vec<&str> = self.resources.iter().copied().filter(|one| !one.contains('/')).collect();
        self.groups.clone().into_iter().flat_map(move |group| {
            resources.clone().into_iter().map(move |resource| (group, resource)).collect::<Vec<_>>()
        })
    }
}

/// Whether a group is one of Kubernetes itself.
fn is_own(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// The account that the pods of a workload run as.
fn account(workload: &Document) -> Option<&str> {
    let spec = PodTemplate::of(workload)?.spec();
    let name = ["serviceAccountName", "serviceAccount"].into_iter().find_map(|key| spec[key].as_str());
    Some(name.filter(|name| !name.is_empty()).unwrap_or("default"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
