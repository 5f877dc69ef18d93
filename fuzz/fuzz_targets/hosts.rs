//! A hosts file, its first line being the name that is looked up: never a panic, and only addresses that stand in it.
#![cfg_attr(fuzzing, no_main)]

navyd_fuzz::target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (name, file) = text.split_once('\n').unwrap_or((&text, ""));
    let found = navyd_host::why::fuzz::in_hosts(file, name);
    assert!(found.len() <= file.lines().count(), "more addresses than lines");
});
