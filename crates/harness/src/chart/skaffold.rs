//! The Skaffold manifest of the repository that a chart is in, and which of the files that it names are there.

use crate::input;
use crate::repository::{Around, FILE, shown};
use camino::Utf8Path;
use seatrial_contracts::model::{ImageSource, SkaffoldFile};
use seatrial_contracts::skaffold::named_paths;

/// What Skaffold reads where it is not told otherwise.
const MANIFEST: &str = "skaffold.yaml";

/// What builds an image, in `images` of the repository file.
const SKAFFOLD: &str = "skaffold";

/// The nearest manifest above the chart, within its repository.
pub(super) fn beside(chart: &Utf8Path, around: Option<&Around>) -> Option<SkaffoldFile> {
    let chart = chart.canonicalize_utf8().ok()?;
    let root = chart.ancestors().find(|dir| dir.join(MANIFEST).is_file() || is_root(dir))?;
    let text = input::text(&root.join(MANIFEST)).ok()?;
    let there = named_paths(&text).into_iter().filter(|path| root.join(path).exists()).collect();
    let images = around.into_iter().flat_map(|around| &around.repository.images);
    let is_skaffold = |source: &ImageSource| matches!(source, ImageSource::Build(by) if by == SKAFFOLD);
    Some(SkaffoldFile {
        file: shown(&root.join(MANIFEST)).into_string(),
        chart: chart.strip_prefix(root).ok()?.to_string(),
        there,
        built: images.filter(|(_, source)| is_skaffold(source)).map(|(pattern, _)| pattern.clone()).collect(),
        text,
    })
}

fn is_root(dir: &Utf8Path) -> bool {
    dir.join(".git").exists() || dir.join(FILE).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "build:\n  artifacts: [{ image: web, context: web }, { image: db, context: db }]\n";

    fn file(root: &Utf8Path, name: &str, text: &str) {
        std::fs::create_dir_all(root.join(name).parent().expect("a folder")).expect("folders");
        std::fs::write(root.join(name), text).expect("a file");
    }

    #[test]
    fn the_manifest_of_the_repository_and_what_of_it_is_there() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf8").canonicalize_utf8().expect("real");
        file(&root, "charts/web/Chart.yaml", "name: web\n");
        file(&root, "web/Dockerfile", "FROM scratch\n");
        file(&root, "skaffold.yaml", TEXT);
        let seen = beside(&root.join("charts/web"), None).expect("a manifest");
        assert_eq!((seen.chart.as_str(), seen.text.as_str()), ("charts/web", TEXT));
        assert_eq!(seen.there.into_iter().collect::<Vec<_>>(), ["web", "web/Dockerfile"]);
    }

    #[test]
    fn that_of_another_repository_is_none_of_ours() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf8");
        file(root, "skaffold.yaml", TEXT);
        file(root, "ours/.git/HEAD", "");
        file(root, "ours/charts/web/Chart.yaml", "name: web\n");
        assert_eq!(beside(&root.join("ours/charts/web"), None), None);
    }

    #[test]
    fn the_repository_says_what_skaffold_builds() {
        let mut around = Around::default();
        let images =
            [("a-*", "skaffold"), ("b", "make")].map(|(name, by)| (name.into(), ImageSource::Build(by.into())));
        around.repository.images = images.into_iter().collect();
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf8");
        file(root, "skaffold.yaml", TEXT);
        file(root, "charts/web/Chart.yaml", "name: web\n");
        let seen = beside(&root.join("charts/web"), Some(&around)).expect("a manifest");
        assert_eq!(seen.built, ["a-*"]);
    }
}
