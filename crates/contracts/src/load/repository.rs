//! The repository file: text → [`Repository`], every mistake reported at once.

use super::check_word::CHECKS;
use super::findings::Findings;
use super::repository_file::{ContextsFile, ImageFile, MadeFile, MatrixFile};
use super::sections::{Sections, in_order};
use super::uses;
use super::{limits, schema_check};
use crate::diagnostic::{Diagnostic, child, hint};
use crate::model::{ClusterMatrix, Contexts, ImageSource, Packs, Released, Repository};
use crate::schema::FileKind;
use indexmap::IndexMap;
use serde_json::Value;

/// Circumstances that `advisory` may name beside the checks.
const ADVISORY: [&str; 2] = ["latency", "within"];

/// Reads `seatrial.yaml`, or gives every mistake in it.
pub fn repository(file: &str, text: &str, packs: &Packs) -> Result<Repository, Vec<Diagnostic>> {
    let tree = limits::tree(file, text).map_err(|mistake| vec![mistake])?;
    let mut found = Findings::new(tree.places.clone());
    let refused = schema_check::file(FileKind::Repository, &tree.value, &mut found);
    let sections = Sections { root: &tree.value, refused: &refused };
    let repository = read(file, &sections, packs, &mut found);
    let mut mistakes = found.into_list();
    mistakes.extend(tree.mistakes);
    if mistakes.is_empty() { Ok(repository) } else { Err(in_order(mistakes)) }
}

fn read(file: &str, sections: &Sections<'_>, packs: &Packs, found: &mut Findings<'_>) -> Repository {
    let uses: uses::Uses = sections.read("/uses", found).unwrap_or_default();
    uses::check(&uses, packs, found);
    let matrix: MatrixFile = sections.read("/cluster", found).unwrap_or_default();
    let contexts: ContextsFile = sections.read("/contexts", found).unwrap_or_default();
    let (ready, clause) = sections.written_timeouts(found);
    let charts: Vec<String> = sections.read("/charts", found).unwrap_or_default();
    patterns(&charts, found);
    let up: Option<String> = sections.read("/up", found);
    Repository {
        file: file.to_owned(),
        charts,
        up,
        released: released(sections, found),
        uses,
        cluster: ClusterMatrix { kubernetes: matrix.kubernetes, helm: matrix.helm, nodes: matrix.nodes },
        images: images(sections, found),
        addons: sections.read("/addons", found).unwrap_or_default(),
        contexts: Contexts { allow: contexts.allow, deny: contexts.deny },
        ready,
        clause,
        advisory: advisory(sections, found),
        baseline: sections.read("/baseline", found),
    }
}

/// Charts lie below the repository file.
fn patterns(charts: &[String], found: &mut Findings<'_>) {
    for (i, pattern) in charts.iter().enumerate() {
        if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
            let hint = Some("charts lie below seatrial.yaml: charts/*".to_owned());
            found.value(&format!("/charts/{i}"), "bad-value", format!("`{pattern}` leads out of here"), hint);
        }
    }
}

fn released(sections: &Sections<'_>, found: &mut Findings<'_>) -> Option<Released> {
    let text: String = sections.read("/released", found)?;
    match text.as_str() {
        "git-tags" => Some(Released::GitTags),
        "target-branch" => Some(Released::TargetBranch),
        oci if oci.starts_with("oci://") => Some(Released::Oci(text)),
        other => {
            let hint = Some("write oci://REGISTRY/PATH, git-tags or target-branch".to_owned());
            found.value("/released", "bad-value", format!("`{other}` is no place of releases"), hint);
            None
        }
    }
}

fn images(sections: &Sections<'_>, found: &mut Findings<'_>) -> IndexMap<String, ImageSource> {
    let files: IndexMap<String, ImageFile> = sections.read("/images", found).unwrap_or_default();
    let sources = files.into_iter().map(|(pattern, file)| {
        let at = child("/images", &pattern);
        (pattern, image(file, &at, found))
    });
    sources.collect::<Vec<_>>().into_iter().filter_map(|(pattern, source)| Some((pattern, source?))).collect()
}

fn image(file: ImageFile, at: &str, found: &mut Findings<'_>) -> Option<ImageSource> {
    let hint = || Some("write pull, { build: skaffold }, { load: FILES } or { mirror: REGISTRY }".to_owned());
    let made = match file {
        ImageFile::Word(word) if word == "pull" => return Some(ImageSource::Pull),
        ImageFile::Word(word) => {
            found.value(at, "bad-value", format!("`{word}` is no way to have an image"), hint());
            return None;
        }
        ImageFile::Made(made) => made,
    };
    match made {
        MadeFile { build: Some(build), load: None, mirror: None } => Some(ImageSource::Build(build)),
        MadeFile { build: None, load: Some(load), mirror: None } => Some(ImageSource::Load(load)),
        MadeFile { build: None, load: None, mirror: Some(mirror) } => Some(ImageSource::Mirror(mirror)),
        _ => {
            found.value(at, "bad-value", "an image is had in one way", hint());
            None
        }
    }
}

fn advisory(sections: &Sections<'_>, found: &mut Findings<'_>) -> Vec<String> {
    let words: Vec<String> = sections.read("/advisory", found).unwrap_or_default();
    let known: Vec<&str> = CHECKS.iter().map(|word| word.key).chain(ADVISORY).collect();
    for (i, word) in words.iter().enumerate().filter(|(_, word)| !known.contains(&word.as_str())) {
        let hint = hint(word, known.iter().copied());
        found.value(&format!("/advisory/{i}"), "bad-value", format!("`{word}` is no check and no measure"), hint);
    }
    words
}

/// Whether the repository makes a clause advisory: it has one of these checks or circumstances.
pub(crate) fn is_advisory(words: &[String], clause: &Value) -> bool {
    let has = |part: &Value| words.iter().any(|word| part.get(word).is_some());
    let then = clause.get("then").and_then(Value::as_array);
    has(clause) || then.into_iter().flatten().any(has)
}
