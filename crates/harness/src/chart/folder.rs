//! A chart's folder, read. Nothing of it is trusted: files have a size, links may lead out of the chart or in circles,
//! and a pipe never ends. What Helm must not even be given is [`Folder::unfit`], and fails `renders`.

use super::ChartError;
use crate::cache::{Key, KeyOf};
use crate::input::{self, LARGEST_FILE};
use camino::{Utf8Component, Utf8DirEntry, Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::fs::Metadata;

/// All files of a chart together; an installed release is stored in 1 MiB, compressed.
const LARGEST_CHART: u64 = 32 << 20;

/// Files and folders of a chart.
const MOST_ENTRIES: usize = 20_000;

/// A chart's folder, read.
pub(super) struct Folder {
    pub(super) path: Utf8PathBuf,
    /// What the chart is called.
    pub(super) name: String,
    pub(super) chart_yaml: String,
    /// Every text file by its path in the chart.
    pub(super) files: BTreeMap<String, String>,
    /// Why Helm must not be given the folder.
    pub(super) unfit: Option<String>,
    /// The hash of every file that was read, texts or not.
    pub(super) key: KeyOf,
}

impl Folder {
    pub(super) fn read(path: &Utf8Path) -> Result<Self, ChartError> {
        let chart_file = path.join("Chart.yaml");
        if !chart_file.is_file() {
            return Err(ChartError::NoChart { path: path.to_owned() });
        }
        let chart_yaml =
            input::text(&chart_file).map_err(|why| ChartError::BadFile { path: chart_file.clone(), why })?;
        let name = name_of(&chart_yaml).ok_or(ChartError::NoName { path: chart_file })?;
        let mut reader = Reader::of(path);
        let stopped = reader.all().err();
        let unfit = reader.refused.or(stopped);
        Ok(Self { path: path.to_owned(), name, chart_yaml, files: reader.files, unfit, key: reader.key })
    }

    /// A file of the chart that must be there as text; `None` where there is none.
    pub(super) fn text(&self, name: &str) -> Option<Result<&str, String>> {
        if let Some(text) = self.files.get(name) {
            return Some(Ok(text));
        }
        let is_below = Utf8Path::new(name).components().all(|part| matches!(part, Utf8Component::Normal(_)));
        let data = std::fs::symlink_metadata(self.path.join(name)).ok().filter(|_| is_below)?;
        Some(Err(match &self.unfit {
            _ if data.is_dir() => "it is a folder".to_owned(),
            _ if data.is_file() && data.len() > LARGEST_FILE => input::too_large(),
            Some(unfit) => unfit.clone(),
            None => "it is no UTF-8 text".to_owned(),
        }))
    }
}

/// The hash of a folder, for who needs nothing else of it.
pub(super) fn key(path: &Utf8Path) -> Key {
    let mut reader = Reader::of(path);
    let stopped = reader.all().err();
    let key = reader.key;
    reader.refused.or(stopped).into_iter().fold(key, KeyOf::part).key()
}

fn name_of(chart_yaml: &str) -> Option<String> {
    let chart: serde_json::Value = serde_yaml::from_str(chart_yaml).ok()?;
    Some(chart.get("name")?.as_str()?.to_owned()).filter(|name| !name.is_empty())
}

/// Reads a folder and all below, in a fixed order.
struct Reader {
    /// The chart's folder as it was given, and as the system knows it.
    root: Utf8PathBuf,
    real_root: Utf8PathBuf,
    files: BTreeMap<String, String>,
    key: KeyOf,
    entries: usize,
    bytes: u64,
    /// The first thing that must not be read; what is beside it still is.
    refused: Option<String>,
}

impl Reader {
    fn of(root: &Utf8Path) -> Self {
        let real_root = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        let (files, key) = (BTreeMap::new(), KeyOf::new());
        Self { root: root.to_owned(), real_root, files, key, entries: 0, bytes: 0, refused: None }
    }

    fn all(&mut self) -> Result<(), String> {
        let (root, real) = (self.root.clone(), self.real_root.clone());
        self.folder(&root, &mut vec![real])
    }

    /// `above`: the real folders that this one is in, itself the last.
    fn folder(&mut self, dir: &Utf8Path, above: &mut Vec<Utf8PathBuf>) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{dir}: {error}");
        let entries: Result<Vec<Utf8DirEntry>, _> = dir.read_dir_utf8().map_err(failed)?.collect();
        let mut entries = entries.map_err(failed)?;
        entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
        for entry in entries.iter().filter(|entry| entry.file_name() != ".git") {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(format!("{} holds more than {MOST_ENTRIES} files", self.root));
            }
            match self.followed(entry.path(), above) {
                Ok(data) => self.entry(entry.path(), &data, above)?,
                Err(refused) => drop(self.refused.get_or_insert(refused)),
            }
        }
        Ok(())
    }

    /// What the entry, or the link's target, is; or why it must not be looked at.
    fn followed(&self, path: &Utf8Path, above: &[Utf8PathBuf]) -> Result<Metadata, String> {
        let failed = |error: std::io::Error| format!("{path}: {error}");
        let mut data = path.symlink_metadata().map_err(failed)?;
        if data.is_symlink() {
            self.within(path, above)?;
            data = path.metadata().map_err(failed)?;
        }
        let is_known = data.is_dir() || data.is_file();
        if is_known { Ok(data) } else { Err(format!("{path} is neither file nor folder")) }
    }

    fn entry(&mut self, path: &Utf8Path, data: &Metadata, above: &mut Vec<Utf8PathBuf>) -> Result<(), String> {
        if data.is_file() {
            return self.file(path, data.len());
        }
        above.push(path.canonicalize_utf8().map_err(|error| format!("{path}: {error}"))?);
        let read = self.folder(path, above);
        above.pop();
        read
    }

    /// A link may lead to another place in the chart, but not around in a circle.
    fn within(&self, link: &Utf8Path, above: &[Utf8PathBuf]) -> Result<(), String> {
        let target =
            link.canonicalize_utf8().map_err(|error| format!("{link} is a link that leads nowhere: {error}"))?;
        if !target.starts_with(&self.real_root) {
            return Err(format!(
                "{link} is a link out of the chart, to {target}: Helm would put that into the release"
            ));
        }
        if above.contains(&target) {
            return Err(format!("{link} is a link to a folder that it is in"));
        }
        Ok(())
    }

    fn file(&mut self, path: &Utf8Path, size: u64) -> Result<(), String> {
        let name = path.strip_prefix(&self.root).unwrap_or(path).to_string();
        if size > LARGEST_FILE {
            self.key = std::mem::take(&mut self.key).part(&name).part(size.to_be_bytes());
            return Ok(());
        }
        self.bytes += size;
        if self.bytes > LARGEST_CHART {
            return Err(format!("the files of {} come to more than {} MiB", self.root, LARGEST_CHART >> 20));
        }
        let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        self.key = std::mem::take(&mut self.key).part(&name).part(&bytes);
        // What is no text (an icon, an archive) is no source of a finding.
        if let Ok(text) = String::from_utf8(bytes) {
            self.files.insert(name, text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A chart with the given files, and what stands in its way.
    #[track_caller]
    fn check(prepare: impl FnOnce(&Utf8Path), unfit: Option<&str>) -> BTreeMap<String, String> {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf8").canonicalize_utf8().expect("real");
        std::fs::create_dir_all(root.join("web/templates")).expect("dir");
        std::fs::write(root.join("web/Chart.yaml"), "name: web\nversion: 1.0.0\n").expect("write");
        prepare(&root.join("web"));
        let folder = Folder::read(&root.join("web")).expect("a chart");
        let seen = folder.unfit.map(|text| text.replace(root.as_str(), ""));
        assert_eq!(seen.as_deref(), unfit);
        folder.files
    }

    #[test]
    fn a_folder_without_chart_yaml_is_no_chart() {
        let dir = tempfile::tempdir().expect("dir");
        let path = Utf8Path::from_path(dir.path()).expect("utf8");
        let error = Folder::read(path).err().expect("no chart");
        assert_eq!(error.to_string(), format!("{path} is no chart: it has no Chart.yaml"));
    }

    #[test]
    fn a_chart_is_read_with_its_templates() {
        let files = check(
            |web| {
                std::fs::write(web.join("templates/a.yaml"), "kind: A").expect("write");
                std::fs::write(web.join("icon.png"), [0xff, 0xfe, 0x00]).expect("write");
            },
            None,
        );
        assert_eq!(files.keys().collect::<Vec<_>>(), ["Chart.yaml", "templates/a.yaml"]);
    }

    #[test]
    fn a_link_within_the_chart_is_followed() {
        let files = check(|web| symlink("../Chart.yaml", web.join("templates/copy")).expect("link"), None);
        assert!(files.contains_key("templates/copy"));
    }

    #[test]
    fn links_elsewhere_are_refused() {
        let out = "/web/b.txt is a link out of the chart, to /dev/zero: Helm would put that into the release";
        check(|web| symlink("/dev/zero", web.join("b.txt")).expect("link"), Some(out));
        check(
            |web| symlink("..", web.join("templates/up")).expect("link"),
            Some("/web/templates/up is a link to a folder that it is in"),
        );
        let lost = "/web/x is a link that leads nowhere: No such file or directory (os error 2)";
        check(|web| symlink("gone", web.join("x")).expect("link"), Some(lost));
    }

    #[test]
    fn a_pipe_is_never_read() {
        let mode = nix::sys::stat::Mode::S_IRWXU;
        let pipe = |web: &Utf8Path| nix::unistd::mkfifo(web.join("pipe").as_std_path(), mode).expect("pipe");
        check(pipe, Some("/web/pipe is neither file nor folder"));
    }

    #[test]
    fn a_chart_has_a_size() {
        let files = check(
            |web| {
                for i in 0..7 {
                    std::fs::write(web.join(format!("f{i}")), vec![b'x'; 5 << 20]).expect("write");
                }
            },
            Some("the files of /web come to more than 32 MiB"),
        );
        assert_eq!(files.len(), 7, "Chart.yaml and six of the seven");
    }

    #[test]
    fn what_stands_in_the_way_of_a_text_is_told() {
        let dir = tempfile::tempdir().expect("dir");
        let web = Utf8Path::from_path(dir.path()).expect("utf8");
        std::fs::write(web.join("Chart.yaml"), "name: web").expect("write");
        std::fs::write(web.join("bytes"), [0xff]).expect("write");
        std::fs::write(web.join("large"), vec![b'x'; (5 << 20) + 1]).expect("write");
        let folder = Folder::read(web).expect("a chart");
        assert_eq!(folder.text("bytes"), Some(Err("it is no UTF-8 text".to_owned())));
        assert_eq!(folder.text("large"), Some(Err("it is larger than 5 MiB".to_owned())));
        assert_eq!(folder.text("Chart.yaml"), Some(Ok("name: web")));
        assert_eq!(folder.text("none"), None);
    }

    #[test]
    fn a_chart_without_a_name_is_refused() {
        assert_eq!(name_of("version: 1"), None);
        assert_eq!(name_of("name: ''"), None);
        assert_eq!(name_of("name: web").as_deref(), Some("web"));
    }
}
