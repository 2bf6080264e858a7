//! The registry probe: the OCI distribution protocol (spec 1.1, plain HTTP), step by step. The first step that
//! does not hold ends the talk and says why; a registry that cannot be talked to at all is a failure.

mod content;
mod expect;
mod talk;

use crate::probe::Deadline;
use content::{Artefact, MANIFEST_TYPE, REPOSITORY, digest_of, random_hex};
use expect::Expect;
use seatrial_observation::{ProbeFailure, RegistryAction, RegistryAnswer, RegistrySpec, Seed};
use talk::{End, Talk};

/// Does what the spec asks, over a connection for each request.
pub(crate) async fn talk(spec: &RegistrySpec, deadline: Deadline) -> Result<RegistryAnswer, ProbeFailure> {
    let mut talk = Talk::new(&spec.base, deadline)?;
    let ended = match &spec.action {
        RegistryAction::RoundTrip => round_trip(&mut talk).await.map(Some),
        RegistryAction::Push => push(&mut talk).await.map(|artefact| Some(artefact.seed())),
        RegistryAction::Pull(seed) => pull(&mut talk, seed).await.map(|()| None),
    };
    match ended {
        Ok(seed) => Ok(RegistryAnswer { steps: talk.steps, seed }),
        Err(End::Broken) => Ok(RegistryAnswer { steps: talk.steps, seed: None }),
        Err(End::Failed(failure)) => Err(failure),
    }
}

async fn round_trip(talk: &mut Talk) -> Result<Seed, End> {
    base(talk).await?;
    let artefact = push(talk).await?;
    pull_artefact(talk, &artefact).await?;
    wrong_digest(talk).await?;
    Ok(artefact.seed())
}

async fn base(talk: &mut Talk) -> Result<(), End> {
    let request = talk.get("/v2/")?;
    let expect = Expect::status(200).header("docker-distribution-api-version", "registry/2.0").body(b"{}");
    talk.step("base", request, expect).await.map(drop)
}

async fn push(talk: &mut Talk) -> Result<Artefact, End> {
    let artefact = Artefact::random();
    upload(talk, &artefact.blob).await?;
    upload(talk, &artefact.config).await?;
    let path = format!("/v2/{REPOSITORY}/manifests/{}", artefact.tag);
    let request = talk.put(&path)?.header("content-type", MANIFEST_TYPE)?.body(artefact.manifest.clone());
    let expect = Expect::status(201).digest(&digest_of(&artefact.manifest));
    talk.step("put manifest", request, expect).await?;
    Ok(artefact)
}

async fn upload(talk: &mut Talk, bytes: &[u8]) -> Result<(), End> {
    let digest = digest_of(bytes);
    let request = talk.upload("upload blob", bytes, &digest).await?;
    talk.step("upload blob", request, Expect::status(201).digest(&digest)).await?;
    let request = talk.head(&blob_path(REPOSITORY, &digest))?;
    talk.step("head blob", request, Expect::status(200).length(bytes.len())).await.map(drop)
}

async fn pull_artefact(talk: &mut Talk, artefact: &Artefact) -> Result<(), End> {
    let request = talk.get(&blob_path(REPOSITORY, &digest_of(&artefact.blob)))?;
    talk.step("pull blob", request, Expect::status(200).body(&artefact.blob)).await?;
    for reference in [&artefact.tag, &digest_of(&artefact.manifest)] {
        let path = format!("/v2/{REPOSITORY}/manifests/{reference}");
        let request = talk.get(&path)?.header("accept", MANIFEST_TYPE)?;
        let expect = Expect::status(200).header("content-type", MANIFEST_TYPE).body(&artefact.manifest);
        talk.step("pull manifest", request, expect).await?;
    }
    Ok(())
}

async fn pull(talk: &mut Talk, seed: &Seed) -> Result<(), End> {
    let mut request = talk.get(&blob_path(&seed.repository, &seed.blob))?;
    request.limit = usize::try_from(seed.blob_size).unwrap_or(usize::MAX);
    let expect = Expect::status(200).sized(seed.blob_size).hashed(&seed.blob);
    talk.step("pull blob", request, expect).await?;
    let path = format!("/v2/{}/manifests/{}", seed.repository, seed.manifest);
    let request = talk.get(&path)?.header("accept", MANIFEST_TYPE)?;
    talk.step("pull manifest", request, Expect::status(200).hashed(&seed.manifest)).await.map(drop)
}

/// Bytes that don't match their digest must be refused, and must not be found afterwards, under neither name.
async fn wrong_digest(talk: &mut Talk) -> Result<(), End> {
    let bytes = random_hex(32).into_bytes();
    let wrong = digest_of(random_hex(32).as_bytes());
    let request = talk.upload("wrong digest", &bytes, &wrong).await?;
    talk.step("wrong digest", request, Expect::refusal()).await?;
    for digest in [wrong, digest_of(&bytes)] {
        let request = talk.head(&blob_path(REPOSITORY, &digest))?;
        talk.step("wrong digest", request, Expect::status(404)).await?;
    }
    Ok(())
}

fn blob_path(repository: &str, digest: &str) -> String {
    format!("/v2/{repository}/blobs/{digest}")
}

#[cfg(test)]
mod tests;
