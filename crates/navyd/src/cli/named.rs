//! What a person typed to mean listeners: an address, a port, a URL, or the word for a program or project. Pure.

use std::net::IpAddr;

use navyd_model::{Holder, Listener, Protocol, Target, target::Host};

use crate::out::Failure;

/// Reads it. What is no target is taken for the name of a program or project, when it is one word.
pub(super) fn parse(text: &str) -> Result<Target, Failure> {
    match text.parse::<Target>() {
        Ok(target) => Ok(target),
        Err(_) if is_word(text) => {
            Ok(Target { host: Some(Host::Name(text.to_lowercase())), port: None, proto: None, scheme: None })
        }
        Err(error) => Err(Failure::new(error.message).hint(error.hint)),
    }
}

/// Whether a target names this listener. A listener on every address is one on the address named, too; a name
/// other than localhost is not resolved, but taken as that of a program or project.
pub(super) fn names(target: &Target, listener: &Listener) -> bool {
    if target.proto.is_some_and(|proto| proto != listener.proto) {
        return false;
    }
    if let (Some(Host::Name(name)), None) = (&target.host, target.port)
        && !is_localhost(name)
    {
        let project = listener.project().is_some_and(|project| contains(&project.name, name));
        return project || listener.holders.iter().any(|holder| is_called(holder, name));
    }
    if target.port.is_some() && target.port != listener.port {
        return false;
    }
    match &target.host {
        None => listener.proto != Protocol::Unix,
        Some(Host::Address(address)) => answers(listener, *address),
        Some(Host::Name(name)) => {
            is_localhost(name)
                && listener.address.is_some_and(|own| own.is_loopback() || own.is_unspecified())
        }
    }
}

/// Whether packets to this address reach the listener, as far as its own address decides it.
fn answers(listener: &Listener, address: IpAddr) -> bool {
    match listener.address {
        Some(own) if own == address => true,
        Some(IpAddr::V4(own)) => own.is_unspecified() && address.is_ipv4(),
        Some(IpAddr::V6(own)) => {
            own.is_unspecified() && (address.is_ipv6() || listener.v6only == Some(false))
        }
        None => false,
    }
}

/// RFC 6761 §6.3: "The domain "localhost." and any names falling within ".localhost." are special".
pub(super) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

pub(super) fn is_called(holder: &Holder, name: &str) -> bool {
    contains(&holder.name, name)
        || holder.framework.as_ref().is_some_and(|framework| contains(framework, name))
        || holder.supervisor.as_ref().is_some_and(|supervisor| contains(&supervisor.name, name))
}

pub(super) fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// Whether a text is a word, such as `node` or `my-shop`: a mistyped port or address is none.
fn is_word(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::*, *};

    #[test]
    fn what_a_target_names() {
        let target = |host: Option<Host>, port: Option<u16>| Target { host, port, proto: None, scheme: None };
        let address = |text: &str| Some(Host::Address(text.parse().unwrap()));
        let name = |text: &str| Some(Host::Name(text.into()));
        let mut dual = tcp("::", 3000);
        dual.v6only = Some(false);
        let mut node = tcp("127.0.0.1", 3000);
        node.holders = vec![held_by(812, "node")];
        for (target, listener, expected) in [
            (target(None, Some(3000)), &node, true),
            (target(None, Some(3001)), &node, false),
            (target(address("127.0.0.1"), Some(3000)), &node, true),
            (target(address("127.0.0.2"), Some(3000)), &node, false),
            (target(address("127.0.0.2"), Some(3000)), &dual, true),
            (target(address("::1"), None), &dual, true),
            (target(address("::1"), None), &tcp("::", 3000), true),
            (target(address("127.0.0.1"), None), &tcp("::", 3000), false),
            (target(name("localhost"), Some(3000)), &dual, true),
            (target(name("shop.localhost"), None), &node, true),
            (target(name("localhost"), None), &tcp("10.0.0.1", 80), false),
            (target(name("node"), None), &node, true),
            (target(name("postgres"), None), &node, false),
            (target(name("example.com"), Some(3000)), &node, false),
            (Target { proto: Some(Protocol::Udp), ..target(None, Some(3000)) }, &node, false),
        ] {
            assert_eq!(names(&target, listener), expected, "{target:?} {}", listener.place());
        }
    }

    #[test]
    fn what_is_no_target_is_a_word_or_a_mistake() {
        assert_eq!(parse("3000").unwrap().port, Some(3000));
        assert_eq!(parse("Gizmos").unwrap().host, Some(Host::Name("gizmos".into())));
        assert!(parse("127.0.0.1:99999").is_err());
    }
}
