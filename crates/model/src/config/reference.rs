//! References in variables: `${services.api.url}`.
//!
//! A reference is to the address of a service, which is known before anything runs: two services may name each
//! other, and nothing can go round in circles. Deliberately absent: the user's environment, which services
//! inherit anyway, and variables of other services.

use super::near::nearest;
use crate::target::shown;

/// A text with references in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(pub Vec<Part>);

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// Something about a service.
    Reference {
        /// The service's name.
        service: String,
        /// What about it.
        attribute: Attribute,
    },
}

/// What can be asked of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// `http://127.0.0.1:24117`; `tcp://…` for one that speaks something else.
    Url,
    /// `127.0.0.1`.
    Host,
    /// `24117`.
    Port,
    /// `api.shop.localhost`.
    Name,
    /// `http://api.shop.localhost:62893`: through the gateway.
    Route,
}

/// Why a text is no template.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) hint: String,
}

const ATTRIBUTES: [(&str, Attribute); 5] = [
    ("url", Attribute::Url),
    ("host", Attribute::Host),
    ("port", Attribute::Port),
    ("name", Attribute::Name),
    ("route", Attribute::Route),
];

/// Reads a text: `$$` is one `$`, and a `$` before anything but `{` is itself.
pub(super) fn parse(text: &str) -> Result<Template, Refused> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('$') {
            plain.push('$');
            rest = after;
        } else if let Some(inside) = behind.strip_prefix('{') {
            let Some(end) = inside.find('}') else {
                return Err(Refused {
                    what: format!("`${{{}` has no end", shown(inside)),
                    expected: "`}` behind the reference, or `$$` for a plain `$`".into(),
                    hint: "${services.api.url}".into(),
                });
            };
            let reference = reference(&inside[..end])?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(reference);
            rest = &inside[end + 1..];
        } else {
            plain.push('$');
            rest = behind;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(Template(parts))
}

fn reference(inside: &str) -> Result<Part, Refused> {
    let refused = |what: &str, hint: String| Refused {
        what: format!("`${{{}}}` {what}", shown(inside)),
        expected: "`${services.NAME.url}`, or `host`, `port`, `name` or `route` of a service".into(),
        hint,
    };
    let words: Vec<_> = inside.split('.').collect();
    let ["services", service, attribute] = words.as_slice() else {
        // A shell's variable, most likely; services inherit those, and the text stays as it is behind `$$`.
        return Err(refused("is no reference", format!("$${{{}}}", shown(inside))));
    };
    match ATTRIBUTES.iter().find(|(name, _)| name == attribute) {
        Some((_, attribute)) => Ok(Part::Reference { service: (*service).to_owned(), attribute: *attribute }),
        None => {
            let near = nearest(attribute, ATTRIBUTES.map(|(name, _)| name)).unwrap_or("url");
            Err(refused(
                "asks for what services do not have",
                format!("${{services.{}.{near}}}", shown(service)),
            ))
        }
    }
}

impl Template {
    /// A text without references, whatever is in it.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// The text, with `of` in the place of each reference.
    pub fn fill(&self, of: impl Fn(&str, Attribute) -> String) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Reference { service, attribute } => of(service, *attribute),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_dollars() {
        let show = |service: &str, attribute| format!("<{service} {attribute:?}>");
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("${services.api.url}", "<api Url>"),
            ("${services.api.url}/v1?x=${services.my-db.port}", "<api Url>/v1?x=<my-db Port>"),
            ("postgres://${services.db.host}:${services.db.port}/x", "postgres://<db Host>:<db Port>/x"),
            ("${services.api.name} ${services.api.route}", "<api Name> <api Route>"),
            ("$$", "$"),
            ("$${services.api.url}", "${services.api.url}"),
            ("$$${services.api.url}", "$<api Url>"),
            ("5$ and $HOME", "5$ and $HOME"),
            ("é$", "é$"),
        ] {
            assert_eq!(parse(text).unwrap().fill(show), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_reference_is_told() {
        for (text, what, hint) in [
            ("${HOME}", "`${HOME}` is no reference", "$${HOME}"),
            ("${HOME:-x}", "is no reference", "$${HOME:-x}"),
            ("${}", "is no reference", "$${}"),
            ("${services.api}", "is no reference", "$${services.api}"),
            ("${services.api.env.X}", "is no reference", ""),
            ("${services.api.prot}", "asks for what services do not have", "${services.api.port}"),
            ("${services.api.zzzzz}", "asks for what services do not have", "${services.api.url}"),
            ("a ${services.api.url", "has no end", "${services.api.url}"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.what.contains(what) && refused.hint.contains(hint), "{text}: {refused:?}");
        }
    }
}
