//! What is never stopped, whatever it holds.
//!
//! Stopping these would take the machine, the person's way into it, or navyd itself along. Bias: a program
//! that merely bears one of these names is spared too. Pure.

use super::{
    launch::{
        Clue::{self, Name, NameWith, Path},
        Launch, Signs,
    },
    supervisor::Kin,
};

/// The programs that are never stopped, and what stopping them would take along.
const SPARED: &[(Clue, &str)] = &[
    (Name("systemd"), "it manages services and sessions"),
    (Name("launchd"), "it manages services and sessions"),
    (Name("sshd"), "it carries logins to this machine"),
    (Name("sshd-session"), "it carries logins to this machine"),
    (Name("sshd-auth"), "it carries logins to this machine"),
    (Name("dropbear"), "it carries logins to this machine"),
    (Name("tailscaled"), "it carries logins to this machine"),
    (Name("dockerd"), "it is the container engine"),
    (Name("docker-proxy"), "it publishes a container's port: stop the container instead"),
    (Name("rootlesskit"), "it is the container engine"),
    (Name("rootlessport"), "it publishes a container's port: stop the container instead"),
    (Name("containerd"), "it is the container engine"),
    (Name("containerd-shim-runc-v2"), "it is the container engine"),
    (Name("containerd-shim"), "it is the container engine"),
    (NameWith("podman", "service"), "it is the container engine"),
    (Name("conmon"), "it is the container engine"),
    (Name("crio"), "it is the container engine"),
    (Name("kubelet"), "it is the container engine"),
    (Name("com.docker.backend"), "it is the container engine"),
    (Name("code-server"), "it carries an editor's connection"),
    (Name("code-tunnel"), "it carries an editor's connection"),
    (Path("/.vscode-server"), "it carries an editor's connection"),
    (Path("/.cursor-server/"), "it carries an editor's connection"),
    (Path("/.windsurf-server/"), "it carries an editor's connection"),
];

/// Why `process` is never stopped; `None` when it may be.
///
/// `own` is the reader's process id, `own_parents` those of its parents.
pub fn reason(process: &Kin, own: u32, own_parents: &[u32]) -> Option<String> {
    let named = |what: &str| Some(format!("`{}` is never stopped: {what}", process.launch.name));
    match process.pid {
        0 | 1 => return named("process 1 starts and keeps everything else"),
        pid if pid == own => return named("it is navyd itself"),
        pid if own_parents.contains(&pid) => return named("navyd runs inside it"),
        _ => {}
    }
    let signs = process.launch.signs();
    let (_, what) = SPARED.iter().find(|(clue, _)| is(&process.launch, &signs, *clue))?;
    named(what)
}

/// Paths count only for the program itself and its script: a client that is told where the editor's files
/// are is not the editor.
fn is(launch: &Launch, signs: &Signs<'_>, clue: Clue) -> bool {
    match clue {
        Path(text) => {
            launch.exe.as_deref().into_iter().chain(launch.script()).any(|path| path.contains(text))
        }
        _ => signs.fit(clue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_the_way_in_and_navyd_are_spared() {
        for (pid, exe, argv, expected) in [
            (1, "/sbin/init", &["init"][..], true),
            (50, "/usr/bin/navyd", &["navyd"], true),
            (40, "/usr/bin/bash", &["bash"], true),
            (41, "/usr/bin/bash", &["bash"], false),
            (60, "/usr/sbin/sshd", &["sshd: /usr/sbin/sshd -D [listener]"], true),
            (60, "/usr/lib/openssh/sshd-session", &["sshd-session: ann [priv]"], true),
            (60, "/usr/bin/ssh", &["ssh", "-L", "3000:x:80", "host"], false),
            (60, "/usr/bin/dockerd", &["dockerd"], true),
            (60, "/usr/bin/docker-proxy", &["/usr/bin/docker-proxy", "-proto", "tcp"], true),
            (60, "/usr/bin/podman", &["podman", "system", "service"], true),
            (60, "/usr/bin/podman", &["podman", "run", "x"], false),
            (60, "/h/.vscode-server/cli/server/node", &["node", "server-main.js"], true),
            (60, "/usr/bin/bash", &["bash", "--init-file", "/h/.vscode-server/shell.sh"], true),
            (60, "/usr/bin/python3", &["python3", "a.py", "/h/.vscode-server/x"], false),
            (60, "/usr/bin/node", &["node", "server.js"], false),
            (60, "/usr/bin/nginx", &["nginx: master process"], false),
        ] {
            let process = Kin {
                pid,
                launch: Launch {
                    name: exe.rsplit('/').next().unwrap().to_owned(),
                    exe: Some(exe.to_owned()),
                    argv: argv.iter().map(|&word| word.to_owned()).collect(),
                },
            };
            assert_eq!(reason(&process, 50, &[45, 40]).is_some(), expected, "{pid} {argv:?}");
        }
    }
}
