//! A61: a key that others read, a certificate that does not fit, an authority that may speak for every name.

use jiff::Timestamp;
use navyd_model::{finding::Confidence, text::shell_word};

use super::super::{
    At, Authority, Certificate, Check, Facts, Issuer, Judge, Power, Reach, Subject, TlsFile, check::Found,
};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A61",
    title: "its key, certificate or authority does not protect",
    why: "Who reads a server's key is the server. Who has the key of an authority that may speak for every name is \
          every site, for all who trust it (Superfish, 2015); a certificate that ended teaches people to click on.",
    spares: "Keys behind a password or in a folder that others may not pass; authorities with name constraints; those \
             of a company, whose key lies elsewhere. Of a certificate that is only shown encrypted, as TLS 1.3 does, it \
             is said to be unknown.",
    fixes: &[
        ("mkcert", "mkcert -install; or mkcert -uninstall, where nobody needs it any more"),
        ("", "chmod 600 KEY, have the certificate issued again, or: navyd trust install"),
    ],
    judge: Judge::Whole(judge),
};

fn judge(facts: &Facts) -> Vec<At<'_>> {
    let of_listeners = facts.subjects.iter().flat_map(|subject| {
        let files = subject.programs.iter().flat_map(|program| &program.tls);
        let keys = files.clone().filter_map(key);
        // One that it has shown is told as such, and not once more.
        let unseen = files.filter_map(|file| Some((&file.path, file.certificate.as_ref()?)));
        let unseen = unseen.filter(|(_, certificate)| Some(*certificate) != subject.shown.as_ref());
        let ended = unseen.filter_map(|(path, certificate)| {
            ended(certificate, facts.now?, &format!("the certificate `{path}`"))
        });
        keys.chain(ended).chain(shown(subject, facts)).map(move |found| (Some(subject), found))
    });
    of_listeners.chain(facts.authorities.iter().filter_map(authority).map(|found| (None, found))).collect()
}

fn key(file: &TlsFile) -> Option<Found> {
    if !file.has_key || !file.access.all_may_read() {
        return None;
    }
    let evidence = format!("the key `{}` has the permissions {:04o}", file.path, file.access.file.mode);
    let found = Found::observed(Power::Read, Reach::AnyUser, evidence);
    Some(found.fix(format!("chmod 600 {}", shell_word(&file.path))))
}

/// What the listener showed when it was asked.
fn shown(subject: &Subject, facts: &Facts) -> Option<Found> {
    let certificate = subject.shown.as_ref()?;
    let unfit = |now| {
        let what = "the certificate that it shows";
        ended(certificate, now, what).or_else(|| begins(certificate, now, what))
    };
    facts
        .now
        .and_then(unfit)
        .or_else(|| misnamed(subject, certificate))
        .or_else(|| unbelieved(certificate, facts.trusted.as_deref()?))
}

/// One for other names than those by which it is called here.
fn misnamed(subject: &Subject, certificate: &Certificate) -> Option<Found> {
    let address =
        subject.listener.address.filter(|address| address.is_loopback()).map(|address| address.to_string());
    let fits = |name: &String| {
        name == "localhost"
            || name.ends_with(".localhost")
            || name.ends_with(".test")
            || Some(name) == address.as_ref()
    };
    // Bound beyond loopback it may be for any name that leads here.
    if address.is_none() || certificate.names.iter().any(fits) {
        return None;
    }
    let names =
        if certificate.names.is_empty() { "no name".to_owned() } else { certificate.names.join(", ") };
    let evidence = format!("the certificate that it shows is for {names}, and for no name of this machine");
    Some(Found::observed(Power::Info, Reach::SameUser, evidence).fix("navyd trust install".to_owned()))
}

fn ended(certificate: &Certificate, now: Timestamp, what: &str) -> Option<Found> {
    if certificate.until > now {
        return None;
    }
    let evidence = format!("{what} ended on {}", certificate.until.strftime("%Y-%m-%d"));
    Some(Found::observed(Power::Info, Reach::AnyUser, evidence).fix("have it issued again".to_owned()))
}

