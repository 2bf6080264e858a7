//! The registry probe against a registry in this process, sound and broken in one way at a time.

use super::content::digest_of;
use crate::test_server;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use seatrial_observation::{
    FailureKind, ProbeAnswer, ProbeFailure, ProbeSpec, RegistryAction, RegistryAnswer, RegistrySpec, Seed,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const UPLOADS: &str = "/v2/seatrial/probe/blobs/uploads/";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The one way in which a registry is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// It names itself by a whole URL with a host that is not there.
    ForeignLocation,
    /// It says where to go on relative to the request.
    RelativeLocation,
    LacksHeader,
    HasHomePage,
    ReadOnly,
    Errs,
    NoLocation,
    ForgetsBlobs,
    CorruptsBlobs,
    CutsBlobs,
    CorruptsTags,
    RewritesManifests,
    OtherContentType,
    TakesAnyDigest,
    KeepsRefused,
}

/// A registry in a hash map: blobs and manifests by digest, manifests by tag too.
struct Registry {
    fault: Fault,
    things: Mutex<HashMap<String, Bytes>>,
}

async fn registry(fault: Fault) -> String {
    let registry = Arc::new(Registry { fault, things: Mutex::default() });
    test_server::serve(Router::new().fallback(handle).with_state(registry)).await
}

async fn handle(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 21).await.expect("body");
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    match (&parts.method, path.as_str()) {
        (&Method::GET, "/v2/") => registry.base(),
        (&Method::POST, UPLOADS) => registry.begin(),
        (&Method::PUT, path) if path.starts_with(UPLOADS) => registry.finish(&query, &body),
        (&Method::PUT, path) => registry.put_manifest(path, body),
        (_, path) => registry.give(path),
    }
}

impl Registry {
    fn base(&self) -> Response {
        let version = [("docker-distribution-api-version", "registry/2.0")];
        match self.fault {
            Fault::LacksHeader => "{}".into_response(),
            Fault::HasHomePage => (version, "<html>").into_response(),
            _ => (version, "{}").into_response(),
        }
    }

    fn begin(&self) -> Response {
        let location = match self.fault {
            Fault::ReadOnly => return (StatusCode::METHOD_NOT_ALLOWED, "read only").into_response(),
            Fault::Errs => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Fault::NoLocation => return StatusCode::ACCEPTED.into_response(),
            Fault::ForeignLocation => format!("http://registry.invalid:5000{UPLOADS}7?_state=abc"),
            Fault::RelativeLocation => "7?_state=abc".to_owned(),
            _ => format!("{UPLOADS}7?_state=abc"),
        };
        (StatusCode::ACCEPTED, [("location", location)]).into_response()
    }

    fn finish(&self, query: &str, body: &Bytes) -> Response {
        let digest = query.strip_prefix("_state=abc&digest=").expect("state and digest").to_owned();
        let is_right = digest == digest_of(body);
        if is_right && self.fault != Fault::ForgetsBlobs || !is_right && self.fault == Fault::TakesAnyDigest {
            self.keep(&digest, body);
        }
        if is_right || self.fault == Fault::TakesAnyDigest {
            return (StatusCode::CREATED, [("docker-content-digest", digest)]).into_response();
        }
        if self.fault == Fault::KeepsRefused {
            self.keep(&digest_of(body), body);
        }
        (StatusCode::BAD_REQUEST, "DIGEST_INVALID").into_response()
    }

    fn put_manifest(&self, path: &str, body: Bytes) -> Response {
        let tag = path.rsplit('/').next().expect("tag");
        let body = if self.fault == Fault::RewritesManifests { Bytes::from_static(b"{\"other\":1}") } else { body };
        self.keep(tag, &body);
        self.keep(&digest_of(&body), &body);
        (StatusCode::CREATED, [("docker-content-digest", digest_of(&body))]).into_response()
    }

    fn give(&self, path: &str) -> Response {
        let key = path.rsplit('/').next().expect("key");
        let Some(bytes) = self.things.lock().expect("things").get(key).cloned() else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let is_blob = path.contains("/blobs/");
        let bytes = match self.fault {
            Fault::CorruptsBlobs if is_blob => flip_last(&bytes),
            Fault::CutsBlobs if is_blob => bytes.slice(..bytes.len() - 1),
            Fault::CorruptsTags if !is_blob && !key.starts_with("sha256:") => flip_last(&bytes),
            _ => bytes,
        };
        let is_typed = !is_blob && self.fault != Fault::OtherContentType;
        let kind = if is_typed { MANIFEST_TYPE } else { "application/octet-stream" };
        ([("content-type", kind)], bytes).into_response()
    }

    fn keep(&self, key: &str, bytes: &Bytes) {
        self.things.lock().expect("things").insert(key.to_owned(), bytes.clone());
    }
}

fn flip_last(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    *bytes.last_mut().expect("bytes") ^= 1;
    bytes.into()
}

async fn ask(base: &str, action: RegistryAction) -> Result<RegistryAnswer, ProbeFailure> {
    let spec = ProbeSpec::Registry(RegistrySpec { base: base.to_owned(), action });
    match crate::probe(&spec, Duration::from_secs(5)).await.result {
        Ok(ProbeAnswer::Registry(answer)) => Ok(answer),
        Ok(other) => panic!("not a registry's answer: {other:?}"),
        Err(failure) => Err(failure),
    }
}

