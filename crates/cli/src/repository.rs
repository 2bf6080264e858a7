//! Which charts a command is about, and where the repository around them begins.

use crate::exit::Exit;
use crate::failure::Failure;
use camino::{Utf8Path, Utf8PathBuf};

/// The checkout a command is called in.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// The nearest folder upwards that has `charts/`, else the working directory.
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
        let root = cwd.ancestors().find(|dir| dir.join("charts").is_dir()).unwrap_or(cwd);
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
        candidates.into_iter().find(is_chart).ok_or_else(|| self.unknown(name))
    }

    fn all(&self) -> Result<Vec<Utf8PathBuf>, Failure> {
        let folder = self.relative("charts");
        let mut charts: Vec<_> = self.names().into_iter().map(|name| folder.join(name)).collect();
        charts.sort();
        if charts.is_empty() {
            let root = &self.root;
            return Err(Failure::new(Exit::NothingJudged, format!("{root} has no chart (charts/*/Chart.yaml)")));
        }
        Ok(charts)
    }

    fn names(&self) -> Vec<String> {
        let entries = self.root.join("charts").read_dir_utf8().into_iter().flatten().flatten();
        let charts = entries.filter(|entry| entry.path().join("Chart.yaml").is_file());
        charts.map(|entry| entry.file_name().to_owned()).collect()
    }

    fn unknown(&self, name: &Utf8Path) -> Failure {
        let known = self.names().join(", ");
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
