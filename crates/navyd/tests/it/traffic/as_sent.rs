//! What is kept of an exchange is what its two sides wrote: order, case and repetitions of fields, interim responses and
//! trailers, over HTTP/1 and HTTP/2, in every form in which it can be read.

use std::{io::BufRead as _, net::SocketAddr, process::Command};

use serde_json::{Value, json};

use super::Scene;
use crate::{
    gateway::{
        Peer,
        h2::{PYTHON, has_module},
        upstream,
    },
    support::{child::Held, run::run},
};

/// The fields of lines that `|` divides.
fn fields(lines: &str) -> Value {
    let fields = lines.split('|').filter(|line| !line.is_empty());
    fields
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| json!([name, value.trim()]))
        .collect()
}

/// The same as HAR writes them.
fn named(lines: &str) -> Value {
    let all = fields(lines);
    all.as_array().unwrap().iter().map(|pair| json!({"name": pair[0], "value": pair[1]})).collect()
}

/// What was said on both sides, and must be found.
struct Said {
    request: (&'static str, &'static str),
    sent: (&'static str, &'static str),
    /// First lines and fields.
    interim: &'static [(&'static str, &'static str)],
    response: (&'static str, &'static str),
    received: (&'static str, &'static str),
}

impl Said {
    fn check(&self, scene: &Scene) {
        let kept = scene.exchanges("method:POST path:/pay", 1);
        let id = kept[0]["id"].to_string();
        let shown = scene.home.json(&["traffic", "show", &id]);
        self.check_document(&shown);

        let text = scene.home.run(&["traffic", "show", &id]).stdout;
        // A field without a value ends with a space.
        let text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        let mut at = 0;
        let interim =
            self.interim.iter().flat_map(|(line, fields)| [*line].into_iter().chain(fields.split('|')));
        let request = [self.request.0].into_iter().chain(self.request.1.split('|'));
        let request = request.chain([self.sent.0, "trailers"]).chain(self.sent.1.split('|'));
        let response = [self.response.0].into_iter().chain(self.response.1.split('|'));
        let response = response.chain([self.received.0, "trailers"]).chain(self.received.1.split('|'));
        for line in request.chain(interim).chain(response).filter(|line| !line.is_empty()) {
            let found = text[at..].find(&format!("{line}\n"));
            at +=
                found.unwrap_or_else(|| panic!("`{line}` is not where it belongs in:\n{text}")) + line.len();
        }

        let export = |form: &str| scene.home.run(&["traffic", "export", form, &id]).stdout;
        let line: Value = serde_json::from_str(&export("--jsonl")).unwrap();
        self.check_document(&line);
        let archive: Value = serde_json::from_str(&export("--har")).unwrap();
        let entry = &archive["log"]["entries"][0];
        let (request, response) = (&entry["request"], &entry["response"]);
        assert_eq!(
            (&request["_line"], &request["headers"]),
            (&json!(self.request.0), &named(self.request.1))
        );
        assert_eq!(
            (&request["postData"]["text"], &request["_trailers"]),
            (&json!(self.sent.0), &named(self.sent.1))
        );
        assert_eq!(
            (&response["_line"], &response["headers"]),
            (&json!(self.response.0), &named(self.response.1))
        );
        assert_eq!(response["content"]["text"], self.received.0);
        assert_eq!(response["_trailers"], named(self.received.1), "{response}");
        let interim =
            self.interim.iter().map(|(line, fields)| json!({"_line": line, "headers": named(fields)}));
        assert_eq!(response["_interim"], interim.collect::<Value>());
        let version = |line: &str| line.split(' ').find(|word| word.starts_with("HTTP/")).map(str::to_owned);
        assert_eq!(request["httpVersion"].as_str().map(str::to_owned), version(self.request.0));
        assert_eq!(response["httpVersion"].as_str().map(str::to_owned), version(self.response.0));
    }

    fn check_document(&self, shown: &Value) {
        let (request, response) = (&shown["request"], &shown["response"]);
        assert_eq!(
            (&request["line"], &request["headers"]),
            (&json!(self.request.0), &fields(self.request.1))
        );
        assert_eq!(
            (&request["body"]["text"], &request["trailers"]),
            (&json!(self.sent.0), &fields(self.sent.1))
        );
        assert_eq!(
            (&response["line"], &response["headers"]),
            (&json!(self.response.0), &fields(self.response.1))
        );
        assert_eq!(response["body"]["text"], self.received.0);
        assert_eq!(response["trailers"], fields(self.received.1));
        let interim = self.interim.iter().map(|(line, of)| json!({"line": line, "headers": fields(of)}));
        assert_eq!(response["interim"], interim.collect::<Value>());
    }
}

/// Reads up to this line, and the empty one behind it.
fn until_line(peer: &mut Peer, last: &str) {
    let mut line = String::new();
    while line != last {
        line.clear();
        assert!(peer.stream.read_line(&mut line).unwrap() > 0, "it ended before `{last}`");
        line.truncate(line.trim_end().len());
    }
    assert_eq!(peer.take(2), "|");
}

