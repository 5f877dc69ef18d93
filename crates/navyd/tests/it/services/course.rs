//! Starting in order, crashing, and starting again.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
};

use super::{SERVER, Shop, TOLD, lines, runs, signal};
use crate::support::{child::Held, run::run};

#[test]
fn services_start_when_what_they_need_is_as_it_has_to_be() {
    let shop = Shop::new(&format!(
        r#"
[services.web]
command = "echo web >> order; exec python3 -u -m http.server --bind 127.0.0.1 $PORT"
depends_on = {{ api = "healthy", setup = "exit0" }}

[services.api]
command = "echo api >> order; exec python3 -u -m http.server --bind 127.0.0.1 $PORT"
ready = {{ http = "/" }}
depends_on = {{ db = "log" }}

[services.db]
command = "echo db >> order; echo 'the data''base is ready'; exec cat"
port = false
ready = {{ log = "database is ready" }}
depends_on = {{ setup = "exit0" }}

[services.setup]
command = "echo setup >> order"
port = false

[services.other]
{TOLD}
"#
    ));
    shop.up();
    assert_eq!(lines(&shop.path("order")), ["setup", "db", "api", "web"]);
    for (name, phase) in [("web", "ready"), ("api", "ready"), ("db", "ready"), ("setup", "stopped")] {
        assert_eq!(shop.service(name)["phase"], phase, "{name}");
    }
    assert_eq!(shop.service("setup")["ended"]["status"], 0);
    let pids = ["web", "api", "db", "other"].map(|name| shop.pid(name));
    assert_eq!(shop.run(&["down"]).status, Some(0));
    assert!(!pids.into_iter().any(runs));
    assert_eq!(shop.run(&["ps"]).status, Some(1));
}

