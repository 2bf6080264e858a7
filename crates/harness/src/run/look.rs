//! One look at a check: what is asked, and what was seen. Looking never judges.

use super::address::{Address, Addresses, From, error};
use super::cgroup;
use super::targets::{Targets, chosen};
use crate::readiness::{self, History, name_of, text};
use crate::release::Mirror;
use indexmap::IndexMap;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use seatrial_contracts::model::{
    Check, HttpStep, LogsCheck, Name, ReadyOf, RegistryCheck, RegistryTalk, RunCheck, Target, UsageOf,
};
use seatrial_observation::{
    DnsSpec, Found, HttpAnswer, HttpSpec, LogStream, LookError, ObjectLook, ProbeAnswer, ProbeOutcome, ProbeSpec,
    RegistryAction, RegistrySpec, Seed, Seen, TcpSpec, Usage,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long one probe may take.
const PROBE: Duration = Duration::from_secs(5);

/// How long a TCP connect may take. One that began before kube-proxy wrote its rules is never answered, not even when
/// the kernel sends it again: only a new one tells.
const CONNECT: Duration = Duration::from_secs(1);

/// A talk of many steps takes longer.
const TALK: Duration = Duration::from_secs(20);

/// The most lines of one log.
const LINES: i64 = 10_000;

/// Looks for one clause; what it learns on the way (cookies aside) lasts as long as the clause.
pub(super) struct Looker<'a> {
    pub(super) targets: Targets<'a>,
    pub(super) addresses: Addresses<'a>,
    pub(super) tolerates: &'a [String],
    /// What pushes remembered.
    pub(super) seeds: IndexMap<String, Seed>,
    /// Since when logs count: what was said before `when` does not.
    pub(super) logs_since: Option<Timestamp>,
    mirror: Option<(Mirror, History, Instant)>,
    last_summary: String,
}

impl<'a> Looker<'a> {
    pub(super) fn new(targets: Targets<'a>, addresses: Addresses<'a>, tolerates: &'a [String]) -> Self {
        let (seeds, last_summary) = (IndexMap::new(), String::new());
        Self { targets, addresses, tolerates, seeds, logs_since: None, mirror: None, last_summary }
    }

    /// Something happened: what watches knew before is old.
    pub(super) fn begin_anew(&mut self) {
        self.mirror = None;
    }

    /// One look.
    pub(super) async fn look(&mut self, check: &Check) -> Result<Seen, LookError> {
        match check {
            Check::Http(steps) => self.http(&steps.0).await,
            Check::Tcp(tcp) => self.tcp(&tcp.to).await,
            Check::Dns(targets) => self.dns(targets).await,
            Check::Registry(registry) => self.registry(registry).await,
            Check::Ready(of) => self.ready(of).await,
            Check::Object(expected) => self.found(expected.0.iter().map(|(target, _)| target)).await,
            Check::Restarts(expected) => self.pods(expected.iter().map(|(target, _)| target)).await,
            Check::Logs(logs) => self.logs(logs).await,
            Check::Usage(usage) => self.usage(&usage.of).await,
            Check::Leaves(_) => self.left().await,
            Check::Run(run) => self.run(run).await,
            Check::Rendered(_) | Check::Objects(_) | Check::Refuses(_) | Check::Holds(_) => {
                Err(error("this check is judged on the files, there is nothing to look at".to_owned()))
            }
        }
    }

    async fn probe(&self, from: From, spec: &ProbeSpec, timeout: Duration) -> Result<ProbeOutcome, LookError> {
        let site = self.targets.site;
        let timeout = timeout.mul_f64(site.slow.max(1.0));
        match from {
            From::Here => Ok(seatrial_probes::probe(spec, timeout).await),
            From::Pod => {
                let prober = site.prober(self.targets.stage.namespace());
                prober.ask(spec, timeout).await.map_err(|failed| error(failed.to_string()))
            }
        }
    }

