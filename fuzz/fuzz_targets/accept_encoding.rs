//! The Accept-Encoding field: each coding once, and none that was refused.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::serve::coding::wanted;

navyd_fuzz::target!(|bytes: &[u8]| {
    let codings: Vec<_> = wanted(Some(bytes)).collect();
    for (at, coding) in codings.iter().enumerate() {
        assert!(!codings[at + 1..].contains(coding));
        // Behind all else, a word of its own that refuses it is the first that names it, or is not heard at all.
        let refused = [format!("{};q=0,", coding.name()).as_bytes(), bytes].concat();
        assert!(!wanted(Some(&refused)).any(|wanted| wanted == *coding));
    }
});
