//! What a certificate says, in one line.

use std::net::IpAddr;

use x509_cert::{
    Certificate,
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use super::super::text;

/// How many of the alternative names are shown.
const NAMES: usize = 4;

/// Subject, names, issuer and end of a certificate in DER; `None` when it cannot be read. Pure.
pub(super) fn describe(der: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(der).ok()?;
    let certificate = certificate.tbs_certificate();
    let subject = certificate.subject().to_string();
    let issuer = certificate.issuer().to_string();
    let issued =
        if subject == issuer { "self-signed".to_owned() } else { format!("issuer {}", line(&issuer)) };
    let until = certificate.validity().not_after.to_unix_duration().as_secs();
    let until = i64::try_from(until).ok().and_then(|until| jiff::Timestamp::from_second(until).ok());
    let names = certificate.get_extension::<SubjectAltName>().ok().flatten();
    text::join([
        (!subject.is_empty()).then(|| format!("subject {}", line(&subject))),
        names.and_then(|(_, names)| list(&names.0)),
        Some(issued),
        until.map(|until| format!("expires {}", until.strftime("%Y-%m-%d"))),
    ])
}

/// `names a, b and 3 more`.
fn list(names: &[GeneralName]) -> Option<String> {
    let shown: Vec<String> = names.iter().filter_map(name).collect();
    let rest = shown.len().saturating_sub(NAMES);
    let first = shown.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(" ");
    match (shown.is_empty(), rest) {
        (true, _) => None,
        (false, 0) => Some(format!("names {first}")),
        (false, rest) => Some(format!("names {first} and {rest} more")),
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(line(name.as_str())),
        GeneralName::IpAddress(bytes) => {
            let four = <[u8; 4]>::try_from(bytes.as_bytes()).map(IpAddr::from);
            let address = four.or_else(|_| <[u8; 16]>::try_from(bytes.as_bytes()).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn line(words: &str) -> String {
    text::line(words.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_no_certificate() {
        for noise in [&b""[..], b"\x30\x00", b"\x30\x82\xff\xff", &[0x30; 300]] {
            assert_eq!(describe(noise), None);
        }
    }
}
