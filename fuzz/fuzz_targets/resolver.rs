//! `resolv.conf`, `nsswitch.conf` and `gai.conf`: never a panic, and never more name servers than are asked.
#![cfg_attr(fuzzing, no_main)]

use navyd_host::doctor::{Resolver, prefers_v4, sources};

navyd_fuzz::target!(|bytes: &[u8]| {
    assert!(Resolver::parse(bytes).servers.len() <= 3, "more name servers than are asked");
    assert!(sources(bytes).is_none_or(|words| words.iter().all(|word| !word.is_empty())), "an empty source");
    prefers_v4(bytes);
});
