//! Ranges and versions of npm and Python, and lock files: never a panic, and one order for all versions.
#![cfg_attr(fuzzing, no_main)]

navyd_fuzz::target!(|bytes: &[u8]| {
    navyd_host::audit::known::fuzz::versions(&String::from_utf8_lossy(bytes));
});
