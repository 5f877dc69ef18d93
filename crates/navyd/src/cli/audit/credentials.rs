//! Credentials that a hub has seen go by in clear, for the check that judges them.
//!
//! Asked of the hub's record, which has the scheme of a credential and never its value. What a listener is sent without
//! passing through the hub nobody sees, so where there is no record it is unknown, and not clean. Deliberately absent:
//! any judgement of who sent it.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use navyd_model::{Exposure, Protocol, exchange::Summary};

use crate::{
    client::{Credential, Facts},
    hub::{self, Client, ClientError, Meant},
};

/// Schemes by which the secret itself is sent, or what is as good (RFC 7617 §4, RFC 6750 §5.2).
const SCHEMES: &[&str] = &["Basic", "Bearer"];

/// How many of the newest exchanges are looked through: a look at more would be felt.
const NEWEST: u64 = 10_000;

/// How many of those with a credential are told.
const MOST: usize = 1000;

/// How many callers are told apart, by where they come from and go to.
const CALLERS: usize = 32;

/// How long the hub has for each answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Adds what the hub has seen, where any listener takes callers from elsewhere; or why that is unknown.
pub(super) fn add(facts: &mut Facts) {
    let open = facts.subjects.iter().map(|subject| &subject.listener).any(|listener| {
        listener.proto == Protocol::Tcp && listener.netns.is_none() && listener.exposure != Exposure::Loopback
    });
    if !open {
        return;
    }
    match hub::glance(PATIENCE)
        .ok_or_else(|| "no hub runs that records".to_owned())
        .and_then(|hub| seen(&hub))
    {
        Ok(credentials) => facts.credentials = credentials,
        Err(why) => facts.unknown.push(format!("whether credentials come in clear from elsewhere: {why}")),
    }
}

fn seen(hub: &Client) -> Result<Vec<Credential>, String> {
    let told = |error: ClientError| match error {
        ClientError::Refused { error, .. } => error.error.clone(),
        error => error.to_string(),
    };
    let newest = Meant { limit: Some(1), ..Meant::default() };
    let newest = hub.exchanges(&newest).map_err(told)?.exchanges.first().map_or(0, |newest| newest.id);
    let meant = Meant { filter: filter(newest), limit: Some(MOST), ..Meant::default() };
    let page = hub.exchanges(&meant).map_err(told)?;
    let mut callers = Vec::new();
    let mut all = Vec::new();
    for exchange in &page.exchanges {
        let Some(caller) = caller(exchange).filter(|caller| !callers.contains(caller)) else { continue };
        if callers.len() == CALLERS {
            break;
        }
        callers.push(caller);
        // It may have been given up since, because the record has its bounds.
        let scheme = hub.exchange(exchange.id).ok().and_then(|whole| scheme(&whole.request.headers));
        let (port, from) = caller;
        all.extend(scheme.map(|scheme| Credential { port, from, scheme }));
    }
    Ok(all)
}

/// Those of the newest exchanges that came without TLS and with a credential. Pure.
fn filter(newest: u64) -> String {
    let schemes: Vec<String> =
        SCHEMES.iter().map(|scheme| format!("header.authorization:{scheme}*")).collect();
    format!("id:>{} url:http://* ({})", newest.saturating_sub(NEWEST), schemes.join(" or "))
}

/// Which port an exchange came to, and from where; `None` from this machine's loopback, whence nobody else reads along.
/// Pure.
fn caller(exchange: &Summary) -> Option<(u16, IpAddr)> {
    let from = exchange.client.address?.ip().to_canonical();
    Some((port(&exchange.route, &exchange.target)?, from)).filter(|_| !from.is_loopback())
}

/// The scheme of the credential in these fields. Pure.
fn scheme(fields: &[(String, String)]) -> Option<String> {
    let values = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let mut words = values.filter_map(|(_, value)| value.split(' ').next());
    words
        .find_map(|word| SCHEMES.iter().find(|scheme| scheme.eq_ignore_ascii_case(word)))
        .map(|&scheme| scheme.to_owned())
}

/// The port that it came to: that of a route which has its own, else the one that its sender named (RFC 9110 §7.2), which
/// is 80 where none is named (§4.2.1).
fn port(route: &str, url: &str) -> Option<u16> {
    if let Some(own) = route.parse().ok().or_else(|| Some(route.parse::<SocketAddr>().ok()?.port())) {
        return Some(own);
    }
    let authority = url.strip_prefix("http://")?.split(['/', '?', '#']).next()?;
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port.parse().ok(),
        _ => Some(80),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use navyd_model::filter::Filter;

    use super::*;

    #[test]
    fn the_hub_understands_what_is_asked() {
        assert!(Filter::parse(&filter(20_000), Timestamp::UNIX_EPOCH).is_ok(), "{}", filter(20_000));
        assert!(filter(7).starts_with("id:>0 ") && filter(20_000).starts_with("id:>10000 "));
    }

    #[test]
    fn the_scheme_is_one_that_sends_the_secret() {
        for (name, value, expected) in [
            ("Authorization", "Basic [redacted]", Some("Basic")),
            ("authorization", "bearer [redacted]", Some("Bearer")),
            ("Authorization", "Digest [redacted]", None),
            ("Authorization", "[redacted]", None),
            ("Cookie", "Basic [redacted]", None),
        ] {
            let fields = [(name.to_owned(), value.to_owned())];
            assert_eq!(scheme(&fields).as_deref(), expected, "{name}: {value}");
        }
    }

    #[test]
    fn the_port_is_that_of_the_route_or_of_the_url() {
        for (route, url, expected) in [
            ("0.0.0.0:8000", "http://10.0.0.1/x", Some(8000)),
            ("[::]:8000", "http://10.0.0.1/x", Some(8000)),
            ("8000", "http://10.0.0.1/x", Some(8000)),
            ("shop.localhost/api", "http://shop.localhost:62893/api", Some(62_893)),
            ("shop.localhost", "http://shop.localhost", Some(80)),
            ("shop.localhost", "http://[fd00::1]/", Some(80)),
            ("shop.localhost", "http://[fd00::1]:81?x", Some(81)),
            ("shop.localhost", "http://shop.localhost:99999/", None),
            ("shop.localhost", "https://shop.localhost/", None),
            ("", "", None),
        ] {
            assert_eq!(port(route, url), expected, "{route} {url}");
        }
    }
}
