//! Faults on routes that carry datagrams.

use std::{
    net::{SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use navyd_model::fault::{Direction, Fault};
use serde_json::json;

use super::{DEADLINE, Stage, fault};

/// An upstream that sends every datagram back.
fn echo() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            socket.send_to(&buffer[..length], from).unwrap();
        }
    });
    address
}

fn client(stage: &Stage) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(stage.route).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

fn hear(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2048];
    let length = socket.recv(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

#[test]
fn so_large_a_share_is_lost_and_the_log_says_which() {
    const COUNT: u64 = 2000;
    let loss = Fault { toxicity: 0.3, ..fault("loss", json!({}), Direction::Up) };
    let stage = Stage::to("udp", echo(), vec![loss]);
    let socket = client(&stage);
    let mut answered = 0;
    for number in 0..COUNT {
        socket.send(&number.to_le_bytes()).unwrap();
        // The log is written before the datagram would be sent, so one of both always comes.
        let lost = || stage.gateway.fault_log().last().and_then(|last| last.datagram) == Some(number);
        socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let start = Instant::now();
        loop {
            let mut buffer = [0; 8];
            match socket.recv(&mut buffer) {
                Ok(_) => {
                    assert_eq!(u64::from_le_bytes(buffer), number);
                    answered += 1;
                    break;
                }
                Err(_) if lost() => break,
                Err(_) => assert!(start.elapsed() < DEADLINE, "neither lost nor answered: {number}"),
            }
        }
    }
    let lost = COUNT - answered;
    // 99.9 %: 600 ± 3.29 √(2000 · 0.3 · 0.7).
    assert!((533..=667).contains(&lost), "{lost} of {COUNT}");
    assert_eq!(stage.gateway.fault_log().len() as u64, lost);
}

#[test]
fn datagrams_come_late_twice_out_of_order_and_wrong() {
    let stage = Stage::to("udp", echo(), Vec::new());
    let socket = client(&stage);
    socket.send(b"plain").unwrap();
    assert_eq!(hear(&socket), b"plain");

    stage.lay(vec![fault("latency", json!({"latency": 50}), Direction::Both)]);
    let start = Instant::now();
    socket.send(b"late").unwrap();
    assert_eq!(hear(&socket), b"late");
    assert!(start.elapsed() >= Duration::from_millis(100));

    stage.lay(vec![fault("duplicate", json!({}), Direction::Down)]);
    socket.send(b"twice").unwrap();
    assert_eq!((hear(&socket), hear(&socket)), (b"twice".to_vec(), b"twice".to_vec()));

    stage.lay(vec![fault("corrupt", json!({}), Direction::Down)]);
    socket.send(b"wrong").unwrap();
    let heard = hear(&socket);
    let turned = heard.iter().zip(b"wrong").map(|(one, other)| (one ^ other).count_ones());
    assert_eq!(turned.sum::<u32>(), 1);

    // The seed holds back some of them, and not others.
    let some = Fault { toxicity: 0.5, ..fault("reorder", json!({"delay": 200}), Direction::Up) };
    stage.lay(vec![some]);
    for number in 0..20u8 {
        socket.send(&[number]).unwrap();
    }
    let heard: Vec<u8> = (0..20).flat_map(|_| hear(&socket)).collect();
    let mut sorted = heard.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<u8>>());
    assert_ne!(heard, sorted);
}

#[test]
fn what_is_held_back_goes_on_once_the_fault_is_gone() {
    let stage =
        Stage::to("udp", echo(), vec![fault("latency", json!({"latency": 3_600_000}), Direction::Up)]);
    let socket = client(&stage);
    socket.send(b"one").unwrap();
    socket.send(b"two").unwrap();
    super::until(|| stage.gateway.fault_log().len() == 2);
    stage.lay(Vec::new());
    assert_eq!((hear(&socket), hear(&socket)), (b"one".to_vec(), b"two".to_vec()));
}
