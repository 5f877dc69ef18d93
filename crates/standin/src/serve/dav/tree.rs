//! The folder that is served, as `dav-server` reads and changes it: for one request of one client.
//!
//! Every name is judged as if it had been asked for: it is one entry of a folder, not hidden, and not behind a password
//! that was not given. What is not, is not there.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use dav_server::{
    davpath::DavPath,
    fs::{
        DavDirEntry, DavFile, DavFileSystem, DavMetaData, DavProp, FsError, FsFuture, FsResult, FsStream,
        OpenOptions, ReadDirMeta,
    },
};
use http::StatusCode;
use tokio::task::spawn_blocking;

use super::{
    super::{
        Access, Settings,
        change::{Beside, is_part},
        path::is_entry,
        root::{Reader, Root},
    },
    holder::Kept,
    known::{Known, Named, failed},
};
use crate::http::Head;

/// The most entries of a folder that are told.
pub(super) const MOST: usize = 100_000;

/// The most folders inside of each other that are gone down: the library keeps a frame of the stack for each.
const DEEPEST: usize = 100;

/// What the request may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct May {
    /// Whether files and folders may come into being.
    pub(super) create: bool,
    /// Whether they may be taken away, also to make room.
    pub(super) remove: bool,
    /// Whether links to folders are told: who goes down everything could go in a circle.
    pub(super) circles: bool,
}

/// What is copied or moved, and where to.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) from: PathBuf,
    pub(super) to: PathBuf,
}

/// The folder, for one request.
#[derive(Debug, Clone)]
pub(super) struct Tree(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reader: Reader,
    hidden: bool,
    access: Access,
    /// What the client says of who it is.
    said: Option<Vec<u8>>,
    may: May,
    way: Option<Way>,
    /// Whether the file at the end of the way may be replaced. It stays until what replaces it is whole.
    gives_way: AtomicBool,
    kept: Kept,
    /// The longest file that may be made.
    most: u64,
}

impl Tree {
    pub(super) fn new(
        root: &Root,
        settings: &Settings,
        head: &Head,
        may: May,
        way: Option<Way>,
        kept: Kept,
    ) -> Self {
        Self(Arc::new(Inner {
            reader: root.reader(),
            hidden: settings.hidden,
            access: settings.access.clone(),
            said: head.value("authorization").map(<[u8]>::to_vec),
            may,
            way,
            gives_way: AtomicBool::new(false),
            kept,
            most: settings.upload.unwrap_or_default(),
        }))
    }

    /// Does something to a place on another thread: a disk may take its time.
    fn at<'a, T: Send + 'static>(
        &self,
        path: &DavPath,
        writes: bool,
        work: impl FnOnce(&Inner, &Path) -> FsResult<T> + Send + 'static,
    ) -> FsFuture<'a, T> {
        let (inner, place) = (Arc::clone(&self.0), self.0.place(path, writes));
        Box::pin(async move {
            let place = place?;
            spawn_blocking(move || work(&inner, &place)).await.map_err(|_| FsError::GeneralFailure)?
        })
    }
}

impl Inner {
    fn place(&self, path: &DavPath, writes: bool) -> FsResult<PathBuf> {
        let text = std::str::from_utf8(path.as_bytes()).map_err(|_| FsError::NotFound)?;
        let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if !parts.iter().all(|part| self.is_served(part)) {
            return Err(if writes { FsError::Forbidden } else { FsError::NotFound });
        }
        if !self.access.admits(&parts, writes, self.said.as_deref()) {
            return Err(FsError::Forbidden);
        }
        Ok(if parts.is_empty() { PathBuf::from(".") } else { parts.iter().collect() })
    }

    fn is_served(&self, name: &str) -> bool {
        is_served(name, self.hidden)
    }

    fn known(&self, path: &Path, links: bool) -> FsResult<Known> {
        let facts = self.reader.look(path).map_err(|error| failed(&error))?;
        let link = links && self.reader.is_link(path).map_err(|error| failed(&error))?;
        Ok(Known { facts, link })
    }

