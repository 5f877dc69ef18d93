//! Secrets in every place where programs put them: in no file of the hub, and in nothing that it shows or exports.

use std::{io::Write as _, path::Path, process::Command, process::Stdio};

use serde_json::json;

use super::{
    kept::each_file,
    serving,
    watched::{list, settled},
};
use crate::{
    hub::{Foreground, Home},
    probe::{Server, free_port, mariadb, postgresql},
    support::{child::Held, peers, program, run::run, skip},
};

/// What is planted, and what Base64 makes of it behind `ada:`.
const SECRETS: [&str; 2] = ["pl4ntedS3cret", "YWRhOnBsNG50ZWRTM2NyZXQ"];

/// An answer with a secret in each place that an answer has.
const ANSWER: &str = "HTTP/1.1 200 OK|Content-Type: application/json|Set-Cookie: id=pl4ntedS3cret; Path=/|\
    Location: https://ada:pl4ntedS3cret@shop.example/?access_token=pl4ntedS3cret|Content-Length: 44||\
    {\"user\":\"ada\",\"refresh_token\":\"pl4ntedS3cret\"}";

/// Says what a program says when it logs in, and when it is told a token.
const TALKER: &str = "
const {WebSocketServer, WebSocket} = require(process.argv[1] + '/ws');
const server = new WebSocketServer({port: 0, host: '127.0.0.1', perMessageDeflate: {threshold: 0}});
server.on('connection', ws => ws.on('message', data => ws.send(data.toString().replace('password', 'session_token'))));
server.on('listening', () => console.log(server.address().port));
process.stdin.once('data', hub => {
  const ws = new WebSocket('ws://' + hub.toString().trim() + '/?token=pl4ntedS3cret',
    {headers: {host: 'ws.localhost'}, perMessageDeflate: {threshold: 0}});
  ws.on('open', () => ws.send('{\"user\":\"ada\",\"password\":\"pl4ntedS3cret\"}'));
  ws.on('message', () => ws.close());
  ws.on('close', () => console.log('closed'));
});
";

fn http(home: &Home, hub: &Foreground) -> u64 {
    let (upstream, _) = serving(ANSWER);
    home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    let json = r#"{"user":"ada","nested":[{"client_secret":"pl4ntedS3cret"}],"apiKey":"pl4ntedS3cret"}"#;
    let requests: [&[&str]; 8] = [
        &["-H", "Authorization: Bearer pl4ntedS3cret", "-H", "Cookie: a=1; id=pl4ntedS3cret"],
        &["-u", "ada:pl4ntedS3cret", "-H", "X-Api-Key: pl4ntedS3cret"],
        &["-H", "Referer: https://ada:pl4ntedS3cret@shop.example/?api_key=pl4ntedS3cret"],
        &["-d", "name=ada&password=pl4ntedS3cret"],
        &["-H", "Content-Type: application/json", "-d", json],
        &["-F", "name=ada", "-F", "password=pl4ntedS3cret", "-F", "file=@/dev/null;filename=a.txt"],
        &["-H", "Proxy-Authorization: Basic YWRhOnBsNG50ZWRTM2NyZXQ="],
        &["-H", "X-Forwarded-Uri: /login?token=pl4ntedS3cret"],
    ];
    for arguments in requests {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "55", "--noproxy", "*", "-H", "Host: shop.localhost"])
            .args(arguments);
        let url = format!(
            "http://{}/login?user=ada&token=pl4ntedS3cret&X-Amz-Signature=pl4ntedS3cret",
            hub.address()
        );
        let ran = run(curl.args(["-o", "/dev/null"]).arg(url));
        assert_eq!(ran.status, Some(0), "{arguments:?}: {}", ran.stderr);
    }
    requests.len() as u64
}

fn websocket(home: &Home, hub: &Foreground, test: &str) -> u64 {
    let (Some(node), modules) = (program("node"), peers::modules()) else { return 0 };
    if !modules.join("ws").is_dir() {
        skip(test, "`ws` is not installed: scripts/peers does it");
        return 0;
    }
    let mut talker = Held::start(Command::new(node).args(["-e", TALKER]).arg(modules));
    home.json(&["route", "add", "ws", &format!("http://127.0.0.1:{}", talker.line())]);
    talker.say(&hub.address().to_string());
    assert_eq!(talker.line(), "closed");
    1
}

/// A tap for as long as it is held, and its port.
fn tap(home: &Home, port: u16, protocol: &str) -> (Held, String) {
    let mut command = home.navyd(&["tap", &port.to_string(), "--as", protocol, "--jsonl"]);
    let mut tap = Held::start(command.stderr(Stdio::null()));
    let opened: serde_json::Value = serde_json::from_str(&tap.line()).unwrap();
    let listen = opened["listen"].as_str().unwrap();
    (tap, listen.rsplit_once(':').unwrap().1.to_owned())
}

