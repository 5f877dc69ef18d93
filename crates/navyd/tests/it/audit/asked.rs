//! Planted dangers and their clean twins, each asked as a person would.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{ask, score::Score, stand_in};
use crate::{
    probe::{Server, free_port, mariadb, number_after, postgresql, program},
    support::{
        child::Held,
        namespace::Namespace,
        peers,
        run::{navyd, run},
        temp::TempDir,
    },
};

/// Whose servers these are, where one is missing.
const TEST: &str = "audit::matrix::recall_and_false_positives";

/// Programs that behave as told, under names that are known.
pub(super) fn stand_ins(score: &mut Score) {
    let page = |body: &str| json!([200, "text/html", body]);
    let object = |body: Value| json!([200, "application/json", body.to_string()]);
    let version = object(json!({ "ApiVersion": "1.47", "Version": "27.3" }));
    let model = object(json!({ "version": "0.13.1" }));
    let notebook = object(json!({ "kernels": 1, "started": "2026-11-21", "connections": 0 }));
    let cluster = object(json!({ "cluster_name": "shop", "version": { "number": "3" } }));
    let tools = json!([406, "application/json", json!({ "jsonrpc": "2.0", "id": null }).to_string()]);
    let profiles = page("<p>full goroutine stack dump</p>");
    let denied = json!([401, "application/json", "{}"]);
    for (name, what, behaviour, expected) in [
        ("app.py", "a page for every path and name", json!({ "any": page("<div id=app>") }), &["A10"][..]),
        (
            "app.py",
            "a page for every path, by its own name",
            json!({ "any": page("<div id=app>"), "own": true }),
            &[],
        ),
        ("app.py", "a login for everything", json!({ "any": denied, "cors": "*" }), &[]),
        (
            "app.py",
            "whoever asks",
            json!({ "pages": { "/": page("x") }, "own": true, "cors": "reflect" }),
            &["A11"],
        ),
        (
            "app.py",
            "every origin",
            json!({ "pages": { "/": page("x") }, "own": true, "cors": "*" }),
            &["A11"],
        ),
        (
            "app.py",
            "origins of this machine",
            json!({ "pages": { "/": page("x") }, "own": true, "cors": "local" }),
            &[],
        ),
        (
            "webpack-dev-server.py",
            "sockets for all",
            json!({ "pages": { "/": page("x") }, "own": true, "socket": "any" }),
            &["A12"],
        ),
        (
            "webpack-dev-server.py",
            "sockets for its own",
            json!({ "pages": { "/": page("x") }, "own": true, "socket": "own" }),
            &[],
        ),
        (
            "webpack-dev-server.py",
            "the first page by any name",
            json!({ "pages": { "/": page("x") } }),
            &["A10"],
        ),
        ("dockerd.py", "an open engine", json!({ "pages": { "/version": version } }), &["A10", "A30"]),
        ("dockerd.py", "an engine with a key", json!({ "any": denied }), &[]),
        ("dockerd.py", "a page for every path", json!({ "any": page("<div id=app>"), "own": true }), &[]),
        (
            "ollama.py",
            "models for every page",
            json!({ "pages": { "/api/version": model } }),
            &["A10", "A34"],
        ),
        (
            "ollama.py",
            "models for this machine",
            json!({ "pages": { "/api/version": model }, "own": true }),
            &[],
        ),
        (
            "jupyter-server.py",
            "no token",
            json!({ "pages": { "/api/status": notebook }, "own": true }),
            &["A35"],
        ),
        ("jupyter-server.py", "a token", json!({ "any": [403, "application/json", "{}"] }), &[]),
        ("osmem-server.py", "an open search", json!({ "pages": { "/": cluster }, "own": true }), &["A32"]),
        ("osmem-server.py", "a search with a login", json!({ "any": denied }), &[]),
        ("mcp-server.py", "tools for every page", json!({ "pages": { "/mcp": tools } }), &["A36"]),
        ("mcp-server.py", "tools for its own", json!({ "pages": { "/mcp": tools }, "own": true }), &[]),
        (
            "go-build1/main.py",
            "profiles",
            json!({ "pages": { "/debug/pprof/": profiles }, "own": true }),
            &["A37"],
        ),
        ("go-build1/main.py", "no profiles", json!({ "pages": { "/": page("x") }, "own": true }), &[]),
    ] {
        let folder = TempDir::new();
        let (_server, port) = stand_in(&folder, name, &behaviour);
        score.row(&format!("{name}, {what}"), expected, &ask(port, navyd));
    }
}

