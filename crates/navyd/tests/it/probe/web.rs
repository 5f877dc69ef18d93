//! HTTP in its versions, TLS, and what lies behind them.

use std::{path::Path, process::Command};

use super::{Server, TempDir, check, free_port, number_after, program, python};
use crate::support::certificate::self_signed;

#[test]
fn nginx_in_clear_in_http2_and_behind_tls() {
    let test = "nginx_in_clear_in_http2_and_behind_tls";
    let (Some(nginx), Some(openssl)) = (program(test, "nginx"), program(test, "openssl")) else { return };
    let folder = TempDir::new();
    certificate(&openssl, folder.path());
    let [clear, h2c, tls, modern] = [(); 4].map(|()| free_port());
    let conf = folder.write(
        "conf",
        format!(
            "daemon off; pid {place}/pid; error_log stderr notice; events {{}}\n\
             http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p;\n\
             fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;\n\
             ssl_certificate {place}/cert; ssl_certificate_key {place}/key;\n\
             server {{ listen 127.0.0.1:{clear}; return 200 '<title>Shop</title>'; }}\n\
             server {{ listen 127.0.0.1:{h2c} http2; }}\n\
             server {{ listen 127.0.0.1:{tls} ssl http2; ssl_protocols TLSv1.2 TLSv1.3; }}\n\
             server {{ listen 127.0.0.1:{modern} ssl; ssl_protocols TLSv1.3; }} }}\n",
            place = folder.path().display()
        ),
    );
    let mut command = Command::new(nginx);
    let server = Server::start(command.arg("-e").arg("stderr").arg("-c").arg(conf), "start worker process ");
    check("nginx", clear, "HTTP/1.1", "title `Shop`");
    check("nginx", h2c, "HTTP/2", "in clear");
    for detail in
        ["TLS 1.2", "ALPN h2", "subject CN=shop.localhost", "names shop.localhost 127.0.0.1", "expires 2"]
    {
        check("nginx", tls, "TLS", detail);
    }
    check("nginx", modern, "TLS", "TLS 1.3 only");
    drop(server);
}

#[test]
fn tls_is_found_where_http_is_refused_without_a_word() {
    let test = "tls_is_found_where_http_is_refused_without_a_word";
    let Some(openssl) = program(test, "openssl") else { return };
    let folder = TempDir::new();
    certificate(&openssl, folder.path());
    let mut command = Command::new(openssl);
    command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", "cert", "-key", "key", "-alpn", "http/1.1"]);
    command.current_dir(folder.path()).stdin(std::process::Stdio::piped());
    let server = Server::start(&mut command, "ACCEPT");
    let port = number_after(server.log.last().unwrap(), ":");
    check("openssl", port, "TLS", "TLS 1.2, ALPN http/1.1, subject CN=shop.localhost");
}

#[test]
fn python_and_node_serve_http() {
    let test = "python_and_node_serve_http";
    let (Some(python), Some(node)) = (program(test, "python3"), program(test, "node")) else { return };
    let folder = TempDir::new();
    let mut command = Command::new(python);
    command.args(["-u", "-m", "http.server", "-b", "127.0.0.1", "0"]).current_dir(folder.path());
    let server = Server::start(&mut command, "Serving HTTP");
    let port = number_after(server.log.last().unwrap().split(" (").next().unwrap(), "port ");
    check("python3 -m http.server", port, "HTTP/1.0", "SimpleHTTP");
    let script = "const s=require('http').createServer((q,r)=>r.end('x'));\
                  s.listen(0,'127.0.0.1',()=>console.log('at '+s.address().port))";
    let server = Server::start(Command::new(node).args(["-e", script]), "at ");
    check("node app.js", number_after(server.log.last().unwrap(), "at "), "HTTP/1.1", "status 200");
}

#[test]
fn grpc_is_told_from_plain_http2() {
    let Some(python) = python("grpc_is_told_from_plain_http2", "grpc") else { return };
    let script = "import grpc, concurrent.futures as f\n\
                  s=grpc.server(f.ThreadPoolExecutor(1))\n\
                  print('at', s.add_insecure_port('127.0.0.1:0'))\n\
                  s.start(); print('started', flush=True); s.wait_for_termination()";
    let server = Server::start(Command::new(python).args(["-c", script]), "started");
    let port = server.log.iter().find(|line| line.starts_with("at ")).map(|line| number_after(line, "at "));
    check("python3 server.py", port.unwrap(), "gRPC", "over HTTP/2");
}

#[test]
fn a_websocket_server_is_asked_for_an_upgrade() {
    let Some(python) = python("a_websocket_server_is_asked_for_an_upgrade", "websockets") else { return };
    let script = "import asyncio, websockets\n\
                  async def handle(s, p=None):\n  async for m in s: pass\n\
                  async def main():\n  async with websockets.serve(handle, '127.0.0.1', 0) as s:\n\
                  \x20   print('at', s.sockets[0].getsockname()[1], flush=True); await asyncio.Future()\n\
                  asyncio.run(main())";
    let server = Server::start(Command::new(python).args(["-c", script]), "at ");
    check("python3 chat.py", number_after(server.log.last().unwrap(), "at "), "WebSocket", "over HTTP/1.1");
}

/// A self-signed certificate for `shop.localhost`, as `cert` and `key` in a folder.
fn certificate(openssl: &Path, folder: &Path) {
    let names = "subjectAltName=DNS:shop.localhost,IP:127.0.0.1";
    let more = ["-subj", "/CN=shop.localhost", "-addext", names, "-keyout", "key", "-out", "cert"];
    self_signed(openssl, folder, &more);
}
