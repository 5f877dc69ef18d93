//! Large bodies: they arrive as they were sent, at the pace of whoever reads them.

use super::{has_programs, node};
use crate::gateway::{Hub, peers::server};

/// Answers with what it is sent.
const ECHO: &str = "
const s = require(process.env.KIND).createServer((q, r) => q.pipe(r));
s.listen(0, '127.0.0.1', () => console.log(s.address().port));
";

/// Sends 256 MiB, and says whether the same came back, which it reads meanwhile.
const CLIENT: &str = "
const {createHash} = require('crypto'), session = require('http2').connect('http://127.0.0.1:' + process.argv[1]);
const stream = session.request({':method': 'POST', ':path': '/'});
const sent = createHash('sha1'), got = createHash('sha1');
const portion = Buffer.alloc(1 << 20);
let number = 0, count = 0;
const write = () => {
  while (number < 256) {
    portion.fill(number++ * 7 % 251, number % 1000);
    sent.update(portion);
    if (!stream.write(Buffer.from(portion))) return stream.once('drain', write);
  }
  stream.end();
};
write();
stream.on('data', data => { got.update(data); count += data.length; });
stream.on('end', () => { console.log(count, sent.digest('hex') === got.digest('hex')); session.close(); });
";

#[test]
fn a_large_body_goes_there_and_back() {
    const NAME: &str = "gateway::h2::bodies::a_large_body_goes_there_and_back";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    for (kind, scheme) in [("http", "http"), ("http2", "h2c")] {
        let (_node, address) = server("node", &ECHO.replace("process.env.KIND", &format!("'{kind}'")));
        let (_hub, route) = Hub::to(scheme, address);
        assert_eq!(node(CLIENT, &[&route.port().to_string()]), "268435456 true\n", "{scheme}");
    }
}

/// Sends a body that nobody reads until no credit comes any more; then asks for something on the same connection, and
/// says whether it could send more than the sockets on the way hold.
const STUCK: &str = "
const session = require('http2').connect('http://127.0.0.1:' + process.argv[1]);
const stream = session.request({':method': 'POST', ':path': '/stuck'});
stream.on('error', () => {});
const portion = Buffer.alloc(1 << 16);
let sent = 0, moved = Date.now();
const write = () => stream.write(portion, error => {
  if (error) return;
  sent += portion.length;
  moved = Date.now();
  write();
});
write();
const timer = setInterval(() => {
  if (Date.now() - moved < 500) return;
  clearInterval(timer);
  const other = session.request({':path': '/other'});
  other.on('data', data => console.log(data.toString(), sent < 40e6 ? 'bounded' : sent));
  other.on('end', () => session.destroy());
}, 50);
";

#[test]
fn a_body_that_nobody_reads_is_not_taken_either() {
    const NAME: &str = "gateway::h2::bodies::a_body_that_nobody_reads_is_not_taken_either";
    const SERVER: &str = "
const s = require('http').createServer((q, r) => q.url === '/other' && r.end('other'));
s.listen(0, '127.0.0.1', () => console.log(s.address().port));
";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    let (_node, address) = server("node", SERVER);
    let (_hub, route) = Hub::to("http", address);
    assert_eq!(node(STUCK, &[&route.port().to_string()]), "other bounded\n");
}
