//! `pg_hba.conf`: who need not say a password. Pure, and total over any text.

/// The first line by which callers over TCP need no password, in one piece: `host all all 127.0.0.1/32 trust`.
///
/// PostgreSQL takes the first line that fits a caller, so a later `trust` may be hidden by an earlier line for the
/// same caller: only an earlier line for every database and user of the same addresses counts as that.
pub(super) fn trusting(text: &str) -> Option<String> {
    let mut guarded: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [kind, databases, users, address, rest @ ..] = words.as_slice() else { continue };
        if !kind.starts_with("host") {
            continue;
        }
        // The address may be followed by a mask of its own.
        let (mask, method) = match rest {
            [mask, method, ..] if mask.parse::<std::net::IpAddr>().is_ok() => (*mask, *method),
            [method, ..] => ("", *method),
            [] => continue,
        };
        let addresses = format!("{kind} {address} {mask}");
        if method == "trust" && !guarded.contains(&addresses) {
            return Some(words.join(" "));
        }
        if *databases == "all" && *users == "all" {
            guarded.push(addresses);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_and_clean() {
        for (text, expected) in [
            ("local all all trust\nhost all all 127.0.0.1/32 trust", Some("host all all 127.0.0.1/32 trust")),
            ("host  all\tall 10.0.0.0 255.0.0.0 trust # x", Some("host all all 10.0.0.0 255.0.0.0 trust")),
            ("hostssl all all ::1/128 trust", Some("hostssl all all ::1/128 trust")),
            ("host all all 127.0.0.1/32 scram-sha-256\nlocal all all trust", None),
            ("host all all 127.0.0.1/32 md5\nhost all all 127.0.0.1/32 trust", None),
            (
                "host shop all 127.0.0.1/32 md5\nhost all all 127.0.0.1/32 trust",
                Some("host all all 127.0.0.1/32 trust"),
            ),
            ("# host all all 127.0.0.1/32 trust", None),
            ("host all all 127.0.0.1/32", None),
            ("host all all samehost 1.2.3.4", None),
            ("host\0 \u{fffd}", None),
            ("", None),
        ] {
            assert_eq!(trusting(text).as_deref(), expected, "{text}");
        }
    }
}
