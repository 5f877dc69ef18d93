//! SSH: the server sends its version first.

use super::{
    leaf::{Found, Probe, Turn},
    text,
};

/// Secure Shell.
pub(super) struct Ssh;

impl Probe for Ssh {
    fn name(&self) -> &'static str {
        "SSH"
    }

    fn turn(&self) -> Turn {
        Turn::Greets
    }

    fn programs(&self) -> &'static [&'static str] {
        &["sshd", "dropbear", "sshd-session"]
    }

    fn ports(&self) -> &'static [u16] {
        &[22, 2222]
    }

    /// RFC 4253 §4.2: "The server MAY send other lines of data before sending the version string."
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        let ended = bytes.iter().rposition(|byte| *byte == b'\n')?;
        let lines = bytes[..ended].split(|byte| *byte == b'\n');
        let version = lines
            .map(<[u8]>::trim_ascii)
            .find_map(|line| line.strip_prefix(b"SSH-2.0-").or_else(|| line.strip_prefix(b"SSH-1.99-")))?;
        Some(Found::new("SSH", text::line(version)))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check_overheard, *};

    #[test]
    fn greetings() {
        check_overheard(
            &Ssh,
            &[
                (
                    b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
                    Some(("SSH", Some("OpenSSH_9.2p1 Debian-2+deb12u3"))),
                ),
                (b"Welcome\r\nSSH-2.0-dropbear\n", Some(("SSH", Some("dropbear")))),
                (b"SSH-1.99-Cisco-1.25\n", Some(("SSH", Some("Cisco-1.25")))),
                (b"SSH-2.0-OpenSSH_9", None),
                (b"SSH is off\r\n", None),
                (b"Exceeded MaxStartups\r\n", None),
            ],
        );
    }
}
