//! Reads keys, certificates and authorities from files. What is told of a key is that it is one.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use navyd_model::Holder;
use x509_cert::{
    der::Decode,
    ext::pkix::{NameConstraints, SubjectAltName, name::GeneralName},
    time::Time,
};

use super::{Authority, Certificate, Issuer, TlsFile};
use crate::{kernel, process};

/// As much of a file as is read: a chain of certificates and a key are a tenth of it.
const LONGEST: u64 = 64 * 1024;

/// How many files of one program, or of one folder of authorities, are looked at.
const MOST: usize = 32;

/// Ends of the names of options whose value is a file with a key or a certificate.
const OPTIONS: &[&str] =
    &["key", "keyfile", "key-file", "cert", "certfile", "cert-file", "certificate", "pem"];

/// Where programs keep an authority of their own, below the folder for data of a user: certificate and key.
const OWN: &[(&str, &str)] = &[
    ("mkcert/rootCA.pem", "mkcert/rootCA-key.pem"),
    ("caddy/pki/authorities/local/root.crt", "caddy/pki/authorities/local/root.key"),
];

/// How the names of authorities begin that programs make for development.
const MADE_HERE: &[&str] =
    &["mkcert development CA", "mkcert ", "Caddy Local Authority", "ASP.NET Core HTTPS", "navyd"];

/// The files of TLS that a program's arguments name.
pub(super) fn files(holder: &Holder) -> Vec<TlsFile> {
    let cwd = holder.cwd.as_deref().map(Path::new);
    named(holder.argv.as_deref().unwrap_or_default())
        .filter_map(|name| {
            let path = if name.starts_with('/') { PathBuf::from(name) } else { cwd?.join(name) };
            let access = process::access(&path).filter(|access| !access.is_socket)?;
            let bytes = read(&path).unwrap_or_default();
            let has_key = has_key(&bytes);
            let certificate = der(&bytes).and_then(|der| certificate(&der));
            Some(TlsFile { path: path.to_string_lossy().into_owned(), access, has_key, certificate })
        })
        .take(MOST)
        .collect()
}

/// The authorities that were made on this machine and that it trusts; and the names of all that its administrator has
/// it trust, `None` where no folder of them could be read.
pub(super) fn trusted() -> (Vec<Authority>, Option<Vec<String>>) {
    let folders: Vec<_> =
        kernel::ANCHORS.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).collect();
    let is_told = !folders.is_empty();
    let trusted: Vec<(PathBuf, Vec<u8>)> = folders
        .into_iter()
        .flat_map(|entries| entries.flatten().take(MOST).map(|entry| entry.path()))
        .filter_map(|path| Some((path.clone(), der(&read(&path)?)?)))
        .collect();
    let names = trusted.iter().filter_map(|(_, der)| Some(authority(der)?.0)).collect();
    (made_here(trusted), is_told.then_some(names))
}

fn made_here(trusted: Vec<(PathBuf, Vec<u8>)>) -> Vec<Authority> {
    let own: Vec<(Vec<u8>, PathBuf)> =
        own().into_iter().filter_map(|(path, key)| Some((der(&read(&path)?)?, key))).collect();
    trusted
        .into_iter()
        .filter_map(|(path, der)| {
            let key = own.iter().find(|(own, _)| *own == der).map(|(_, key)| key);
            let (name, constrained) = authority(&der)?;
            if key.is_none() && !is_made_here(&name) {
                return None;
            }
            let key = key.and_then(|key| Some((key.to_string_lossy().into_owned(), process::access(key)?)));
            Some(Authority { name, path: path.to_string_lossy().into_owned(), constrained, key })
        })
        .collect()
}

/// Where this user's authorities lie: certificate and key.
fn own() -> Vec<(PathBuf, PathBuf)> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    let set = folder("CAROOT").map(|root| (root.join("rootCA.pem"), root.join("rootCA-key.pem")));
    let usual = data
        .into_iter()
        .flat_map(|data| OWN.iter().map(move |(cert, key)| (data.join(cert), data.join(key))));
    set.into_iter().chain(usual).collect()
}