    /// A session: cookies are kept, and the first step that fails to answer ends it.
    async fn http(&self, steps: &[HttpStep]) -> Result<Seen, LookError> {
        let mut outcomes: Vec<ProbeOutcome> = Vec::new();
        let mut cookies = IndexMap::new();
        for step in steps {
            let address = self.addresses.of(&step.to).await?;
            let spec = self.http_spec(step, &address, &cookies).await?;
            let outcome = self.probe(address.from, &ProbeSpec::Http(spec), PROBE).await?;
            let is_over = match &outcome.result {
                Ok(ProbeAnswer::Http(answer)) => {
                    keep_cookies(answer, &mut cookies);
                    false
                }
                _ => step.failure.is_none(),
            };
            outcomes.push(outcome);
            if is_over {
                break;
            }
        }
        Ok(Seen::Probes(outcomes))
    }

    async fn http_spec(
        &self,
        step: &HttpStep,
        address: &Address,
        cookies: &IndexMap<String, String>,
    ) -> Result<HttpSpec, LookError> {
        let mut headers = IndexMap::new();
        for (name, value) in &step.headers {
            headers.insert(name.clone(), self.filled(value).await?);
        }
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert("cookie".to_owned(), pairs.join("; "));
        }
        let body = match &step.body {
            Some(body) => Some(self.filled(body).await?),
            None => None,
        };
        let path = if address.path.is_empty() { "/" } else { &address.path };
        let url = format!("{}{}", address.base(), self.filled(path).await?);
        Ok(HttpSpec { method: step.method.clone(), url, headers, body })
    }

    /// Puts values of Secrets in the place of `$(secret/NAME.key)`. They are known to the redactor first.
    async fn filled(&self, text: &str) -> Result<String, LookError> {
        let mut filled = text.to_owned();
        while let Some((before, rest)) = filled.split_once("$(secret/") {
            let Some((reference, after)) = rest.split_once(')') else { break };
            let value = self.secret(reference).await?;
            filled = format!("{before}{value}{after}");
        }
        Ok(filled)
    }

    async fn secret(&self, reference: &str) -> Result<String, LookError> {
        let missing = || error(format!("$(secret/{reference}): there is no such Secret or key"));
        let (name, key) = reference.split_once('.').ok_or_else(missing)?;
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let secret = site.objects.get("Secret", namespace, name).await.map_err(|refused| error(refused.to_string()))?;
        let secret = secret.ok_or_else(missing)?;
        site.evidence.learn_rendered(std::slice::from_ref(&secret));
        let encoded = secret["data"][key].as_str().ok_or_else(missing)?;
        let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded);
        String::from_utf8(decoded.map_err(|_| missing())?).map_err(|_| missing())
    }

    async fn tcp(&self, target: &Target) -> Result<Seen, LookError> {
        let address = self.addresses.of(target).await?;
        let spec = ProbeSpec::Tcp(TcpSpec { host: address.host, port: address.port });
        Ok(Seen::Probes(vec![self.probe(address.from, &spec, CONNECT).await?]))
    }

    /// A Service by its three names: short, with its namespace, and in full.
    async fn dns(&self, targets: &[Target]) -> Result<Seen, LookError> {
        let mut outcomes = Vec::new();
        for target in targets {
            let address = self.addresses.of(target).await?;
            let Target::Service { name, .. } = target else {
                return Err(error(format!("{target} has no name in the cluster's DNS")));
            };
            let service = self.addresses.find(name).await?;
            let (name, namespace) = (name_of(&service).to_owned(), self.targets.stage.namespace());
            let names =
                vec![name.clone(), format!("{name}.{namespace}"), format!("{name}.{namespace}.svc.cluster.local")];
            let spec = ProbeSpec::Dns(DnsSpec { names, port: Some(address.port) });
            outcomes.push(self.probe(From::Pod, &spec, PROBE).await?);
        }
        Ok(Seen::Probes(outcomes))
    }

    async fn registry(&self, check: &RegistryCheck) -> Result<Seen, LookError> {
        let action = match &check.talk {
            RegistryTalk::RoundTrip => RegistryAction::RoundTrip,
            RegistryTalk::Pull { name, seed } => {
                let seed = seed.as_ref().or_else(|| self.seeds.get(name)).cloned();
                RegistryAction::Pull(seed.ok_or_else(|| error(format!("nothing was pushed as `{name}`")))?)
            }
        };
        Ok(Seen::Probes(vec![self.talk(&check.at, action).await?]))
    }

    pub(super) async fn talk(&self, at: &Target, action: RegistryAction) -> Result<ProbeOutcome, LookError> {
        let address = self.addresses.of(at).await?;
        let spec = ProbeSpec::Registry(RegistrySpec { base: address.base(), action });
        self.probe(address.from, &spec, TALK).await
    }

    async fn ready(&mut self, of: &ReadyOf) -> Result<Seen, LookError> {
        Ok(Seen::Readiness(self.readiness(of).await?))
    }

    async fn readiness(&mut self, of: &ReadyOf) -> Result<Vec<ObjectLook>, LookError> {
        let judged = self.targets.stage.judged();
        let wanted = match of {
            ReadyOf::Release => judged.clone(),
            ReadyOf::Targets(targets) => chosen(judged.clone(), targets),
        };
        if self.mirror.is_none() {
            let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
            let opened = Mirror::open(&site.objects, namespace, &judged).await;
            let opened = opened.map_err(|refused| error(refused.to_string()))?;
            self.mirror = Some((opened, History::default(), Instant::now()));
        }
        let Some((mirror, history, start)) = &mut self.mirror else { return Ok(Vec::new()) };
        Ok(readiness::release(&wanted, &mirror.snapshot(), history, start.elapsed(), self.tolerates))
    }

    async fn found(&self, targets: impl Iterator<Item = &Target>) -> Result<Seen, LookError> {
        let mut found = Vec::new();
        for target in targets {
            found.push(Found { target: target.to_string(), objects: self.targets.objects(target).await? });
        }
        Ok(Seen::Objects(found))
    }

    async fn pods(&self, targets: impl Iterator<Item = &Target>) -> Result<Seen, LookError> {
        let mut found = Vec::new();
        for target in targets {
            found.push(Found { target: target.to_string(), objects: self.targets.pods(target).await? });
        }
        Ok(Seen::Objects(found))
    }

    async fn left(&self) -> Result<Seen, LookError> {
        let left = self.targets.site.left(&self.targets.stage).await.map_err(|refused| error(refused.to_string()))?;
        let objects = left.into_iter().map(crate::evidence::masked).collect();
        Ok(Seen::Objects(vec![Found { target: "release".to_owned(), objects }]))
    }

    async fn logs(&self, check: &LogsCheck) -> Result<Seen, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        if !site.evidence.learn(&site.objects, namespace).await {
            return Err(error("the namespace's Secrets can't be read, so no log is either".to_owned()));
        }
        let everything = Target::Object { kind: seatrial_contracts::model::Kind::PodTemplates, name: Name::All };
        let pods = self.targets.pods(check.of.as_ref().unwrap_or(&everything)).await?;
        let mut streams = Vec::new();
        for pod in &pods {
            for status in containers(pod) {
                let restarts = status["restartCount"].as_i64().unwrap_or(0);
                for is_previous in [true, false].into_iter().filter(|previous| !previous || restarts > 0) {
                    streams.extend(self.stream(pod, text(status, "/name"), is_previous).await?);
                }
            }
        }
        Ok(Seen::Logs(streams))
    }

    async fn stream(&self, pod: &Value, container: &str, is_previous: bool) -> Result<Option<LogStream>, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let params = LogParams {
            container: Some(container.to_owned()),
            previous: is_previous,
            tail_lines: Some(LINES),
            since_time: self.logs_since,
            ..LogParams::default()
        };
        let api: Api<Pod> = Api::namespaced(site.objects.client.clone(), namespace);
        let log = match api.logs(name_of(pod), &params).await {
            Ok(log) => site.evidence.clean(&log),
            // Not started yet, or the previous run's log is gone: there is nothing to be read.
            Err(kube::Error::Api(status)) if status.code == 400 || status.code == 404 => return Ok(None),
            Err(refused) => return Err(error(format!("log of pod/{} {container}: {refused}", name_of(pod)))),
        };
        let lines = log.lines().map(ToOwned::to_owned).collect();
        Ok(Some(LogStream { pod: name_of(pod).to_owned(), container: container.to_owned(), is_previous, lines }))
    }

    async fn usage(&mut self, of: &UsageOf) -> Result<Seen, LookError> {
        let site = self.targets.site;
        if *of == UsageOf::Node {
            let Some(node) = site.cluster.nodes.first() else {
                return Err(error("the provider gives no access to the node".to_owned()));
            };
            let used = self.cgroups(node, &BTreeMap::from([("/".to_owned(), "node".to_owned())])).await?;
            return Ok(Seen::Usage(used));
        }
        let everything = Target::Object { kind: seatrial_contracts::model::Kind::PodTemplates, name: Name::All };
        let pods = match of {
            UsageOf::Workload(target) => self.targets.pods(target).await?,
            _ => self.targets.pods(&everything).await?,
        };
        if !site.cluster.capabilities.node_access {
            return self.summaries(&pods).await.map(Seen::Usage);
        }
        let mut used = Vec::new();
        for (node, ids) in running_containers(&pods) {
            used.extend(self.cgroups(&node, &ids).await?);
        }
        Ok(Seen::Usage(used))
    }

    /// Container id → what it is.
    async fn cgroups(&self, node: &str, ids: &BTreeMap<String, String>) -> Result<Vec<Usage>, LookError> {
        let asked: Vec<String> = ids.keys().cloned().collect();
        let cmd = crate::command::Cmd::new(&self.targets.site.tools.docker)
            .args(["exec", node, "sh", "-c", cgroup::SCRIPT, "cgroup"])
            .args(&asked)
            .timeout(PROBE);
        let printed = cmd.run_ok().await.map_err(|failed| error(failed.to_string()))?;
        let memory = cgroup::parse(&printed.stdout);
        if let Some(missing) = cgroup::missing(&asked, &memory) {
            return Err(error(missing));
        }
        let usage = memory.into_iter().map(|one| Usage {
            of: ids.get(&one.id).cloned().unwrap_or(one.id),
            working_set_bytes: one.working_set,
            limit_bytes: one.limit,
        });
        Ok(usage.collect())
    }

    /// The kubelet's own figures; it refreshes them every 10 to 15 s, and the same figure twice is one sample.
    async fn summaries(&mut self, pods: &[Value]) -> Result<Vec<Usage>, LookError> {
        let (mut used, mut stamp) = (Vec::new(), String::new());
        for (node, ids) in running_containers(pods) {
            let path = format!("/api/v1/nodes/{node}/proxy/stats/summary");
            let request = http::Request::get(path).body(Vec::new()).map_err(|broken| error(broken.to_string()))?;
            let summary: Value = self
                .targets
                .site
                .objects
                .client
                .request(request)
                .await
                .map_err(|refused| error(refused.to_string()))?;
            for (name, memory) in of_summary(&summary, self.targets.stage.namespace()) {
                if ids.values().any(|known| *known == name) {
                    stamp.push_str(text(memory, "/time"));
                    let working_set_bytes = memory["workingSetBytes"].as_u64().unwrap_or(0);
                    used.push(Usage { of: name, working_set_bytes, limit_bytes: None });
                }
            }
        }
        if stamp == self.last_summary {
            return Err(error("the kubelet has no newer figures yet".to_owned()));
        }
        self.last_summary = stamp;
        Ok(used)
    }

    async fn run(&self, check: &RunCheck) -> Result<Seen, LookError> {
        let (site, stage) = (self.targets.site, &self.targets.stage);
        let Some((program, args)) = check.command.split_first() else {
            return Err(error("there is no command".to_owned()));
        };
        let cmd = site.cluster.command(program).args(args).cwd(&stage.chart.path);
        let cmd = cmd.env("SEATRIAL_NAMESPACE", stage.namespace()).env("SEATRIAL_RELEASE", stage.release());
        let limit = stage.chart.timeouts.clause.mul_f64(site.slow.max(1.0));
        let finished = cmd.timeout(limit).run().await.map_err(|failed| error(failed.to_string()))?;
        site.evidence.learn(&site.objects, stage.namespace()).await;
        Ok(Seen::Command(site.evidence.command_seen(&finished)))
    }
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let fields = ["/status/initContainerStatuses", "/status/containerStatuses"].into_iter();
    fields.filter_map(|field| pod.pointer(field)?.as_array()).flatten()
}

