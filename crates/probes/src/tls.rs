//! The TLS provider: ring, chosen once, here.

use std::sync::Arc;

/// Makes ring the process's TLS provider, for libraries that ask for the default one. Every `main` calls it
/// first; calling it again changes nothing.
pub fn install_tls_provider() {
    // An error says only that a provider is installed already.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// A TLS configuration that trusts nobody and needs nothing: neither an installed provider nor certificates on
/// disk, which an image made from scratch does not have. It is for what is asked in plain HTTP: here `https` fails
/// as a handshake. See [`crate::way`] for the others.
pub(crate) fn without_roots() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}
