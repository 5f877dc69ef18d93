//! The site itself: what is answered to which request.

use std::{
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    kind::Kind,
    path::Wanted,
    root::{Found, Root},
};
use crate::http::{Answer, Answering, Asked, Body, Head, Part, Site};

/// What it was told on the command line.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether names that begin with a dot are served.
    pub hidden: bool,
}

/// The files of a folder, or one file, as a site.
#[derive(Debug)]
pub struct Files {
    root: Root,
    /// The one file, where only one is served.
    only: Option<PathBuf>,
    settings: Settings,
}

impl Files {
    /// Opens the folder, or the folder of the one file.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(path: &Path, settings: Settings) -> io::Result<Self> {
        let path = path.canonicalize()?;
        if path.is_dir() {
            return Ok(Self { root: Root::open(&path)?, only: None, settings });
        }
        let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
        let root = Root::open(folder)?;
        let name = PathBuf::from(path.file_name().ok_or(io::ErrorKind::NotFound)?);
        root.find(&name)?;
        Ok(Self { root, only: Some(name), settings })
    }

    fn read(&self, head: &Head) -> Answer {
        let Some(wanted) = Wanted::parse(head.path()) else { return Answer::text(404, "not found\n") };
        if wanted.is_hidden() && !self.settings.hidden {
            return Answer::text(404, "not found\n");
        }
        let path = self.only.clone().unwrap_or_else(|| wanted.path());
        match self.root.find(&path) {
            Ok(found) if !found.facts.folder => file(found, &path),
            Ok(_) | Err(_) => Answer::text(404, "not found\n"),
        }
    }
}

fn file(found: Found, path: &Path) -> Answer {
    let kind = Kind::of(&path.to_string_lossy());
    let whole = Part::File(Rc::new(found.file), 0, found.facts.length);
    Answer::new(200).with("Content-Type", kind.media).body(Body::Parts(vec![whole]))
}

impl Site for Files {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            match asked.head.method() {
                "GET" | "HEAD" => self.read(asked.head),
                _ => Answer::text(405, "only GET and HEAD\n").with("Allow", "GET, HEAD"),
            }
        })
    }
}
