//! One program beside a release with everything looked up, and the wait for its first answer.

use super::BesideError;
use crate::bootstrap::{Service, ServiceKind};
use crate::events::Events;
use crate::tools::{ToolError, named_image};
use seatrial_contracts::model::{Beside, ClusterSpec, Target};
use seatrial_observation::{HttpSpec, Look, ProbeAnswer, ProbeOutcome, ProbeSpec, Reason};
use seatrial_probes::wait::{self, Patience};
use std::convert::Infallible;
use std::time::Duration;

/// How long a program may take from its start to its first answer.
const GIVE_UP: Duration = Duration::from_secs(30);

/// How long one answer may take.
const ONE_ANSWER: Duration = Duration::from_secs(2);

/// A program with its image's tag and the values of its variables.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) port: u16,
    pub(super) health: String,
    pub(super) env: Vec<(String, String)>,
}

/// All that a contract wants and that can run here. What has no image yet is told of and left out: `setup` makes it,
/// and the release is there without it.
pub(super) async fn all(
    spec: &ClusterSpec,
    address: &impl Fn(&Target) -> Option<String>,
    events: &Events,
) -> Result<Vec<Wanted>, BesideError> {
    let mut all = Vec::new();
    for (name, beside) in &spec.beside {
        match Wanted::of(name, beside, address).await {
            Err(BesideError::Image(missing @ ToolError::Missing { .. })) => {
                events.warn(format!("{name} is not started: {missing}"));
            }
            wanted => all.push(wanted?),
        }
    }
    Ok(all)
}

impl Wanted {
    /// What a contract wants, with its addresses as they are where it runs.
    async fn of(
        name: &str,
        beside: &Beside,
        address: &impl Fn(&Target) -> Option<String>,
    ) -> Result<Self, BesideError> {
        let value = |(variable, text): (&String, &seatrial_contracts::model::EnvText)| {
            let named = |name: &str| std::env::var(name).ok();
            Ok((variable.clone(), text.with(address, named).map_err(|part| BesideError::unknown(name, part))?))
        };
        Ok(Self {
            name: name.to_owned(),
            image: named_image(&beside.image).await?,
            port: beside.port,
            health: beside.health.clone(),
            env: beside.env.iter().map(value).collect::<Result<_, BesideError>>()?,
        })
    }

    /// As the record of `up` keeps it.
    pub(super) fn service(&self, at: String) -> Service {
        Service { name: self.name.clone(), kind: ServiceKind::Agent, url: self.url(), at }
    }

    /// Waits until it answers on this host with success.
    pub(super) async fn until_answering(&self) -> Result<(), BesideError> {
        let spec = HttpSpec::get(self.url());
        let spec = ProbeSpec::Http(spec);
        let patience = Patience::backoff(GIVE_UP, Duration::from_millis(10), Duration::from_millis(100));
        let answered = wait::until(&patience, async || {
            Ok::<_, Infallible>(is_answer(&seatrial_probes::probe(&spec, ONE_ANSWER).await))
        });
        let (name, url) = (self.name.clone(), self.url());
        answered.await.map_err(|source| BesideError::NoAnswer { name, url, source: Box::new(source) })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.health)
    }
}

fn is_answer(outcome: &ProbeOutcome) -> Look<()> {
    match &outcome.result {
        Ok(ProbeAnswer::Http(answer)) if (200..300).contains(&answer.status) => Look::Ready(()),
        Ok(ProbeAnswer::Http(answer)) => Look::Pending(Reason::new(format!("it answers {}", answer.status))),
        Ok(_) => Look::Doomed(Reason::new("it was not asked over HTTP")),
        Err(failure) => Look::Pending(Reason::new(failure.message.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexMap;
    use seatrial_contracts::model::{EnvPart, EnvText};

    #[tokio::test]
    async fn addresses_are_looked_up_and_a_missing_one_is_named() {
        let target: Target = "svc/registry:http".parse().expect("a target");
        let parts = vec![EnvPart::Text("http://".into()), EnvPart::Address(target)];
        let env = IndexMap::from([("REGISTRY_URL".to_owned(), EnvText(parts))]);
        let beside = Beside { image: "agent:1".into(), port: 8001, health: "/health".into(), env };
        let wanted = Wanted::of("agent", &beside, &|_| Some("registry:5000".to_owned())).await.expect("an address");
        assert_eq!(wanted.env, [("REGISTRY_URL".to_owned(), "http://registry:5000".to_owned())]);
        assert_eq!(wanted.service("deploy/agent".to_owned()).url, "http://127.0.0.1:8001/health");
        let parts = vec![EnvPart::Variable("SEATRIAL_NOBODY_SETS_THIS".to_owned())];
        let unset = Beside { env: IndexMap::from([("X".to_owned(), EnvText(parts))]), ..beside.clone() };
        let error = Wanted::of("agent", &unset, &|_| None).await.expect_err("no variable");
        let expected = "cluster.beside.agent: the environment variable SEATRIAL_NOBODY_SETS_THIS is not set";
        assert_eq!(error.to_string(), expected);
        let error = Wanted::of("agent", &beside, &|_| None).await.expect_err("no address");
        assert_eq!(error.to_string(), "cluster.beside.agent: svc/registry:http has no address here");
    }
}
