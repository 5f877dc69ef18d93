//! Conversations with real servers, and such as no server should have.

use navyd_model::exchange::Side::{self, Client, Server};
use serde_json::json;

use super::{PENDING, Postgres, RESULTS, ROWS};
use crate::{Decoder, Extent, Spoken, recorded};

fn check(name: &str) -> Vec<Spoken> {
    let spoken = recorded::check::<Postgres>(&format!("pg/{name}"));
    assert!(!format!("{spoken:?}").contains("s3cretpw"));
    spoken
}

fn count(spoken: &[Spoken], method: &str) -> usize {
    spoken.iter().filter(|one| one.method == method && one.ended.is_some()).count()
}

fn lines(spoken: &[Spoken]) -> Vec<String> {
    let line = |one: &Spoken| {
        let error = one.error.as_ref().map(|error| format!(" -> {error}"));
        format!("{} {}{}", one.method, one.target, error.unwrap_or_default())
    };
    spoken.iter().map(line).collect()
}

/// Messages with types, as they stand on the wire.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind][..], &length, body].concat()
}

/// What is said when each of these is sent in turn, on a connection that has begun.
fn talk(portions: &[(Side, Vec<u8>)]) -> Vec<Spoken> {
    let (mut decoder, mut out) = (Postgres::default(), Vec::new());
    begin(&mut decoder, &mut out);
    out.clear();
    for (at, (side, bytes)) in portions.iter().enumerate() {
        decoder.bytes(*side, at as i64, bytes, &mut out);
    }
    decoder.end(99, &mut out);
    out
}

fn begin(decoder: &mut Postgres, out: &mut Vec<Spoken>) {
    decoder.bytes(Client, 0, b"\0\0\0\x11\0\x03\0\0user\0me\0\0", out);
    let hello = [message(b'R', &[0; 4]), message(b'Z', b"I")].concat();
    decoder.bytes(Server, 0, &hello, out);
}

#[test]
fn psql_asks_simply() {
    let spoken = check("psql");
    assert_eq!(spoken[0].details["user"], "navyd");
    assert_eq!(spoken[0].details["authentication"], "sasl");
    let expected = [
        "connect postgres",
        "query create table t(id int primary key, name text, price numeric, at timestamptz)",
        "query insert into t values (1,'a',1.5,now()),(2,null,2,now())",
        "query select * from t; select 1 as one; update t set name='b'",
        "query select * from nope -> 42P01: relation \"nope\" does not exist",
        "notify ch",
        "query listen ch; notify ch, 'hello'",
        "query do $$begin raise notice 'careful'; end$$",
    ];
    assert_eq!(lines(&spoken), expected);
    let results = &spoken[3].details["results"];
    assert_eq!(results[0]["columns"][2], json!({"name": "price", "type": "numeric"}));
    assert_eq!(results[0]["rows"][1].as_array().unwrap()[..3], [json!("2"), json!(null), json!("2")]);
    assert_eq!((&results[0]["row_count"], &results[0]["tag"]), (&json!(2), &json!("SELECT 2")));
    assert_eq!(results[1]["rows"], json!([["1"]]));
    assert_eq!(results[2], json!({"tag": "UPDATE 2"}));
    assert_eq!(spoken[5].details["payload"], "hello");
    assert_eq!(spoken[7].details["notices"][0]["message"], "careful");
}

#[test]
fn what_copy_carries_is_counted() {
    let spoken = check("psql_copy");
    let copies: Vec<_> = spoken.iter().filter_map(|one| one.details["results"][0].get("copy")).collect();
    assert_eq!(copies[0], &json!({"direction": "in", "bytes": 35, "messages": 1}));
    assert_eq!(copies[1]["direction"], "out");
    assert_eq!(copies[1]["messages"], 2);
    // A client that does not wait until it is asked for the data.
    let spoken = check("asyncpg");
    let copy = spoken.iter().find_map(|one| one.details["results"][0].get("copy"));
    assert_eq!(copy, Some(&json!({"direction": "in", "bytes": 44, "messages": 1})));
}

#[test]
fn a_wrong_password_is_an_error_and_stays_secret() {
    let expected = ["connect postgres -> 28P01: password authentication failed for user \"navyd\""];
    assert_eq!(lines(&check("wrong_password")), expected);
}

#[test]
fn pgbench_is_counted() {
    // Three transactions of seven statements.
    for (name, method, expected) in [
        ("pgbench_simple", "query", 21),
        ("pgbench_extended", "execute", 21),
        ("pgbench_prepared", "execute", 21),
    ] {
        let spoken = check(name);
        assert_eq!(count(&spoken, method), expected, "{name}: {:#?}", lines(&spoken));
        let prepared = if name == "pgbench_prepared" { 7 } else { 0 };
        assert_eq!(count(&spoken, "prepare"), prepared, "{name}");
    }
}

