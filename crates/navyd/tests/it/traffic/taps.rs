//! A port that is watched: for as long as somebody does.

use std::{net::TcpStream, process::Command};

use serde_json::{Value, json};

use super::{Scene, until};
use crate::{
    probe::postgresql,
    support::{child::Held, program, skip},
};

/// A tap, held by curl; and what the hub said of it.
pub(super) fn tap(scene: &Scene, wanted: &Value) -> (Held, Value) {
    let mut command = Command::new("curl");
    command.args(["-sN", "--unix-socket"]).arg(scene.home.socket());
    command.args(["-H", "Content-Type: application/json", "-d", &wanted.to_string()]);
    let mut held = Held::start(command.arg("http://navyd/api/v1/taps"));
    let line = std::iter::repeat_with(|| held.line()).find(|line| line.starts_with("data: ")).unwrap();
    let told = serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap();
    (held, told)
}

#[test]
fn a_tap_goes_with_whoever_asked_for_it() {
    let Some(scene) = Scene::new("a_tap_goes_with_whoever_asked_for_it") else { return };
    let (held, told) = tap(&scene, &json!({"target": scene.upstream.to_string(), "as": "http"}));
    assert_eq!((&told["schema"], &told["as"]), (&"navyd.tap/1".into(), &"http".into()));
    let listen = told["listen"].as_str().unwrap();
    let ran =
        Command::new("curl").args(["-sS", "--noproxy", "*", &format!("http://{listen}/tapped")]).output();
    assert!(ran.unwrap().status.success());
    assert_eq!(scene.exchanges("path:/tapped", 1)[0]["route"], told["route"]);
    drop(held);
    until(|| TcpStream::connect(listen).is_err().then_some(()));
    let wrong = scene.home.ask("POST", "/api/v1/taps", r#"{"target":"192.0.2.1:80"}"#);
    assert_eq!(wrong.status, 422, "{wrong:?}");
}

#[test]
fn what_a_database_is_asked_is_read_at_a_tap() {
    const TEST: &str = "what_a_database_is_asked_is_read_at_a_tap";
    let Some(scene) = Scene::new(TEST) else { return };
    let Some(psql) = program("psql") else { return skip(TEST, "`psql` is not installed") };
    let Some((_server, port, _folder)) = postgresql(TEST) else { return };
    let (_held, told) = tap(&scene, &json!({"target": format!("127.0.0.1:{port}"), "as": "postgres"}));
    let (_, listen) = told["listen"].as_str().unwrap().rsplit_once(':').unwrap();
    let mut command = Command::new(psql);
    command.args([
        "-X",
        "-h",
        "127.0.0.1",
        "-p",
        listen,
        "-U",
        "navyd",
        "-d",
        "postgres",
        "-c",
        "select 40 + 2",
    ]);
    let ran = command.env("PGSSLMODE", "disable").env("PGGSSENCMODE", "disable").output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let found = scene.exchanges("protocol:postgres target~select", 1);
    assert_eq!(found[0]["target"], "select 40 + 2");
    assert_eq!(found[0]["outcome"], "complete");
}
