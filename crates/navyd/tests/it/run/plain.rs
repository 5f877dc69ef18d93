//! The command is as it would be without navyd: its terminal, input, signals and end.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use navyd_host::process::{Process, Signal};

use super::{Home, Ran, needed};
use crate::support::run::run;

#[test]
fn its_exit_status_is_passed_on() {
    let home = Home::new();
    for (line, expected) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255)] {
        let ran = home.answer(&["run", "--no-hub", "--", "sh", "-c", line]);
        assert_eq!(ran.status, Some(expected), "{line}: {}", ran.stderr);
    }
    // A shell tells a signal as 128 and its number; to who asks the system it is that signal.
    let binary = env!("CARGO_BIN_EXE_navyd");
    let line = format!("{binary} run --no-hub -- sh -c 'kill -TERM $$'; echo $?");
    let mut shell = Command::new("sh");
    home.settle(&mut shell);
    assert_eq!(run(shell.args(["-c", &line])).stdout, "143\n");
}

#[test]
fn what_cannot_be_run_is_told() {
    let home = Home::new();
    let ran = home.answer(&["run", "--no-hub", "--", "no-such-program-here"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("error: `no-such-program-here` cannot be run"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: command -v no-such-program-here"), "{}", ran.stderr);
    let ran = home.answer(&["run", "--name", "!?", "--", "true"]);
    assert!(ran.stderr.contains("error: `!?` cannot be a name"), "{}", ran.stderr);
    assert_eq!(home.answer(&["run"]).status, Some(2));
}

#[test]
fn signals_and_input_are_its_own() {
    let home = Home::new();
    let line =
        "trap 'echo terminated; exit 5' TERM; echo ready; while read word; do echo \"got $word\"; done";
    let mut run = home.run(&["--no-hub", "--", "sh", "-c", line]);
    run.line("ready");
    run.say("tea");
    run.line("got tea");
    Process::open(run.child.id()).unwrap().signal(Signal::Terminate).unwrap();
    // Some shells hear it once their `read` is over, and others have gone by now.
    let _ = writeln!(run.stdin.as_mut().unwrap(), "more");
    run.line("terminated");
    assert_eq!(run.end().0, Some(5));
}

#[test]
fn its_process_is_the_one_that_was_started() {
    let home = Home::new();
    let mut run =
        home.run(&["--no-hub", "--", "sh", "-c", "echo pid $$; read line; ps -o pid= --ppid $$; echo end"]);
    let pid = run.child.id();
    assert_eq!(run.line("pid "), format!("pid {pid}"));
    run.say("go");
    run.line("end");
    // It has no children but its own.
    let children = run.log.iter().filter(|line| line.trim().parse::<u32>().is_ok()).count();
    assert_eq!(children, 1, "`ps` alone: {:?}", run.log);
}

#[test]
fn in_a_terminal_it_is_in_front_and_hears_the_keys() {
    let Some(python) = needed("in_a_terminal_it_is_in_front_and_hears_the_keys", "python3") else { return };
    let home = Home::new();
    // `terminal.py` types control-C once a line `ready` has come twice.
    let script = "
import os, signal, sys
front = os.tcgetpgrp(0) == os.getpgrp()
print('tty', [os.isatty(fd) for fd in (0, 1, 2)], 'front', front, 'leads', os.getpgrp() == os.getpid(), flush=True)
try:
    os.write(1, b'ready\\nready\\n')
    signal.pause()
except KeyboardInterrupt:
    print('interrupted', flush=True)
    sys.exit(3)
";
    let check = |through_navyd: bool| {
        let binary = env!("CARGO_BIN_EXE_navyd");
        let mut command = Command::new(&python);
        home.settle(&mut command);
        command.args(["-c", include_str!("../see/terminal.py"), "80", "24", "ready\r\n"]);
        if through_navyd {
            command.args([binary, "run", "--no-hub", "--"]);
        }
        let ran = command.args([&python, "-c", script]).stdin(Stdio::null()).output().unwrap();
        (ran.status.code(), String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    let (status, shown) = check(true);
    assert_eq!(status, Some(3), "{shown}");
    assert!(shown.contains("tty [True, True, True] front True"), "{shown}");
    assert!(shown.contains("interrupted"), "{shown}");
    // To the last byte what it is without navyd.
    assert_eq!((status, shown), check(false));
}

#[test]
fn without_a_hub_it_says_so_and_goes_on() {
    let home = Home::new();
    let mut command = home.navyd(&["run", "--", "sh", "-c", "echo port $PORT; read line"]);
    // No directory can be made below a file.
    let file = home.0.write("file", "");
    let mut run = Ran::start(command.env("XDG_RUNTIME_DIR", &file).env("XDG_STATE_HOME", &file));
    let port: u16 = run.line("port ").strip_prefix("port ").unwrap().parse().unwrap();
    assert!((20_000..30_000).contains(&port));
    // The helper says so while the command says what it says, in either order.
    if !run.log.iter().any(|line| line.contains("note: it has no name: ")) {
        run.line("note: it has no name: ");
    }
    let (status, log) = run.end();
    assert_eq!((status, log.matches("note: ").count()), (Some(1), 1), "{log}");
}

#[test]
fn it_trusts_the_local_authority() {
    let home = Home::new();
    // The authority is made when a hub first starts.
    assert_eq!(home.answer(&["hub", "start"]).status, Some(0));
    let mut command = home.navyd(&["run", "--no-hub", "--", "sh", "-c", "cat \"$NODE_EXTRA_CA_CERTS\""]);
    let ran = run(command.env_remove("NODE_EXTRA_CA_CERTS"));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("-----BEGIN CERTIFICATE-----"), "{}", ran.stdout);
}

#[test]
fn quiet_is_silent() {
    let home = Home::new();
    let mut command =
        home.navyd(&["-q", "run", "--", "python3", "-m", "http.server", "-b", "127.0.0.1", "0"]);
    let run = Ran::start(&mut command);
    // Its name is there, though nothing says so.
    super::until("the name leads to where it listens", || {
        let routes = home.answer(&["route", "ls"]).stdout;
        routes.contains("shop.localhost") && {
            let told = format!("http://127.0.0.1:{}", super::port_of(&run));
            super::port_of(&run) != 0 && routes.contains(&told)
        }
    });
    Process::open(run.child.id()).unwrap().signal(Signal::Terminate).unwrap();
    let (_, log) = run.end();
    assert!(!log.contains('→') && !log.contains("note:"), "{log}");
}