    fn entries(&self, path: &Path, links: bool) -> FsResult<Vec<Named>> {
        if path.iter().count() > DEEPEST {
            return Err(FsError::Forbidden);
        }
        let entries = self.reader.entries(path, MOST).map_err(|error| failed(&error))?;
        let mut told = Vec::with_capacity(entries.len());
        for entry in entries.into_iter().filter(|entry| self.is_served(&entry.name)) {
            let path = path.join(&entry.name);
            if !self.access.admits_path(&path, self.said.as_deref()) {
                continue;
            }
            // What is gone by now is not told.
            let asks = links || (entry.facts.folder && !self.may.circles);
            let link = asks && self.reader.is_link(&path).unwrap_or_default();
            if link && entry.facts.folder && !self.may.circles {
                continue;
            }
            told.push(Named(entry.name, Known { facts: entry.facts, link: link && links }));
        }
        Ok(told)
    }

    fn remove(&self, path: &Path, folder: bool) -> FsResult<()> {
        if !self.may.remove {
            return Err(FsError::Forbidden);
        }
        if !folder && self.way.as_ref().is_some_and(|way| way.to == path) {
            self.gives_way.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let work = || {
            let (parent, name) = parted(path)?;
            self.reader.folder(parent)?.remove(name, folder)
        };
        work().map_err(|error: io::Error| failed(&error))?;
        self.kept.forget(&place(path));
        Ok(())
    }

    /// Whether what stands at a place may be replaced by what comes there.
    fn gives_way(&self, path: &Path) -> bool {
        self.gives_way.load(Ordering::Relaxed) && self.way.as_ref().is_some_and(|way| way.to == path)
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        let (parent, name) = parted(path)?;
        let folder = self.reader.folder(parent)?;
        if self.gives_way(path) {
            folder.remove(name, false)?;
        }
        folder.make(name)?;
        // A folder that is copied is made anew, and brings its properties along.
        let way = self.way.as_ref();
        let rest = way.and_then(|way| Some((way, path.strip_prefix(&way.to).ok()?)));
        match rest {
            Some((way, rest)) => {
                let from = place(&way.from.join(rest));
                self.kept.properties().copied(&from, &place(path));
            }
            None => self.kept.properties().forget(&place(path)),
        }
        Ok(())
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let found = self.reader.find(from)?;
        if found.facts.folder {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if found.facts.length > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let (parent, name) = parted(to)?;
        let folder = self.reader.folder(parent)?;
        let (mut beside, mut file) = Beside::new(&folder)?;
        io::copy(&mut found.file.take(found.facts.length), &mut file)?;
        beside.publish(name, self.gives_way(to))?;
        self.kept.properties().copied(&place(from), &place(to));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((old_parent, old), (new_parent, new)) = (parted(from)?, parted(to)?);
        let into = self.reader.folder(new_parent)?;
        let over = self.gives_way(to);
        let is_folder = self.reader.look(from)?.folder && !self.reader.is_link(from)?;
        if over && is_folder {
            into.remove(new, false)?;
        }
        self.reader.folder(old_parent)?.rename(old, &into, new, over && !is_folder)?;
        self.kept.properties().moved(&place(from), &place(to));
        Ok(())
    }
}

/// Whether a name is that of something that may be told.
pub(super) fn is_served(name: &str, hidden: bool) -> bool {
    is_entry(name) && !is_part(name) && (hidden || !name.starts_with('.'))
}

/// A path as locks and properties know it.
fn place(path: &Path) -> String {
    let parts = path.iter().filter(|part| *part != ".").map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// The folder of an entry, and its name; the root has none.
fn parted(path: &Path) -> io::Result<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::PermissionDenied)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok((parent.unwrap_or(Path::new(".")), name))
}

impl DavFileSystem for Tree {
    /// Only LOCK asks for it, where nothing is yet: RFC 4918 §7.3 has an empty file come into being.
    fn open<'a>(&'a self, path: &'a DavPath, _: OpenOptions) -> FsFuture<'a, Box<dyn DavFile>> {
        self.at(path, true, |inner, path| {
            if !inner.may.create {
                return Err(FsError::Forbidden);
            }
            let work = || {
                let (parent, name) = parted(path)?;
                inner.reader.folder(parent)?.create(name)
            };
            work().map_err(|error: io::Error| failed(&error))?;
            inner.kept.properties().forget(&place(path));
            Ok(Box::new(Nothing) as Box<dyn DavFile>)
        })
    }

