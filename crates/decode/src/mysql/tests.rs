//! Conversations with real servers, and such as no server should have.

use navyd_model::exchange::Side::{self, Client, Server};
use serde_json::json;

use super::{Mysql, PENDING, ROWS};
use crate::{Decoder, Extent, Spoken, recorded};

fn check(name: &str) -> Vec<Spoken> {
    let spoken = recorded::check::<Mysql>(&format!("mysql/{name}"));
    assert!(!format!("{spoken:?}").contains("s3cretpw"));
    spoken
}

fn lines(spoken: &[Spoken]) -> Vec<String> {
    let line = |one: &Spoken| {
        let error = one.error.as_ref().map(|error| format!(" -> {error}"));
        format!("{} {}{}", one.method, one.target, error.unwrap_or_default()).trim_end().to_owned()
    };
    spoken.iter().map(line).collect()
}

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let [one, two, three, _] = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&[one, two, three, number][..], body].concat()
}

/// A connection that both sides have begun, with these abilities of the client.
fn begun(abilities: u32) -> Mysql {
    let (mut decoder, mut out) = (Mysql::default(), Vec::new());
    decoder.bytes(Server, 0, &greeting(), &mut out);
    let introduction = [&abilities.to_le_bytes()[..], &[0; 28], b"me\0\0"].concat();
    decoder.bytes(Client, 0, &packet(1, &introduction), &mut out);
    decoder.bytes(Server, 0, &packet(2, OK), &mut out);
    assert_eq!(lines(&out), ["connect"]);
    decoder
}

/// The greeting of a server that is able to everything.
fn greeting() -> Vec<u8> {
    let body =
        [&b"\x0a8.0\0\x01\0\0\0saltsalt\0"[..], &[0xff, 0xff, 8, 2, 0, 0xff, 0xff, 21], &[0; 10], b"salt\0"];
    packet(0, &body.concat())
}

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
const PROTOCOL_41: u32 = 1 << 9;
const NO_EOF: u32 = 1 << 24;

fn talk(decoder: &mut Mysql, portions: &[(Side, Vec<u8>)]) -> Vec<Spoken> {
    let mut out = Vec::new();
    for (at, (side, bytes)) in portions.iter().enumerate() {
        decoder.bytes(*side, at as i64, bytes, &mut out);
    }
    out
}

#[test]
fn the_client_of_mariadb_asks_in_text() {
    let spoken = check("mariadb");
    let expected = [
        "connect shop",
        "query create table t(id int primary key, name varchar(40), price decimal(10,2), at datetime(6), b blob)",
        "query insert into t values (1,'a',1.5,'2024-02-29 01:02:03.5','x'),(2,null,null,null,null)",
        "query select * from t",
        "query select * from nope -> 1146 (42S02): Table 'shop.nope' doesn't exist",
    ];
    assert_eq!(lines(&spoken), expected);
    assert_eq!(spoken[2].details["results"], json!([{"affected_rows": 2}]));
    let result = &spoken[3].details["results"][0];
    let rows = json!([["1", "a", "1.50", "2024-02-29 01:02:03.500000", "x"], ["2", null, null, null, null]]);
    assert_eq!((&result["rows"], &result["row_count"]), (&rows, &json!(2)));
    assert_eq!(result["columns"][2], json!({"name": "price", "type": "decimal"}));
}

#[test]
fn prepared_statements_have_parameters_and_rows_in_binary() {
    let spoken = check("prepared");
    let executed: Vec<_> = spoken.iter().filter(|one| one.method == "execute").collect();
    let values = json!([
        "5",
        "hé",
        "1.50",
        "2.5",
        null,
        "\\x00ff",
        "2024-02-29 01:02:03.500000",
        "1999-12-31",
        "-71:01:00"
    ]);
    assert_eq!(executed[0].details["parameters"], values);
    assert_eq!(executed[0].details["results"][0]["rows"][0], values);
    assert_eq!(executed[1].target, "insert into t(id,name) values(?,?)");
    assert_eq!(executed[3].error.as_deref(), Some("1062 (23000): Duplicate entry '50' for key 'PRIMARY'"));
    assert_eq!(executed.len(), 5);
    let called = spoken.iter().find(|one| one.target == "CALL p()").unwrap();
    let rows: Vec<_> =
        called.details["results"].as_array().unwrap().iter().map(|one| one["rows"].clone()).collect();
    assert_eq!(rows, [json!([["1"]]), json!([["2"]]), json!(null)]);
}

#[test]
fn several_statements_have_several_results() {
    let spoken = check("multi");
    let last = spoken.last().unwrap();
    assert_eq!(last.details["results"].as_array().map(Vec::len), Some(3));
    assert_eq!(last.details["results"][2], json!({"affected_rows": 1}));
}

#[test]
fn a_file_of_the_client_is_counted() {
    let spoken = check("local_infile");
    let [_, load] = &spoken[..] else { panic!("{:?}", lines(&spoken)) };
    assert_eq!(load.details["file_bytes"], 35);
    assert!(load.details["file"].as_str().unwrap().ends_with("in.tsv"));
    // The query, the file, and the empty packet behind it.
    assert_eq!(load.sent, 102 + 39 + 4);
}

