//! `skaffold`: the Skaffold manifest of the repository fits the chart that it deploys. Its modules are whole, the files
//! that they name are there, each image that is built is one that the chart runs, and each of the chart's images that is
//! Skaffold's to build is built.

use super::{Facts, Finding, Inspected, images};
use crate::diagnostic::{Diagnostic, hint};
use crate::model::{SkaffoldFile, fits};
use crate::skaffold::{Artifact, Module, Named, Pipeline, modules, of_artifact, of_release};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn inspect(facts: &Facts<'_>) -> Inspected {
    let mut inspected = Inspected::new("Skaffold modules");
    let Some(file) = &facts.chart.skaffold else { return inspected };
    match modules(&file.file, &file.text) {
        Ok(modules) => {
            let look = Look { facts, file, modules: &modules };
            for module in &modules {
                let pipelines = look.of_chart(module);
                if !pipelines.is_empty() {
                    inspected.subject(look.findings(module, &pipelines));
                }
            }
        }
        Err(why) if file.text.contains(&file.chart) => inspected.subject([unreadable(&why)]),
        Err(_) => {}
    }
    inspected
}

fn unreadable(why: &Diagnostic) -> Finding {
    Finding::in_manifest(why.line, format!("skaffold.yaml: expected YAML, seen {}", why.message))
}

/// A manifest beside a chart.
struct Look<'l, 'f> {
    facts: &'l Facts<'f>,
    file: &'l SkaffoldFile,
    modules: &'l [Module],
}

