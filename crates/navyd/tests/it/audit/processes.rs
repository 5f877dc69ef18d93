//! Dangers of processes: each planted on a real program, with a clean twin that must stay without any.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::score::Score;

use crate::support::{
    child::Held,
    is_root, program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// The checks of processes but A50, which tells of everything that root started beside somebody else's.
const CHECKS: &str = "A23,A40,A41,A42,A43,A51,A52,A53,A54,A55";

/// Listens where nobody else does, says where, and ends with its standard input.
const SERVER: &str = "import socket,sys\ns=socket.create_server(('127.62.91.1',0))\n\
                      print(s.getsockname()[1],flush=True)\nsys.stdin.read()";
const NODE_SERVER: &str = "require('net').createServer().listen(0,'127.62.91.2',function(){\
                           console.log(this.address().port)});process.stdin.resume().on('end',()=>process.exit());";

/// A program that listens, and the check that must find it; none for a clean twin.
struct Scene {
    name: &'static str,
    check: Option<&'static str>,
    confidence: &'static str,
    port: u16,
    _child: Held,
    _folder: Option<TempDir>,
}

impl Scene {
    /// The child says its port in the first line that holds one.
    fn new(
        name: &'static str,
        check: Option<&'static str>,
        folder: Option<TempDir>,
        command: &mut Command,
    ) -> Self {
        let mut child = Held::start(command);
        let port = loop {
            let line = child.line();
            let port = line.rsplit([':', ' ']).find_map(|word| word.split('/').next()?.parse().ok());
            if let Some(port) = port {
                break port;
            }
        };
        Self { name, check, confidence: "observed", port, _child: child, _folder: folder }
    }

    fn inferred(self) -> Self {
        Self { confidence: "inferred", ..self }
    }
}

/// Programs with dangers of their own; what is only inferred must be told as that.
pub(super) fn processes(score: &mut Score) {
    let mut scenes = python_scenes();
    scenes.extend(node_scenes());
    scenes.extend(java_scenes());
    let answer = audit(CHECKS, &scenes);
    let findings = answer["findings"].as_array().unwrap();
    for scene in &scenes {
        let own: Vec<Value> =
            findings.iter().filter(|finding| finding["listener"]["port"] == scene.port).cloned().collect();
        let said = |id: &str, confidence: &str| format!("{id} {confidence}");
        let found =
            own.iter().map(|one| said(one["id"].as_str().unwrap(), one["confidence"].as_str().unwrap()));
        let expected = scene.check.map(|check| said(check, scene.confidence));
        score.compare(scene.name, &expected.into_iter().collect(), &found.collect(), &own);
    }
    assert!(!answer.to_string().contains("hunter2"), "a secret is never told: {answer:#}");
}

#[test]
fn what_runs_as_root_beside_other_users_is_told() {
    let setpriv = program("setpriv").filter(|_| is_root());
    let Some(setpriv) = setpriv else {
        return skip("what_runs_as_root_beside_other_users_is_told", "it takes root and `setpriv`");
    };
    let root = Scene::new("root", Some("A50"), None, &mut python(SERVER));
    let mut command = Command::new(setpriv);
    command.args(["--reuid=62910", "--regid=62910", "--clear-groups", "--"]);
    command.arg(interpreter()).args(["-c", SERVER]);
    let plain = Scene::new("plain", None, None, &mut command);
    let scenes = [root, plain];
    let answer = audit("A50", &scenes);
    let ports: Vec<_> =
        answer["findings"].as_array().unwrap().iter().map(|one| one["listener"]["port"].clone()).collect();
    assert_eq!(ports, [Value::from(scenes[0].port)], "{answer:#}");
    let alone = audit("A50", &scenes[..1]);
    assert_eq!(
        alone["findings"].as_array().map(Vec::len),
        Some(0),
        "all that listens is root's own: {alone:#}"
    );
}

#[test]
fn a_suspended_jvm_hears_nothing() {
    let name = "a_suspended_jvm_hears_nothing";
    let Some(java) = program("java") else { return skip(name, "no `java`") };
    let folder = TempDir::new();
    let said = folder.path().join("stderr");
    let mut command = Command::new(java);
    command.args(["-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0", "-version"]);
    command.stderr(File::create(&said).unwrap());
    let mut jvm = Scene::new("jdwp", Some("A42"), None, &mut command);
    let jvm_port = jvm.port;
    let scenes = std::slice::from_mut(&mut jvm);
    let answer = audit(CHECKS, scenes);
    assert_eq!(answer["findings"][0]["id"], "A42", "{answer:#}");
    let asked = run(navyd().args(["audit", &jvm_port.to_string(), "--probe", "--show-probes"]));
    assert!(asked.stderr.contains("is not asked: a JVM (JDWP)"), "{asked:?}");
    // A connection without a handshake ends the wait, and is told on its standard error.
    assert!(!jvm._child.has_ended(), "it still waits");
    assert_eq!(fs::read_to_string(said).unwrap(), "", "nobody connected");
}

fn python_scenes() -> Vec<Scene> {
    let mut scenes = vec![Scene::new("python", None, None, &mut python(SERVER))];
    for (name, check, argument) in [
        ("a password", Some("A54"), "--password=hunter2-hunter2"),
        ("a URL", Some("A54"), "postgres://me:hunter2-hunter2@localhost/db"),
        ("a file instead", None, "--password-file=/run/hunter2"),
        ("a variable instead", None, "--password=$HUNTER2"),
    ] {
        scenes.push(Scene::new(name, check, None, python(SERVER).arg(argument)));
    }
    for (name, check, mode) in [("o+w", Some("A55"), 0o777), ("sticky", None, 0o1777), ("shut", None, 0o777)]
    {
        let folder = TempDir::new();
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).unwrap();
        fs::set_permissions(&inside, Permissions::from_mode(mode)).unwrap();
        if name == "shut" {
            fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        }
        scenes.push(Scene::new(name, check, Some(folder), python(SERVER).current_dir(inside)));
    }
    let folder = TempDir::new();
    let gone = folder.path().join("gone");
    fs::create_dir(&gone).unwrap();
    scenes.push(Scene::new("cwd removed", Some("A52"), Some(folder), python(SERVER).current_dir(&gone)));
    fs::remove_dir(gone).unwrap();
    scenes.push(replaced());
    let folder = TempDir::new();
    let mut orphan = Command::new("setsid");
    orphan.current_dir(folder.path()).args(["sh", "-c", "exec 3<&0; \"$0\" -c \"$1\" <&3 & "]);
    orphan.arg(interpreter()).arg(SERVER);
    let mut orphan = Scene::new("orphan", Some("A53"), Some(folder), &mut orphan);
    // The leader of its session is gone once it has been waited for.
    while !orphan._child.has_ended() {
        std::thread::yield_now();
    }
    scenes.push(orphan);
    scenes
}

