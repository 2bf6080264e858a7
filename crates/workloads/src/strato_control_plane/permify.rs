//! Permify, which decides who may do what. The control plane brings the schema; relations are written by whoever grants
//! them.

use super::config::Config;
use crate::http::{Answer, Http};
use crate::log::{self, Level};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long Permify may take.
const PATIENCE: Duration = Duration::from_millis(700);

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Who may do what. The one fleet is called `default`.
const SCHEMA: &str = "
entity user {}

entity fleet {
    relation owner @user
    permission list = owner
    permission create = owner
}

entity vm {
    relation owner @user
    permission stop = owner
}
";

/// Why there is no answer from Permify.
pub(super) type Reason = String;

/// What is to be done with what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act<'a> {
    pub(super) entity: &'a str,
    pub(super) id: &'a str,
    pub(super) permission: &'a str,
}

/// Permify.
pub(super) struct Permify {
    http: Http,
    base: String,
    tenant: String,
    /// The version of our schema, as long as Permify is known to have it.
    schema: Mutex<Option<String>>,
}

impl Permify {
    /// Nothing is asked yet.
    pub(super) fn new(config: &Config) -> Self {
        let (base, tenant) = (config.permify.clone(), config.tenant.clone());
        Self { http: Http::new(PATIENCE), base, tenant, schema: Mutex::new(None) }
    }

    /// Looks at it again and again, so that it has the schema as soon as it can.
    pub(super) async fn keep(&self) {
        let mut ticks = tokio::time::interval(EVERY);
        let mut before: Option<Result<(), Reason>> = None;
        loop {
            ticks.tick().await;
            let seen = self.look().await;
            if before.as_ref() != Some(&seen) {
                tell(&seen);
                before = Some(seen);
            }
        }
    }

    /// Whether it answers and has the schema. One that was away may have forgotten it.
    pub(super) async fn look(&self) -> Result<(), Reason> {
        let health = self.http.get(&format!("{}/healthz", self.base)).await.and_then(ok);
        if let Err(reason) = health {
            *self.schema.lock().await = None;
            return Err(reason);
        }
        self.schema().await.map(|_| ())
    }

    /// Whether this user may do this.
    pub(super) async fn may(&self, user: &str, act: Act<'_>) -> Result<bool, Reason> {
        let mut answer = self.check(user, act).await?;
        // Started anew, with nothing in its memory?
        if answer.status == 404 {
            *self.schema.lock().await = None;
            answer = self.check(user, act).await?;
        }
        ok(answer).map(|answer| is_allowed(&answer))
    }

    async fn check(&self, user: &str, Act { entity, id, permission }: Act<'_>) -> Result<Answer, Reason> {
        let body = json!({
            "metadata": { "schema_version": self.schema().await?, "snap_token": "", "depth": 20 },
            "entity": { "type": entity, "id": id },
            "permission": permission,
            "subject": { "type": "user", "id": user },
        });
        self.http.post(&self.url("permissions/check"), &body).await
    }

    /// The version of our schema; written if need be.
    async fn schema(&self) -> Result<String, Reason> {
        let mut schema = self.schema.lock().await;
        if let Some(version) = &*schema {
            return Ok(version.clone());
        }
        let answer = ok(self.http.post(&self.url("schemas/write"), &json!({ "schema": SCHEMA })).await?)?;
        let version = answer.get("schema_version").and_then(Value::as_str);
        let version = version.ok_or("it wrote a schema and named no version")?.to_owned();
        log::event(Level::Info, "permify-schema-written", &json!({ "version": version }));
        *schema = Some(version.clone());
        Ok(version)
    }

    fn url(&self, what: &str) -> String {
        format!("{}/v1/tenants/{}/{what}", self.base, self.tenant)
    }
}

fn ok(answer: Answer) -> Result<Value, Reason> {
    if answer.status == 200 {
        return Ok(answer.json);
    }
    let message = answer.json.get("message").and_then(Value::as_str).unwrap_or("no message");
    Err(format!("it answers {}: {message}", answer.status))
}

fn is_allowed(answer: &Value) -> bool {
    answer.get("can").and_then(Value::as_str) == Some("CHECK_RESULT_ALLOWED")
}

fn tell(seen: &Result<(), Reason>) {
    match seen {
        Ok(()) => log::event(Level::Info, "permify-reached", &json!({})),
        Err(reason) => log::event(Level::Warn, "permify-missing", &json!({ "reason": reason })),
    }
}
