//! What is made, held against programs that decide whether to trust it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use navyd_model::target::Host;
use rcgen::{Issuer, KeyPair, SanType};
use x509_cert::der::Decode as _;

use super::{Authority, AuthorityError, Certificates, Names, Signer, parts};

const DAY: i64 = 24 * 60 * 60;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn name(name: &str) -> Host {
    Host::Name(name.to_owned())
}

fn names(routes: &[&str]) -> Names {
    let routes: Vec<_> =
        routes.iter().map(|name| format!("{name}=http://127.0.0.1:1").parse().unwrap()).collect();
    Names::of(&routes, &[])
}

/// What is above a leaf: the root that is trusted, and what is shown besides.
#[derive(Clone, Copy)]
struct Chain<'a> {
    root: &'a str,
    intermediate: Option<&'a str>,
}

/// What OpenSSL says of a leaf, trusting the root alone; `None` without OpenSSL.
fn verified(folder: &Path, chain: Chain<'_>, leaf: &[u8], host: &str) -> Option<Result<(), String>> {
    fs::create_dir_all(folder).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let root = file("root.pem", chain.root.as_bytes());
    let intermediate = chain.intermediate.map(|text| file("intermediate.pem", text.as_bytes()));
    let leaf = file("leaf.der", leaf);
    let mut command = Command::new("openssl");
    let check = if host.parse::<IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
    command.args(["verify", "-purpose", "sslserver", check, host, "-CAfile"]).arg(root);
    if let Some(file) = intermediate {
        command.arg("-untrusted").arg(file);
    }
    let ran = command.arg(leaf).output().ok()?;
    let told = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    Some(if ran.status.success() { Ok(()) } else { Err(told) })
}

#[test]
fn leaves_of_this_machine_are_trusted_and_no_others() {
    let authority = Authority::create(Timestamp::now()).unwrap();
    // Whoever steals the key of the intermediate can sign whatever they like.
    let stolen = KeyPair::from_pem(authority.key()).unwrap();
    let thief = Issuer::from_ca_cert_pem(authority.intermediate(), stolen).unwrap();
    let chain = Chain { root: authority.root(), intermediate: Some(authority.intermediate()) };
    trusted_here_alone("authority", authority.signer(), &thief, chain);
}

#[test]
fn leaves_of_a_throwaway_authority_are_trusted_and_no_others() {
    let (signer, root) = Signer::throwaway(Timestamp::now()).unwrap();
    let leaf = signer.leaf(&[name("shop.localhost")], Timestamp::now()).unwrap();
    assert_eq!(leaf.key.cert.len(), 1);
    assert_ne!(Signer::throwaway(Timestamp::now()).unwrap().1, root);
    trusted_here_alone("throwaway", &signer, &signer.issuer, Chain { root: &root, intermediate: None });
}