#[test]
fn a_wrong_password_is_an_error_and_stays_secret() {
    let error =
        "connect shop -> 1045 (28000): Access denied for user 'navyd'@'localhost' (using password: YES)";
    assert_eq!(lines(&check("wrong_password")), [error]);
}

#[test]
fn what_cannot_be_read_is_said_once() {
    let tls = [&(PROTOCOL_41 | 1 << 11).to_le_bytes()[..], &[0; 28]].concat();
    let old = [&[0; 4][..], b"\0\0\0me\0"].concat();
    for (bytes, expected) in [
        (packet(1, &tls), "tls encrypted by TLS from here on"),
        (packet(1, &old), "opaque a protocol from before MySQL 4.1"),
        (packet(1, b"x"), "opaque this is not MySQL"),
    ] {
        let (mut decoder, mut out) = (Mysql::default(), Vec::new());
        decoder.bytes(Server, 0, &greeting(), &mut out);
        for _ in 0..3 {
            decoder.bytes(Client, 0, &bytes, &mut out);
            decoder.bytes(Server, 0, b"\x16\x03\x01 something", &mut out);
        }
        out.retain(|one| one.method != "connect");
        assert_eq!(lines(&out), [expected]);
        assert_eq!(out[0].extent, Extent::Rest);
    }
    let compressed = check("compressed");
    assert_eq!(lines(&compressed), ["connect shop", "opaque compressed from here on"]);
    let (mut decoder, mut out) = (Mysql::default(), Vec::new());
    for _ in 0..3 {
        decoder.bytes(Client, 0, b"GET / HTTP/1.1\r\n\r\n", &mut out);
    }
    assert!(lines(&out).len() <= 1, "{out:?}");
}

#[test]
fn a_server_that_is_full_says_why() {
    let (mut decoder, mut out) = (Mysql::default(), Vec::new());
    decoder.bytes(Server, 0, &packet(0, b"\xff\x10\x04#08004Too many connections"), &mut out);
    assert_eq!(lines(&out), ["connect  -> 1040 (08004): Too many connections"]);
}

#[test]
fn much_is_counted_and_little_kept() {
    for abilities in [PROTOCOL_41, PROTOCOL_41 | NO_EOF] {
        let mut decoder = begun(abilities);
        let column = [&[0, 0, 0, 0, 1, b'c', 0, 12][..], &[33, 0, 0, 1, 0, 0, 253, 0, 0, 0, 0, 0]].concat();
        let mut answer = [packet(1, &[1]), packet(2, &column)].concat();
        if abilities & NO_EOF == 0 {
            answer.extend(packet(3, &[0xfe, 0, 0, 2, 0]));
        }
        let row = [&[0xfc, 0, 0x40][..], &[b'x'; 0x4000]].concat();
        for _ in 0..1000 {
            answer.extend(packet(4, &row));
        }
        // A row of more than 16 MiB comes in several packets.
        let long = [&[0xfe][..], &(0x0100_0000u64 - 8).to_le_bytes(), &vec![b'y'; 0x00ff_ffff - 9]].concat();
        answer.extend(packet(5, &long));
        answer.extend(packet(6, b"yyy"));
        answer.extend(packet(
            7,
            if abilities & NO_EOF == 0 { &[0xfe, 0, 0, 2, 0] } else { &[0xfe, 0, 0, 2, 0, 0, 0] },
        ));
        let spoken = talk(&mut decoder, &[(Client, packet(0, b"\x03select")), (Server, answer)]);
        let [one] = &spoken[..] else { panic!("{:?}", lines(&spoken)) };
        let result = &one.details["results"][0];
        assert!((1000..=1001).contains(&result["row_count"].as_u64().unwrap()), "{}", result["row_count"]);
        assert!((1..ROWS.0).contains(&result["rows"].as_array().unwrap().len()));
        assert!(one.received > 16 << 20);
    }
}

#[test]
fn after_a_gap_it_goes_on_with_a_command_that_comes_alone() {
    let mut decoder = begun(PROTOCOL_41);
    let ask = |text: &str| packet(0, &[b"\x03", text.as_bytes()].concat());
    let mut out = talk(&mut decoder, &[(Client, ask("one"))]);
    decoder.gap(Server, 0, 100, &mut out);
    decoder.gap(Client, 0, 100, &mut out);
    out.extend(talk(
        &mut decoder,
        &[
            (Server, b"the rest of something".to_vec()),
            (Client, b"more".to_vec()),
            (Client, ask("two")),
            (Server, packet(1, OK)),
        ],
    ));
    assert_eq!(lines(&out), ["query one", "gap could not follow after a gap", "query two"]);
    let extents: Vec<_> = out.iter().map(|one| one.extent).collect();
    assert_eq!(extents, [Extent::Unknown, Extent::Known, Extent::Known]);
}

#[test]
fn a_client_that_never_listens_is_given_up() {
    let mut decoder = begun(PROTOCOL_41);
    let ask = packet(0, &[b"\x03", &[b'1'; 20_000][..]].concat());
    let out = talk(&mut decoder, &vec![(Client, ask); PENDING.0 + 1]);
    assert_eq!(out.len(), PENDING.0 + 1);
    assert_eq!(lines(&out[PENDING.0..]), ["gap could not follow"]);
    assert!(out.iter().map(|one| one.target.len()).sum::<usize>() < 2 << 20);
}
