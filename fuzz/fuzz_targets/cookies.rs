//! Cookies: what is set is read again, and no name and no value ends the field that it stands in.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::echo::fuzz::{cookies, set_cookie};

navyd_fuzz::target!(|bytes: &[u8]| {
    for (name, value) in cookies(bytes) {
        assert!(!name.contains([';', '=']), "{name:?}");
        let set = set_cookie(&name, &value);
        let pair = set.strip_suffix("; Path=/");
        assert!(pair.is_some_and(|pair| !pair.contains([';', ',', '\r', '\n', '\0'])), "{set:?}");
        if set.starts_with('=') {
            // Nothing of the name can stand in a field, and what has no name is no cookie.
            continue;
        }
        assert!(set.is_ascii() || !name.is_ascii(), "{set:?}");
        let read = cookies(pair.unwrap_or_default().as_bytes());
        assert_eq!(read.first().map(|(_, read)| read), Some(&value), "{set:?}");
        assert_eq!(read.len(), 1, "{set:?}");
    }
});
