//! A Skaffold manifest, read for its promises: modules, what each builds and deploys, and the paths that it names. What is
//! wrong with it is judged by the default clause `skaffold`.

mod module;
mod named;

pub(crate) use module::{Artifact, Module, Pipeline, Release, modules};
pub(crate) use named::{Named, of_artifact, of_release};

use std::collections::BTreeSet;

/// Every path of files that a manifest names, relative to its own folder. Who hands a chart to the judge says which of
/// them are there; of a text that is no manifest there are none.
pub fn named_paths(text: &str) -> BTreeSet<String> {
    let modules = modules("", text).unwrap_or_default();
    let pipelines = modules.iter().flat_map(Module::pipelines);
    let named = pipelines.flat_map(|pipeline| {
        let artifacts = pipeline.artifacts().into_iter().flat_map(|artifact| of_artifact(&artifact));
        let releases = pipeline.releases().into_iter().flat_map(|release| of_release(&release));
        artifacts.chain(releases).collect::<Vec<_>>()
    });
    named.flat_map(|named| named.paths).collect()
}

#[cfg(test)]
mod tests;
