//! What passes becomes spans at a collector, whose messages are read by the ones that OpenTelemetry publishes.

use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    process::Command,
};

use serde_json::{Value, json};

use super::{Scene, serving, taps::tap, until};
use crate::support::{child::Held, peers, program, skip};

/// A collector, and its URL.
fn collector(test: &str) -> Option<(Held, String)> {
    let file = peers::pypi(test, "opentelemetry/proto/collector/trace/v1/trace_service_pb2.py")?;
    let Some(python) = program("python3") else {
        skip(test, "`python3` is not installed");
        return None;
    };
    let mut command = Command::new(python);
    command.env("PYTHONPATH", file.ancestors().nth(6).unwrap());
    let mut held = Held::start(command.args(["-c", include_str!("collector.py")]));
    let url = format!("http://127.0.0.1:{}", held.line());
    Some((held, url))
}

/// So many spans, by their names.
fn spans<const N: usize>(collector: &mut Held, names: [&str; N]) -> [Value; N] {
    let all: Vec<Value> = names.iter().map(|_| serde_json::from_str(&collector.line()).unwrap()).collect();
    names.map(|name| {
        let found = all.iter().find(|span| span["name"] == name);
        found.unwrap_or_else(|| panic!("no `{name}` in {all:?}")).clone()
    })
}

fn exported(scene: &Scene) -> Value {
    scene.home.json(&["hub", "status"])["capture"]["export"].clone()
}

#[test]
fn what_passes_becomes_spans_at_a_collector() {
    const TEST: &str = "traffic::otlp::what_passes_becomes_spans_at_a_collector";
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SECRET: &str = "pl4ntedS3cret";
    let Some((mut collector, url)) = collector(TEST) else { return };
    let Some(scene) = Scene::with(TEST, &["--otlp", &url]) else { return };
    let (redis, _) = redis();
    let (_held, told) = tap(&scene, &json!({"target": redis.to_string(), "as": "redis"}));
    let listen = told["listen"].as_str().unwrap().to_owned();
    let mut client = TcpStream::connect(&listen).unwrap();
    client.write_all(b"*2\r\n$3\r\nGET\r\n$4\r\ncart\r\n").unwrap();
    let mut answer = [0; 5];
    std::io::Read::read_exact(&mut client, &mut answer).unwrap();

    let (failing, _) = serving("HTTP/1.1 503 No|Content-Length: 0||");
    scene.home.json(&["route", "add", "down", &format!("http://{failing}")]);
    let traceparent = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01");
    let bearer = format!("Authorization: Bearer {SECRET}");
    scene.curl("shop.localhost", &["-H", &traceparent, "-H", &bearer], &format!("/cart?token={SECRET}&a=1"));
    scene.curl("down.localhost", &["-X", "BREW"], "/pot");
    drop(client);

    let get = format!("GET {}", told["route"].as_str().unwrap());
    let names = ["GET shop.localhost", "_OTHER down.localhost", &get];
    let [cart, pot, get] = spans(&mut collector, names);
    // SERVER is 2, CLIENT 3; ERROR is 2.
    assert_eq!((&cart["kind"], &cart["status"]), (&2.into(), &0.into()), "{cart}");
    assert_eq!((&cart["trace"], &cart["parent"]), (&TRACE.into(), &"b7ad6b7169203331".into()));
    for (name, expected) in [
        ("http.request.method", json!("GET")),
        ("url.full", json!("http://shop.localhost/cart?token=[redacted]&a=1")),
        ("http.response.status_code", json!(200)),
        ("http.response.body.size", json!(11)),
        ("server.address", json!("shop.localhost")),
        ("network.protocol.version", json!("1.1")),
    ] {
        assert_eq!(cart["attributes"][name], expected, "{name} of {cart}");
    }
    assert!(!cart.to_string().contains(SECRET), "{cart}");
    assert!(cart["took"].as_u64().unwrap() > 0, "{cart}");
    assert_eq!((&pot["kind"], &pot["status"], &pot["parent"]), (&2.into(), &2.into(), &"".into()), "{pot}");
    assert_eq!(pot["attributes"]["http.request.method_original"], "BREW");
    assert_eq!(pot["attributes"]["error.type"], "503");
    assert_ne!(pot["trace"], cart["trace"]);
    assert_eq!((&get["kind"], &get["status"]), (&3.into(), &0.into()), "{get}");
    assert_eq!(get["attributes"]["db.system.name"], "redis", "{get}");
    assert_eq!(get["attributes"]["db.query.text"], "GET cart", "{get}");
    assert_eq!(get["attributes"]["server.port"], redis.port(), "{get}");

    let status = until(|| Some(exported(&scene)).filter(|status| status["sent"] == 3));
    let to = format!("{url}/v1/traces");
    assert_eq!(status, json!({"to": to, "sent": 3, "lost": 0, "error": null}));
    let said = scene.home.run(&["hub", "status"]).stdout;
    assert!(said.contains(&format!("3 exchanges sent to {to}\n")), "{said}");
    let again = scene.home.json(&["hub", "start", "--otlp", &url]);
    assert_eq!(again["capture"]["export"]["to"], to.as_str());
    let other = scene.home.run(&["hub", "start", "--otlp", "http://127.0.0.1:1"]);
    assert_eq!(other.status, Some(2), "{other:?}");
    assert!(
        other.stderr.contains("hint: navyd hub stop && navyd hub start --otlp http://127.0.0.1:1"),
        "{other:?}"
    );
}

/// What is told when the hub ends is sent before it does.
#[test]
fn the_last_exchange_is_sent_when_the_hub_ends() {
    const TEST: &str = "traffic::otlp::the_last_exchange_is_sent_when_the_hub_ends";
    let Some((mut collector, url)) = collector(TEST) else { return };
    let Some(mut scene) = Scene::with(TEST, &["--otlp", &url]) else { return };
    scene.curl("shop.localhost", &[], "/last");
    scene.hub.signal("TERM");
    assert_eq!(scene.hub.wait(), Some(0));
    let [last] = spans(&mut collector, ["GET shop.localhost"]);
    assert_eq!(last["attributes"]["url.path"], "/last");
}

#[test]
fn a_collector_that_never_answers_holds_up_nothing_and_one_that_is_gone_is_told() {
    const TEST: &str =
        "traffic::otlp::a_collector_that_never_answers_holds_up_nothing_and_one_that_is_gone_is_told";
    // Connections are taken by the kernel, and never looked at.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let Some(scene) = Scene::with(TEST, &["--otlp", &url]) else { return };
    for _ in 0..20 {
        scene.curl("shop.localhost", &[], "/while");
    }
    assert_eq!(scene.exchanges("path:/while", 20)[0]["status"], 200);
    // Closed, it resets who waits for it; and refuses whoever comes.
    drop(silent);
    scene.curl("shop.localhost", &[], "/gone");
    let status = until(|| Some(exported(&scene)).filter(|status| status["lost"] == 21));
    assert_eq!(status["sent"], 0);
    assert!(status["error"].as_str().unwrap().starts_with("it cannot be reached: "), "{status}");
    let said = scene.home.run(&["hub", "status"]).stdout;
    assert!(said.contains("21 exchanges not sent to "), "{said}");
}

/// What knows one value.
fn redis() -> (std::net::SocketAddr, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let Ok((mut peer, _)) = listener.accept() else { return };
        let mut asked = [0; 23];
        std::io::Read::read_exact(&mut peer, &mut asked).unwrap();
        peer.write_all(b"$-1\r\n").unwrap();
        let _ = std::io::Read::read(&mut peer, &mut asked);
    });
    (address, serving)
}
