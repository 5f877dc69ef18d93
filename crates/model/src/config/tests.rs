//! `navyd.toml` as people write it, and the mistakes that they make.

use std::time::Duration;

use super::*;

#[test]
fn the_whole_of_a_project() {
    let config = read(
        "navyd.toml",
        r#"
[project]
name = "shop"

[services.web]
command = "npm run dev"
dir = "web"
env = { API = "${services.api.url}", DEBUG = true, LEVEL = 0x10 }
env_file = [".env", ".env.local"]
depends_on = ["api"]
host = ["www.shop.localhost", "Shop.Test."]
restart = "always"

[services.api]
command = ["cargo", "run"]
port = 3_000
depends_on = { db = "healthy", migrate = "exit0", mail = "log" }
ready = { http = "/health", timeout = "2m" }
stop = { signal = "SIGINT", timeout = "500ms" }
listen_fds = true

[services.db]
command = "postgres -D data"
protocol = "tcp"
ready = { timeout = "5s" }

[services.migrate]
command = "make migrate"
port = false
restart = "no"

[services.mail]
command = "mail"
ready = { log = "ready in" }

[routes]
"shop.localhost/api" = "api"
"*.cdn.localhost" = "http://127.0.0.1:9000"
15432 = "tcp://127.0.0.1:5432"
"quiet.localhost" = { to = "api", capture = false }
"#,
    )
    .unwrap();
    let names: Vec<_> = config.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!((config.name.as_deref(), names.join(" ").as_str()), (Some("shop"), "web api db migrate mail"));
    let web = config.service("web").unwrap();
    assert_eq!(web.command.argv(), ["sh", "-c", "npm run dev"]);
    assert_eq!((web.port, web.restart, web.dir.as_deref()), (Port::Stable, Restart::Always, Some("web")));
    assert_eq!(web.hosts, ["www.shop.localhost", "shop.test"]);
    let env: Vec<_> =
        web.env.iter().map(|(name, value)| (name.as_str(), value.fill(|_, _| "*".into()))).collect();
    assert_eq!(env, [("API", "*".into()), ("DEBUG", "true".into()), ("LEVEL", "16".into())]);
    assert_eq!(web.env_files[1], EnvFile { path: ".env.local".into(), required: true });
    assert_eq!((&web.ready, web.stop), (&Ready::default(), Stop::default()));
    let api = config.service("api").unwrap();
    assert_eq!(api.command.argv(), ["cargo", "run"]);
    let expected =
        Ready { check: Check::Http("/health".into()), timeout: Duration::from_secs(120), late: Late::Failed };
    assert_eq!((api.port, &api.ready, api.listen_fds), (Port::Fixed(3000), &expected, true));
    assert_eq!(api.stop, Stop { signal: StopSignal::Interrupt, timeout: Duration::from_millis(500) });
    let conditions: Vec<_> = api.depends_on.iter().map(|one| (one.service.as_str(), one.condition)).collect();
    assert_eq!(
        conditions,
        [("db", Condition::Healthy), ("migrate", Condition::Exit0), ("mail", Condition::Log)]
    );
    let db = config.service("db").unwrap();
    assert_eq!(
        (db.protocol, db.ready.timeout, db.ready.late),
        (ServiceProtocol::Tcp, Duration::from_secs(5), Late::Ready)
    );
    assert_eq!(config.service("migrate").unwrap().ready.check, Check::Started);
    let routes: Vec<_> = config.routes.iter().map(|route| (route.entry.to_string(), &route.leads)).collect();
    assert_eq!(routes[0], ("shop.localhost/api".into(), &Leads::Service("api".into())));
    assert_eq!(
        routes[1],
        ("*.cdn.localhost".into(), &Leads::Upstream("http://127.0.0.1:9000".parse().unwrap()))
    );
    assert_eq!(routes[2].0, "127.0.0.1:15432");
    assert_eq!(routes[3], ("quiet.localhost".into(), &Leads::Service("api".into())));
    assert_eq!((config.routes[0].capture, config.routes[3].capture), (None, Some(false)));
    assert_eq!(read("navyd.toml", ""), Ok(Config::default()));
}

