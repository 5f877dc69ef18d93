//! The Range field: what is sent lies within the file, and never is more than all of it in several parts.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::serve::range::{Asked, asked};

navyd_fuzz::target!(|bytes: &[u8]| {
    for length in [0, 1, 10, 1 << 40, u64::MAX] {
        let Asked::Ranges(ranges) = asked(bytes, length) else { continue };
        assert!(!ranges.is_empty());
        let mut all = 0_u64;
        for range in &ranges {
            let Some(end) = range.from.checked_add(range.length) else { panic!("it ends beyond 64 bits") };
            assert!(range.length > 0 && end <= length, "{range:?} of {length}");
            let Some(more) = all.checked_add(range.length) else {
                panic!("together they are beyond 64 bits")
            };
            all = more;
        }
        assert!(all <= length);
    }
});
