//! A proxy that keeps what passes, in the order in which it passed.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use navyd_decode::Spoken;
use navyd_model::exchange::{Protocol, Side};

type Conversation = Arc<Mutex<Vec<(Side, Vec<u8>)>>>;

/// Listens until it is asked for what it kept.
pub(crate) struct Recorder {
    port: u16,
    ends: Arc<AtomicBool>,
    accepting: JoinHandle<Vec<(Conversation, [JoinHandle<()>; 2])>>,
}

impl Recorder {
    /// A recorder before the server on this port.
    pub(crate) fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ends = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&ends);
        let accepting = thread::spawn(move || {
            let mut conversations = Vec::new();
            for client in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                conversations.push(relay(client.unwrap(), server));
            }
            conversations
        });
        Self { port, ends, accepting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the end of all connections, and decodes each.
    pub(crate) fn decoded(self, protocol: Protocol) -> Vec<Spoken> {
        self.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap());
        let mut spoken = Vec::new();
        for (conversation, copies) in self.accepting.join().unwrap() {
            copies.into_iter().for_each(|copy| copy.join().unwrap());
            let mut decoder = navyd_decode::decoder(protocol).unwrap();
            let portions = conversation.lock().unwrap();
            for (at, (from, bytes)) in (0..).zip(portions.iter()) {
                decoder.bytes(*from, at, bytes, &mut spoken);
            }
            decoder.end(portions.len() as i64, &mut spoken);
        }
        spoken
    }
}

fn relay(client: TcpStream, server: u16) -> (Conversation, [JoinHandle<()>; 2]) {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let conversation = Conversation::default();
    let (client_too, server_too) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let there = copy(Side::Client, client, server, Arc::clone(&conversation));
    let back = copy(Side::Server, server_too, client_too, Arc::clone(&conversation));
    (conversation, [there, back])
}

/// Keeps bytes before they go on, so that an answer never stands before its question.
fn copy(side: Side, mut from: TcpStream, mut to: TcpStream, kept: Conversation) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        // A connection that is reset has ended too.
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            kept.lock().unwrap().push((side, buffer[..count].to_vec()));
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    })
}
