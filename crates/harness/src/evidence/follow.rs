//! Following: what the containers of a namespace say is written as they say it, so that a killed run and a pod that
//! is gone leave their last lines, too. One file a run of a container; who follows next goes on where it ends.

use super::Evidence;
use super::stream_file::{StreamFile, stamp};
use crate::readiness::{name_of, text};
use crate::redact::Pieces;
use crate::release::{Mirror, Objects, Stage};
use camino::Utf8PathBuf;
use futures::AsyncReadExt;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};

/// The most streams of one follower: a container that dies again and again makes one each time.
const MOST_STREAMS: usize = 200;

/// The most lines of what was said before anybody followed.
const LINES: i64 = 2000;

/// How often to look again where nothing changed: another process may have let a stream go.
const AGAIN: Duration = Duration::from_secs(1);

/// Follows as long as it lives.
pub(crate) struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Evidence {
    /// Follows every container of the stage's namespace that is not ours.
    pub(crate) fn follow(&self, objects: &Objects, stage: &Stage<'_>) -> Following {
        let follower = Arc::new(Follower {
            evidence: self.clone(),
            objects: objects.clone(),
            namespace: stage.namespace().to_owned(),
            folder: self.folder(stage).join("streams"),
        });
        Following(tokio::spawn(follower.follow()))
    }

    fn push(&self, pieces: &mut Pieces, piece: &[u8]) -> String {
        pieces.push(&self.redactor.read().unwrap_or_else(PoisonError::into_inner), piece)
    }

    fn end(&self, pieces: Pieces) -> String {
        pieces.end(&self.redactor.read().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Follower {
    evidence: Evidence,
    objects: Objects,
    namespace: String,
    folder: Utf8PathBuf,
}

/// One run of a container: each restart is another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Run {
    pod: String,
    uid: String,
    container: String,
    restart: i64,
    /// Only to be had as the log of the last state.
    is_previous: bool,
    is_running: bool,
}

impl Run {
    fn file(&self) -> String {
        let uid: String = self.uid.chars().take(8).collect();
        format!("{}.{uid}.{}.{}.log", self.pod, self.container, self.restart)
    }

    fn params(&self, since: Option<Timestamp>) -> LogParams {
        LogParams {
            container: Some(self.container.clone()),
            follow: self.is_running,
            previous: self.is_previous,
            timestamps: true,
            since_time: since,
            tail_lines: since.is_none().then_some(LINES),
            ..LogParams::default()
        }
    }
}

impl Follower {
    /// Ends only by being dropped, and its streams with it; nothing is read before the Secrets are known.
    async fn follow(self: Arc<Self>) {
        let Ok(mut mirror) = Mirror::of_kinds(&self.objects, &self.namespace, &["Pod", "Secret"]).await else { return };
        let (mut streams, mut taken) = (JoinSet::new(), HashSet::new());
        let mut known = Vec::new();
        loop {
            while let Some(Ok(ended)) = streams.try_join_next() {
                forget_broken(&mirror, &ended, &mut taken);
            }
            self.learn_anew(&mirror, &mut known);
            let due: Vec<Run> = runs(&mirror).into_iter().filter(|run| !taken.contains(&run.file())).collect();
            // Asked for once more: a watch of Secrets may lag behind that of pods.
            if !due.is_empty() && self.evidence.learn(&self.objects, &self.namespace).await {
                self.begin(due, &mut streams, &mut taken);
            }
            mirror.until_changed(AGAIN).await;
        }
    }

    fn learn_anew(&self, mirror: &Mirror, known: &mut Vec<Value>) {
        let secrets = mirror.all("Secret");
        if *known != secrets {
            self.evidence.learn_rendered(&secrets);
            *known = secrets;
        }
    }

    fn begin(self: &Arc<Self>, due: Vec<Run>, streams: &mut JoinSet<Run>, taken: &mut HashSet<String>) {
        for run in due.into_iter().take(MOST_STREAMS.saturating_sub(taken.len())) {
            let path = self.folder.join(run.file());
            match StreamFile::open(&path) {
                Ok(Some(file)) => {
                    taken.insert(run.file());
                    streams.spawn(Arc::clone(self).stream(run, file));
                }
                Ok(None) => {}
                Err(refused) => self.evidence.complaint.about(&path, &refused),
            }
        }
    }

    async fn stream(self: Arc<Self>, run: Run, mut file: StreamFile) -> Run {
        let path = self.folder.join(run.file());
        if let Err(refused) = self.copy(&run, &mut file).await {
            self.evidence.complaint.about(&path, &refused);
        }
        run
    }

    /// Copies until the stream ends. An error of the file is one; a log that is not to be had is none.
    async fn copy(&self, run: &Run, file: &mut StreamFile) -> std::io::Result<()> {
        let since = file.resume()?;
        let api: Api<Pod> = Api::namespaced(self.objects.client.clone(), &self.namespace);
        let Ok(log) = api.log_stream(&run.pod, &run.params(since)).await else { return Ok(()) };
        let mut log = std::pin::pin!(log);
        let (mut known, mut pieces) = (Known { until: since, begun: Vec::new() }, Pieces::default());
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count @ 1..) = log.read(&mut buffer).await {
            file.append(&self.evidence.push(&mut pieces, &known.skip(&buffer[..count])))?;
        }
        file.append(&self.evidence.end(pieces))
    }
}

/// A stream that ended although its container runs is opened again.
fn forget_broken(mirror: &Mirror, ended: &Run, taken: &mut HashSet<String>) {
    if ended.is_running && runs(mirror).contains(ended) {
        taken.remove(&ended.file());
    }
}

/// What the file has already: the API gives the lines of a whole second again.
struct Known {
    until: Option<Timestamp>,
    begun: Vec<u8>,
}

impl Known {
    /// What of this piece is new.
    fn skip(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(until) = self.until else { return piece.to_vec() };
        self.begun.extend_from_slice(piece);
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            if stamp(&String::from_utf8_lossy(&self.begun[..end])).is_none_or(|stamp| stamp > until) {
                self.until = None;
                return std::mem::take(&mut self.begun);
            }
            self.begun.drain(..=end);
        }
        Vec::new()
    }
}

