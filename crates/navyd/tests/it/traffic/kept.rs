//! Listed, shown, found, counted, followed, removed; and there again after the hub was killed.

use std::{fs, path::Path, process::Command};

use super::Scene;
use crate::support::child::Held;

#[test]
fn what_passes_is_listed_shown_found_counted_and_removed() {
    let Some(scene) = Scene::new("what_passes_is_listed_shown_found_counted_and_removed") else { return };
    scene.curl("shop.localhost", &["-H", "X-Custom: Aa", "-H", "x-custom: bB"], "/cart?a=1");
    scene.curl("shop.localhost", &["-d", "name=ada"], "/pay");
    let all = scene.exchanges("route:shop.localhost", 2);
    assert_eq!((&all[0]["method"], &all[1]["method"]), (&"POST".into(), &"GET".into()));
    assert_eq!(all[1]["target"], "http://shop.localhost/cart?a=1");

    let shown = scene.ask("GET", &format!("/api/v1/exchanges/{}", all[1]["id"]), "");
    assert_eq!(shown["schema"], "navyd.exchange/1");
    assert_eq!(shown["request"]["line"], "GET /cart?a=1 HTTP/1.1");
    let headers = shown["request"]["headers"].to_string();
    // As they were sent: in their order and case.
    assert!(headers.contains(r#"["X-Custom","Aa"],["x-custom","bB"]"#), "{headers}");
    let headers = shown["response"]["headers"].to_string();
    assert!(headers.contains(r#"["X-Shop","one"],["x-shop","two"]"#), "{headers}");
    assert_eq!(shown["response"]["body"]["text"], r#"{"ok":true}"#);

    assert_eq!(scene.exchanges("method:POST path:/pay", 1)[0]["id"], all[0]["id"]);
    let found = scene.ask("GET", "/api/v1/exchanges?text=ada", "");
    assert_eq!(found["exchanges"][0]["id"], all[0]["id"], "{found}");
    let stats = scene.ask("GET", "/api/v1/exchanges/stats?filter=method%3APOST", "");
    assert_eq!((&stats["exchanges"], &stats["statuses"]["200"]), (&1.into(), &1.into()));
    let wrong = scene.home.ask("GET", "/api/v1/exchanges?filter=status%3Aabc", "");
    assert_eq!((wrong.status, &wrong.json()["at"]), (422, &serde_json::json!([7, 10])), "{wrong:?}");
    // As the command line tells it.
    assert_eq!(wrong.json()["error"], "`abc` is not understood here");
    assert_eq!(wrong.json()["cause"], "status:abc\n       ^^^");
    let status = scene.home.json(&["hub", "status"]);
    assert_eq!((&status["capture"]["recorded"], &status["capture"]["reveal"]), (&2.into(), &false.into()));

    let path = format!("/api/v1/exchanges/{}", all[0]["id"]);
    assert_eq!(scene.ask("DELETE", &path, "")["removed"], 1);
    assert_eq!(scene.home.ask("GET", &path, "").status, 404);
    assert_eq!(scene.ask("DELETE", "/api/v1/exchanges", "")["removed"], 1);
    assert_eq!(scene.ask("GET", "/api/v1/exchanges", "")["exchanges"], serde_json::json!([]));
}

#[test]
fn what_passes_is_told_as_it_does() {
    let Some(scene) = Scene::new("what_passes_is_told_as_it_does") else { return };
    let mut command = Command::new("curl");
    command.args(["-sN", "-D", "-", "--unix-socket"]).arg(scene.home.socket());
    let mut stream = Held::start(command.arg("http://navyd/api/v1/exchanges/events?filter=path%3A%2Ftold"));
    // Behind its head it follows.
    while !stream.line().trim().is_empty() {}
    scene.curl("shop.localhost", &[], "/not");
    scene.curl("shop.localhost", &[], "/told");
    let line = std::iter::repeat_with(|| stream.line()).find(|line| line.starts_with("data: ")).unwrap();
    let told: serde_json::Value = serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&told["target"], &told["status"]), (&"http://shop.localhost/told".into(), &200.into()));
}

#[test]
fn a_route_that_is_left_out_is_not_recorded() {
    let Some(scene) = Scene::new("a_route_that_is_left_out_is_not_recorded") else { return };
    let to = format!("http://{}", scene.upstream);
    let added = scene.home.json(&["route", "add", "quiet", &to, "--no-capture"]);
    assert_eq!(added["capture"], false);
    scene.curl("quiet.localhost", &[], "/first");
    scene.curl("shop.localhost", &[], "/second");
    let all = scene.exchanges("path:*", 1);
    assert_eq!(all[0]["target"], "http://shop.localhost/second");
    // Said once more without it, it is recorded from then on.
    assert_eq!(scene.home.json(&["route", "add", "quiet", &to])["capture"], true);
    scene.curl("quiet.localhost", &[], "/third");
    assert_eq!(scene.exchanges("path:*", 2)[0]["target"], "http://quiet.localhost/third");
}

#[test]
fn a_killed_hub_has_what_it_kept_and_no_secret_is_in_any_file() {
    let Some(scene) = Scene::new("a_killed_hub_has_what_it_kept_and_no_secret_is_in_any_file") else {
        return;
    };
    const SECRET: &str = "pl4ntedS3cret";
    let bearer = format!("Authorization: Bearer {SECRET}");
    let cookie = format!("Cookie: id={SECRET}");
    let json = format!(r#"{{"user":"ada","password":"{SECRET}"}}"#);
    let typed = ["-H", "Content-Type: application/json", "-d", &json, "-H", &bearer, "-H", &cookie];
    scene.curl("shop.localhost", &typed, &format!("/login?token={SECRET}"));
    scene.curl("shop.localhost", &["-d", &format!("name=ada&api_key={SECRET}")], "/form");
    let before = scene.exchanges("route:shop.localhost", 2);

    scene.hub.signal("KILL");
    let Scene { home, mut hub, upstream } = scene;
    assert_eq!(hub.wait(), None);
    let hub = home.hub();
    let scene = Scene { home, hub, upstream };
    let after = scene.exchanges("route:shop.localhost", 2);
    assert_eq!(after[1]["id"], before[1]["id"]);
    let shown = scene.ask("GET", &format!("/api/v1/exchanges/{}", after[1]["id"]), "");
    assert_eq!(shown["request"]["body"]["text"], r#"{"user":"ada","password":"[redacted]"}"#);
    scene.curl("shop.localhost", &[], "/later");
    let newest = scene.exchanges("path:/later", 1);
    assert!(newest[0]["id"].as_u64() > before[0]["id"].as_u64(), "a number is never used twice");

    let mut looked = 0;
    each_file(&scene.home.path("data"), &mut |path, bytes| {
        looked += 1;
        let has = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!has, "the secret is in `{}`", path.display());
    });
    assert!(looked > 0);
}

/// A server that closes each connection: who it was is known from its listener, however short each was.
#[test]
fn every_short_exchange_has_its_server() {
    let Some(scene) = Scene::new("every_short_exchange_has_its_server") else { return };
    const CLOSING: &str = "HTTP/1.1 204 No|Connection: close||";
    let (closing, _) = super::serving(CLOSING);
    scene.home.json(&["route", "add", "short", &format!("http://{closing}")]);
    let urls = format!("http://{}/[1-200]", scene.hub.address());
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "60", "--noproxy", "*", "-o", "/dev/null", "-H", "Connection: close"]);
    let ran = curl.args(["-H", "Host: short.localhost", &urls]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let path = "/api/v1/exchanges?limit=0&filter=route%3Ashort.localhost";
    let all = super::until(|| {
        let page = scene.ask("GET", path, "");
        let all = page["exchanges"].as_array().unwrap().clone();
        let known = all.iter().filter(|one| !one["server"]["pid"].is_null()).count();
        (all.len() == 200 && known == 200).then_some(all)
    });
    let here = std::process::id();
    assert!(all.iter().all(|one| one["server"]["pid"] == here), "{all:?}");
    // One curl made them all, and lived while it did: whoever is named as a client is the same.
    let mut clients: Vec<_> = all.iter().filter_map(|one| one["client"]["pid"].as_u64()).collect();
    clients.dedup();
    assert!(clients.len() <= 1, "{clients:?}");
}

pub(super) fn each_file(folder: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, look);
        } else if path.is_file() {
            look(&path, &fs::read(&path).unwrap());
        }
    }
}
