//! A hosts file, edited: idempotent, reversible, and no line that is not ours is lost or changed.
#![cfg_attr(fuzzing, no_main)]

use navyd_hub::hosts::{HostName, edit};

navyd_fuzz::target!(|bytes: &[u8]| {
    let names: Vec<HostName> =
        ["shop.localhost", "a.test"].iter().filter_map(|name| name.parse().ok()).collect();
    let with = edit(bytes, &names);
    let without = edit(bytes, &[]);
    assert_eq!(edit(&with, &names), with, "not idempotent");
    assert_eq!(edit(&with, &[]), without, "not reversible");
    assert_eq!(edit(&without, &[]), without, "something of ours is left");
    // What is left are lines of the file, in their order; only the last one's ending may differ.
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let left: Vec<&[u8]> = without.split(|byte| *byte == b'\n').collect();
    // Behind the last line break there is no line.
    let count = left.len() - usize::from(left.last().is_some_and(|line| line.is_empty()));
    for line in left.into_iter().take(count) {
        assert!(lines.any(|own| own.strip_suffix(b"\r").unwrap_or(own) == line.strip_suffix(b"\r").unwrap_or(line)), "a line is new");
    }
});
