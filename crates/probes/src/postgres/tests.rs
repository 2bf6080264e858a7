//! Queries against a server that speaks just as much of the protocol as they need, and against broken ones.

use crate::probe;
use crate::test_server::{self, Behaviour, Then};
use seatrial_observation::{
    FailureKind, PostgresAnswer, PostgresSpec, PostgresTls, ProbeAnswer, ProbeFailure, ProbeSpec,
};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn ask(address: SocketAddr, password: &str, tls: PostgresTls) -> Result<PostgresAnswer, ProbeFailure> {
    let spec = PostgresSpec {
        host: address.ip().to_string(),
        port: address.port(),
        user: "ada".into(),
        password: Some(password.into()),
        database: None,
        query: "select 1".into(),
        tls,
        server_name: None,
    };
    match probe(&ProbeSpec::Postgres(spec), Duration::from_millis(800)).await.result {
        Ok(ProbeAnswer::Postgres(answer)) => Ok(answer),
        Ok(other) => panic!("not a PostgreSQL answer: {other:?}"),
        Err(failure) => Err(failure),
    }
}

/// A server that takes one password in clear and answers every query with one row, one value and one NULL.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut start = body(&mut stream).await?;
    if start.starts_with(&80_877_103_u32.to_be_bytes()) {
        stream.write_all(b"N").await?;
        start = body(&mut stream).await?;
    }
    assert_eq!(start[..4], 196_608_u32.to_be_bytes(), "version 3.0");
    stream.write_all(&message(b'R', &3_u32.to_be_bytes())).await?;
    if said(&mut stream).await? != b"right\0" {
        let refusal = b"SFATAL\0C28P01\0Mpassword authentication failed for user \"ada\"\0\0";
        return stream.write_all(&message(b'E', refusal)).await;
    }
    stream.write_all(&message(b'R', &0_u32.to_be_bytes())).await?;
    stream.write_all(&message(b'Z', b"I")).await?;
    while said(&mut stream).await.is_ok() {
        let column =
            |name: &[u8]| [name, &[0; 6], &25_u32.to_be_bytes(), &[255, 255, 255, 255, 255, 255], &[0, 0]].concat();
        let columns = [&2_u16.to_be_bytes()[..], &column(b"a\0"), &column(b"b\0")].concat();
        let row = [&2_u16.to_be_bytes()[..], &2_u32.to_be_bytes(), b"42", &[255; 4]].concat();
        for (kind, body) in [(b'T', &columns[..]), (b'D', &row), (b'C', b"SELECT 1\0"), (b'Z', b"I")] {
            stream.write_all(&message(kind, body)).await?;
        }
    }
    Ok(())
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short");
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

async fn body(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

async fn said(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    stream.read_u8().await?;
    body(stream).await
}

#[tokio::test]
async fn the_rows_are_what_the_server_said() {
    for tls in [PostgresTls::Disable, PostgresTls::Prefer] {
        let answer = ask(server().await, "right", tls).await.expect("an answer");
        assert_eq!(answer.columns, ["a", "b"]);
        assert_eq!(answer.rows, [[Some("42".to_owned()), None]]);
        assert_eq!(answer.error, None);
    }
}

#[tokio::test]
async fn a_wrong_password_is_an_answer_with_its_code() {
    let answer = ask(server().await, "wrong", PostgresTls::Disable).await.expect("an answer");
    let error = answer.error.expect("refused");
    assert_eq!(error.code, "28P01");
    assert!(error.message.starts_with("password authentication failed"), "{error:?}");
}

async fn check_failure(address: SocketAddr, tls: PostgresTls, kind: FailureKind, message: &str) {
    let failure = ask(address, "right", tls).await.expect_err("a failure");
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(failure.message.contains(message), "{failure:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_told_where_tls_is_asked_for() {
    check_failure(server().await, PostgresTls::Require, FailureKind::Protocol, "TLS").await;
}

#[tokio::test]
async fn what_is_no_server_fails_in_its_class() {
    let closed = SocketAddr::from(([127, 0, 0, 1], test_server::closed_port()));
    check_failure(closed, PostgresTls::Disable, FailureKind::Refused, "refused").await;
    let silent = test_server::broken(Behaviour::Silent).await;
    check_failure(silent, PostgresTls::Disable, FailureKind::TimedOut, "no answer within 0.8 s").await;
    let http = test_server::broken(Behaviour::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n", Then::Closes)).await;
    check_failure(http, PostgresTls::Disable, FailureKind::Protocol, "").await;
}