/// An upstream of HTTP/1 that checks what it is asked, and answers.
fn plain(said: &'static Said) -> SocketAddr {
    upstream(move |_, mut peer| {
        let head = peer.head();
        if head.is_empty() {
            return;
        }
        // What belongs to the connection is the gateway's; the rest arrives as it was sent.
        let ours = ["via:", "x-forwarded-", "forwarded:", "te:", "connection:", "transfer-encoding:"];
        let rest = |head: &str| {
            let lines = head.split('|').filter(|line| {
                let line = line.to_ascii_lowercase();
                !ours.iter().any(|ours| line.starts_with(ours)) && !line.is_empty()
            });
            lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("|")
        };
        let sent = format!("{}|{}", said.request.0.replace("HTTP/2", "HTTP/1.1"), said.request.1);
        assert_eq!(rest(&head), rest(&sent));
        for (line, fields) in said.interim {
            peer.say(&format!("{line}|{fields}{}|", if fields.is_empty() { "" } else { "|" }));
        }
        until_line(&mut peer, said.sent.1.rsplit('|').next().unwrap());
        peer.say(&format!("{}|{}||", said.response.0, said.response.1));
        peer.say(&format!("{:x}|{}|0|{}||", said.received.0.len(), said.received.0, said.received.1));
    })
}

/// The role of a peer of HTTP/2, which is told what to say.
fn python(arguments: &[&str], what: &Value) -> Command {
    let mut command = Command::new(PYTHON);
    command.args(["-c", include_str!("as_sent.py")]).args(arguments).arg(what.to_string());
    command
}

/// Fields with those in front of them that HTTP/2 has in the place of a first line.
fn block(front: &[(&str, &str)], lines: &str) -> Value {
    let mut all = json!(front);
    all.as_array_mut().unwrap().extend(fields(lines).as_array().unwrap().clone());
    all
}

/// Sends the request by HTTP/2; the blocks of fields that come back, without the gateway's own.
fn sent_by_h2(said: &Said, port: u16) -> Vec<Value> {
    let target = said.request.0.split(' ').nth(1).unwrap();
    let (host, rest) = said.request.1.split_once('|').unwrap();
    let authority = host.strip_prefix("host: ").unwrap();
    let front = [(":method", "POST"), (":scheme", "http"), (":authority", authority), (":path", target)];
    let what = json!({"fields": block(&front, rest), "body": said.sent.0, "trailers": fields(said.sent.1)});
    let ran = run(&mut python(&["client", &port.to_string()], &what));
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    let blocks = ran.stdout.lines().map(|line| serde_json::from_str::<Vec<Value>>(line).unwrap());
    blocks.map(|block| block.into_iter().filter(|field| field[0] != "via").collect()).collect()
}

/// What a client of HTTP/2 is to get: names without capitals, and nothing that belongs to a connection.
fn received_by_h2(said: &Said) -> Vec<Value> {
    let lower = |lines: &str| {
        let fields =
            lines.split('|').filter(|line| !line.is_empty()).map(|line| line.split_once(':').unwrap());
        let fields = fields.map(|(name, value)| format!("{}:{value}", name.to_ascii_lowercase()));
        fields.filter(|line| !line.starts_with("transfer-encoding:")).collect::<Vec<_>>().join("|")
    };
    let status = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
    let heads = said.interim.iter().chain([&said.response]);
    let heads = heads.map(|(line, fields)| block(&[(":status", &status(line))], &lower(fields)));
    heads.chain([fields(&lower(said.received.1))]).collect()
}

#[test]
fn http_1_is_kept_as_both_sides_wrote_it() {
    const SAID: Said = Said {
        request: (
            "POST /pay?b=2&a=1&b=3 HTTP/1.1",
            "hOST: raw.localhost|X-Twice: one|accept: */*|x-twice: two|X-EMPTY:|X-Twice: three|Expect: 100-continue|\
             TE: trailers|transfer-encoding: chunked|Trailer: X-Sum, x-last",
        ),
        sent: ("hello you", "X-Sum: 1|x-last: 2|X-Sum: 3"),
        interim: &[
            ("HTTP/1.1 100 Continue", ""),
            ("HTTP/1.1 103 Early Hints", "LINK: </a.css>; rel=preload|Link: </b.js>; rel=preload"),
            ("HTTP/1.1 103 Once More", "link: </c>"),
        ],
        response: (
            "HTTP/1.1 201 Made It",
            "server: raw|Set-Thing: a|X-b: 1|set-thing: b|Content-type: text/plain|Transfer-Encoding: chunked|\
             Trailer: x-Sum|Set-Thing: c",
        ),
        received: ("fine, thanks", "x-Sum: 7|X-Late: 8|x-sum: 9"),
    };
    let Some(scene) = Scene::new("traffic::as_sent::http_1_is_kept_as_both_sides_wrote_it") else { return };
    let address = plain(&SAID);
    scene.home.json(&["route", "add", "raw", &format!("http://{address}")]);
    let mut client = Peer::connect(scene.hub.address());
    client.say(&format!("{}|{}||", SAID.request.0, SAID.request.1));
    for (line, fields) in SAID.interim {
        let head = client.head();
        assert!(head.starts_with(line) && head.contains(fields), "{head}");
    }
    client.say(&format!("6|hello |3|you|0|{}||", SAID.sent.1));
    let head = client.head();
    assert!(head.starts_with(SAID.response.0) && head.contains(SAID.response.1), "{head}");
    until_line(&mut client, "x-sum: 9");
    SAID.check(&scene);

    let command = scene.home.run(&["traffic", "export", "--curl", "path:/pay"]).stdout;
    let mut at = 0;
    for (name, value) in fields(SAID.request.1).as_array().unwrap().iter().map(|pair| (&pair[0], &pair[1])) {
        let (name, value) = (name.as_str().unwrap(), value.as_str().unwrap());
        let word = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        let found = command[at..].find(&word);
        at += found.unwrap_or_else(|| panic!("`{word}` is not where it belongs in:\n{command}")) + word.len();
    }
}

