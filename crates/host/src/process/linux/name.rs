//! The name by which people know a program.
//!
//! Neither the kernel's 15 bytes (Node.js calls its first thread `MainThread`) nor the first argument alone,
//! which a program chooses freely. Where these two agree, the name by which it was started (`redis-server` is a
//! link to `redis-check-rdb`, and a script that is executable runs under its own name); else the executable's file
//! name, where it can be read and says something. Bias: a script that is an argument (`python3 manage.py`) goes by
//! its interpreter, because that is what runs.

/// The name, from the executable's path, the arguments and the kernel's name.
pub(super) fn name(exe: Option<&[u8]>, argv: &[Vec<u8>], comm: &[u8]) -> Vec<u8> {
    let given = argv.first().map(|first| title(first, argv.len())).filter(|name| !name.is_empty());
    let script = argv.get(1).map(|second| base(second));
    let started_as = given.into_iter().chain(script).find(|name| agree(name, comm));
    let own = || exe.map(base).and_then(telling);
    started_as.or_else(own).or(given).unwrap_or(comm).to_vec()
}

/// Whether the first argument names the file that was started, which the kernel cuts to 15 bytes.
fn agree(given: &[u8], comm: &[u8]) -> bool {
    const KEPT: usize = 15;
    given == comm || (comm.len() == KEPT && given.starts_with(comm))
}

/// The executable's file name, unless it says less than the first argument does.
fn telling(base: &[u8]) -> Option<&[u8]> {
    // One file with many programs in it: which one runs, the first argument says.
    const MANY: &[&[u8]] = &[b"busybox", b"toybox", b"coreutils", b"uutils"];
    let is_version = base.first().is_some_and(u8::is_ascii_digit)
        && base.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if base.is_empty() || MANY.contains(&base) || base.starts_with(b"memfd:") || is_version {
        return None;
    }
    // Nix puts `.name-wrapped` behind a script `name`.
    let unwrapped = base.strip_prefix(b".").and_then(|rest| rest.strip_suffix(b"-wrapped"));
    Some(unwrapped.filter(|name| !name.is_empty()).unwrap_or(base))
}

/// The program in a first argument: `-bash`, `/usr/bin/perl`, `nginx: worker process`.
fn title(first: &[u8], arguments: usize) -> &[u8] {
    let end = first.windows(2).position(|pair| pair == b": ").unwrap_or(first.len());
    let mut program = &first[..end];
    // A title that a program gave itself is one text; a real argument with a space has others behind it.
    if arguments == 1 {
        program = program.split(|&byte| byte == b' ').next().unwrap_or(program);
    }
    let base = base(program);
    base.strip_prefix(b"-").unwrap_or(base)
}

fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_started_then_executable_then_first_argument_then_comm() {
        for (exe, argv, comm, expected) in [
            (Some("/usr/bin/node"), &["next-server (v15)"][..], "MainThread", "node"),
            (Some("/usr/bin/python3.11"), &["python3", "manage.py"], "python3", "python3"),
            (Some("/usr/bin/python3.11"), &["/usr/bin/python3", "/a/tool", "-x"], "tool", "tool"),
            (Some("/usr/bin/redis-check-rdb"), &["redis-server *:6379"], "redis-server", "redis-server"),
            (
                Some("/usr/bin/systemd"),
                &["systemd-socket-activate"],
                "systemd-socket-",
                "systemd-socket-activate",
            ),
            (Some("/usr/bin/bash"), &["-bash"], "bash", "bash"),
            (Some("/bin/busybox"), &["httpd", "-f"], "httpd", "httpd"),
            (Some("/home/a/.local/share/claude/versions/2.0.1"), &["claude"], "2.0.1", "claude"),
            (Some("/memfd:runc"), &["runc", "init"], "runc:[2:INIT]", "runc"),
            (Some("/nix/store/x/bin/.hx-wrapped"), &["hx"], "hx", "hx"),
            (Some("/opt/My App/my app"), &["my app"], "my app", "my app"),
            (None, &["nginx: worker process"], "nginx", "nginx"),
            (None, &["sshd: /usr/sbin/sshd -D [listener]"], "sshd", "sshd"),
            (None, &["/usr/bin/redis-server 127.0.0.1:6379"], "redis-server", "redis-server"),
            (None, &["-bash"], "bash", "bash"),
            (None, &["/opt/My App/run", "-x"], "run", "run"),
            (None, &[], "kworker/0:1", "kworker/0:1"),
            (None, &[""], "x", "x"),
            (Some("/bin/busybox"), &[], "sh", "sh"),
        ] {
            let argv: Vec<_> = argv.iter().map(|word| word.as_bytes().to_vec()).collect();
            let name = name(exe.map(str::as_bytes), &argv, comm.as_bytes());
            assert_eq!(String::from_utf8_lossy(&name), expected, "{exe:?} {argv:?}");
        }
    }
}
