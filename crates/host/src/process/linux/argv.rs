//! The arguments in `/proc/PID/cmdline`, which the program itself may have overwritten.

/// The arguments, split at the NUL behind each.
///
/// A program that writes itself a title (`nginx: master process`) leaves one text, with the rest of the space
/// filled with NULs. Bias: a program whose own name holds a space and whose every argument is empty loses
/// those arguments.
pub(super) fn split(raw: &[u8]) -> Vec<Vec<u8>> {
    if raw.is_empty() {
        return Vec::new();
    }
    let raw = raw.strip_suffix(b"\0").unwrap_or(raw);
    let mut parts = raw.split(|&byte| byte == 0).map(<[u8]>::to_vec);
    let Some(first) = parts.next() else { return Vec::new() };
    let rest: Vec<_> = parts.collect();
    let is_title = first.contains(&b' ') && rest.iter().all(Vec::is_empty);
    if is_title { vec![first.trim_ascii_end().to_vec()] } else { [vec![first], rest].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_titles() {
        for (raw, expected) in [
            (&b""[..], &[][..]),
            (b"node\0server.js\0", &[&b"node"[..], b"server.js"]),
            (b"node\0server.js", &[b"node", b"server.js"]),
            (b"sh\0-c\0\0", &[b"sh", b"-c", b""]),
            (b"a\nb\0\xff\0", &[b"a\nb", b"\xff"]),
            (b"nginx: master process\0\0\0\0", &[b"nginx: master process"]),
            (b"postgres: walwriter   ", &[b"postgres: walwriter"]),
            (b"\0\0", &[b"", b""]),
        ] {
            assert_eq!(split(raw), expected, "{raw:?}");
        }
    }
}
