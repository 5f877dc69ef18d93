//! Lines of `/proc/net` and of the settings of ports: never a panic.
#![cfg_attr(fuzzing, no_main)]

navyd_fuzz::target!(|bytes: &[u8]| {
    #[cfg(target_os = "linux")]
    navyd_host::kernel::fuzz::proc_net(bytes);
    #[cfg(not(target_os = "linux"))]
    let _ = bytes;
});
