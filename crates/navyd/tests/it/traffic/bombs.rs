//! Bodies that are small on the wire and would fill the memory decoded: what shows them stays bounded, and says so.

use std::process::Command;

use super::{
    bodies::peak,
    watched::{list, settled, shown},
};
use crate::{
    gateway::peers::server,
    hub::Home,
    support::{program, run::run, skip},
};

/// 64 MiB of zeros in each coding, and in two at once; compressed step by step, so that it fits in memory.
const SERVER: &str = "
const zlib = require('zlib'), zeros = Buffer.alloc(1 << 22);
const squeezed = stream => new Promise(done => {
  const parts = [];
  let left = 16;
  stream.on('data', part => parts.push(part)).on('end', () => done(Buffer.concat(parts)));
  const more = () => {
    while (left-- > 0) if (!stream.write(zeros)) return stream.once('drain', more);
    stream.end();
  };
  more();
});
(async () => {
  const level = zlib.constants.BROTLI_PARAM_QUALITY;
  const gzip = await squeezed(zlib.createGzip({level: 1}));
  const bombs = {gzip, deflate: await squeezed(zlib.createDeflate({level: 1})),
    br: await squeezed(zlib.createBrotliCompress({params: {[level]: 5}})), 'gzip, gzip': zlib.gzipSync(gzip)};
  require('http').createServer((request, response) => {
    const coding = decodeURIComponent(request.url.slice(1));
    response.writeHead(200, {'content-type': 'text/plain', 'content-encoding': coding});
    response.end(bombs[coding]);
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
})();
";

/// How much of a body is decoded at most.
const DECODED: usize = 8 << 20;

/// How much memory a hub may ever have had, in KiB: some copies of that, and far from what the bombs hold.
const MEMORY: u64 = 224 << 10;

#[test]
fn bodies_that_swell_are_shown_searched_and_exported_within_bounds() {
    let test = "traffic::bombs::bodies_that_swell_are_shown_searched_and_exported_within_bounds";
    if let Some(missing) = ["curl", "node"].into_iter().find(|name| program(name).is_none()) {
        return skip(test, &format!("`{missing}` is not installed"));
    }
    let home = Home::new();
    let (_server, address) = server("node", SERVER);
    let hub = home.hub();
    home.json(&["route", "add", "shop", &format!("http://{address}")]);
    for path in ["gzip", "deflate", "br", "gzip,%20gzip"] {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "55", "--noproxy", "*", "-H", "Host: shop.localhost"]);
        let ran = run(curl.args(["-o", "/dev/null"]).arg(format!("http://{}/{path}", hub.address())));
        assert_eq!(ran.status, Some(0), "{path}: {}", ran.stderr);
    }
    settled(&home, 4);
    for summary in list(&home, "") {
        let body = &shown(&home, &summary)["response"]["body"];
        let long = body["text"].as_str().map_or(0, str::len);
        let long =
            long.max(body["base64"].as_str().map_or(0, |text| text.trim_end_matches('=').len() * 3 / 4));
        assert!(long <= DECODED, "{}: {long}", summary["target"]);
        assert!(body["note"].is_string(), "{}: what is left out is not said", summary["target"]);
        // Eight mebibytes in hexadecimal take a debug build a while, and say nothing more.
        if long > 1 << 20 {
            continue;
        }
        let ran = run(&mut home.navyd(&["traffic", "show", &summary["id"].to_string()]));
        // Sixteen bytes are a line of 78.
        assert!(ran.status == Some(0) && ran.stdout.len() <= DECODED * 5 + 4096, "{}", ran.stdout.len());
        // In two codings at once it cannot be looked through for secrets, and is not kept.
        let said = [" as sent; ", "not kept: "].iter().any(|said| ran.stdout.contains(said));
        assert!(said, "{}", &ran.stdout[ran.stdout.len().saturating_sub(300)..]);
    }
    assert!(list(&home, "body~lamp").is_empty());
    assert_eq!(home.run(&["traffic", "search", "lamp"]).status, Some(1));
    let archive = home.path("bombs.har");
    let ran = home.run(&["traffic", "export", "--har", "-o", archive.to_str().unwrap()]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    // A zero is six bytes in JSON.
    assert!(std::fs::metadata(&archive).unwrap().len() <= 3 * 6 * DECODED as u64);
    assert!(peak(&hub) <= MEMORY, "the hub had {} KiB", peak(&hub));
}