    fn read_dir<'a>(
        &'a self,
        path: &'a DavPath,
        meta: ReadDirMeta,
    ) -> FsFuture<'a, FsStream<Box<dyn DavDirEntry>>> {
        let links = meta == ReadDirMeta::DataSymlink;
        let entries = self.at(path, false, move |inner, path| inner.entries(path, links));
        Box::pin(async move {
            let entries = entries.await?.into_iter().map(|entry| Ok(Box::new(entry) as Box<dyn DavDirEntry>));
            let entries: FsStream<_> = Box::pin(tokio_stream::iter(entries));
            Ok(entries)
        })
    }

    fn metadata<'a>(&'a self, path: &'a DavPath) -> FsFuture<'a, Box<dyn DavMetaData>> {
        self.at(path, false, |inner, path| Ok(Box::new(inner.known(path, false)?) as Box<dyn DavMetaData>))
    }

    fn symlink_metadata<'a>(&'a self, path: &'a DavPath) -> FsFuture<'a, Box<dyn DavMetaData>> {
        self.at(path, false, |inner, path| Ok(Box::new(inner.known(path, true)?) as Box<dyn DavMetaData>))
    }

    fn create_dir<'a>(&'a self, path: &'a DavPath) -> FsFuture<'a, ()> {
        self.at(path, true, |inner, path| {
            if !inner.may.create {
                return Err(FsError::Forbidden);
            }
            inner.make(path).map_err(|error| failed(&error))
        })
    }

    fn remove_dir<'a>(&'a self, path: &'a DavPath) -> FsFuture<'a, ()> {
        self.at(path, true, |inner, path| inner.remove(path, true))
    }

    fn remove_file<'a>(&'a self, path: &'a DavPath) -> FsFuture<'a, ()> {
        self.at(path, true, |inner, path| inner.remove(path, false))
    }

    fn rename<'a>(&'a self, from: &'a DavPath, to: &'a DavPath) -> FsFuture<'a, ()> {
        let to = self.0.place(to, true);
        self.at(from, true, move |inner, from| {
            let (to, said) = (to?, inner.said.as_deref());
            // A folder goes with all that is in it, whatever rules there are for that.
            let all = inner.access.admits_below(from, said) && inner.access.admits_below(&to, said);
            if !all || !inner.may.create {
                return Err(FsError::Forbidden);
            }
            inner.rename(from, &to).map_err(|error| failed(&error))
        })
    }

    fn copy<'a>(&'a self, from: &'a DavPath, to: &'a DavPath) -> FsFuture<'a, ()> {
        let to = self.0.place(to, true);
        self.at(from, false, move |inner, from| {
            let to = to?;
            if !inner.may.create {
                return Err(FsError::Forbidden);
            }
            inner.copy(from, &to).map_err(|error| failed(&error))
        })
    }

    fn have_props<'a>(&'a self, _: &'a DavPath) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(std::future::ready(self.0.may.create))
    }

    fn patch_props<'a>(
        &'a self,
        path: &'a DavPath,
        patch: Vec<(bool, DavProp)>,
    ) -> FsFuture<'a, Vec<(StatusCode, DavProp)>> {
        self.at(path, true, |inner, path| Ok(inner.kept.properties().patch(&place(path), patch)))
    }
}

/// The file that a lock has made: its content comes with PUT.
#[derive(Debug)]
struct Nothing;

/// What cannot be done with it.
fn none<'a, T: Send + 'a>() -> FsFuture<'a, T> {
    Box::pin(async { Err(FsError::NotImplemented) })
}

impl DavFile for Nothing {
    fn metadata(&'_ mut self) -> FsFuture<'_, Box<dyn DavMetaData>> {
        none()
    }

    fn write_buf(&'_ mut self, _: Box<dyn bytes::Buf + Send>) -> FsFuture<'_, ()> {
        none()
    }

    fn write_bytes(&'_ mut self, _: bytes::Bytes) -> FsFuture<'_, ()> {
        none()
    }

    fn read_bytes(&'_ mut self, _: usize) -> FsFuture<'_, bytes::Bytes> {
        none()
    }

    fn seek(&'_ mut self, _: io::SeekFrom) -> FsFuture<'_, u64> {
        none()
    }

    fn flush(&'_ mut self) -> FsFuture<'_, ()> {
        none()
    }
}
