//! A sound chart as trees: read from a base, given names, dressed as a careful chart is, and printed as its templates
//! and as what Helm makes of them.

use super::emit::{Emitted, breaks};
use super::helm;
use super::kinds::skaffold;
use super::names::{Dice, names};
use indexmap::IndexMap;
use seatrial_contracts::load::load;
use seatrial_contracts::model::{Contract, LastRelease, SkaffoldFile};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// A chart that can be broken.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) shape: &'static str,
    pub(crate) documents: Vec<Document>,
    /// The contract, with names filled in.
    pub(crate) contract: String,
    loaded: OnceLock<Arc<Contract>>,
    /// Files beside those that are rendered.
    pub(crate) files: BTreeMap<String, String>,
    /// The Skaffold manifest of the repository, beside which everything is that it names.
    pub(crate) skaffold: Option<SkaffoldFile>,
    /// What Helm said instead of a render.
    pub(crate) error: Option<String>,
    /// The objects of the release before this one.
    last: Option<Arc<Vec<Document>>>,
    /// The objects of a second environment, and its name.
    other: Option<(&'static str, Arc<Vec<Document>>)>,
    names: BTreeMap<String, String>,
}

/// One object of it and its template.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) file: String,
    pub(crate) value: Value,
    /// A text in the place of the object.
    pub(crate) text: Option<String>,
}

/// A place in a chart: the number of the document and a path in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At(pub(crate) usize, pub(crate) Vec<String>);

/// The same as people read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) file: String,
    pub(crate) rendered: Option<usize>,
    pub(crate) template: Option<usize>,
}

/// What Helm and the judge get.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) render: String,
    pub(crate) templates: BTreeMap<String, String>,
    /// How many lines the render has so far.
    ended: usize,
    starts: Vec<(usize, usize, Emitted)>,
}

impl Chart {
    /// A base with names of its own.
    pub(crate) fn of(shape: &'static str, text: &str, contract: &str, dice: &mut Dice) -> Self {
        let mut words = words(&format!("{text}{contract}"));
        words.insert("chart".to_owned());
        let contract = format!(
            "apiVersion: seatrial.dev/v1\nkind: Contract\nchart: .\nuses: {{ policy: {{}} }}\n{contract}{}",
            helm::REFUSES
        );
        let (documents, names) = (documents(text), names(&words, dice));
        let files = BTreeMap::from([("values.schema.json".to_owned(), helm::SCHEMA.to_owned())]);
        let loaded = OnceLock::new();
        let mut chart = Self {
            shape,
            documents,
            contract,
            loaded,
            files,
            skaffold: None,
            error: None,
            last: None,
            other: None,
            names,
        };
        chart.contract = chart.filled(&chart.contract);
        chart.loaded();
        chart.documents.iter_mut().for_each(dress);
        chart.skaffold = Some(skaffold::sound(&chart));
        chart
    }

    /// The contract, loaded once for a base and all that is made of it.
    pub(crate) fn loaded(&self) -> Arc<Contract> {
        let today = jiff::civil::date(2026, 11, 21);
        let load =
            || load("contract.yaml", &self.contract, None, today).unwrap_or_else(|m| panic!("{}: {m:#?}", self.shape));
        Arc::clone(self.loaded.get_or_init(|| Arc::new(load())))
    }

    /// Without the clause that counts objects: what is taken away is to be missed by whoever refers to it.
    pub(crate) fn uncounted(&self) -> Self {
        self.without_clause("objects")
    }

    /// Without a written clause.
    pub(crate) fn without_clause(&self, name: &str) -> Self {
        let head = format!("{name}:");
        let mut is_it = false;
        let kept = self.contract.split("\n  ").filter(|line| {
            if !line.starts_with(' ') {
                is_it = line.starts_with(&head);
            }
            !is_it
        });
        let contract = kept.collect::<Vec<_>>().join("\n  ");
        Self { contract, loaded: OnceLock::new(), ..self.clone() }
    }

    /// The same chart after a release of another.
    pub(crate) fn after(&self, last: &Self) -> Self {
        Self { last: Some(Arc::new(last.documents.clone())), ..self.clone() }
    }

    /// The same chart as it renders in `prod`, beside another in `default`; both must be alike.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        self.of_two("default", other)
    }

    /// The same the other way round.
    pub(crate) fn before(&self, other: &Self) -> Self {
        self.of_two("prod", other)
    }

    fn of_two(&self, name: &'static str, other: &Self) -> Self {
        let alike =
            "environments: { default: {}, prod: {} }\nclauses:\n  alike: { in: default, same: [default, prod] }\n";
        let contract = self.contract.replacen("clauses:\n", alike, 1);
        let other = Some((name, Arc::new(other.documents.clone())));
        Self { contract, loaded: OnceLock::new(), other, ..self.clone() }
    }

    /// What a word stands for.
    pub(crate) fn filled(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (word, name)| text.replace(&format!("<{word}>"), name))
    }

    /// The chart's name.
    pub(crate) fn name(&self) -> &str {
        &self.names["chart"]
    }

    /// The namespace that it is installed in.
    pub(crate) fn namespace(&self) -> String {
        let ends = |text: &str| text.split([',', ' ', '}']).next().unwrap_or_default().to_owned();
        let written = self.contract.lines().find_map(|line| Some(ends(line.split_once("namespace: ")?.1)));
        written.unwrap_or_else(|| format!("{}-default", self.name()))
    }

    /// `values.yaml`.
    pub(crate) fn values(&self) -> String {
        json!({ "names": self.names }).to_string()
    }

    /// Templates and render.
    pub(crate) fn printed(&self) -> Printed {
        self.print(&self.documents)
    }

    fn print(&self, documents: &[Document]) -> Printed {
        let mut printed = Printed { templates: self.files.clone(), ..Printed::default() };
        for document in documents {
            let text = document.text.as_ref().map(|text| Emitted::of_text(text));
            let emitted = text.unwrap_or_else(|| Emitted::of(&document.value));
            printed.add(self, &document.file, emitted);
        }
        printed
    }

    fn as_template(&self, text: &str) -> String {
        let to = |word: &str| format!("{{{{ .Values.names.{word} }}}}");
        self.names.keys().fold(text.to_owned(), |text, word| text.replace(&format!("<{word}>"), &to(word)))
    }
}