fn begins(certificate: &Certificate, now: Timestamp, what: &str) -> Option<Found> {
    if certificate.from <= now {
        return None;
    }
    let evidence = format!(
        "{what} begins on {}: its issuer's clock is ahead, or this machine's is behind",
        certificate.from.strftime("%Y-%m-%d")
    );
    Some(Found::observed(Power::Info, Reach::AnyUser, evidence).fix("navyd doctor".to_owned()))
}

/// One whose issuer this machine does not trust. Only inferred, because browsers may have stores of their own.
fn unbelieved(certificate: &Certificate, trusted: &[String]) -> Option<Found> {
    let (issuer, own) = match &certificate.issuer {
        Issuer::Itself(name) => (name, true),
        Issuer::Here(name) => (name, false),
        Issuer::Other => return None,
    };
    if trusted.contains(issuer) {
        return None;
    }
    let who = if own { "itself, ".to_owned() } else { String::new() } + &format!("`{issuer}`");
    let evidence =
        format!("the certificate that it shows was issued by {who}, whom this machine does not trust");
    let fix = if issuer.contains("mkcert") { "mkcert -install" } else { "navyd trust install" };
    let found = Found::observed(Power::Info, Reach::SameUser, evidence).fix(fix.to_owned());
    Some(found.sure(Confidence::Inferred))
}

