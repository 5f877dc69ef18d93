//! What is told of what is long: its ends, and how much was left out; and of what the gateway's end cuts short.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
};

use navyd_model::exchange::Outcome;

use super::told::{Story, all_of, connect, observed, paragraph, say, serving, stories};
use crate::Limits;

/// Longer than what is told whole.
const LENGTH: usize = 24 * 1024 * 1024;

/// So many bytes of text, of which no two parts are alike.
fn text() -> String {
    (0..LENGTH / 64).map(|number| format!("{number:063}\n")).collect()
}

/// Whether these are the bytes of a story in which so many may be missing, at one place.
fn is_told(story: &Story, kind: &str, lost: u64, text: &str) {
    let told = all_of(story, kind);
    assert_eq!(told.len() as u64 + lost, LENGTH as u64, "{kind}");
    let (told, text) = (told.as_bytes(), text.as_bytes());
    // The longest start that both have in common, by halves.
    let (mut same, mut differs) = (0, told.len() + 1);
    while differs - same > 1 {
        let half = same.midpoint(differs);
        if text.starts_with(&told[..half]) { same = half } else { differs = half }
    }
    assert!(text.ends_with(&told[same..]), "there are more gaps than one in the {kind}");
    assert!(same > 0 && (lost == 0 || same < told.len()), "an end of the {kind} is missing");
}

#[test]
fn of_a_long_body_the_start_and_the_end_are_told() {
    let server = serving(|mut stream| {
        paragraph(&mut stream);
        let mut body = vec![0; LENGTH];
        stream.read_exact(&mut body).unwrap();
        say(&mut stream, &format!("HTTP/1.1 200 OK|Content-Length: {LENGTH}||"));
        stream.get_mut().write_all(&body).unwrap();
    });
    let limits = Limits { tap: 4 * LENGTH, tap_connection: 4 * LENGTH, ..Limits::default() };
    let (_gateway, route, keeper) = observed(&format!("http://{server}"), limits);
    let mut client = connect(route);
    say(&mut client, &format!("POST / HTTP/1.1|Host: a|Connection: close|Content-Length: {LENGTH}||"));
    let text = text();
    client.get_mut().write_all(text.as_bytes()).unwrap();
    paragraph(&mut client);
    let mut body = Vec::new();
    client.read_to_end(&mut body).unwrap();
    assert!(body == text.as_bytes(), "it was changed");
    let story = stories(&keeper, 1).remove(0);
    assert_eq!(story.outcome, Some(Outcome::Complete));
    let [sent, received] = story.lost_of;
    for (kind, lost) in [("Client Body", sent), ("Server Body", received)] {
        is_told(&story, kind, lost, &text);
    }
}

/// Sends everything through a stream that is echoed; what came back.
fn echoed(route: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut client = TcpStream::connect(route).unwrap();
    let mut writing = client.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            writing.write_all(bytes).unwrap();
            writing.shutdown(Shutdown::Write).unwrap();
        });
        let mut back = Vec::new();
        client.read_to_end(&mut back).unwrap();
        back
    })
}

#[test]
fn a_stream_of_which_nobody_takes_copies_passes_whole() {
    let server = serving(|stream| {
        let mut stream = stream.into_inner();
        io::copy(&mut stream.try_clone().unwrap(), &mut stream).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    });
    let (gateway, route, keeper) = observed(&format!("tcp://{server}"), Limits::default());
    let text = text();
    assert!(echoed(route, text.as_bytes()) == text.as_bytes(), "it was changed");
    // Its end is told when the client sees it, or soon after.
    super::until(|| gateway.counters().connections == 0);
    let limit = Limits::default().tap_connection as u64;
    let lost = gateway.counters().lost;
    assert!((2 * LENGTH as u64 - limit..2 * LENGTH as u64).contains(&lost.bytes), "{lost:?}");
    let story = stories(&keeper, 1).remove(0);
    assert_eq!((story.lost, story.outcome), (lost.bytes, Some(Outcome::Complete)));
    let told = all_of(&story, "Client Stream").len() + all_of(&story, "Server Stream").len();
    assert_eq!(told as u64 + lost.bytes, 2 * LENGTH as u64);
}

#[test]
fn a_gateway_that_ends_has_told_everything() {
    let server = serving(|mut stream| {
        // It never answers, and stays for as long as its client does.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    for hurried in [false, true] {
        let limits = Limits { drain_quiet: super::SHORT, ..Limits::default() };
        let (gateway, route, keeper) = observed(&format!("tcp://{server}"), limits);
        let mut client = connect(route);
        say(&mut client, "hello");
        super::until(|| gateway.counters().routes[0].received > 0);
        if hurried {
            gateway.hurry().now();
        }
        gateway.drain().unwrap();
        let story = stories(&keeper, 1).remove(0);
        assert_eq!(story.told, ["reached", "Client Stream: hello"]);
        assert!(keeper.recv_timeout(super::SHORT).is_none() && keeper.is_over());
    }
}
