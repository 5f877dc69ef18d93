//! Conversations with real servers, and such as no server should have.

use navyd_model::exchange::Side::{Client, Server};
use serde_json::json;

use super::{PENDING, Redis};
use crate::{Decoder, Extent, Spoken, recorded};

fn check(name: &str) -> Vec<Spoken> {
    let spoken = recorded::check::<Redis>(&format!("redis/{name}"));
    assert!(!format!("{spoken:?}").contains("s3cretpw"));
    spoken
}

fn lines(spoken: &[Spoken]) -> Vec<String> {
    spoken.iter().map(|one| format!("{} {}", one.method, one.target).trim_end().to_owned()).collect()
}

#[test]
fn commands_and_replies_belong_together() {
    let spoken = check("commands");
    let reply = |method: &str| &spoken.iter().find(|one| one.method == method).unwrap().details["reply"];
    assert_eq!(reply("GET"), "v");
    assert_eq!(reply("HELLO")["proto"], 3);
    assert_eq!(reply("EXEC"), &json!(["OK", 2]));
    assert_eq!(reply("EVAL"), &json!([1, "x", [2, {"error": "ERR bad"}]]));
    assert_eq!(reply("CONFIG GET")["requirepass"], "[redacted]");
    let hashes: Vec<_> = spoken.iter().filter(|one| one.method == "HGETALL").collect();
    assert_eq!(hashes[0].details["reply"], json!(["a", "1", "b", "2"]));
    assert_eq!(hashes[1].details["reply"], json!({"a": "1", "b": "2"}));
    let refused = spoken.iter().find(|one| one.method == "INCR").unwrap();
    assert_eq!(refused.error.as_deref(), Some("ERR value is not an integer or out of range"));
    let exec = spoken.iter().find(|one| one.method == "EXEC").unwrap();
    assert_eq!(exec.details["commands"], json!(["SET a", "INCR a"]));
    let big: Vec<_> = spoken.iter().filter(|one| one.target == "big").collect();
    assert_eq!((big[0].sent, big[1].received), (5031, 5009));
    assert!(big[1].details["reply"].as_str().unwrap().len() < 1100);
    // Nothing answers what asked for no reply, and what follows is answered by its own.
    let silent: Vec<_> =
        spoken.iter().filter(|one| one.answered.is_none()).map(|one| one.method.as_str()).collect();
    assert_eq!(silent, ["CLIENT REPLY", "SET", "CLIENT REPLY", "INCR"]);
    assert!(spoken.iter().all(|one| one.ended.is_some()));
}

#[test]
fn words_on_a_line_are_commands_too() {
    let expected = ["AUTH", "PING", "SET a b", "GET k", "NOSUCH x", "QUIT"];
    let spoken = check("inline");
    assert_eq!(lines(&spoken), expected);
    assert!(spoken[4].error.as_ref().unwrap().starts_with("ERR unknown command"));
}

#[test]
fn messages_of_channels_are_told_as_they_come() {
    for (name, first, pattern) in
        [("subscribe", "SUBSCRIBE c1", json!(null)), ("psubscribe_resp3", "PSUBSCRIBE c*", json!("c*"))]
    {
        let spoken = check(name);
        let [.., confirmed, one, two] = &spoken[..] else { panic!("{spoken:?}") };
        assert_eq!(
            lines(&[confirmed.clone(), one.clone(), two.clone()]),
            [first, "message c1", "message c2"]
        );
        assert_eq!(two.pieces[0].text.as_deref(), Some("you all"));
        assert_eq!(one.details.get("pattern").cloned().unwrap_or_default(), pattern);
    }
}

#[test]
fn redis_benchmark_is_counted() {
    let spoken = check("benchmark");
    let pushes: Vec<_> = spoken.iter().filter(|one| one.method == "LPUSH").collect();
    assert_eq!(pushes.len() % 16, 0);
    assert!(!pushes.is_empty() && pushes.iter().all(|one| one.details["reply"].is_u64()));
    assert_eq!(pushes.len() + 1, spoken.len());
}

