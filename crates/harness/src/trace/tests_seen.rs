//! Which tests ran on the sources as they are, by the records of nextest.

use crate::cache::files_below;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::trace::{TestSeen, tests_of_junit};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// What the tests judge: their records must be younger.
const SOURCES: [&str; 3] = ["crates", "charts", "images"];

/// Where `tools/keep-test-records.sh` keeps what a later run, maybe of a single test, writes over.
const KEPT: &str = "target/seatrial/tests";

/// The last end of each test. Records that are older than the youngest source say nothing.
pub(super) fn tests(root: &Utf8Path) -> BTreeMap<String, TestSeen> {
    let youngest = SOURCES.iter().filter_map(|folder| youngest(&root.join(folder))).max();
    let mut records: Vec<(SystemTime, Utf8PathBuf)> = records(root);
    records.retain(|(written, _)| youngest.is_none_or(|youngest| *written >= youngest));
    records.sort();
    let texts = records.iter().filter_map(|(_, path)| std::fs::read_to_string(path).ok());
    texts.flat_map(|text| tests_of_junit(&text)).map(|seen| (seen.name.clone(), seen)).collect()
}

/// The records of the last run of each profile and those of earlier runs, with the time they were written.
fn records(root: &Utf8Path) -> Vec<(SystemTime, Utf8PathBuf)> {
    let entries = |folder: &str| root.join(folder).read_dir_utf8().into_iter().flatten().flatten();
    let last = entries("target/nextest").map(|profile| profile.path().join("junit.xml"));
    let kept = entries(KEPT).map(|file| file.path().to_owned());
    last.chain(kept).filter_map(|file| written(&file).map(|time| (time, file))).collect()
}

fn youngest(folder: &Utf8Path) -> Option<SystemTime> {
    files_below(folder).ok()?.iter().filter_map(|file| written(file)).max()
}

fn written(file: &Utf8Path) -> Option<SystemTime> {
    file.metadata().and_then(|data| data.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::trace::Ended;
    use std::time::Duration;

    const PASS: &str = r#"<testcase name="t" classname="c"/>"#;
    const FAIL: &str = r#"<testcase name="t" classname="c"><failure/></testcase>"#;

    /// Writes a file that is so many seconds old.
    fn write(root: &Utf8Path, path: &str, text: &str, age: u64) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        std::fs::write(&path, text).expect("write");
        let time = SystemTime::now() - Duration::from_secs(age);
        std::fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).expect("a time");
    }

    fn check(source: u64, pass: u64, fail: u64, expected: Option<Ended>) {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf-8");
        write(root, "crates/x/src/lib.rs", "", source);
        write(root, "target/nextest/ci/junit.xml", PASS, pass);
        write(root, "target/nextest/default/junit.xml", FAIL, fail);
        assert_eq!(tests(root).get("c t").map(|seen| seen.ended), expected);
    }

    #[test]
    fn the_last_run_on_these_sources_counts() {
        check(100, 10, 20, Some(Ended::Pass));
        check(100, 20, 10, Some(Ended::Fail));
        check(100, 10, 200, Some(Ended::Pass));
        check(100, 200, 200, None);
    }

    #[test]
    fn a_run_of_another_test_forgets_nothing() {
        let dir = tempfile::tempdir().expect("dir");
        let root = Utf8Path::from_path(dir.path()).expect("utf-8");
        let record = |name: &str, inside: &str| format!(r#"<testcase name="{name}" classname="c">{inside}</testcase>"#);
        write(root, "crates/x/src/lib.rs", "", 100);
        write(root, "target/seatrial/tests/ci-1.xml", &record("old", ""), 200);
        let both = format!("{}{}", record("t", "<failure/>"), record("u", ""));
        write(root, "target/seatrial/tests/ci-2.xml", &both, 20);
        write(root, "target/nextest/ci/junit.xml", &record("t", ""), 10);
        let seen: Vec<_> = tests(root).into_values().map(|seen| (seen.name, seen.ended)).collect();
        assert_eq!(seen, [("c t".to_owned(), Ended::Pass), ("c u".to_owned(), Ended::Pass)]);
    }
}
