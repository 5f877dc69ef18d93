//! The gateway with TLS, and programs that people use.

use std::{net::SocketAddr, path::PathBuf, process::Command};

use super::{super::peers::WEBSOCKET, Hub, OK, answering, run};
use crate::{
    gateway::peers::{PYTHON, server},
    support::{program, run::Run, skip, temp::TempDir},
};

/// A hub with one route, its root certificate in a file, and where it listens.
struct Scene {
    _hub: Hub,
    folder: TempDir,
    root: PathBuf,
    listen: SocketAddr,
}

impl Scene {
    fn new(upstream: SocketAddr) -> Self {
        let hub = Hub::start_with(&["--tls"], &[format!("shop.localhost=http://{upstream}")]);
        let folder = TempDir::new();
        let root = folder.write("root.pem", hub.authority.clone().unwrap());
        Self { listen: hub.listen, _hub: hub, folder, root }
    }

    fn root(&self) -> &str {
        self.root.to_str().unwrap()
    }

    fn openssl(&self, args: &[&str]) -> Run {
        let mut command = Command::new("openssl");
        run(command
            .args(["s_client", "-connect", &self.listen.to_string(), "-CAfile", self.root()])
            .args(args))
    }
}

#[test]
fn curl_trusts_names_and_addresses() {
    const NAME: &str = "gateway::tls::peers::curl_trusts_names_and_addresses";
    let Some(curl) = program("curl") else { return skip(NAME, "`curl` is not installed") };
    let (address, _told) = answering(OK);
    let scene = Scene::new(address);
    let port = scene.listen.port();
    for (host, expected) in [
        ("shop.localhost", Some(0)),
        ("127.0.0.1", Some(0)),
        ("localhost", Some(0)),
        ("other.localhost", Some(35)),
    ] {
        let ran = run(Command::new(&curl)
            .args(["-s", "--max-time", "20", "--cacert", scene.root(), "-o", "/dev/null"])
            .args(["--connect-to", &format!("::{}", scene.listen), &format!("https://{host}:{port}/")]));
        assert_eq!(ran.status, expected, "{host}: {}", ran.stderr);
    }
    // Without the root it is not trusted.
    let ran = run(Command::new(&curl).args([
        "-s",
        "--max-time",
        "20",
        "-o",
        "/dev/null",
        &format!("https://127.0.0.1:{port}/"),
    ]));
    assert_eq!(ran.status, Some(60), "{}", ran.stderr);
}

#[test]
fn openssl_sees_the_chain_of_the_name_it_asks_for() {
    const NAME: &str = "gateway::tls::peers::openssl_sees_the_chain_of_the_name_it_asks_for";
    if program("openssl").is_none() {
        return skip(NAME, "`openssl` is not installed");
    }
    let (address, _told) = answering(OK);
    let scene = Scene::new(address);
    let ran = scene.openssl(&["-servername", "shop.localhost", "-verify_hostname", "shop.localhost"]);
    assert!(ran.stdout.contains("Verify return code: 0 (ok)"), "{}", ran.stdout);
    assert!(ran.stdout.contains(" 0 s:O = navyd, CN = shop.localhost"), "{}", ran.stdout);
    assert!(ran.stdout.contains("i:O = navyd, CN = navyd throwaway authority"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(" 1 s:"), "nothing stands between it and its root: {}", ran.stdout);
    // Without a name, the addresses are certified.
    let ran = scene.openssl(&["-noservername", "-verify_ip", "127.0.0.1"]);
    assert!(ran.stdout.contains("Verify return code: 0 (ok)"), "{}", ran.stdout);
    let ran = scene.openssl(&["-servername", "other.localhost"]);
    assert!(ran.stderr.contains("unrecognized name"), "{}", ran.stderr);
    assert!(ran.stdout.contains("no peer certificate available"), "{}", ran.stdout);
    // Stored sessions are taken up again.
    let sessions = scene.folder.write("session", "");
    let sessions = sessions.to_str().unwrap();
    let asked = "GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n";
    let shell = |option: &str| {
        let script = format!(
            "printf '{asked}' | openssl s_client -connect {} -servername shop.localhost -CAfile {} -ign_eof {option} {sessions}",
            scene.listen,
            scene.root()
        );
        run(Command::new("sh").args(["-c", &script])).stdout
    };
    assert!(shell("-sess_out").contains("New, TLSv1.3"));
    let resumed = shell("-sess_in");
    assert!(resumed.contains("Reused, TLSv1.3"), "{resumed}");
}

const PYTHON_CLIENT: &str = "
import http.client, ssl, sys
port, root = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=root)
for host in ['127.0.0.1', 'localhost']:
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=20)
    connection._create_connection = lambda *args: __import__('socket').create_connection(('127.0.0.1', port), 20)
    for _ in range(2):
        connection.request('GET', '/', headers={'Host': 'shop.localhost'})
        print(connection.getresponse().read().decode(), connection.sock.version())
    connection.close()
";

#[test]
fn python_and_node_trust_the_root() {
    const NAME: &str = "gateway::tls::peers::python_and_node_trust_the_root";
    let (Some(python), Some(node)) = (program("python3"), program("node")) else {
        return skip(NAME, "`python3` or `node` is not installed");
    };
    let (address, _told) = answering(OK);
    let scene = Scene::new(address);
    let port = scene.listen.port().to_string();
    let ran = run(Command::new(python).args(["-c", PYTHON_CLIENT, &port, scene.root()]));
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (Some(0), "hi TLSv1.3\n".repeat(4).as_str()),
        "{}",
        ran.stderr
    );
    let script = "const [port, servername] = process.argv.slice(1);
        require('https').get({host: '127.0.0.1', port, servername, headers: {host: servername}}, r => {
          console.log(r.statusCode, r.socket.authorized, r.socket.getProtocol()); r.resume();
        }).on('error', e => console.log(/unrecognized name/.test(e.message)));";
    for (name, expected) in [("shop.localhost", "200 true TLSv1.3\n"), ("other.localhost", "true\n")] {
        let ran = run(Command::new(&node)
            .args(["-e", script, "--", &port, name])
            .env("NODE_EXTRA_CA_CERTS", scene.root()));
        assert_eq!(ran.stdout, expected, "{}", ran.stderr);
    }
}

#[test]
fn websocket_messages_pass() {
    const NAME: &str = "gateway::tls::peers::websocket_messages_pass";
    if run(Command::new("sh").args(["-c", "/usr/bin/python3 -c 'import websockets'"])).status != Some(0) {
        return skip(NAME, "python3-websockets is not installed");
    }
    let (_server, address) = server(PYTHON, WEBSOCKET);
    let scene = Scene::new(address);
    let port = scene.listen.port().to_string();
    let ran = run(Command::new(PYTHON).args(["-c", WEBSOCKET, &port, scene.root()]));
    assert_eq!((ran.status, ran.stdout.trim()), (Some(0), "4321\n4002 so long\n1006"), "{}", ran.stderr);
}
