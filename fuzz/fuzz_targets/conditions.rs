//! The If- fields: a write is never "not modified", what holds is what was asked for, and so it is with `If` of WebDAV.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::serve::fuzz::{TAG, judged, states};

navyd_fuzz::target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(5, |byte| *byte == b'\n');
    let fields = [(); 4].map(|()| lines.next().filter(|value| !value.is_empty()));
    let if_range = lines.next().unwrap_or_default();
    let [matches, none_match, modified_since, unmodified_since] = fields;
    let (read, same) = judged(fields, if_range, true);
    let (write, _) = judged(fields, if_range, false);
    assert!(write.is_some(), "a write is never not modified");
    assert!(read != Some(true) || write == Some(true) || none_match.is_some());
    assert!(read.is_some() || none_match.is_some() || modified_since.is_some());
    assert!(write == Some(true) || matches.is_some() || none_match.is_some() || unmodified_since.is_some());
    assert!(!same || !if_range.trim_ascii_start().starts_with(b"W/"), "a weak tag names no part");
    // In front of all else, the very tag is what decides.
    let named = |value: Option<&[u8]>| [TAG.as_bytes(), b", ", value.unwrap_or_default()].concat();
    let (one, other) = (named(matches), named(none_match));
    assert_eq!(judged([Some(&one), None, None, unmodified_since], b"", false).0, Some(true));
    assert_eq!(judged([None, Some(&other), modified_since, None], b"", true).0, None);
    assert_eq!(judged([Some(&one), Some(&other), None, None], b"", false).0, Some(false));

    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((written, tokens, all, nothing)) = states(text) else { return };
    assert!(tokens.iter().all(|token| text.contains(token.as_str())));
    let again = states(&written);
    assert_eq!(again, Some((written.clone(), tokens, all, nothing)), "{written}");
    // Where nothing is meant the other way round, all of it holds where everything is so, and nothing where nothing is.
    if !written.to_ascii_lowercase().contains("not") {
        assert!(all && !nothing, "{written}");
    }
});
