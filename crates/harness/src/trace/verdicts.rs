//! The last verdict of each slot, kept under the hash of the chart that it is about.

use super::TraceError;
use crate::cache::{Key, KeyOf};
use crate::chart;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ChartPlan, SlotId, Verdict, VerdictKind};
use std::collections::BTreeMap;

/// The file of a slot's verdict below `target/seatrial`.
pub(crate) fn place(dir: &Utf8Path, chart: &ChartPlan, key: &Key, slot: &SlotId) -> Utf8PathBuf {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = format!("{}-{}", slot.environment, slot.local()).chars().map(word).collect();
    // Two names may become the same words.
    let id = KeyOf::new().part(slot.to_string()).key();
    folder(dir, chart, key).join(format!("{}-{id}.json", name.trim_end_matches('-')))
}

/// Whether a verdict tells more than the one that is kept: one that was skipped tells nothing, and one of a lower level
/// that holds does not undo what a higher one saw.
pub(crate) fn is_news(kept: &Utf8Path, verdict: &Verdict) -> bool {
    let text = std::fs::read_to_string(kept).unwrap_or_default();
    let Ok(kept) = serde_json::from_str::<Verdict>(&text) else { return true };
    match verdict.kind {
        VerdictKind::Skipped => kept.kind == VerdictKind::Skipped,
        VerdictKind::Pass => verdict.level >= kept.level || kept.kind == VerdictKind::Skipped,
        VerdictKind::Fail | VerdictKind::Inconclusive => true,
    }
}

/// The hash of the chart as it is now.
pub(crate) fn chart_key(chart: &ChartPlan) -> Key {
    chart::key(Utf8Path::new(&chart.path))
}

fn folder(dir: &Utf8Path, chart: &ChartPlan, key: &Key) -> Utf8PathBuf {
    dir.join("verdicts").join(format!("{}-{key}", chart.chart))
}

/// The last verdicts on a chart as it is now, by the slots' whole names.
pub fn verdicts(dir: &Utf8Path, chart: &ChartPlan) -> Result<BTreeMap<String, Verdict>, TraceError> {
    let files = folder(dir, chart, &chart_key(chart)).read_dir_utf8().into_iter().flatten().flatten();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    // A record of another version of ours may have another form: it tells nothing.
    let read = texts.filter_map(|text| serde_json::from_str::<Verdict>(&text).ok());
    Ok(read.map(|verdict| (verdict.id.to_string(), verdict)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::model::{Class, Level, Timeouts};

    fn chart(dir: &Utf8Path, text: &str) -> ChartPlan {
        std::fs::write(dir.join("Chart.yaml"), text).expect("a chart");
        ChartPlan {
            chart: "c".into(),
            path: dir.to_string(),
            cluster: None,
            timeouts: Timeouts::default(),
            templates: BTreeMap::new(),
            subcharts: BTreeMap::new(),
            skaffold: None,
            environments: Vec::new(),
        }
    }

    fn verdict(kind: VerdictKind) -> Verdict {
        Verdict {
            id: SlotId {
                chart: "c".into(),
                environment: "dev".into(),
                clause: "x".into(),
                element: Some("a/b".into()),
            },
            class: Class::Look,
            level: Level::Static,
            kind,
            cause: None,
            blocked_by: None,
            covers: Vec::new(),
            is_advisory: false,
            measured: Vec::new(),
            places: Vec::new(),
            next: Vec::new(),
            seconds: 0.5,
            trial: Vec::new(),
            stubs: Vec::new(),
            notes: Vec::new(),
            evidence: None,
        }
    }

    fn keep(dir: &Utf8Path, chart: &ChartPlan, verdict: &Verdict) {
        let path = place(dir, chart, &chart_key(chart), &verdict.id);
        crate::state::write_private(&path, serde_json::to_string(verdict).expect("JSON").as_bytes()).expect("a record");
    }

    #[test]
    fn a_verdict_is_one_of_the_chart_as_it_was() {
        let (target, folder) = (tempfile::tempdir().expect("dir"), tempfile::tempdir().expect("dir"));
        let [target, folder] = [&target, &folder].map(|dir| Utf8Path::from_path(dir.path()).expect("utf-8"));
        let sound = chart(folder, "name: c");
        keep(target, &sound, &verdict(VerdictKind::Fail));
        keep(target, &sound, &verdict(VerdictKind::Pass));
        let seen = verdicts(target, &sound).expect("verdicts");
        assert_eq!(seen.get("c::dev::x[a/b]").map(|seen| seen.kind), Some(VerdictKind::Pass), "the last one counts");
        let changed = chart(folder, "name: c # changed");
        assert!(verdicts(target, &changed).expect("verdicts").is_empty(), "another chart has no record");
    }

    #[test]
    fn what_was_not_judged_replaces_nothing() {
        let target = tempfile::tempdir().expect("dir");
        let path = Utf8Path::from_path(target.path()).expect("utf-8").join("kept.json");
        let of = |kind, level| Verdict { level, ..verdict(kind) };
        let check = |kept: Verdict, next: Verdict, expected: bool| {
            std::fs::write(&path, serde_json::to_string(&kept).expect("JSON")).expect("a record");
            assert_eq!(is_news(&path, &next), expected, "{:?} {:?}", kept.kind, next.kind);
        };
        assert!(is_news(&path, &of(VerdictKind::Skipped, Level::Static)), "nothing is kept yet");
        for kind in [VerdictKind::Pass, VerdictKind::Fail] {
            check(of(kind, Level::Live), of(VerdictKind::Skipped, Level::Live), false);
            check(of(kind, Level::Live), of(VerdictKind::Pass, Level::Static), false);
            check(of(kind, Level::Live), of(VerdictKind::Fail, Level::Static), true);
            check(of(kind, Level::Live), of(VerdictKind::Pass, Level::Live), true);
            check(of(VerdictKind::Skipped, Level::Live), of(kind, Level::Static), true);
        }
    }
}
