//! Browsers at a name of the hub's.

use std::fs;

use serde_json::Value;

use super::{marionette::Firefox, *};
use crate::support::{CHROMIUM, child::Held};

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

/// A hub with a name, and the page behind it.
struct Shop {
    user: User,
    _page: Held,
    _hub: Held,
    address: String,
}

impl Shop {
    fn open() -> Self {
        let user = User::new();
        let mut page = Held::start(Command::new("python3").args(["-c", PAGE]));
        let upstream = page.line();
        let mut command = user.command(navyd());
        let mut hub = Held::start(command.args(["--json", "hub", "--listen", "127.0.0.1:0"]));
        let started: Value = serde_json::from_str(&hub.line()).unwrap();
        let port = started["listen"][0].as_str().unwrap().rsplit(':').next().unwrap();
        let address = format!("https://shop.localhost:{port}/");
        let shop = Self { user, _page: page, _hub: hub, address };
        shop.succeeds(&["route", "add", "shop", &upstream]);
        shop
    }

    fn succeeds(&self, args: &[&str]) {
        let ran = self.user.navyd(args);
        assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn chromium_opens_a_name_without_a_warning() {
    const TEST: &str = "chromium_opens_a_name_without_a_warning";
    if !needs(TEST, &["chromium", "certutil", "python3"]) {
        return;
    }
    let shop = Shop::open();
    let browse = || {
        let mut command = shop.user.command(Command::new("chromium"));
        let profile = format!("--user-data-dir={}", text(&shop.user.path("profile")));
        run(command.args(CHROMIUM).args([&profile, "--dump-dom", &shop.address]))
    };
    // Its first start also makes the database that the authority goes into.
    let before = browse();
    assert!(before.stderr.contains("ERR_CERT_AUTHORITY_INVALID"), "{}", before.stderr);
    assert!(!before.stdout.contains("behind it"), "{}", before.stdout);
    shop.succeeds(&["trust", "install", "--store", "chromium", "--yes"]);
    let after = browse();
    assert!(after.stdout.contains("<p>behind it</p>"), "{} {}", after.stdout, after.stderr);
    let found = status(&shop.user.navyd(&["--json", "trust", "status", "--browsers"]));
    assert_eq!(verdict(&found, "chromium"), ("trusted".into(), None), "{found}");
    shop.succeeds(&["trust", "uninstall", "--store", "chromium", "--yes"]);
    assert!(browse().stderr.contains("ERR_CERT_AUTHORITY_INVALID"));
}

#[test]
fn firefox_opens_a_name_without_a_warning() {
    const TEST: &str = "firefox_opens_a_name_without_a_warning";
    if !needs(TEST, &["firefox-esr", "certutil", "python3"]) {
        return;
    }
    let shop = Shop::open();
    // Where profiles are is the browser's to say: it has moved them between its versions.
    let made = run(Firefox::command(&shop.user).args(["-CreateProfile", "shop"]));
    assert_eq!(made.status, Some(0), "{}", made.stderr);
    let roots = [".mozilla/firefox", ".config/mozilla/firefox"].map(|below| shop.user.path(below));
    let files = roots.iter().filter_map(|root| fs::read_dir(root).ok()).flatten().flatten();
    let profile =
        files.map(|file| file.path()).find(|path| path.extension().is_some_and(|ends| ends == "shop"));
    let profile = profile.unwrap_or_else(|| panic!("no profile below {roots:?}"));
    let refused = Err("insecure certificate".to_owned());

    let mut firefox = Firefox::start(&shop.user, &profile);
    assert_eq!(firefox.page(&shop.address), refused, "nothing was installed yet");
    shop.succeeds(&["trust", "install", "--store", "firefox", "--yes"]);
    let opened = firefox.page(&shop.address).unwrap();
    assert!(opened.contains("<p>behind it</p>"), "while it runs: {opened}");
    firefox.quit();
    let mut firefox = Firefox::start(&shop.user, &profile);
    let opened = firefox.page(&shop.address).unwrap();
    assert!(opened.contains("<p>behind it</p>"), "started anew: {opened}");
    firefox.quit();
    shop.succeeds(&["trust", "uninstall", "--store", "firefox", "--yes"]);
    let mut firefox = Firefox::start(&shop.user, &profile);
    assert_eq!(firefox.page(&shop.address), refused, "it was taken back");
    firefox.quit();
}
