//! The repository around a chart: `seatrial.yaml`, the packs in `contracts/packs/` and the baseline beside it, read.

use crate::chart::ChartError;
use crate::input;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::diagnostic::Diagnostic;
use seatrial_contracts::load;
use seatrial_contracts::model::{Packs, Repository};
use seatrial_contracts::plan::Baseline;

/// The name of the repository file.
pub const FILE: &str = "seatrial.yaml";

/// Where packs are, relative to the repository file.
const PACKS: &str = "contracts/packs";

/// A repository file and what belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The folder of the repository file.
    pub root: Utf8PathBuf,
    /// What the file says.
    pub repository: Repository,
    /// The packs beside it.
    pub packs: Packs,
}

impl Around {
    /// The nearest repository file at or above a folder; `None` where there is none.
    pub fn of(folder: &Utf8Path) -> Result<Option<Self>, ChartError> {
        let folder = folder.canonicalize_utf8().map_err(failed(folder))?;
        let Some(root) = folder.ancestors().find(|dir| dir.join(FILE).is_file()) else { return Ok(None) };
        let packs = packs(root)?;
        let file = root.join(FILE);
        let text = text(&file)?;
        let repository = load::repository(shown(&file).as_str(), &text, &packs).map_err(ChartError::Invalid)?;
        Ok(Some(Self { root: root.to_owned(), repository, packs }))
    }

    /// The file of the baseline, where one is named.
    pub fn baseline_file(&self) -> Option<Utf8PathBuf> {
        self.repository.baseline.as_ref().map(|name| self.root.join(name))
    }

    /// The findings that were there before; none where no file is named or it is not written yet.
    pub fn baseline(&self) -> Result<Baseline, ChartError> {
        let Some(file) = self.baseline_file().filter(|file| file.is_file()) else { return Ok(Baseline::default()) };
        let text = text(&file)?;
        Baseline::read(shown(&file).as_str(), &text).map_err(|mistake| ChartError::Invalid(vec![mistake]))
    }
}

/// The packs of a repository, or every mistake in them.
fn packs(root: &Utf8Path) -> Result<Packs, ChartError> {
    let dir = root.join(PACKS);
    if !dir.is_dir() {
        return Ok(Packs::new());
    }
    let (mut packs, mut mistakes) = (Packs::new(), Vec::new());
    for entry in dir.read_dir_utf8().map_err(failed(&dir))? {
        let path = entry.map_err(failed(&dir))?.into_path();
        let Some(name) = path.file_name().and_then(|name| name.strip_suffix(".yaml")) else { continue };
        let text = text(&path)?;
        match load::pack(name, shown(&path).as_str(), &text) {
            Ok(pack) => _ = packs.insert(name.to_owned(), pack),
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() { Ok(packs) } else { Err(ChartError::Invalid(mistakes)) }
}

/// The text of a file of the language; that it has none is a mistake in it.
fn text(file: &Utf8Path) -> Result<String, ChartError> {
    input::text(file).map_err(|message| {
        let file = shown(file).into_string();
        let mistake = Diagnostic { code: "unreadable", message, hint: None, file, line: 1, column: 1 };
        ChartError::Invalid(vec![mistake])
    })
}

/// A path as a person in the working directory would type it.
pub(crate) fn shown(path: &Utf8Path) -> Utf8PathBuf {
    let here = std::env::current_dir().ok().and_then(|dir| Utf8PathBuf::try_from(dir).ok());
    let short = here.and_then(|here| path.strip_prefix(here).ok().map(ToOwned::to_owned));
    short.unwrap_or_else(|| path.to_owned())
}

fn failed(path: &Utf8Path) -> impl FnOnce(std::io::Error) -> ChartError {
    let path = path.to_owned();
    |source| ChartError::Read { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_above_with_its_packs() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf8");
        let chart = root.join("charts/a");
        std::fs::create_dir_all(&chart).expect("dirs");
        assert!(Around::of(&chart).expect("no file").is_none());
        std::fs::create_dir_all(root.join(PACKS)).expect("dirs");
        std::fs::write(root.join(PACKS).join("p.yaml"), "kind: Pack\nclauses: { a: { tcp: svc/x } }\n").expect("file");
        std::fs::write(root.join(FILE), "kind: Repository\nuses: { p: {} }\nbaseline: b.yaml\n").expect("file");
        let around = Around::of(&chart).expect("sound").expect("it is there");
        assert_eq!(around.packs["p"].clauses.len(), 1);
        assert!(around.baseline().expect("not written yet").is_empty());
        std::fs::write(root.join(PACKS).join("p.yaml"), "kind: Pack\n").expect("file");
        assert!(matches!(Around::of(&chart), Err(ChartError::Invalid(found)) if found[0].code == "missing-key"));
    }
}