/// One mistake: its message without the file, what was expected without the line, and its hint.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str, &str)]) {
    let mistakes = read("navyd.toml", text).expect_err(text);
    let found: Vec<_> = mistakes
        .iter()
        .map(|mistake| {
            let message = mistake.message.strip_prefix("navyd.toml:").unwrap();
            let (cause, line) = mistake.cause.rsplit_once("; line ").unwrap();
            assert!(line.starts_with(&format!("{} is `", mistake.line)), "{line}");
            (message, cause.strip_prefix("expected ").unwrap(), mistake.hint.as_str())
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

/// The same within a service `web`, whose line is 3.
#[track_caller]
fn check_service(line: &str, expected: (&str, &str, &str)) {
    check(&format!("[services.web]\ncommand = \"x\"\n{line}\n"), &[expected]);
}

#[test]
fn unknown_keys_name_the_nearest() {
    let example = "command = \"npm run dev\"";
    let command = "`command`, which is a line for `sh -c`, or a list of a program and its arguments";
    check(
        "[services.web]\ncomand = \"x\"",
        &[
            ("1:11: `services.web` has no command", "`command`", example),
            ("2:1: `comand` is no key of `[services.NAME]`", command, example),
        ],
    );
    check_service(
        "environment = {}",
        (
            "3:1: `environment` is no key of `[services.NAME]`",
            "`env`, which is a table of variables, each a text, a number or a boolean",
            "env = { API = \"${services.api.url}\" }",
        ),
    );
    check(
        "[service.web]\ncommand = \"x\"",
        &[(
            "1:2: `service` is no key of `navyd.toml`",
            "`services`, which is a table with a table for each service",
            "[services.web]",
        )],
    );
    check(
        "[volumes]",
        &[(
            "1:2: `volumes` is no key of `navyd.toml`",
            "one of `project`, `services`, `routes`, `faults`",
            "navyd up --help",
        )],
    );
    check_service(
        "ready = { htp = \"/\" }",
        (
            "3:11: `htp` is no key of `ready`",
            "`http`, which is a path that begins with `/`",
            "ready = { http = \"/health\" }",
        ),
    );
    check_service(
        "stop = { signals = \"INT\" }",
        (
            "3:10: `signals` is no key of `stop`",
            "`signal`, which is one of `TERM`, `INT`, `HUP`, `QUIT`, `USR1`, `USR2` and `KILL`",
            "stop = { signal = \"INT\" }",
        ),
    );
}

#[test]
fn values_of_the_wrong_kind_or_size() {
    let port = "a number from 1 to 65535, or `false` for none";
    for (line, message) in [
        ("port = 0", "3:8: `services.web.port` is no port"),
        ("port = 70000", "3:8: `services.web.port` is no port"),
        ("port = 99999999999999999999", "3:8: `services.web.port` is a number"),
        ("port = \"3000\"", "3:8: `services.web.port` is a text"),
        ("port = [3000]", "3:8: `services.web.port` is a list"),
    ] {
        check_service(line, (message, port, "port = 3000"));
    }
    let restart = "`no`, `on-failure` or `always`";
    for (line, message) in [
        ("restart = \"on_failure\"", "3:11: `services.web.restart` is `on_failure`"),
        ("restart = true", "3:11: `services.web.restart` is a boolean"),
    ] {
        check_service(line, (message, restart, "restart = \"on-failure\""));
    }
    for (line, message, expected, hint) in [
        ("dir = \"\"", "3:7: `services.web.dir` is empty", "a directory", "dir = \"web\""),
        (
            "ready = {}",
            "3:9: `services.web.ready` says nothing",
            "a table with one of `socket`, `tcp`, `http`, `log` and `started`",
            "ready = { http = \"/health\", timeout = \"30s\" }",
        ),
        (
            "ready = { tcp = true, log = \"x\" }",
            "3:23: `tcp` and `log` exclude each other",
            "one of `socket`, `tcp`, `http`, `log` and `started`",
            "ready = { http = \"/health\" }",
        ),
        (
            "ready = { tcp = true, timeout = \"30\" }",
            "3:33: `services.web.ready.timeout` is no time",
            "a time such as `500ms`, `30s` or `2m`",
            "timeout = \"30s\"",
        ),
        (
            "ready = { http = \"health\" }",
            "3:18: `services.web.ready.http` is no path",
            "a path that begins with `/`",
            "ready = { http = \"/health\" }",
        ),
        (
            "stop = { signal = \"STOP\" }",
            "3:19: `services.web.stop.signal` is no signal that ends a service",
            "one of `TERM`, `INT`, `HUP`, `QUIT`, `USR1`, `USR2` and `KILL`",
            "stop = { signal = \"INT\" }",
        ),
        (
            "depends_on = { web = \"service_healthy\" }",
            "3:22: `service_healthy` is no condition",
            "`started`, `healthy`, `log` or `exit0`",
            "depends_on = { web = \"healthy\" }",
        ),
        (
            "host = \"a b\"",
            "3:8: `a b` is no host name",
            "a host name, or a list of host names",
            "host = \"shop.localhost\"",
        ),
        (
            "host = [\"shop.localhost\", \"navyd.localhost\"]",
            "3:27: `navyd.localhost` is the hub itself",
            "a host name, or a list of host names",
            "host = \"shop.localhost\"",
        ),
        (
            "env = { A = [1] }",
            "3:13: `A` is a list",
            "a text, a number or a boolean",
            "env = { NAME = \"value\" }",
        ),
        (
            "env = { \"A=B\" = 1 }",
            "3:9: `A=B` is no name of a variable",
            "a name without `=`",
            "env = { NAME = \"value\" }",
        ),
    ] {
        check_service(line, (message, expected, hint));
    }
    check(
        "[services.web]\ncommand = []",
        &[(
            "2:11: `services.web.command` names no program",
            "a line for `sh -c`, or a list of a program and its arguments",
            "command = \"npm run dev\"",
        )],
    );
    check(
        "[services]\nweb = \"npm run dev\"",
        &[("2:7: `services.web` is a text", "a table", "[services.web]")],
    );
}

#[test]
fn what_leads_nowhere() {
    let services = "[services.web]\ncommand = \"x\"\n[services.worker]\ncommand = \"x\"\nport = false\n";
    let check_more = |more: &str, expected| check(&format!("{services}{more}"), &[expected]);
    check_more(
        "depends_on = [\"wbe\"]",
        ("6:15: `wbe` is no service of this file", "one of `web`, `worker`", "\"web\""),
    );
    check_more(
        "depends_on = { web = \"log\" }",
        (
            "6:16: `web` waits for no line of its log",
            "a service with `ready = { log = … }`",
            "services.web.ready = { log = \"ready in\" }",
        ),
    );
    check_more(
        "env = { A = \"${services.api.url}\" }",
        ("6:13: `api` is no service of this file", "one of `web`, `worker`", "[services.NAME]"),
    );
    check_more(
        "env = { A = \"${services.worker.url}\" }",
        ("6:13: `worker` listens on no port", "a service that listens", "services.worker.port = 3000"),
    );
    check_more(
        "env = { A = \"${HOME}\" }",
        (
            "6:13: `${HOME}` is no reference",
            "`${services.NAME.url}`, or `host`, `port`, `name` or `route` of a service",
            "$${HOME}",
        ),
    );
    let to = "a service, or the URL of a server on this machine";
    check_more(
        "[routes]\n\"a.localhost\" = \"worker\"",
        ("7:17: `worker` listens on no port", "a service that listens", "services.worker.port = 3000"),
    );
    check_more(
        "[routes]\n\"a.localhost\" = \"http://example.com\"",
        (
            "7:17: `http://example.com` is not on this machine: an upstream is a loopback address",
            to,
            "\"a.localhost\" = \"http://127.0.0.1:3000\"",
        ),
    );
    check_more(
        "[routes]\n\"a.localhost\" = { capture = false }",
        (
            "7:1: `routes.a.localhost` leads nowhere",
            "`to`, a service or a URL",
            "\"shop.localhost/api\" = \"http://127.0.0.1:3000\"",
        ),
    );
    check_more(
        "[routes]\n\"a.localhost\" = { to = \"http://127.0.0.1:1\", capture = 1 }",
        ("7:56: `routes.a.localhost.capture` is a number", "`true` or `false`", "capture = false"),
    );
    check_more(
        "[routes]\n\"a.localhost\" = \"tcp://127.0.0.1:1\"",
        (
            "7:17: `a.localhost` is a name, which only HTTP carries",
            "a URL of `http`",
            "\"shop.localhost/api\" = \"http://127.0.0.1:3000\"",
        ),
    );
}

#[test]
fn circles_and_twins() {
    let service =
        |name: &str, after: &str| format!("[services.{name}]\ncommand = \"x\"\ndepends_on = [{after}]\n");
    check(
        &[service("a", "\"b\""), service("b", "\"c\""), service("c", "\"b\"")].concat(),
        &[(
            "6:15: `b` depends on itself: b → c → b",
            "dependencies that end somewhere",
            "services.b.depends_on = []",
        )],
    );
    check(
        &[service("my-api", ""), service("my_api", "")].concat(),
        &[(
            "4:11: `my_api` and `my-api` would be the same host",
            "names that differ by more than case, `-` and `_`",
            "[services.my-api-2]",
        )],
    );
    check(
        &service("\"a.b\"", ""),
        &[(
            "1:11: `a.b` is no name of a service",
            "letters, digits, `-` and `_`, with a letter or digit first, at most 63",
            "[services.a-b]",
        )],
    );
}

#[test]
fn every_mistake_is_told_at_once_and_in_order() {
    let text = "[services.web]\nport = \"x\"\ncommand = 5\n[projct]\n[routes]\n\"a b\" = 1\n";
    let mistakes = read("navyd.toml", text).unwrap_err();
    assert_eq!(mistakes.iter().map(|mistake| mistake.line).collect::<Vec<_>>(), [2, 3, 4, 6, 6]);
}

#[test]
fn what_is_no_toml_is_told_with_what_is_wrong_beside_it() {
    let text = "[services.web]\ncommand = npm run dev\nprot = 3000\n";
    let mistakes = read("navyd.toml", text).unwrap_err();
    let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.line).collect();
    assert_eq!((lines.first(), lines.last()), (Some(&2), Some(&3)), "{mistakes:#?}");
    assert!(mistakes[0].message.starts_with("navyd.toml:2:"), "{}", mistakes[0].message);
    assert!(mistakes[0].message.contains("this is no TOML"), "{}", mistakes[0].message);
    assert!(!mistakes.iter().any(|mistake| mistake.message.contains("has no command")), "{mistakes:#?}");
}

#[test]
fn a_text_of_any_size_is_judged_in_time() {
    let large = "#".repeat(LARGEST + 1);
    assert!(read("navyd.toml", &large).unwrap_err()[0].message.contains("is larger than"));
    let many: String = (0..2_000).map(|at| format!("[services.s{at}]\ncommand=\"x\"\n")).collect();
    assert!(read("navyd.toml", &many).unwrap_err()[0].message.contains("`s1000` is one service too many"));
}
