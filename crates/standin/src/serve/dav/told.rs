//! The answer to PROPFIND (RFC 4918 §9.1): the properties of a file, or of a folder and what is in it.
//!
//! It is written here and not by the library, which tells entity tags without their quotes, so that they are never those
//! of GET, and leaves out what is asked for and not there (§9.1: each "for which the property does not exist" is told
//! with 404).

use std::{fmt::Write as _, time::SystemTime, vec};

use bytes::Bytes;
use dav_server::{fs::DavProp, ls::DavLock};

use super::{
    holder::Kept,
    wants::{DAV, Name, Wants},
};
use crate::{
    http::{Answer, Body, Source, Sourced, date},
    serve::{
        kind::Kind,
        path::{Wanted, encode},
        root::{Entry, Facts},
    },
};

/// How much of the answer is written at a time, at least, in bytes.
const PIECE: usize = 32 * 1024;

/// The properties that every file and folder can have by itself.
const LIVE: [&str; 8] = [
    "displayname",
    "getcontentlength",
    "getcontenttype",
    "getetag",
    "getlastmodified",
    "lockdiscovery",
    "resourcetype",
    "supportedlock",
];

/// What locks there are.
const SUPPORTED: &str = "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>\
    </D:lockentry><D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>";

/// What is told of whom, as far as it has not been written.
pub(super) struct Told {
    wants: Wants,
    kept: Kept,
    /// Whether there are locks.
    locks: bool,
    /// Whether what is not there is left out (RFC 8144 §2.1).
    brief: bool,
    /// The parts of the path of what was asked for, and what it is; `None` once it is told.
    top: Option<(Vec<String>, Facts)>,
    /// In front of the names of what is in it: as a link, and as a place.
    link: String,
    place: String,
    within: vec::IntoIter<Entry>,
    begun: bool,
    ended: bool,
}

impl Told {
    /// `within`: what is in the folder, where that was asked for too.
    pub(super) fn new(wants: Wants, kept: Kept, wanted: &Wanted, facts: Facts, within: Vec<Entry>) -> Self {
        let place = wanted.parts().iter().fold(String::new(), |place, part| place + part + "/");
        Self {
            wants,
            kept,
            locks: false,
            brief: false,
            top: Some((wanted.parts().to_vec(), facts)),
            link: wanted.link() + "/",
            place,
            within: within.into_iter(),
            begun: false,
            ended: false,
        }
    }

    pub(super) fn with(self, locks: bool, brief: bool) -> Self {
        Self { locks, brief, ..self }
    }

    /// The answer with it.
    pub(super) fn answer(self) -> Answer {
        let answer = Answer::new(207)
            .with("Content-Type", "application/xml; charset=utf-8")
            .with("Cache-Control", "no-cache");
        answer.body(Body::Source(Box::new(self), None))
    }

    fn piece(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        let mut out = String::with_capacity(PIECE + 4096);
        if !std::mem::replace(&mut self.begun, true) {
            out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?><D:multistatus xmlns:D=\"DAV:\">");
        }
        if let Some((parts, facts)) = self.top.take() {
            let link =
                if facts.folder { self.link.clone() } else { self.link.trim_end_matches('/').to_owned() };
            let name = parts.last().map_or("", String::as_str);
            self.response(&link, name, &parts.join("/"), &facts, &mut out);
        }
        while out.len() < PIECE {
            let Some(Entry { name, facts }) = self.within.next() else {
                self.ended = true;
                out.push_str("</D:multistatus>\n");
                break;
            };
            let slash = if facts.folder { "/" } else { "" };
            let link = format!("{}{}{slash}", self.link, encode(&name));
            self.response(&link, &name, &format!("{}{name}", self.place), &facts, &mut out);
        }
        Some(out)
    }

    fn response(&self, link: &str, name: &str, place: &str, facts: &Facts, out: &mut String) {
        let (mut there, mut missing) = (String::new(), String::new());
        let properties = self.kept.properties();
        let own = properties.all(place);
        let live = |live: &str| self.live(live, name, place, facts);
        match &self.wants {
            Wants::These(names) => {
                for wanted in names {
                    let mine = own.iter().find(|one| is_called(one, wanted));
                    let live = wanted.of_dav().and_then(live);
                    match (mine.and_then(written), wanted.of_dav(), live) {
                        (Some(mine), _, _) => there.push_str(mine),
                        (None, Some(name), Some(value)) => element(name, &value, &mut there),
                        _ if self.brief => {}
                        _ => named(wanted, &mut missing),
                    }
                }
            }
            Wants::All => {
                there.extend(own.iter().filter_map(written));
                for name in LIVE.iter().filter(|name| !own.iter().any(|one| is_dav(one, name))) {
                    if let Some(value) = live(name) {
                        element(name, &value, &mut there);
                    }
                }
            }
            Wants::Names => {
                for one in own {
                    let name = Name { namespace: one.namespace.clone(), name: one.name.clone() };
                    named(&name, &mut there);
                }
                for name in LIVE.iter().filter(|name| !own.iter().any(|one| is_dav(one, name))) {
                    if live(name).is_some() {
                        element(name, "", &mut there);
                    }
                }
            }
        }
        out.push_str("<D:response><D:href>");
        out.push_str(if link.is_empty() { "/" } else { link });
        out.push_str("</D:href>");
        // RFC 4918 §14.24: a response has at least one propstat.
        if !there.is_empty() || missing.is_empty() {
            stat(&there, "200 OK", out);
        }
        if !missing.is_empty() {
            stat(&missing, "404 Not Found", out);
        }
        out.push_str("</D:response>");
    }

    /// The value of a property that it has by itself, as XML; `None` where it has none of that name.
    fn live(&self, property: &str, name: &str, place: &str, facts: &Facts) -> Option<String> {
        Some(match property {
            "displayname" if !name.is_empty() => escaped(name),
            "getcontentlength" if !facts.folder => facts.length.to_string(),
            "getcontenttype" if facts.folder => "httpd/unix-directory".to_owned(),
            "getcontenttype" => escaped(&Kind::of(name).media),
            "getetag" => escaped(&format!("\"{}\"", facts.tag())),
            "getlastmodified" => date(facts.changed?),
            "resourcetype" => (if facts.folder { "<D:collection/>" } else { "" }).to_owned(),
            "supportedlock" => (if self.locks { SUPPORTED } else { "" }).to_owned(),
            "lockdiscovery" => {
                let locks = self.kept.locks().covering(place, SystemTime::now());
                locks.iter().map(discovered).collect()
            }
            _ => return None,
        })
    }
}