#[test]
fn what_failed_starts_nothing_that_needs_it() {
    let shop = Shop::new(
        "[services.setup]\ncommand = \"exit 7\"\nport = false\nrestart = \"no\"\n\n\
         [services.web]\ncommand = \"touch started; exec cat\"\ndepends_on = { setup = \"exit0\" }\n",
    );
    let ran = shop.run(&["up", "-d"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("setup\tfailed\t") && ran.stdout.contains("web\twaiting\t"), "{ran:?}");
    assert!(ran.stderr.contains("hint: navyd logs setup"), "{ran:?}");
    assert!(!shop.path("started").exists());
    assert_eq!(shop.service("setup")["ended"]["status"], 7);
}

#[test]
fn a_crash_starts_again_after_a_pause_that_grows() {
    let shop = Shop::new(
        "[services.web]\ncommand = \"echo x >> tries; test $(wc -l < tries) -ge 4 && exec cat; exit 3\"\nport = false\n\
         ready = { log = \"never\", timeout = \"1s\" }\n",
    );
    // Three pauses of 0.1, 0.2 and 0.4 s, less a quarter each; then it runs, and is not ready.
    let begun = std::time::Instant::now();
    shop.navyd(&["up", "-d"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(|mut child| {
            shop.until("the fourth try", |shop| (lines(&shop.path("tries")).len() >= 4).then_some(()));
            let _ = child.kill();
            let _ = child.wait();
        })
        .unwrap();
    assert!(begun.elapsed().as_millis() >= 525, "{:?}", begun.elapsed());
    // The time for its line is up: it is ended, and tried again.
    shop.until("the fifth try", |shop| (lines(&shop.path("tries")).len() >= 5).then_some(()));
    let said = shop.run(&["logs"]).stdout;
    assert!(said.contains("ended with status 3, starts again in 0."), "{said}");
    assert!(said.contains("is not ready after 1 s"), "{said}");
}

#[test]
fn one_that_is_killed_starts_again_at_its_port() {
    let shop = Shop::new(&format!("[services.web]\n{TOLD}\n"));
    shop.up();
    let (pid, port) = (shop.pid("web"), shop.port("web"));
    signal("KILL", pid);
    let again = shop.until("another process", |shop| {
        let service = shop.service("web");
        let other = service["pid"].as_u64().filter(|other| *other != u64::from(pid));
        other.filter(|_| service["phase"] == "ready").map(|_| service)
    });
    assert_eq!((again["restarts"].as_u64(), again["port"].as_u64()), (Some(1), Some(port.into())));
    assert_eq!(again["listens"][0], format!("127.0.0.1:{port}"));
    let ran = shop.run(&["restart", "web"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    shop.until("ready again", |shop| (shop.service("web")["phase"] == "ready").then_some(()));
    assert_eq!(shop.service("web")["restarts"], 0, "wanted, and no failure");
    assert_eq!(shop.run(&["stop", "web"]).stdout, "web: stopped\n");
    assert_eq!(shop.service("web")["pid"], serde_json::Value::Null);
}

#[test]
fn restarting_what_does_not_run_starts_it_with_what_it_needs() {
    let shop = Shop::new(
        "[services.db]\ncommand = \"echo x >> tries; test $(wc -l < tries) -ge 2 && exec sleep 600; exit 3\"\nport = false\n\
         restart = \"no\"\n\n\
         [services.web]\ncommand = \"exec sleep 600\"\nport = false\ndepends_on = [\"db\"]\n",
    );
    assert_eq!(shop.run(&["up", "-d", "db"]).status, Some(1));
    assert_eq!(shop.service("db")["phase"], "failed");
    // One that never ran, and what it needs, which failed.
    assert_eq!(shop.run(&["restart", "web"]).status, Some(0));
    shop.until("both run", |shop| {
        (shop.service("web")["phase"] == "ready" && shop.service("db")["phase"] == "ready").then_some(())
    });
    // Both were stopped; one by one in the order of the file is the order of what they need.
    assert_eq!(shop.run(&["stop"]).stdout.matches("stopped").count(), 2);
    assert_eq!(shop.run(&["restart"]).status, Some(0));
    shop.until("both run again", |shop| {
        (shop.service("web")["phase"] == "ready" && shop.service("db")["phase"] == "ready").then_some(())
    });
    assert_eq!(shop.run(&["stop"]).status, Some(0));
    assert_eq!(shop.run(&["up", "-d", "web"]).stdout.matches("ready").count(), 2);
}

#[test]
fn a_service_that_fails_at_once_is_never_told_to_be_ready() {
    let shop = Shop::new("[services.job]\ncommand = \"exit 3\"\nport = false\nrestart = \"no\"\n");
    for _ in 0..3 {
        let ran = shop.run(&["up", "-d"]);
        assert_eq!(ran.status, Some(1), "{ran:?}");
        assert!(ran.stdout.contains("failed") && !ran.stdout.contains("ready"), "{ran:?}");
    }
}

#[test]
fn who_listens_elsewhere_is_found_there() {
    let shop = Shop::new(&format!("[services.web]\n{SERVER}\n"));
    shop.up();
    let service = shop.service("web");
    let listens: std::net::SocketAddr = service["listens"][0].as_str().unwrap().parse().unwrap();
    assert_ne!(service["port"], listens.port());
    // The route follows.
    let url = shop.json(&["route", "ls", "--json"])["routes"][0].clone();
    assert_eq!(url["to"], format!("http://{listens}"));
    let hub = shop.json(&["hub", "status", "--json"])["listen"][0].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(hub).unwrap();
    stream
        .write_all(b"GET /navyd.toml HTTP/1.1\r\nhost: web.shop.localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("[services.web]"), "{answer}");
}

#[test]
fn in_the_foreground_an_interrupt_ends_everything_in_order() {
    let shop = Shop::new(
        "[services.db]\ncommand = \"trap 'echo db ended; exit' TERM; echo db up; while :; do sleep 0.05; done\"\nport = false\n\
         ready = { log = \"db up\" }\n\n\
         [services.web]\ncommand = \"trap 'echo web ended; exit' TERM; echo web up; while :; do sleep 0.05; done\"\nport = false\n\
         ready = { log = \"web up\" }\ndepends_on = [\"db\"]\n",
    );
    let mut up = Held::start(&mut shop.navyd(&["up"]));
    assert_eq!((up.line(), up.line()), ("db  │ db up".to_owned(), "web │ web up".to_owned()));
    signal("INT", up.pid());
    let mut said = Vec::new();
    while !said.iter().any(|line: &String| line.ends_with("db ended")) {
        said.push(up.line());
    }
    assert!(said.iter().any(|line| line.ends_with("web ended")), "{said:?}");
    assert_eq!(up.wait(), Some(130));
    assert_eq!(shop.run(&["ps"]).status, Some(1));
}

#[test]
fn in_the_foreground_the_end_of_all_tells_its_status() {
    for (command, status) in [("exit 0", 0), ("exit 5", 1)] {
        let shop =
            Shop::new(&format!("[services.job]\ncommand = \"{command}\"\nport = false\nrestart = \"no\"\n"));
        let ran = shop.run(&["up"]);
        assert_eq!(ran.status, Some(status), "{ran:?}");
        assert!(ran.stdout.contains("ended with status"), "{ran:?}");
    }
}

#[test]
fn a_socket_is_handed_over() {
    let script = "import os,socket\n\
        assert os.environ['LISTEN_PID'] == str(os.getpid()) and os.environ['LISTEN_FDS'] == '1'\n\
        listener = socket.socket(fileno=3)\n\
        print('took', listener.getsockname()[1], flush=True)\n\
        while True:\n    peer, _ = listener.accept()\n    peer.sendall(str(os.getpid()).encode())\n    peer.close()\n";
    let shop = Shop::new(
        "[services.web]\ncommand = [\"python3\", \"server.py\"]\nlisten_fds = true\nready = { log = \"took\" }\n",
    );
    shop.home.write("shop/server.py", script);
    shop.up();
    let port = shop.port("web");
    let ask = || {
        let mut answer = String::new();
        TcpStream::connect(("127.0.0.1", port)).unwrap().read_to_string(&mut answer).unwrap();
        answer
    };
    let first = ask();
    assert_eq!(first, shop.pid("web").to_string());
    // While it is started again, its socket stays open: nobody is refused.
    signal("KILL", shop.pid("web"));
    assert_ne!(ask(), first);
}

#[test]
fn services_trust_the_authority_unless_they_are_told_whom_to_trust() {
    let say = "command = \"echo $NODE_EXTRA_CA_CERTS; echo end; exec cat\"\nport = false\nready = { log = \"end\" }\n";
    let shop = Shop::new(&format!(
        "[services.a]\n{say}\n[services.b]\n{say}env = {{ NODE_EXTRA_CA_CERTS = \"/own.pem\" }}\n"
    ));
    let mut up = shop.navyd(&["up", "-d"]);
    let ran = run(up.env_remove("NODE_EXTRA_CA_CERTS"));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let said = |name| shop.run(&["logs", name]).stdout;
    let root = shop.home.path().join(".local/share/navyd/ca/root.pem");
    assert!(root.is_file() && said("a").contains(root.to_str().unwrap()), "{}", said("a"));
    assert!(said("b").contains("/own.pem"), "{}", said("b"));
}

#[test]
fn where_nothing_runs_is_said_with_what_to_type() {
    let shop =
        Shop::new("[services.web]\ncommand = \"exec cat\"\nport = false\nready = { started = true }\n");
    let elsewhere = shop.home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let none = "error: there is no `navyd.toml` and no `Procfile`\n  cause: neither is in ";
    let stopped = "error: no project runs here\n  cause: `";
    let check = |words: &[&str], here: &std::path::Path, status: i32, what: &str, hint: &str| {
        let ran = run(shop.navyd(words).current_dir(here));
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(status), ""), "{words:?}: {ran:?}");
        let is_told = ran.stderr.starts_with(what) && ran.stderr.contains("\n  cause: ");
        assert!(is_told && ran.stderr.trim_end().ends_with(&format!("\nhint: {hint}")), "{words:?}: {ran:?}");
    };
    let commands = [&["ps"][..], &["logs"], &["logs", "-f"], &["stop"], &["restart"], &["down"]];
    let named = [&["attach", "web"][..], &["logs", "web"], &["stop", "web"]];
    let root = shop.path("");
    // Neither a hub nor a project.
    for words in commands.iter().chain(&named) {
        check(words, &elsewhere, 1, none, "navyd run -- npm run dev");
        check(words, &root, 1, stopped, "navyd up");
    }
    check(&["up"], &elsewhere, 2, none, "navyd run -- npm run dev");
    check(&["ps", "--all"], &root, 1, "error: no service runs\n", "navyd up");
    // A hub, and no project.
    assert_eq!(shop.run(&["hub", "start"]).status, Some(0));
    for words in commands {
        check(words, &elsewhere, 1, none, "navyd ps --all");
        check(words, &root, 1, stopped, "navyd up");
    }
    for (words, schema) in [
        (&["ps", "--json"][..], "navyd.services/1"),
        (&["down", "--json"], "navyd.services/1"),
        (&["stop", "--json"], "navyd.services/1"),
        (&["logs", "--json"], "navyd.log/1"),
    ] {
        assert_eq!(shop.json(words)["schema"], schema, "{words:?}");
    }
    // A name that no service has is a mistake of whoever typed it.
    shop.up();
    for words in named.map(|words| [words[0], "nobody"]) {
        let ran = shop.run(&words);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        let expected =
            "error: there is no service `nobody`\n  cause: those here are `web`\nhint: navyd ps --all\n";
        assert_eq!(ran.stderr.replace("\n\n", "\n"), expected, "{words:?}");
    }
    assert_eq!(shop.run(&["stop", "web"]).status, Some(0));
    check(&["attach", "web"], &root, 1, "error: `web` does not run\n", "navyd up web");
}
