//! A service that starts again while requests arrive: they wait for it, and none fails.

use std::{
    fmt::Write as _,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{DEADLINE, Shop, signal};
use crate::support::{program, skip};

/// Clients, and the pause of each between two requests: 200 requests a second.
const CLIENTS: usize = 8;
const PACE: Duration = Duration::from_millis(40);

/// Answers with its process's number, and what it was called with.
const SERVER: &str = "const say = process.pid + ' ' + process.argv[2]\n\
    require('http').createServer((_, to) => to.end(say)).listen(process.env.PORT, '127.0.0.1')\n";

fn service(word: &str) -> String {
    format!("[services.web]\ncommand = [\"node\", \"server.js\", \"{word}\"]\n")
}

/// Requests from many clients, until it is stopped.
struct Load {
    stops: Vec<mpsc::Sender<()>>,
    clients: Vec<JoinHandle<Vec<String>>>,
    /// The process that gave each good answer.
    answers: mpsc::Receiver<u32>,
}

impl Load {
    /// Half of the clients keep their connection, the others open one for each request.
    fn start(shop: &Shop) -> Self {
        let hub = shop.json(&["hub", "status", "--json"])["listen"][0].as_str().unwrap().to_owned();
        let port = hub.rsplit_once(':').unwrap().1.to_owned();
        let (tell, answers) = mpsc::channel();
        let (mut stops, mut clients) = (Vec::new(), Vec::new());
        for number in 0..CLIENTS {
            let (stop, stopped) = mpsc::channel();
            stops.push(stop);
            let (hub, port, tell) = (hub.clone(), port.clone(), tell.clone());
            clients.push(thread::spawn(move || {
                let (mut kept, mut bad) = (None, Vec::new());
                // The pause between requests ends early when the test does.
                while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                    let connection = kept.take().unwrap_or_else(|| connect(&hub));
                    match ask(connection, &port) {
                        Ok((connection, body)) => {
                            let pid = body.split(' ').next().and_then(|pid| pid.parse().ok()).unwrap();
                            // Nobody listens any more when the test ends.
                            let _ = tell.send(pid);
                            kept = (number % 2 == 0).then_some(connection);
                        }
                        Err(answer) => bad.push(answer),
                    }
                }
                bad
            }));
        }
        Self { stops, clients, answers }
    }

    fn answer(&self) -> u32 {
        self.answers.recv_timeout(DEADLINE).expect("requests are answered")
    }

    /// Until another process answers, and then for a while.
    fn changes(&self, before: u32) -> u32 {
        let other = std::iter::repeat_with(|| self.answer()).find(|pid| *pid != before).unwrap();
        for _ in 0..100 {
            self.answer();
        }
        other
    }

    /// What was not answered as it should be.
    fn end(self) -> String {
        drop(self.stops);
        let mut bad = String::new();
        for answer in self.clients.into_iter().flat_map(|client| client.join().unwrap()) {
            writeln!(bad, "{answer}").unwrap();
        }
        bad
    }
}

fn connect(hub: &str) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(hub).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    BufReader::new(stream)
}

/// One request; the connection and the body of a good answer, or what came instead.
fn ask(mut connection: BufReader<TcpStream>, port: &str) -> Result<(BufReader<TcpStream>, String), String> {
    let request = format!("GET / HTTP/1.1\r\nhost: web.shop.localhost:{port}\r\n\r\n");
    let mut head = String::new();
    let mut read = || {
        connection.get_mut().write_all(request.as_bytes())?;
        while !head.ends_with("\r\n\r\n") {
            if connection.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = head.to_ascii_lowercase();
        let length = length.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next());
        let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
        connection.read_exact(&mut body)?;
        io::Result::Ok(String::from_utf8_lossy(&body).into_owned())
    };
    let body = read();
    match body {
        Ok(body) if head.starts_with("HTTP/1.1 200 ") => Ok((connection, body)),
        other => Err(format!("{head}{other:?}")),
    }
}

#[test]
fn no_request_fails_while_a_service_starts_again() {
    if program("node").is_none() {
        return skip("no_request_fails_while_a_service_starts_again", "`node` is not installed");
    }
    let shop = Shop::new(&service("first"));
    shop.home.write("shop/server.js", SERVER);
    shop.up();
    let load = Load::start(&shop);
    let mut pid = load.changes(0);

    let ran = shop.run(&["restart", "web"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    pid = load.changes(pid);

    signal("KILL", pid);
    pid = load.changes(pid);

    shop.write(&service("second"));
    load.changes(pid);

    assert_eq!(load.end(), "");
}
