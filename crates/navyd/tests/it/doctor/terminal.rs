//! `navyd doctor` on a terminal: its width, its colours, what `-v` adds, and that it says what it waits for.

use std::process::Command;

use unicode_width::UnicodeWidthStr as _;

use super::{Ill, path};
use crate::support::run::{Run, run};

/// What is shown while something does not answer.
const WAITING: &str = "waiting for connections";

impl Ill {
    /// Runs navyd on a terminal of this width, without control-C.
    fn on_terminal(&self, columns: u16, variables: &[(&str, &str)], args: &[&str]) -> Run {
        let mut command: Command = self.0.command("python3");
        command.args(["-c", include_str!("../see/terminal.py"), &columns.to_string(), "50", ""]);
        command.arg(path()).args(args).env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CLICOLOR");
        run(command.envs(variables.iter().copied()))
    }
}

/// The lines, without escape sequences that colour.
fn lines(ran: &Run) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = ran.stdout.as_str();
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or_default();
    }
    (plain + rest).lines().map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

#[test]
fn lines_keep_within_the_terminal_and_commands_stay_whole() {
    let test = "doctor::terminal::lines_keep_within_the_terminal_and_commands_stay_whole";
    let Some(ill) = Ill::new(test, &["python3", "sysctl"]) else { return };
    ill.must("sysctl -q -w net.ipv6.conf.lo.disable_ipv6=1 net.ipv4.ip_local_port_range='40000 40007'");
    for columns in [80, 200] {
        for args in [&["doctor"][..], &["doctor", "-v"], &["doctor", "40003"]] {
            let ran = ill.on_terminal(columns, &[], args);
            assert_eq!(ran.status, Some(1), "{ran:?}");
            let lines = lines(&ran);
            let fix =
                "  fix    sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0";
            assert!(lines.iter().any(|line| line == fix), "{lines:#?}");
            let is_command = |line: &str| line.trim_start().starts_with("fix ");
            let wide = |line: &&String| line.width() > usize::from(columns) && !is_command(line);
            assert_eq!(lines.iter().find(wide), None, "{columns} {args:?}");
            let ok = lines.iter().filter(|line| line.starts_with("ok ")).count();
            assert!(if args.contains(&"-v") { ok > 10 } else { ok <= 2 }, "{lines:#?}");
        }
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let Some(ill) = Ill::new("doctor::terminal::colours_are_for_those_who_want_them", &["python3"]) else {
        return;
    };
    assert!(ill.on_terminal(80, &[], &["doctor"]).stdout.contains('\u{1b}'));
    assert!(!ill.on_terminal(80, &[("NO_COLOR", "1")], &["doctor"]).stdout.contains('\u{1b}'));
    assert!(!ill.on_terminal(80, &[("TERM", "dumb")], &["doctor"]).stdout.contains('\u{1b}'));
    let piped = run(ill.0.command(path()).arg("doctor").env("TERM", "xterm").env_remove("NO_COLOR"));
    assert!(!piped.stdout.contains('\u{1b}') && piped.stdout.lines().count() > 20, "{}", piped.stdout);
}

#[test]
fn whoever_waits_is_told_so() {
    let Some(ill) = Ill::new("doctor::terminal::whoever_waits_is_told_so", &["nft", "python3"]) else {
        return;
    };
    let quick = ill.on_terminal(80, &[], &["doctor", "127.0.0.1:3000"]);
    ill.chain("in", "input", "meta l4proto tcp drop");
    // Two connections in turn are waited for, a second each: the port's, and those of the matrix.
    let slow = ill.on_terminal(80, &[], &["doctor", "127.0.0.1:3000"]);
    let (before, behind) = slow.stdout.split_once(WAITING).unwrap_or_else(|| panic!("{slow:?}"));
    // The line gives way to the answer.
    assert!(
        before.ends_with('\r') && behind.contains("\r\u{1b}[K") && behind.contains("firewall-drop"),
        "{slow:?}"
    );
    assert_eq!((slow.status, quick.status.is_some()), (Some(1), true));
    // Nobody looks at a pipe.
    let piped = run(ill.0.command(path()).args(["doctor", "127.0.0.1:3000"]));
    assert!(!piped.stderr.contains(WAITING) && !piped.stdout.contains(WAITING), "{piped:?}");
}