/// Every run of a container that has said something, as far as the pods tell.
fn runs(mirror: &Mirror) -> Vec<Run> {
    let pods = mirror.all("Pod");
    pods.iter().filter(|pod| !crate::ours::is_ours(pod)).flat_map(runs_of).collect()
}

fn runs_of(pod: &Value) -> Vec<Run> {
    let fields = ["/status/initContainerStatuses", "/status/containerStatuses"].into_iter();
    let statuses = fields.filter_map(|field| pod.pointer(field)?.as_array()).flatten();
    statuses.flat_map(|status| runs_of_container(pod, status)).collect()
}

fn runs_of_container(pod: &Value, status: &Value) -> Vec<Run> {
    let restart = status["restartCount"].as_i64().unwrap_or(0);
    let run = |restart, is_previous, is_running| Run {
        pod: name_of(pod).to_owned(),
        uid: text(pod, "/metadata/uid").to_owned(),
        container: text(status, "/name").to_owned(),
        restart,
        is_previous,
        is_running,
    };
    let is = |field: &str| status.pointer(field).is_some_and(Value::is_object);
    let mut runs = Vec::new();
    if is("/lastState/terminated") {
        // While it waits to be started again, the last state is that of the run that is counted last.
        let last = if is("/state/waiting") { restart } else { restart - 1 };
        runs.push(run(last, true, false));
    }
    if is("/state/running") || is("/state/terminated") {
        runs.push(run(restart, false, is("/state/running")));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(status: &Value, expected: &[&str]) {
        let status = json!([{ "name": "c", "restartCount": status["n"], "state": status["state"], "lastState": status["last"] }]);
        let pod =
            json!({ "metadata": { "name": "p", "uid": "0123456789" }, "status": { "containerStatuses": status } });
        let told = |run: &Run| format!("{} previous {} running {}", run.file(), run.is_previous, run.is_running);
        assert_eq!(runs_of(&pod).iter().map(told).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_run_of_a_container_has_a_file_of_its_own() {
        let (running, waiting, dead) =
            (json!({ "running": {} }), json!({ "waiting": {} }), json!({ "terminated": {} }));
        check(&json!({ "n": 0, "state": waiting, "last": {} }), &[]);
        check(&json!({ "n": 0, "state": running, "last": {} }), &["p.01234567.c.0.log previous false running true"]);
        check(&json!({ "n": 0, "state": dead, "last": {} }), &["p.01234567.c.0.log previous false running false"]);
        check(
            &json!({ "n": 2, "state": running, "last": dead }),
            &["p.01234567.c.1.log previous true running false", "p.01234567.c.2.log previous false running true"],
        );
        check(&json!({ "n": 2, "state": waiting, "last": dead }), &["p.01234567.c.2.log previous true running false"]);
    }

    #[test]
    fn what_is_written_already_is_skipped_however_it_is_cut() {
        let log = "2026-11-21T10:00:00.1Z one\n2026-11-21T10:00:00.5Z two\n2026-11-21T10:00:00.9Z three\nrest\n";
        for size in 1..log.len() {
            let mut known = Known { until: "2026-11-21T10:00:00.5Z".parse().ok(), begun: Vec::new() };
            let new: Vec<u8> = log.as_bytes().chunks(size).flat_map(|piece| known.skip(piece)).collect();
            assert_eq!(String::from_utf8_lossy(&new), "2026-11-21T10:00:00.9Z three\nrest\n", "{size}");
        }
    }

    #[test]
    fn a_new_stream_is_taken_as_it_is() {
        let mut known = Known { until: None, begun: Vec::new() };
        assert_eq!(known.skip(b"half a li"), b"half a li");
    }
}
