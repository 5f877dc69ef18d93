//! `navyd serve` beside nginx: the same files, asked the same.
//!
//! Left out is where RFC 9110 asks for, or allows, more than nginx does: empty elements of a list (§5.6.1), a date
//! beside an entity tag (§13.1.3), parts of a file that was compressed ahead, and numbers beyond 64 bits.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::net::UnixStream,
    process::Command,
};

use super::support::Standing;
use crate::support::{child::Held, program, skip, temp::TempDir};

/// What of an answer is compared.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    status: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The fields that both write alike.
const COMPARED: [&str; 4] = ["content-range", "content-encoding", "vary", "content-length"];

fn told(answer: &[u8]) -> (Told, String, String) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut body = answer[end + 4..].to_vec();
    let status = head[9..12].to_owned();
    let value = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let boundary = value("content-type").and_then(|media| Some(media.split_once("boundary=")?.1.to_owned()));
    let mut compared = COMPARED.to_vec();
    if let Some(boundary) = &boundary {
        // Boundaries differ, and nginx writes a line break before the first one (RFC 2046 §5.1.1: a preamble).
        let text = String::from_utf8(body).unwrap().replace(boundary, "BOUNDARY");
        body = text.trim_start().replace("; charset=utf-8", "").into_bytes();
        compared.pop();
    }
    if !matches!(status.as_str(), "200" | "206") {
        // Each has words of its own.
        body.clear();
        compared.pop();
    }
    let fields = compared.iter().filter_map(|name| Some(((*name).to_owned(), value(name)?)));
    let (tag, date) = (value("etag").unwrap_or_default(), value("last-modified").unwrap_or_default());
    (Told { status, fields: fields.collect(), body }, tag, date)
}

/// Both, and how each is asked.
struct Both {
    ours: Standing,
    socket: std::path::PathBuf,
    /// What was answered in two ways.
    differ: Vec<String>,
    _nginx: Held,
}

impl Both {
    fn ask(&self, asked: &str, theirs: bool) -> Vec<u8> {
        let mut answer = Vec::new();
        if theirs {
            let mut stream = UnixStream::connect(&self.socket).unwrap();
            stream.write_all(asked.as_bytes()).unwrap();
            stream.read_to_end(&mut answer).unwrap();
        } else {
            let mut stream = TcpStream::connect(self.ours.address()).unwrap();
            stream.write_all(asked.as_bytes()).unwrap();
            stream.read_to_end(&mut answer).unwrap();
        }
        answer
    }

    /// Asks both; `TAG` and `DATE` stand for those of the file as each one tells them.
    fn compare(&mut self, path: &str, fields: &str) {
        let answers = [false, true].map(|theirs| {
            let request = |fields: &str| {
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n")
            };
            let (_, tag, date) = told(&self.ask(&request(""), theirs));
            told(&self.ask(&request(&fields.replace("TAG", &tag).replace("DATE", &date)), theirs)).0
        });
        let [ours, theirs] = answers;
        if ours != theirs {
            self.differ.push(format!("{path} {fields}: {ours:?}, nginx {theirs:?}"));
        }
    }
}

fn start(folder: &TempDir) -> Both {
    let ours = Standing::start("serve", &folder.path().join("root"), &[]);
    let (place, socket) = (folder.path().display(), folder.path().join("nginx.sock"));
    let conf = folder.write(
        "conf",
        format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr; events {{}}\n\
             http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p;\n\
             fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;\n\
             types {{ application/octet-stream bin; text/javascript js; }} if_modified_since before;\n\
             gzip_static on; gzip_vary on;\n\
             server {{ listen unix:{place}/nginx.sock; root {place}/root; }} }}\n"
        ),
    );
    let nginx = program("nginx").expect("it was looked for");
    let process = Held::start(Command::new(nginx).args(["-e", "stderr", "-c"]).arg(conf));
    // It says nothing when it is ready, so it is asked until it answers.
    while UnixStream::connect(&socket).is_err() {
        std::thread::yield_now();
    }
    Both { ours, socket, differ: Vec::new(), _nginx: process }
}

#[test]
fn it_answers_as_nginx_does() {
    if program("nginx").is_none() {
        skip("standin::nginx::it_answers_as_nginx_does", "`nginx` is not installed");
        return;
    }
    let folder = TempDir::new();
    folder.write("root/f.bin", "0123456789");
    folder.write("root/empty.bin", "");
    folder.write("root/a.js", "navyd ".repeat(100));
    folder.write("root/a.js.gz", "it was compressed ahead");
    let mut both = start(&folder);
    for range in [
        "bytes=0-0",
        "bytes=0-9",
        "bytes=0-",
        "bytes=9-",
        "bytes=5-100",
        "bytes=-3",
        "bytes=-30",
        "bytes=10-",
        "bytes=-0",
        "bytes=0-1,3-4",
        "bytes=0-1, 3-4",
        "bytes=3-4,0-1",
        "bytes=0-1,20-30",
        "bytes=20-30,0-1",
        "bytes=20-,30-",
        "bytes=0-9,0-9",
        "bytes=0-0,-1",
        "bytes=a-b",
        "bytes=-",
        "bytes=5",
        "bytes=5-4",
        "lines=0-1",
        "bytes 0-1",
        "BYTES=1-2",
        "bytes=1-2-3",
        "bytes=1 - 2",
    ] {
        both.compare("/f.bin", &format!("Range: {range}\r\n"));
    }
    both.compare("/empty.bin", "Range: bytes=0-\r\n");
    both.compare("/empty.bin", "");
    let (past, future) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 06 Nov 2099 08:49:37 GMT");
    for fields in [
        "If-None-Match: TAG\r\n".to_owned(),
        "If-None-Match: W/TAG\r\n".to_owned(),
        "If-None-Match: \"x\", TAG\r\n".to_owned(),
        "If-None-Match: \"x\"\r\n".to_owned(),
        "If-None-Match: *\r\n".to_owned(),
        "If-Match: TAG\r\n".to_owned(),
        "If-Match: \"x\"\r\n".to_owned(),
        "If-Match: *\r\n".to_owned(),
        "If-Modified-Since: DATE\r\n".to_owned(),
        format!("If-Modified-Since: {past}\r\n"),
        format!("If-Modified-Since: {future}\r\n"),
        "If-Modified-Since: nonsense\r\n".to_owned(),
        format!("If-Unmodified-Since: {past}\r\n"),
        format!("If-Unmodified-Since: {future}\r\n"),
        "If-Unmodified-Since: DATE\r\n".to_owned(),
        format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {future}\r\n"),
        "Range: bytes=0-1\r\nIf-Range: TAG\r\n".to_owned(),
        "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n".to_owned(),
        format!("Range: bytes=0-1\r\nIf-Range: {past}\r\n"),
        "Range: bytes=0-1\r\nIf-Match: TAG\r\n".to_owned(),
        "Range: bytes=0-1\r\nIf-None-Match: TAG\r\n".to_owned(),
    ] {
        both.compare("/f.bin", &fields);
    }
    for (path, coding) in [
        ("/a.js", "gzip"),
        ("/a.js", "gzip, deflate"),
        ("/a.js", "gzip;q=0"),
        ("/a.js", "gzip;q=0.5"),
        ("/a.js", "deflate"),
        ("/a.js", "gzip\r\nIf-None-Match: TAG"),
    ] {
        both.compare(path, &format!("Accept-Encoding: {coding}\r\n"));
    }
    assert!(both.differ.is_empty(), "{:#?}", both.differ);
}