/// Node → container id → `pod/x container/y`, of what runs now.
fn running_containers(pods: &[Value]) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut nodes: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for pod in pods {
        for status in containers(pod).filter(|status| status.pointer("/state/running").is_some()) {
            let id = text(status, "/containerID").rsplit('/').next().unwrap_or_default().to_owned();
            let name = format!("pod/{} container/{}", name_of(pod), text(status, "/name"));
            nodes.entry(text(pod, "/spec/nodeName").to_owned()).or_default().insert(id, name);
        }
    }
    nodes
}

fn of_summary<'a>(summary: &'a Value, namespace: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
    let pods = summary["pods"].as_array().into_iter().flatten();
    let ours = pods.filter(move |pod| text(pod, "/podRef/namespace") == namespace);
    ours.flat_map(|pod| {
        let containers = pod["containers"].as_array().into_iter().flatten();
        containers.map(move |one| {
            (format!("pod/{} container/{}", text(pod, "/podRef/name"), text(one, "/name")), &one["memory"])
        })
    })
}

/// `set-cookie` of an answer; repeated ones are joined by `, ` and each begins with `name=value`.
fn keep_cookies(answer: &HttpAnswer, cookies: &mut IndexMap<String, String>) {
    let Some(header) = answer.headers.get("set-cookie") else { return };
    for cookie in header.split(", ") {
        let pair = cookie.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.contains(' ')) {
            cookies.insert(name.trim().to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cookies_of_a_session_are_kept() {
        let headers = [("set-cookie".to_owned(), "a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, b=2".to_owned())];
        let answer = HttpAnswer { status: 200, headers: headers.into(), body: String::new(), is_truncated: false };
        let mut cookies = IndexMap::new();
        keep_cookies(&answer, &mut cookies);
        assert_eq!(cookies, IndexMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]));
    }

    #[test]
    fn only_running_containers_use_memory() {
        let pod = json!({
            "metadata": { "name": "web-0" }, "spec": { "nodeName": "n1" },
            "status": { "containerStatuses": [
                { "name": "web", "containerID": "containerd://abc", "state": { "running": {} } },
                { "name": "old", "containerID": "containerd://def", "state": { "terminated": {} } },
            ] },
        });
        let expected = BTreeMap::from([("abc".to_owned(), "pod/web-0 container/web".to_owned())]);
        assert_eq!(running_containers(&[pod]), BTreeMap::from([("n1".to_owned(), expected)]));
    }

    #[test]
    fn the_kubelets_summary_is_read_for_one_namespace() {
        let pod = |namespace: &str| {
            json!({
                "podRef": { "name": "web-0", "namespace": namespace },
                "containers": [{ "name": "web", "memory": { "workingSetBytes": 5, "time": "t" } }],
            })
        };
        let summary = json!({ "pods": [pod("ours"), pod("other")] });
        let found: Vec<String> = of_summary(&summary, "ours").map(|(name, _)| name).collect();
        assert_eq!(found, ["pod/web-0 container/web"]);
    }
}
