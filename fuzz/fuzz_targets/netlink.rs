//! Messages that the kernel sends over netlink: never a panic, whatever lengths they claim.
#![cfg_attr(fuzzing, no_main)]

navyd_fuzz::target!(|bytes: &[u8]| {
    #[cfg(target_os = "linux")]
    navyd_host::kernel::fuzz::netlink(bytes);
    #[cfg(not(target_os = "linux"))]
    let _ = bytes;
});
