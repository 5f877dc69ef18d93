//! Names, arguments, directories and paths of any bytes: one row stays one row, no control byte reaches a
//! terminal, and JSON gives every byte back.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{document, interpreter, ls, only, own, python, terminal, told};
use crate::support::{child::Held, program, skip, temp::TempDir};

/// What processes, arguments and directories are called. File names hold at most 255 bytes and no slash.
const NAMES: [&[u8]; 8] = [
    b"\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    b"two\nrows\ttwo\rcells",
    "\u{202e}gnp.exe\u{2066}\u{200b}".as_bytes(),
    b"bad\xff\xfe\x80utf8",
    b"=HYPERLINK(\"x\"),\"y\"",
    "\u{9b}31m \u{85}c1".as_bytes(),
    "⚙\u{fe0f}日本語 \u{1f468}".as_bytes(),
    b") R 1 (",
];

/// Listens, and becomes the program in its arguments, which keeps the listener: PROGRAM ARGUMENT…
const BECOME: &str = r#"
import os, socket, sys
server = socket.create_server(("127.0.0.1", 0))
server.set_inheritable(True)
print(server.getsockname()[1], flush=True)
arguments = [os.fsencode(word) for word in sys.argv[1:]]
os.execv(arguments[0], arguments)
"#;

struct Hostile {
    name: &'static [u8],
    port: u64,
    child: Held,
    folder: TempDir,
}

/// A copy of `cat` with this name, in a directory with this name, with this name in its argument.
fn hostile(name: &'static [u8]) -> Hostile {
    let folder = TempDir::new();
    let directory = folder.path().join(OsStr::from_bytes(name));
    fs::create_dir(&directory).expect("our own directory");
    let copy = directory.join(OsStr::from_bytes(name));
    fs::copy("/bin/cat", &copy).expect("a copy");
    let mut command = python(BECOME);
    let mut child = Held::start(
        // `cat` shows what is not a file as an error, and goes on with its standard input.
        command
            .arg(&copy)
            .arg(OsStr::from_bytes(&argument(name)))
            .arg("-")
            .current_dir(&directory)
            .stderr(Stdio::null()),
    );
    let port = told(&mut child).as_u64().expect("a port");
    // It answers once it is `cat`.
    child.say("ready");
    assert_eq!(child.line(), "ready");
    Hostile { name, port, child, folder }
}

/// No file has this name.
fn argument(name: &[u8]) -> Vec<u8> {
    [name, b"~"].concat()
}

#[test]
fn json_gives_every_byte_back() {
    for name in NAMES {
        let made = hostile(name);
        let seen = document(&mut ls(["--port", &made.port.to_string()]));
        let holder = &only(&seen, made.port)["holders"][0];
        let directory = [made.folder.path().as_os_str().as_bytes(), b"/", name].concat();
        let exe = [&directory, &b"/"[..], name].concat();
        assert_eq!(holder["pid"], made.child.pid());
        assert_eq!(text(&holder["name"], &holder["raw"]["name"]), name, "{holder:#}");
        assert_eq!(text(&holder["exe"], &holder["raw"]["exe"]), exe, "{holder:#}");
        assert_eq!(text(&holder["cwd"], &holder["raw"]["cwd"]), directory, "{holder:#}");
        let word = |at: usize| text(&holder["argv"][at], &holder["raw"]["argv"][at]);
        assert_eq!([word(0), word(1), word(2)], [exe, argument(name), b"-".to_vec()], "{holder:#}");
        // Bytes are there only where text could not hold them.
        assert_eq!(holder["raw"].is_null(), std::str::from_utf8(name).is_ok(), "{holder:#}");
    }
}

/// The bytes that JSON tells: the raw ones where there are any, which the text then only resembles.
fn text(shown: &Value, raw: &Value) -> Vec<u8> {
    let shown = shown.as_str().expect("text");
    let Some(raw) = raw.as_str() else { return shown.as_bytes().to_vec() };
    let bytes = STANDARD.decode(raw).expect("Base64");
    assert_eq!(String::from_utf8_lossy(&bytes), shown);
    bytes
}

#[test]
fn one_row_stays_one_row_and_no_control_byte_is_written() {
    let made: Vec<_> = NAMES.into_iter().map(hostile).collect();
    let pids: Vec<_> = made.iter().map(|made| made.child.pid().to_string()).collect();
    let pids = pids.join(",");
    let piped = bytes(&mut ls(["--pid", &pids]));
    assert_harmless(&piped, "\n\t");
    let piped = String::from_utf8(piped).expect("text");
    assert_eq!(piped.lines().count(), NAMES.len(), "{piped}");
    assert!(piped.lines().all(|row| row.split('\t').count() == 8), "{piped}");
    assert!(piped.contains("two\\nrows\\ttwo\\rcells "), "{piped}");

    let mut asked = terminal::navyd(100, 40, "");
    let drawn = bytes(asked.args(["ls", "--pid", &pids]));
    assert_harmless(&drawn, "\r\n");
    let drawn = String::from_utf8(drawn).expect("text");
    let rows: Vec<_> = drawn.lines().filter(|line| line.starts_with("tcp ")).collect();
    assert_eq!(rows.len(), NAMES.len(), "{drawn}");

    for form in ["--json", "--jsonl", "--csv"] {
        let written = bytes(&mut ls(["--pid", &pids, form]));
        assert_harmless(&written, if form == "--csv" { "\r\n" } else { "\n" });
    }
}

/// Fails at the first character that acts on a terminal or hides, save those of the layout.
fn assert_harmless(written: &[u8], layout: &str) {
    let written = std::str::from_utf8(written).expect("what is written is UTF-8");
    let hides = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let acts = written.chars().find(|&c| (c.is_control() && !layout.contains(c)) || hides(c));
    assert_eq!(acts, None, "{written:?}");
}