impl Look<'_, '_> {
    /// The pipelines of a module that install the chart, or what is called like it and is not there.
    fn of_chart<'m>(&self, module: &'m Module) -> Vec<Pipeline<'m>> {
        module.pipelines().into_iter().filter(|pipeline| self.installs(pipeline)).collect()
    }

    fn installs(&self, pipeline: &Pipeline<'_>) -> bool {
        let own = [self.facts.chart.chart.as_str(), self.facts.environment.release.name.as_str()];
        pipeline.releases().iter().any(|release| {
            let named = of_release(release).into_iter().find(|named| named.what == "chart");
            let is_called_so = release.name().is_some_and(|name| own.contains(&name));
            named.is_some_and(|chart| self.is_chart(&chart) || is_called_so && !self.is_there(&chart))
        })
    }

    fn is_chart(&self, named: &Named) -> bool {
        named.paths.iter().any(|path| path.strip_suffix("/Chart.yaml") == Some(self.file.chart.as_str()))
    }

    fn is_there(&self, named: &Named) -> bool {
        named.paths.iter().any(|path| self.file.there.contains(path))
    }

    fn findings(&self, module: &Module, pipelines: &[Pipeline<'_>]) -> Vec<Finding> {
        let twice = module.twice().map(|one| Finding::in_manifest(one.line, format!("skaffold.yaml: {}", one.message)));
        let mut found: Vec<Finding> = twice.collect();
        found.extend(self.head(module));
        for pipeline in pipelines {
            found.extend(self.built(module, pipeline));
            found.extend(self.deployed(module, pipeline));
            found.extend(self.fit(module, pipeline));
        }
        // A profile has what it does not say itself from its module.
        let mut seen = BTreeSet::new();
        found.retain(|finding| seen.insert(finding.message.clone()));
        found
    }

    /// What makes a document one of Skaffold's; modules of a file with several are chosen by their names.
    fn head(&self, module: &Module) -> Vec<Finding> {
        let root = module.root();
        let mut found = Vec::new();
        if !root["apiVersion"].as_str().is_some_and(|version| version.starts_with("skaffold/v")) {
            found.push(wrong(module, "/apiVersion", "apiVersion", "skaffold/v…", &root["apiVersion"]));
        }
        if root["kind"] != "Config" {
            found.push(wrong(module, "/kind", "kind", "Config", &root["kind"]));
        }
        let alike = self.modules.iter().filter(|other| other.name().is_some() && other.name() == module.name()).count();
        if self.modules.len() > 1 && alike != 1 {
            let name = &root["metadata"]["name"];
            found.push(wrong(module, "/metadata/name", "metadata.name", "a name that no other module has", name));
        }
        found
    }

    fn built(&self, module: &Module, pipeline: &Pipeline<'_>) -> Vec<Finding> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for artifact in pipeline.artifacts() {
            let Some(image) = artifact.image() else {
                found.push(wrong(module, &artifact.at, "artifact", "an image", &artifact.value["image"]));
                continue;
            };
            if !seen.insert(image) {
                let message = format!("artifact {image}: expected one of this name in a module, seen several");
                found.push(Finding::in_manifest(module.line(&format!("{}/image", artifact.at)), message));
            }
            let of = format!("artifact {image}");
            let mut missing = of_artifact(&artifact).into_iter().filter(|named| !self.is_there(named)).peekable();
            // What else is missing lies in it.
            let is_context = missing.peek().is_some_and(|named| named.what == "context");
            let told = missing.take(if is_context { 1 } else { usize::MAX });
            found.extend(told.filter_map(|named| self.missing(module, &of, &named)));
        }
        found
    }

    fn deployed(&self, module: &Module, pipeline: &Pipeline<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        for release in pipeline.releases() {
            let Some(name) = release.name() else {
                found.push(wrong(module, &release.at, "Helm release", "a name", &release.value["name"]));
                continue;
            };
            let (chart, remote) = (&release.value["chartPath"], &release.value["remoteChart"]);
            if !chart.is_string() && !remote.is_string() {
                found.push(wrong(module, &release.at, &format!("Helm release {name}"), "a chartPath", chart));
            }
            let of = format!("Helm release {name}");
            found.extend(of_release(&release).iter().filter_map(|named| self.missing(module, &of, named)));
        }
        found
    }

    fn missing(&self, module: &Module, of: &str, named: &Named) -> Option<Finding> {
        if self.is_there(named) {
            return None;
        }
        let (what, path) = (named.what, named.paths.first()?);
        let message = format!("{what} of {of}: expected {path}, seen no such file");
        Some(Finding::in_manifest(module.line(&named.at), message))
    }

    /// Built are just the images that the chart runs, where nothing else of the manifest can run them.
    fn fit(&self, module: &Module, pipeline: &Pipeline<'_>) -> Vec<Finding> {
        let releases = pipeline.releases();
        let installed: Vec<Named> = releases.iter().flat_map(of_release).collect();
        if !installed.iter().any(|named| self.is_chart(named)) {
            return Vec::new();
        }
        let artifacts = pipeline.artifacts();
        let run = self.run();
        let mut found = self.unbuilt(module, pipeline, &artifacts, &run);
        let is_alone = installed.iter().filter(|named| named.what == "chart").all(|named| self.is_chart(named));
        let is_shared = self.modules.iter().any(|other| module.is_required_by(other));
        if is_alone && !is_shared && !pipeline.has_manifests() {
            let is_used = |artifact: &&Artifact<'_>| {
                let image = artifact.image().unwrap_or_default();
                let is_base = artifacts.iter().any(|other| artifact.is_base_of(other));
                let is_handed_on = releases.iter().any(|release| release.hands_on(image));
                is_base || is_handed_on || run.contains(image) || pipeline.tried().contains(&image)
            };
            found
                .extend(artifacts.iter().filter(|artifact| !is_used(artifact)).filter_map(|a| unused(module, a, &run)));
        }
        found
    }

    /// Images of the chart that Skaffold has to build, and no artifact makes.
    fn unbuilt(
        &self,
        module: &Module,
        pipeline: &Pipeline<'_>,
        artifacts: &[Artifact<'_>],
        run: &BTreeSet<String>,
    ) -> Vec<Finding> {
        let has = |image: &str| artifacts.iter().any(|artifact| artifact.image() == Some(image));
        let is_ours = |image: &str| self.file.built.iter().any(|pattern| fits(pattern, image));
        let line = pipeline.artifacts_at().map_or_else(|| module.line(""), |at| module.line(&at));
        let missing = run.iter().filter(|image| is_ours(image) && !has(image));
        let told = |image: &String| {
            let message = format!(
                "image {image} of the chart: expected an artifact, as the repository's `images` has Skaffold build it; \
                 seen none"
            );
            Finding::in_manifest(line, message)
        };
        missing.map(told).collect()
    }

    /// The images of the chart, without their tags, in all of its environments.
    fn run(&self) -> BTreeSet<String> {
        let others = self.facts.chart.environments.iter().filter(|one| one.name != self.facts.environment.name);
        let all = others.chain([self.facts.environment]).flat_map(|environment| images(&environment.rendered));
        all.map(|image| repository(&image).to_owned()).collect()
    }
}

fn unused(module: &Module, artifact: &Artifact<'_>, run: &BTreeSet<String>) -> Option<Finding> {
    let image = artifact.image()?;
    let seen = run.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let near = hint(image, run.iter().map(String::as_str)).filter(|hint| hint.starts_with("did you mean"));
    let near = near.map(|near| format!(" ({near})")).unwrap_or_default();
    let message = format!("artifact {image}: expected an image that the chart runs, seen {seen}{near}");
    Some(Finding::in_manifest(module.line(&format!("{}/image", artifact.at)), message))
}

/// An image without tag and digest.
fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}

fn wrong(module: &Module, at: &str, what: &str, expected: &str, seen: &Value) -> Finding {
    let seen = match seen {
        Value::Null => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    Finding::in_manifest(module.line(at), format!("{what}: expected {expected}, seen {seen}"))
}