#[test]
fn what_cannot_be_read_is_said_once() {
    for (bytes, expected) in [
        (&b"\x16\x03\x01\0\x05hello"[..], "tls encrypted by TLS from here on"),
        (b"*1\r\n:1\r\n", "opaque this is not Redis"),
        (b"*x\r\n", "opaque this is not Redis"),
        (b"\0\0\0\x08\x04\xd2\x16\x2f\n", "opaque this is not Redis"),
        (b"*1\r\n$5000000000000000\r\n", "opaque this is not Redis"),
    ] {
        let (mut decoder, mut out) = (Redis::default(), Vec::new());
        for _ in 0..3 {
            decoder.bytes(Client, 0, bytes, &mut out);
            decoder.bytes(Server, 0, b"what\r\n", &mut out);
        }
        decoder.end(1, &mut out);
        assert_eq!(lines(&out), [expected], "{bytes:?}");
        assert_eq!(out[0].extent, Extent::Rest);
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let (mut decoder, mut out) = (Redis::default(), Vec::new());
    decoder.bytes(Client, 0, b"PING\r\nPING\r\n", &mut out);
    decoder.bytes(Server, 0, b"*1000000\r\n", &mut out);
    for _ in 0..1_000_000 {
        decoder.bytes(Server, 0, b":1\r\n", &mut out);
    }
    assert_eq!(out[0].details["reply"].as_array().unwrap().len(), 513);
    assert_eq!(out[0].details["reply"][512], "… 999488 more");
    decoder.bytes(Server, 0, &b"*1\r\n".repeat(100), &mut out);
    assert_eq!(lines(&out), ["PING", "PING", "gap could not follow"]);
}

#[test]
fn attributes_and_pushes_answer_nothing() {
    let (mut decoder, mut out) = (Redis::default(), Vec::new());
    decoder.bytes(Client, 0, b"GET k\r\n", &mut out);
    decoder.bytes(Server, 0, b"|1\r\n+ttl\r\n:5\r\n$1\r\nv\r\n", &mut out);
    decoder.bytes(Server, 1, b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n", &mut out);
    assert_eq!(lines(&out), ["GET k", "push"]);
    assert_eq!(out[0].details["reply"], "v");
    assert_eq!(out[1].details["push"], json!(["invalidate", ["k"]]));
}

#[test]
fn after_a_gap_it_goes_on_behind_one_command_and_its_reply() {
    let (mut decoder, mut out) = (Redis::default(), Vec::new());
    let ask = b"*1\r\n$4\r\nPING\r\n";
    decoder.bytes(Client, 0, ask, &mut out);
    decoder.bytes(Server, 1, b"+PONG\r\n", &mut out);
    decoder.bytes(Client, 1, ask, &mut out);
    decoder.gap(Server, 2, 10, &mut out);
    assert_eq!((out[1].ended, out[1].extent), (None, Extent::Unknown));
    for at in 3..6 {
        decoder.bytes(Client, at, ask, &mut out);
        decoder.bytes(Server, at, b"+PONG\r\n", &mut out);
    }
    assert_eq!(lines(&out), ["PING", "PING", "gap could not follow after a gap", "PING", "PING"]);
    assert_eq!(out[3].started, 4);
}

#[test]
fn a_client_that_never_listens_is_given_up() {
    let (mut decoder, mut out) = (Redis::default(), Vec::new());
    decoder.bytes(Client, 0, b"PING\r\n", &mut out);
    decoder.bytes(Server, 0, b"+PONG\r\n", &mut out);
    let ask = [&b"SET k "[..], &[b'x'; 900], b"\r\n"].concat();
    for _ in 0..=PENDING {
        decoder.bytes(Client, 0, &ask, &mut out);
    }
    assert_eq!(lines(&out[out.len() - 1..]), ["gap could not follow"]);
    let kept = out.iter().map(|one| one.details.to_string().len()).sum::<usize>();
    assert!(kept < 8 << 20, "{kept}");
}
