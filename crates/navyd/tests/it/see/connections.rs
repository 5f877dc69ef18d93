//! Connections: exactly the bytes that went each way, and both ends' holders.

use serde_json::{Value, json};

use super::{document, ls, pids, python, told};
use crate::support::{child::Held, run::run};

/// A client in this process, a server in a child. What is sent has been read before it is told; then the client
/// closes its half.
const PAIR: &str = r#"
import json, os, socket, sys
def read(sock, count):
    while count: count -= len(sock.recv(count))
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
ready, say = os.pipe()
pid = os.fork()
if pid == 0:
    accepted, _ = server.accept()
    server.close()
    read(accepted, 100_001)
    accepted.sendall(b"y" * 77)
    os.write(say, b"x")
    accepted.recv(1)
    os.write(say, b"x")
    sys.stdin.read()
    os._exit(0)
client = socket.create_connection(("127.0.0.1", port))
server.close()
client.sendall(b"x" * 100_001)
read(client, 77)
os.read(ready, 1)
print(json.dumps([port, client.getsockname()[1], os.getpid(), pid]), flush=True)
sys.stdin.readline()
client.shutdown(socket.SHUT_WR)
os.read(ready, 1)
print(json.dumps("closed"), flush=True)
sys.stdin.read()
"#;

/// The two ends, client first.
fn ends(port: &Value, pids: &str) -> [Value; 2] {
    let seen = document(&mut ls(["--connections", "--pid", pids]));
    let ends = seen["connections"].as_array().expect("connections").clone();
    assert_eq!(ends.len(), 2, "{seen:#}");
    let address = format!("127.0.0.1:{port}");
    let (mut client, server): (Vec<_>, Vec<_>) = ends.into_iter().partition(|end| end["remote"] == address);
    [client.remove(0), server[0].clone()]
}

#[test]
fn every_byte_is_counted_once_and_nothing_else_is() {
    let mut pair = Held::start(&mut python(PAIR));
    let made = told(&mut pair);
    let both = format!("{},{}", made[2], made[3]);
    let [client, server] = ends(&made[0], &both);
    for (end, holder, sent, received) in [(&client, &made[2], 100_001, 77), (&server, &made[3], 77, 100_001)]
    {
        assert_eq!((&end["proto"], &end["state"]), (&json!("tcp"), &json!("established")));
        assert_eq!((&end["bytes_sent"], &end["bytes_received"]), (&json!(sent), &json!(received)), "{end:#}");
        assert!(end["round_trip_ms"].as_f64() > Some(0.0), "{end:#}");
        assert!(end["retransmits"].is_u64(), "{end:#}");
        assert_eq!(json!(pids(end)), json!([holder]));
    }
    assert_eq!(client["local"], format!("127.0.0.1:{}", made[1]));

    // The octets of SYN and FIN have numbers (RFC 9293 §3.4), and are no data.
    pair.say("close");
    told(&mut pair);
    let [client, server] = ends(&made[0], &both);
    assert_eq!(server["state"], "close-wait");
    assert!(client["state"].as_str().is_some_and(|state| state.starts_with("fin-wait")), "{client:#}");
    assert_eq!([&client["bytes_sent"], &client["bytes_received"]], [&json!(100_001), &json!(77)]);
    assert_eq!([&server["bytes_sent"], &server["bytes_received"]], [&json!(77), &json!(100_001)]);

    let text = run(&mut ls(["--connections", "--pid", &both])).stdout;
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.lines().all(|row| row.split('\t').count() == 9), "{text}");
}

#[test]
fn a_connected_udp_socket_is_a_connection_and_no_listener() {
    let script = r#"
import json, socket, sys
one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
one.bind(("127.0.0.1", 0)); two.bind(("127.0.0.1", 0))
one.connect(two.getsockname())
print(json.dumps([one.getsockname()[1], two.getsockname()[1]]), flush=True)
sys.stdin.read()
"#;
    let mut child = Held::start(&mut python(script));
    let ports = told(&mut child);
    let seen = document(&mut ls(["--connections", "--pid", &child.pid().to_string()]));
    let connections = seen["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 1, "{seen:#}");
    assert_eq!((&connections[0]["proto"], &connections[0]["state"]), (&json!("udp"), &json!("established")));
    assert_eq!(connections[0]["remote"], format!("127.0.0.1:{}", ports[1]));
    // UDP counts nothing: unknown, and not 0.
    assert_eq!(
        (&connections[0]["bytes_sent"], &connections[0]["round_trip_ms"]),
        (&Value::Null, &Value::Null)
    );
    let listeners: Vec<_> = super::own(&seen).iter().map(|one| one["port"].clone()).collect();
    assert_eq!(listeners, [ports[1].clone()]);
}
