//! Certificates as servers show them: those that do not fit, and the clean twin; what is sent for it; and who is asked.

use std::process::Command;

use serde_json::Value;

use super::{ask_for, findings, score::Score};
use crate::support::{
    child::Held,
    program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// Serves pages by HTTPS at its first argument, and prints its port. The fourth is the least version that it speaks.
const SERVER: &str = "\
import http.server, ssl, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer((sys.argv[1], 0), Quiet)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion[sys.argv[4]]
context.load_cert_chain(sys.argv[2].split('=')[1], sys.argv[3].split('=')[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
";

/// An authority that lets the time of what it issues be told.
const AUTHORITY: &str = "\
[ca]
default_ca = own
[own]
database = index
default_md = sha256
new_certs_dir = .
policy = any
rand_serial = yes
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
";

fn openssl(folder: &TempDir, line: &str, name: &str) {
    let ran =
        run(Command::new("openssl").args(line.split(' ')).args(["-subj", name]).current_dir(folder.path()));
    assert_eq!(ran.status, Some(0), "{line}: {}", ran.stderr);
}

/// A key and a certificate for this name and time, of an authority that belongs to somebody else.
fn issue(folder: &TempDir, name: &str, from: &str, until: &str) {
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    folder.write("ca.cnf", AUTHORITY);
    folder.write("index", "");
    openssl(folder, &format!("req -x509 {KEY} -days 9 -keyout ca.key -out ca.pem"), "/CN=Example Company CA");
    let asked = format!("req -new {KEY} -keyout key.pem -out request -addext subjectAltName=DNS:{name}");
    openssl(folder, &asked, &format!("/CN={name}"));
    let issued = format!(
        "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in request -out cert.pem \
         -startdate {from} -enddate {until}"
    );
    openssl(folder, &issued, &format!("/CN={name}"));
}

fn serve(folder: &TempDir, least: &str) -> (Held, u16) {
    let script = folder.write("app.py", SERVER);
    let mut command = Command::new("python3");
    command.arg(script).args(["127.0.0.1", "--ssl-cert=cert.pem", "--ssl-key=key.pem", least]);
    let mut held = Held::start(command.current_dir(folder.path()));
    let port = held.line().parse().unwrap();
    (held, port)
}

/// Certificates as they are shown, each that does not fit for another reason.
pub(super) fn certificates(score: &mut Score) {
    if program("openssl").is_none() {
        return skip("audit::matrix::recall_and_false_positives", "`openssl` is not installed");
    }
    for (name, from, until, expected) in [
        ("shop.localhost", "20200101000000Z", "20990101000000Z", None),
        ("shop.localhost", "20200101000000Z", "20210101000000Z", Some("that it shows ended on 2021-01-01")),
        (
            "shop.localhost",
            "20980101000000Z",
            "20990101000000Z",
            Some("that it shows begins on 2098-01-01: "),
        ),
        (
            "shop.example.com",
            "20200101000000Z",
            "20990101000000Z",
            Some("that it shows is for shop.example.com, and for no name of this machine"),
        ),
    ] {
        let folder = TempDir::new();
        issue(&folder, name, from, until);
        let (_server, port) = serve(&folder, "TLSv1_2");
        // What is wrong with the authorities of this machine has no listener.
        let found = findings(&ask_for("A61", &port.to_string(), navyd));
        let found: Vec<Value> = found.into_iter().filter(|one| !one["listener"].is_null()).collect();
        score.row(&format!("{name} until {until}"), if expected.is_some() { &["A61"] } else { &[] }, &found);
        let said = found.first().map(|one| one["evidence"].as_str().unwrap_or_default().to_owned());
        assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))), "{found:?}");
    }
}

#[test]
fn a_certificate_that_is_only_shown_encrypted_is_unknown() {
    let test = "a_certificate_that_is_only_shown_encrypted_is_unknown";
    if program("openssl").is_none() {
        return skip(test, "`openssl` is not installed");
    }
    let folder = TempDir::new();
    issue(&folder, "shop.localhost", "20200101000000Z", "20990101000000Z");
    let (_server, port) = serve(&folder, "TLSv1_3");
    let document = ask_for("A61", &port.to_string(), navyd);
    let expected = format!("127.0.0.1:{port} speaks TLS, and does not show its certificate in clear");
    assert!(document["unknown"].as_array().unwrap().contains(&expected.into()), "{document:#}");
    assert!(findings(&document).is_empty(), "{document:#}");
}
