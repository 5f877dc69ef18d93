//! Who reaches a stand-in: the local network, pages of other origins, and what every answer says to them.

use std::{fs, process::Command};

use super::support::{Standing, command};
use crate::support::{
    namespace::Namespace,
    program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

#[test]
fn the_network_reaches_what_was_opened_to_it() {
    const TEST: &str = "standin::reach::the_network_reaches_what_was_opened_to_it";
    let (Some(near), Some(far)) = (Namespace::new(TEST), Namespace::new(TEST)) else { return };
    if program("curl").is_none() {
        return skip(TEST, "`curl` is not installed");
    }
    let made = run(Command::new("ip")
        .args(["-n", near.name(), "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns"])
        .arg(far.name()));
    if made.status != Some(0) {
        return skip(TEST, &format!("no pair of devices: {}", made.stderr.trim()));
    }
    for (namespace, device, address) in [(&near, "v0", "192.168.77.5/24"), (&far, "v1", "192.168.77.6/24")] {
        for words in [&["addr", "add", address, "dev", device][..], &["link", "set", device, "up"]] {
            assert_eq!(run(namespace.command("ip").args(words)).status, Some(0), "{words:?}");
        }
    }
    let folder = TempDir::new();
    folder.write("a", "tea");
    let inside = |words: &[&str]| {
        let mut command = near.command(navyd().get_program());
        command.args(words).current_dir(folder.path()).env("HOME", folder.path());
        command
    };
    for (words, scheme) in [(&["serve"][..], "http"), (&["ftp"], "ftp")] {
        let mut lan = inside(&[words, &["--lan", "--json", "--port", "0"]].concat());
        let standing = Standing::with(&mut lan);
        let url = standing.report["urls"][1].as_str().unwrap().to_owned();
        assert!(url.starts_with(&format!("{scheme}://192.168.77.5:")), "{}", standing.report);
        let mut curl = far.command("curl");
        let ran = run(curl.args(["-sS", "--noproxy", "*", "--max-time", "60", &format!("{url}/a")]));
        assert_eq!(ran.stdout, "tea", "{words:?}: {}", ran.stderr);
        // Without being told to, it is at home to nobody else.
        let alone = Standing::with(&mut inside(&[words, &["--json", "--port", "0"]].concat()));
        let port = alone.address().port();
        let mut curl = far.command("curl");
        let url = format!("{scheme}://192.168.77.5:{port}/a");
        let ran = run(curl.args(["-sS", "--noproxy", "*", "--max-time", "60", &url]));
        assert_eq!(ran.status, Some(7), "{words:?}: {}{}", ran.stdout, ran.stderr);
    }
    // A code for the phone is for people: where nobody looks there is none.
    let piped = run(&mut inside(&["serve", "--lan", "--port", "0", "--ttl", "1ms"]));
    assert!(piped.stderr.contains("everyone there can read these files"), "{}", piped.stderr);
    assert!(!format!("{}{}", piped.stdout, piped.stderr).contains('█'));
    const TERMINAL: &str = "import pty, sys; pty.spawn(sys.argv[1:])";
    let mut python = near.command("python3");
    python.args(["-c", TERMINAL]).arg(navyd().get_program());
    python.args(["serve", "--lan", "--port", "0", "--ttl", "1ms"]);
    let seen = run(python.current_dir(folder.path()).env("HOME", folder.path()));
    assert!(seen.stdout.contains("████ ▄▄▄▄▄ "), "{}{}", seen.stdout, seen.stderr);
}

#[test]
fn without_a_network_there_is_none_to_listen_for() {
    const TEST: &str = "standin::reach::without_a_network_there_is_none_to_listen_for";
    let Some(namespace) = Namespace::new(TEST) else { return };
    let ran = run(namespace.command(navyd().get_program()).args(["echo", "--lan", "--port", "0"]));
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("`--lan` finds no local network"), "{}", ran.stderr);
}

