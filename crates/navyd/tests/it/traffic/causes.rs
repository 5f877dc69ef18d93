//! What a request causes: a server of node that asks PostgreSQL and Redis, each behind a tap, while it answers. With the
//! packages of npm that services ask them with.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::Command,
};

use serde_json::{Value, json};

use super::{DEADLINE, Scene, taps::tap, until, within};
use crate::{
    gateway::peers::server,
    probe::{Server, free_port, postgresql, program},
    support::{child::Held, peers, skip, temp::TempDir},
};

/// Asks both at `/work…`; what is below `/work/held` begins to answer, waits for `/free`, and ends when all that waited
/// have asked. Its connections are made before it listens.
const SERVER: &str = r"
const { Client } = require(PG);
const { createClient } = require(REDIS);
const base = new Client({ host: '127.0.0.1', port: BASE, user: 'navyd', database: 'postgres', ssl: false });
const cache = createClient({ url: 'redis://127.0.0.1:CACHE' });
let free;
const freed = new Promise(done => free = done), working = [];
const work = async () => {
  await base.query('select 40 + $1::int as answer', [2]);
  await cache.get('cart');
};
Promise.all([base.connect(), cache.connect()]).then(() => require('http').createServer(async (request, response) => {
  if (request.url === '/free') free();
  if (request.url.startsWith('/work/held')) {
    response.write('begun');
    working.push(freed.then(work));
    await freed;
    await Promise.all(working);
  } else if (request.url.startsWith('/work')) {
    await work();
  }
  response.end('done');
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); }));
";

/// A database and a cache behind taps.
struct Behind {
    scene: Scene,
    taps: [u16; 2],
    _running: (Server, Server, TempDir, [Held; 2]),
}

