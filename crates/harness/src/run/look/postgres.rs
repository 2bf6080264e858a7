//! `postgres`: one query.

use super::eye::may_be_denied;
use super::way::value;
use super::{Looker, PROBE};
use crate::run::address::{Address, error};
use seatrial_contracts::model::{PostgresCheck, PostgresExpect, PostgresLogin};
use seatrial_observation::{LookError, PostgresSpec, PostgresTls, ProbeSpec, Seen};

/// How the keys of a Secret are called that holds a log-in.
const USERS: [&str; 5] = ["username", "user", "POSTGRES_USER", "PGUSER", "postgres-user"];
const PASSWORDS: [&str; 5] = ["password", "POSTGRES_PASSWORD", "PGPASSWORD", "postgres-password", "pgpass"];
const DATABASES: [&str; 5] = ["dbname", "database", "POSTGRES_DB", "PGDATABASE", "db"];

/// Who asks where a Secret holds a password alone: the user that every server has.
const SUPERUSER: &str = "postgres";

/// As whom, and of which database.
struct Login {
    user: String,
    password: Option<String>,
    database: Option<String>,
}

impl Looker<'_> {
    pub(super) async fn postgres(&self, check: &PostgresCheck) -> Result<Seen, LookError> {
        let address = self.addresses.of(&check.to).await?;
        let spec = self.postgres_spec(check, &address).await?;
        let mut outcomes = vec![self.probe(address.from, &ProbeSpec::Postgres(spec), PROBE).await?];
        let failure = match &check.expect {
            PostgresExpect::Failure(word) => Some(word.as_str()),
            _ => None,
        };
        if may_be_denied(failure, &outcomes[0]) {
            let address = self.addresses.seen_from(&check.to, self.control()).await?;
            let spec = self.postgres_spec(check, &address).await?;
            outcomes.push(self.probe(address.from, &ProbeSpec::Postgres(spec), PROBE).await?);
        }
        Ok(Seen::Probes(outcomes))
    }

    async fn postgres_spec(&self, check: &PostgresCheck, address: &Address) -> Result<PostgresSpec, LookError> {
        let login = self.login(&check.login).await?;
        let trust = match check.tls.as_ref().and_then(|tls| tls.trust.as_ref()) {
            Some(trust) => Some(self.trusted(trust).await?),
            None => None,
        };
        let tls = match (trust, check.sslmode.as_deref()) {
            (Some(pem), _) => PostgresTls::Verify(pem),
            (None, Some("disable")) => PostgresTls::Disable,
            (None, Some("require")) => PostgresTls::Require,
            (None, _) if check.tls.is_some() => PostgresTls::Require,
            (None, _) => PostgresTls::Prefer,
        };
        Ok(PostgresSpec {
            host: address.host.clone(),
            port: address.port,
            user: login.user,
            password: login.password,
            database: check.database.clone().or(login.database),
            query: self.filled(&check.query).await?,
            tls,
            server_name: check.tls.as_ref().and_then(|tls| tls.server_name.clone()),
        })
    }

    async fn login(&self, login: &PostgresLogin) -> Result<Login, LookError> {
        let name = match login {
            PostgresLogin::Written { user, password } => {
                let password = match password {
                    Some(text) => Some(self.filled(text).await?),
                    None => None,
                };
                return Ok(Login { user: self.filled(user).await?, password, database: None });
            }
            PostgresLogin::Secret(name) => name,
        };
        let (site, namespace) = (self.targets.site, self.targets.stage.namespace());
        let secret = site.objects.get("Secret", namespace, name).await?;
        let secret = secret.ok_or_else(|| error(format!("as: there is no Secret {name}")))?;
        site.evidence.learn_rendered(std::slice::from_ref(&secret));
        let one_of = |keys: [&str; 5]| keys.iter().find_map(|key| value(&secret, key));
        let password = one_of(PASSWORDS);
        let without = || error(format!("as: Secret {name} has none of the keys {}", PASSWORDS.join(", ")));
        let password = Some(password.ok_or_else(without)?);
        let user = one_of(USERS).unwrap_or_else(|| SUPERUSER.to_owned());
        Ok(Login { user, password, database: one_of(DATABASES) })
    }
}
