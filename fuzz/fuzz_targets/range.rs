//! The Range field: what is sent lies within the file, and never is more than all of it in several parts.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::serve::range::{Asked, asked};

navyd_fuzz::target!(|bytes: &[u8]| {
    for length in [0, 1, 10, 1 << 40, u64::MAX] {
        let Asked::Ranges(ranges) = asked(bytes, length) else { continue };
        assert!(!ranges.is_empty());
        let mut all = 0_u64;
        for range in &ranges {
            let end = range.from.checked_add(range.length).expect("it ends within 64 bits");
            assert!(range.length > 0 && end <= length, "{range:?} of {length}");
            all = all.checked_add(range.length).expect("together they are no more than the file");
        }
        assert!(all <= length);
    }
});
