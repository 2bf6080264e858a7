//! The paths that a manifest names, as Skaffold reads them: relative to its folder, what an artifact names to its context.

use super::{Artifact, Release};
use crate::diagnostic::child;
use serde_json::Value;

/// A file or folder that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// What it is (`Dockerfile`).
    pub(crate) what: &'static str,
    /// Where it may be: at one of these.
    pub(crate) paths: Vec<String>,
    /// Where it is written.
    pub(crate) at: String,
}

/// What an artifact is built from.
pub(crate) fn of_artifact(artifact: &Artifact<'_>) -> Vec<Named> {
    let context = artifact.value["context"].as_str().unwrap_or(".");
    let folder = path(context).map(|path| named("context", vec![path], child(&artifact.at, "context")));
    let mut all: Vec<Named> = folder.into_iter().collect();
    all.extend(dockerfile(artifact, context));
    let custom = &artifact.value["custom"];
    let at = child(&artifact.at, "custom");
    all.extend(command(&custom["buildCommand"], context, &child(&at, "buildCommand")));
    all.extend(dependencies(&custom["dependencies"], context, &child(&at, "dependencies")));
    all
}

/// What a release installs.
pub(crate) fn of_release(release: &Release<'_>) -> Vec<Named> {
    let chart = release.value["chartPath"].as_str().filter(|path| !path.contains("://")).and_then(path);
    let chart = chart.map(|path| named("chart", vec![format!("{path}/Chart.yaml")], child(&release.at, "chartPath")));
    let at = child(&release.at, "valuesFiles");
    let values = release.value["valuesFiles"].as_array().into_iter().flatten().enumerate();
    let values = values.filter_map(|(i, file)| {
        let path = file.as_str().filter(|file| !file.contains("://")).and_then(path)?;
        Some(named("values file", vec![path], child(&at, &i.to_string())))
    });
    chart.into_iter().chain(values).collect()
}

/// Every builder but these takes a Dockerfile: one called so, where none is said.
const OTHER_BUILDERS: [&str; 5] = ["bazel", "jib", "buildpacks", "ko", "custom"];

/// A Dockerfile is looked for in the context, and where Skaffold is called.
fn dockerfile(artifact: &Artifact<'_>, context: &str) -> Option<Named> {
    if OTHER_BUILDERS.iter().any(|builder| artifact.value.get(builder).is_some()) {
        return None;
    }
    let builder = if artifact.value.get("kaniko").is_some() { "kaniko" } else { "docker" };
    let file = artifact.value[builder]["dockerfile"].as_str().unwrap_or("Dockerfile");
    let paths: Vec<String> = [format!("{context}/{file}"), file.to_owned()].iter().filter_map(|at| path(at)).collect();
    let at = child(&child(&artifact.at, builder), "dockerfile");
    (!paths.is_empty()).then(|| named("Dockerfile", paths, at))
}

/// The program of a custom build, and a Dockerfile among its words; a command that goes elsewhere first is not followed.
fn command(value: &Value, context: &str, at: &str) -> Vec<Named> {
    let words: Vec<&str> = value.as_str().unwrap_or_default().split_whitespace().collect();
    if words.contains(&"cd") {
        return Vec::new();
    }
    let is_dockerfile = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or_default();
        name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile")
    };
    let first = words.first().filter(|word| word.contains('/') && !word.contains('='));
    let program = first.map(|word| ("build command", *word));
    let files = words.iter().skip(1).filter(|word| is_dockerfile(word)).map(|word| ("Dockerfile", *word));
    let all = program.into_iter().chain(files);
    all.filter_map(|(what, word)| Some(named(what, vec![within(context, word)?], at.to_owned()))).collect()
}

/// What a custom build says that it depends on: its Dockerfile, and files or folders. Of a pattern it is the folder before
/// the first wildcard.
fn dependencies(value: &Value, context: &str, at: &str) -> Vec<Named> {
    let file = value["dockerfile"]["path"].as_str().and_then(|file| within(context, file));
    let file = file.map(|path| named("Dockerfile", vec![path], format!("{at}/dockerfile/path")));
    let paths = value["paths"].as_array().into_iter().flatten().enumerate();
    let paths = paths.filter_map(|(i, text)| {
        let fixed = before_wildcards(text.as_str()?)?;
        Some(named("dependency", vec![within(context, fixed)?], format!("{at}/paths/{i}")))
    });
    file.into_iter().chain(paths).collect()
}

fn before_wildcards(pattern: &str) -> Option<&str> {
    let Some(first) = pattern.find(['*', '?', '[', '{']) else { return Some(pattern) };
    pattern[..first].rsplit_once('/').map(|(folder, _)| folder)
}

fn named(what: &'static str, paths: Vec<String>, at: String) -> Named {
    Named { what, paths, at }
}

fn within(context: &str, name: &str) -> Option<String> {
    if name.starts_with('/') { path(name) } else { path(&format!("{context}/{name}")) }
}

/// A path without `.` and `..`; `None` for one that is known only when Skaffold runs.
fn path(text: &str) -> Option<String> {
    if text.contains("{{") || text.contains('$') || text.starts_with('~') {
        return None;
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in text.split('/').filter(|step| !step.is_empty() && *step != ".") {
        match steps.last() {
            Some(last) if step == ".." && *last != ".." => _ = steps.pop(),
            _ => steps.push(step),
        }
    }
    let root = if text.starts_with('/') { "/" } else { "" };
    let joined = steps.join("/");
    Some(if joined.is_empty() && root.is_empty() { ".".to_owned() } else { format!("{root}{joined}") })
}