/// The values of the options that name such a file.
fn named(argv: &[String]) -> impl Iterator<Item = &str> {
    argv.iter().enumerate().skip(1).filter_map(|(at, argument)| {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, value),
            None => (argument.as_str(), argv.get(at + 1)?.as_str()),
        };
        let name = name.strip_prefix('-')?.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
        let ends = |known: &&str| {
            name.strip_suffix(*known).is_some_and(|before| before.is_empty() || before.ends_with(['-', '.']))
        };
        (OPTIONS.iter().any(ends) && !value.starts_with('-') && !value.is_empty()).then_some(value)
    })
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether a file in PEM holds a private key (RFC 7468 §10, §11): an encrypted one is behind a password.
fn has_key(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| {
        line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY-----") && !line.contains("ENCRYPTED")
    }) && !text.contains("Proc-Type: 4,ENCRYPTED")
}

/// The first certificate of a file in PEM (RFC 7468 §5).
pub(crate) fn der(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

/// What a certificate in DER says. Pure.
pub(super) fn certificate(der: &[u8]) -> Option<Certificate> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let body = certificate.tbs_certificate();
    let (from, until) = (time(body.validity().not_before)?, time(body.validity().not_after)?);
    let names = body.get_extension::<SubjectAltName>().ok().flatten();
    let names = names.map(|(_, names)| names.0.iter().filter_map(name).collect()).unwrap_or_default();
    let (subject, issuer) = (body.subject().to_string(), body.issuer().to_string());
    let issuer = match () {
        () if subject == issuer => Issuer::Itself(issuer),
        () if is_made_here(&issuer) => Issuer::Here(issuer),
        () => Issuer::Other,
    };
    Some(Certificate { from, until, names, issuer })
}

fn time(time: Time) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            let four = <[u8; 4]>::try_from(bytes.as_bytes()).map(std::net::IpAddr::from);
            let address =
                four.or_else(|_| <[u8; 16]>::try_from(bytes.as_bytes()).map(std::net::IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// The subject of an authority, and whether it may only speak for some names.
fn authority(der: &[u8]) -> Option<(String, bool)> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let body = certificate.tbs_certificate();
    let constraints = body.get_extension::<NameConstraints>().ok().flatten();
    let permitted = constraints.is_some_and(|(_, constraints)| constraints.permitted_subtrees.is_some());
    Some((body.subject().to_string(), permitted))
}

fn is_made_here(subject: &str) -> bool {
    subject.split(['=', ',', '+']).any(|word| MADE_HERE.iter().any(|made| word.starts_with(made)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_files() {
        for (argv, expected) in [
            ("vite --https.key dev.key --https.cert=dev.pem", &["dev.key", "dev.pem"][..]),
            ("uvicorn --ssl-keyfile /a/key.pem --ssl-certfile /a/cert.pem", &["/a/key.pem", "/a/cert.pem"]),
            ("redis-server --tls-key-file k --tls-cert-file c", &["k", "c"]),
            ("http-server -S -C cert.pem -K key.pem", &[]),
            ("app --monkey banana --key --cert", &[]),
            ("app key value", &[]),
            ("app --key", &[]),
        ] {
            let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
            assert_eq!(named(&argv).collect::<Vec<_>>(), expected, "{argv:?}");
        }
    }

    #[test]
    fn a_key_is_told_from_what_is_none() {
        for (text, expected) in [
            ("-----BEGIN PRIVATE KEY-----\nMIIB", true),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIB", true),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", false),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", false),
            ("-----BEGIN PUBLIC KEY-----\n", false),
            ("sk-123", false),
            ("", false),
        ] {
            assert_eq!(has_key(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn noise_is_no_certificate() {
        for text in
            ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----"]
        {
            assert_eq!(der(text.as_bytes()), None, "{text}");
        }
        let nothing = der(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----").unwrap();
        assert_eq!((certificate(&nothing), authority(&nothing)), (None, None));
    }

    #[test]
    fn authorities_for_development_are_known_by_name() {
        for (subject, expected) in [
            ("CN=mkcert ada@laptop,OU=ada@laptop,O=mkcert development CA", true),
            ("CN=Caddy Local Authority - 2026 ECC Root", true),
            ("CN=Corporate Root CA,O=Example Inc", false),
        ] {
            assert_eq!(is_made_here(subject), expected, "{subject}");
        }
    }
}
