//! The life of a proxy, and of the program.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
};

use serde_json::json;

use super::{Toxiproxy, connect, echo, has_ended, say, upstream};
use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{navyd, run},
    temp::TempDir,
};

#[test]
fn a_proxy_that_is_disabled_refuses_and_drops_and_comes_back() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    toxiproxy.add("latency", "downstream", &json!({"latency": 1}));
    let mut stream = connect(listen);
    say(&mut stream, b"hello");
    let off = toxiproxy.ask("PATCH", "/proxies/p", r#"{"enabled":false}"#).json();
    assert_eq!((off["enabled"].as_bool(), off["listen"].as_str()), (Some(false), Some(&*listen.to_string())));
    assert!(has_ended(&mut stream));
    assert!(TcpStream::connect(listen).is_err());
    let on = toxiproxy.ask("POST", "/proxies/p", r#"{"enabled":true}"#).json();
    assert_eq!((on["enabled"].as_bool(), on["toxics"].as_array().map(Vec::len)), (Some(true), Some(1)));
    say(&mut connect(listen), b"hello again");
}

#[test]
fn a_changed_proxy_starts_anew_and_keeps_its_toxics() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    toxiproxy.add("slow_close", "upstream", &json!({"delay": 1}));
    let mut stream = connect(listen);
    say(&mut stream, b"hello");
    // The same addresses are no change.
    let same = format!(r#"{{"listen":"localhost:{}"}}"#, listen.port());
    assert_eq!(toxiproxy.ask("PATCH", "/proxies/p", &same).json()["listen"], listen.to_string());
    say(&mut stream, b"still there");
    let other = upstream(|mut stream| stream.write_all(b"other").unwrap());
    let changed = toxiproxy.ask("PATCH", "/proxies/p", &format!(r#"{{"upstream":"{other}"}}"#)).json();
    assert_eq!(
        (changed["listen"].as_str(), changed["enabled"].as_bool()),
        (Some(&*listen.to_string()), Some(true))
    );
    assert_eq!(changed["toxics"][0]["name"], "slow_close_upstream");
    assert!(has_ended(&mut stream));
    let mut heard = String::new();
    connect(listen).read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "other");
    let moved = toxiproxy.ask("PATCH", "/proxies/p", r#"{"listen":"127.0.0.1:0"}"#).json();
    assert_ne!(moved["listen"], listen.to_string());
    assert!(TcpStream::connect(listen).is_err());
    // A change that cannot be leaves it disabled, and it can be put right.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = format!(r#"{{"listen":"{}"}}"#, taken.local_addr().unwrap());
    assert_eq!(toxiproxy.ask("PATCH", "/proxies/p", &busy).status, 500);
    assert_eq!(toxiproxy.ask("GET", "/proxies/p", "").json()["enabled"], false);
    drop(taken);
    assert_eq!(toxiproxy.ask("PATCH", "/proxies/p", r#"{"enabled":true}"#).json()["enabled"], true);
}

#[test]
fn populate_leaves_what_is_the_same_and_replaces_what_is_not() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    let now = toxiproxy.ask("GET", "/proxies/p", "").json();
    toxiproxy.add("latency", "downstream", &json!({}));
    toxiproxy.ask("PATCH", "/proxies/p", r#"{"enabled":false}"#);
    let listed =
        |listen: String| json!([{"name": "p", "listen": listen, "upstream": now["upstream"]}]).to_string();
    let same = toxiproxy.ask("POST", "/populate", &listed(format!("localhost:{}", listen.port()))).json();
    let proxy = &same["proxies"][0];
    assert_eq!(
        (proxy["enabled"].as_bool(), proxy["toxics"].as_array().map(Vec::len)),
        (Some(false), Some(1))
    );
    let other = toxiproxy.ask("POST", "/populate", &listed("localhost:0".to_owned())).json();
    let proxy = &other["proxies"][0];
    assert_eq!((proxy["enabled"].as_bool(), proxy["toxics"].as_array().map(Vec::len)), (Some(true), Some(0)));
    assert_ne!(proxy["listen"], listen.to_string());
}

#[test]
fn reset_starts_all_and_takes_every_toxic_away() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    for stream in ["upstream", "downstream"] {
        toxiproxy.add("bandwidth", stream, &json!({"rate": 0}));
    }
    toxiproxy.ask("PATCH", "/proxies/p", r#"{"enabled":false}"#);
    assert_eq!(toxiproxy.ask("POST", "/reset", "").status, 204);
    say(&mut connect(listen), b"free");
    assert_eq!(toxiproxy.ask("GET", "/proxies/p/toxics", "").body, "[]");
}

#[test]
fn a_proxy_reaches_hosts_by_their_names_and_tells_where_there_is_none() {
    let toxiproxy = Toxiproxy::start(&[]);
    let listen = toxiproxy.proxy("local", &format!("localhost:{}", echo().port()));
    say(&mut connect(listen), b"by name");
    let listen = toxiproxy.proxy("none", "nonsense");
    assert!(has_ended(&mut connect(listen)));
}

#[test]
fn the_file_is_read_with_its_toxics() {
    let folder = TempDir::new();
    let text = json!([
        {"name": "a", "listen": "127.0.0.1:0", "upstream": echo().to_string(),
         "toxics": [{"type": "limit_data", "attributes": {"bytes": 3}}]},
        {"name": "b", "upstream": "127.0.0.1:1", "enabled": false}
    ]);
    let file = folder.path().join("toxiproxy.json");
    folder.write("toxiproxy.json", text.to_string());
    let mut toxiproxy = Toxiproxy::start(&["-config", file.to_str().unwrap()]);
    assert_eq!(toxiproxy.report["proxies"].as_array().unwrap().len(), 1);
    let mut stream = connect(toxiproxy.report["proxies"][0]["listen"].as_str().unwrap().parse().unwrap());
    say(&mut stream, b"abc");
    assert!(has_ended(&mut stream));
    assert_eq!(toxiproxy.ask("GET", "/proxies/b", "").json()["enabled"], false);
    assert_eq!(toxiproxy.terminate(), Some(0));

    folder.write("toxiproxy.json", r#"[{"name":"a","upstream":"x:1","toxics":[{"type":"lag"}]}]"#);
    let ran = run(navyd().args(["toxiproxy", "--port", "0", "--config"]).arg(&file));
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("cause: invalid toxic type\n"), "{}", ran.stderr);
    let ran = run(navyd().args(["toxiproxy", "--config", "/nowhere"]));
    assert!(ran.stderr.contains("cannot read `/nowhere`"), "{}", ran.stderr);
}

#[test]
fn whoever_has_its_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let ran = run(navyd().args(["toxiproxy", "--port", &address.port().to_string()]));
    assert_eq!(ran.status, Some(2));
    let pid = format!("(pid {}) listens there", std::process::id());
    assert!(ran.stderr.contains(&format!("cannot listen on `{address}`")), "{}", ran.stderr);
    assert!(ran.stderr.contains(&pid), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("hint: navyd why {}", address.port())), "{}", ran.stderr);
}

#[test]
fn a_proxy_that_is_deleted_ends_both_sides() {
    let (gone, told) = mpsc::channel();
    let server = upstream(move |mut stream| {
        stream.write_all(b"!").unwrap();
        let ended = stream.read(&mut [0]).is_ok_and(|count| count == 0);
        // The test may be over already.
        let _ = gone.send(ended);
    });
    let (toxiproxy, listen) = Toxiproxy::to(server, &[]);
    let mut stream = connect(listen);
    stream.read_exact(&mut [0]).unwrap();
    assert_eq!(toxiproxy.ask("DELETE", "/proxies/p", "").status, 204);
    assert!(has_ended(&mut stream));
    assert_eq!(told.recv_timeout(super::DEADLINE), Ok(true));
}

#[test]
fn a_proxy_leads_to_another_one_and_a_circle_ends() {
    let (toxiproxy, inner) = Toxiproxy::to(echo(), &[]);
    let outer = toxiproxy.proxy("outer", &inner.to_string());
    // By the name of this machine, and through the toxics of both.
    let outmost = toxiproxy.proxy("outmost", &format!("localhost:{}", outer.port()));
    toxiproxy.add("slicer", "downstream", &json!({"average_size": 64, "size_variation": 32}));
    let toxic = json!({"type": "latency", "attributes": {"latency": 1}});
    assert_eq!(toxiproxy.ask("POST", "/proxies/outer/toxics", &toxic.to_string()).status, 200);
    say(&mut connect(outmost), &[b'x'; 10_000]);
    // Onto itself, and by way of the others.
    let lead = |proxy: &str, upstream: SocketAddr| {
        let changed = json!({"upstream": upstream.to_string()}).to_string();
        assert_eq!(toxiproxy.ask("PATCH", &format!("/proxies/{proxy}"), &changed).status, 200);
    };
    lead("p", inner);
    assert!(has_ended(&mut connect(inner)) && has_ended(&mut connect(outmost)));
    lead("p", outmost);
    assert!(has_ended(&mut connect(inner)) && has_ended(&mut connect(outmost)));
    lead("p", echo());
    say(&mut connect(outmost), b"out again");
}

#[test]
fn an_api_that_others_reach_says_so() {
    let test = "toxiproxy::proxies::an_api_that_others_reach_says_so";
    let Some(namespace) = Namespace::new(test) else { return };
    let inside = |host: &str| {
        let script = r#"exec "$0" toxiproxy --port 0 --host "$1" 2>&1"#;
        let mut command = namespace.command("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_navyd"), host]).env("NO_COLOR", "1");
        Held::start(&mut command)
    };
    let warning = "whoever reaches this address can open listeners on this machine and connect from it";
    let mut wide = inside("0.0.0.0");
    assert!(wide.line().contains(warning));
    assert!(wide.line().starts_with("http://0.0.0.0:"));
    assert!(inside("127.0.0.9").line().starts_with("http://127.0.0.9:"));
}
