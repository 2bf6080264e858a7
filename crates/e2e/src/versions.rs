//! The versions of charts (PAL-003): one version is one content. `docs/chart-versions.lock` says what was packed under
//! each version, `chart version hash` a line; a chart that differs from its line must raise its version.

use camino::Utf8Path;
use seatrial_harness::cache::{KeyOf, files_below};
use std::collections::BTreeMap;

/// The list, below the root.
pub const LOCK: &str = "docs/chart-versions.lock";

const HEAD: &str = "\
# What each version of a chart holds: `chart version hash`, of all that `helm package` takes. A version is never another
# content: raise `version` in Chart.yaml, then `just generate` adds a line.
";

/// Chart and version → the hash of what is packed.
pub type Versions = BTreeMap<(String, String), String>;

/// The versions of a list.
pub fn read(list: &str) -> Versions {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split(' ').collect::<Vec<_>>());
    words
        .filter_map(|words| match words[..] {
            [chart, version, hash] => Some(((chart.to_owned(), version.to_owned()), hash.to_owned())),
            _ => None,
        })
        .collect()
}

/// The list of versions.
pub fn write(versions: &Versions) -> String {
    let lines = versions.iter().map(|((chart, version), hash)| format!("{chart} {version} {hash}\n"));
    HEAD.to_owned() + &lines.collect::<String>()
}

/// Name and version of a chart, and the hash of what is packed of it.
///
/// # Errors
/// When it has no version, or can't be read.
pub fn of(chart: &Utf8Path) -> Result<((String, String), String), String> {
    let read =
        |name: &str| std::fs::read_to_string(chart.join(name)).map_err(|error| format!("{chart}/{name}: {error}"));
    let about: serde_json::Value = serde_yaml::from_str(&read("Chart.yaml")?).map_err(|error| error.to_string())?;
    let word = |field: &str| about[field].as_str().map(ToOwned::to_owned).ok_or(format!("{chart} has no {field}"));
    let ignored = read(".helmignore").unwrap_or_default();
    let mut key = KeyOf::new();
    for file in files_below(chart).map_err(|error| error.to_string())? {
        let name = file.strip_prefix(chart).unwrap_or(&file);
        if !is_ignored(&ignored, name) {
            key = key.part(name.as_str()).part(std::fs::read(&file).map_err(|error| format!("{file}: {error}"))?);
        }
    }
    Ok(((word("name")?, word("version")?), key.key().to_string()))
}

/// By the forms that our charts use: `name`, `folder/` and `*.ending`.
fn is_ignored(ignored: &str, name: &Utf8Path) -> bool {
    let lines = ignored.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is_it = |line: &str| match (line.strip_suffix('/'), line.strip_prefix('*')) {
        (Some(folder), _) => name.starts_with(folder),
        (_, Some(ending)) => name.as_str().ends_with(ending),
        _ => name.file_name() == Some(line),
    };
    let mut lines = lines;
    lines.any(is_it)
}

/// What is wrong with a chart by the list: another content under a version that was given, or a version that is not
/// listed yet.
///
/// # Errors
/// When the chart can't be read.
pub fn wrong(chart: &Utf8Path, listed: &Versions) -> Result<Option<String>, String> {
    let ((name, version), hash) = of(chart)?;
    let known = listed.get(&(name.clone(), version.clone()));
    Ok(match known {
        Some(known) if *known == hash => None,
        Some(_) => {
            Some(format!("{name} is no longer what it was as version {version}: raise `version` in its Chart.yaml"))
        }
        None => Some(format!("{name} {version} is not in {LOCK}: run `just generate` and commit it")),
    })
}
