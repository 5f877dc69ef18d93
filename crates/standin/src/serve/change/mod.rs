//! Files that clients send, and take away: PUT, PATCH, POST of a form, DELETE. Nothing of it unless it was asked for.
//!
//! - A file stands there whole or not at all: it is written beside its place, and gets its name in one step.
//! - What has a name already is replaced only where that is allowed, and appended to under the same condition.
//! - PUT with Content-Range is an upload in pieces: what has come is kept beside its place, [`range`] says where to go on;
//!   [`leftover`] takes away what nobody goes on with.
//! - A page of another site is refused ([`origin`]): a browser would send the password for it.
//!
//! Deliberately absent: making folders on the way, taking away folders that are not empty, and waiting for the disk: who
//! pulls the plug loses what has just come.

pub(super) mod form;
mod leftover;
mod origin;
mod range;
mod receive;
mod writing;

use std::{
    cell::RefCell,
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};

use super::{
    Settings, access,
    condition::{self, Verdict, Version},
    dav::{self, Claim, Drive},
    fields::Fields,
    path::Wanted,
    root::{Facts, Root},
};
use crate::http::{Answer, Asked, Head};
pub(super) use leftover::sweep;
pub(super) use origin::is_ours;
pub(super) use writing::{Beside, is_part};

/// The names that somebody is writing to in pieces; a second one has to wait.
#[derive(Debug, Default)]
struct Busy(RefCell<HashSet<PathBuf>>);

/// A name while it is written to.
struct Held<'a>(&'a Busy, PathBuf);

/// What is being changed.
#[derive(Debug, Default)]
pub(super) struct Changes(Busy);

/// Where something is to be changed, and by what rules.
struct Place<'a> {
    root: &'a Root,
    settings: &'a Settings,
    head: &'a Head,
    wanted: &'a Wanted,
    /// What is said of locks, where there are any.
    claim: Option<Claim>,
}

/// The methods that change something and are allowed, each with a comma in front.
pub(super) fn methods(settings: &Settings) -> String {
    let upload = settings.upload.is_some();
    let all =
        [(upload, ", PUT, POST"), (upload && settings.overwrite, ", PATCH"), (settings.delete, ", DELETE")];
    all.into_iter().filter(|(allowed, _)| *allowed).map(|(_, methods)| methods).collect()
}

impl Changes {
    /// The answer to a request that would change something; `None` where that is not allowed at all.
    pub(super) async fn answer(
        &self,
        root: &Root,
        settings: &Settings,
        drive: &Drive,
        wanted: &Wanted,
        asked: &mut Asked<'_>,
    ) -> Option<Answer> {
        let head = asked.head;
        if !methods(settings).split(", ").any(|allowed| allowed == head.method()) {
            return None;
        }
        if !is_ours(head) {
            return Some(Answer::text(403, "pages of other sites may change nothing here\n"));
        }
        if !settings.access.admits(wanted.parts(), true, head.value("authorization")) {
            return Some(access::refused());
        }
        let claim = match drive.claim(root, settings, wanted, head) {
            Ok(claim) => claim,
            Err(answer) => return Some(answer),
        };
        let place = Place { root, settings, head, wanted, claim };
        let changed = match head.method() {
            "PUT" => place.put(asked.body, &self.0).await,
            "PATCH" => place.append(asked.body, &self.0).await,
            "POST" => place.form(asked.body).await,
            _ => place.delete(),
        };
        Some(changed.unwrap_or_else(|refused| match refused {
            Refused::Locked => dav::locked(wanted),
            refused => refused.answer(),
        }))
    }
}

/// Why something was not changed.
#[derive(Debug)]
enum Refused {
    /// The file would be longer than this.
    TooLarge(u64),
    /// The client did not send all of it.
    Cut(io::Error),
    /// The disk.
    Disk(io::Error),
    /// Somebody else has locked it.
    Locked,
    /// Anything else.
    Said(u16, &'static str),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Refused {
    fn answer(self) -> Answer {
        use io::ErrorKind as Kind;
        let error = match self {
            Self::TooLarge(most) => {
                return Answer::text(413, format!("at most {most} bytes are taken (--max-upload)\n"));
            }
            Self::Locked => return Answer::text(423, "it is locked\n"),
            Self::Said(status, text) => return Answer::text(status, format!("{text}\n")),
            Self::Cut(error) => return Answer::text(400, format!("it did not come whole: {error}\n")),
            Self::Disk(error) => error,
        };
        let (status, text) = match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => (507, "there is no room left"),
            Kind::FileTooLarge => (413, "no file may be that long here"),
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => (403, "this may not be changed"),
            Kind::AlreadyExists => (409, "it is there already (--overwrite replaces it)"),
            Kind::DirectoryNotEmpty => (409, "the folder is not empty"),
            Kind::IsADirectory => (409, "it is a folder"),
            Kind::NotFound | Kind::NotADirectory => (409, "there is no such folder"),
            Kind::InvalidFilename | Kind::InvalidInput => (400, "this cannot be the name of a file"),
            _ => return Answer::text(500, format!("this cannot be changed: {error}\n")),
        };
        Answer::text(status, format!("{text}\n"))
    }
}

impl Place<'_> {
    /// The folder and the name of what is wanted.
    fn entry(&self) -> Result<(PathBuf, &str), Refused> {
        let name = self.wanted.name().filter(|name| !is_part(name));
        let name = name.ok_or(Refused::Said(403, "this may not be changed"))?;
        let path = self.wanted.path();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok((folder.unwrap_or(Path::new(".")).to_owned(), name))
    }

    /// Whether what is there is what the client believes.
    fn judge(&self, there: Option<&Facts>) -> Result<(), Refused> {
        let fields = Fields::of(self.head);
        let tag = there.map(|facts| format!("\"{}\"", facts.tag()));
        let version = Version { tag: tag.as_deref(), changed: there.and_then(|facts| facts.changed) };
        match condition::judge(&fields.conditions(), &version, false) {
            Verdict::Proceed => Ok(()),
            Verdict::NotModified | Verdict::Failed => Err(Refused::Said(412, "it has changed")),
        }
    }

    /// Whether nobody else has locked it, nor, where it is `new`, the folder that it would come into.
    fn is_free(&self, parts: &[String], new: bool) -> Result<(), Refused> {
        let free = self
            .claim
            .as_ref()
            .is_none_or(|claim| claim.is_free(parts, false) && (!new || claim.may_come_or_go(parts)));
        if free { Ok(()) } else { Err(Refused::Locked) }
    }

    fn delete(&self) -> Result<Answer, Refused> {
        let (folder, name) = self.entry()?;
        let found = match self.root.reader().look(&self.wanted.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Answer::text(404, "not found\n"));
            }
            found => found?,
        };
        if self.wanted.folder && !found.folder {
            return Ok(Answer::text(404, "not found\n"));
        }
        self.judge(Some(&found))?;
        let folder = self.root.reader().folder(&folder)?;
        // A link to a folder is taken away like a file.
        folder
            .remove(name, false)
            .or_else(|error| if found.folder { folder.remove(name, true) } else { Err(error) })?;
        Ok(Answer::new(204))
    }
}

impl Busy {
    fn hold(&self, path: PathBuf) -> Option<Held<'_>> {
        self.0.borrow_mut().insert(path.clone()).then(|| Held(self, path))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.borrow_mut().remove(&self.1);
    }
}
