//! Which charts a command is about, and where the repository around them begins: at `seatrial.yaml`, else at `charts/`.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::repository::{Around, FILE};
use std::collections::BTreeSet;

/// The checkout a command is called in.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// The nearest folder upwards that has `seatrial.yaml`, or `charts/`; else the working directory.
    pub(crate) root: Utf8PathBuf,
    /// The working directory.
    cwd: Utf8PathBuf,
}

impl Repository {
    /// The one around the working directory.
    pub(crate) fn here() -> Result<Self, Failure> {
        let cwd = std::env::current_dir().map_err(|error| Failure::new(Exit::NoEnvironment, error.to_string()))?;
        let cwd = Utf8PathBuf::from_path_buf(cwd)
            .map_err(|path| Failure::usage(format!("{} is no UTF-8 path", path.display())))?;
        Ok(Self::around(&cwd))
    }

    /// The one around a folder.
    pub(crate) fn around(cwd: &Utf8Path) -> Self {
        let has_file = |dir: &&Utf8Path| dir.join(FILE).is_file();
        let has_charts = |dir: &&Utf8Path| dir.join("charts").is_dir();
        let root = cwd.ancestors().find(has_file).or_else(|| cwd.ancestors().find(has_charts)).unwrap_or(cwd);
        Self { root: root.to_owned(), cwd: cwd.to_owned() }
    }

    /// The folders of the named charts, or of all charts of the repository.
    pub(crate) fn charts(&self, named: &[Utf8PathBuf]) -> Result<Vec<Utf8PathBuf>, Failure> {
        if named.is_empty() {
            return self.all();
        }
        named.iter().map(|name| self.one(name)).collect()
    }

    /// The folder of one chart: a path, or the name of a folder in `charts/`.
    pub(crate) fn one(&self, name: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
        let candidates = [name.to_owned(), self.relative("charts").join(name)];
        let is_chart = |path: &Utf8PathBuf| self.cwd.join(path).join("Chart.yaml").is_file();
        let found = candidates.into_iter().find(is_chart).or_else(|| self.listed(name));
        found.ok_or_else(|| self.unknown(name))
    }

    /// What `seatrial.yaml` says, where there is one.
    pub(crate) fn file(&self) -> Result<Option<Around>, Failure> {
        Around::of(&self.root).map_err(planning::failure)
    }

    fn all(&self) -> Result<Vec<Utf8PathBuf>, Failure> {
        let patterns = self.patterns()?;
        let charts = self.matching(&patterns);
        if charts.is_empty() {
            let (root, patterns) = (&self.root, patterns.join(", "));
            return Err(Failure::new(Exit::NothingJudged, format!("{root} has no chart ({patterns}/Chart.yaml)")));
        }
        Ok(charts)
    }

    /// Where charts are, relative to the root.
    fn patterns(&self) -> Result<Vec<String>, Failure> {
        let written = self.file()?.map(|around| around.repository.charts).unwrap_or_default();
        Ok(if written.is_empty() { vec!["charts/*".to_owned()] } else { written })
    }

    /// The folders with a chart, each once, in the order of their paths.
    fn matching(&self, patterns: &[String]) -> Vec<Utf8PathBuf> {
        let below = |pattern: &String| glob::Pattern::escape(self.root.as_str()) + "/" + pattern;
        let found = patterns.iter().filter_map(|pattern| glob::glob(&below(pattern)).ok()).flatten().flatten();
        let folders = found.filter_map(|path| Utf8PathBuf::from_path_buf(path).ok());
        let charts: BTreeSet<_> = folders.filter(|folder| folder.join("Chart.yaml").is_file()).collect();
        let short = |chart: Utf8PathBuf| chart.strip_prefix(&self.cwd).map_or(chart.clone(), Utf8Path::to_owned);
        charts.into_iter().map(short).collect()
    }

    /// A chart that the repository file lists, by its folder's name.
    fn listed(&self, name: &Utf8Path) -> Option<Utf8PathBuf> {
        let charts = self.matching(&self.patterns().ok()?);
        charts.into_iter().find(|chart| chart.file_name() == Some(name.as_str()))
    }

    fn unknown(&self, name: &Utf8Path) -> Failure {
        let charts = self.matching(&self.patterns().unwrap_or_default());
        let known = charts.iter().filter_map(|chart| chart.file_name()).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { String::new() } else { format!("; charts of this repository: {known}") };
        Failure::usage(format!("{name} is no chart: neither {name}/Chart.yaml nor charts/{name}/Chart.yaml{known}"))
    }

    /// A path in the repository, as short as a person would type it.
    pub(crate) fn relative(&self, path: &str) -> Utf8PathBuf {
        let absolute = self.root.join(path);
        absolute.strip_prefix(&self.cwd).map_or(absolute.clone(), Utf8Path::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::Repository;
    use camino::Utf8PathBuf;

    fn repository(charts: &[&str]) -> (tempfile::TempDir, Repository) {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8PathBuf::try_from(dir.path().to_owned()).expect("utf-8");
        for chart in charts {
            std::fs::create_dir_all(root.join("charts").join(chart)).expect("folder");
            std::fs::write(root.join("charts").join(chart).join("Chart.yaml"), "name: x").expect("file");
        }
        let repository = Repository::around(&root);
        (dir, repository)
    }

    #[test]
    fn all_charts_where_none_is_named() {
        let (_dir, repository) = repository(&["b", "a"]);
        assert_eq!(repository.charts(&[]).expect("charts"), ["charts/a", "charts/b"]);
    }

    #[test]
    fn charts_are_where_the_repository_file_says() {
        let (_dir, repository) = repository(&["a"]);
        let other = repository.root.join("platform/b/chart");
        std::fs::create_dir_all(&other).expect("folder");
        std::fs::write(other.join("Chart.yaml"), "name: b").expect("file");
        let write = |text: &str| std::fs::write(repository.root.join("seatrial.yaml"), text).expect("file");
        write("kind: Repository\ncharts: [charts/*, platform/*/chart]\n");
        assert_eq!(repository.charts(&[]).expect("charts"), ["charts/a", "platform/b/chart"]);
        let below = Repository::around(&repository.root.join("charts/a"));
        assert_eq!(below.root, repository.root);
        write("kind: Repository\ncharts: [nowhere/*]\n");
        assert_eq!(repository.charts(&[]).expect_err("none").exit.code(), 12);
        write("kind: Repository\nchart: x\n");
        let invalid = repository.charts(&[]).expect_err("a mistake");
        assert_eq!((invalid.exit.code(), invalid.diagnostics[0].code), (20, "unknown-key"));
    }

    #[test]
    fn a_chart_by_its_folder_or_its_name() {
        let (_dir, repository) = repository(&["a"]);
        assert_eq!(repository.charts(&["a".into(), "charts/a".into()]).expect("charts"), ["charts/a", "charts/a"]);
    }

    #[test]
    fn an_unknown_chart_is_a_mistake_in_the_command() {
        let (_dir, repository) = repository(&["a"]);
        let failure = repository.charts(&["z".into()]).expect_err("unknown");
        assert_eq!(failure.exit.code(), 2);
        assert!(failure.message.ends_with("charts of this repository: a"), "{}", failure.message);
    }
}