#[test]
fn every_answer_has_the_fields_that_were_asked_for() {
    let folder = TempDir::new();
    folder.write("a.txt", "tea");
    fs::create_dir(folder.path().join("sub")).unwrap();
    let fields = ["-H", "X-One: 1", "--header", "X-Two: a: b", "-H", "Cache-Control: max-age=60"];
    let standing = Standing::start("serve", folder.path(), &[&fields[..], &["--isolate"]].concat());
    for target in ["/a.txt", "/sub/", "/sub", "/nothing"] {
        let answer = standing.take(target, "").to_lowercase();
        for field in [
            "x-one: 1",
            "x-two: a: b",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-embedder-policy: require-corp",
        ] {
            assert_eq!(answer.matches(&format!("\r\n{field}\r\n")).count(), 1, "{target} {field}: {answer}");
        }
        // What was asked for stands instead of what is usual, and not beside it.
        assert!(answer.contains("cache-control: max-age=60\r\n"), "{target}: {answer}");
        assert_eq!(answer.matches("\r\ncache-control:").count(), 1, "{target}: {answer}");
    }
    for wrong in ["X: a\r\nY: b", "X: a\nY: b", "no colon", "Content-Length: 3", "X Y: 1", "X: \0"] {
        let ran =
            run(command("serve", folder.path(), &["--ttl", "1ms", "-H"]).arg(wrong.replace('\0', "\u{1}")));
        assert_eq!(ran.status, Some(2), "{wrong:?}");
    }
}

#[test]
fn pages_of_other_origins_read_what_they_may() {
    let folder = TempDir::new();
    folder.write("a.txt", "tea");
    let origin = "Origin: https://shop.example\r\n";
    let preflight = |standing: &Standing, method: &str, fields: &str| {
        standing
            .ask(&format!(
                "OPTIONS /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{origin}\
                 Access-Control-Request-Method: {method}\r\n{fields}\r\n"
            ))
            .to_lowercase()
    };
    let open = Standing::start("serve", folder.path(), &["--cors"]);
    let answer = open.take("/a.txt", origin).to_lowercase();
    assert!(answer.contains("access-control-allow-origin: *\r\n") && answer.ends_with("tea"), "{answer}");
    // A page of the Internet may ask a server of the loopback device only where that one agrees (Private Network Access).
    let answer = preflight(
        &open,
        "GET",
        "Access-Control-Request-Headers: x-mine, range\r\nAccess-Control-Request-Private-Network: true\r\n",
    );
    assert!(answer.starts_with("http/1.1 20"), "{answer}");
    for part in ["access-control-allow-origin: *", "access-control-allow-private-network: true"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    let allowed = answer.lines().find(|line| line.starts_with("access-control-allow-headers:")).unwrap_or("");
    assert!(allowed.contains('*') || allowed.contains("x-mine") && allowed.contains("range"), "{answer}");
    // With credentials a page would read as the person who sits there: `*` never allows that.
    assert!(!answer.contains("access-control-allow-credentials"), "{answer}");
    let closed = Standing::start("serve", folder.path(), &[]);
    for answer in [closed.take("/a.txt", origin).to_lowercase(), preflight(&closed, "GET", "")] {
        assert!(!answer.contains("access-control-allow"), "{answer}");
    }
    // Browsers send no password with a preflight: it is answered all the same, and nothing else is.
    for word in ["echo", "serve"] {
        let options = if word == "serve" { &["--cors", "--auth", "me:x"][..] } else { &["--auth", "me:x"] };
        let asking = Standing::start(word, folder.path(), options);
        let allowed = preflight(&asking, "GET", "");
        assert!(
            !allowed.starts_with("http/1.1 401") && allowed.contains("allow-origin"),
            "{word}: {allowed}"
        );
        assert!(asking.take("/a.txt", origin).starts_with("HTTP/1.1 401 "), "{word}");
        let bare = asking.ask("OPTIONS /get HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(word == "serve" || bare.starts_with("HTTP/1.1 401 "), "{bare}");
    }
}