/// Asks OpenSSL of leaves of this signer, and of those that somebody signs with its key.
fn trusted_here_alone(what: &str, signer: &Signer, thief: &Issuer<'_, KeyPair>, chain: Chain<'_>) {
    let folder = std::env::temp_dir().join(format!("navyd-{what}-{}", std::process::id()));
    let now = Timestamp::now();
    let hosts = [name("shop.localhost"), name("app.test"), Host::Address(Ipv4Addr::LOCALHOST.into())];
    let leaf = signer.leaf(&hosts, now).unwrap();
    for host in ["shop.localhost", "app.test", "127.0.0.1"] {
        match verified(&folder, chain, &leaf.key.cert[0], host) {
            Some(told) => assert_eq!(told, Ok(()), "{host}"),
            None => return eprintln!("skipped: tls::tests: {what}: `openssl` is not installed"),
        }
    }
    for (host, expected) in [
        ("shop.localhost", true),
        ("example.com", false),
        ("localhost.example.com", false),
        ("127.1.2.3", true),
        ("192.0.2.1", false),
        ("2001:db8::1", false),
    ] {
        let subject = match host.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.try_into().unwrap()),
        };
        let key = KeyPair::generate().unwrap();
        let params = parts::leaf(now, signer.expires(), vec![subject], "navyd");
        let forged = params.signed_by(&key, thief).unwrap();
        let told = verified(&folder, chain, forged.der(), host).unwrap();
        assert_eq!(told.is_ok(), expected, "{host}: {told:?}");
        let constrained = |told: &String| told.contains("permitted subtree violation");
        assert!(expected || told.as_ref().is_err_and(constrained), "{host}: {told:?}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_authority_is_what_its_texts_say() {
    let now = at(1_800_000_000);
    let made = Authority::create(now).unwrap();
    assert_eq!(made.expires(), at(1_800_000_000 + 730 * DAY));
    let texts = |authority: &Authority| {
        [authority.root(), authority.intermediate(), authority.key()].map(str::to_owned)
    };
    let [root, intermediate, key] = texts(&made);
    let loaded = Authority::load(root.clone(), intermediate.clone(), key.clone()).unwrap();
    assert_eq!((texts(&loaded), loaded.expires()), (texts(&made), made.expires()));
    assert!(loaded.signer().leaf(&[name("shop.localhost")], now).is_ok());
    let [_, _, other] = texts(&Authority::create(now).unwrap());
    let wrong = |root: &str, intermediate: &str, key: &str| {
        Authority::load(root.to_owned(), intermediate.to_owned(), key.to_owned()).err().unwrap()
    };
    assert!(matches!(wrong(&root, &intermediate, &other), AuthorityError::OtherKey));
    for (broken, part) in [
        (wrong("", &intermediate, &key), "root"),
        (wrong(&root, "-----BEGIN CERTIFICATE-----", &key), "intermediate"),
        (wrong(&root, &key, &key), "intermediate"),
        (wrong(&root, &intermediate, &root), "key"),
    ] {
        assert!(matches!(broken, AuthorityError::Unreadable { part: told } if told == part), "{broken:?}");
    }
}

#[test]
fn nothing_is_signed_out_of_scope_or_out_of_time() {
    let authority = Authority::create(at(1_800_000_000)).unwrap();
    for host in [name("example.com"), name("*.localhost"), Host::Address(Ipv4Addr::BROADCAST.into())] {
        let hosts = [name("shop.localhost"), host];
        let refused = authority.signer().leaf(&hosts, at(1_800_000_000));
        assert!(matches!(refused, Err(AuthorityError::OutOfScope { .. })), "{hosts:?}");
    }
    let late = authority.signer().leaf(&[name("shop.localhost")], authority.expires());
    assert!(matches!(late, Err(AuthorityError::Expired)));
    // It is not valid for longer than who signed it.
    let last = authority.signer().leaf(&[name("shop.localhost")], at(1_800_000_000 + 727 * DAY)).unwrap();
    assert!(!last.is_due(at(1_800_000_000 + 729 * DAY - 1)));
    assert!(last.is_due(at(1_800_000_000 + 729 * DAY)));
}

static CLOCK: AtomicI64 = AtomicI64::new(1_800_000_000);

#[test]
fn leaves_are_kept_until_they_are_due_or_their_name_is_gone() {
    let authority = Authority::create(at(1_800_000_000)).unwrap();
    let certificates = Certificates::new(authority, || at(CLOCK.load(Ordering::Relaxed)));
    assert!(certificates.leaf(Some("shop.localhost")).is_none());
    certificates.know(names(&["shop.localhost", "*.docs.localhost"]));
    // The gateway's own, and the one name that is known.
    assert_eq!(certificates.kept(), 2);
    let leaf = |name: Option<&str>| certificates.leaf(name).unwrap();
    let first = leaf(Some("shop.localhost"));
    assert!(Arc::ptr_eq(&first, &leaf(Some("SHOP.localhost."))));
    assert!(Arc::ptr_eq(&leaf(None), &leaf(Some("localhost"))));
    assert!(Arc::ptr_eq(&leaf(None), &leaf(Some("navyd.localhost"))));
    assert!(!Arc::ptr_eq(&first, &leaf(Some("a.docs.localhost"))));
    for unknown in ["other.localhost", "docs.localhost", "example.com", ""] {
        assert!(certificates.leaf(Some(unknown)).is_none(), "{unknown}");
    }
    assert_eq!(certificates.kept(), 3);
    CLOCK.fetch_add(20 * DAY - 1, Ordering::Relaxed);
    assert!(Arc::ptr_eq(&first, &leaf(Some("shop.localhost"))));
    CLOCK.fetch_add(1, Ordering::Relaxed);
    let second = leaf(Some("shop.localhost"));
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&second, &leaf(Some("shop.localhost"))));
    certificates.know(names(&["other.localhost", "shop.localhost"]));
    assert!(certificates.leaf(Some("a.docs.localhost")).is_none());
    assert!(Arc::ptr_eq(&second, &leaf(Some("shop.localhost"))));
    assert_eq!(certificates.kept(), 3);
}

