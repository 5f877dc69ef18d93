//! Which request is which: method and path, as Toxiproxy's router reads them.

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    Proxies,
    Create,
    Populate,
    Proxy(String),
    Update(String),
    Delete(String),
    Toxics(String),
    AddToxic(String),
    Toxic(String, String),
    UpdateToxic(String, String),
    DeleteToxic(String, String),
    Reset,
    Version,
    Metrics,
}

/// Why nothing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stray {
    /// There is no such path.
    Path,
    /// There is, and it is not asked so.
    Method,
}

/// What a request asks for; of `metrics` only where there are any.
pub(super) fn call(method: &str, path: &str, metrics: bool) -> Result<Call, Stray> {
    let parts: Vec<_> = path.strip_prefix('/').ok_or(Stray::Path)?.split('/').map(decoded).collect();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(Stray::Path);
    }
    let (writes, own) = (matches!(method, "POST" | "PATCH"), str::to_owned);
    Ok(match (parts.as_slice(), method) {
        (["proxies"], "GET") => Call::Proxies,
        (["proxies"], "POST") => Call::Create,
        (["populate"], "POST") => Call::Populate,
        (["proxies", proxy], "GET") => Call::Proxy(own(proxy)),
        (["proxies", proxy], _) if writes => Call::Update(own(proxy)),
        (["proxies", proxy], "DELETE") => Call::Delete(own(proxy)),
        (["proxies", proxy, "toxics"], "GET") => Call::Toxics(own(proxy)),
        (["proxies", proxy, "toxics"], "POST") => Call::AddToxic(own(proxy)),
        (["proxies", proxy, "toxics", toxic], "GET") => Call::Toxic(own(proxy), own(toxic)),
        (["proxies", proxy, "toxics", toxic], _) if writes => Call::UpdateToxic(own(proxy), own(toxic)),
        (["proxies", proxy, "toxics", toxic], "DELETE") => Call::DeleteToxic(own(proxy), own(toxic)),
        (["reset"], "POST") => Call::Reset,
        (["version"], "GET") => Call::Version,
        (["metrics"], _) if metrics => Call::Metrics,
        (
            ["proxies" | "populate" | "reset" | "version"]
            | ["proxies", _]
            | ["proxies", _, "toxics"]
            | ["proxies", _, "toxics", _],
            _,
        ) => return Err(Stray::Method),
        _ => return Err(Stray::Path),
    })
}

/// A part of a path, its percent-encoding undone where it is one; U+FFFD for what is no text then.
fn decoded(part: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(part.len()), part.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let digits = (*first == b'%').then(|| behind.get(..2)).flatten();
        let byte = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_one_call() {
        let own = str::to_owned;
        for (method, path, expected) in [
            ("GET", "/proxies", Ok(Call::Proxies)),
            ("POST", "/proxies", Ok(Call::Create)),
            ("POST", "/populate", Ok(Call::Populate)),
            ("GET", "/proxies/a%20b%2Fc", Ok(Call::Proxy(own("a b/c")))),
            ("GET", "/proxies/%zz%4", Ok(Call::Proxy(own("%zz%4")))),
            ("GET", "/proxies/%ff", Ok(Call::Proxy(own("\u{fffd}")))),
            ("POST", "/proxies/a", Ok(Call::Update(own("a")))),
            ("PATCH", "/proxies/a", Ok(Call::Update(own("a")))),
            ("DELETE", "/proxies/a", Ok(Call::Delete(own("a")))),
            ("GET", "/proxies/a/toxics", Ok(Call::Toxics(own("a")))),
            ("POST", "/proxies/a/toxics", Ok(Call::AddToxic(own("a")))),
            ("GET", "/proxies/a/toxics/t", Ok(Call::Toxic(own("a"), own("t")))),
            ("PATCH", "/proxies/a/toxics/t", Ok(Call::UpdateToxic(own("a"), own("t")))),
            ("POST", "/proxies/a/toxics/t", Ok(Call::UpdateToxic(own("a"), own("t")))),
            ("DELETE", "/proxies/a/toxics/t", Ok(Call::DeleteToxic(own("a"), own("t")))),
            ("POST", "/reset", Ok(Call::Reset)),
            ("GET", "/version", Ok(Call::Version)),
            ("GET", "/metrics", Err(Stray::Path)),
            ("GET", "/", Err(Stray::Path)),
            ("GET", "/proxies/", Err(Stray::Path)),
            ("GET", "/proxies/a/toxics/t/x", Err(Stray::Path)),
            ("GET", "*", Err(Stray::Path)),
            ("HEAD", "/proxies", Err(Stray::Method)),
            ("PUT", "/proxies/a", Err(Stray::Method)),
            ("GET", "/reset", Err(Stray::Method)),
            ("DELETE", "/proxies/a/toxics", Err(Stray::Method)),
        ] {
            assert_eq!(call(method, path, false), expected, "{method} {path}");
        }
        assert_eq!(call("GET", "/metrics", true), Ok(Call::Metrics));
    }
}
