//! `run` with an image: the command in a pod of ours beside the release, which goes when it has ended. Its report is read
//! off the node: a container that has ended can't be entered.

use super::command::MOST;
use super::{Looker, PROBE, containers};
use crate::cluster::{self, RUN_LABEL};
use crate::ours;
use crate::readiness::{name_of, text};
use crate::run::address::error;
use crate::run_id::RunId;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use seatrial_contracts::model::RunCheck;
use seatrial_observation::{CommandSeen, Look, LookError, Reason};
use seatrial_probes::wait::{self, Patience};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The volume that the report is written to.
const VOLUME: &str = "seatrial-report";

/// So much of what it says is kept.
const BYTES: i64 = 64 << 10;

impl Looker<'_> {
    pub(super) async fn in_pod(&self, check: &RunCheck, image: &str) -> Result<CommandSeen, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        if site.cluster.capabilities.load_images {
            // One that can't be loaded is for the node to pull, and the pod says so.
            let _ = cluster::load_images(&site.cluster, &[image.to_owned()], &site.tools).await;
        }
        let pod = self.pod_of(check, image);
        let started = Instant::now();
        site.objects.create(namespace, &pod).await?;
        let seen = self.until_ended(check, name_of(&pod), started).await;
        let removed = site.objects.delete("Pod", namespace, name_of(&pod)).await;
        let seen = seen?;
        removed?;
        Ok(seen)
    }

    async fn until_ended(&self, check: &RunCheck, name: &str, started: Instant) -> Result<CommandSeen, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let patience = Patience::steady(self.limit(), Duration::from_millis(100));
        let ended = wait::until(&patience, async || {
            let pod = site.objects.get("Pod", namespace, name).await?.unwrap_or_default();
            Ok::<_, crate::release::ApiError>(how_far(pod))
        });
        let ended = ended.await;
        let log = self.said(name).await?;
        let argv = std::iter::once(format!("pod/{name}")).chain(check.command.iter().cloned()).collect();
        let seconds = started.elapsed().as_secs_f64();
        let seen = CommandSeen { argv, code: None, stdout: log, stderr: String::new(), seconds, report: None };
        match ended {
            Ok((code, pod)) => Ok(CommandSeen { code: Some(code), report: self.report(check, &pod).await?, ..seen }),
            Err(wait::WaitError::TimedOut { .. }) if !seen.stdout.is_empty() => Ok(seen),
            Err(failed) => Err(error(format!("pod/{name}: {failed}"))),
        }
    }

    /// The end of its log, less the values of Secrets.
    async fn said(&self, name: &str) -> Result<String, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        if !site.evidence.learn(&site.objects, namespace).await {
            return Err(error("the namespace's Secrets can't be read, so no log is either".to_owned()));
        }
        let params = LogParams { tail_lines: Some(200), limit_bytes: Some(BYTES), ..LogParams::default() };
        let api: Api<Pod> = Api::namespaced(site.objects.client.clone(), namespace);
        Ok(site.evidence.clean(&api.logs(name, &params).await.unwrap_or_default()))
    }

    async fn report(&self, check: &RunCheck, pod: &Value) -> Result<Option<String>, LookError> {
        let Some(path) = &check.junit else { return Ok(None) };
        let file = path.rsplit('/').next().unwrap_or_default();
        let uid = text(pod, "/metadata/uid");
        let place = format!("/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/{VOLUME}/{file}");
        let cmd = crate::command::Cmd::new(&self.targets.site.tools.docker)
            .args(["exec", text(pod, "/spec/nodeName"), "cat", &place])
            .output_limit(MOST)
            .private_output()
            .timeout(PROBE);
        let read = cmd.run().await.map_err(|failed| error(failed.to_string()))?;
        Ok(read.is_ok().then_some(read.stdout))
    }

    fn pod_of(&self, check: &RunCheck, image: &str) -> Value {
        let (site, stage) = (self.targets.site, &self.targets.stage);
        let mut spec = spec(check, image, stage.environment.release.pod_security.as_deref());
        spec["containers"][0]["env"] = json!([
            { "name": "SEATRIAL_NAMESPACE", "value": stage.namespace() },
            { "name": "SEATRIAL_RELEASE", "value": stage.release() },
        ]);
        let name = format!("seatrial-run-{}", RunId::random());
        let labels = json!({ ours::LABEL: ours::OURS, RUN_LABEL: site.run.as_str() });
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": labels }, "spec": spec })
    }
}

