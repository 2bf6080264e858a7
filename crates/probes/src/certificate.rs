//! What a server's certificate says of itself.

use seatrial_observation::Certificate;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Reads a certificate (DER); `None` where it is none.
pub(crate) fn read(der: &[u8]) -> Option<Certificate> {
    let read = x509_cert::Certificate::from_der(der).ok()?;
    let end = read.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Some(Certificate {
        names: names(&read),
        issuer: read.tbs_certificate.issuer.to_string(),
        valid_for_s: i64::try_from(end).ok()?.saturating_sub_unsigned(now),
    })
}

fn names(read: &x509_cert::Certificate) -> Vec<String> {
    let found = read.tbs_certificate.get::<SubjectAltName>().ok().flatten();
    let names = found.map(|(_, SubjectAltName(names))| names).unwrap_or_default();
    names.iter().filter_map(name).collect()
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(octets) => match *octets.as_bytes() {
            [a, b, c, d] => Some(IpAddr::from([a, b, c, d]).to_string()),
            _ => <[u8; 16]>::try_from(octets.as_bytes()).ok().map(|v6| IpAddr::from(v6).to_string()),
        },
        _ => None,
    }
}