/// Real databases, open and closed.
pub(super) fn databases(score: &mut Score) {
    let test = TEST;
    if let Some(redis) = program(test, "redis-server") {
        for (word, expected) in [("", &["A31"][..]), ("x", &[])] {
            let port = free_port();
            let mut command = Command::new(&redis);
            command.args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--requirepass",
                word,
            ]);
            let _server = Server::start(&mut command, "Ready to accept connections");
            score.row("redis-server", expected, &ask(port, navyd));
        }
    }
    if let Some(memcached) = program(test, "memcached") {
        let port = free_port();
        let mut command = Command::new(memcached);
        command.args(["-vv", "-u", "nobody", "-U", "0", "-l", "127.0.0.1", "-p", &port.to_string()]);
        let _server = Server::start(&mut command, "server listening");
        score.row("memcached", &["A31"], &ask(port, navyd));
    }
    if let Some((_server, port, folder)) = postgresql(test) {
        score.row("postgres, trust", &["A33"], &ask(port, navyd));
        folder.write("data/pg_hba.conf", "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
        score.row("postgres, scram", &[], &ask(port, navyd));
    }
    if let Some((_server, port, _folder)) = mariadb(test) {
        score.row("mariadbd, --skip-grant-tables", &["A33"], &ask(port, navyd));
    }
    if let Some(mut command) = peers::pypi_script(test, "bin/nx-27017") {
        let (folder, port) = (TempDir::new(), free_port());
        command.args(["--db", "memory", "--host", "127.0.0.1", "-p", &port.to_string(), "--log-file"]);
        command.arg(folder.path().join("log")).arg("--pid-file").arg(folder.path().join("pid"));
        let _server = Server::start(&mut command, "Listening on");
        score.row("MongoDB", &["A32"], &ask(port, navyd));
    }
    if let Some(osmem) = peers::pypi(test, "osmem_server/bin/osmem-server") {
        let mut command = Command::new(osmem);
        let server = Server::start(command.args(["-no-stdin-watch", "-addr", "127.0.0.1:0"]), "\"url\"");
        let port = number_after(server.log.last().unwrap().split("\",").next().unwrap(), ":");
        // It answers to every name, as OpenSearch does without its plugin of security.
        score.row("OpenSearch", &["A10", "A32"], &ask(port, navyd));
    }
}

/// Jupyter, with and without a token.
pub(super) fn notebooks(score: &mut Score) {
    let test = TEST;
    for (token, expected) in [("", &["A35"][..]), ("x", &[])] {
        let Some(mut command) = peers::pypi_script(test, "bin/jupyter-server") else { return };
        let (folder, port) = (TempDir::new(), free_port());
        let options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--ServerApp.port_retries=0"];
        command.args(options).arg(format!("--ServerApp.port={port}")).env("HOME", folder.path());
        command.arg(format!("--IdentityProvider.token={token}")).current_dir(folder.path());
        let _server = Server::start(&mut command, "is running at:");
        score.row(&format!("jupyter-server, token `{token}`"), expected, &ask(port, navyd));
    }
}

/// webpack as it is, and without its guards.
pub(super) fn webpack(score: &mut Score) {
    let test = TEST;
    for (names, expected) in [("auto", &[][..]), ("all", &["A10", "A12"])] {
        let file = "webpack-dev-server/bin/webpack-dev-server.js";
        let Some(mut command) = peers::npm(test, file) else { return };
        let folder = TempDir::new();
        folder.write("package.json", "{}");
        folder.write("src/index.js", "");
        folder.write("public/index.html", "<title>Shop</title>");
        std::os::unix::fs::symlink(peers::modules(), folder.path().join("node_modules")).unwrap();
        let port = free_port();
        command.args([
            "--mode",
            "development",
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--no-open",
        ]);
        command.args(["--allowed-hosts", names]).current_dir(folder.path());
        let _server = Server::start(&mut command, "compiled");
        score.row(&format!("webpack-dev-server, allowed hosts `{names}`"), expected, &ask(port, navyd));
    }
}

