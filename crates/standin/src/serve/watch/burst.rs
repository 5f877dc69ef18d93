//! What has changed in a short time, as one event: pure.

use std::{
    collections::BTreeSet,
    path::{Component, Path},
};

use notify::Event;

use super::super::change::is_part;

/// How many styles one event names; where more have changed, the page is loaded again.
const MOST: usize = 64;

/// Something has changed that is no style.
pub(super) const ALL: &[u8] = b"event: reload\ndata: \n\n";

/// What has changed below a root.
pub(super) struct Burst<'a> {
    root: &'a Path,
    hidden: bool,
    styles: BTreeSet<String>,
    other: bool,
}

impl<'a> Burst<'a> {
    /// Nothing yet. `hidden`: whether names that begin with a dot count.
    pub(super) fn new(root: &'a Path, hidden: bool) -> Self {
        Self { root, hidden, styles: BTreeSet::new(), other: false }
    }

    /// One more change.
    pub(super) fn add(&mut self, event: &Event) {
        // The system has lost some, or cannot say what has changed.
        self.other |= event.need_rescan() || event.paths.is_empty();
        for path in &event.paths {
            match self.address(path) {
                None => {}
                Some(address) if address.ends_with(".css") => drop(self.styles.insert(address)),
                Some(_) => self.other = true,
            }
        }
    }

    /// The event for the pages that are open; `None` where nothing of theirs has changed.
    pub(super) fn event(self) -> Option<Vec<u8>> {
        match () {
            () if self.other || self.styles.len() > MOST => Some(ALL.to_vec()),
            () if self.styles.is_empty() => None,
            () => {
                let paths = serde_json::to_string(&self.styles).unwrap_or_default();
                Some(format!("event: css\ndata: {paths}\n\n").into_bytes())
            }
        }
    }

    /// A path as pages name it; `None` of what is not served, and of what editors keep beside a file.
    fn address(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(self.root).ok()?;
        let mut address = String::new();
        for part in below.components() {
            let Component::Normal(name) = part else { return None };
            let name = name.to_string_lossy();
            if (name.starts_with('.') && !self.hidden) || name.ends_with('~') || is_part(&name) {
                return None;
            }
            address.push('/');
            address.push_str(&name);
        }
        Some(address)
    }
}

#[cfg(test)]
mod tests {
    use notify::EventKind;

    use super::*;

    #[test]
    fn styles_alone_need_no_reload() {
        for (paths, expected) in [
            (&["/r/a.css"][..], Some("event: css\ndata: [\"/a.css\"]\n\n")),
            (
                &["/r/a b.css", "/r/x/a.css", "/r/a b.css"],
                Some("event: css\ndata: [\"/a b.css\",\"/x/a.css\"]\n\n"),
            ),
            (&["/r/a.css", "/r/a.html"], Some("event: reload\ndata: \n\n")),
            (&["/r"], Some("event: reload\ndata: \n\n")),
            (&["/r/.git/index", "/r/a.html~", "/other"], None),
            (&["/r/.git/index", "/r/a.css"], Some("event: css\ndata: [\"/a.css\"]\n\n")),
        ] {
            let mut burst = Burst::new(Path::new("/r"), false);
            for path in paths {
                burst.add(&Event::new(EventKind::Any).add_path((*path).into()));
            }
            let event = burst.event().map(|event| String::from_utf8(event).expect("it is text"));
            assert_eq!(event.as_deref(), expected, "{paths:?}");
        }
        let mut lost = Burst::new(Path::new("/r"), false);
        lost.add(&Event::default());
        assert_eq!(lost.event().as_deref(), Some(ALL));
    }
}
