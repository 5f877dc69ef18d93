//! What a command is called, for how long, and at which port.

use std::collections::HashSet;

use navyd_host::process::{Process, Signal};

use super::{Home, Ran, git, needed, node_server, until};

const PORT: &str = "echo port $PORT; read line";

fn port(run: &mut Ran) -> u16 {
    run.line("port ").strip_prefix("port ").unwrap().parse().unwrap()
}

#[test]
fn the_same_command_has_the_same_port_and_another_has_another() {
    let home = Home::new();
    let mut first = home.run(&["--no-hub", "--", "sh", "-c", PORT]);
    let mut second = home.run(&["--no-hub", "--", "sh", "-c", PORT]);
    let (one, other) = (port(&mut first), port(&mut second));
    assert_ne!(one, other, "the second goes on to the next");
    let stable = home.answer(&["port", "--stable", "shop"]).stdout;
    assert!([one, other].contains(&stable.trim().parse().unwrap()), "{stable}");
    first.end();
    second.end();
    let mut again = home.run(&["--no-hub", "--", "sh", "-c", PORT]);
    assert_eq!(port(&mut again).to_string(), stable.trim());
    again.end();

    let mut chosen = home.run(&["--no-hub", "--port", &other.to_string(), "--", "sh", "-c", PORT]);
    assert_eq!(port(&mut chosen), other);
    let _listener = std::net::TcpListener::bind(("127.0.0.1", other)).unwrap();
    let refused = home.answer(&["run", "--no-hub", "--port", &other.to_string(), "--", "true"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains(&format!("error: port `{other}` is held")), "{}", refused.stderr);
}

#[test]
fn many_at_once_have_different_ports() {
    let home = Home::new();
    let mut runs: Vec<_> = (0..16).map(|_| home.run(&["--no-hub", "--", "sh", "-c", PORT])).collect();
    let ports: HashSet<u16> = runs.iter_mut().map(port).collect();
    assert_eq!(ports.len(), 16, "{ports:?}");
}

#[test]
fn a_name_goes_with_its_command() {
    let Some(node) = needed("a_name_goes_with_its_command", "node") else { return };
    let home = Home::new();
    let script = node_server("x", "process.env.PORT", "127.0.0.1");
    let mut run = home.run(&["--name", "api", "--", &node, "-e", &script]);
    let named = run.named();
    assert_eq!(named.host, "api.localhost");
    let routes = home.answer(&["route", "ls"]).stdout;
    assert!(routes.contains("api.localhost") && routes.contains("api.shop.localhost"), "{routes}");
    // However it ends.
    Process::open(run.child.id()).unwrap().signal(Signal::Kill).unwrap();
    run.end();
    until("the name is gone", || !home.answer(&["route", "ls"]).stdout.contains("api"));
    assert!(named.answer().starts_with("HTTP/1.1 404"), "{}", named.answer());
}

#[test]
fn a_branch_is_part_of_the_name() {
    let test = "a_branch_is_part_of_the_name";
    let (Some(node), Some(_)) = (needed(test, "node"), needed(test, "git")) else { return };
    let home = Home::new();
    let shop = home.shop();
    git(&shop, &["init", "-q"]);
    git(&shop, &["commit", "-q", "--allow-empty", "-m", "first"]);
    let script = node_server("x", "process.env.PORT", "127.0.0.1");
    let arguments = ["--", &node, "-e", &script];
    let mut main = home.run(&arguments);
    let on_main = main.named();
    assert_eq!(on_main.host, "shop.localhost");
    git(&shop, &["checkout", "-q", "-b", "fix/cart"]);
    let mut branch = home.run(&arguments);
    let on_branch = branch.named();
    assert_eq!(on_branch.host, "fix-cart.shop.localhost");
    assert_ne!(on_branch.leads, on_main.leads);
}

#[test]
fn a_taken_name_is_said() {
    let Some(node) = needed("a_taken_name_is_said", "node") else { return };
    let home = Home::new();
    let script = node_server("x", "process.env.PORT", "127.0.0.1");
    let mut first = home.run(&["--", &node, "-e", &script]);
    first.named();
    let mut second = home.run(&["--", &node, "-e", &script]);
    let told = second.line("note: ");
    assert!(told.contains("it has no name: `shop.localhost` leads elsewhere already"), "{told}");
}

#[test]
fn a_name_survives_the_death_of_the_hub() {
    let Some(node) = needed("a_name_survives_the_death_of_the_hub", "node") else { return };
    let home = Home::new();
    let script = node_server("alive", "process.env.PORT", "127.0.0.1");
    let mut run = home.run(&["--", &node, "-e", &script]);
    let before = run.named();
    let status = home.answer(&["hub", "status", "--json"]).stdout;
    let (_, rest) = status.split_once("\"pid\":").unwrap();
    let hub = rest.trim_start().chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
    let process = Process::open(hub).unwrap();
    process.signal(Signal::Kill).unwrap();
    assert!(process.wait(super::PATIENCE));
    assert_eq!(home.answer(&["hub", "start"]).status, Some(0));
    let after = run.named();
    assert_eq!(after.leads, before.leads);
    assert!(after.answer().ends_with("alive"), "{after:?}");
}

#[test]
fn a_command_in_a_terminal_is_known_and_can_be_ended() {
    let Some(node) = needed("a_command_in_a_terminal_is_known_and_can_be_ended", "node") else { return };
    let home = Home::new();
    let script = node_server("x", "process.env.PORT", "127.0.0.1");
    // A shell between, so that there is a tree to end.
    let line = format!("'{node}' -e \"$1\"; echo over; exit 7");
    let mut run = home.run(&["--name", "api", "--", "sh", "-c", &line, "sh", &script]);
    let named = run.named();
    let ps = home.answer(&["ps", "--json"]).stdout;
    let ps: serde_json::Value = serde_json::from_str(&ps).unwrap();
    let service = &ps["services"][0];
    assert_eq!(
        (service["id"].as_str(), service["run_by"].as_str()),
        (Some("api.shop"), Some("terminal")),
        "{ps}"
    );

    // What it says is on a terminal, and nobody else has it: then that is said, with how it would be kept.
    for words in [&["logs", "api"][..], &["logs", "-f", "api"], &["restart", "api"], &["attach", "api"]] {
        let ran = home.answer(words);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{words:?}: {ran:?}");
        let told = "error: `api.shop` runs in a terminal\n  cause: `navyd run` started it there as process ";
        assert!(ran.stderr.starts_with(told) && ran.stderr.contains("\nhint: navyd "), "{words:?}: {ran:?}");
    }
    let logs = home.answer(&["logs", "api"]).stderr;
    assert!(
        logs.contains("hint: navyd run -- sh -c ") && logs.trim_end().ends_with("2>&1 | tee api.log"),
        "{logs}"
    );
    // Without its name a command in a terminal is not meant.
    assert_eq!(home.answer(&["stop"]).status, Some(1));
    assert!(named.answer().starts_with("HTTP/1.1 200"), "{}", named.answer());

    let stopped = home.answer(&["stop", "api"]);
    assert_eq!((stopped.status, stopped.stdout.as_str()), (Some(0), "api: stopped\n"), "{stopped:?}");
    run.end();
    assert_eq!(home.answer(&["ps"]).status, Some(1));
}

#[test]
fn a_command_that_does_not_end_when_it_is_asked_to_is_killed_with_all_that_it_started() {
    let home = Home::new();
    let line =
        "trap '' TERM; sh -c 'echo child $$; exec sleep 600' & echo first $$; while :; do sleep 1; done";
    let mut run = home.run(&["--name", "deaf", "--", "sh", "-c", line]);
    let first = run.child.id();
    let child = run.line("child ").trim_start_matches("child ").to_owned();
    super::until("it is known", || home.answer(&["ps"]).stdout.contains("deaf"));
    let stopped = home.answer(&["stop", "deaf"]);
    assert_eq!((stopped.status, stopped.stdout.as_str()), (Some(0), "deaf: stopped\n"), "{stopped:?}");
    // Whoever asked is answered when nothing of it is left but what its parent has not waited for.
    let lives = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z"))
    };
    assert!(!lives(&child) && !lives(&first.to_string()));
    let (status, log) = run.end();
    assert_eq!(status, None, "a signal ended it: {log}");
    assert!(log.contains("note: told to end by `navyd stop`"), "{log}");
    assert!(log.contains("note: killed: it had not ended after 10 s"), "{log}");
}

#[test]
fn the_page_of_a_command_that_fails_advises_what_works() {
    let Some(node) = needed("the_page_of_a_command_that_fails_advises_what_works", "node") else { return };
    let home = Home::new();
    let script = "require('net').createServer(s => s.destroy()).listen(process.env.PORT, '127.0.0.1')";
    let mut run = home.run(&["--", &node, "-e", script]);
    let page = run.named().answer();
    assert!(page.starts_with("HTTP/1.1 502"), "{page}");
    assert!(page.contains("in the terminal of its") && page.contains("navyd stop shop"), "{page}");
    assert!(!page.contains("navyd logs"), "{page}");
}
