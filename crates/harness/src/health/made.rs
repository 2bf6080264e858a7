//! One look at everything that a record of `up` names.

use super::{ONE_ANSWER, states};
use crate::bootstrap::{Mode, Record, Service, ServiceKind};
use futures::future::{join, join_all};
use seatrial_contracts::judge::wellness;
use seatrial_contracts::model::{Health, MadeHealth, ServiceHealth};
use seatrial_observation::{HttpSpec, ProbeSpec};
use std::time::Instant;

/// Asks all services of these records, and the API server or the engine for their states.
pub async fn look(records: &[Record]) -> Health {
    let started = Instant::now();
    let made = join_all(records.iter().map(made)).await;
    Health { made, seconds: started.elapsed().as_secs_f64() }
}

async fn made(record: &Record) -> MadeHealth {
    let looks = join_all(record.services.iter().map(service));
    let (states, looked_at) = join(states::look(record), looks).await;
    let of = |kind: ServiceKind| {
        let both = record.services.iter().zip(&looked_at);
        both.filter(|(service, _)| service.kind == kind).map(|(_, health)| health.clone()).collect()
    };
    MadeHealth {
        name: record.name.clone(),
        mode: mode(record.mode).to_owned(),
        chart: record.chart.clone(),
        release_name: record.release.clone(),
        namespace: record.namespace.clone(),
        services: of(ServiceKind::Registry),
        agents: of(ServiceKind::Agent),
        cluster: states.cluster,
        release: states.release,
        data: states.data,
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Kind => "kind",
        Mode::Docker => "docker",
    }
}

async fn service(service: &Service) -> ServiceHealth {
    let spec = HttpSpec::get(service.url.clone());
    let outcome = seatrial_probes::probe(&ProbeSpec::Http(spec), ONE_ANSWER).await;
    let (status, reason) = wellness(&outcome);
    ServiceHealth {
        name: service.name.clone(),
        status,
        reason,
        url: service.url.clone(),
        at: service.at.clone(),
        milliseconds: (outcome.took_ms * 10.0).round() / 10.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::{State, States};
    use seatrial_contracts::model::Wellness;
    use std::net::TcpListener;
    use std::time::Duration;

    fn record(urls: &[String]) -> Record {
        let service = |(number, url): (usize, &String)| Service {
            name: format!("service-{number}"),
            kind: if number == 0 { ServiceKind::Registry } else { ServiceKind::Agent },
            url: url.clone(),
            at: format!("container-{number}"),
        };
        Record {
            name: "pallet-dev".into(),
            mode: Mode::Docker,
            namespace: "pallet".into(),
            release: "registry".into(),
            chart: "pallet-registry".into(),
            kubeconfig: None,
            services: urls.iter().enumerate().map(service).collect(),
            states: States { release: State::Failed, ..States::default() },
            storage: None,
            logs: Vec::new(),
        }
    }

    /// Whoever accepts and is silent: a registry that SIGSTOP holds.
    #[tokio::test]
    async fn silent_services_are_asked_at_once_and_told_in_time() {
        let silent: Vec<_> = (0..4).map(|_| TcpListener::bind("127.0.0.1:0").expect("bind")).collect();
        let urls: Vec<_> = silent.iter().map(|one| format!("http://{}/", one.local_addr().expect("address"))).collect();
        let started = Instant::now();
        let health = look(&[record(&urls)]).await;
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        let all: Vec<_> = health.made[0].looked_at().collect();
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|one| one.status == Wellness::Unhealthy && one.reason.is_some()), "{all:?}");
        assert_eq!((health.made[0].services.len(), health.made[0].agents.len()), (1, 3));
    }

    #[tokio::test]
    async fn a_closed_port_is_unhealthy_and_says_so() {
        let closed = TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
        let health = look(&[record(&[format!("http://{closed}/")])]).await;
        assert_eq!(health.status(), Some(Wellness::Unhealthy));
        let reason = health.made[0].services[0].reason.clone().expect("a reason");
        assert!(reason.contains("refused"), "{reason}");
    }
}
