//! The modules of a manifest: one a YAML document, each with its pipeline and those of its profiles.

use crate::diagnostic::{Diagnostic, Place, child};
use crate::load::tree::{self, Tree};
use serde_json::Value;

/// One document of the manifest.
#[derive(Debug)]
pub(crate) struct Module {
    tree: Tree,
}

/// What is built and deployed together: a module's own, or that of one of its profiles.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline<'m> {
    module: &'m Module,
    /// Where it stands: the module's root, or a profile.
    at: String,
}

/// An image that is built.
#[derive(Clone, Debug)]
pub(crate) struct Artifact<'m> {
    pub(crate) value: &'m Value,
    pub(crate) at: String,
}

/// A chart that is installed.
#[derive(Clone, Debug)]
pub(crate) struct Release<'m> {
    pub(crate) value: &'m Value,
    pub(crate) at: String,
}

/// The modules of a text, or why it is no YAML.
pub(crate) fn modules(file: &str, text: &str) -> Result<Vec<Module>, Diagnostic> {
    let read = documents(text).into_iter().map(|document| tree::parse(file, &document).map(|tree| Module { tree }));
    let all: Vec<Module> = read.collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|module| !module.root().is_null()).collect())
}

/// The documents, each behind as many empty lines as stand before it, so that its lines are those of the file.
fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for (number, line) in text.lines().enumerate() {
        if line == "---" || line.starts_with("--- ") {
            documents.push("\n".repeat(number));
        }
        if let Some(last) = documents.last_mut() {
            last.push_str(if line == "---" { "" } else { line });
            last.push('\n');
        }
    }
    documents
}

impl Module {
    /// The document.
    pub(crate) fn root(&self) -> &Value {
        &self.tree.value
    }

    /// Keys that are written twice.
    pub(crate) fn twice(&self) -> impl Iterator<Item = &Diagnostic> {
        self.tree.mistakes.iter().filter(|mistake| mistake.code == "duplicate-key")
    }

    /// The line of a node; of what is around it where it is not written.
    pub(crate) fn line(&self, pointer: &str) -> usize {
        let Place { key, .. } = self.tree.places.at(pointer);
        key.line.max(1)
    }

    /// `metadata.name`.
    pub(crate) fn name(&self) -> Option<&str> {
        self.root().pointer("/metadata/name")?.as_str()
    }

    /// Whether another module builds on this one.
    pub(crate) fn is_required_by(&self, other: &Self) -> bool {
        let named = |entry: &Value| {
            let configs = entry["configs"].as_array();
            configs.is_none_or(|names| names.iter().any(|name| name.as_str() == self.name()))
        };
        other.root()["requires"].as_array().into_iter().flatten().any(named)
    }

    /// Its own pipeline and those of its profiles.
    pub(crate) fn pipelines(&self) -> Vec<Pipeline<'_>> {
        let profiles = self.root()["profiles"].as_array().map_or(0, Vec::len);
        let places = (0..profiles).map(|i| format!("/profiles/{i}"));
        [String::new()].into_iter().chain(places).map(|at| Pipeline { module: self, at }).collect()
    }
}

impl<'m> Pipeline<'m> {
    /// A part of it, and where that stands; a profile without it has the module's, unless it changes that by a patch.
    fn part(&self, path: &str) -> Option<(&'m Value, String)> {
        let root = self.module.root();
        let own = format!("{}{path}", self.at);
        let found = root.pointer(&own).map(|value| (value, own));
        found.or_else(|| root.pointer(path).filter(|_| !self.is_patched(path)).map(|value| (value, path.to_owned())))
    }

    fn is_patched(&self, path: &str) -> bool {
        let below = |text: &str, folder: &str| {
            text.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let patches = self.module.root().pointer(&format!("{}/patches", self.at)).filter(|_| !self.at.is_empty());
        let paths = patches.and_then(Value::as_array).into_iter().flatten().filter_map(|patch| patch["path"].as_str());
        paths.into_iter().any(|patched| below(patched, path) || below(path, patched))
    }

    /// What it builds.
    pub(crate) fn artifacts(&self) -> Vec<Artifact<'m>> {
        let listed = self.items("/build/artifacts").into_iter();
        listed.map(|(value, at)| Artifact { value, at }).collect()
    }

    /// Where it says what it builds.
    pub(crate) fn artifacts_at(&self) -> Option<String> {
        Some(self.part("/build/artifacts")?.1)
    }

    /// The charts that it installs, or renders to apply them.
    pub(crate) fn releases(&self) -> Vec<Release<'m>> {
        let lists = ["/deploy/helm/releases", "/manifests/helm/releases"];
        let listed = lists.into_iter().flat_map(|list| self.items(list));
        listed.map(|(value, at)| Release { value, at }).collect()
    }

    /// Whether it deploys manifests that are in no chart.
    pub(crate) fn has_manifests(&self) -> bool {
        let others = ["rawYaml", "kustomize", "kpt", "remoteManifests"];
        others.iter().any(|kind| self.part(&format!("/manifests/{kind}")).is_some())
            || self.part("/deploy/kustomize").is_some()
    }

    /// Images that its tests and actions start.
    pub(crate) fn tried(&self) -> Vec<&'m str> {
        let containers = self.items("/verify").into_iter().chain(self.items("/customActions"));
        containers.filter_map(|(value, _)| value.pointer("/container/image")?.as_str()).collect()
    }

    fn items(&self, path: &str) -> Vec<(&'m Value, String)> {
        let Some((list, at)) = self.part(path) else { return Vec::new() };
        let items = list.as_array().into_iter().flatten().enumerate();
        items.map(|(i, value)| (value, child(&at, &i.to_string()))).collect()
    }
}

impl<'m> Artifact<'m> {
    /// The image that it makes.
    pub(crate) fn image(&self) -> Option<&'m str> {
        self.value["image"].as_str().filter(|image| !image.is_empty())
    }

    /// Whether another artifact takes it for its base.
    pub(crate) fn is_base_of(&self, other: &Self) -> bool {
        let needed = other.value["requires"].as_array().into_iter().flatten();
        needed.filter_map(|one| one["image"].as_str()).any(|image| Some(image) == self.image())
    }
}

impl<'m> Release<'m> {
    /// What Helm calls it.
    pub(crate) fn name(&self) -> Option<&'m str> {
        self.value["name"].as_str()
    }

    /// Whether its values tell the chart where an artifact's image is (`{{.IMAGE_REPO_web}}`).
    pub(crate) fn hands_on(&self, image: &str) -> bool {
        let safe: String = image.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let templates = self.value["setValueTemplates"].as_object().into_iter().flatten();
        let mut texts = templates.filter_map(|(_, value)| value.as_str());
        texts.any(|text| text.contains("IMAGE_") && text.contains(&format!("_{safe}")))
    }
}
