//! Calls of gRPC between a real server and a real client, read by descriptors from a file and from the server.

use std::process::Command;

use serde_json::Value;

use super::Scene;
use crate::support::{child::Held, peers, program, skip, temp::TempDir};

/// A shop that has been called once through the gateway, and the number of that exchange.
fn called(test: &str, kind: &str) -> Option<(Scene, Held, TempDir, u64)> {
    let file = peers::pypi(test, "grpc_tools/protoc.py")?;
    let Some(python) = program("python3") else {
        skip(test, "`python3` is not installed");
        return None;
    };
    let scene = Scene::new(test)?;
    let folder = TempDir::new();
    let mut command = Command::new(python);
    command.env("PYTHONPATH", file.ancestors().nth(2).unwrap()).args(["-c", include_str!("grpc_shop.py")]);
    let mut shop = Held::start(command.arg(folder.path()).arg(kind));
    let port = shop.line();
    scene.home.json(&["route", "add", "shop.localhost/shop.Cart", &format!("h2c://127.0.0.1:{port}")]);
    shop.say(&scene.hub.address().to_string());
    assert_eq!(shop.line(), "42");
    let id = scene.exchanges("protocol:grpc", 1)[0]["id"].as_u64().unwrap();
    Some((scene, shop, folder, id))
}

fn messages(exchange: &Value) -> Vec<Value> {
    let pieces = exchange["pieces"].as_array().unwrap().iter();
    pieces.map(|piece| serde_json::from_str(piece["text"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn messages_are_read_by_a_file_of_descriptors() {
    const TEST: &str = "traffic::grpc::messages_are_read_by_a_file_of_descriptors";
    let Some((scene, _shop, folder, id)) = called(TEST, "silent") else { return };
    let id = id.to_string();
    let raw = scene.home.json(&["traffic", "show", &id]);
    assert_eq!(messages(&raw)[0][0]["value"], "tea", "{raw}");
    assert_eq!((&raw["status"], &raw["error"]), (&0.into(), &Value::Null), "{raw}");
    assert!(raw["response"]["trailers"].to_string().contains(r#"["shop-sum","1"]"#), "{raw}");
    let file = folder.path().join("shop.pb");
    let shown = scene.home.json(&["traffic", "show", &id, "--schema", file.to_str().unwrap()]);
    let expected = serde_json::json!([
        {"name": "tea", "price": {"cents": "21", "currency": "EUR"}},
        {"sum": {"cents": "42", "currency": "EUR"}},
    ]);
    assert_eq!(Value::from(messages(&shown)), expected);
    let said = scene.home.run(&["traffic", "show", &id, "--schema", file.to_str().unwrap()]).stdout;
    assert!(said.contains(r#""currency""#) && said.contains("EUR"), "{said}");

    let wrong = folder.write("wrong.pb", "no descriptors");
    for (flags, what) in [
        (vec!["--schema", wrong.to_str().unwrap()], "the descriptors cannot be read"),
        (vec!["--schema", "/nowhere.pb"], "`/nowhere.pb` cannot be read"),
        // It has none, and says so.
        (vec!["--reflect"], "it does not offer server reflection"),
    ] {
        let ran = scene.home.run(&[&["traffic", "show", id.as_str()], &flags[..]].concat());
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(what) && ran.stderr.contains("hint: "), "{ran:?}");
    }
}

#[test]
fn messages_are_read_by_what_the_server_tells() {
    const TEST: &str = "traffic::grpc::messages_are_read_by_what_the_server_tells";
    let Some((scene, _shop, _folder, id)) = called(TEST, "reflect") else { return };
    let shown = scene.home.json(&["traffic", "show", &id.to_string(), "--reflect"]);
    let price = serde_json::json!({"cents": "21", "currency": "EUR"});
    assert_eq!(messages(&shown)[0]["price"], price, "{shown}");
    assert_eq!(messages(&shown)[1]["sum"]["cents"], "42");
}