#[test]
fn http_2_is_kept_as_its_client_wrote_it_and_http_1_as_its_server_did() {
    const TEST: &str = "traffic::as_sent::http_2_is_kept_as_its_client_wrote_it_and_http_1_as_its_server_did";
    const SAID: Said = Said {
        request: (
            "POST /pay?b=2&a=1&b=3 HTTP/2",
            "host: raw.localhost|x-twice: one|x-twice: two|accept: */*|x-empty:|te: trailers|trailer: x-sum, x-last",
        ),
        sent: ("hello you", "x-sum: 1|x-sum: 3|x-last: 2"),
        interim: &[
            ("HTTP/1.1 100 Continue", ""),
            ("HTTP/1.1 103 Early Hints", "LINK: </a.css>; rel=preload|Link: </b.js>; rel=preload"),
            ("HTTP/1.1 103 Once More", "link: </c>"),
        ],
        response: (
            "HTTP/1.1 201 Made It",
            "server: raw|Set-Thing: a|set-thing: b|X-b: 1|Content-type: text/plain|Transfer-Encoding: chunked|\
             Trailer: x-Sum",
        ),
        received: ("fine, thanks", "x-Sum: 7|x-sum: 9|X-Late: 8"),
    };
    if !has_module(TEST, "hpack, hyperframe") {
        return;
    }
    let Some(scene) = Scene::new(TEST) else { return };
    scene.home.json(&["route", "add", "raw", &format!("http://{}", plain(&SAID))]);
    assert_eq!(sent_by_h2(&SAID, scene.hub.address().port()), received_by_h2(&SAID));
    SAID.check(&scene);
}

#[test]
fn http_2_is_kept_as_both_sides_wrote_it() {
    const TEST: &str = "traffic::as_sent::http_2_is_kept_as_both_sides_wrote_it";
    const SAID: Said = Said {
        request: (
            "POST /pay?b=2&a=1&b=3 HTTP/2",
            "host: raw.localhost|x-twice: one|x-twice: two|accept: */*|x-empty:|te: trailers|trailer: x-sum, x-last",
        ),
        sent: ("hello you", "x-sum: 1|x-sum: 3|x-last: 2"),
        interim: &[
            ("HTTP/2 103", "link: </a.css>; rel=preload|link: </b.js>; rel=preload"),
            ("HTTP/2 103", "link: </c>"),
        ],
        response: (
            "HTTP/2 201",
            "server: raw|set-thing: a|set-thing: b|x-b: 1|content-type: text/plain|trailer: x-sum",
        ),
        received: ("fine, thanks", "x-sum: 7|x-sum: 9|x-late: 8"),
    };
    if !has_module(TEST, "hpack, hyperframe") {
        return;
    }
    let Some(scene) = Scene::new(TEST) else { return };
    let head = |(line, fields): &(&str, &str)| block(&[(":status", line.split_once(' ').unwrap().1)], fields);
    let what = json!({
        "interim": SAID.interim.iter().map(head).collect::<Vec<_>>(),
        "fields": head(&SAID.response),
        "body": SAID.received.0,
        "trailers": fields(SAID.received.1),
    });
    let mut server = Held::start(&mut python(&["server"], &what));
    scene.home.json(&["route", "add", "raw", &format!("h2c://127.0.0.1:{}", server.line())]);
    assert_eq!(sent_by_h2(&SAID, scene.hub.address().port()), received_by_h2(&SAID));
    let asked: Vec<(String, String)> = serde_json::from_str(&server.line()).unwrap();
    let ours = ["via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "te"];
    let asked = asked.iter().filter(|(name, _)| !name.starts_with(':') && !ours.contains(&name.as_str()));
    let sent = SAID.request.1.replace("host: raw.localhost|", "").replace("te: trailers|", "");
    assert_eq!(asked.map(|(name, value)| json!([name, value])).collect::<Value>(), fields(&sent));
    assert_eq!(serde_json::from_str::<Value>(&server.line()).unwrap(), fields(SAID.sent.1));
    SAID.check(&scene);
}
