//! JSON: what is written is read again as the same, and is of letters that every reader takes.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::echo::fuzz::json;

navyd_fuzz::target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(written) = json(text) else { return };
    let (line, pretty) = &written;
    for text in [line, pretty] {
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{text:?}");
        assert_eq!(json(text).as_ref(), Some(&written), "{text}");
    }
    assert_eq!(line.matches('\n').count(), 1);
});
