//! A talk with a registry: requests, what each answer must be, and the record of the steps.

use super::content::REPOSITORY;
use super::expect::Expect;
use crate::exchange::{Request, Response, exchange};
use crate::failure;
use crate::probe::Deadline;
use reqwest::Url;
use seatrial_observation::{ProbeFailure, RegistryStep};

/// The most bytes of an answer to read, where the request does not say.
const LIMIT: usize = 1 << 20;

/// Why a talk ended early.
pub(super) enum End {
    /// A step did not hold; it is the last of the steps.
    Broken,
    /// There was no answer, or it was not HTTP.
    Failed(ProbeFailure),
}

impl From<ProbeFailure> for End {
    fn from(failure: ProbeFailure) -> Self {
        Self::Failed(failure)
    }
}

/// A talk under way.
pub(super) struct Talk {
    base: Url,
    deadline: Deadline,
    /// The steps so far.
    pub(super) steps: Vec<RegistryStep>,
}

impl Talk {
    pub(super) fn new(base: &str, deadline: Deadline) -> Result<Self, ProbeFailure> {
        let base = base.parse().map_err(|error| failure::protocol(format!("not a URL: {base}: {error}")))?;
        Ok(Self { base, deadline, steps: Vec::new() })
    }

    pub(super) fn get(&self, path: &str) -> Result<Request, ProbeFailure> {
        self.request("GET", path)
    }

    pub(super) fn head(&self, path: &str) -> Result<Request, ProbeFailure> {
        self.request("HEAD", path)
    }

    pub(super) fn put(&self, path: &str) -> Result<Request, ProbeFailure> {
        self.request("PUT", path)
    }

    fn request(&self, method: &str, path: &str) -> Result<Request, ProbeFailure> {
        let base = self.base.as_str().trim_end_matches('/');
        Request::parse(method, &format!("{base}{path}"), LIMIT)
    }

    /// Begins an upload; the request that sends the bytes and claims the digest for them.
    pub(super) async fn upload(&mut self, name: &str, bytes: &[u8], digest: &str) -> Result<Request, End> {
        let begin = self.request("POST", &format!("/v2/{REPOSITORY}/blobs/uploads/"))?.header("content-length", "0")?;
        let asked = begin.url.clone();
        let response = self.step(name, begin, Expect::status(202).has("location")).await?;
        let Some(mut url) = self.located(&asked, &response.headers["location"]) else {
            return Err(self.broken(format!("location {} is no URL", response.headers["location"])));
        };
        let query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        url.set_query(Some(&format!("{query}digest={digest}")));
        let send = Request::parse("PUT", url.as_str(), LIMIT)?.header("content-type", "application/octet-stream")?;
        Ok(send.body(bytes))
    }

    /// Where an upload goes on: path and query are the registry's word, scheme, host and port are ours, since a
    /// registry behind a forward or a Service knows itself by another address.
    fn located(&self, asked: &Url, location: &str) -> Option<Url> {
        let theirs = asked.join(location).ok()?;
        let mut ours = self.base.clone();
        ours.set_path(theirs.path());
        ours.set_query(theirs.query());
        Some(ours)
    }

    /// Sends a request and records the step; an answer that is not as expected ends the talk.
    pub(super) async fn step(&mut self, name: &str, request: Request, expect: Expect<'_>) -> Result<Response, End> {
        let line = request.line();
        let response = exchange(request, self.deadline).await.map_err(|failure| in_step(name, &line, &failure))?;
        let (status, problem) = (response.status, expect.problem(&response));
        let is_sound = problem.is_none();
        self.steps.push(RegistryStep { name: name.to_owned(), request: line, status, problem });
        if is_sound { Ok(response) } else { Err(End::Broken) }
    }

    fn broken(&mut self, problem: String) -> End {
        if let Some(step) = self.steps.last_mut() {
            step.problem = Some(problem);
        }
        End::Broken
    }
}

fn in_step(name: &str, line: &str, failure: &ProbeFailure) -> End {
    let message = format!("{name} ({line}): {}", failure.message);
    End::Failed(ProbeFailure { kind: failure.kind, message })
}