fn authority(authority: &Authority) -> Option<Found> {
    if authority.constrained {
        return None;
    }
    let open = authority.key.as_ref().filter(|(_, access)| access.all_may_read());
    let (reach, key) = match (open, &authority.key) {
        (Some((path, access)), _) => {
            (Reach::AnyUser, format!(", and everybody reads its key `{path}` ({:04o})", access.file.mode))
        }
        (None, Some((path, _))) => (Reach::SameUser, format!(", and its key is `{path}`")),
        (None, None) => (Reach::SameUser, String::new()),
    };
    let evidence = format!(
        "`{}` (`{}`) is trusted on this machine and may speak for every name{key}",
        authority.path, authority.name
    );
    let fix =
        "mkcert -uninstall, then: navyd trust install, whose authority speaks for names of this machine only";
    Some(Found::observed(Power::Read, reach, evidence).fix(fix.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{held, machine},
        *,
    };
    use crate::process::{Access, File};

    fn access(mode: u32, closed_by: Option<&str>) -> Access {
        let closed_by = closed_by.map(str::to_owned);
        Access { file: File { uid: 1000, mode }, is_socket: false, closed_by }
    }

    fn certificate(from: &str, until: &str) -> Certificate {
        let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
        Certificate { from, until, names: Vec::new(), issuer: Issuer::Other }
    }

    fn now() -> Timestamp {
        "2026-11-21T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn keys_that_others_read() {
        for (mode, closed_by, has_key, expected) in [
            (0o644, None, true, Some("chmod 600 /srv/dev.key")),
            (0o600, None, true, None),
            (0o640, None, true, None),
            (0o644, Some("/srv"), true, None),
            (0o644, None, false, None),
        ] {
            let mut facts = machine(held(8443, "node", None), &[]);
            let file = TlsFile {
                path: "/srv/dev.key".into(),
                access: access(mode, closed_by),
                has_key,
                certificate: None,
            };
            facts.subjects[0].programs[0].tls = vec![file];
            let found = judge(&facts);
            assert_eq!(found.first().and_then(|(_, found)| found.fix.as_deref()), expected, "{mode:o}");
        }
    }

    #[test]
    fn certificates_that_do_not_fit() {
        for (address, until, names, expected) in [
            ("127.0.0.1", "2027-01-01T00:00:00Z", &["localhost"][..], None),
            ("127.0.0.1", "2027-01-01T00:00:00Z", &["127.0.0.1"], None),
            ("127.0.0.1", "2027-01-01T00:00:00Z", &["shop.test"], None),
            ("127.0.0.1", "2026-01-01T00:00:00Z", &["localhost"], Some("ended on 2026-01-01")),
            (
                "127.0.0.1",
                "2027-01-01T00:00:00Z",
                &["example.com"],
                Some("is for example.com, and for no name"),
            ),
            ("127.0.0.1", "2027-01-01T00:00:00Z", &[], Some("is for no name")),
            ("0.0.0.0", "2027-01-01T00:00:00Z", &["example.com"], None),
        ] {
            let subject = super::super::fixture::bound(address, held(8443, "node", None));
            let mut facts = Facts { now: Some(now()), ..machine(subject, &[]) };
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            facts.subjects[0].shown =
                Some(Certificate { names, ..certificate("2025-01-01T00:00:00Z", until) });
            let found = judge(&facts);
            assert_eq!(found.is_empty(), expected.is_none(), "{address} {until}");
            assert!(found.iter().all(|(_, found)| found.evidence.contains(expected.unwrap())), "{found:?}");
        }
        let mut facts = machine(held(8443, "node", None), &[]);
        let certificate = Some(certificate("2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z"));
        facts.subjects[0].programs[0].tls =
            vec![TlsFile { path: "c.pem".into(), access: access(0o644, None), has_key: false, certificate }];
        assert!(judge(&facts).is_empty(), "nobody knows what time it is");
        facts.now = Some(now());
        assert!(judge(&facts)[0].1.evidence.starts_with("the certificate `c.pem` ended"));
    }

    #[test]
    fn certificates_that_nobody_here_believes() {
        let local = || Issuer::Here("CN=mkcert ada,O=mkcert development CA".into());
        let own = || Issuer::Itself("CN=localhost".into());
        for (from, issuer, trusted, expected) in [
            ("2025-01-01T00:00:00Z", local(), Some(&["CN=mkcert ada,O=mkcert development CA"][..]), None),
            (
                "2025-01-01T00:00:00Z",
                local(),
                Some(&[]),
                Some("by `CN=mkcert ada,O=mkcert development CA`, whom"),
            ),
            ("2025-01-01T00:00:00Z", local(), None, None),
            ("2025-01-01T00:00:00Z", own(), Some(&["CN=localhost"]), None),
            ("2025-01-01T00:00:00Z", own(), Some(&[]), Some("by itself, `CN=localhost`, whom")),
            ("2025-01-01T00:00:00Z", Issuer::Other, Some(&[]), None),
            ("2027-01-01T00:00:00Z", Issuer::Other, Some(&[]), Some("begins on 2027-01-01")),
        ] {
            let mut facts = Facts { now: Some(now()), ..machine(held(8443, "node", None), &[]) };
            facts.trusted = trusted.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            let names = vec!["localhost".to_owned()];
            facts.subjects[0].shown =
                Some(Certificate { names, issuer, ..certificate(from, "2028-01-01T00:00:00Z") });
            let found = judge(&facts);
            assert_eq!(found.is_empty(), expected.is_none(), "{found:?}");
            assert!(found.iter().all(|(_, found)| found.evidence.contains(expected.unwrap())), "{found:?}");
        }
    }

    #[test]
    fn authorities_that_speak_for_every_name() {
        let made = |constrained, key: Option<Access>| Authority {
            name: "O=mkcert development CA".into(),
            path: "/usr/local/share/ca-certificates/mkcert.crt".into(),
            constrained,
            key: key.map(|access| ("/home/a/rootCA-key.pem".into(), access)),
        };
        for (authority, expected) in [
            (made(true, Some(access(0o644, None))), None),
            (made(false, Some(access(0o400, None))), Some(Reach::SameUser)),
            (made(false, Some(access(0o444, None))), Some(Reach::AnyUser)),
            (made(false, Some(access(0o444, Some("/home/a")))), Some(Reach::SameUser)),
            (made(false, None), Some(Reach::SameUser)),
        ] {
            let facts = Facts { authorities: vec![authority], ..Facts::default() };
            assert_eq!(judge(&facts).first().map(|(_, found)| found.reach), expected, "{facts:?}");
        }
    }
}