fn sql(home: &Home, test: &str) -> u64 {
    let Some((_server, port, _folder)) = postgresql(test) else { return 0 };
    let (_tap, port) = tap(home, port, "postgres");
    let mut psql = Command::new("psql");
    psql.args(["-X", "-h", "127.0.0.1", "-p", &port, "-U", "navyd", "-d", "postgres"]);
    psql.env("PGSSLMODE", "disable").env("PGGSSENCMODE", "disable").env("PGPASSWORD", SECRETS[0]);
    for statement in [
        "create role ada login password 'pl4ntedS3cret'",
        "alter role ada with encrypted password 'pl4ntedS3cret' valid until 'infinity'",
        "create table people(name text, password text)",
        "insert into people(name) values ('ada')",
        "update people set password = 'pl4ntedS3cret', name = 'bob'",
        "select name from people where password = 'pl4ntedS3cret'",
        "select name, password from people",
        "insert into people (name, password) values ('ada', 'pl4ntedS3cret'), ('bob', $$pl4ntedS3cret$$)",
        "insert into people (name, password) select 'eve', E'pl4ntedS3cret\\'' from people limit 1",
        "with p(name, password) as (values ('ada', 'pl4ntedS3cret')) select name from p",
        "select name from people where (name, password) in (('ada', 'pl4ntedS3cret'))",
        "select name from people where password = case when name = 'ada' then 'pl4ntedS3cret' end",
        "select json_build_object('name', 'ada', 'password', 'pl4ntedS3cret') as about",
        "do $$ begin execute 'alter role ada password ''pl4ntedS3cret'''; end $$",
        "prepare put as insert into people (name, password) values ($1, $2); execute put('ada', 'pl4ntedS3cret')",
        "alter table people add column token text unique check (token <> 'none')",
        "update people set token = 'pl4ntedS3cret' where name = 'eve'",
    ] {
        psql.args(["-c", statement]);
    }
    assert_eq!(run(&mut psql).status, Some(0));
    // What the server refuses it repeats: a key, a row, a name, a statement.
    for refused in [
        "insert into people (name, token) values ('x', 'pl4ntedS3cret')",
        "update people set token = 'none' where name = 'eve'",
        "select name from people where password = \"pl4ntedS3cret\"",
        "alter role ada password pl4ntedS3cret",
    ] {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-h", "127.0.0.1", "-p", &port, "-U", "navyd", "-d", "postgres", "-c", refused]);
        psql.env("PGSSLMODE", "disable").env("PGGSSENCMODE", "disable").env("PGPASSWORD", SECRETS[0]);
        assert_eq!(run(&mut psql).status, Some(1), "{refused}");
    }
    18 + 8 + bound(home, &port)
}

/// Parameters, which pgbench gives apart from their statements. Gives how many exchanges there are at least.
fn bound(home: &Home, port: &str) -> u64 {
    let script = home.path("bound.sql");
    let lines = "update people set password = :secret where name = :name;\n\
        insert into people (name, password) values (:name, :secret);\n\
        select password from people where password = :secret limit :count;\n";
    std::fs::write(&script, lines).unwrap();
    for mode in ["extended", "prepared"] {
        let mut pgbench = Command::new("pgbench");
        pgbench
            .args(["-h", "127.0.0.1", "-p", port, "-U", "navyd", "-n", "-t", "2", "-M", mode, "-f"])
            .arg(&script);
        pgbench.args(["-D", "secret=pl4ntedS3cret", "-D", "name=ada", "-D", "count=1", "postgres"]);
        pgbench.env("PGSSLMODE", "disable").env("PGGSSENCMODE", "disable").env("PGPASSWORD", SECRETS[0]);
        let ran = run(&mut pgbench);
        assert_eq!(ran.status, Some(0), "{ran:?}");
    }
    12
}

/// Gives parameters apart from their statements.
const MYSQL: &str = "
const mysql = require(process.argv[1] + '/mysql2/promise');
(async () => {
  const s = 'pl4ntedS3cret';
  const c = await mysql.createConnection({host: '127.0.0.1', port: +process.argv[2], user: 'ada', password: s,
    database: 'shop'});
  await c.execute('insert into u (name, `password`) values (?, ?)', ['eve', s]);
  await c.execute('update u set token = ? where name = ?', [s, 'eve']);
  await c.execute('select * from u where password = ? and name = ?', [s, 'eve']);
  await c.query('select name, password from u where token = ?', [s]);
  await c.execute('insert into u (name, token) values (?, ?)', ['bob', s]).catch(error => console.log(error.errno));
  await c.end();
})();
";

