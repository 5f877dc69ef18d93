//! Bodies as curl sends and gets them: events, trailers, early hints, and such as fit in no memory.

use std::process::Command;

use serde_json::Value;

use super::watched::{list, settled, shown};
use crate::{
    gateway::{peers::server, upstream},
    hub::{Foreground, Home},
    support::{program, run::run, skip},
};

/// How long the long bodies are.
const LONG: u64 = 2 << 30;

/// What is kept of a body: the first half of a mebibyte and the last.
const KEPT: u64 = 1 << 20;

/// How much memory a hub may ever have had, in KiB. A body alone is thirty times that.
const MEMORY: u64 = 64 << 10;

/// A hub with the route `shop.localhost`.
fn hub(home: &Home, upstream: std::net::SocketAddr) -> Foreground {
    let hub = home.hub();
    home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    hub
}

fn curl(hub: &Foreground, arguments: &[&str], path: &str) -> String {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "55", "--noproxy", "*", "-H", "Host: shop.localhost"]).args(arguments);
    let ran = run(curl.arg(format!("http://{}{path}", hub.address())));
    assert_eq!(ran.status, Some(0), "{path}: {}", ran.stderr);
    ran.stdout
}

#[test]
fn events_trailers_and_early_hints_are_kept_as_they_came() {
    let test = "traffic::bodies::events_trailers_and_early_hints_are_kept_as_they_came";
    if program("curl").is_none() {
        return skip(test, "`curl` is not installed");
    }
    let address = upstream(|_, mut peer| {
        loop {
            let head = peer.head();
            match head.split(' ').nth(1) {
                None => return,
                Some("/events") => {
                    peer.say("HTTP/1.1 200 OK|Content-Type: text/event-stream|Transfer-Encoding: chunked||");
                    for number in 0..25 {
                        let event = format!("id: {number}\nevent: tick\ndata: {{\"n\":{number}}}\n\n");
                        peer.say(&format!("{:x}|{event}|", event.len()));
                    }
                    peer.say("0||");
                }
                Some("/trailers") => peer.say("HTTP/1.1 200 OK|Transfer-Encoding: chunked||1|a|0|X-Sum: 7||"),
                Some(_) => {
                    peer.say(
                        "HTTP/1.1 103 Early Hints|Link: </a.css>||HTTP/1.1 200 OK|Content-Length: 2||ok",
                    );
                }
            }
        }
    });
    let home = Home::new();
    let hub = hub(&home, address);
    assert_eq!(curl(&hub, &[], "/events").matches("event: tick").count(), 25);
    curl(&hub, &[], "/trailers");
    curl(&hub, &[], "/hints");
    settled(&home, 3);
    let one = |path: &str| shown(&home, &list(&home, &format!("path:{path}"))[0]);
    let events = one("/events");
    assert_eq!(events["protocol"], "sse");
    let texts: Vec<&Value> =
        events["pieces"].as_array().unwrap().iter().map(|piece| &piece["text"]).collect();
    assert_eq!(texts.len(), 25);
    assert!(texts[24].as_str().unwrap().contains(r#"{"n":24}"#), "{texts:?}");
    assert_eq!(one("/trailers")["response"]["trailers"], serde_json::json!([["X-Sum", "7"]]));
    let hints = one("/hints");
    assert_eq!(hints["response"]["interim"][0]["line"], "HTTP/1.1 103 Early Hints");
    assert_eq!(hints["status"], 200);
}

/// Answers with so many zeros, and tells how many bytes it was sent.
const SERVER: &str = "
const zeros = Buffer.alloc(1 << 20);
const server = require('http').createServer((request, response) => {
  if (request.method === 'GET') {
    let left = +request.url.slice(1);
    response.writeHead(200, {'content-type': 'application/octet-stream', 'content-length': left});
    const more = () => {
      for (; left > 0; left -= zeros.length) {
        if (!response.write(zeros)) { left -= zeros.length; return response.once('drain', more); }
      }
      response.end();
    };
    return more();
  }
  let sum = 0;
  request.on('data', data => sum += data.length).on('end', () => response.end(String(sum)));
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
";

#[test]
fn bodies_that_fit_in_no_memory_pass_with_their_length_and_digest_and_a_mebibyte_of_them() {
    let test = "traffic::bodies::bodies_that_fit_in_no_memory_pass_with_their_length_and_digest_and_a_mebibyte_of_them";
    if let Some(missing) = ["curl", "node"].into_iter().find(|name| program(name).is_none()) {
        return skip(test, &format!("`{missing}` is not installed"));
    }
    let home = Home::new();
    let (_server, address) = server("node", SERVER);
    let hub = hub(&home, address);
    // A file of nothing has a length and takes no disk.
    let file = home.path("zeros");
    std::fs::File::create(&file).unwrap().set_len(LONG).unwrap();
    let got = curl(&hub, &["-o", "/dev/null", "-w", "%{size_download}"], &format!("/{LONG}"));
    assert_eq!(got, LONG.to_string());
    assert_eq!(curl(&hub, &["-T", file.to_str().unwrap()], "/up"), LONG.to_string());
    settled(&home, 2);
    for (filter, side) in [("method:GET", "response"), ("method:PUT", "request")] {
        let exchange = shown(&home, &list(&home, filter)[0]);
        let body = &exchange[side]["body"];
        assert_eq!((body["size"].as_u64(), exchange["outcome"].as_str()), (Some(LONG), Some("complete")));
        if exchange["lost"] == 0 {
            assert_eq!((body["sha256"].as_str(), body["kept"].as_u64()), (Some(ZEROS), Some(KEPT)), "{side}");
        } else {
            // A busy machine: what was not seen is said, and no digest is made up.
            assert!(body["sha256"].is_null() && body["kept"].as_u64() <= Some(KEPT), "{side}");
        }
        assert!(body["note"].is_string(), "{side}");
    }
    assert!(peak(&hub) <= MEMORY, "the hub had {} KiB", peak(&hub));
}

/// SHA-256 of so many zeros.
const ZEROS: &str = "a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51";

/// The most memory that a hub ever had, in KiB.
pub(super) fn peak(hub: &Foreground) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hub.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
