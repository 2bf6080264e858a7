//! TLS as a probe sees it: whom it trusts, which name it asks for, and what the certificate says of itself.

use crate::probe;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use seatrial_observation::{FailureKind, HttpAnswer, HttpSpec, ProbeAnswer, ProbeFailure, ProbeSpec, Way};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server for `shop.test`, and who signed its certificate (PEM).
async fn server() -> (SocketAddr, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("key")).expect("authority");
    let key = KeyPair::generate().expect("key");
    let params = CertificateParams::new(vec!["shop.test".to_owned(), "10.1.2.3".to_owned()]).expect("names");
    let certificate = params.signed_by(&key, &authority).expect("certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("key");
    let config = config.expect("versions").with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).expect("a pair");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 1024];
            let size = stream.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..size]).to_lowercase();
            let host = text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{host}", host.len());
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, authority.pem())
}

async fn ask(url: String, dial: Option<SocketAddr>, trust: Option<String>) -> Result<HttpAnswer, ProbeFailure> {
    let way = Way { dial: dial.map(|address| address.to_string()), trust };
    let spec = HttpSpec { way, ..HttpSpec::get(url) };
    match probe(&ProbeSpec::Http(spec), Duration::from_secs(2)).await.result {
        Ok(ProbeAnswer::Http(answer)) => Ok(answer),
        Ok(other) => panic!("not an HTTP answer: {other:?}"),
        Err(failure) => Err(failure),
    }
}

#[tokio::test]
async fn whom_it_trusts_and_what_it_is_for_is_verified() {
    let (address, authority) = server().await;
    let answer = ask("https://shop.test/".into(), Some(address), Some(authority)).await.expect("it is trusted");
    assert_eq!((answer.status, answer.body.as_str()), (200, "shop.test"));
    let certificate = answer.certificate.expect("it showed one");
    assert_eq!(certificate.names, ["shop.test", "10.1.2.3"]);
    assert!(certificate.valid_for_s > 86_400, "{certificate:?}");
}

#[tokio::test]
async fn without_trust_the_certificate_is_only_reported() {
    let (address, _) = server().await;
    let answer = ask(format!("https://{address}/"), None, None).await.expect("any certificate will do");
    assert!(answer.certificate.is_some());
}

async fn check_refused(url: &str, trust: String, message: &str) {
    let (address, authority) = server().await;
    let trust = if trust.is_empty() { authority } else { trust };
    let failure = ask(url.to_owned(), Some(address), Some(trust)).await.expect_err("refused");
    assert_eq!(failure.kind, FailureKind::Protocol, "{failure:?}");
    assert!(failure.message.contains(message), "{failure:?}");
}

#[tokio::test]
async fn a_stranger_or_another_name_is_refused() {
    let (_, somebody_else) = server().await;
    check_refused("https://shop.test/", somebody_else, "invalid peer certificate").await;
    check_refused("https://bank.test/", String::new(), "certificate not valid for name").await;
    check_refused("https://shop.test/", "no pem".to_owned(), "no certificate to trust").await;
}

#[tokio::test]
async fn a_name_is_asked_for_at_another_address() {
    let base = crate::test_server::serve(axum::Router::new()).await;
    let dial: SocketAddr = base.trim_start_matches("http://").parse().expect("address");
    assert_eq!(ask("http://shop.test/".into(), Some(dial), None).await.expect("an answer").status, 404);
}
