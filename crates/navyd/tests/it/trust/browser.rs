//! A browser at a name of the hub's.

use serde_json::Value;

use super::*;
use crate::support::child::Held;

/// What answers behind the name.
const PAGE: &str = "import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '16')
        self.end_headers()
        self.wfile.write(b'<p>behind it</p>')
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Page)
print(server.server_port, flush=True)
server.serve_forever()";

/// Nothing but the one page: whatever else a browser does at its start has no place in a test.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

#[test]
fn chromium_opens_a_name_without_a_warning() {
    const TEST: &str = "chromium_opens_a_name_without_a_warning";
    if !needs(TEST, &["chromium", "certutil", "python3"]) {
        return;
    }
    let user = User::new();
    let mut page = Held::start(Command::new("python3").args(["-c", PAGE]));
    let upstream = page.line();
    let mut command = user.command(navyd());
    let mut hub = Held::start(command.args(["--json", "hub", "--listen", "127.0.0.1:0"]));
    let started: Value = serde_json::from_str(&hub.line()).unwrap();
    let port = started["listen"][0].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let added = user.navyd(&["route", "add", "shop", &upstream]);
    assert_eq!(added.status, Some(0), "{}", added.stderr);
    let browse = || {
        let mut command = user.command(Command::new("chromium"));
        let profile = format!("--user-data-dir={}", text(&user.path("profile")));
        let address = format!("https://shop.localhost:{port}/");
        run(command.args(FLAGS).args([&profile, "--dump-dom", &address]))
    };
    // Its first start also makes the database that the authority goes into.
    let before = browse();
    assert!(before.stderr.contains("ERR_CERT_AUTHORITY_INVALID"), "{}", before.stderr);
    assert!(!before.stdout.contains("behind it"), "{}", before.stdout);
    let installed = user.navyd(&["trust", "install", "--store", "chromium", "--yes"]);
    assert_eq!(installed.status, Some(0), "{}", installed.stderr);
    let after = browse();
    assert!(after.stdout.contains("<p>behind it</p>"), "{} {}", after.stdout, after.stderr);
    let found = status(&user.navyd(&["--json", "trust", "status", "--browsers"]));
    assert_eq!(verdict(&found, "chromium"), ("trusted".into(), None), "{found}");
    let removed = user.navyd(&["trust", "uninstall", "--store", "chromium", "--yes"]);
    assert_eq!(removed.status, Some(0), "{}", removed.stderr);
    assert!(browse().stderr.contains("ERR_CERT_AUTHORITY_INVALID"));
}
