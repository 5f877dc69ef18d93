//! Requests to this machine do not go by way of a proxy.
//!
//! A proxy's address may hold a password, so it is shown without what stands before its `@`.

use super::super::{Facts, Proxy, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "proxy-env", judge };

/// The variables that lead somewhere, lower case first: curl reads `http_proxy` in lower case alone, since a server
/// may set `HTTP_PROXY` for a program by a header (CVE-2016-5385).
const LEADING: [[&str; 2]; 3] =
    [["http_proxy", "HTTP_PROXY"], ["https_proxy", "HTTPS_PROXY"], ["all_proxy", "ALL_PROXY"]];

/// What mends it in a shell.
const FIX: &str =
    "export no_proxy=\"$no_proxy,localhost,127.0.0.1,::1\" NO_PROXY=\"$no_proxy,localhost,127.0.0.1,::1\"";

/// What is wrong with the variables of one program.
struct Wrong {
    seen: String,
    cause: String,
}

fn judge(facts: &Facts) -> Verdict {
    if let Some(wrong) = wrong(&facts.proxy) {
        return Verdict::warn("requests to localhost go by way of a proxy")
            .evidence(wrong.seen)
            .cause(wrong.cause)
            .fix(FIX);
    }
    let owners = match &facts.owners {
        Ok(owners) => owners,
        Err(why) => return Verdict::unknown("which proxies the programs that listen have", why),
    };
    let ill = owners.iter().filter_map(|owner| Some((owner, wrong(owner.proxy.as_ref().ok()?)?)));
    let ill: Vec<_> = ill.collect();
    if let Some((owner, wrong)) = ill.first() {
        let more = if ill.len() > 1 { format!(" and {} more", ill.len() - 1) } else { String::new() };
        return Verdict::warn(format!(
            "`{}` (pid {}){more} sends requests to localhost by way of a proxy",
            owner.name, owner.pid
        ))
        .evidence(&wrong.seen)
        .cause(&wrong.cause)
        .fix(format!("{FIX}, and start it again"));
    }
    let unseen = owners.iter().filter(|owner| owner.proxy.is_err()).count();
    match unseen {
        0 => Verdict::ok("no proxy stands before localhost"),
        _ => Verdict::ok(format!("no proxy stands before localhost; {unseen} programs were not read")),
    }
}

fn wrong(proxy: &Proxy) -> Option<Wrong> {
    let (name, address) =
        LEADING.iter().flatten().find_map(|name| proxy.value(name).map(|value| (*name, value)))?;
    let spared = [proxy.value("no_proxy"), proxy.value("NO_PROXY")];
    let seen = |names: &str| format!("{name} leads to {}, {names}", bare(address));
    match spared {
        [None, None] => Some(Wrong {
            seen: seen("and no_proxy is not set"),
            cause: "the proxy is asked for `localhost`, and that is its own machine".into(),
        }),
        [Some(one), None] | [None, Some(one)] if !spares(one) => Some(Wrong {
            seen: seen("and no_proxy names neither localhost nor 127.0.0.1, or only one of them"),
            cause: "the proxy is asked for what it spares not, and there `localhost` is its own machine"
                .into(),
        }),
        [Some(lower), Some(upper)] if spares(lower) != spares(upper) => Some(Wrong {
            seen: seen("and no_proxy and NO_PROXY do not say the same"),
            cause: "some programs read the one, and some the other: only one of them spares localhost".into(),
        }),
        [Some(lower), Some(_)] if !spares(lower) => Some(Wrong {
            seen: seen("and neither no_proxy nor NO_PROXY spares localhost and 127.0.0.1"),
            cause: "the proxy is asked for `localhost`, and that is its own machine".into(),
        }),
        _ => None,
    }
}

/// Whether requests to localhost go past the proxy, by its name and by its address.
fn spares(list: &str) -> bool {
    let words = || list.split([',', ' ']).map(str::trim);
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    words().any(|word| word == "*")
        || (words().any(|word| is(word, &["localhost", ".localhost"]))
            && words().any(|word| is(word, &["127.0.0.1", "127.0.0.0/8", "127.*", "127.0.0.0/24"])))
}

/// The host and port of a proxy, without scheme, user, password and path.
fn bare(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    // A password may hold a slash or an `@`: what stands behind the last one is no secret.
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host.split(['/', '?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Owner;

    fn proxy(text: &str) -> Proxy {
        let pair = |word: &str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Proxy(text.split(' ').filter_map(pair).collect())
    }

    #[test]
    fn a_proxy_needs_exceptions() {
        for (text, expected) in [
            ("", State::Ok),
            ("no_proxy=x", State::Ok),
            ("http_proxy=http://p:3128", State::Warn),
            ("ALL_PROXY=socks5://p:1080", State::Warn),
            ("http_proxy=http://p:3128 no_proxy=.corp", State::Warn),
            ("http_proxy=http://p:3128 no_proxy=localhost", State::Warn),
            ("http_proxy=http://p:3128 no_proxy=LOCALHOST,127.0.0.1", State::Ok),
            ("http_proxy=http://p:3128 NO_PROXY=*", State::Ok),
            ("http_proxy=http://p:3128 no_proxy=localhost,127.0.0.0/8", State::Ok),
            ("http_proxy=http://p:3128 no_proxy=localhost,127.0.0.1 NO_PROXY=.corp", State::Warn),
            ("http_proxy=http://p:3128 no_proxy=a NO_PROXY=b", State::Warn),
        ] {
            let own = Facts { proxy: proxy(text), owners: Ok(Vec::new()), ..Facts::unread() };
            assert_eq!(judge(&own).state, expected, "{text:?}");
            let owner =
                Owner { pid: 7, name: "node".into(), files: None, proxy: Ok(proxy(text)), alone: Vec::new() };
            let theirs = judge(&Facts { owners: Ok(vec![owner]), ..Facts::unread() });
            assert_eq!((theirs.state, theirs.summary.contains("node")), (expected, expected == State::Warn));
        }
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
    }

    #[test]
    fn no_password_is_shown() {
        for text in ["http://user:s3cret@p:3128/x", "user:s3cret@p:3128", "http://u:s3cret/@x@p:3128"] {
            let verdict = judge(&Facts { proxy: proxy(&format!("http_proxy={text}")), ..Facts::unread() });
            let said = format!("{verdict:?}");
            assert!(said.contains("p:3128") && !said.contains("s3cret"), "{said}");
        }
    }
}
