//! `navyd traffic break`: held by a command, edited in an editor, released by it, by the API, or by its end.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use serde_json::Value;

use super::{ANSWER, Scene, until};

/// A command that holds exchanges. Dropped, it is killed.
struct Breaking {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Breaking {
    fn new(scene: &Scene, arguments: &[&str], editor: Option<&str>) -> Self {
        let mut command = scene.home.navyd(&[&["traffic", "break"], arguments].concat());
        if let Some(script) = editor {
            command.env_remove("VISUAL").env("EDITOR", editor_of(scene, script));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        // Nothing is held before the breakpoint is there.
        until(|| {
            let all = scene.ask("GET", "/api/v1/breakpoints", "");
            (!all["breakpoints"].as_array().unwrap().is_empty()).then_some(())
        });
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn type_in(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for Breaking {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An editor that is this script of `sed`.
fn editor_of(scene: &Scene, script: &str) -> PathBuf {
    let path = scene.home.path("editor");
    let text = format!(
        "#!/bin/sh\nsed '{script}' \"$1\" > \"$1.new\" && cat \"$1.new\" > \"$1\" && rm \"$1.new\"\n"
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

/// What curl prints for a request to the shop, once it is answered: in a thread of its own.
fn asking(scene: &Scene, arguments: &[&str]) -> thread::JoinHandle<String> {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-i", "--max-time", "60", "--noproxy", "*", "-H", "Host: shop.localhost"])
        .args(arguments);
    curl.arg(format!("http://{}/pay", scene.hub.address()));
    thread::spawn(move || String::from_utf8(curl.output().unwrap().stdout).unwrap())
}

/// The one message that is held, once there is one.
fn held(scene: &Scene) -> Value {
    until(|| scene.ask("GET", "/api/v1/breakpoints", "")["held"].get(0).cloned())
}

#[test]
fn a_request_is_edited_in_an_editor_and_its_exchange_says_so() {
    let Some(scene) = Scene::new("a_request_is_edited_in_an_editor_and_its_exchange_says_so") else { return };
    let script = "1s/POST/PUT/; s/^x-kind: small/x-kind: large/I; s/two apples/three apples/";
    let mut breaking = Breaking::new(&scene, &["method:POST", "--edit"], Some(script));
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let arguments =
            [version, "-H", "x-kind: small", "-H", "Content-Type: text/plain", "-d", "two apples"];
        let answer = asking(&scene, &arguments).join().unwrap();
        assert!(answer.contains("{\"ok\":true}"), "{version}: {answer}");
        assert!(breaking.line().contains("POST /pay HTTP/1.1"), "{version}");
        assert!(breaking.line().ends_with("changed: method, x-kind, body"), "{version}");
    }
    let exchanges = scene.exchanges("fault:breakpoint", 2);
    let one = scene.ask("GET", &format!("/api/v1/exchanges/{}", exchanges[0]["id"]), "");
    let hit = &one["hits"][0];
    assert_eq!((hit["fault"].as_str(), hit["asked"].as_str()), (Some("breakpoint"), Some("method:POST")));
    let delivered = hit["delivered"].as_str().unwrap();
    assert!(
        delivered.starts_with("held for ") && delivered.ends_with("changed: method, x-kind, body"),
        "{delivered}"
    );
    // What it does not mean passes, and costs nobody a word.
    assert!(asking(&scene, &[]).join().unwrap().contains("200 OK"));
}

#[test]
fn a_person_answers_aborts_and_releases() {
    let Some(scene) = Scene::new("a_person_answers_aborts_and_releases") else { return };
    let mut breaking = Breaking::new(&scene, &["path:/pay", "--response"], None);
    for (typed, expected, how) in [
        ("418\n", "HTTP/1.1 418 I'm a teapot", "answered with 418"),
        ("what\na\n", "", "aborted"),
        ("r\n503\n", "HTTP/1.1 503 Service Unavailable", "answered with 503"),
        ("\n\n", "HTTP/1.1 200 OK", "released as it was"),
    ] {
        let answer = asking(&scene, &[]);
        breaking.type_in(typed);
        let answer = answer.join().unwrap();
        assert_eq!(answer.lines().next().unwrap_or_default().trim_end(), expected, "{typed:?}");
        let mut lines = vec![breaking.line(), breaking.line()];
        // The answer is held behind its request.
        if matches!(typed, "r\n503\n" | "\n\n") {
            lines.extend([breaking.line(), breaking.line()]);
            assert!(lines[2].contains("200 to GET /pay HTTP/1.1"), "{lines:?}");
        }
        assert!(lines[0].contains("GET /pay HTTP/1.1") && lines.last().unwrap().ends_with(how), "{lines:?}");
    }
    // Who ends it with a word lets what is held go on.
    let answer = asking(&scene, &[]);
    breaking.type_in("q\n");
    assert!(answer.join().unwrap().starts_with("HTTP/1.1 200 OK"));
    assert_eq!(breaking.child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_printed_is_released_through_the_api_and_by_the_end_of_the_command() {
    let test = "what_is_printed_is_released_through_the_api_and_by_the_end_of_the_command";
    let Some(scene) = Scene::new(test) else { return };
    let mut breaking = Breaking::new(&scene, &["method:POST", "--json"], None);
    let first: Value = serde_json::from_str(&breaking.line()).unwrap();
    assert_eq!(
        (first["schema"].as_str(), first["timeout_ms"].as_u64()),
        (Some("navyd.breakpoint/1"), Some(300_000))
    );
    let answer = asking(&scene, &["-d", "hi"]);
    let printed: Value = serde_json::from_str(&breaking.line()).unwrap();
    assert_eq!((printed["schema"].as_str(), printed["size"].as_u64()), (Some("navyd.held/1"), Some(2)));
    let path = format!("/api/v1/breakpoints/held/{}", printed["id"]);
    assert_eq!(scene.ask("GET", &path, "")["body"]["text"], "hi");
    // What could be read in two ways is refused, and still held.
    for refused in [
        r#"{"head":"POST / HTTP/1.1\r\nHost: a\r\nHost: b"}"#,
        r#"{"head":"POST / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1"}"#,
        r#"{"status":99}"#,
        r#"{"status":503,"abort":true}"#,
    ] {
        assert_eq!(scene.home.ask("POST", &format!("{path}/release"), refused).status, 422, "{refused}");
    }
    assert_eq!(held(&scene)["id"], printed["id"]);
    let released = scene.ask("POST", &format!("{path}/release"), r#"{"body":"hello"}"#);
    assert_eq!(released["how"], "changed: body");
    assert!(answer.join().unwrap().starts_with("HTTP/1.1 200 OK"));
    assert_eq!(scene.home.ask("POST", &format!("{path}/release"), "{}").status, 404);

    // A command that is killed takes its breakpoint with it, and what it holds goes on.
    let answer = asking(&scene, &["-d", "hi"]);
    held(&scene);
    drop(breaking);
    assert!(answer.join().unwrap().starts_with("HTTP/1.1 200 OK"));
    until(|| {
        let all = scene.ask("GET", "/api/v1/breakpoints", "");
        all["breakpoints"].as_array().unwrap().is_empty().then_some(())
    });
    assert!(ANSWER.contains("200 OK"));

    // So does one whose time is over, or that somebody deletes; and a client that leaves is not waited for.
    let breaking = Breaking::new(&scene, &["method:POST", "--json", "--timeout", "50ms"], None);
    assert!(asking(&scene, &["-d", "hi"]).join().unwrap().starts_with("HTTP/1.1 200 OK"));
    drop(breaking);
    let _breaking = Breaking::new(&scene, &["method:PATCH", "--json"], None);
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "60", "--noproxy", "*", "-H", "Host: shop.localhost", "-X", "PATCH"]);
    let mut curl =
        curl.arg(format!("http://{}/", scene.hub.address())).stdout(Stdio::null()).spawn().unwrap();
    held(&scene);
    curl.kill().unwrap();
    curl.wait().unwrap();
    until(|| {
        scene.ask("GET", "/api/v1/breakpoints", "")["held"].as_array().unwrap().is_empty().then_some(())
    });
    let ran = scene.home.run(&["traffic", "break", "status:500"]);
    assert_eq!((ran.status, ran.stderr.contains("hint: ")), (Some(2), true), "{}", ran.stderr);
}
