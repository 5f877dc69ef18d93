//! A hosts file as the doctor reads it: never a panic, and no more addresses and faults than lines.
#![cfg_attr(fuzzing, no_main)]

use navyd_host::doctor::HostsFile;

navyd_fuzz::target!(|bytes: &[u8]| {
    let file = HostsFile::parse(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(file.entries.len() <= lines, "more addresses than lines");
    assert!(
        file.entries.iter().all(|entry| entry.line <= lines && !entry.names.is_empty()),
        "a line that is none"
    );
    for name in file.entries.iter().flat_map(|entry| &entry.names) {
        assert!(file.of(name).next().is_some(), "a name without an address");
    }
});
