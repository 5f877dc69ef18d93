//! Exported, imported, sent once more, and asked for as tools ask ngrok's agent.

use serde_json::json;

use super::{DEADLINE, Scene, serving};
use crate::support::temp::TempDir;

#[test]
fn what_is_exported_is_read_again() {
    let Some(scene) = Scene::new("what_is_exported_is_read_again") else { return };
    scene.curl("shop.localhost", &["-d", "hello"], "/pay?a=1");
    let id = scene.exchanges("path:/pay", 1)[0]["id"].clone();
    let export = |format: &str| {
        let path = format!("/api/v1/exchanges/export?format={format}&id={id}");
        let answer = scene.home.ask("GET", &path, "");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    };
    let archive = export("har");
    assert_eq!(archive.json()["log"]["entries"][0]["request"]["postData"]["text"], "hello");
    assert!(export("curl").body.contains("--data-raw hello"));
    assert_eq!(scene.home.ask("GET", "/api/v1/exchanges/export?format=doc", "").status, 422);

    let imported = scene.ask("POST", "/api/v1/exchanges/import", &archive.body);
    assert_eq!(imported["imported"], 1);
    let both = scene.exchanges("path:/pay", 2);
    let shown = |at: usize| scene.ask("GET", &format!("/api/v1/exchanges/{}", both[at]["id"]), "");
    let (again, first) = (shown(0), shown(1));
    for part in [
        "/request/line",
        "/request/headers",
        "/request/body",
        "/response/headers",
        "/response/body",
        "/target",
    ] {
        assert_eq!(again.pointer(part), first.pointer(part), "{part}");
    }
    assert_eq!(scene.home.ask("POST", "/api/v1/exchanges/import", "{}").status, 422);
}

#[test]
fn what_was_sent_is_sent_once_more() {
    let Some(scene) = Scene::new("what_was_sent_is_sent_once_more") else { return };
    scene.curl("shop.localhost", &["-d", "hello", "-H", "X-Once: 1"], "/pay");
    let id = scene.exchanges("path:/pay", 1)[0]["id"].as_u64().unwrap();
    let path = format!("/api/v1/exchanges/{id}/replay");
    let sent = scene.ask("POST", &path, r#"{"times":2}"#);
    assert_eq!(sent["exchanges"].as_array().unwrap().len(), 2, "{sent}");
    for again in sent["exchanges"].as_array().unwrap() {
        let shown = |id: &dyn std::fmt::Display| scene.ask("GET", &format!("/api/v1/exchanges/{id}"), "");
        assert_eq!(shown(again)["request"], shown(&id)["request"]);
    }
    let (other, heard) = serving("HTTP/1.1 204 No Content||");
    let sent = scene.ask("POST", &path, &json!({"to": format!("http://{other}")}).to_string());
    let head = heard.recv_timeout(DEADLINE).unwrap();
    assert!(head.starts_with("POST /pay HTTP/1.1") && head.contains(&format!("Host: {other}")), "{head}");
    let shown = scene.ask("GET", &format!("/api/v1/exchanges/{}", sent["exchanges"][0]), "");
    assert_eq!(shown["status"], 204);

    // What was hidden is not made up; whoever edits it says what belongs there.
    scene.curl("shop.localhost", &["-H", "Authorization: Bearer abc"], "/private");
    let id = scene.exchanges("path:/private", 1)[0]["id"].as_u64().unwrap();
    let path = format!("/api/v1/exchanges/{id}/replay");
    let refused = scene.home.ask("POST", &path, "{}");
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("the value of `Authorization` was redacted"), "{refused:?}");
    let edited = json!({"request": "GET /edited HTTP/1.1\nHost: shop.localhost\n\n"});
    let sent = scene.ask("POST", &path, &edited.to_string());
    let shown = scene.ask("GET", &format!("/api/v1/exchanges/{}", sent["exchanges"][0]), "");
    assert_eq!(shown["target"], "http://shop.localhost/edited");
    assert_eq!(scene.home.ask("POST", "/api/v1/exchanges/99999/replay", "{}").status, 404);
}

#[test]
fn tools_for_ngroks_agent_find_what_they_ask_for() {
    let Some(scene) = Scene::new("tools_for_ngroks_agent_find_what_they_ask_for") else { return };
    let folder = TempDir::new();
    let body = folder.write("body", "hello");
    scene.curl("shop.localhost", &["-d", &format!("@{}", body.display())], "/hook?a=1");
    scene.exchanges("path:/hook", 1);
    let list = scene.ask("GET", "/api/requests/http?limit=5", "");
    let request = &list["requests"][0];
    assert_eq!(
        (&request["request"]["method"], &request["request"]["uri"]),
        (&"POST".into(), &"/hook?a=1".into())
    );
    assert_eq!(
        (&request["response"]["status"], &request["response"]["status_code"]),
        (&"200 OK".into(), &200.into())
    );
    assert_eq!(request["response"]["headers"]["Content-Type"], json!(["application/json"]));
    let id = request["id"].as_str().unwrap();
    assert_eq!(scene.ask("GET", &format!("/api/requests/http/{id}"), "")["id"], *id);
    assert_eq!(scene.home.ask("POST", "/api/requests/http", &json!({"id": id}).to_string()).status, 204);
    scene.exchanges("path:/hook", 2);
    let tunnels = scene.ask("GET", "/api/tunnels", "");
    assert_eq!(tunnels["tunnels"][0]["name"], "shop.localhost");
    // Over the port they want a session, as everything does.
    assert_eq!(scene.hub.ask("GET", "/api/requests/http", "", "").status, 401);
    assert_eq!(scene.home.ask("DELETE", "/api/requests/http", "").status, 204);
    assert_eq!(scene.ask("GET", "/api/requests/http", "")["requests"], json!([]));
}
