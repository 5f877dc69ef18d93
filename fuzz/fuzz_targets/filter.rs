//! The filter language: a mistake has its place and a hint, and what was understood can be asked of anything.
#![cfg_attr(fuzzing, no_main)]

use jiff::Timestamp;
use navyd_model::filter::{Field, Filter, Pattern, Subject};

/// An exchange of which every text is the filter itself.
struct Mirror<'t>(&'t str);

impl Subject for Mirror<'_> {
    fn number(&self, field: Field) -> Option<f64> {
        (field != Field::Took).then_some(self.0.len() as f64)
    }

    fn text(&self, field: Field, _: Option<&str>, pattern: &Pattern) -> Option<bool> {
        (field != Field::Body).then(|| pattern.matches(self.0))
    }
}

navyd_fuzz::target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Filter::parse(text, Timestamp::UNIX_EPOCH) {
        Ok(filter) => {
            assert_eq!(filter.to_string(), text);
            let is = filter.matches(&Mirror(text));
            if !filter.needs_response() && !filter.needs_body() {
                assert!(is.is_some(), "{text:?}");
            }
        }
        Err(mistake) => {
            assert!(mistake.at.start <= mistake.at.end && mistake.at.end <= text.len(), "{mistake:?}");
            assert!(!mistake.hint.is_empty(), "{mistake:?}");
            assert!(mistake.pointing(text)[1].contains('^'), "{mistake:?}");
        }
    }
});