impl Printed {
    fn add(&mut self, chart: &Chart, file: &str, emitted: Emitted) {
        let head = format!("---\n# Source: {}/{file}\n{}", chart.name(), chart.filled(&emitted.text));
        let rendered = self.ended + 2;
        self.ended += breaks(&head);
        self.render.push_str(&head);
        let template = self.templates.entry(file.to_owned()).or_default();
        if !template.is_empty() {
            template.push_str("---\n");
        }
        let start = breaks(template);
        template.push_str(&chart.as_template(&emitted.text));
        self.starts.push((rendered, start, emitted));
    }

    /// Where a path of this chart stands in the render and in its template.
    pub(crate) fn line(&self, chart: &Chart, At(number, path): &At) -> Line {
        let (rendered, template, emitted) = &self.starts[*number];
        // What is no YAML has no first key: it is shown by the comment that says where it comes from.
        let line = if chart.documents[*number].text.is_some() { 0 } else { emitted.line(path) };
        let file = format!("charts/{}/{}", chart.name(), chart.documents[*number].file);
        Line { file, rendered: Some(rendered + line), template: Some(template + line) }
    }
}

fn words(text: &str) -> BTreeSet<String> {
    let inside = text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(word, _)| word);
    inside.filter(|word| word.chars().all(|c| c.is_ascii_lowercase())).map(str::to_owned).collect()
}

fn documents(text: &str) -> Vec<Document> {
    let parts = text.split("--- # ").skip(1).map(|part| part.split_once('\n').expect("a file and its text"));
    let read = |(file, text): (&str, &str)| Document {
        file: file.to_owned(),
        value: serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}")),
        text: None,
    };
    parts.map(read).collect()
}

/// Standard labels, resources and rights, as a careful chart has them; what a base says itself stays.
fn dress(document: &mut Document) {
    let labels = json!({
        "app.kubernetes.io/name": "<chart>",
        "app.kubernetes.io/instance": "<chart>",
        "app.kubernetes.io/version": "1.4.2",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": "<chart>-1.0.0",
    });
    merge(&mut document.value["metadata"], &json!({ "labels": labels }));
    let Some(template) = pod_template(&mut document.value) else { return };
    let own = json!({ "app.kubernetes.io/name": "<chart>", "app.kubernetes.io/instance": "<chart>" });
    // Nothing of a trial changes it: it stands for the checksum of what the pods take when they start.
    let sum = json!({ "checksum/config": "0f1e2d3c4b5a69788796a5b4c3d2e1f0" });
    merge(template, &json!({ "metadata": { "labels": own, "annotations": sum } }));
    let seccomp = json!({ "seccompProfile": { "type": "RuntimeDefault" }, "runAsNonRoot": true, "runAsUser": 1000 });
    merge(&mut template["spec"], &json!({ "securityContext": seccomp }));
    for list in ["containers", "initContainers"] {
        let containers = template.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut);
        containers.into_iter().flatten().for_each(|container| merge(container, &tidy()));
    }
}

fn tidy() -> Value {
    json!({
        "resources": {
            "requests": { "cpu": "50m", "memory": "64Mi" },
            "limits": { "memory": "128Mi" },
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] },
        },
    })
}

/// Where the pods of a workload are described.
pub(crate) fn pod_template(value: &mut Value) -> Option<&mut Value> {
    match value["kind"].as_str()? {
        "CronJob" => value.pointer_mut("/spec/jobTemplate/spec/template"),
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => value.pointer_mut("/spec/template"),
        _ => None,
    }
}

fn merge(into: &mut Value, from: &Value) {
    if into.is_null() {
        *into = Value::Object(Map::new());
    }
    let (Value::Object(map), Value::Object(more)) = (into, from) else { return };
    for (key, value) in more {
        match map.get_mut(key) {
            Some(inner) => merge(inner, value),
            None => drop(map.insert(key.clone(), value.clone())),
        }
    }
}

/// The renders of each environment.
pub(crate) fn renders(chart: &Chart, printed: &Printed) -> IndexMap<String, Result<String, String>> {
    let render = chart.error.clone().map_or_else(|| Ok(printed.render.clone()), Err);
    let Some((name, documents)) = &chart.other else { return IndexMap::from([("default".to_owned(), render)]) };
    let other = Ok(chart.print(documents).render);
    let (first, second) = if *name == "default" { (other, render) } else { (render, other) };
    IndexMap::from([("default".to_owned(), first), ("prod".to_owned(), second)])
}

/// The last release, where there was one.
pub(crate) fn last_releases(chart: &Chart) -> IndexMap<String, LastRelease> {
    let release = |documents: &Arc<Vec<Document>>| LastRelease {
        name: "v1".to_owned(),
        path: String::new(),
        rendered: chart.print(documents).render.into(),
    };
    chart.last.iter().map(|documents| ("default".to_owned(), release(documents))).collect()
}
