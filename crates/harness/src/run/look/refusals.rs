//! `refuses`: values are given to `helm template`, objects to the API server as a dry run. Nothing is changed.

use super::Looker;
use crate::helm::Helm;
use crate::readiness::{name_of, text};
use crate::release::{ApiError, Stage};
use crate::run::address::error;
use crate::run::faults::objects_of;
use camino::Utf8PathBuf;
use indexmap::IndexMap;
use seatrial_contracts::model::{Kind, Refusal, Refused};
use seatrial_observation::{Answered, LookError, Seen};
use serde_json::Value;

/// How an API server answers what it may not let in: forbidden by a policy, a webhook or a quota, bad to a webhook or to
/// strict decoding, invalid by a schema. Any other answer says nothing about the object.
const REFUSALS: [u16; 3] = [400, 403, 422];

/// What Helm says to each of the values among them.
pub(in crate::run) async fn by_helm(
    helm: &Helm,
    stage: &Stage<'_>,
    refusals: &[Refusal],
) -> Result<Vec<Answered>, LookError> {
    let mut answers = Vec::new();
    for (of, refusal) in refusals.iter().enumerate() {
        if let Refused::Values(values) = &refusal.what {
            answers.push(by_template(helm, stage, of, values).await?);
        }
    }
    Ok(answers)
}

async fn by_template(
    helm: &Helm,
    stage: &Stage<'_>,
    of: usize,
    values: &IndexMap<String, Value>,
) -> Result<Answered, LookError> {
    let mut set = stage.environment.set.clone();
    set.extend(values.iter().map(|(key, value)| (key.clone(), value.clone())));
    let files: Vec<Utf8PathBuf> = stage.files();
    let finished = helm.template(&stage.template(&files, &set)).await.map_err(|failed| error(failed.to_string()))?;
    let what = values.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ");
    let refusal = match finished.code {
        Some(0) => None,
        Some(_) => Some(finished.tail().to_owned()),
        None => return Err(error(format!("{what}: Helm was ended by a signal or a time-out"))),
    };
    Ok(Answered { what, of, refusal })
}

impl Looker<'_> {
    pub(super) async fn refusals(&self, refusals: &[Refusal]) -> Result<Seen, LookError> {
        let (site, stage) = (self.targets.site, self.targets.stage);
        let mut answers = by_helm(&site.helm, &stage, refusals).await?;
        for (of, refusal) in refusals.iter().enumerate() {
            if let Refused::Objects(files) = &refusal.what {
                answers.extend(self.by_server(of, files).await?);
            }
        }
        Ok(Seen::Refusals(answers))
    }

    async fn by_server(&self, of: usize, files: &[String]) -> Result<Vec<Answered>, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let mut answers = Vec::new();
        for (file, object) in objects_of(self, files).map_err(error)? {
            let refusal = match site.objects.dry_run(namespace, &object).await {
                Ok(()) => None,
                Err(ApiError::Refused { source, .. }) if is_refusal(&source) => Some(words(&source)),
                Err(other) => return Err(other.into()),
            };
            let kind = Kind::short(text(&object, "/kind"));
            answers.push(Answered { what: format!("{file}: {kind}/{}", name_of(&object)), of, refusal });
        }
        Ok(answers)
    }
}

/// That we may not ask is no answer about the object.
fn is_refusal(answer: &kube::Error) -> bool {
    matches!(answer, kube::Error::Api(status) if REFUSALS.contains(&status.code) && !status.message.contains("is forbidden: User "))
}

fn words(answer: &kube::Error) -> String {
    match answer {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    fn answer(code: u16, message: &str) -> kube::Error {
        kube::Error::Api(Box::new(Status::failure(message, "").with_code(code)))
    }

    #[test]
    fn only_what_is_said_of_the_object_is_a_refusal() {
        for (code, message, expected) in [
            (422, "Widget.acme.io \"x\" is invalid: spec.size: Required value", true),
            (403, "admission webhook \"w\" denied the request: replicas must be odd", true),
            (400, "strict decoding error: unknown field \"spec.sise\"", true),
            (403, "widgets.acme.io is forbidden: User \"bob\" cannot patch resource", false),
            (409, "conflict", false),
            (500, "failed calling webhook", false),
        ] {
            assert_eq!(is_refusal(&answer(code, message)), expected, "{code} {message}");
        }
    }
}
