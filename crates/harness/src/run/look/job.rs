//! `job`: how far a Job is. Of a CronJob one is made at the first look, as `kubectl create job --from` makes it, and removed
//! after the clause.

use super::Looker;
use crate::readiness::{job as job_look, name_of, text};
use crate::run::address::error;
use crate::run::faults::Undo;
use crate::run_id::RunId;
use seatrial_contracts::model::JobCheck;
use seatrial_observation::{JobSeen, LookError, Seen};
use serde_json::{Value, json};

/// What a name may have in front of what is ours: 63 characters in all, and the pods' own endings.
const NAME: usize = 36;

impl Looker<'_> {
    pub(super) async fn job(&mut self, check: &JobCheck) -> Result<Seen, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let jobs = if check.is_made() {
            let name = match &self.made_job {
                Some(name) => name.clone(),
                None => self.make_job(check).await?,
            };
            site.objects.get("Job", namespace, &name).await?.into_iter().collect()
        } else {
            self.targets.objects(&check.of).await?
        };
        let mut seen = Vec::new();
        for job in &jobs {
            seen.push(self.job_seen(job).await?);
        }
        Ok(Seen::Jobs(seen))
    }

    async fn make_job(&mut self, check: &JobCheck) -> Result<String, LookError> {
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let found = self.targets.objects(&check.of).await?;
        let [cron_job] = &found[..] else { return Err(error(format!("{} is not there", check.of))) };
        let name = format!("{}-trial-{}", shortened(name_of(cron_job)), RunId::random());
        // Before it is made: what was half made goes, too.
        let (kind, of) = ("Job".to_owned(), namespace.to_owned());
        self.undo.push(Undo::Delete { kind, namespace: of, name: name.clone() });
        site.objects.create(namespace, &job_of(cron_job, &name)).await?;
        self.made_job = Some(name.clone());
        Ok(name)
    }

    async fn job_seen(&self, job: &Value) -> Result<JobSeen, LookError> {
        let mut pods = self.targets.site.objects.list("Pod", self.targets.stage.namespace()).await?;
        pods.retain(|pod| is_of(pod, job));
        let condition = |kind: &str| {
            let mut all = job.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
            all.find(|one| one["type"] == kind && one["status"] == "True")
        };
        let failed = condition("Failed").map(|one| format!("{}: {}", text(one, "/reason"), text(one, "/message")));
        let waiting = job_look(job, &[]).reason().map(|reason| reason.message.clone());
        let stuck = pods.iter().find_map(stuck);
        Ok(JobSeen {
            job: name_of(job).to_owned(),
            is_complete: condition("Complete").is_some(),
            waiting: stuck.or(waiting).filter(|_| failed.is_none()),
            failed,
            ends: self.ends(&pods).await?,
        })
    }
}

fn shortened(name: &str) -> &str {
    name.get(..NAME).unwrap_or(name).trim_end_matches(['-', '.'])
}

/// A Job by the template of a CronJob. It has no owner, so that no history limit removes it before it was looked at.
fn job_of(cron_job: &Value, name: &str) -> Value {
    let template = &cron_job["spec"]["jobTemplate"];
    let mut annotations = template["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    annotations.insert("cronjob.kubernetes.io/instantiate".to_owned(), json!("manual"));
    let mut spec = template["spec"].clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("ttlSecondsAfterFinished");
    }
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name, "labels": template["metadata"]["labels"], "annotations": annotations },
        "spec": spec,
    })
}

fn is_of(pod: &Value, job: &Value) -> bool {
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| owner["uid"] == job["metadata"]["uid"])
}

/// Why a pod does not even start, in the kubelet's words.
fn stuck(pod: &Value) -> Option<String> {
    let waiting = super::containers(pod).find_map(|status| status.pointer("/state/waiting"))?;
    let reason = text(waiting, "/reason");
    let is_on_its_way = reason.is_empty() || reason == "ContainerCreating" || reason == "PodInitializing";
    (!is_on_its_way).then(|| format!("pod/{}: {reason}: {}", name_of(pod), text(waiting, "/message")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_made_by_the_template_and_belongs_to_nobody() {
        let cron_job = json!({
            "metadata": { "name": "clean" },
            "spec": { "jobTemplate": {
                "metadata": { "labels": { "app": "shop" } },
                "spec": { "backoffLimit": 0, "ttlSecondsAfterFinished": 0, "template": {} },
            } },
        });
        let job = job_of(&cron_job, "clean-trial-1");
        assert_eq!(job["spec"], json!({ "backoffLimit": 0, "template": {} }));
        assert_eq!(job["metadata"]["labels"]["app"], "shop");
        assert!(job["metadata"].get("ownerReferences").is_none());
    }

    #[test]
    fn a_long_name_leaves_room() {
        assert_eq!(shortened("clean"), "clean");
        assert_eq!(shortened(&"a".repeat(60)).len(), NAME);
        assert_eq!(shortened(&format!("{}-b{}", "a".repeat(35), "c".repeat(9))), "a".repeat(35));
    }

    #[test]
    fn a_pod_that_does_not_start_says_why() {
        let pod = |waiting: Value| json!({ "metadata": { "name": "p" }, "status": { "containerStatuses": [{ "state": { "waiting": waiting } }] } });
        let pulled = pod(json!({ "reason": "ErrImageNeverPull", "message": "no image" }));
        assert_eq!(stuck(&pulled).as_deref(), Some("pod/p: ErrImageNeverPull: no image"));
        assert_eq!(stuck(&pod(json!({ "reason": "ContainerCreating" }))), None);
    }
}