#[test]
fn parameters_and_rows_in_binary_are_read() {
    let spoken = check("asyncpg");
    let values = json!([
        "5",
        "hé",
        "12.340",
        "00000000-0000-0000-0000-000000000007",
        "2024-02-29 01:02:03+00",
        "{1,2,NULL}",
        "{\"a\":1}",
        "t",
        "1999-12-31"
    ]);
    let one = spoken.iter().find(|one| one.method == "execute" && one.target.contains("$9")).unwrap();
    assert_eq!(one.details["parameters"], values);
    let mut row = one.details["results"][0]["rows"][0].clone();
    row[6] = json!("{\"a\":1}");
    assert_eq!(row, values);
    let refused: Vec<_> = spoken.iter().filter(|one| one.error.is_some()).collect();
    assert_eq!(
        lines(&refused.into_iter().cloned().collect::<Vec<_>>()),
        [
            "prepare select * from nowhere where x=$1 -> 42P01: relation \"nowhere\" does not exist",
            "bind select 1/$1::int -> 22012: division by zero",
        ]
    );
    let many = spoken.iter().filter(|one| one.target.starts_with("insert into c") && one.method == "execute");
    assert_eq!(many.count(), 5);
}

#[test]
fn a_pipeline_keeps_its_order() {
    let spoken = check("psycopg_pipeline");
    let rows: Vec<_> = spoken
        .iter()
        .filter(|one| one.target == "select $1::int")
        .map(|one| one.details["results"][0]["rows"][0][0].clone())
        .collect();
    assert_eq!(rows, [json!("0"), json!("1"), json!("2"), json!("3")]);
    // What stood behind the error was never executed.
    assert!(spoken.iter().all(|one| one.target != "select 3"), "{:?}", lines(&spoken));
    assert_eq!(spoken.last().map(|one| (one.target.as_str(), one.error.as_ref())), Some(("COMMIT", None)));
}

#[test]
fn encryption_is_said_once() {
    let (mut decoder, mut out) = (Postgres::default(), Vec::new());
    decoder.bytes(Client, 0, &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], &mut out);
    decoder.bytes(Server, 1, b"S", &mut out);
    for _ in 0..3 {
        decoder.bytes(Client, 2, b"\x16\x03\x01abc", &mut out);
        decoder.bytes(Server, 3, b"\x16\x03\x03abc", &mut out);
    }
    decoder.end(4, &mut out);
    assert_eq!(lines(&out), ["tls encrypted by TLS from here on"]);
    assert_eq!(out[0].extent, Extent::Rest);
    let (mut decoder, mut out) = (Postgres::default(), Vec::new());
    decoder.bytes(Client, 0, b"\x16\x03\x01\0\x05hello", &mut out);
    assert_eq!(lines(&out), ["tls encrypted by TLS from here on"]);
}

#[test]
fn a_refused_encryption_goes_on_in_clear() {
    let (mut decoder, mut out) = (Postgres::default(), Vec::new());
    decoder.bytes(Client, 0, &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x30], &mut out);
    decoder.bytes(Server, 1, b"N", &mut out);
    begin(&mut decoder, &mut out);
    assert_eq!(lines(&out), ["connect me"]);
}

#[test]
fn a_cancellation_shows_no_key() {
    let (mut decoder, mut out) = (Postgres::default(), Vec::new());
    decoder.bytes(Client, 0, &[0, 0, 0, 16, 4, 0xd2, 0x16, 0x2e, 0, 0, 0, 7, 1, 2, 3, 4], &mut out);
    assert_eq!(lines(&out), ["cancel what process 7 does"]);
}

#[test]
fn what_is_something_else_is_said_once() {
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\0\0\0\x01", b"\0\0\0\x08\0\x02\0\0", &[0xff; 40]] {
        let (mut decoder, mut out) = (Postgres::default(), Vec::new());
        for _ in 0..3 {
            decoder.bytes(Client, 0, bytes, &mut out);
            decoder.bytes(Server, 0, b"HTTP/1.1 400 Bad Request\r\n", &mut out);
        }
        decoder.end(1, &mut out);
        assert_eq!(lines(&out), ["opaque this is not PostgreSQL"], "{bytes:?}");
        assert_eq!(out[0].extent, Extent::Rest);
    }
}

