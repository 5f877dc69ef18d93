//! The hub as a service of the user's own manager: a systemd user unit, or an agent of launchd.
//!
//! Pure: places and a program go in, a file's text and commands come out. Deliberately absent: writing the file and
//! running the commands, which a command does after it has said so; the units of the system, which are `socket_unit`'s.

use std::path::{Path, PathBuf};

/// A file that makes the system start the hub, and the commands that make the system read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Where the file belongs.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
    /// Run after it is written, in this order.
    pub enable: Vec<Vec<String>>,
    /// What makes the system start the hub now.
    pub start: Vec<String>,
    /// Run before it is removed, in this order.
    pub disable: Vec<Vec<String>>,
    /// Run after it is removed, in this order.
    pub forget: Vec<Vec<String>>,
}

/// The unit of this system for a program; `None` where its manager is not known.
///
/// `config` is the user's directory of settings, and `home` the user's own.
pub fn unit(program: &Path, config: &Path, home: &Path) -> Option<Unit> {
    match std::env::consts::OS {
        "macos" => Some(launchd(program, home)),
        "linux" => Some(systemd(program, config)),
        _ => None,
    }
}

const LABEL: &str = "navyd";
/// The unit of the hub.
pub(crate) const SERVICE_UNIT: &str = "navyd.service";

fn systemd(program: &Path, config: &Path) -> Unit {
    let name = SERVICE_UNIT;
    let systemctl = |words: &[&str]| {
        let words = ["systemctl", "--user"].into_iter().chain(words.iter().copied());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let quoted = quoted(program);
    let text = format!(
        "[Unit]\n\
         Description=navyd: names, ports and services of this machine\n\
         Documentation=man:navyd(1)\n\n\
         [Service]\n\
         # Whoever starts it finds it answering.\n\
         Type=notify\n\
         ExecStart={quoted} hub\n\
         # What is in flight finishes first.\n\
         KillMode=mixed\n\
         TimeoutStopSec=20\n\
         Restart=on-failure\n\n\
         [Install]\n\
         WantedBy=default.target\n"
    );
    Unit {
        path: config.join("systemd/user").join(name),
        text,
        enable: vec![systemctl(&["daemon-reload"]), systemctl(&["enable", "--now", name])],
        start: systemctl(&["start", name]),
        disable: vec![systemctl(&["disable", "--now", name])],
        forget: vec![systemctl(&["daemon-reload"])],
    }
}

/// systemd.service(5), "Command lines": in double quotes, `\`, `"`, `%` and `$` need to be escaped.
pub(super) fn quoted(program: &Path) -> String {
    let mut quoted = String::from('"');
    for c in program.to_string_lossy().chars() {
        match c {
            '\\' | '"' => quoted.extend(['\\', c]),
            '%' | '$' => quoted.extend([c, c]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn launchd(program: &Path, home: &Path) -> Unit {
    let path = home.join("Library/LaunchAgents").join(format!("{LABEL}.plist"));
    let mut escaped = String::new();
    for c in program.to_string_lossy().chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \t<key>Label</key>\n\t<string>{LABEL}</string>\n\
         \t<key>ProgramArguments</key>\n\t<array>\n\t\t<string>{escaped}</string>\n\t\t<string>hub</string>\n\t</array>\n\
         \t<key>RunAtLoad</key>\n\t<true/>\n\
         </dict>\n</plist>\n"
    );
    let launchctl = |verb: &str| {
        vec!["launchctl".to_owned(), verb.to_owned(), "-w".to_owned(), path.to_string_lossy().into_owned()]
    };
    Unit {
        text,
        enable: vec![launchctl("load")],
        start: ["launchctl", "start", LABEL].map(str::to_owned).into(),
        disable: vec![launchctl("unload")],
        forget: Vec::new(),
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_names_the_program_whatever_its_path() {
        let unit = systemd(Path::new("/opt/a \"b\" 100%/navyd"), Path::new("/home/ada/.config"));
        assert_eq!(unit.path, Path::new("/home/ada/.config/systemd/user/navyd.service"));
        assert!(unit.text.contains("ExecStart=\"/opt/a \\\"b\\\" 100%%/navyd\" hub\n"), "{}", unit.text);
        assert_eq!(unit.enable[1].join(" "), "systemctl --user enable --now navyd.service");

        let unit = launchd(Path::new("/opt/a&b/navyd"), Path::new("/Users/ada"));
        assert_eq!(unit.path, Path::new("/Users/ada/Library/LaunchAgents/navyd.plist"));
        assert!(unit.text.contains("<string>/opt/a&amp;b/navyd</string>"), "{}", unit.text);
    }
}
