//! Credentials that come in clear from another machine, as a hub's record tells them; and those that do not.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::planted::parsed;
use crate::{
    hub::Home,
    support::{
        namespace::Namespace,
        program,
        run::{Run, run},
        skip,
    },
};

/// How long a record may take. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// This machine and the one beside it, each with a device on the same network; or says why the test is skipped.
fn machines(test: &str) -> Option<[Namespace; 2]> {
    if program("curl").is_none() {
        skip(test, "`curl` is not installed");
        return None;
    }
    let machines = [Namespace::new(test)?, Namespace::new(test)?];
    let [here, there] = machines.each_ref().map(Namespace::name);
    let mut lines = vec![format!("link add lan netns {here} type veth peer name lan netns {there}")];
    for (name, address) in [(here, "10.62.89.1/24"), (there, "10.62.89.2/24")] {
        lines.push(format!("-n {name} addr add {address} dev lan"));
        lines.push(format!("-n {name} link set lan up"));
    }
    for line in lines {
        let ran = run(Command::new("ip").args(line.split(' ')));
        if ran.status != Some(0) {
            skip(test, &format!("no network between two machines: {}", ran.stderr.trim()));
            return None;
        }
    }
    Some(machines)
}

/// `navyd audit --only A62` in a network namespace, as the user of this home.
fn audit(home: &Home, here: &Namespace) -> Run {
    let navyd = home.navyd(&["audit", "--only", "A62", "--json"]);
    let mut command = here.command(navyd.get_program());
    command.args(navyd.get_args()).current_dir("/");
    for (name, value) in navyd.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(&mut command)
}

/// Sends a password or a token to the hub by its own name.
fn send(from: &Namespace, url: &str, to: &str, credential: &[&str]) {
    let mut curl = from.command("curl");
    curl.args(["-sSk", "--max-time", "60", "--noproxy", "*", "-o", "/dev/null", "--resolve", to]);
    let ran = run(curl.args(credential).arg(url));
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

/// Asks until so many exchanges are on record: whoever sent them has had the answer before.
fn recorded(home: &Home, count: usize) {
    let begun = Instant::now();
    while home.ask("GET", "/api/v1/exchanges", "").json()["exchanges"].as_array().map_or(0, Vec::len) < count
    {
        assert!(begun.elapsed() < DEADLINE, "{count} exchanges were never recorded");
    }
}

#[test]
fn what_comes_in_clear_from_another_machine_is_told_and_nothing_else() {
    let test = "what_comes_in_clear_from_another_machine_is_told_and_nothing_else";
    let Some([here, there]) = machines(test) else { return };
    let home = Home::new();
    let around = ["ip", "netns", "exec", here.name()];
    let flags = ["--listen", "10.62.89.1:8062", "--listen", "127.0.0.1:8062"];
    let hub = home.hub_in(&around, &flags);
    home.json(&["route", "add", "shop", "http://127.0.0.1:9"]);
    let basic = ["--user", "ada:hunter2hunter2"];
    let (near, far) = ("shop.localhost:8062:127.0.0.1", "shop.localhost:8062:10.62.89.1");
    let url = "http://shop.localhost:8062/pay";
    send(&here, url, near, &basic);
    send(&here, url, far, &basic);
    send(&there, "https://shop.localhost:8062/pay", far, &basic);
    send(&there, url, far, &["--cookie", "a=b"]);
    recorded(&home, 4);
    let clean = audit(&home, &here);
    let document = parsed(&clean);
    assert_eq!((clean.status, &document["findings"]), (Some(0), &Value::Array(Vec::new())), "{document:#}");
    assert_eq!(document["unknown"], Value::Array(Vec::new()), "{document:#}");

    send(&there, url, far, &basic);
    send(&there, url, far, &["--oauth2-bearer", "hunter2hunter2"]);
    recorded(&home, 6);
    let planted = audit(&home, &here);
    let document = parsed(&planted);
    let [finding] = document["findings"].as_array().unwrap().as_slice() else { panic!("{document:#}") };
    assert_eq!((planted.status, &finding["id"]), (Some(1), &"A62".into()), "{document:#}");
    assert_eq!(finding["listener"]["address"], "10.62.89.1");
    assert_eq!(finding["holders"][0]["pid"], hub.pid());
    let told = finding["evidence"].as_str().unwrap();
    assert_eq!(told, "a credential of scheme `Bearer` from 10.62.89.2 came to port 8062 in HTTP without TLS");
    assert!(!planted.stdout.contains("hunter2"), "{}", planted.stdout);
}

#[test]
fn without_a_record_it_is_unknown_and_not_clean() {
    let Some([here, _there]) = machines("without_a_record_it_is_unknown_and_not_clean") else { return };
    let unknown = |home: &Home| {
        let ran = audit(home, &here);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let notes = parsed(&ran)["unknown"].as_array().unwrap().clone();
        notes.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let about = "whether credentials come in clear from elsewhere: ";
    let home = Home::new();
    // On loopback alone nobody comes from elsewhere, and there is nothing to know.
    let server = "import http.server, sys; s = http.server.HTTPServer((sys.argv[1], 0), None); \
                  print(s.server_port, flush=True); sys.stdin.read()";
    let serve = |address: &str| {
        let mut held =
            crate::support::child::Held::start(here.command("python3").args(["-c", server, address]));
        held.line();
        held
    };
    let _near = serve("127.0.0.1");
    assert!(!unknown(&home).iter().any(|note| note.starts_with(about)));
    let _far = serve("10.62.89.1");
    assert!(unknown(&home).contains(&format!("{about}no hub runs that records")));
    let _hub = home.hub_in(&["ip", "netns", "exec", here.name()], &["--no-capture"]);
    assert!(unknown(&home).contains(&format!("{about}this hub records nothing")), "{:?}", unknown(&home));
}
