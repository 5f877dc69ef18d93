//! Which names a site may be asked by: a page on the web can make a browser ask this machine under a name of its own
//! (DNS rebinding), and would then read the answer.

use std::net::IpAddr;

use navyd_h1::Authority;

/// Who may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// Anyone: there is nothing to read but what was sent.
    Any,
    /// Addresses, `localhost` and what ends in it, and these names.
    Ours(Vec<String>),
}

impl Hosts {
    /// Whether a request for this authority is for us. One of HTTP/1.0 that names nobody is: browsers do not send it.
    #[must_use]
    pub fn admit(&self, authority: Option<&Authority<'_>>) -> bool {
        let (Self::Ours(names), Some(authority)) = (self, authority) else { return true };
        let host = authority.host.trim_end_matches('.');
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let under = |name: &str| host.len() == name.len() && host.eq_ignore_ascii_case(name);
        let local = host.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"));
        bare.parse::<IpAddr>().is_ok() || local || names.iter().any(|name| under(name))
    }
}

#[cfg(test)]
mod tests {
    use navyd_h1::Authority;

    use super::Hosts;

    #[test]
    fn names_of_others_are_refused() {
        let ours = Hosts::Ours(vec!["box.lan".to_owned()]);
        for (host, admitted) in [
            ("localhost:1", true),
            ("LOCALHOST.", true),
            ("shop.localhost:8", true),
            ("127.0.0.1", true),
            ("[::1]:8", true),
            ("box.lan", true),
            ("Box.LAN:80", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("notlocalhost", false),
            ("127.0.0.1.evil.example", false),
        ] {
            let authority = Authority::parse(host.as_bytes()).expect("it is one");
            assert_eq!(ours.admit(Some(&authority)), admitted, "{host}");
            assert!(Hosts::Any.admit(Some(&authority)));
        }
        assert!(ours.admit(None));
    }
}
