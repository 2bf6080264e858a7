//! Which way a probe connects: the addresses that it dials, and what its TLS trusts.

use crate::{failure, names};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use seatrial_observation::{ProbeFailure, Way};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;

/// TLS that trusts the signers in a PEM text; without one it takes any certificate, which is then no more than reported.
pub(crate) fn tls(trust: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(if let Some(pem) = trust {
        builder.with_root_certificates(roots(pem)?).with_no_client_auth()
    } else {
        let anyone = Arc::new(Anyone(algorithms));
        builder.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth()
    })
}

fn roots(pem: &str) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("no certificate to trust: {error}"))?;
        store.add(certificate).map_err(|error| format!("no certificate to trust: {error}"))?;
    }
    if store.is_empty() { Err("there is no certificate to trust in it".to_owned()) } else { Ok(store) }
}

/// The addresses of `host:port`.
pub(crate) async fn addresses(dial: &str) -> Result<Vec<SocketAddr>, ProbeFailure> {
    let no_port = || failure::protocol(format!("not an address: {dial}"));
    let (host, port) = dial.rsplit_once(':').ok_or_else(no_port)?;
    let port: u16 = port.parse().map_err(|_| no_port())?;
    let addresses = names::resolve(host).await.map_err(|error| failure::of_error(&error))?;
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}

/// A connection there: the way's own address, else `host:port`; the first address that accepts.
pub(crate) async fn connect(way: &Way, host: &str, port: u16) -> Result<TcpStream, ProbeFailure> {
    let written = format!("{host}:{port}");
    let dial = way.dial.as_ref().unwrap_or(&written);
    let mut first_failure = None;
    for address in addresses(dial).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => first_failure = first_failure.or_else(|| Some(failure::of_error(&error))),
        }
    }
    Err(first_failure.unwrap_or_else(|| failure::protocol("the name has no address")))
}

/// Takes any certificate, but insists that the server holds its key.
#[derive(Debug)]
struct Anyone(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