impl Source for Told {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(std::future::ready(Ok(self.piece().map(Bytes::from))))
    }
}

fn stat(properties: &str, status: &str, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<D:propstat><D:prop>{properties}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>"
    );
}

/// A property of WebDAV itself with its value.
fn element(name: &str, value: &str, out: &mut String) {
    let _ = match value {
        "" => write!(out, "<D:{name}/>"),
        value => write!(out, "<D:{name}>{value}</D:{name}>"),
    };
}

/// A property without its value.
fn named(Name { namespace, name }: &Name, out: &mut String) {
    let _ = match namespace {
        Some(namespace) => write!(out, "<x:{name} xmlns:x=\"{}\"/>", escaped(namespace)),
        None => write!(out, "<{name}/>"),
    };
}

/// A property that a client has made up, as it was written when it was set.
fn written(property: &DavProp) -> Option<&str> {
    std::str::from_utf8(property.xml.as_ref()?).ok().map(undeclared)
}

/// XML without the declaration of a whole document.
fn undeclared(xml: &str) -> &str {
    let rest = xml.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    rest.map_or(xml, |(_, rest)| rest)
}

fn is_called(property: &DavProp, wanted: &Name) -> bool {
    let namespace = property.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    property.name == wanted.name && namespace == wanted.namespace.as_deref()
}

fn is_dav(property: &DavProp, name: &str) -> bool {
    property.name == name && property.namespace.as_deref() == Some(DAV)
}

/// A lock as it is told (RFC 4918 §14.1).
fn discovered(lock: &DavLock) -> String {
    let scope = if lock.shared { "shared" } else { "exclusive" };
    let depth = if lock.deep { "infinity" } else { "0" };
    let mut owner = Vec::new();
    // What a client says of itself goes back as it came; what cannot be written is left out.
    let wrote = lock.owner.as_ref().is_some_and(|element| element.write(&mut owner).is_ok());
    let owner = if wrote { String::from_utf8(owner).unwrap_or_default() } else { String::new() };
    format!(
        "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:{scope}/></D:lockscope>\
         <D:depth>{depth}</D:depth>{}<D:timeout>Second-{}</D:timeout>\
         <D:locktoken><D:href>{}</D:href></D:locktoken><D:lockroot><D:href>{}</D:href></D:lockroot></D:activelock>",
        undeclared(&owner),
        lock.timeout.unwrap_or_default().as_secs(),
        escaped(&lock.token),
        escaped(&lock.path.with_prefix().as_url_string()),
    )
}

/// A text in XML. What XML 1.0 has no place for is told as U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(wants: Wants, names: &[&str], brief: bool) -> String {
        let facts = Facts { folder: true, length: 0, changed: None, number: 1 };
        let file = Facts { folder: false, length: 9, ..facts };
        let within = names.iter().map(|name| Entry { name: (*name).to_owned(), facts: file }).collect();
        let wanted = Wanted::parse("/a%20b/").expect("it names a folder");
        let mut told = Told::new(wants, Kept::default(), &wanted, facts, within).with(true, brief);
        std::iter::from_fn(|| told.piece()).collect()
    }

    #[test]
    fn what_is_not_there_is_told_so() {
        let name = |namespace: Option<&str>, name: &str| Name {
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        };
        let wants = || {
            Wants::These(vec![
                name(Some(DAV), "getetag"),
                name(Some(DAV), "getcontentlength"),
                name(Some("urn:x\""), "y"),
                name(None, "z"),
            ])
        };
        assert_eq!(
            told(wants(), &["<&"], false),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:multistatus xmlns:D=\"DAV:\">\
             <D:response><D:href>/a%20b/</D:href><D:propstat><D:prop><D:getetag>&quot;1-0-0&quot;</D:getetag></D:prop>\
             <D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><x:getcontentlength xmlns:x=\"DAV:\"/>\
             <x:y xmlns:x=\"urn:x&quot;\"/><z/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>\
             </D:response><D:response><D:href>/a%20b/%3C%26</D:href><D:propstat><D:prop>\
             <D:getetag>&quot;1-9-0&quot;</D:getetag><D:getcontentlength>9</D:getcontentlength></D:prop>\
             <D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><x:y xmlns:x=\"urn:x&quot;\"/><z/>\
             </D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response></D:multistatus>\n"
        );
        assert!(!told(wants(), &["a"], true).contains("404"));
        let names = told(Wants::Names, &["a"], false);
        assert!(names.contains("<D:displayname/>") && !names.contains("Not Found"), "{names}");
    }

    #[test]
    fn many_are_told_piece_by_piece() {
        let names: Vec<_> = (0..2000).map(|at| format!("\u{1}é{at}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let all = told(Wants::All, &names, false);
        assert_eq!(all.matches("<D:response>").count(), 2001);
        let read = xmltree::Element::parse(all.as_bytes()).expect("it is XML");
        assert_eq!(read.children.len(), 2001);
    }
}
