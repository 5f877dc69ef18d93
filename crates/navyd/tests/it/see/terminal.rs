//! On a terminal: what fits, what is coloured, and what is left behind.

use std::process::{Command, Stdio};

use super::{interpreter, python, told};
use crate::support::{
    child::Held,
    run::{navyd as piped, run},
};
use unicode_width::UnicodeWidthStr;

/// navyd on a terminal of this size, whose output comes back as it was written. With `until`, control-C is
/// typed once that text has come for the second time.
pub(crate) fn navyd(columns: u16, rows: u16, until: &str) -> Command {
    let mut command = piped();
    let mut wrapper = Command::new(interpreter());
    wrapper.args(["-c", include_str!("terminal.py"), &columns.to_string(), &rows.to_string(), until]);
    for (name, value) in command.env_remove("NO_COLOR").env("TERM", "xterm").get_envs() {
        match value {
            Some(value) => wrapper.env(name, value),
            None => wrapper.env_remove(name),
        };
    }
    wrapper.env("NO_COLOR", "1").arg(command.get_program());
    wrapper
}

/// The exit status and what was written.
pub(crate) fn shown(command: &mut Command) -> (Option<i32>, String) {
    let ran = command.stdin(Stdio::null()).output().expect("python can be started");
    (ran.status.code(), String::from_utf8(ran.stdout).expect("text"))
}

/// A dozen listeners of a process, and its id.
fn dozen() -> (Held, String) {
    let mut child = Held::start(&mut python(
        "import json, socket, sys
keep = [socket.create_server(('::1', 0), family=socket.AF_INET6) for _ in range(12)]
print(json.dumps('ready'), flush=True)
sys.stdin.read()",
    ));
    told(&mut child);
    let pid = child.pid().to_string();
    (child, pid)
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let (_child, pid) = dozen();
    for columns in [20, 40, 80, 200] {
        let (status, shown) = shown(navyd(columns, 24, "").args(["ls", "--pid", &pid]));
        assert_eq!(status, Some(0), "{shown}");
        assert_eq!(shown.lines().filter(|line| line.contains("[::1]:")).count(), 12, "{columns}: {shown}");
        // A note on stderr is prose: it wraps.
        let rows = shown.lines().filter(|line| !line.starts_with("note: "));
        let widest = rows.map(UnicodeWidthStr::width).max();
        assert!(widest <= Some(usize::from(columns)), "{columns}: {shown}");
    }
}

#[test]
fn the_workers_of_a_hub_are_one_row_for_a_person_and_a_socket_each_for_a_program() {
    let hub = ["--json", "hub", "--ephemeral", "--listen", "127.0.0.1:0", "--workers", "3"];
    let mut hub = Held::start(piped().args(hub));
    hub.line();
    let pid = hub.pid().to_string();
    let (status, shown) = shown(navyd(120, 24, "").args(["ls", "--tcp", "--pid", &pid]));
    assert_eq!(status, Some(0), "{shown}");
    let rows: Vec<_> = shown.lines().filter(|line| line.starts_with("tcp")).collect();
    assert!(rows.len() == 1 && rows[0].contains(" ×3 "), "{shown}");
    for (form, around) in [("--color=never", 0), ("--csv", 1), ("--jsonl", 0)] {
        let ran = run(piped().args(["ls", "--tcp", "--pid", &pid, form]));
        assert_eq!(ran.stdout.lines().count() - around, 3, "{form}: {}", ran.stdout);
        assert!(!ran.stdout.contains('×'), "{form}: {}", ran.stdout);
    }
}

#[test]
fn colour_follows_the_terminal_and_what_is_asked() {
    let (_child, pid) = dozen();
    let coloured = |command: &mut Command| {
        let (status, shown) = shown(command.args(["ls", "--pid", &pid]));
        assert_eq!(status, Some(0), "{shown}");
        shown.contains("\x1b[")
    };
    assert!(!coloured(&mut navyd(80, 24, "")), "NO_COLOR");
    assert!(coloured(navyd(80, 24, "").env_remove("NO_COLOR")), "a terminal");
    assert!(!coloured(navyd(80, 24, "").env_remove("NO_COLOR").env("TERM", "dumb")), "TERM=dumb");
    assert!(coloured(navyd(80, 24, "").args(["--color", "always"])), "what is typed wins");
    assert!(!coloured(navyd(80, 24, "").env_remove("NO_COLOR").args(["--color", "never"])), "never");
    assert!(!coloured(piped().env_remove("NO_COLOR").env("TERM", "xterm")), "a pipe");
    assert!(coloured(piped().args(["--color", "always"])), "a pipe, always");
}

#[test]
fn watching_redraws_in_place_and_gives_the_cursor_back() {
    let (_child, pid) = dozen();
    let mut watch = navyd(60, 10, "\x1b[H");
    let (status, shown) = shown(watch.args(["ls", "--watch", "--interval", "100ms", "--pid", &pid]));
    assert_eq!(status, Some(130), "{shown:?}");
    assert!(shown.starts_with("\x1b[?25l\x1b[2J\x1b[H"), "{shown:?}");
    assert!(shown.ends_with("\r\n\x1b[?25h"), "{shown:?}");
    let frames: Vec<_> = shown.split("\x1b[H").skip(1).collect();
    assert!(frames.len() >= 2, "{shown:?}");
    for frame in frames {
        let picture = frame.split("\x1b[J").next().unwrap_or_default();
        let lines: Vec<_> =
            picture.split("\r\n").map(|line| line.replace("\x1b[K", "").replace('\r', "")).collect();
        assert!(lines.len() <= 10, "higher than the terminal: {lines:#?}");
        assert!(lines.iter().all(|line| line.width() <= 60), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("12 listeners")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("and 6 more")), "{lines:#?}");
    }
}
