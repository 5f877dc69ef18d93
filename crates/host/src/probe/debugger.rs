//! Which debugger's wire a listener is: from program and arguments alone, because a wire is never asked.

use std::fmt;

use super::hints::Program;

/// A wire by which a program is debugged: who connects to it reads its memory, and runs code in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    /// The Java Debug Wire Protocol.
    Jdwp,
    /// debugpy, and pydevd before it.
    Debugpy,
    /// gdbserver.
    Gdb,
    /// The servers of LLDB.
    Lldb,
    /// Delve, for Go.
    Delve,
    /// The Android debug bridge.
    Android,
    /// The debuggers of Ruby.
    Ruby,
}

/// Programs that are debuggers, whatever port of theirs it is.
const PROGRAMS: &[(&[&str], Wire)] = &[
    (&["gdbserver"], Wire::Gdb),
    (&["lldb-server", "debugserver", "lldb-dap", "lldb-vscode"], Wire::Lldb),
    (&["dlv", "dlv-dap"], Wire::Delve),
    (&["adb"], Wire::Android),
    (&["rdbg", "rdebug-ide"], Wire::Ruby),
];

/// The wire that this program has on this port. Where an option names a port, only that one is meant: the server that
/// the program offers besides is none.
pub(crate) fn wire(program: &Program, port: u16) -> Option<Wire> {
    let called = |words: &[&str]| program.titles().any(|title| words.contains(&title));
    let named = PROGRAMS.iter().find(|(words, _)| called(words)).map(|(_, wire)| *wire);
    named.or_else(|| java(&program.argv, port)).or_else(|| python(&program.argv, port))
}

fn java(argv: &[String], port: u16) -> Option<Wire> {
    let mut options = argv.iter().filter(|argument| {
        let agent = argument.starts_with("-agentlib:jdwp") || argument.starts_with("-Xrunjdwp");
        let agent = agent || (argument.starts_with("-agentpath:") && argument.contains("jdwp"));
        // Without it the JVM calls out to its debugger, which listens instead.
        agent
            && argument
                .split([',', '=', ':'])
                .collect::<Vec<_>>()
                .windows(2)
                .any(|pair| pair == ["server", "y"])
    });
    let is = |option: &&String| {
        let address = option.split([',', '=']).skip_while(|part| *part != "address").nth(1);
        address.and_then(port_of).is_none_or(|named| named == port)
    };
    options.any(|option| is(&option)).then_some(Wire::Jdwp)
}

/// The adapter's own process is one altogether: all its ports are wires. Others are where they are told to listen: one
/// that is told to connect (`--connect`, `--client`), as editors start a program, has none.
fn python(argv: &[String], port: u16) -> Option<Wire> {
    let is = |argument: &String| {
        argument.split('/').any(|part| matches!(part, "debugpy" | "pydevd" | "pydevd.py"))
    };
    let at = argv.iter().position(is)?;
    if argv[at].ends_with("/adapter") || argv[at].contains("/adapter/") {
        return Some(Wire::Debugpy);
    }
    let option = |names: &[&str]| argv[at..].iter().position(|argument| names.contains(&argument.as_str()));
    if option(&["--connect", "--client"]).is_some() {
        return None;
    }
    let listen = option(&["--listen", "--port"])?;
    let named = argv.get(at + listen + 1).and_then(|address| port_of(address));
    named.is_none_or(|named| named == port).then_some(Wire::Debugpy)
}

/// The port of `5005`, `*:5005` or `[::1]:5005`; `None` for 0, which lets the kernel choose.
fn port_of(address: &str) -> Option<u16> {
    let port = address.rsplit(':').next()?.parse().ok()?;
    (port != 0).then_some(port)
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jdwp => "a JVM (JDWP)",
            Self::Debugpy => "a Python program (debugpy)",
            Self::Gdb => "gdbserver",
            Self::Lldb => "the LLDB server",
            Self::Delve => "the Delve debugger",
            Self::Android => "the Android debug bridge",
            Self::Ruby => "the Ruby debugger",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wires_are_known_by_program_and_arguments() {
        let suspended = "java -agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=*:5005 App";
        for (argv, port, expected) in [
            (suspended, 5005, Some(Wire::Jdwp)),
            (suspended, 8080, None),
            ("java -agentlib:jdwp=transport=dt_socket,server=y,suspend=y App", 41_000, Some(Wire::Jdwp)),
            ("java -Xrunjdwp:transport=dt_socket,server=y,address=0 App", 41_000, Some(Wire::Jdwp)),
            ("java -agentpath:/x/libjdwp.so=server=y App", 41_000, Some(Wire::Jdwp)),
            ("java -jar jdwp.jar", 8080, None),
            ("python3 -m debugpy --listen 127.0.0.1:5678 app.py", 5678, Some(Wire::Debugpy)),
            ("python3 -m debugpy --listen 5678 app.py", 8000, None),
            ("python3 /x/debugpy/adapter --for-server 4000", 8000, Some(Wire::Debugpy)),
            ("python3 -m debugpy --connect 127.0.0.1:5678 app.py", 8000, None),
            ("python3 /x/pydevd.py --client 127.0.0.1 --port 5678 --file app.py", 8000, None),
            ("python3 app.py --log debugpy.log", 8000, None),
            ("java -agentlib:jdwp=transport=dt_socket,server=n,address=5005 App", 5005, None),
            ("/usr/bin/gdbserver :2345 ./a.out", 2345, Some(Wire::Gdb)),
            ("lldb-server platform", 1234, Some(Wire::Lldb)),
            ("/root/go/bin/dlv exec ./a --headless", 2345, Some(Wire::Delve)),
            ("adb -L tcp:5037 fork-server server", 5037, Some(Wire::Android)),
            ("rdbg --open --port 1234 x.rb", 1234, Some(Wire::Ruby)),
            ("node server.js", 3000, None),
        ] {
            let program =
                Program { argv: argv.split(' ').map(str::to_owned).collect(), ..Program::default() };
            assert_eq!(wire(&program, port), expected, "{argv}");
        }
    }
}
