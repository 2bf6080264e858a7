//! `/api/vms`: virtual machines are rows of the table `vms`. Each call is decided by Permify first: 403 where it says
//! no, 503 where it says nothing.

use super::api::{Refused, User, is_name};
use super::fault::Fault;
use super::permify::Act;
use super::plane::ControlPlane;
use crate::log::{self, Level};
use crate::random;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Row;

/// How long the fault `slow-endpoint` takes.
const SLOW: Duration = Duration::from_millis(300);

/// What is told of a machine, in the order of [`vm`].
const COLUMNS: &str = r#"id, name, owner, state, to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#;

/// A virtual machine.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vm {
    id: String,
    name: String,
    owner: String,
    state: String,
    created_at: String,
}

/// What is wanted.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    /// Its id; a new one where it is left out.
    id: Option<String>,
    /// Its name; its id where it is left out.
    name: Option<String>,
}

/// `GET /api/vms`: the newest hundred.
pub(super) async fn list(State(plane): State<Arc<ControlPlane>>, User(user): User) -> Result<Json<Vec<Vm>>, Refused> {
    if plane.config.faults.has(Fault::SlowEndpoint) {
        let _ = tokio::time::timeout(SLOW, std::future::pending::<()>()).await;
    }
    authorize(&plane, &user, Act { entity: "fleet", id: "default", permission: "list" }).await?;
    let query = format!("select {COLUMNS} from vms order by created_at desc, id limit 100");
    let rows = plane.database.query(async |client| client.query(&query, &[]).await).await.map_err(no_database)?;
    Ok(Json(rows.iter().map(vm).collect()))
}

/// `POST /api/vms`: makes one.
pub(super) async fn create(
    State(plane): State<Arc<ControlPlane>>,
    User(user): User,
    body: Bytes,
) -> Result<Json<Vm>, Refused> {
    authorize(&plane, &user, Act { entity: "fleet", id: "default", permission: "create" }).await?;
    let wanted = if body.is_empty() { Ok(Wanted::default()) } else { serde_json::from_slice(&body) };
    let wanted = wanted.map_err(|error| Refused::bad("bad_vm", error.to_string()))?;
    let id = wanted.id.unwrap_or_else(random::name);
    let name = wanted.name.unwrap_or_else(|| id.clone());
    if !is_name(&id) || !is_name(&name) {
        return Err(Refused::bad("bad_vm", "id and name are short names"));
    }
    let query = format!(
        "insert into vms (id, name, owner, state) values ($1, $2, $3, 'running') on conflict do nothing returning {COLUMNS}"
    );
    let rows = plane.database.query(async |client| client.query(&query, &[&id, &name, &user]).await).await;
    let exists = Refused(StatusCode::CONFLICT, "exists", format!("there is a vm {id}"));
    rows.map_err(no_database)?.first().map(vm).map(Json).ok_or(exists)
}

/// `POST /api/vms/{id}/stop`: stops one.
pub(super) async fn stop(
    State(plane): State<Arc<ControlPlane>>,
    User(user): User,
    Path(id): Path<String>,
) -> Result<Json<Vm>, Refused> {
    if !is_name(&id) {
        return Err(Refused::bad("bad_vm", "the id is no name"));
    }
    authorize(&plane, &user, Act { entity: "vm", id: &id, permission: "stop" }).await?;
    let query = format!("update vms set state = 'stopped' where id = $1 returning {COLUMNS}");
    let rows = plane.database.query(async |client| client.query(&query, &[&id]).await).await.map_err(no_database)?;
    let missing = Refused(StatusCode::NOT_FOUND, "no_vm", format!("there is no vm {id}"));
    rows.first().map(vm).map(Json).ok_or(missing)
}

async fn authorize(plane: &ControlPlane, user: &str, act: Act<'_>) -> Result<(), Refused> {
    if plane.config.faults.has(Fault::SkipsAuthorization) {
        return Ok(());
    }
    let decided = plane.permify.may(user, act).await;
    let Act { entity, id, permission } = act;
    let fields = json!({ "user": user, "entity": entity, "id": id, "permission": permission, "decision": decided });
    log::event(Level::Debug, "decided", &fields);
    match decided {
        Ok(true) => Ok(()),
        Ok(false) => {
            let error = format!("{user} may not {permission} {entity} {id}");
            Err(Refused(StatusCode::FORBIDDEN, "forbidden", error))
        }
        Err(reason) => Err(Refused(StatusCode::SERVICE_UNAVAILABLE, "permify_unavailable", reason)),
    }
}

fn no_database(reason: String) -> Refused {
    log::event(Level::Warn, "query-failed", &json!({ "reason": reason }));
    Refused(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", reason)
}

fn vm(row: &Row) -> Vm {
    Vm { id: row.get(0), name: row.get(1), owner: row.get(2), state: row.get(3), created_at: row.get(4) }
}
