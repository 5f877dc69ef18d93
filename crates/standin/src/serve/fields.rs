//! What a request says of the answer that it wants, gathered in one pass over its fields.

use std::borrow::Cow;

use super::{condition::Conditions, weighed};
use crate::http::Head;

/// The fields that decide. One that came several times is joined with commas (RFC 9110 §5.3).
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) accept: Field<'a>,
    pub(super) accept_encoding: Field<'a>,
    pub(super) range: Field<'a>,
    pub(super) if_range: Field<'a>,
    pub(super) authorization: Field<'a>,
    /// What a browser wants it for (`Sec-Fetch-Dest`, Fetch Metadata §2.1).
    pub(super) destination: Field<'a>,
    if_match: Field<'a>,
    if_none_match: Field<'a>,
    if_modified_since: Field<'a>,
    if_unmodified_since: Field<'a>,
}

/// The value of a field, if it came.
pub(super) type Field<'a> = Option<Cow<'a, [u8]>>;

impl<'a> Fields<'a> {
    /// Those of a request.
    pub(super) fn of(head: &'a Head) -> Self {
        let mut fields = Self::default();
        for (name, value) in head.fields() {
            if let Some(field) = fields.named(name) {
                match field {
                    Some(before) => before.to_mut().extend([b", ", value].concat()),
                    None => *field = Some(Cow::Borrowed(value)),
                }
            }
        }
        fields
    }

    /// Which version the client knows.
    pub(super) fn conditions(&self) -> Conditions<'_> {
        Conditions {
            matches: self.if_match.as_deref(),
            none_match: self.if_none_match.as_deref(),
            modified_since: self.if_modified_since.as_deref(),
            unmodified_since: self.if_unmodified_since.as_deref(),
        }
    }

    /// Whether the client may want the page of an application where nothing is. A browser says what it is for; of others
    /// a name with an ending is taken for a file, such as a script, for which a page would be a riddle.
    pub(super) fn navigate(&self, name: Option<&str>) -> bool {
        match self.destination.as_deref() {
            Some(b"document" | b"iframe" | b"frame") => true,
            // A program of a page, which says so where it wants a page.
            Some(b"empty") => self.accept.as_deref().is_some_and(|accept| {
                weighed::items(accept).any(|(item, _)| item.eq_ignore_ascii_case("text/html"))
            }),
            Some(_) => false,
            None => name.is_none_or(|name| !name.contains('.')),
        }
    }

    /// Whether the client would rather have a page than a text as it is written.
    pub(super) fn want_page(&self) -> bool {
        let Some(accept) = self.accept.as_deref() else { return false };
        let wants = |kind| weighed::media(accept, kind);
        wants("text/html") > wants("text/markdown").max(wants("text/plain"))
    }

    fn named(&mut self, name: &str) -> Option<&mut Field<'a>> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        // By length first: most fields of a request are none of these.
        Some(match name.len() {
            5 if is("range") => &mut self.range,
            6 if is("accept") => &mut self.accept,
            8 if is("if-match") => &mut self.if_match,
            8 if is("if-range") => &mut self.if_range,
            13 if is("authorization") => &mut self.authorization,
            13 if is("if-none-match") => &mut self.if_none_match,
            14 if is("sec-fetch-dest") => &mut self.destination,
            15 if is("accept-encoding") => &mut self.accept_encoding,
            17 if is("if-modified-since") => &mut self.if_modified_since,
            19 if is("if-unmodified-since") => &mut self.if_unmodified_since,
            _ => return None,
        })
    }
}
