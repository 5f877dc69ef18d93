//! How an audit is written, what it is told to leave out, and how it ends.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use serde_json::Value;

use super::planted::{audit, ids, listening, parsed, python, server};
use crate::support::{
    child::Held,
    peers, program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// A server whose arguments hold a secret: one finding of A54.
fn planted(address: &str, port: u16) -> (Held, u16) {
    listening(&mut server(&python(), address, port, &["--token", "hunter2hunter2"]))
}

#[test]
fn a_document_has_what_was_promised() {
    let (server, port) = planted("127.88.6.1", 0);
    let ran = audit(&[&format!("127.88.6.1:{port}"), "--only", "A54", "--json"]);
    let document = parsed(&ran);
    assert_eq!((ran.status, &document["schema"]), (Some(1), &"navyd.audit/1".into()));
    let finding = &document["findings"][0];
    for (field, expected) in [("id", "A54"), ("confidence", "observed"), ("doc", "navyd audit explain A54")] {
        assert_eq!(finding[field], expected, "{document:#}");
    }
    assert!(finding["severity"]["score"].is_f64() && finding["severity"]["word"].is_string(), "{finding:#}");
    assert_eq!(finding["holders"][0]["pid"], server.pid());
    let listener = &finding["listener"];
    assert_eq!(
        (&listener["address"], &listener["port"], &listener["proto"]),
        (&"127.88.6.1".into(), &port.into(), &"tcp".into())
    );
    for field in ["title", "evidence", "fix"] {
        assert!(finding[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {finding:#}");
    }
    let lines = audit(&[&format!("127.88.6.1:{port}"), "--only", "A54", "--jsonl"]);
    assert_eq!(serde_json::from_str::<Value>(&lines.stdout).unwrap(), *finding);
}

#[test]
fn a_pipe_gets_one_finding_a_line() {
    let (server, port) = planted("127.88.6.2", 0);
    let ran = audit(&[&format!("127.88.6.2:{port}"), "--only", "A54"]);
    let cells: Vec<&str> = ran.stdout.trim_end_matches('\n').split('\t').collect();
    assert_eq!((ran.status, cells.len()), (Some(1), 10), "{ran:?}");
    assert_eq!(cells[2..5], ["observed", "A54", &format!("127.88.6.2:{port}")]);
    assert!(cells[5].ends_with(&format!(" {}", server.pid())), "{cells:?}");
    assert!(ran.stderr.starts_with("1 finding at 1 listener: "), "{}", ran.stderr);
}

#[test]
fn markdown_is_a_table() {
    let (_server, port) = planted("127.88.6.3", 0);
    let ran = audit(&[&format!("127.88.6.3:{port}"), "--only", "A54", "--markdown"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.starts_with("## `navyd audit`\n\n1 finding at 1 listener: "), "{}", ran.stdout);
    let row = ran.stdout.lines().last().unwrap();
    assert_eq!(row.matches(" | ").count(), 5, "{row}");
    assert!(row.contains(&format!("| A54 | `127.88.6.3:{port}` | `python3")), "{row}");
}

#[test]
fn sarif_is_as_its_schema_says() {
    let test = "sarif_is_as_its_schema_says";
    let (_server, port) = planted("127.88.6.4", 0);
    let folder = TempDir::new();
    let ran = audit(&[&format!("127.88.6.4:{port}"), "--only", "A54", "--sarif"]);
    let log = folder.write("log.sarif", &ran.stdout);
    let results = &parsed(&ran)["runs"][0]["results"];
    assert_eq!((ran.status, results.as_array().map(Vec::len)), (Some(1), Some(1)), "{ran:?}");
    assert!(
        results[0]["partialFingerprints"]["navyd/v1"].as_str().unwrap().ends_with(&format!("tcp/{port}"))
    );

    let schema = peers::modules().join("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
    let Some(node) = program("node").filter(|_| schema.is_file()) else {
        skip(test, "`@microsoft/jest-sarif` is not installed: scripts/peers does it");
        return;
    };
    let script = "const file = process.argv[1], from = require('module').createRequire(file); \
                  const [schema, log] = process.argv.slice(1).map(file => JSON.parse(require('fs').readFileSync(file))); \
                  const Ajv = from('ajv'), ajv = new Ajv({schemaId: 'auto', unknownFormats: 'ignore', logger: false}); \
                  ajv.addMetaSchema(from('ajv/lib/refs/json-schema-draft-04.json')); \
                  const valid = ajv.validate(schema, log), errors = JSON.stringify(ajv.errors); \
                  delete log.runs[0].tool; console.log(valid, ajv.validate(schema, log), errors)";
    let told = run(Command::new(node).arg("-e").arg(script).arg(&schema).arg(&log));
    assert_eq!(told.stdout, "true false null\n", "{told:?}");
}

#[test]
fn what_a_project_accepts_outlives_a_restart_and_goes_stale() {
    let folder = TempDir::new();
    folder.write("package.json", r#"{"name": "shop"}"#);
    let start = |port| {
        let mut command = server(&python(), "127.88.6.5", port, &["--token", "hunter2hunter2"]);
        listening(command.current_dir(folder.path()))
    };
    let (first, port) = start(0);
    let target = format!("127.88.6.5:{port}");
    let ask = |args: &[&str]| run(navyd().current_dir(folder.path()).arg("audit").args(args));
    let look = || ask(&[&target, "--only", "A54", "--json"]);
    assert_eq!(look().status, Some(1));
    let accepted = ask(&["--accept", "a54", &target, "--reason", "a \"demo\""]);
    assert_eq!(accepted.status, Some(0), "{accepted:?}");
    assert!(accepted.stdout.starts_with("accepted A54 of python3"), "{}", accepted.stdout);
    let file = folder.path().join("navyd-audit.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("project = \"shop\"") && text.contains("reason = \"a \\\"demo\\\"\""), "{text}");
    assert!(!text.contains("pid") && !text.contains(&folder.path().display().to_string()), "{text}");

    let old = first.pid();
    drop(first);
    let (second, _) = start(port);
    assert_ne!(second.pid(), old);
    let again = look();
    let document = parsed(&again);
    assert_eq!((again.status, &document["accepted"]), (Some(0), &1.into()), "{document:#}");
    let log = parsed(&ask(&[&target, "--only", "A54", "--sarif"]));
    assert_eq!(log["runs"][0]["results"][0]["suppressions"][0]["justification"], "a \"demo\"");
    // Once more adds nothing.
    assert_eq!(ask(&["--accept", "A54", &target]).status, Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    drop(second);
    let stale = parsed(&ask(&["--json"]));
    let told = stale["stale"].as_array().unwrap();
    assert!(told.len() == 1 && told[0].as_str().unwrap().contains("accepts A54 of python3"), "{told:?}");
    fs::write(&file, "[[accepted]]\nid = \"A99\"\n").unwrap();
    let unknown = parsed(&ask(&["--json"]));
    assert!(
        unknown["stale"].to_string().contains("accepts `A99`, which is no check"),
        "{}",
        unknown["stale"]
    );
    fs::write(&file, "[[accepted]]\nid = 7\n").unwrap();
    let broken = ask(&[]);
    assert!(broken.status == Some(2) && broken.stderr.contains("cannot be understood"), "{broken:?}");
}

#[test]
fn what_is_mistyped_is_refused_with_a_line_to_type() {
    let folder = TempDir::new();
    let ask = |args: &[&str]| run(navyd().current_dir(folder.path()).arg("audit").args(args));
    for (args, said, hint) in [
        (&["127.88.6.6:9"][..], "error: `127.88.6.6:9` names no listener", "hint: navyd ls"),
        (&["no-such-program-here"], "error: `no-such-program-here` names no listener", "hint: navyd ls"),
        (&["--only", "A99"], "error: no check is called `A99`", "hint: navyd audit explain A"),
        (&["--skip", "secret"], "error: no check is called `secret`", "hint: navyd audit explain A54"),
        (&["explain", "A00"], "error: no check is called `A00`", "hint: navyd audit explain A01"),
        (&["--dry-run"], "error: `--dry-run` and `--yes` need `--fix`", "hint: navyd audit --fix --dry-run"),
        (&["--min-severity", "awful"], "error: ", "hint: "),
        (
            &["--baseline", "absent.toml"],
            "error: `absent.toml` cannot be read",
            "hint: navyd audit --accept ID --baseline FILE",
        ),
        (&["--baseline", "."], "error: `.` cannot be read", "hint: navyd audit --accept ID --baseline FILE"),
    ] {
        let ran = ask(args);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.starts_with(said) && ran.stderr.contains(hint), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_check_is_explained() {
    let all = audit(&["explain"]);
    assert_eq!(all.status, Some(0), "{all:?}");
    assert!(all.stdout.lines().any(|line| line.starts_with("A54\t")), "{}", all.stdout);
    let one = audit(&["explain", "a54"]);
    let labels = ["A54  ", "  why       ", "  silent    ", "  severity  ", "  fix       "];
    let starts: Vec<_> = one.stdout.lines().collect();
    assert!(labels.iter().all(|label| starts.iter().any(|line| line.starts_with(label))), "{}", one.stdout);
    let document = parsed(&audit(&["explain", "A54", "--json"]));
    assert_eq!(
        (&document["schema"], &document["checks"][0]["id"]),
        (&"navyd.audit-checks/1".into(), &"A54".into())
    );
}

#[test]
fn a_folder_that_everybody_may_change_is_closed_when_it_is_asked_for() {
    let folder = TempDir::new();
    let open = folder.path().join("it's open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let mode = || fs::metadata(&open).unwrap().permissions().mode() & 0o7777;
    let (_server, port) = listening(server(&python(), "127.88.6.7", 0, &[]).current_dir(&open));
    let target = format!("127.88.6.7:{port}");
    let fix = |more: &[&str]| audit(&[&[target.as_str(), "--only", "A55", "--fix"], more].concat());

    let dry = fix(&["--dry-run"]);
    assert_eq!((dry.status, mode()), (Some(1), 0o777), "{dry:?}");
    assert!(dry.stderr.contains("would apply chmod o-w '"), "{dry:?}");
    let nobody = fix(&[]);
    assert_eq!((nobody.status, mode()), (Some(2), 0o777), "{nobody:?}");
    assert!(nobody.stderr.contains("hint: navyd audit --fix --yes"), "{nobody:?}");
    let done = fix(&["--yes", "--json"]);
    let document = parsed(&done);
    assert_eq!((done.status, mode(), ids(&document)), (Some(0), 0o775, vec![]), "{done:?}");
    assert_eq!((&document["fixed"][0]["id"], &document["fixed"][0]["error"]), (&"A55".into(), &Value::Null));
}