fn spec(check: &RunCheck, image: &str, pod_security: Option<&str>) -> Value {
    let mut container = json!({ "name": "run", "image": image, "imagePullPolicy": "IfNotPresent" });
    let mut spec = json!({
        "restartPolicy": "Never",
        "enableServiceLinks": false,
        "automountServiceAccountToken": false,
        "terminationGracePeriodSeconds": 0,
    });
    if !check.command.is_empty() {
        container["command"] = json!(check.command);
    }
    if let Some((folder, _)) = check.junit.as_deref().and_then(|path| path.rsplit_once('/')) {
        container["volumeMounts"] = json!([{ "name": VOLUME, "mountPath": folder }]);
        spec["volumes"] = json!([{ "name": VOLUME, "emptyDir": {} }]);
    }
    if pod_security == Some("restricted") {
        let of_pod = json!({
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        spec["securityContext"] = of_pod;
        container["securityContext"] =
            json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } });
    }
    spec["containers"] = json!([container]);
    spec
}

/// Its exit code and the pod, when it has ended; a pod that can't start never ends.
fn how_far(pod: Value) -> Look<(i32, Value)> {
    let status = containers(&pod).next();
    let code = status.and_then(|status| status.pointer("/state/terminated/exitCode")).and_then(Value::as_i64);
    if let Some(code) = code.and_then(|code| i32::try_from(code).ok()) {
        return Look::Ready((code, pod));
    }
    let waiting = status.and_then(|status| status.pointer("/state/waiting"));
    let (reason, message) = waiting.map_or(("", ""), |waiting| (text(waiting, "/reason"), text(waiting, "/message")));
    let told = Reason::new(format!("{}: {reason} {message}", text(&pod, "/status/phase")));
    match reason {
        "ErrImageNeverPull"
        | "InvalidImageName"
        | "ImagePullBackOff"
        | "CreateContainerError"
        | "RunContainerError" => Look::Doomed(told),
        _ => Look::Pending(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> RunCheck {
        let (image, junit) = (Some("tests:1".to_owned()), Some("/reports/x.xml".to_owned()));
        RunCheck { command: vec!["pytest".to_owned()], image, junit, requires: Vec::new() }
    }

    #[test]
    fn the_report_has_a_volume_and_the_standard_is_kept() {
        let spec = spec(&check(), "tests:1", Some("restricted"));
        assert_eq!(spec.pointer("/containers/0/volumeMounts/0/mountPath"), Some(&json!("/reports")));
        assert_eq!(spec.pointer("/containers/0/securityContext/capabilities/drop"), Some(&json!(["ALL"])));
        assert_eq!(spec["securityContext"]["runAsNonRoot"], json!(true));
        assert!(super::spec(&check(), "tests:1", None).get("securityContext").is_none(), "the image's own user");
    }

    #[test]
    fn it_ends_with_a_code_or_can_not_start() {
        let pod = |state: Value| json!({ "status": { "phase": "Pending", "containerStatuses": [{ "state": state }] } });
        let ended = how_far(pod(json!({ "terminated": { "exitCode": 3 } })));
        assert!(matches!(ended, Look::Ready((3, _))), "{ended:?}");
        let never = how_far(pod(json!({ "waiting": { "reason": "ImagePullBackOff", "message": "no such image" } })));
        let Look::Doomed(reason) = never else { panic!("{never:?}") };
        assert_eq!(reason.message, "Pending: ImagePullBackOff no such image");
        assert!(matches!(how_far(json!({})), Look::Pending(_)));
    }
}
