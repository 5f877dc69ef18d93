//! The WebSocket of npm on both sides, with messages compressed: frames are counted, and texts are what was said.

use std::process::Command;

use super::watched::{list, settled, shown};
use crate::{
    hub::Home,
    support::{child::Held, peers, program, run::run, skip},
};

/// Echoes every message, compressed whatever its length.
const SERVER: &str = "
const {WebSocketServer} = require(process.argv[1] + '/ws');
const server = new WebSocketServer({port: 0, host: '127.0.0.1', perMessageDeflate: {threshold: 0}});
server.on('connection', ws => ws.on('message', (data, binary) => ws.send(data, {binary})));
server.on('listening', () => console.log(server.address().port));
";

/// Says each message once the last has come back: fifty texts that repeat each other, a long one, bytes, and a ping.
const CLIENT: &str = "
const WebSocket = require(process.argv[1] + '/ws');
const ws = new WebSocket('ws://' + process.argv[2] + '/chat', {headers: {host: 'ws.localhost'},
  perMessageDeflate: {threshold: 0}});
const all = [];
for (let n = 0; n < 50; n++) all.push('{\"turn\": ' + n + ', \"words\": \"grüße an alle\"}');
all.push('long '.repeat(40000), Buffer.from([0, 1, 2, 255]));
let at = 0;
ws.on('open', () => { console.log(ws.extensions); ws.send(all[0]); });
ws.on('message', (data, binary) => {
  const same = binary ? data.equals(all[at]) : data.toString() === all[at];
  if (!same) throw new Error('message ' + at);
  if (++at < all.length) return ws.send(all[at]);
  ws.ping('still there?');
});
ws.on('pong', () => ws.close(4001, 'done'));
ws.on('close', code => console.log(at, code));
";

#[test]
fn compressed_messages_are_counted_and_their_texts_are_read() {
    let test = "traffic::websocket::compressed_messages_are_counted_and_their_texts_are_read";
    let Some(node) = program("node") else { return skip(test, "`node` is not installed") };
    let modules = peers::modules();
    if !modules.join("ws").is_dir() {
        return skip(test, "`ws` is not installed: scripts/peers does it");
    }
    let home = Home::new();
    let hub = home.hub();
    let mut server = Held::start(Command::new(&node).args(["-e", SERVER]).arg(&modules));
    home.json(&["route", "add", "ws", &format!("http://127.0.0.1:{}", server.line())]);
    let mut client = Command::new(&node);
    let ran = run(client.args(["-e", CLIENT]).arg(&modules).arg(hub.address().to_string()));
    assert_eq!(ran.stdout, "permessage-deflate\n52 4001\n", "{ran:?}");

    let capture = settled(&home, 1);
    assert_eq!(capture["lost"]["bytes"], 0);
    let exchange = shown(&home, &list(&home, "protocol:websocket")[0]);
    let pieces = exchange["pieces"].as_array().unwrap();
    let of = |from: &str, kind: &str| -> Vec<String> {
        let meant = pieces.iter().filter(|piece| piece["from"] == from && piece["kind"] == kind);
        meant.map(|piece| piece["text"].as_str().unwrap_or_default().to_owned()).collect()
    };
    for from in ["client", "server"] {
        let texts = of(from, "text");
        assert_eq!((texts.len(), of(from, "binary").len(), of(from, "close").len()), (51, 1, 1), "{from}");
        for (turn, text) in texts[..50].iter().enumerate() {
            assert_eq!(*text, format!(r#"{{"turn": {turn}, "words": "grüße an alle"}}"#), "{from}");
        }
        assert!(texts[50].starts_with("long long "), "{from}: {:.40}", texts[50]);
        let long = pieces.iter().find(|piece| piece["from"] == from && piece["size"] == 200_000);
        assert!(long.is_some(), "{from}: the long message has its whole length");
    }
    assert_eq!(
        (of("client", "ping"), of("server", "pong")),
        (vec!["still there?".into()], vec!["still there?".into()])
    );
}
