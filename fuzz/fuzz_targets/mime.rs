//! Messages, searches and what is said of links: never a panic, and no part is longer than its message.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::mail::{
    mime::{head, pieces, read},
    query::Query,
};

navyd_fuzz::target!(|bytes: &[u8]| {
    let mail = read(bytes);
    // Decoding makes a part shorter, but letters beyond ASCII may need three bytes each.
    let longest = 3 * bytes.len() + 64;
    assert!(mail.parts.iter().all(|part| part.bytes.len() <= longest));
    assert!(mail.subject.len() <= longest);
    let whole = pieces(bytes);
    assert!(whole.body.len() <= longest);
    assert!(head::end(bytes) <= bytes.len());
    for (name, value) in head::fields(bytes) {
        assert!(!name.is_empty() && !value.contains('\n') && head::canonical(&name).len() == name.len());
    }
    let query = Query::parse(&String::from_utf8_lossy(bytes), "UTC");
    std::hint::black_box(query.matches(&navyd_standin::mail::store::Facts::default()));
});
