//! The packet filter's rules, as `nft` and as `iptables-save` print them: never a panic.
#![cfg_attr(fuzzing, no_main)]

navyd_fuzz::target!(|bytes: &[u8]| {
    #[cfg(target_os = "linux")]
    navyd_host::kernel::fuzz::rules(bytes);
    #[cfg(not(target_os = "linux"))]
    let _ = bytes;
});
