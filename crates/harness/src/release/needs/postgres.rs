//! `postgres`: a server in a container beside the cluster, with a certificate of its own, and a role that reads and
//! writes rows and creates nothing. What is in the database is made by files of the chart.

use super::{certificate, secret};
use crate::cache::KeyOf;
use crate::command::Cmd;
use crate::containers::ContainerSpec;
use crate::release::{Site, Stage};
use crate::tools;
use camino::Utf8Path;
use indexmap::IndexMap;
use seatrial_contracts::model::{Database, Need};
use std::time::Duration;

/// How long it may take to make what is in the database.
const MAKING: Duration = Duration::from_mins(1);

/// What a server is made with. It lies in a Secret of ours that no chart is told of, so that whoever comes back finds
/// the same.
struct Keys(IndexMap<String, String>);

impl Keys {
    fn made(names: &[String]) -> Result<Self, String> {
        let mut parts = certificate::signed(names)?;
        // A fresh private key is as random as a password has to be.
        let key = parts.get("tls.key").cloned().unwrap_or_default();
        for whose in ["superuser", "password"] {
            let word = |part: &str| KeyOf::new().part(whose).part(part).part(&key).key().to_string();
            parts.insert(whose.to_owned(), word("1") + &word("2"));
        }
        Ok(Self(parts))
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }
}

impl Site {
    /// The server, what is in it, and the Secret that leads there.
    pub(super) async fn run_postgres(&self, stage: &Stage<'_>, need: &Need, database: &Database) -> Result<(), String> {
        let keys = self.keys(stage, need).await?;
        let (image, remedy) = tools::postgres_image(database.version);
        let env = vec![("POSTGRES_PASSWORD".to_owned(), keys.get("superuser").to_owned())];
        let spec = ContainerSpec { image: image.clone(), env, ..ContainerSpec::default() };
        let container = self.run_beside(stage, need, Database::PORT, spec).await;
        let container =
            container.map_err(|failed| if failed.contains(&image) { format!("{failed}; {remedy}") } else { failed })?;
        let schema = schema(stage, database)?;
        self.tell(&container.name, &server(&keys, database.tls)).await?;
        self.tell(&container.name, &contents(&keys, &schema)).await?;
        let told = secret(need, "Opaque", &told(need, database, &keys));
        self.apply_need(stage, &told).await.map_err(|failed| failed.to_string())
    }

    /// Those of the server that is there already, or new ones.
    async fn keys(&self, stage: &Stage<'_>, need: &Need) -> Result<Keys, String> {
        let kept = Need { name: format!("{}-server", need.name), thing: need.thing.clone() };
        let known = self.objects.get("Secret", stage.namespace(), &kept.name).await;
        if known.map_err(|refused| refused.to_string())?.is_some() {
            let mut keys = IndexMap::new();
            for key in ["tls.crt", "tls.key", "ca.crt", "superuser", "password"] {
                let value = self.filled(stage.namespace(), &format!("$(secret/{}.{key})", kept.name)).await?;
                keys.insert(key.to_owned(), value);
            }
            return Ok(Keys(keys));
        }
        let keys = Keys::made(&names(&need.name, stage.namespace()))?;
        let mut object = secret(&kept, "Opaque", &keys.0);
        object["metadata"]["labels"][super::NEED_LABEL] = need.name.clone().into();
        self.apply_need(stage, &object).await.map_err(|failed| failed.to_string())?;
        Ok(keys)
    }

    /// Hands a script to a shell in the container by its standard input: no secret is in an argv.
    async fn tell(&self, container: &str, script: &str) -> Result<(), String> {
        let docker = Cmd::new(&self.tools.docker).args(["exec", "--interactive", container, "sh", "-s"]);
        let told = docker.stdin_bytes(script).private_output().timeout(MAKING).run().await;
        let told = told.map_err(|failed| failed.to_string())?;
        if told.is_ok() { Ok(()) } else { Err(self.evidence.clean(told.tail())) }
    }
}

/// How the server is called, from pods and from this host.
fn names(need: &str, namespace: &str) -> Vec<String> {
    let service = format!("{need}.{namespace}");
    let in_cluster =
        [need.to_owned(), service.clone(), format!("{service}.svc"), format!("{service}.svc.cluster.local")];
    in_cluster.into_iter().chain(["localhost".to_owned(), "127.0.0.1".to_owned()]).collect()
}

/// File and text of what makes the contents.
fn schema(stage: &Stage<'_>, database: &Database) -> Result<Vec<(String, String)>, String> {
    let home = Utf8Path::new(&stage.chart.path);
    let read = |file: &String| {
        let path = home.join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        Ok((file.clone(), text))
    };
    database.schema.iter().map(read).collect()
}

