//! Rendering each environment by `helm template`. Renders of an unchanged chart are kept: under nextest every test is
//! a process, and each of them plans.

use super::{ChartError, Folder, Renders};
use crate::cache::KeyOf;
use crate::command::{CommandError, Finished};
use crate::helm::{Helm, HelmError, TEMPLATE_MEMORY, Template};
use crate::state;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{Contract, Environment, Release};
use seatrial_contracts::plan::release_of;
use std::sync::{Once, OnceLock};
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

/// How long an unused render is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// How much of what Helm said is shown.
const SHOWN: usize = 4 << 10;

/// What Helm prints for each environment, or why it refuses.
pub(super) async fn all(
    folder: &Folder,
    contract: &Contract,
    helm: &Utf8Path,
    is_cached: bool,
) -> Result<Renders, ChartError> {
    if let Some(unfit) = &folder.unfit {
        return Ok(contract.environments.keys().map(|name| (name.clone(), Err(unfit.clone()))).collect());
    }
    let program = Helm::without_cluster(helm, state::home().join("helm"));
    let sources = fingerprint(folder, helm);
    let endless = OnceLock::new();
    let renders = contract.environments.iter().map(async |(name, environment)| {
        let release = release_of(contract, &folder.name, name);
        let cache = is_cached.then(|| cache_file(&sources, environment, &release));
        let known = cache.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        if let Some(known) = known {
            return Ok((name.clone(), Ok(known)));
        }
        let wanted = Wanted { helm: &program, folder, environment, release: &release };
        let rendered = wanted.render(name, &endless).await?;
        if let (Some(file), Ok(text)) = (cache, &rendered)
            && !holds_secrets(text)
        {
            keep(&file, text);
        }
        Ok((name.clone(), rendered))
    });
    futures::future::try_join_all(renders).await.map(|all| all.into_iter().collect())
}

/// One process of Helm a core, whatever number of charts and environments is asked for.
fn permits() -> &'static Semaphore {
    static PERMITS: OnceLock<Semaphore> = OnceLock::new();
    PERMITS.get_or_init(|| Semaphore::new(at_once()))
}

/// How many charts are rendered at once.
pub(super) fn at_once() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What one call of Helm is about.
struct Wanted<'a> {
    helm: &'a Helm,
    folder: &'a Folder,
    environment: &'a Environment,
    release: &'a Release,
}

impl Wanted<'_> {
    /// Renders when it is its turn. Where a chart did not end in one environment, the others are not waited for, too.
    async fn render(&self, name: &str, endless: &OnceLock<String>) -> Result<Result<String, String>, ChartError> {
        let _permit = permits().acquire().await;
        if let Some(other) = endless.get() {
            return Ok(Err(format!("not tried, as the templates did not end in the environment `{other}`")));
        }
        let files: Vec<Utf8PathBuf> = self.environment.values.iter().map(|file| self.folder.path.join(file)).collect();
        let template = Template {
            release: &self.release.name,
            namespace: &self.release.namespace,
            chart: &self.folder.path,
            files: &files,
            set: &self.environment.set,
        };
        match self.helm.template(&template).await {
            Ok(finished) if finished.is_ok() => Ok(Ok(finished.stdout)),
            Ok(finished) => Ok(Err(refusal(&finished))),
            // What does not end, or has no end, is the chart's: it does not render.
            Err(HelmError::Command(error @ (CommandError::Timeout { .. } | CommandError::TooMuch { .. }))) => {
                let _ = endless.set(name.to_owned());
                Ok(Err(error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Why Helm did not render, in its own words, unless it ran out of memory: then they are a page of its insides.
fn refusal(finished: &Finished) -> String {
    let is_out_of_memory = finished.stderr.lines().any(|line| {
        line.starts_with("fatal error:") && (line.contains("out of memory") || line.contains("cannot allocate memory"))
    });
    if is_out_of_memory || finished.code.is_none() {
        return format!("helm template needed more than {} MiB of memory", TEMPLATE_MEMORY >> 20);
    }
    let errors = finished.stderr.trim();
    both_ends(if errors.is_empty() { finished.stdout.trim() } else { errors })
}

/// A long text without its middle.
fn both_ends(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let (mut head, mut tail) = (SHOWN / 2, text.len() - SHOWN / 2);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    format!("{} … {}", &text[..head], &text[tail..])
}

/// All that a render depends on besides names and values.
fn fingerprint(folder: &Folder, helm: &Utf8Path) -> KeyOf {
    let stamp = std::fs::metadata(helm).ok().and_then(|meta| meta.modified().ok());
    folder.key.clone().part(format!("{helm} {stamp:?}"))
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

/// A cache that can't be written only costs time. Renders that nobody asked for in a while go, once a process.
fn keep(file: &Utf8Path, text: &str) {
    static TIDIED: Once = Once::new();
    if file.is_file() || state::write_private(file, text.as_bytes()).is_err() {
        return;
    }
    TIDIED.call_once(|| file.parent().into_iter().for_each(tidy));
}

fn tidy(dir: &Utf8Path) {
    for entry in dir.read_dir_utf8().into_iter().flatten().flatten() {
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

    fn ended(code: Option<i32>, stderr: &str) -> Finished {
        let (stdout, stderr) = (String::new(), stderr.to_owned());
        Finished { argv: Vec::new(), cwd: None, seconds: 1.0, code, stdout, stderr }
    }

    #[test]
    fn helm_without_memory_is_told_in_a_line() {
        let expected = "helm template needed more than 384 MiB of memory";
        let trace = "fatal error: runtime: out of memory\n\ngoroutine 1 gp=0x1 m=0\n";
        assert_eq!(refusal(&ended(Some(2), trace)), expected);
        assert_eq!(refusal(&ended(None, "")), expected);
        assert_eq!(refusal(&ended(Some(1), "Error: no\n")), "Error: no");
    }

    #[test]
    fn both_ends_of_a_long_text_are_shown() {
        let text = format!("Error: é{}the cause", "é".repeat(5000));
        let shown = both_ends(&text);
        assert!(shown.starts_with("Error: é") && shown.ends_with("the cause") && shown.len() < SHOWN + 8, "{shown}");
        assert_eq!(both_ends("short"), "short");
    }

    #[test]
    fn renders_with_secrets_are_not_kept() {
        assert!(holds_secrets("apiVersion: v1\nkind: Secret\ndata: {}\n"));
        assert!(!holds_secrets("kind: Deployment\nsecretRef: { name: x }\n"));
    }
}
