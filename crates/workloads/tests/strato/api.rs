//! Who may do what, and what happens while those who decide, or remember, are away. The rows themselves are looked at in
//! the cluster, with a real PostgreSQL.

use crate::support::{FakePermify, Plane, brisk, fake_postgres, listen, until};
use serde_json::json;
use tokio::net::TcpListener;

async fn plane_with(permify: &str, more: &[(&str, &str)]) -> Plane {
    let variables = [&[("PERMIFY_URL", permify)], more].concat();
    Plane::start_on(listen().await, &variables, brisk())
}

#[tokio::test]
async fn a_call_is_refused_before_the_relation_and_allowed_after() {
    let (permify, listener) = (FakePermify::default(), listen().await);
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    permify.serve(listener);
    let plane = plane_with(&url, &[]).await;
    for (method, path) in [("GET", "/api/vms"), ("POST", "/api/vms"), ("POST", "/api/vms/v1/stop")] {
        assert_eq!(plane.call(method, path, None, "").await.0, 401, "{path}");
        assert_eq!(plane.call(method, path, Some("a b"), "").await.0, 400, "{path}");
        let (status, body) = plane.call(method, path, Some("ann"), "").await;
        assert_eq!((status, &body["code"]), (403, &json!("forbidden")), "{path}: {body}");
    }
    permify.grant("fleet:default", "ann");
    permify.grant("vm:v1", "ann");
    for (method, path) in [("GET", "/api/vms"), ("POST", "/api/vms"), ("POST", "/api/vms/v1/stop")] {
        let (status, body) = plane.call(method, path, Some("ann"), "").await;
        assert_eq!((status, &body["code"]), (503, &json!("database_unavailable")), "allowed, but {path}: {body}");
    }
    assert_eq!(plane.call("POST", "/api/vms/v2/stop", Some("ann"), "").await.0, 403);
    assert_eq!(plane.call("GET", "/api/vms", Some("bob"), "").await.0, 403);
    let (status, body) = plane.call("POST", "/api/vms", Some("ann"), r#"{"name":"no name"}"#).await;
    assert_eq!((status, &body["code"]), (400, &json!("bad_vm")), "{body}");
}

#[tokio::test]
async fn permify_may_go_come_back_and_have_forgotten() {
    let permify = FakePermify::default();
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    let plane = plane_with(&format!("http://{address}"), &[]).await;
    permify.grant("fleet:default", "ann");
    let serving = permify.serve(listener);
    until("the schema is there", async || (permify.schemas() == 1).then_some(())).await;
    assert_eq!(plane.call("GET", "/api/vms", Some("bob"), "").await.0, 403);

    permify.forget();
    assert_eq!(plane.call("GET", "/api/vms", Some("bob"), "").await.0, 403, "the schema is written again");
    assert_eq!(permify.schemas(), 2);

    serving.abort();
    let away = until("Permify is away", async || {
        let (status, body) = plane.call("GET", "/api/vms", Some("bob"), "").await;
        (status == 503).then_some(body)
    });
    assert_eq!(away.await["code"], "permify_unavailable");
    assert_eq!(plane.get("/health/ready").await["dependencies"]["permify"]["ok"], false);

    permify.forget();
    permify.serve(TcpListener::bind(address).await.expect("the same port"));
    until("it decides again", async || (plane.call("GET", "/api/vms", Some("bob"), "").await.0 == 403).then_some(()))
        .await;
    assert_eq!(plane.get("/health/ready").await["dependencies"]["permify"]["ok"], true);
}

#[tokio::test]
async fn it_is_ready_with_both_and_unready_without_either() {
    let (permify, listener, database) = (FakePermify::default(), listen().await, listen().await);
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    permify.serve(listener);
    let address = database.local_addr().expect("an address");
    let database_url = format!("postgres://strato@{address}/strato");
    let plane = plane_with(&url, &[("DATABASE_URL", &database_url)]).await;
    let ready = async |wanted: u16| {
        until("readiness", async || {
            let (status, body) = plane.call("GET", "/health/ready", None, "").await;
            (status == wanted).then_some(body)
        })
        .await
    };
    assert_eq!(ready(503).await["dependencies"]["postgresql"]["ok"], false, "it accepts, and says nothing");
    let answering = tokio::spawn(fake_postgres(database));
    assert_eq!(ready(200).await["status"], "ready");
    answering.abort();
    assert!(plane.get("/health/live").await["status"] == "live");
}

#[tokio::test]
async fn the_session_tells_who_asks_and_for_whom_passkeys_are() {
    let party =
        [("WEBAUTHN_RELYING_PARTY_ID", "strato.test"), ("WEBAUTHN_RELYING_PARTY_ORIGIN", "https://strato.test")];
    let plane = Plane::start(&party).await;
    assert_eq!(plane.call("GET", "/api/session", None, "").await.0, 401);
    let (status, session) = plane.call("GET", "/api/session", Some("ann"), "").await;
    let party = json!({ "id": "strato.test", "name": "", "origin": "https://strato.test" });
    assert_eq!((status, session), (200, json!({ "user": "ann", "tenant": "t1", "relyingParty": party })));
}