/// What a chart is told.
fn told(need: &Need, database: &Database, keys: &Keys) -> IndexMap<String, String> {
    let (password, port) = (keys.get("password"), Database::PORT);
    let tls = if database.tls { "?sslmode=require" } else { "" };
    let url = format!("postgres://{}:{password}@{}:{port}/{}{tls}", Database::ROLE, need.name, Database::NAME);
    let values = [
        ("url", url),
        ("host", need.name.clone()),
        ("port", port.to_string()),
        ("user", Database::ROLE.to_owned()),
        ("password", password.to_owned()),
        ("database", Database::NAME.to_owned()),
        ("ca.crt", keys.get("ca.crt").to_owned()),
    ];
    let known = database.keys();
    let values = values.into_iter().filter(|(key, _)| known.contains(key));
    values.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Certificate, key, and who may come in; read anew by the running server. Whoever calls may be root or the server's user.
fn server(keys: &Keys, tls: bool) -> String {
    let (host, ssl) = if tls { ("hostssl", "on") } else { ("host", "off") };
    format!(
        "set -eu\numask 077\ncd \"$PGDATA\"\n\
         cat >server.crt <<'END'\n{}END\ncat >server.key <<'END'\n{}END\n\
         cat >pg_hba.conf <<'END'\nlocal all all trust\n{host} all all all scram-sha-256\nEND\n\
         [ \"$(id -u)\" != 0 ] || chown postgres server.crt server.key pg_hba.conf\n\
         psql --username=postgres --set=ON_ERROR_STOP=1 --quiet >&2 <<'END'\n\
         alter system set ssl = {ssl};\nselect pg_reload_conf();\nEND\n",
        keys.get("tls.crt"),
        keys.get("tls.key"),
    )
}

/// The role, and a database of these files. One that was made of the same stays as it is; any other is made anew.
fn contents(keys: &Keys, schema: &[(String, String)]) -> String {
    let mark = schema.iter().fold(KeyOf::new(), |key, (file, text)| key.part(file).part(text)).key();
    let (role, name, password) = (Database::ROLE, Database::NAME, keys.get("password"));
    let files: Vec<String> = schema.iter().map(|(file, text)| format!("\\echo {file}\n{text}\n")).collect();
    let files = files.concat();
    let end = format!("END-{mark}");
    format!(
        "set -eu\npsql --username=postgres --set=ON_ERROR_STOP=1 --quiet >&2 <<'{end}'\n\
         select not exists (select from pg_roles where rolname = '{role}') as is_new \\gset\n\
         \\if :is_new\ncreate role {role} login;\n\\endif\n\
         alter role {role} nosuperuser nocreatedb nocreaterole password '{password}';\n\
         select coalesce((select shobj_description(oid, 'pg_database') from pg_database where datname = '{name}'), '') \
         = '{mark}' as is_there \\gset\n\
         \\if :is_there\n\\else\n\
         drop database if exists {name} with (force);\ncreate database {name};\n\\connect {name}\n\
         revoke create on schema public from public;\n\
         alter default privileges grant select, insert, update, delete on tables to {role};\n\
         alter default privileges grant usage, select on sequences to {role};\n\
         {files}comment on database {name} is '{mark}';\n\\endif\n{end}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_contracts::model::Thing;

    fn database(tls: bool) -> (Need, Database) {
        let database = Database { version: 15, tls, schema: Vec::new() };
        (Need { name: "db".into(), thing: Thing::Postgres(database.clone()) }, database)
    }

    #[test]
    fn a_chart_is_told_all_but_what_it_may_not_know() {
        let keys = Keys::made(&names("db", "shop")).expect("keys");
        let (need, with) = database(true);
        let told_it = told(&need, &with, &keys);
        assert_eq!(told_it.keys().map(String::as_str).collect::<Vec<_>>(), with.keys());
        assert_eq!(told_it["url"], format!("postgres://app:{}@db:5432/app?sslmode=require", keys.get("password")));
        assert!(!told_it.values().any(|value| value.contains(keys.get("superuser")) || value.contains("PRIVATE KEY")));
        let (need, without) = database(false);
        assert!(!told(&need, &without, &keys).contains_key("ca.crt"));
    }

    #[test]
    fn passwords_are_long_and_none_is_another() {
        let (one, other) = (Keys::made(&["a".into()]).expect("keys"), Keys::made(&["a".into()]).expect("keys"));
        let all = [one.get("superuser"), one.get("password"), other.get("superuser"), other.get("password")];
        assert!(all.iter().all(|word| word.len() >= 24), "{all:?}");
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn who_speaks_no_tls_is_let_in_only_where_none_is_asked() {
        let keys = Keys::made(&["a".into()]).expect("keys");
        assert!(server(&keys, true).contains("\nhostssl all") && !server(&keys, true).contains("\nhost all"));
        assert!(server(&keys, false).contains("\nhost all"));
    }

    #[test]
    fn other_files_make_other_contents() {
        let keys = Keys::made(&["a".into()]).expect("keys");
        let of = |text: &str| contents(&keys, &[("a.sql".to_owned(), text.to_owned())]);
        assert!(of("create table t (x int);").contains("create table t (x int);"));
        assert_ne!(of("a").lines().last(), of("b").lines().last());
    }
}