fn maria(home: &Home, test: &str) -> u64 {
    let (Some(node), Some(client)) = (program("node"), program("mariadb")) else { return 0 };
    if !peers::modules().join("mysql2").is_dir() {
        skip(test, "`mysql2` is not installed: scripts/peers does it");
        return 0;
    }
    let Some((_server, port, _folder)) = mariadb(test) else { return 0 };
    let (_tap, port) = tap(home, port, "mysql");
    // Some are refused, and the message repeats them.
    let statements = r#"create database shop; use shop;
        create table u(name varchar(99), password varchar(99), token varchar(99) unique, pin int);
        create user 'bob'@'localhost' identified by 'pl4ntedS3cret';
        set password for 'bob'@'localhost' = password('pl4ntedS3cret');
        insert into u (name, password) values ("ada", "pl4ntedS3cret"), ('b\'b', 'pl4ntedS3cret\'');
        set @password = 'pl4ntedS3cret';
        prepare p from 'update u set password = ''pl4ntedS3cret''';
        insert into u set pin = 'pl4ntedS3cret';
        update u set password = 'pl4ntedS3cret' wher name = 'x';"#;
    let mut command = Command::new(client);
    command.args([
        "--no-defaults",
        "--force",
        "--protocol=tcp",
        "-h",
        "127.0.0.1",
        "-P",
        &port,
        "-e",
        statements,
    ]);
    run(&mut command);
    let mut driver = Command::new(node);
    let ran = run(driver.args(["-e", MYSQL]).arg(peers::modules()).arg(&port).stdin(Stdio::null()));
    assert_eq!(ran.stdout, "1062\n", "{ran:?}");
    15
}

fn redis(home: &Home, test: &str) -> u64 {
    let (Some(redis), port) = (crate::probe::program(test, "redis-server"), free_port()) else { return 0 };
    let mut command = Command::new(redis);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    let _server = Server::start(&mut command, "Ready to accept connections");
    let (_tap, port) = tap(home, port, "redis");
    let mut command = Command::new("redis-cli");
    let mut cli = command.args(["-p", &port]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = "AUTH pl4ntedS3cret\nAUTH default pl4ntedS3cret\nHELLO 2 AUTH default pl4ntedS3cret\n\
        CONFIG SET masterauth pl4ntedS3cret\nACL SETUSER ada on >pl4ntedS3cret\nSET session:1 pl4ntedS3cret\nGET session:1\n\
        HSET ada name a password pl4ntedS3cret\nHGETALL ada\nHELLO 3\nHGETALL ada\n\
        SET user:1 '{\"name\":\"ada\",\"token\":\"pl4ntedS3cret\"}'\nGET user:1\n\
        MULTI\nGET session:1\nHGET ada password\nEXEC\nXADD s * name a token pl4ntedS3cret\nXRANGE s - +\n\
        MIGRATE 127.0.0.1 1 k 0 9 AUTH pl4ntedS3cret\nCONFIG SET requirepass pl4ntedS3cret\nCONFIG GET requirepass\n";
    cli.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(cli.wait().unwrap().success());
    22
}

#[test]
fn a_secret_is_in_no_file_and_in_nothing_that_is_shown() {
    let test = "traffic::secrets::a_secret_is_in_no_file_and_in_nothing_that_is_shown";
    if let Some(missing) =
        ["curl", "pgbench", "psql", "redis-cli"].into_iter().find(|name| program(name).is_none())
    {
        return skip(test, &format!("`{missing}` is not installed"));
    }
    let home = Home::new();
    let hub = home.hub();
    let sent = http(&home, &hub)
        + websocket(&home, &hub, test)
        + sql(&home, test)
        + maria(&home, test)
        + redis(&home, test);
    settled(&home, sent);
    let ids: Vec<String> = list(&home, "").iter().map(|one| one["id"].to_string()).collect();
    assert!(ids.len() as u64 >= sent, "{ids:?}");

    let check = |place: &str, bytes: &[u8]| {
        for secret in SECRETS {
            let at = bytes.windows(secret.len()).position(|part| part == secret.as_bytes());
            let around =
                at.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(99)..at + secret.len()]));
            assert_eq!(around, None, "in {place}");
        }
    };
    let mut redacted = 0;
    for id in &ids {
        let ran = home.run(&["traffic", "show", id]);
        check(&format!("what is shown of {id}"), ran.stdout.as_bytes());
        redacted += usize::from(ran.stdout.contains("[redacted]"));
        check(&format!("the document of {id}"), home.json(&["traffic", "show", id]).to_string().as_bytes());
    }
    assert!(redacted >= ids.len() / 2, "{redacted} of {}", ids.len());
    for format in ["har", "jsonl", "curl", "hurl", "pcapng"] {
        let file = home.path("exported").join(format);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let ran = home.run(&["traffic", "export", &format!("--{format}"), "-o", file.to_str().unwrap()]);
        assert_eq!(ran.status, Some(0), "{format}: {ran:?}");
        check(format, &std::fs::read(&file).unwrap());
    }
    for found in ["pl4ntedS3cret", "body~pl4ntedS3cret"] {
        assert_eq!(list(&home, found), Vec::<serde_json::Value>::new(), "{found}");
    }
    // The hub ends, and all that it had in memory is on the disk.
    hub.signal("TERM");
    drop(hub);
    let mut looked = 0;
    for folder in ["data", "state", "config", "run"] {
        each_file(&home.path(folder), &mut |path: &Path, bytes: &[u8]| {
            looked += 1;
            check(&path.display().to_string(), bytes);
        });
    }
    assert!(looked > 2, "{}", json!(looked));
}