#[test]
fn other_programs_parse_what_is_written() {
    let made: Vec<_> = NAMES.into_iter().map(hostile).collect();
    let pids: Vec<_> = made.iter().map(|made| made.child.pid().to_string()).collect();
    let pids = pids.join(",");
    let written = bytes(&mut ls(["--json", "--pid", &pids]));
    let ours: Value = serde_json::from_slice(&written).expect("JSON");
    let python = "import json,sys; print(json.dumps(json.load(sys.stdin)))";
    let node =
        "process.stdin.setEncoding('utf8'); let all = ''; process.stdin.on('data', part => all += part);
                process.stdin.on('end', () => console.log(JSON.stringify(JSON.parse(all))))";
    let mut readers = vec![(interpreter(), "-c", python)];
    match program("node") {
        Some(program) => readers.push((program, "-e", node)),
        None => skip("other_programs_parse_what_is_written", "`node` is not installed"),
    }
    for (reader, flag, script) in readers {
        let again = piped(&written, Command::new(&reader).arg(flag).arg(script));
        assert_eq!(serde_json::from_slice::<Value>(&again).expect("JSON"), ours, "{}", reader.display());
    }

    let written = bytes(&mut ls(["--csv", "--pid", &pids]));
    let script = "import csv,io,json,sys; print(json.dumps(list(csv.DictReader(io.TextIOWrapper(\
                  sys.stdin.buffer, encoding='utf-8', newline='')))))";
    let records: Value =
        serde_json::from_slice(&piped(&written, Command::new(interpreter()).args(["-c", script])))
            .expect("JSON");
    let records = records.as_array().expect("records");
    assert_eq!(records.len(), NAMES.len());
    for made in &made {
        let port = made.port.to_string();
        let record = records.iter().find(|record| record["port"] == port.as_str()).expect("its record");
        assert_eq!(record.as_object().map(serde_json::Map::len), Some(22), "{record:#}");
        assert_eq!(record["pids"], made.child.pid().to_string());
        let name = record["name"].as_str().expect("text");
        assert!(!name.starts_with(['=', '+', '-', '@']), "{name}");
        if made.name.starts_with(b"=") {
            assert_eq!(name, "'=HYPERLINK(\"x\"),\"y\"");
        }
    }
}

#[test]
fn what_was_deleted_is_told() {
    let made = hostile(b"gone");
    let seen = document(&mut ls(["--port", &made.port.to_string()]));
    let holder = |seen: &Value| only(seen, made.port)["holders"][0].clone();
    assert_eq!(
        [&holder(&seen)["exe_deleted"], &holder(&seen)["cwd_deleted"]],
        [&json!(false), &json!(false)]
    );
    assert_eq!(only(&seen, made.port)["note"], Value::Null);

    let directory = made.folder.path().join("gone");
    fs::remove_file(directory.join("gone")).expect("our own file");
    let seen = document(&mut ls(["--port", &made.port.to_string()]));
    assert_eq!([&holder(&seen)["exe_deleted"], &holder(&seen)["cwd_deleted"]], [&json!(true), &json!(false)]);
    assert_eq!(only(&seen, made.port)["note"], "executable deleted");

    fs::remove_dir(&directory).expect("our own directory");
    let seen = document(&mut ls(["--port", &made.port.to_string()]));
    assert_eq!(holder(&seen)["cwd_deleted"], true);
    assert_eq!(holder(&seen)["cwd"], directory.to_str().expect("text"));
    assert_eq!(holder(&seen)["exe"], directory.join("gone").to_str().expect("text"));
}

#[test]
fn a_unix_path_of_any_bytes_is_one_row() {
    let script = r#"
import os, socket, sys
keep = []
for name in sys.argv[1:]:
    keep.append(socket.socket(socket.AF_UNIX)); keep[-1].bind(os.fsencode(name)); keep[-1].listen(3)
keep.append(socket.socket(socket.AF_UNIX)); keep[-1].bind(b"\0navyd-test-%d" % os.getpid()); keep[-1].listen(3)
print('"ready"', flush=True)
sys.stdin.read()
"#;
    let folder = TempDir::new();
    let paths: Vec<_> =
        NAMES.iter().map(|name| folder.path().join(OsString::from_vec(name.to_vec()))).collect();
    let mut child = Held::start(python(script).args(&paths));
    told(&mut child);
    let pid = child.pid().to_string();
    let seen = document(&mut ls(["--unix", "--pid", &pid]));
    let mut shown: Vec<_> = own(&seen).iter().map(|one| text(&one["path"], &one["raw_path"])).collect();
    let mut expected: Vec<_> = paths.iter().map(|path| path.as_os_str().as_bytes().to_vec()).collect();
    expected.push(format!("@navyd-test-{pid}").into_bytes());
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
    assert!(own(&seen).iter().all(|one| one["queue"]["max"] == 3 && one["state"] == "listen"), "{seen:#}");
    let piped = bytes(&mut ls(["--unix", "--pid", &pid]));
    assert_harmless(&piped, "\n\t");
    assert_eq!(String::from_utf8_lossy(&piped).lines().count(), expected.len());
}

/// What a program writes to its standard output, which must be an answer.
fn bytes(command: &mut Command) -> Vec<u8> {
    let ran = command.stdin(Stdio::null()).output().expect("it can be started");
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

/// What a program answers to this input.
fn piped(input: &[u8], command: &mut Command) -> Vec<u8> {
    let folder = TempDir::new();
    let file = fs::File::open(folder.write("input", input)).expect("our own file");
    let ran = command.stdin(file).output().expect("it can be started");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}