#[test]
fn a_leaf_for_names_of_before_is_not_kept() {
    let certificates = Certificates::new(Authority::create(at(0)).unwrap(), || at(0));
    let listens = |address: &str| Names::of(&[], &[address.parse().unwrap()]);
    certificates.know(listens("127.0.0.1:1"));
    // A client asks for the gateway's own leaf, and while it is signed another address is added.
    let before = listens("127.0.0.1:1").certified(None);
    let signer = certificates.signer();
    let late = signer.leaf(&before, at(0)).unwrap();
    certificates.know(listens("127.9.8.7:1"));
    let own = certificates.leaf(None).unwrap();
    certificates.keep(None, &before, &signer, late.clone());
    assert!(Arc::ptr_eq(&own, &certificates.leaf(None).unwrap()), "the own leaf has all addresses");
    // So has one of an authority of before.
    certificates.sign_with(Authority::create(at(0)).unwrap());
    let own = certificates.leaf(None).unwrap();
    certificates.keep(None, &listens("127.9.8.7:1").certified(None), &signer, late);
    assert!(Arc::ptr_eq(&own, &certificates.leaf(None).unwrap()));
}

#[test]
fn leaves_are_renewed_as_long_as_the_authority_lasts_and_none_outlives_it() {
    static NOW: AtomicI64 = AtomicI64::new(0);
    let certificates =
        Certificates::new(Authority::create(at(0)).unwrap(), || at(NOW.load(Ordering::Relaxed)));
    certificates.know(names(&["shop.localhost"]));
    let leaf = || certificates.leaf(Some("shop.localhost"));
    let mut known = leaf();
    let mut renewed = 0;
    // A clock that moves by an hour, for two years and a week.
    for hour in 0..24 * 737 {
        NOW.store(hour * 3600, Ordering::Relaxed);
        let (shown, own) = (leaf(), certificates.leaf(None));
        let days = hour / 24;
        assert_eq!((shown.is_some(), own.is_some()), (days < 730, days < 730), "on day {days}");
        let Some(key) = &shown else { continue };
        if !known.as_ref().is_some_and(|before| Arc::ptr_eq(before, key)) {
            (renewed, known) = (renewed + 1, shown.clone());
        }
        // What is shown is valid: seldom enough that the test is quick.
        if hour % 97 == 0 || days > 715 {
            let certificate = x509_cert::Certificate::from_der(&key.cert[0]).unwrap();
            let until = certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs();
            assert!(
                until > (hour * 3600).unsigned_abs() && until <= 730 * DAY.unsigned_abs(),
                "on day {days}"
            );
        }
    }
    // Every twenty days, and faster and faster at the end, where each has two thirds of what is left.
    assert!((36..60).contains(&renewed), "{renewed} times");
}

#[test]
fn names_below_a_wildcard_cannot_fill_the_memory() {
    let certificates = Certificates::new(Authority::create(at(0)).unwrap(), || at(0));
    certificates.know(names(&["*.docs.localhost"]));
    for number in 0..1100 {
        assert!(certificates.leaf(Some(&format!("n{number}.docs.localhost"))).is_some());
    }
    assert_eq!(certificates.kept(), 1024);
    assert!(certificates.leaf(None).is_some());
}
