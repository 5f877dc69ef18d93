//! The API as a whole: what it describes is what it does.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

use super::Home;
use crate::support::{run::run, skip, temp::TempDir};

/// Each method and path of the description.
fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

#[test]
fn every_path_that_is_described_answers() {
    let home = Home::new();
    let _hub = home.hub();
    let document = home.ask("GET", "/api/v1/openapi.json", "").json();
    let all = described(&document);
    assert!(all.len() >= 10, "{all:?}");
    for (method, path) in &all {
        // A stream has no end to wait for, and ending is another test's.
        let is_stream = path.ends_with("/events") || (*method == "POST" && path.ends_with("/breakpoints"));
        if is_stream || path.ends_with("/stop") {
            continue;
        }
        let says = *method == "POST" || *method == "PUT";
        let named: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "0" } else { part }).collect();
        let answer = home.ask(method, &named.join("/"), if says { "{}" } else { "" });
        let documented = &document["paths"][path][method.to_lowercase()]["responses"];
        let known = documented.as_object().unwrap().contains_key(&answer.status.to_string());
        // What `{}` lacks is refused before the resource is asked.
        assert!(known || (says && answer.status == 400), "{method} {path}: {answer:?}");
        // The others are as the tools that ask them want them.
        if !path.starts_with("/api/v1/") {
            continue;
        }
        let schema = answer.json()["schema"].as_str().map(str::to_owned);
        assert!(schema.is_some_and(|schema| schema.starts_with("navyd.")) || path.ends_with("openapi.json"));
    }
}

#[test]
fn every_path_that_answers_is_described() {
    let home = Home::new();
    let _hub = home.hub();
    let document = home.ask("GET", "/api/v1/openapi.json", "").json();
    let paths: BTreeSet<String> = described(&document).into_iter().map(|(_, path)| path).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hub/src/api");
    let mut routed = BTreeSet::new();
    let mut rest = vec![folder];
    while let Some(path) = rest.pop() {
        if path.is_dir() {
            rest.extend(fs::read_dir(path).unwrap().map(|file| file.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for (at, _) in text.match_indices(".route(\"") {
            routed.insert(text[at + 8..].split('"').next().unwrap().to_owned());
        }
    }
    assert_eq!(routed, paths);
}

#[test]
fn the_description_is_openapi() {
    const NAME: &str = "hub::api::the_description_is_openapi";
    let has = run(Command::new("python3").args(["-c", "import openapi_spec_validator"]));
    if has.status != Some(0) {
        return skip(NAME, "the Python package `openapi-spec-validator` is not installed");
    }
    let home = Home::new();
    let _hub = home.hub();
    let folder = TempDir::new();
    let file = folder.write("openapi.json", home.ask("GET", "/api/v1/openapi.json", "").body);
    const VALIDATE: &str = "import json, sys; from openapi_spec_validator import validate; validate(json.load(open(sys.argv[1])))";
    let ran = run(Command::new("python3").args(["-c", VALIDATE]).arg(file));
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

#[test]
fn a_refusal_is_three_things_and_a_status() {
    let home = Home::new();
    let _hub = home.hub();
    let new = |from: &str, to: &str| format!("{{\"from\":\"{from}\",\"to\":\"{to}\"}}");
    assert_eq!(home.ask("POST", "/api/v1/routes", &new("a.localhost", "http://127.0.0.1:1")).status, 201);
    for (method, path, body, status, error) in [
        ("POST", "/api/v1/routes", new("a.localhost", "http://127.0.0.1:1"), 200, None),
        (
            "POST",
            "/api/v1/routes",
            new("a.localhost", "http://127.0.0.1:2"),
            409,
            Some("`a.localhost` leads to"),
        ),
        (
            "POST",
            "/api/v1/routes",
            new("a b", "http://127.0.0.1:2"),
            422,
            Some("is neither an address nor a name"),
        ),
        ("POST", "/api/v1/routes", new("b.localhost", "ftp://x"), 422, Some("is no URL")),
        ("POST", "/api/v1/routes", "{".to_owned(), 400, Some("the request's body cannot be read")),
        ("POST", "/api/v1/routes", "{\"from\":1}".to_owned(), 400, Some("the request's body cannot be read")),
        ("POST", "/api/v1/routes", String::new(), 415, Some("is not called JSON")),
        (
            "POST",
            "/api/v1/routes",
            format!("\"{}\"", "x".repeat(1024 * 1024)),
            413,
            Some("over 1048576 bytes"),
        ),
        (
            "DELETE",
            "/api/v1/routes/b.localhost",
            String::new(),
            404,
            Some("no route begins at `b.localhost`"),
        ),
        ("DELETE", "/api/v1/routes/%00", String::new(), 422, Some("is neither an address nor a name")),
        ("PUT", "/api/v1/runs/x", "{}".to_owned(), 404, Some("the path names nothing that there is")),
        ("PUT", "/api/v1/routes", String::new(), 405, Some("not what is to be done there")),
        ("GET", "/api/v2", String::new(), 404, Some("the hub has nothing there")),
    ] {
        let answer = home.ask(method, path, &body);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        let Some(error) = error else { continue };
        let said = answer.json();
        assert_eq!(said["schema"], "navyd.error/1");
        assert!(said["error"].as_str().unwrap().contains(error), "{method} {path}: {said}");
    }
}