async fn check_sound(fault: Fault) {
    let answer = ask(&registry(fault).await, RegistryAction::RoundTrip).await.expect("an answer");
    assert!(answer.steps.iter().all(|step| step.problem.is_none()), "{answer:?}");
    assert!(answer.seed.is_some());
    let names: Vec<(&str, u16)> = answer.steps.iter().map(|step| (step.name.as_str(), step.status)).collect();
    let upload = [("upload blob", 202), ("upload blob", 201), ("head blob", 200)];
    let pull = [("put manifest", 201), ("pull blob", 200), ("pull manifest", 200), ("pull manifest", 200)];
    let wrong = [("wrong digest", 202), ("wrong digest", 400), ("wrong digest", 404), ("wrong digest", 404)];
    assert_eq!(names, [&[("base", 200)][..], &upload, &upload, &pull, &wrong].concat());
}

/// A round trip ends with one broken step, the last.
async fn check_broken(fault: Fault, name: &str, problem: &str) {
    let answer = ask(&registry(fault).await, RegistryAction::RoundTrip).await.expect("an answer");
    let (last, before) = answer.steps.split_last().expect("steps");
    assert!(before.iter().all(|step| step.problem.is_none()), "{answer:?}");
    assert_eq!(last.name, name, "{answer:?}");
    let seen = last.problem.as_deref().expect("a problem");
    assert!(seen.contains(problem), "{seen}");
    assert_eq!(answer.seed, None);
}

#[tokio::test]
async fn a_sound_registry_holds_every_step() {
    check_sound(Fault::None).await;
}

#[tokio::test]
async fn a_location_may_name_another_host_or_be_relative() {
    check_sound(Fault::ForeignLocation).await;
    check_sound(Fault::RelativeLocation).await;
}

#[tokio::test]
async fn what_is_no_registry_breaks_at_base() {
    let missing = "header docker-distribution-api-version is missing, expected registry/2.0";
    check_broken(Fault::LacksHeader, "base", missing).await;
    check_broken(Fault::HasHomePage, "base", "bytes differ: expected {}, got <html>").await;
}

#[tokio::test]
async fn a_registry_that_takes_no_upload_breaks_there() {
    check_broken(Fault::ReadOnly, "upload blob", "expected 202, it says: read only").await;
    check_broken(Fault::Errs, "upload blob", "expected 202").await;
    check_broken(Fault::NoLocation, "upload blob", "header location is missing").await;
}

#[tokio::test]
async fn a_registry_that_loses_a_blob_breaks_at_head() {
    check_broken(Fault::ForgetsBlobs, "head blob", "expected 200").await;
}

#[tokio::test]
async fn a_registry_that_corrupts_a_blob_breaks_at_pull() {
    let problem = "bytes differ: from byte 65535 on, 65536 bytes expected, 65536 read";
    check_broken(Fault::CorruptsBlobs, "pull blob", problem).await;
    check_broken(Fault::CutsBlobs, "head blob", "header content-length is 65535, expected 65536").await;
}

#[tokio::test]
async fn a_registry_that_changes_a_manifest_breaks_there() {
    check_broken(Fault::RewritesManifests, "put manifest", "header docker-content-digest is sha256:").await;
    check_broken(Fault::CorruptsTags, "pull manifest", "bytes differ").await;
    check_broken(Fault::OtherContentType, "pull manifest", "header content-type is application/octet-stream").await;
}

#[tokio::test]
async fn a_registry_that_takes_a_wrong_digest_breaks_there() {
    check_broken(Fault::TakesAnyDigest, "wrong digest", "expected a refusal (4xx)").await;
    check_broken(Fault::KeepsRefused, "wrong digest", "expected 404").await;
}

#[tokio::test]
async fn what_was_pushed_can_be_pulled() {
    let base = registry(Fault::None).await;
    let seed = ask(&base, RegistryAction::Push).await.expect("an answer").seed.expect("a seed");
    assert_eq!(seed.blob_size, 65536);
    let pulled = ask(&base, RegistryAction::Pull(seed)).await.expect("an answer");
    assert!(pulled.steps.iter().all(|step| step.problem.is_none()), "{pulled:?}");
    assert_eq!(pulled.steps.len(), 2);
}

async fn check_pull(change: impl FnOnce(&mut Seed), fault: Fault, problem: &str) {
    let sound = registry(fault).await;
    let mut seed = ask(&sound, RegistryAction::Push).await.expect("an answer").seed.expect("a seed");
    change(&mut seed);
    let answer = ask(&sound, RegistryAction::Pull(seed)).await.expect("an answer");
    let problem_seen = answer.steps.last().and_then(|step| step.problem.clone()).expect("a problem");
    assert!(problem_seen.contains(problem), "{problem_seen}");
}

#[tokio::test]
async fn a_pull_compares_with_its_seed() {
    let absent = format!("sha256:{}", "0".repeat(64));
    check_pull(|seed| seed.blob_size -= 1, Fault::None, "expected 65535 bytes, got more than 65535").await;
    check_pull(|seed| seed.blob_size += 1, Fault::None, "expected 65537 bytes, got 65536").await;
    check_pull(|seed| seed.blob = absent.clone(), Fault::None, "expected 200").await;
    check_pull(|seed| seed.manifest = absent.clone(), Fault::None, "expected 200").await;
    check_pull(|_| (), Fault::CorruptsBlobs, "bytes differ: their digest is sha256:").await;
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_a_failure() {
    let base = format!("http://127.0.0.1:{}", test_server::closed_port());
    let failure = ask(&base, RegistryAction::RoundTrip).await.expect_err("refused");
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.message.starts_with(&format!("base (GET {base}/v2/): ")), "{failure:?}");
}
