//! A listener that records every byte of every connection, for the tests of the engine.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use navyd_model::{Certainty, Speaks};

use super::{Hints, Program, Request, Step, When, ask, plan};

/// What to answer to the bytes of one connection so far; `None` ends it.
type Script = fn(&[u8]) -> Option<&'static [u8]>;

struct Recorder {
    address: SocketAddr,
    record: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    fn start(greeting: &'static [u8], script: Script) -> Self {
        // An address of its own: whoever scans 127.0.0.1 meanwhile would be recorded too.
        let listener = TcpListener::bind("127.11.62.89:0").unwrap();
        let address = listener.local_addr().unwrap();
        let record = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, stopped) = (Arc::clone(&record), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut workers = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                if stopped.load(Ordering::Acquire) {
                    break;
                }
                let index = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(Vec::new());
                    seen.len() - 1
                };
                let seen = Arc::clone(&seen);
                workers.push(std::thread::spawn(move || serve(stream, greeting, script, &seen, index)));
            }
            workers.into_iter().for_each(|worker| worker.join().unwrap());
        });
        Self { address, record, stop, thread: Some(thread) }
    }

    /// Everything received, once all connections have ended.
    fn finish(mut self) -> Vec<Vec<u8>> {
        self.stop.store(true, Ordering::Release);
        // The accepting thread looks at the flag when one more connection comes.
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
        self.record.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, greeting: &[u8], script: Script, seen: &Mutex<Vec<Vec<u8>>>, index: usize) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(greeting).unwrap();
    let mut buffer = [0; 4096];
    loop {
        let count = match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
            Err(error) => panic!("{error}"),
        };
        let so_far = {
            let mut seen = seen.lock().unwrap();
            seen[index].extend_from_slice(&buffer[..count]);
            seen[index].clone()
        };
        match script(&so_far) {
            // Nothing is lost when the peer has gone already.
            Some(answer) => drop(stream.write_all(answer)),
            None => return,
        }
    }
}

fn hints(argv: &str) -> Hints {
    let argv = argv.split(' ').map(str::to_owned).collect();
    Hints { programs: vec![Program { argv, ..Program::default() }], backlog: Some(128), ..Hints::default() }
}

/// Asks a recorder, and checks that it got no byte that the plan does not show.
fn probe(argv: &str, greeting: &'static [u8], script: Script) -> (Speaks, Vec<Vec<u8>>, Vec<Step>) {
    let recorder = Recorder::start(greeting, script);
    let hints = Hints { port: recorder.address.port(), ..hints(argv) };
    let request =
        Request { address: recorder.address, hints: hints.clone(), budget: Duration::from_secs(20) };
    let speaks = ask(&request);
    let connections = recorder.finish();
    let plan = plan(&hints);
    assert!(connections.len() <= 5, "{} connections", connections.len());
    for bytes in &connections {
        let planned = plan.iter().any(|step| {
            let whole = [&step.question[..], &step.farewell].concat();
            bytes.is_empty() || *bytes == step.question || *bytes == whole
        });
        assert!(planned, "not in the plan: {}", String::from_utf8_lossy(bytes));
    }
    (speaks, connections, plan)
}

#[test]
fn a_silent_listener_gets_exactly_the_numbered_steps() {
    let silent = |argv: &'static str| {
        let (speaks, connections, plan) = probe(argv, b"", |_| Some(b""));
        let steps = plan.iter().filter(|step| step.when == When::Unrecognised);
        let expected: Vec<_> = steps.map(|step| step.question.clone()).collect();
        assert_eq!(connections, expected, "{argv}");
        assert_eq!((speaks.protocol, speaks.certainty), (None, Certainty::Unknown));
    };
    std::thread::scope(|scope| {
        for argv in ["x", "redis-server", "mosquitto", "next-server (v15)", "java kafka.Kafka x.properties"] {
            scope.spawn(move || silent(argv));
        }
    });
}

#[test]
fn a_listener_that_hangs_up_gets_five_connections() {
    let (speaks, connections, _) = probe("x", b"", |_| None);
    assert_eq!(connections.len(), 5);
    assert_eq!(speaks.certainty, Certainty::Unknown);
}

#[test]
fn an_unknown_greeting_ends_the_asking() {
    let (speaks, connections, _) = probe("x", b"HELO\x1b[31m\r\n", |_| Some(b""));
    assert_eq!(connections, [b""]);
    assert_eq!(speaks.detail.unwrap(), "greets with `HELO\\u{1b}[31m`, which is not recognised");
}

#[test]
fn a_known_greeting_gets_its_farewell_only() {
    let (speaks, connections, _) = probe("x", b"220 box ESMTP test\r\n", |_| Some(b"221 bye\r\n"));
    assert_eq!(connections, [b"QUIT\r\n"]);
    assert_eq!(speaks.protocol.as_deref(), Some("SMTP"));
    assert_eq!(speaks.certainty, Certainty::Observed);
}

#[test]
fn an_answer_invites_a_probe_out_of_turn() {
    let (speaks, connections, _) = probe("x", b"", |bytes| {
        Some(if bytes == b"version\r\n" { b"VERSION 1.6.18\r\n" } else { b"ERROR\r\n" })
    });
    assert_eq!(speaks.protocol.as_deref(), Some("Memcached"));
    assert_eq!(connections[1], b"version\r\nquit\r\n");
    assert_eq!(connections.len(), 2);
}

#[test]
fn an_answer_to_anothers_words_is_recognised() {
    let (speaks, connections, _) = probe("x", b"", |bytes| match bytes {
        b"GET / HTTP/1.0\r\n\r\n" => Some(b"-ERR wrong number of arguments for 'get' command\r\n"),
        _ => None,
    });
    assert_eq!(speaks.protocol.as_deref(), Some("Redis"));
    assert_eq!(connections.len(), 1);
}

#[test]
fn a_page_for_every_path_is_only_http() {
    for argv in ["node vite", "ollama serve", "jupyter-lab", "webpack-dev-server", "mcp-files", "dockerd"] {
        let (speaks, connections, _) = probe(argv, b"", |_| {
            Some(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 29\r\n\r\n<title>App</title><p>Vite</p>")
        });
        assert_eq!(speaks.protocol.as_deref(), Some("HTTP/1.1"), "{argv}");
        assert_eq!(connections.len(), 2, "{argv}");
    }
}

#[test]
fn a_drip_of_bytes_is_cut_off() {
    let (speaks, connections, _) = probe("x", b"", |bytes| {
        Some(if bytes.starts_with(b"GET") { b"HTTP/1.1 200 OK\r\nSet-Cookie: " } else { b"?" })
    });
    assert_eq!(speaks.protocol, None);
    assert!(connections.len() <= 5);
}

#[test]
fn the_refused_are_not_touched() {
    let (speaks, connections, _) =
        probe("java -agentlib:jdwp=transport=dt_socket,server=y App", b"", |_| None);
    assert_eq!(connections, Vec::<Vec<u8>>::new());
    assert!(speaks.detail.unwrap().starts_with("not asked: a JVM"));
}