/// A program that was replaced on the disk while it runs.
fn replaced() -> Scene {
    let folder = TempDir::new();
    let copy = folder.path().join("server");
    fs::copy(fs::canonicalize(interpreter()).unwrap(), &copy).unwrap();
    let mut command = Command::new(&copy);
    let scene = Scene::new("exe replaced", Some("A51"), None, command.args(["-c", SERVER]));
    let newer = folder.write("newer", "");
    fs::rename(newer, copy).unwrap();
    Scene { _folder: Some(folder), ..scene }
}

fn node_scenes() -> Vec<Scene> {
    let Some(node) = program("node") else {
        skip("every_planted_fault_is_found_and_none_on_the_clean_twins", "no `node`: its part is left out");
        return Vec::new();
    };
    let run = |script: &Path, cwd: &Path| {
        let mut command = Command::new(&node);
        command.arg(script).current_dir(cwd);
        command
    };
    let mut scenes = vec![Scene::new("node", None, None, Command::new(&node).args(["-e", NODE_SERVER]))];
    let mut inspected = Command::new("sh");
    inspected.args(["-c", "exec \"$0\" --inspect=127.62.91.3:0 -e 'process.stdin.resume()' 2>&1"]).arg(&node);
    scenes.push(Scene::new("inspector", Some("A40"), None, &mut inspected));
    for (name, check, version) in [("vite", Some("A23"), "5.4.10"), ("a good vite", None, "8.3.8")] {
        let folder = TempDir::new();
        let script = package(&folder, "node_modules/vite", "vite", version);
        scenes.push(Scene::new(name, check, None, &mut run(&script, folder.path())));
        scenes.last_mut().unwrap()._folder = Some(folder);
    }
    for (name, check, version) in
        [("vite by pnpm", Some("A23"), "6.0.1"), ("a good vite by pnpm", None, "7.3.2")]
    {
        let folder = TempDir::new();
        package(&folder, &format!("node_modules/.pnpm/vite@{version}/node_modules/vite"), "vite", version);
        let link = folder.path().join("node_modules/vite");
        symlink(format!(".pnpm/vite@{version}/node_modules/vite"), &link).unwrap();
        scenes.push(Scene::new(name, check, None, &mut run(&link.join("bin/vite.js"), folder.path())));
        scenes.last_mut().unwrap()._folder = Some(folder);
    }
    let folder = TempDir::new();
    folder.write("pnpm-lock.yaml", "packages:\n\n  vite@5.4.10:\n    resolution: {}\n");
    // Installed where nobody may look for it: only the lock file tells.
    let script = folder.write("vite", NODE_SERVER);
    scenes.push(
        Scene::new("vite of a lock file", Some("A23"), None, &mut run(&script, folder.path())).inferred(),
    );
    scenes.last_mut().unwrap()._folder = Some(folder);
    scenes
}

fn java_scenes() -> Vec<Scene> {
    let Some(java) = program("java") else { return Vec::new() };
    let agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0";
    let mut argued = Command::new(&java);
    argued.args([agent, "-version"]);
    let mut unargued = Command::new(&java);
    unargued.arg("-version").env("JAVA_TOOL_OPTIONS", agent);
    vec![
        Scene::new("jdwp", Some("A42"), None, &mut argued),
        Scene::new("jdwp by JAVA_TOOL_OPTIONS", Some("A42"), None, &mut unargued).inferred(),
    ]
}

/// A package of npm whose program listens; returns the program.
fn package(folder: &TempDir, at: &str, name: &str, version: &str) -> PathBuf {
    folder.write(&format!("{at}/package.json"), format!(r#"{{"name":"{name}","version":"{version}"}}"#));
    folder.write(&format!("{at}/bin/{name}.js"), NODE_SERVER)
}

fn python(script: &str) -> Command {
    let mut command = Command::new(interpreter());
    command.args(["-c", script]);
    command
}

/// The system's interpreter before one that a version manager keeps where other users may not look.
fn interpreter() -> PathBuf {
    let system = PathBuf::from("/usr/bin/python3");
    if system.exists() { system } else { program("python3").unwrap_or(system) }
}

/// What these checks find at the listeners of the scenes.
fn audit(checks: &str, scenes: &[Scene]) -> Value {
    let mut command = navyd();
    command
        .args(["audit", "--json", "--only", checks])
        .args(scenes.iter().map(|scene| scene.port.to_string()));
    let ran = run(&mut command);
    assert!(matches!(ran.status, Some(0 | 1)), "{ran:?}");
    ran.json()
}
