//! Certificates of a trial: an authority of its own for each, so that nothing of ours is trusted anywhere else.

use indexmap::IndexMap;

/// A certificate for these names, its key, and the authority that signed it, as PEM: the keys of a TLS Secret.
pub(super) fn signed(names: &[String]) -> Result<IndexMap<String, String>, String> {
    let signed = || -> Result<_, rcgen::Error> {
        let authority_key = rcgen::KeyPair::generate()?;
        let mut authority = rcgen::CertificateParams::new(Vec::new())?;
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        authority.distinguished_name.push(rcgen::DnType::CommonName, "Seatrial trial authority");
        let ca = authority.self_signed(&authority_key)?;
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let key = rcgen::KeyPair::generate()?;
        let leaf = rcgen::CertificateParams::new(names.to_vec())?.signed_by(&key, &issuer)?;
        Ok([("tls.crt", leaf.pem()), ("tls.key", key.serialize_pem()), ("ca.crt", ca.pem())])
    };
    let parts = signed().map_err(|error| error.to_string())?;
    Ok(parts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_three_parts() {
        let made = signed(&["shop.test".to_owned()]).expect("it can be made");
        assert!(made["tls.crt"].starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(made["tls.key"].contains("PRIVATE KEY"));
        assert_ne!(made["tls.crt"], made["ca.crt"]);
        assert!(signed(&["ünlesbar\u{0}".to_owned()]).is_err());
    }
}