impl Behind {
    fn new(test: &str) -> Option<Self> {
        let scene = Scene::new(test)?;
        let (_, redis) = (program(test, "node")?, program(test, "redis-server")?);
        for package in ["pg", "redis"] {
            if !peers::modules().join(package).is_dir() {
                skip(test, &format!("`{package}` is not installed: scripts/peers does it"));
                return None;
            }
        }
        let (postgres, base, folder) = postgresql(test)?;
        let cache = free_port();
        let mut command = Command::new(redis);
        command.args(["--port", &cache.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        let redis = Server::start(&mut command, "Ready to accept connections");
        let tapped = [(base, "postgres"), (cache, "redis")].map(|(port, read_as)| {
            let (held, told) = tap(&scene, &json!({"target": format!("127.0.0.1:{port}"), "as": read_as}));
            let listen: SocketAddr = told["listen"].as_str().unwrap().parse().unwrap();
            (held, listen.port())
        });
        let taps = [tapped[0].1, tapped[1].1];
        Some(Self { scene, taps, _running: (postgres, redis, folder, tapped.map(|(held, _)| held)) })
    }

    /// A process that serves the route of this name.
    fn service(&self, name: &str) -> (Held, SocketAddr) {
        let module = |name: &str| format!("{:?}", peers::modules().join(name));
        let script = SERVER
            .replace("PG", &module("pg"))
            .replace("REDIS", &module("redis"))
            .replace("BASE", &self.taps[0].to_string())
            .replace("CACHE", &self.taps[1].to_string());
        let (node, address) = server("node", &script);
        self.scene.home.json(&["route", "add", name, &format!("http://{address}")]);
        (node, address)
    }

    /// Begins a request that is held, and waits until the hub knows who answers it.
    fn begin(&self, name: &str, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.scene.hub.address()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {name}.localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let list = format!("/api/v1/exchanges?filter=path%3A{path}");
        let pid = || self.scene.ask("GET", &list, "")["exchanges"][0]["server"]["pid"].as_u64();
        until(pid);
        stream
    }

    /// The request to this path, once it has caused so much, or may have.
    fn shown(&self, path: &str, count: usize) -> Value {
        let id = &self.scene.exchanges(&format!("path:{path}"), 1)[0]["id"];
        let judged = || {
            let shown = self.one(id);
            (list(&shown["caused"]).len() + list(&shown["maybe_caused"]).len() == count).then_some(shown)
        };
        within(judged).unwrap_or_else(|| {
            let all = self.scene.home.run(&["traffic", "ls", "--json"]);
            panic!("{path} did not name {count}: {}\n{}", self.one(id), all.stdout)
        })
    }

    fn one(&self, id: &Value) -> Value {
        self.scene.ask("GET", &format!("/api/v1/exchanges/{id}"), "")
    }

    /// What `traffic show` says of one on the line of this label.
    fn told(&self, id: &Value, label: &str) -> String {
        let told = self.scene.home.run(&["traffic", "show", &id.to_string()]).stdout;
        let line = told.lines().find_map(|line| line.trim_start().strip_prefix(label).map(str::trim));
        line.unwrap_or_else(|| panic!("{label}: {told}")).to_owned()
    }

    /// Holds what these are against what they should be: protocol and method of each, however they are numbered.
    fn check(&self, ids: &Value, expected: &[&str]) {
        let mut found: Vec<String> = list(ids)
            .iter()
            .map(|id| {
                let one = self.one(id);
                assert_eq!(one["client"]["program"], "node", "{one}");
                format!("{} {}", one["protocol"].as_str().unwrap(), one["method"].as_str().unwrap())
            })
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn joined(ids: &Value, by: &str) -> String {
    list(ids).iter().map(Value::to_string).collect::<Vec<_>>().join(by)
}

/// Waits for the ends of answers.
fn answered<const N: usize>(held: [TcpStream; N]) {
    for mut stream in held {
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
}

/// Asks past the hub, and waits for the answer.
fn free(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(b"GET /free HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_request_names_what_its_process_asked_meanwhile() {
    const TEST: &str = "traffic::causes::a_request_names_what_its_process_asked_meanwhile";
    let Some(behind) = Behind::new(TEST) else { return };
    let (_shop, shop) = behind.service("shop-one");
    let (_store, store) = behind.service("store");

    // One after the other, the first as well as a later one.
    for path in ["/work/first", "/work/later"] {
        behind.scene.curl("shop-one.localhost", &[], path);
        let shown = behind.shown(path, 2);
        behind.check(&shown["caused"], &["postgres execute", "redis GET"]);
        assert_eq!(behind.told(&shown["id"], "caused "), joined(&shown["caused"], " "));
        for effect in list(&shown["caused"]) {
            assert_eq!(behind.one(effect)["caused_by"], shown["id"]);
            assert_eq!(behind.told(effect, "cause "), format!("exchange {}", shown["id"]));
        }
    }

    // At the same time, by two processes: each names its own.
    let held = [behind.begin("shop-one", "/work/held/shop"), behind.begin("store", "/work/held/store")];
    free(shop);
    free(store);
    answered(held);
    for path in ["/work/held/shop", "/work/held/store"] {
        let shown = behind.shown(path, 2);
        behind.check(&shown["caused"], &["postgres execute", "redis GET"]);
        for effect in list(&shown["caused"]) {
            let effect = behind.one(effect);
            assert_eq!(
                (&effect["caused_by"], &effect["client"]["pid"]),
                (&shown["id"], &shown["server"]["pid"])
            );
        }
    }
}

#[test]
fn what_one_of_several_requests_caused_is_not_said_to_be_of_either() {
    const TEST: &str = "traffic::causes::what_one_of_several_requests_caused_is_not_said_to_be_of_either";
    let Some(behind) = Behind::new(TEST) else { return };
    let (_shop, shop) = behind.service("shop-one");
    // One is held for long before the other begins, and both are answered by the same process.
    let paths = ["/work/held/long", "/work/held/beside"];
    let held = paths.map(|path| behind.begin("shop-one", path));
    free(shop);
    answered(held);
    let shown = paths.map(|path| behind.shown(path, 4));
    let both = json!([shown[0]["id"], shown[1]["id"]]);
    for one in &shown {
        assert_eq!(one["caused"], json!([]), "{one}");
        let expected = ["postgres execute", "postgres execute", "redis GET", "redis GET"];
        behind.check(&one["maybe_caused"], &expected);
        let told = format!("perhaps {}", joined(&one["maybe_caused"], " "));
        assert_eq!(behind.told(&one["id"], "caused "), told);
        for effect in list(&one["maybe_caused"]) {
            let effect = behind.one(effect);
            assert_eq!((&effect["caused_by"], &effect["maybe_caused_by"]), (&Value::Null, &both));
            assert_eq!(behind.told(&effect["id"], "cause "), format!("perhaps {}", joined(&both, " or ")));
        }
    }
    // What is removed is not told any more.
    assert_eq!(behind.scene.home.ask("DELETE", &format!("/api/v1/exchanges/{}", both[0]), "").status, 200);
    let effect = behind.one(&shown[1]["maybe_caused"][0]);
    assert_eq!(effect["maybe_caused_by"], json!([both[1]]));
}
