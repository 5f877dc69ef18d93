//! Which properties a PROPFIND asks for (RFC 4918 §9.1): pure.

use xmltree::Element;

/// The namespace of WebDAV itself.
pub(super) const DAV: &str = "DAV:";

/// The name of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Its namespace; `None` where it is in none.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// These, whether they are there or not.
    These(Vec<Name>),
    /// All that there are.
    All,
    /// The names of all that there are.
    Names,
}

impl Wants {
    /// Reads the document of a request; none asks for all. `None` where it is no such document.
    pub(super) fn parse(document: &[u8]) -> Option<Self> {
        if document.is_empty() {
            return Some(Self::All);
        }
        let root = Element::parse(document).ok()?;
        let is =
            |element: &Element, name: &str| element.name == name && element.namespace.as_deref() == Some(DAV);
        if !is(&root, "propfind") {
            return None;
        }
        root.children.iter().filter_map(|node| node.as_element()).find_map(|element| match element {
            element if is(element, "prop") => {
                let names = element.children.iter().filter_map(|node| node.as_element());
                Some(Self::These(names.map(Name::of).collect()))
            }
            // What is asked for beside all (`include`) is among all that there are.
            element if is(element, "allprop") => Some(Self::All),
            element if is(element, "propname") => Some(Self::Names),
            _ => None,
        })
    }
}

impl Name {
    fn of(element: &Element) -> Self {
        // An empty namespace is none (Namespaces in XML §6.2).
        let namespace = element.namespace.clone().filter(|namespace| !namespace.is_empty());
        Self { namespace, name: element.name.clone() }
    }

    /// The name, if it is one of WebDAV itself.
    pub(super) fn of_dav(&self) -> Option<&str> {
        (self.namespace.as_deref() == Some(DAV)).then_some(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for() {
        let name = |namespace: &str, name: &str| Name {
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: name.to_owned(),
        };
        for (document, expected) in [
            ("", Some(Wants::All)),
            ("<propfind xmlns='DAV:'><allprop/><include><a/></include></propfind>", Some(Wants::All)),
            ("<a:propfind xmlns:a='DAV:'><a:propname/></a:propfind>", Some(Wants::Names)),
            (
                "<propfind xmlns='DAV:'><prop><getetag/><x xmlns='urn:x'/><y xmlns=''/></prop></propfind>",
                Some(Wants::These(vec![name(DAV, "getetag"), name("urn:x", "x"), name("", "y")])),
            ),
            ("<propfind xmlns='DAV:'><x/><prop/></propfind>", Some(Wants::These(vec![]))),
            ("<propfind xmlns='DAV:'/>", None),
            ("<propfind><prop/></propfind>", None),
            ("<prop xmlns='DAV:'/>", None),
            ("<propfind xmlns='DAV:'>", None),
            ("nonsense", None),
        ] {
            assert_eq!(Wants::parse(document.as_bytes()), expected, "{document}");
        }
    }
}
