//! Archives, read by the validator that tools use, and by a browser that answers from one.

use std::process::Command;

use navyd_model::exchange::{Protocol, Side};

use super::{exchange, needs, piece, written};
use crate::support::{peers, program, run::run, skip, temp::TempDir};

/// Says what is wrong with the archive in `FILE`; nothing when it is as it should be.
const VALIDATE: &str = "
const validate = require('har-validator/lib/async.js');
const archive = JSON.parse(require('fs').readFileSync(process.env.FILE));
validate.har(archive, (error) => { console.log(error ? JSON.stringify(error.errors || String(error)) : 'valid'); });
";

/// Opens a page of which only the archive knows, and prints what the page and its script say.
const BROWSE: &str = "
const { chromium } = require('playwright-core');
(async () => {
  const options = { executablePath: process.env.CHROMIUM, args: ['--no-sandbox'], chromiumSandbox: false };
  const browser = await chromium.launch(options);
  try {
    const page = await browser.newPage();
    await page.routeFromHAR(process.env.FILE, { notFound: 'abort' });
    const answer = await page.goto('http://shop.localhost:62893/');
    await page.waitForFunction(() => document.title === 'done');
    console.log(JSON.stringify([answer.status(), await page.textContent('p')]));
  } finally { await browser.close(); }
})().catch((error) => { console.error(error); process.exit(1); });
";

/// Runs a script with the packages of the tests; `None`, with the reason said, where they are not installed.
fn node(test: &str, package: &str, script: &str, file: &std::path::Path) -> Option<Command> {
    if !needs(test, &["node"]) {
        return None;
    }
    if !peers::modules().join(package).is_dir() {
        skip(test, &format!("`{package}` is not installed: scripts/peers does it"));
        return None;
    }
    let mut command = Command::new("node");
    command.args(["-e", script]).env("NODE_PATH", peers::modules()).env("FILE", file);
    Some(command)
}

#[test]
fn archives_are_valid() {
    const TEST: &str = "export::har::archives_are_valid";
    let url = "http://shop.localhost:62893/pay?a=1&b=%20";
    let whole = exchange(
        url,
        "POST /pay?a=1&b=%20 HTTP/1.1|Host: shop.localhost:62893|Cookie: a=1; b|Content-Type: a/b",
        b"\xff\x00",
        "HTTP/1.1 302 Found|Location: /paid|Set-Cookie: id=7; Path=/",
        b"\x89PNG",
    );
    let mut failed = exchange("/relative?to=http://x", "GET / HTTP/1.1", b"", "", b"");
    failed.exchange.summary.server = super::party("[::1]:3000");
    failed.exchange.summary.error = Some("connection refused".to_owned());
    (failed.exchange.summary.wait_ms, failed.exchange.summary.took_ms) = (None, None);
    let mut socket = exchange("ws://a.localhost/", "GET / HTTP/1.1", b"", "HTTP/1.1 101 Switching", b"");
    socket.exchange.summary.protocol = Protocol::Websocket;
    socket.exchange.pieces = vec![piece(1.5, Side::Client, "text", Some("hi"), None)];
    let folder = TempDir::new();
    for (name, all) in [("none", vec![]), ("some", vec![whole, failed, socket])] {
        let file = folder.write(name, written("har", &all));
        let Some(mut command) = node(TEST, "har-validator", VALIDATE, &file) else { return };
        let ran = run(&mut command);
        assert_eq!(ran.stdout, "valid\n", "{name}: {}", ran.stderr);
    }
}

#[test]
fn a_browser_answers_from_an_archive() {
    const TEST: &str = "export::har::a_browser_answers_from_an_archive";
    let Some(chromium) = program("chromium") else { return skip(TEST, "`chromium` is not installed") };
    let page =
        "<p></p><script>fetch('/api', {method: 'POST', body: 'a=1'}).then((r) => r.text()).then((text) => {
        document.querySelector('p').textContent = text; document.title = 'done'; })</script>";
    let host = "Host: shop.localhost:62893";
    let all = [
        exchange(
            "http://shop.localhost:62893/",
            &format!("GET / HTTP/1.1|{host}"),
            b"",
            "HTTP/1.1 200 OK|Content-Type: text/html",
            page.as_bytes(),
        ),
        exchange(
            "http://shop.localhost:62893/api",
            &format!("POST /api HTTP/1.1|{host}"),
            b"a=1",
            "HTTP/1.1 201 Created|Content-Type: text/plain; charset=utf-8",
            "tea für \u{1f375}".as_bytes(),
        ),
    ];
    let folder = TempDir::new();
    let file = folder.write("shop.har", written("har", &all));
    let Some(mut command) = node(TEST, "playwright-core", BROWSE, &file) else { return };
    let ran = run(command.env("CHROMIUM", chromium).env("HOME", folder.path()));
    assert_eq!(ran.stdout, "[200,\"tea für \u{1f375}\"]\n", "{}", ran.stderr);
}
