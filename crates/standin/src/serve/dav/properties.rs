//! Properties that clients make up (RFC 4918 §4): kept as long as the server runs, and no longer. Pure.
//!
//! They go where their file goes as long as that is moved, copied and taken away by WebDAV. Deliberately absent: the disk,
//! where a file that stays behind would be one more to explain.

use std::{collections::BTreeMap, ops::Bound};

use dav_server::fs::DavProp;
use http::StatusCode;

use super::locks::is_below;

/// The most bytes of all of them.
const MOST: usize = 4 * 1024 * 1024;

/// What one takes beside its own bytes.
const EACH: usize = 128;

/// All of them, by place.
#[derive(Debug, Default)]
pub(super) struct Properties {
    of: BTreeMap<String, Vec<DavProp>>,
    bytes: usize,
}

impl Properties {
    /// Sets some (`true`) and takes others away, in order: all of it or nothing (RFC 4918 §9.2). What became of each.
    pub(super) fn patch(&mut self, place: &str, patch: Vec<(bool, DavProp)>) -> Vec<(StatusCode, DavProp)> {
        let old = self.of.remove(place).unwrap_or_default();
        let mut new = old.clone();
        for (set, property) in &patch {
            new.retain(|other| !is_same(other, property));
            if *set {
                new.push(property.clone());
            }
        }
        let others = self.bytes - weight(place, &old);
        let fits = others + weight(place, &new) <= MOST;
        self.bytes = others;
        self.put(place.to_owned(), if fits { new } else { old });
        let told = |set: bool| match (fits, set) {
            (true, _) => StatusCode::OK,
            (false, true) => StatusCode::INSUFFICIENT_STORAGE,
            (false, false) => StatusCode::FAILED_DEPENDENCY,
        };
        patch.into_iter().map(|(set, property)| (told(set), DavProp { xml: None, ..property })).collect()
    }

    /// Those of a place.
    pub(super) fn all(&self, place: &str) -> &[DavProp] {
        self.of.get(place).map_or(&[], Vec::as_slice)
    }

    /// What stood at a place, and below it, is gone.
    pub(super) fn forget(&mut self, place: &str) {
        for place in self.at_and_below(place) {
            self.take(&place);
        }
    }

    /// What stands at a place, and below it, stands elsewhere from now on.
    pub(super) fn moved(&mut self, from: &str, to: &str) {
        self.forget(to);
        for place in self.at_and_below(from) {
            let gone = self.take(&place);
            self.put(format!("{to}{}", &place[from.len()..]), gone);
        }
    }

    /// What stands at a place, and not below it, stands elsewhere as well. What does not fit is left out.
    pub(super) fn copied(&mut self, from: &str, to: &str) {
        self.take(to);
        let same = self.all(from).to_vec();
        if self.bytes + weight(to, &same) <= MOST {
            self.put(to.to_owned(), same);
        }
    }

    fn at_and_below(&self, top: &str) -> Vec<String> {
        let from = (Bound::Included(top.to_owned()), Bound::Unbounded);
        let near = self.of.range(from).map(|(place, _)| place).take_while(|place| place.starts_with(top));
        near.filter(|place| *place == top || is_below(place, top)).cloned().collect()
    }

    fn take(&mut self, place: &str) -> Vec<DavProp> {
        let gone = self.of.remove(place).unwrap_or_default();
        self.bytes -= weight(place, &gone);
        gone
    }

    fn put(&mut self, place: String, properties: Vec<DavProp>) {
        if !properties.is_empty() {
            self.bytes += weight(&place, &properties);
            self.of.insert(place, properties);
        }
    }
}

fn is_same(one: &DavProp, other: &DavProp) -> bool {
    one.name == other.name && one.namespace == other.namespace
}

/// What the properties of a place take; without any, its name is not kept either.
fn weight(place: &str, properties: &[DavProp]) -> usize {
    if properties.is_empty() {
        return 0;
    }
    let each = |property: &DavProp| {
        let words =
            [&property.namespace, &property.prefix].into_iter().flatten().map(String::len).sum::<usize>();
        EACH + property.name.len() + words + property.xml.as_ref().map_or(0, Vec::len)
    };
    EACH + place.len() + properties.iter().map(each).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(name: &str, value: &str) -> DavProp {
        DavProp {
            name: name.to_owned(),
            prefix: None,
            namespace: Some("urn:x".to_owned()),
            xml: Some(value.as_bytes().to_vec()),
        }
    }

    fn told(properties: &Properties, place: &str) -> String {
        let one = |property: &DavProp| {
            format!(
                "{}={}",
                property.name,
                String::from_utf8_lossy(property.xml.as_deref().unwrap_or_default())
            )
        };
        properties.all(place).iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn they_go_with_their_file() {
        let mut properties = Properties::default();
        for place in ["a", "a/b", "ab", "c"] {
            let told = properties.patch(place, vec![(true, property("p", place))]);
            assert!(
                told.iter().all(|(status, property)| *status == StatusCode::OK && property.xml.is_none())
            );
        }
        properties.patch(
            "c",
            vec![(true, property("q", "1")), (false, property("p", "")), (true, property("q", "2"))],
        );
        assert_eq!(told(&properties, "c"), "q=2");
        properties.moved("a", "c");
        let all =
            |properties: &Properties| ["a", "a/b", "ab", "c", "c/b"].map(|place| told(properties, place));
        assert_eq!(all(&properties), ["", "", "p=ab", "p=a", "p=a/b"]);
        properties.copied("c", "a");
        assert_eq!(all(&properties), ["p=a", "", "p=ab", "p=a", "p=a/b"]);
        properties.forget("c");
        properties.forget("a");
        properties.copied("none", "ab");
        assert_eq!((all(&properties), properties.bytes), (["", "", "", "", ""].map(str::to_owned), 0));
    }

    #[test]
    fn they_are_bounded() {
        let mut properties = Properties::default();
        let long = "x".repeat(MOST / 3);
        for place in ["a", "b"] {
            properties.patch(place, vec![(true, property("p", &long))]);
        }
        let told = properties.patch("a", vec![(true, property("q", &long)), (false, property("p", ""))]);
        assert_eq!(told[0].0, StatusCode::OK, "one takes the place of another");
        let told = properties.patch("a", vec![(true, property("r", &long)), (false, property("s", ""))]);
        let statuses: Vec<_> = told.iter().map(|(status, _)| status.as_u16()).collect();
        assert_eq!((statuses, properties.all("a").len()), (vec![507, 424], 1));
        properties.copied("a", "c");
        assert!(properties.all("c").is_empty() && properties.bytes <= MOST);
    }
}
