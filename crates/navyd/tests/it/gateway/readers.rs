//! Servers that tell how they read each request: method, target, host and body. Two of them are proxies, which
//! read it and write it anew for a server behind them.

use std::{
    convert::Infallible,
    fmt::Write as _,
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::mpsc,
    thread,
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;

use crate::support::{
    child::Held,
    program,
    run::{navyd, run},
    temp::TempDir,
};

/// A server, and its account of each request.
pub(super) struct Reader {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    accounts: Accounts,
    /// The proxy in front of it, and its configuration.
    _proxy: Option<(Held, TempDir)>,
}

enum Accounts {
    Lines(Held),
    Told(mpsc::Receiver<String>),
}

impl Reader {
    /// Its account of the next request.
    pub(super) fn read(&mut self) -> String {
        match &mut self.accounts {
            Accounts::Lines(held) => held.line(),
            Accounts::Told(told) => super::heard(told),
        }
    }
}

/// Every server; or what is not installed.
pub(super) fn all() -> Result<Vec<Reader>, String> {
    for name in ["node", "nginx", "haproxy"] {
        program(name).ok_or_else(|| format!("`{name}` is not installed"))?;
    }
    let aiohttp = run(Command::new("sh").args(["-c", "/usr/bin/python3 -c 'import aiohttp'"]));
    if aiohttp.status != Some(0) {
        return Err("python3-aiohttp is not installed".into());
    }
    Ok(vec![hyper(), node("node"), python(), behind(nginx), behind(haproxy)])
}

/// How a request was read, as every server here writes it.
pub(super) fn account(method: &str, target: &str, host: &str, body: &[u8]) -> String {
    let mut account = format!("{method} {target} {host} ");
    for byte in body {
        let _ = write!(account, "{byte:02x}");
    }
    account
}

const NODE: &str = "const s = require('http').createServer((q, r) => {
  const body = [];
  q.on('data', part => body.push(part));
  q.on('end', () => {
    const account = `${q.method} ${q.url} ${q.headers.host} ${Buffer.concat(body).toString('hex')}`;
    console.log(account);
    r.end(account);
  });
}); s.listen(0, '127.0.0.1', () => console.log(s.address().port));";

fn node(name: &'static str) -> Reader {
    let mut held = Held::start(Command::new("node").args(["-e", NODE]));
    let port: u16 = held.line().parse().unwrap();
    Reader { name, address: ([127, 0, 0, 1], port).into(), accounts: Accounts::Lines(held), _proxy: None }
}

const PYTHON: &str = "
import asyncio
from aiohttp import web
async def read(request):
    body = await request.read()
    account = f'{request.method} {request._message.path} {request.headers.get(\"Host\")} {body.hex()}'
    print(account, flush=True)
    return web.Response(text=account)
async def main():
    runner = web.ServerRunner(web.Server(read))
    await runner.setup()
    await web.TCPSite(runner, '127.0.0.1', 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
";

/// With its own parser, not the one that it shares with node.
fn python() -> Reader {
    let mut command = Command::new("/usr/bin/python3");
    let mut held = Held::start(command.args(["-c", PYTHON]).env("AIOHTTP_NO_EXTENSIONS", "1"));
    let port: u16 = held.line().parse().unwrap();
    Reader {
        name: "python",
        address: ([127, 0, 0, 1], port).into(),
        accounts: Accounts::Lines(held),
        _proxy: None,
    }
}

fn hyper() -> Reader {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let (tell, told) = mpsc::channel();
    let serve = async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            let answer = service_fn(move |request| answer(request, tell.clone()));
            tokio::spawn(
                http1::Builder::new().half_close(true).serve_connection(TokioIo::new(stream), answer),
            );
        }
    };
    // It ends with the process.
    thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap().block_on(serve);
    });
    Reader { name: "hyper", address, accounts: Accounts::Told(told), _proxy: None }
}

async fn answer(
    request: Request<Incoming>,
    tell: mpsc::Sender<String>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // A body that does not end is no request.
    let Ok(body) = body.collect().await else { return Ok(Response::default()) };
    let host =
        head.headers.get("host").map_or("undefined".into(), |host| String::from_utf8_lossy(host.as_bytes()));
    let account = account(head.method.as_str(), &head.uri.to_string(), &host, &body.to_bytes());
    let _ = tell.send(account.clone());
    Ok(Response::new(Full::from(account)))
}

/// A node behind a proxy that is started in front of it.
fn behind(start: fn(SocketAddr, SocketAddr, &TempDir) -> (&'static str, Held)) -> Reader {
    let behind = node("");
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = TempDir::new();
    let (name, proxy) = start(address, behind.address, &folder);
    let waited = run(navyd().args(["wait", &address.to_string(), "--timeout", "30s"]));
    assert_eq!(waited.status, Some(0), "{name}: {}", waited.stderr);
    Reader { name, address, _proxy: Some((proxy, folder)), ..behind }
}

fn nginx(listen: SocketAddr, to: SocketAddr, folder: &TempDir) -> (&'static str, Held) {
    let place = folder.path().display();
    let conf = folder.write(
        "conf",
        format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr; events {{}}\n\
             http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p;\n\
             fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;\n\
             upstream behind {{ server {to}; keepalive 8; }}\n\
             server {{ listen {listen}; location / {{ proxy_pass http://behind; proxy_http_version 1.1;\n\
             proxy_set_header Connection ''; proxy_set_header Host $http_host; }} }} }}\n"
        ),
    );
    let mut command = Command::new(program("nginx").expect("it was looked for"));
    ("nginx", Held::start(command.arg("-e").arg("stderr").arg("-c").arg(conf)))
}

fn haproxy(listen: SocketAddr, to: SocketAddr, folder: &TempDir) -> (&'static str, Held) {
    let conf = folder.write(
        "conf",
        format!(
            "defaults\n mode http\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n\
             frontend f\n bind {listen}\n default_backend b\nbackend b\n server s {to}\n"
        ),
    );
    let mut command = Command::new(program("haproxy").expect("it was looked for"));
    ("haproxy", Held::start(command.args(["-db", "-f"]).arg(conf)))
}
