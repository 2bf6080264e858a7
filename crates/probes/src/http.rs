//! The HTTP probe: one request, and the first answer as it is.

use crate::exchange::{Request, exchange};
use crate::probe::Deadline;
use seatrial_observation::{Connections, HttpAnswer, HttpSpec, ProbeFailure};

/// The most bytes of a body that an observation keeps.
const BODY_LIMIT: usize = 1 << 20;

/// Sends the request and reads the answer.
pub(crate) async fn request(
    spec: &HttpSpec,
    deadline: Deadline,
    connections: Connections,
) -> Result<HttpAnswer, ProbeFailure> {
    let mut request = Request::parse(&spec.method, &spec.url, BODY_LIMIT)?.over(connections);
    for (name, value) in &spec.headers {
        request = request.header(name, value)?;
    }
    if let Some(body) = &spec.body {
        request = request.body(body.as_bytes());
    }
    request = request.by(&spec.way);
    let response = exchange(request, deadline).await?;
    Ok(HttpAnswer {
        status: response.status,
        headers: response.headers,
        body: String::from_utf8_lossy(&response.body).into_owned(),
        is_truncated: response.is_truncated,
        certificate: response.certificate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe;
    use crate::test_server::{self, Behaviour};
    use axum::Router;
    use axum::http::{HeaderMap, StatusCode, header};
    use axum::response::{AppendHeaders, Redirect};
    use axum::routing::{get, post};
    use seatrial_observation::{FailureKind, ProbeAnswer, ProbeSpec, Way};
    use std::time::Duration;

    fn get_of(url: String) -> HttpSpec {
        HttpSpec::get(url)
    }

    async fn ask(spec: HttpSpec) -> Result<HttpAnswer, ProbeFailure> {
        match probe(&ProbeSpec::Http(spec), Duration::from_millis(500)).await.result {
            Ok(ProbeAnswer::Http(answer)) => Ok(answer),
            Ok(other) => panic!("not an HTTP answer: {other:?}"),
            Err(failure) => Err(failure),
        }
    }

    async fn sound_server() -> String {
        let cookies = AppendHeaders([(header::SET_COOKIE, "a=1"), (header::SET_COOKIE, "b=2")]);
        let greet = |headers: HeaderMap, body: String| async move {
            format!("{} says {body}", headers["x-who"].to_str().expect("text"))
        };
        let router = Router::new()
            .route("/", get(move || async move { (StatusCode::IM_A_TEAPOT, cookies, "short and stout") }))
            .route("/moved", get(|| async { Redirect::temporary("/") }))
            .route("/greet", post(greet))
            .route("/big", get(|| async { "x".repeat(BODY_LIMIT + 1) }))
            .route("/just", get(|| async { "x".repeat(BODY_LIMIT) }));
        test_server::serve(router).await
    }

    #[tokio::test]
    async fn the_answer_is_what_the_server_said() {
        let answer = ask(get_of(sound_server().await)).await.expect("answer");
        assert_eq!((answer.status, answer.body.as_str(), answer.is_truncated), (418, "short and stout", false));
        assert_eq!(answer.headers["set-cookie"], "a=1, b=2");
    }

    #[tokio::test]
    async fn method_headers_and_body_are_sent() {
        let spec = HttpSpec {
            method: "POST".into(),
            url: format!("{}/greet", sound_server().await),
            headers: [("X-Who".to_owned(), "Ada".to_owned())].into(),
            body: Some("hello".into()),
            way: Way::default(),
        };
        assert_eq!(ask(spec).await.expect("answer").body, "Ada says hello");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer() {
        let answer = ask(get_of(format!("{}/moved", sound_server().await))).await.expect("answer");
        assert_eq!((answer.status, answer.headers["location"].as_str()), (307, "/"));
    }

    #[tokio::test]
    async fn a_body_is_bounded() {
        let base = sound_server().await;
        let just = ask(get_of(format!("{base}/just"))).await.expect("answer");
        assert_eq!((just.body.len(), just.is_truncated), (BODY_LIMIT, false));
        let big = ask(get_of(format!("{base}/big"))).await.expect("answer");
        assert_eq!((big.body.len(), big.is_truncated), (BODY_LIMIT, true));
    }

    #[tokio::test]
    async fn a_name_is_resolved() {
        let base = sound_server().await.replace("127.0.0.1", "localhost");
        assert_eq!(ask(get_of(base)).await.expect("answer").status, 418);
    }

    async fn check_failure(url: String, kind: FailureKind, message: &str) {
        let failure = ask(get_of(url)).await.expect_err("a failure");
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert!(failure.message.contains(message), "{failure:?}");
    }

    async fn check_broken(behaviour: Behaviour, kind: FailureKind, message: &str) {
        let address = test_server::broken(behaviour).await;
        check_failure(format!("http://{address}/"), kind, message).await;
    }

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let url = format!("http://127.0.0.1:{}/", test_server::closed_port());
        check_failure(url, FailureKind::Refused, "Connection refused").await;
    }

    #[tokio::test]
    async fn silence_times_out() {
        check_broken(Behaviour::Silent, FailureKind::TimedOut, "no answer within 0.5 s").await;
    }

    #[tokio::test]
    async fn a_body_that_stops_half_way_times_out() {
        let half = Behaviour::Says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", test_server::Then::Stays);
        check_broken(half, FailureKind::TimedOut, "no answer within 0.5 s").await;
    }

    #[tokio::test]
    async fn a_reset_is_a_reset() {
        check_broken(Behaviour::Resets, FailureKind::Reset, "").await;
    }

    #[tokio::test]
    async fn a_close_before_the_answer_is_a_reset() {
        check_broken(Behaviour::Says(b"", test_server::Then::Closes), FailureKind::Reset, "").await;
    }

    #[tokio::test]
    async fn a_close_in_the_body_is_a_reset() {
        let half = Behaviour::Says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", test_server::Then::Closes);
        check_broken(half, FailureKind::Reset, "").await;
    }

    #[tokio::test]
    async fn another_protocol_is_a_breach() {
        let ssh = Behaviour::Says(b"SSH-2.0-OpenSSH_9.6\r\n", test_server::Then::Stays);
        check_broken(ssh, FailureKind::Protocol, "invalid HTTP").await;
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_named() {
        check_failure("http://nobody.invalid/".into(), FailureKind::Name, "name nobody.invalid does not resolve").await;
    }

    #[tokio::test]
    async fn what_is_no_url_is_said_so() {
        check_failure("nowhere".into(), FailureKind::Protocol, "not a URL: nowhere").await;
    }

    #[tokio::test]
    async fn https_needs_no_provider_and_fails_as_a_handshake() {
        let address = test_server::broken(Behaviour::Says(b"HTTP/1.1 200 OK\r\n\r\n", test_server::Then::Stays)).await;
        check_failure(format!("https://{address}/"), FailureKind::Protocol, "").await;
    }

    #[tokio::test]
    async fn each_probe_opens_its_own_connection() {
        let (base, connections) = test_server::counting().await;
        for _ in 0..3 {
            ask(get_of(base.clone())).await.expect("answer");
        }
        assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 3);
    }
}
