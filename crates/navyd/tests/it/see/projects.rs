//! Where a holder comes from: project, branch, worktree, framework, ancestors.

use std::{path::Path, process, process::Command};

use serde_json::{Value, json};

use super::{document, interpreter, ls, only, told};
use crate::support::{child::Held, program, run::run, skip, temp::TempDir};

/// A server of the standard library.
const SERVER: &str = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); \
                      print(s.getsockname()[1], flush=True); sys.stdin.read()";

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=t", "-c", "user.email=t@localhost"]).args(arguments);
    let ran = run(command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null"));
    assert_eq!(ran.status, Some(0), "git {arguments:?}: {}", ran.stderr);
}

/// A repository named `shop` on branch `main`, with one commit.
fn shop(test: &str) -> Option<TempDir> {
    if program("git").is_none() {
        skip(test, "`git` is not installed");
        return None;
    }
    let folder = TempDir::new();
    folder.write("shop/package.json", r#"{"name": "@acme/shop", "devDependencies": {"vite": "7"}}"#);
    let shop = folder.path().join("shop");
    git(&shop, &["init", "-q", "-b", "main"]);
    git(&shop, &["add", "."]);
    git(&shop, &["commit", "-q", "-m", "one"]);
    Some(folder)
}

/// The first holder of the listener that the child tells of.
fn holder(child: &mut Held) -> Value {
    let port = told(child).as_u64().expect("a port");
    let seen = document(&mut ls(["--port", &port.to_string()]));
    let holders = only(&seen, port)["holders"].clone();
    assert_eq!(holders.as_array().map(Vec::len), Some(1), "{seen:#}");
    holders[0].clone()
}

#[test]
fn a_server_of_a_repository_belongs_to_its_project_and_branch() {
    let test = "a_server_of_a_repository_belongs_to_its_project_and_branch";
    let Some(folder) = shop(test) else { return };
    let Some(node) = program("node") else { return skip(test, "`node` is not installed") };
    let script = "require('net').createServer().listen(0, '127.0.0.1', function () { \
                  console.log(this.address().port) }); process.stdin.on('end', () => process.exit()).resume()";
    let main = folder.write("shop/node_modules/vite/bin/vite.js", script);
    let shop = folder.path().join("shop");
    let started = jiff::Timestamp::now();
    let mut server = Held::start(Command::new(node).arg(&main).arg("dev").current_dir(&shop));
    let holder = holder(&mut server);
    assert_eq!(holder["name"], "node");
    assert_eq!(holder["framework"], "Vite");
    let project = json!({"root": shop, "name": "@acme/shop", "branch": "main", "kind": "git"});
    assert_eq!(holder["project"], project);
    assert_eq!(holder["cwd"], shop.to_str().expect("text"));
    let since: jiff::Timestamp = holder["started_at"].as_str().expect("a time").parse().expect("RFC 3339");
    // The time of boot is known in whole seconds.
    assert!((since.as_second() - started.as_second()).abs() <= 2, "{since} {started}");
    let text = run(&mut ls(["--project", "acme/SHOP"])).stdout;
    assert!(text.contains("\t@acme/shop (main)\t"), "{text}");
}

#[test]
fn a_worktree_is_a_project_of_its_own() {
    let Some(folder) = shop("a_worktree_is_a_project_of_its_own") else { return };
    git(&folder.path().join("shop"), &["worktree", "add", "-q", "-b", "cart", "../cart"]);
    let cart = folder.path().join("cart");
    let mut server = Held::start(Command::new(interpreter()).args(["-c", SERVER]).current_dir(&cart));
    let project = json!({"root": cart, "name": "@acme/shop", "branch": "cart", "kind": "worktree"});
    assert_eq!(holder(&mut server)["project"], project);
}

#[test]
fn a_holder_has_its_ancestors_the_nearest_first() {
    let mut shell = Command::new("sh");
    let mut server =
        Held::start(shell.args(["-c", "\"$@\"; exit $?", "sh"]).arg(interpreter()).args(["-c", SERVER]));
    let holder = holder(&mut server);
    let ancestors = holder["ancestors"].as_array().expect("ancestors");
    let pids: Vec<_> = ancestors.iter().map(|one| one["pid"].as_u64()).collect();
    assert_eq!(pids[..2], [Some(u64::from(server.pid())), Some(u64::from(process::id()))], "{ancestors:?}");
    assert!(pids.iter().all(|pid| *pid > Some(1)), "{ancestors:?}");
}