/// nginx serves hidden files, or denies them.
pub(super) fn nginx(score: &mut Score) {
    let test = TEST;
    let Some(nginx) = program(test, "nginx") else { return };
    let folder = TempDir::new();
    folder.write("git/.git/HEAD", "ref: refs/heads/main\n");
    folder.write("env/.env", "DB_PASSWORD=x\n");
    let mut servers = String::new();
    let rows = [
        ("git", "", &["A20"][..]),
        ("env", "", &["A20"]),
        ("git", "location ~ /\\. { deny all; }", &[]),
        ("git", "location / { try_files /index.html =404; }", &[]),
    ];
    folder.write("git/index.html", "<div id=app>");
    let ports = rows.map(|_| free_port());
    for (port, (root, rule, _)) in ports.iter().zip(&rows) {
        servers += &format!(
            "server {{ listen 127.0.0.1:{port}; root {}/{root}; {rule} }}\n",
            folder.path().display()
        );
    }
    let user = if crate::support::is_root() { "user root;" } else { "" };
    let place = folder.path().display();
    let conf = folder.write(
        "conf",
        format!(
            "daemon off; {user} pid {place}/pid; error_log stderr notice; events {{}}\n\
             http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p;\n\
             fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;\n{servers} }}\n"
        ),
    );
    let mut command = Command::new(nginx);
    let _server = Server::start(command.args(["-e", "stderr", "-c"]).arg(conf), "start worker process ");
    for (port, (root, rule, expected)) in ports.into_iter().zip(rows) {
        score.row(&format!("nginx, {root} {rule}"), expected, &ask(port, navyd));
    }
}

/// A home directory, and folders of documents.
pub(super) fn folders(score: &mut Score) {
    let folder = TempDir::new();
    folder.write("home/.bash_history", "");
    folder.write("docs/page.html", "<p>");
    folder.write("site/.git/HEAD", "ref: refs/heads/main\n");
    let home = folder.path().join("home");
    // This server answers to every name, whatever it serves.
    for (served, expected) in [("home", &["A10", "A22"][..]), ("docs", &["A10"]), ("site", &["A10", "A20"])] {
        let (_server, port) = http_server(&folder.path().join(served));
        let asked = || {
            let mut command = navyd();
            command.env("HOME", &home);
            command
        };
        score.row(served, expected, &ask(port, asked));
    }
}

fn http_server(folder: &Path) -> (Held, u16) {
    let mut command = Command::new("python3");
    command.args(["-u", "-m", "http.server", "-b", "127.0.0.1", "0"]).current_dir(folder);
    let mut held = Held::start(command.stderr(Stdio::null()));
    let port = number_after(held.line().split(" (").next().unwrap(), "port ");
    (held, port)
}

/// Vite as it is, and without its guards.
pub(super) fn vite(score: &mut Score) {
    let test = TEST;
    for (config, expected) in [
        ("export default {}", &[][..]),
        ("export default { server: { allowedHosts: true } }", &["A10"]),
        ("export default { server: { allowedHosts: true, cors: true } }", &["A10", "A11"]),
    ] {
        let Some(mut command) = peers::npm(test, "vite/bin/vite.js") else { return };
        let folder = TempDir::new();
        folder.write("index.html", "<script type=module src=/main.js></script>");
        folder.write("main.js", "");
        folder.write("vite.config.mjs", config);
        let port = free_port();
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--strictPort"]);
        let _server = Server::start(command.current_dir(folder.path()), "Local:");
        score.row(config, expected, &ask(port, navyd));
    }
}

#[test]
fn both_sides_of_a_wildcard_are_asked_and_told() {
    let test = "both_sides_of_a_wildcard_are_asked_and_told";
    let (Some(redis), Some(namespace)) = (program(test, "redis-server"), Namespace::new(test)) else {
        return;
    };
    for arguments in [
        &["link", "add", "lan", "type", "bridge"][..],
        &["addr", "add", "10.62.89.1/24", "dev", "lan"],
        &["link", "set", "lan", "up"],
    ] {
        let ran = run(namespace.command("ip").args(arguments));
        if ran.status != Some(0) {
            crate::support::skip(test, &format!("no device for a test: {}", ran.stderr.trim()));
            return;
        }
    }
    let mut command = namespace.command(redis);
    command.args(["--port", "6379", "--bind", "0.0.0.0", "--save", ""]);
    let _server = Server::start(&mut command, "Ready to accept connections");
    let findings = ask(6379, || namespace.command(env!("CARGO_BIN_EXE_navyd")));
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let evidence = finding["evidence"].as_str().unwrap();
    assert!(evidence.contains("`PING` was answered `+PONG`"), "{evidence}");
    assert!(evidence.contains("through 10.62.89.1, asked from this machine, `-DENIED"), "{evidence}");
    // Others are refused, so that it counts as open to this machine alone.
    assert_eq!(finding["severity"]["score"], 5.5);
}
