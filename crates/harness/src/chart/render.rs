//! Rendering each environment by `helm template`. Renders of an unchanged chart are kept: under nextest every test is
//! a process, and each of them plans.

use super::{ChartError, Folder, Renders};
use crate::cache::KeyOf;
use crate::helm::{Helm, Template};
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{Contract, Environment, Release};
use seatrial_contracts::plan::release_of;
use std::time::{Duration, SystemTime};

/// How long an unused render is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// The end of what Helm said.
const TAIL: usize = 4 << 10;

/// What Helm prints for each environment, or why it refuses.
pub(super) async fn all(
    folder: &Folder,
    contract: &Contract,
    helm: &Utf8Path,
    is_cached: bool,
) -> Result<Renders, ChartError> {
    let program = Helm::without_cluster(helm, state::home().join("helm"));
    let sources = fingerprint(folder, helm);
    let mut renders = Renders::new();
    for (name, environment) in &contract.environments {
        let release = release_of(contract, &folder.name, name);
        let cache = is_cached.then(|| cache_file(&sources, environment, &release));
        let known = cache.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let rendered = match known {
            Some(known) => Ok(known),
            None => render(&program, folder, environment, &release).await?,
        };
        if let (Some(file), Ok(text)) = (cache, &rendered)
            && !holds_secrets(text)
        {
            keep(&file, text);
        }
        renders.insert(name.clone(), rendered);
    }
    Ok(renders)
}

async fn render(
    helm: &Helm,
    folder: &Folder,
    environment: &Environment,
    release: &Release,
) -> Result<Result<String, String>, ChartError> {
    let files: Vec<Utf8PathBuf> = environment.values.iter().map(|file| folder.path.join(file)).collect();
    let template = Template {
        release: &release.name,
        namespace: &release.namespace,
        chart: &folder.path,
        files: &files,
        set: &environment.set,
    };
    let finished = match helm.template(&template).await {
        Ok(finished) => finished,
        // A template that does not end is the chart's: it does not render.
        Err(crate::helm::HelmError::Command(error @ crate::command::CommandError::Timeout { .. })) => {
            return Ok(Err(error.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    if finished.is_ok() { Ok(Ok(finished.stdout)) } else { Ok(Err(end_of(finished.tail()).to_owned())) }
}

fn end_of(text: &str) -> &str {
    let mut start = text.len().saturating_sub(TAIL);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// All that a render depends on besides names and values.
fn fingerprint(folder: &Folder, helm: &Utf8Path) -> KeyOf {
    let stamp = std::fs::metadata(helm).ok().and_then(|meta| meta.modified().ok());
    let program = KeyOf::new().part(format!("{helm} {stamp:?}"));
    let texts = folder.files.iter().fold(program, |key, (name, text)| key.part(name).part(text));
    archives(&folder.path).into_iter().fold(texts, KeyOf::part)
}

/// Packed subcharts are no text, and part of the chart.
fn archives(chart: &Utf8Path) -> Vec<Vec<u8>> {
    let entries = chart.join("charts").read_dir_utf8().map(|all| all.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let mut files: Vec<_> = entries.iter().map(|entry| entry.path().to_owned()).filter(|path| path.is_file()).collect();
    files.sort();
    files.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

fn cache_file(sources: &KeyOf, environment: &Environment, release: &Release) -> Utf8PathBuf {
    let set = serde_json::to_string(&environment.set).unwrap_or_default();
    let names = sources.clone().part(&release.name).part(&release.namespace).part(set);
    let key = environment.values.iter().fold(names, KeyOf::part).key();
    state::home().join("renders").join(format!("{key}.yaml"))
}

/// Values of Secrets are written nowhere, so not into a cache either.
fn holds_secrets(rendered: &str) -> bool {
    rendered.lines().any(|line| line.trim_end().trim_matches('"').ends_with("kind: Secret"))
}

/// A cache that can't be written only costs time. Renders that nobody asked for in a while go.
fn keep(file: &Utf8Path, text: &str) {
    if file.is_file() || state::write_private(file, text.as_bytes()).is_err() {
        return;
    }
    let Some(entries) = file.parent().and_then(|dir| dir.read_dir_utf8().ok()) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().ok().and_then(|meta| meta.modified().ok());
        let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_with_secrets_are_not_kept() {
        assert!(holds_secrets("apiVersion: v1\nkind: Secret\ndata: {}\n"));
        assert!(!holds_secrets("kind: Deployment\nsecretRef: { name: x }\n"));
    }
}
