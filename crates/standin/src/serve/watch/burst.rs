//! What has changed in a short time, as one event: pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use notify::{
    Event, EventKind,
    event::{ModifyKind, RenameMode},
};

use super::super::change::is_part;

/// How many styles one event names; where more have changed, the page is loaded again.
const MOST: usize = 64;

/// How many other files are told apart; where more have changed, something has.
const OTHERS: usize = 256;

/// Something has changed that is no style.
pub(super) const ALL: &[u8] = b"event: reload\ndata: \n\n";

/// What has changed below a root.
pub(super) struct Burst<'a> {
    root: &'a Path,
    hidden: bool,
    styles: BTreeSet<String>,
    /// Other files that have changed, and whether they came into being meanwhile: what has come and gone again is no
    /// change. Editors write a file beside the one that they save, and give it that one's name.
    others: BTreeMap<PathBuf, bool>,
    other: bool,
}

/// What has become of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Became {
    Made,
    Changed,
    Gone,
}

impl<'a> Burst<'a> {
    /// Nothing yet. `hidden`: whether names that begin with a dot count.
    pub(super) fn new(root: &'a Path, hidden: bool) -> Self {
        Self { root, hidden, styles: BTreeSet::new(), others: BTreeMap::new(), other: false }
    }

    /// One more change.
    pub(super) fn add(&mut self, event: &Event) {
        // The system has lost some, or cannot say what has changed.
        self.other |= event.need_rescan() || event.paths.is_empty();
        // Both names of what was renamed have been told one by one.
        if event.kind == EventKind::Modify(ModifyKind::Name(RenameMode::Both)) {
            return;
        }
        for path in &event.paths {
            match self.address(path) {
                None => {}
                Some(address) if address.ends_with(".css") => drop(self.styles.insert(address)),
                Some(_) => self.add_other(path, became(event.kind)),
            }
        }
    }

    fn add_other(&mut self, path: &Path, became: Became) {
        let known = self.others.get(path).copied();
        if known == Some(true) && became == Became::Gone {
            self.others.remove(path);
        } else if known.is_none() {
            self.others.insert(path.to_owned(), became == Became::Made);
        }
        self.other |= self.others.len() > OTHERS;
    }

    /// The event for the pages that are open; `None` where nothing of theirs has changed.
    pub(super) fn event(self) -> Option<Vec<u8>> {
        match () {
            () if self.other || !self.others.is_empty() || self.styles.len() > MOST => Some(ALL.to_vec()),
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

fn became(kind: EventKind) -> Became {
    match kind {
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Became::Made,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Became::Gone,
        _ => Became::Changed,
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

    #[test]
    fn what_has_come_and_gone_is_no_change() {
        use notify::event::{CreateKind, DataChange, RemoveKind};
        let create = EventKind::Create(CreateKind::File);
        let write = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let remove = EventKind::Remove(RemoveKind::File);
        let rename = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let (from, to, both) = (rename(RenameMode::From), rename(RenameMode::To), rename(RenameMode::Both));
        let style = "event: css\ndata: [\"/a.css\"]\n\n";
        let all = std::str::from_utf8(ALL).expect("it is text");
        for (events, expected) in [
            // A file beside it that takes its place, and one that only tries whether the folder can be written to.
            (
                &[(create, "/r/t"), (write, "/r/t"), (from, "/r/t"), (to, "/r/a.css"), (both, "/r/t")][..],
                Some(style),
            ),
            (&[(create, "/r/4913"), (remove, "/r/4913"), (write, "/r/a.css")], Some(style)),
            (&[(create, "/r/t"), (remove, "/r/t")], None),
            (&[(create, "/r/t"), (write, "/r/t")], Some(all)),
            (&[(write, "/r/t"), (remove, "/r/t")], Some(all)),
            (&[(remove, "/r/t"), (create, "/r/t")], Some(all)),
            (&[(create, "/r/t"), (from, "/r/t"), (to, "/r/a.html")], Some(all)),
        ] {
            let mut burst = Burst::new(Path::new("/r"), false);
            for (kind, path) in events {
                let event = Event::new(*kind).add_path((*path).into());
                let is_both = *kind == both;
                burst.add(&if is_both { event.add_path("/r/a.css".into()) } else { event });
            }
            let event = burst.event().map(|event| String::from_utf8(event).expect("it is text"));
            assert_eq!(event.as_deref(), expected, "{events:?}");
        }
    }
}
