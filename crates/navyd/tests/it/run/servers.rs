//! Servers that take the port they are told, and servers that do not.

use std::process::Command;

use super::{Home, Named, answer, needed, node_server, until, write_program};
use crate::support::skip;

#[test]
fn node_has_a_name_and_the_port_it_was_told() {
    let Some(node) = needed("node_has_a_name_and_the_port_it_was_told", "node") else { return };
    let home = Home::new();
    let script = node_server("hello", "process.env.PORT", "127.0.0.1");
    let script = format!("console.error('told', process.env.PORT, process.env.HOST);{script}");
    let mut run = home.run(&["--", &node, "-e", &script]);
    let told = run.line("told ");
    let named = run.named();
    assert_eq!(named.host, "shop.localhost");
    assert_eq!(told, format!("told {} 127.0.0.1", named.leads.strip_prefix("127.0.0.1:").unwrap()));
    let port: u16 = named.leads.rsplit(':').next().unwrap().parse().unwrap();
    assert!((20_000..30_000).contains(&port), "{named:?}");
    let answer = named.answer();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
}

#[test]
fn a_held_port_is_taken_by_node_and_python_in_every_form() {
    let test = "a_held_port_is_taken_by_node_and_python_in_every_form";
    let (Some(node), Some(python)) = (needed(test, "node"), needed(test, "python3")) else { return };
    let home = Home::new();
    for host in ["127.0.0.1", "0.0.0.0", "::"] {
        let mut run = home.run(&["--", &node, "-e", &node_server("x", "process.env.PORT", host)]);
        let named = run.named();
        assert!(named.answer().starts_with("HTTP/1.1 200"), "node at {host}: {named:?}");
    }
    for host in ["127.0.0.1", "0.0.0.0"] {
        let line = format!("exec {python} -m http.server -b {host} $PORT");
        let mut run = home.run(&["--", "sh", "-c", &line]);
        let named = run.named();
        let answer = named.answer();
        assert!(answer.contains("package.json"), "python at {host}: {answer}");
    }
}

#[test]
fn a_server_without_reuse_has_a_chosen_port() {
    let test = "a_server_without_reuse_has_a_chosen_port";
    let Some(python) = needed(test, "python3") else { return };
    let home = Home::new();
    let script = "import os, socket, time\n\
        s = socket.socket(); s.bind(('127.0.0.1', int(os.environ['PORT']))); s.listen()\n\
        while True: c = s.accept()[0]; c.recv(9999); c.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\nplain'); c.close()";
    let free = home.answer(&["port", "--stable", "chosen"]).stdout;
    let mut run = home.run(&["--port", free.trim(), "--", &python, "-c", script]);
    let named = run.named();
    assert_eq!(named.leads, format!("127.0.0.1:{}", free.trim()));
    assert!(named.answer().contains("plain"), "{named:?}");
}

#[test]
fn a_server_that_ignores_its_port_is_followed() {
    let Some(node) = needed("a_server_that_ignores_its_port_is_followed", "node") else { return };
    let home = Home::new();
    // As Vite does it by default: on ::1 alone. A line moves it somewhere else.
    let script = "const h=require('http');let s;\
        const go=()=>{s=h.createServer((q,r)=>{r.setHeader('connection','close');r.end('at '+s.address().port)});\
        s.listen(0,'::1',()=>console.log('bound',s.address().port))};\
        go();process.stdin.on('data',()=>{s.close();go()}).on('end',()=>process.exit(0))";
    let mut run = home.run(&["--", &node, "-e", script]);
    for _ in 0..2 {
        let bound = run.line("bound ").strip_prefix("bound ").unwrap().to_owned();
        let named = run.named();
        assert_eq!(named.leads, format!("[::1]:{bound}"));
        assert!(named.answer().ends_with(&format!("at {bound}")), "{}", named.answer());
        run.say("move");
    }
    let (status, log) = run.end();
    assert_eq!(status, Some(0), "{log}");
}

#[test]
fn requests_wait_until_it_listens() {
    let Some(node) = needed("requests_wait_until_it_listens", "node") else { return };
    let home = Home::new();
    let script = node_server("at last", "process.env.PORT", "127.0.0.1");
    let script = format!("process.stdin.once('data',()=>{{{script}}})");
    let mut run = home.run(&["--", &node, "-e", &script]);
    let mut routes = String::new();
    until("it has a name before it listens", || {
        routes = home.answer(&["route", "ls"]).stdout;
        routes.contains("shop.localhost")
    });
    let (_, rest) = routes.split_once("http://shop.localhost:").unwrap();
    let port = rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
    let asked = Named { host: "shop.localhost".into(), port, leads: String::new() }.ask();
    run.say("go");
    let answer = answer(asked);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("at last"), "{answer}");
}

#[test]
fn a_grandchild_is_followed() {
    let Some(node) = needed("a_grandchild_is_followed", "node") else { return };
    let home = Home::new();
    home.0.write("shop/server.js", node_server("deep", "0", "127.0.0.1"));
    let line = format!("sh -c '{node} server.js; :'; :");
    let mut run = home.run(&["--", "sh", "-c", &line]);
    let named = run.named();
    assert!(named.answer().ends_with("deep"), "{named:?}");
}

#[test]
fn a_script_of_npm_gets_its_flags() {
    let test = "a_script_of_npm_gets_its_flags";
    let (Some(node), Some(npm)) = (needed(test, "node"), needed(test, "npm")) else { return };
    let home = Home::new();
    home.0.write(
        "shop/package.json",
        r#"{"name": "shop", "scripts": {"dev": "npm run inner", "inner": "vite"}}"#,
    );
    // It reads nothing but its flags.
    let fake = format!(
        "#!{node}\nconst a=process.argv,p=a[a.indexOf('--port')+1],h=a[a.indexOf('--host')+1];\n\
         require('http').createServer((q,r)=>r.end(a.slice(2).join(' '))).listen(+p,h)\n"
    );
    write_program(&home.0, "shop/node_modules/.bin/vite", &fake);
    let mut run = home.run(&["--", &npm, "run", "dev"]);
    let named = run.named();
    let port = named.leads.strip_prefix("127.0.0.1:").unwrap();
    let answer = named.answer();
    assert!(answer.ends_with(&format!("--port {port} --host 127.0.0.1 --strictPort")), "{answer}");
}

#[test]
fn real_vite_is_named_and_served() {
    let test = "real_vite_is_named_and_served";
    let (Some(_), Some(npm)) = (needed(test, "node"), needed(test, "npm")) else { return };
    let home = Home::new();
    home.0.write("shop/package.json", r#"{"name": "shop", "private": true, "scripts": {"dev": "vite"}}"#);
    home.0.write("shop/index.html", "<title>Shop</title><script type=module src=/main.js></script>");
    home.0.write("shop/main.js", "console.log('shop')");
    let mut install = Command::new(&npm);
    install.args(["install", "--no-audit", "--no-fund", "--fetch-retries=0", "vite@6.3.5"]);
    let installed = install.current_dir(home.shop()).output().unwrap();
    if !installed.status.success() {
        let said = String::from_utf8_lossy(&installed.stderr).into_owned();
        let said = said.lines().find(|line| line.contains("error")).unwrap_or("npm failed").to_owned();
        return skip(test, &format!("vite cannot be installed: {said}"));
    }
    let mut run = home.run(&["--", &npm, "run", "dev"]);
    let named = run.named();
    assert!(named.leads.starts_with("127.0.0.1:2"), "{named:?}");
    // Its check of hosts lets `.localhost` pass.
    let answer = named.answer();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("/@vite/client"), "{answer}");
}
