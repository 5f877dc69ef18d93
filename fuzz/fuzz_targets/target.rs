//! What a person types to name a listener: never a panic, a refusal has a hint, and the host and port that were
//! understood are understood again when they are written plainly.
#![cfg_attr(fuzzing, no_main)]

use std::net::IpAddr;

use navyd_model::{Target, target::Host};

navyd_fuzz::target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let target = match text.parse::<Target>() {
        Ok(target) => target,
        Err(error) => return assert!(!error.hint.is_empty(), "{text:?} is refused without a hint"),
    };
    let plain = match (&target.host, target.port) {
        (None, Some(port)) => port.to_string(),
        (Some(Host::Address(IpAddr::V6(address))), Some(port)) => format!("[{address}]:{port}"),
        // `udp:443` is a protocol and a port, before it could be a host of that name.
        (Some(Host::Name(name)), _) if name == "tcp" || name == "udp" => return,
        (Some(host), Some(port)) => format!("{host}:{port}"),
        // Alone, only some names are understood: `l` of `x://l` may be a service that nobody knows.
        (Some(_), None) => return,
        (None, None) => panic!("{text:?} names neither host nor port"),
    };
    match plain.parse::<Target>() {
        Ok(again) => {
            assert_eq!((again.host, again.port), (target.host, target.port), "{text:?} as {plain:?}");
        }
        Err(error) => panic!("{text:?} was understood, and {plain:?} is not: {error}"),
    }
});
