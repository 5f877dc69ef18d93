//! Where a route begins, as people type it.

use navyd_model::{Target, target::Host};

/// A single word is a name below `localhost`; of a URL, as `navyd route ls` shows it, the port is the hub's.
pub(super) fn entry(typed: &str) -> String {
    if let Ok(Target { host: Some(Host::Name(host)), scheme: Some(_), .. }) = typed.parse() {
        let rest = typed.split_once("://").map_or(typed, |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| rest[at..].trim_end_matches('/'));
        return host + path;
    }
    let typed = typed.strip_prefix("http://").unwrap_or(typed);
    let (host, path) = typed.find('/').map_or((typed, ""), |at| typed.split_at(at));
    let word = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if word && host != "localhost" && host.parse::<u16>().is_err() {
        return format!("{host}.localhost{path}");
    }
    typed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_made_whole() {
        for (typed, expected) in [
            ("shop", "shop.localhost"),
            ("shop/api", "shop.localhost/api"),
            ("http://shop.localhost:62893/api/", "shop.localhost/api"),
            ("127.0.0.1:8000", "127.0.0.1:8000"),
            ("8000", "8000"),
        ] {
            assert_eq!(entry(typed), expected);
        }
    }
}