#[test]
fn after_a_gap_it_goes_on_where_the_server_rests() {
    let (mut decoder, mut out) = (Postgres::default(), Vec::new());
    begin(&mut decoder, &mut out);
    out.clear();
    let done = [message(b'C', b"SELECT 1\0"), message(b'Z', b"I")].concat();
    decoder.bytes(Client, 1, &message(b'Q', b"select 1\0"), &mut out);
    decoder.gap(Server, 2, 100, &mut out);
    decoder.gap(Client, 2, 100, &mut out);
    decoder.bytes(Server, 3, b"some of a row", &mut out);
    decoder.bytes(Client, 3, b"the rest of something", &mut out);
    // A ReadyForQuery in two portions.
    let (first, second) = done.split_at(done.len() - 3);
    decoder.bytes(Server, 4, first, &mut out);
    decoder.bytes(Server, 4, second, &mut out);
    decoder.bytes(Client, 5, &message(b'Q', b"select 2\0"), &mut out);
    decoder.bytes(Server, 6, &done, &mut out);
    assert_eq!(lines(&out), ["query select 1", "gap could not follow after a gap", "query select 2"]);
    assert_eq!((out[0].ended, out[2].ended), (None, Some(6)));
    // Whether the first was answered is not known: it was told when the answer was lost, and not when the server left.
    let extents: Vec<_> = out.iter().map(|one| one.extent).collect();
    assert_eq!(extents, [Extent::Unknown, Extent::Known, Extent::Known]);
    decoder.bytes(Client, 7, &message(b'Q', b"select 3\0"), &mut out);
    decoder.end(8, &mut out);
    assert_eq!((out[3].ended, out[3].extent), (None, Extent::Known));
}

#[test]
fn what_was_begun_is_told_at_the_end() {
    let spoken = talk(&[(Client, message(b'Q', b"select pg_sleep(9)\0"))]);
    assert_eq!(lines(&spoken), ["query select pg_sleep(9)"]);
    assert_eq!((spoken[0].answered, spoken[0].ended), (None, None));
}

#[test]
fn much_is_counted_and_little_kept() {
    let row = message(b'D', &[&[0, 1, 0, 0, 0x40, 0][..], &[b'x'; 0x4000]].concat());
    let columns =
        message(b'T', &[&[0, 1][..], b"c\0", &[0; 6], &25u32.to_be_bytes(), &[0; 6], &[0; 2]].concat());
    let mut answer = columns;
    for _ in 0..1000 {
        answer.extend_from_slice(&row);
    }
    answer.extend(message(b'C', b"SELECT 1000\0"));
    for _ in 0..40 {
        answer.extend(message(b'C', b"BEGIN\0"));
    }
    answer.extend(message(b'Z', b"I"));
    let query = [&b"select "[..], &[b'1'; 1 << 20], b"\0"].concat();
    let spoken = talk(&[(Client, message(b'Q', &query)), (Server, answer)]);
    let [one] = &spoken[..] else { panic!("{:?}", lines(&spoken)) };
    let results = one.details["results"].as_array().unwrap();
    assert_eq!(results[0]["row_count"], 1000);
    assert!((1..ROWS.0).contains(&results[0]["rows"].as_array().unwrap().len()));
    assert_eq!((results.len(), &one.details["more_results"]), (RESULTS, &json!(41 - RESULTS)));
    assert!(one.target.len() <= crate::frames::KEPT && one.target.ends_with('…'));
    assert!(one.received > 1000 << 14 && one.sent > 1 << 20);
}

#[test]
fn a_client_that_never_listens_is_given_up() {
    let mut decoder = Postgres::default();
    let mut out = Vec::new();
    begin(&mut decoder, &mut out);
    let query = message(b'Q', &[&[b'1'; 1000][..], b"\0"].concat());
    for _ in 0..=PENDING {
        decoder.bytes(Client, 0, &query, &mut out);
    }
    assert_eq!(out.iter().filter(|one| one.method == "query").count(), PENDING);
    assert_eq!(out.last().map(|one| one.target.as_str()), Some("could not follow"));
    assert!(out.iter().map(|one| one.target.len()).sum::<usize>() < 2 << 20);
}

#[test]
fn a_client_that_leaves_since_encryption_is_refused_is_told() {
    const SSL: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
    let asks = |portions: &[(Side, &[u8])]| {
        let (mut decoder, mut out) = (Postgres::default(), Vec::new());
        for (at, (side, bytes)) in (0..).zip(portions) {
            decoder.bytes(*side, at, bytes, &mut out);
        }
        decoder.end(99, &mut out);
        out
    };
    let told = &asks(&[(Client, SSL), (Server, b"N")])[..];
    assert_eq!(lines(told), ["connect  -> the server refused TLS, and the client left"]);
    assert_eq!((told[0].started, told[0].ended), (1, Some(99)));
    for portions in [&[(Client, SSL)][..], &[]] {
        assert!(asks(portions).is_empty(), "{portions:?}");
    }
    let on: &[u8] = b"\0\0\0\x11\0\x03\0\0user\0me\0\0";
    assert_eq!(lines(&asks(&[(Client, SSL), (Server, b"N"), (Client, on)])), ["connect me"]);
}
