//! What a listener answers, read by every probe: never a panic, and an opinion names a protocol.
#![cfg_attr(fuzzing, no_main)]

navyd_fuzz::target!(|bytes: &[u8]| {
    for (probe, protocol) in navyd_host::probe::opinions(bytes) {
        assert!(!protocol.is_empty(), "`{probe}` has an opinion without a protocol");
    }
});
