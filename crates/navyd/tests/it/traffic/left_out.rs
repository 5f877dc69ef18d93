//! What is not to be recorded: by a key of `navyd.toml`, of its services and its routes, and by a flag of `navyd run`.

use std::{fs, process::Stdio};

use serde_json::{Value, json};

use super::{Scene, until};
use crate::support::{child::Held, program, run::run, skip};

/// A server of files that takes the port it is told.
const SERVER: &str = "exec python3 -m http.server $PORT --bind 127.0.0.1";

/// Whether what passes a route is recorded, as `route ls` tells it, once there is such a route.
fn is_recorded(scene: &Scene, entry: &str) -> bool {
    let found = until(|| {
        let listed: Value = scene.home.json(&["route", "ls"]);
        let routes = listed["routes"].as_array().unwrap();
        routes.iter().find(|route| route["from"] == entry).cloned()
    });
    found["capture"].as_bool().unwrap()
}

/// Sends a request to each host, and expects that those of these alone are recorded.
fn check(scene: &Scene, asked: &[&str], recorded: &[&str]) {
    for host in asked {
        scene.curl(host, &[], "/");
    }
    // Behind them all: what would have been recorded of them is known when this is.
    scene.curl("shop.localhost", &[], "/last");
    scene.exchanges("path:/last", 1);
    let mut told: Vec<_> = scene.exchanges("path:/", recorded.len());
    told.reverse();
    let told: Vec<_> = told.iter().map(|exchange| exchange["target"].clone()).collect();
    let expected: Vec<_> = recorded.iter().map(|host| json!(format!("http://{host}/"))).collect();
    assert_eq!(told, expected);
}

#[test]
fn keys_of_services_and_routes_leave_them_out() {
    const TEST: &str = "keys_of_services_and_routes_leave_them_out";
    let Some(scene) = Scene::new(TEST) else { return };
    if program("python3").is_none() {
        return skip(TEST, "`python3` is not installed");
    }
    let to = format!("http://{}", scene.upstream);
    let text = format!(
        "[services.quiet]\ncommand = \"{SERVER}\"\ncapture = false\n\n\
         [routes]\n\"a.localhost\" = {{ to = \"{to}\", capture = false }}\n\"b.localhost\" = \"{to}\"\n\
         \"c.localhost\" = \"quiet\"\n\"d.localhost\" = {{ to = \"quiet\", capture = true }}\n"
    );
    fs::create_dir(scene.home.path("left")).unwrap();
    fs::write(scene.home.path("left/navyd.toml"), text).unwrap();
    let ran = run(scene.home.navyd(&["up", "-d"]).current_dir(scene.home.path("left")));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for (entry, expected) in [
        ("a.localhost", false),
        ("b.localhost", true),
        ("quiet.left.localhost", false),
        ("c.localhost", false),
        ("d.localhost", true),
    ] {
        assert_eq!(is_recorded(&scene, entry), expected, "{entry}");
    }
    let asked = ["a.localhost", "b.localhost", "quiet.left.localhost", "c.localhost", "d.localhost"];
    check(&scene, &asked, &["b.localhost", "d.localhost"]);
    let ran = run(scene.home.navyd(&["down"]).current_dir(scene.home.path("left")));
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

#[test]
fn a_command_that_is_run_unrecorded_is_left_out() {
    const TEST: &str = "a_command_that_is_run_unrecorded_is_left_out";
    let Some(scene) = Scene::new(TEST) else { return };
    if program("python3").is_none() {
        return skip(TEST, "`python3` is not installed");
    }
    let begin = |name: &str, flags: &[&str]| {
        let words = [&["run", "--name", name], flags, &["--", "sh", "-c", SERVER]].concat();
        let mut command = scene.home.navyd(&words);
        Held::start(command.current_dir(scene.home.path("")).stdin(Stdio::null()).stderr(Stdio::null()))
    };
    let _running = [begin("hidden", &["--no-capture"]), begin("seen", &[])];
    assert!(!is_recorded(&scene, "hidden.localhost"));
    assert!(is_recorded(&scene, "seen.localhost"));
    check(&scene, &["hidden.localhost", "seen.localhost"], &["seen.localhost"]);
}
