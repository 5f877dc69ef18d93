//! The site itself: what is answered to which request.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Settings, access,
    archive::{Archives, Form},
    change::{self, Changes},
    coding::{self, Coding},
    compress::{self, Compressed},
    dav::{self, Drive},
    fields::Fields,
    held::{Said, Served},
    listing, markdown,
    path::Wanted,
    reply::{Content, Shown},
    root::Root,
    watch::{self, Watch},
};
use crate::{
    Stop, Talking,
    http::{Answer, Answering, Asked, Head, Site},
};

/// What is shown for a folder, where it is there.
const INDEX: &str = "index.html";

/// What is shown where nothing is, where it is there.
const NOT_FOUND: &str = "404.html";

/// The files of a folder, or one file, as a site.
#[derive(Debug)]
pub struct Files {
    root: Root,
    /// The one file, where only one is served.
    only: Option<String>,
    settings: Settings,
    compressed: Compressed,
    watch: Option<Watch>,
    archives: Archives,
    changes: Changes,
    drive: Drive,
    /// What the folder is called.
    name: String,
}

/// What a path leads to.
enum Seen {
    /// A file, and the name that says what it is.
    File(Served, PathBuf),
    /// A folder without a page of its own.
    Folder,
    /// A folder, whose address ends with a slash.
    Moved,
}

impl Files {
    /// Opens the folder, or the folder of the one file.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(path: &Path, settings: Settings) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        let folder = folder.ok_or(io::ErrorKind::NotFound)?;
        let watch = settings.watch.then(|| Watch::start(folder, settings.hidden)).transpose()?;
        // A link would lead past a password that stands in front of what it leads to.
        let root = Root::open(folder, !settings.access.has_paths())?;
        let called = folder.file_name().map_or_else(|| "files".into(), |name| name.to_string_lossy());
        let files = Self {
            root,
            only: None,
            settings,
            compressed: Compressed::default(),
            watch,
            archives: Archives::default(),
            changes: Changes::default(),
            drive: Drive::default(),
            name: called.into_owned(),
        };
        if folder == path {
            return Ok(files);
        }
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
        files.root.find(Path::new(name))?;
        Ok(Self { only: Some(name.to_owned()), ..files })
    }

    /// What goes on beside the site, to be done once; `None` where there is nothing.
    #[must_use]
    pub fn work(&self) -> Option<Talking> {
        let watching = self.watch.as_ref().and_then(Watch::work);
        if self.settings.upload.is_none() || self.only.is_some() {
            return watching;
        }
        let sweeping = change::sweep(self.root.reader());
        Some(Box::pin(async move {
            let watching = async {
                if let Some(watching) = watching {
                    watching.await;
                }
            };
            tokio::join!(watching, sweeping);
        }))
    }

    async fn read(&self, head: &Head, stop: &Stop) -> Answer {
        let fields = Fields::of(head);
        if let Some(answer) = self.watch.as_ref().and_then(|watch| watch.answer(head.path(), stop)) {
            // Events name files: whoever may not see the root hears of none.
            let may = self.settings.access.admits(&[], false, fields.authorization.as_deref());
            return if may { answer } else { access::refused() };
        }
        let Some(wanted) = self.wanted(head.path()) else {
            return Box::pin(self.missing(None, &fields)).await;
        };
        let said = fields.authorization.as_deref();
        if !self.settings.access.admits(wanted.parts(), false, said) {
            return access::refused();
        }
        match self.look(&wanted) {
            Ok(Seen::File(found, path)) => self.file(found, &path, &fields, None).await,
            Ok(Seen::Folder) if self.settings.listing => {
                if let Some(form) = Form::asked(head.query()) {
                    return self.archive(form, &wanted, said);
                }
                let watched = self.watch.is_some();
                Box::pin(listing::answer(&self.root, &wanted, head.query(), &fields, &self.settings, watched))
                    .await
            }
            Ok(Seen::Moved) => moved(&wanted, head.query()),
            Ok(Seen::Folder) => Box::pin(self.missing(Some(&wanted), &fields)).await,
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Box::pin(self.missing(Some(&wanted), &fields)).await,
                io::ErrorKind::PermissionDenied => Answer::text(403, "this may not be read\n"),
                _ => Answer::text(500, format!("this cannot be read: {error}\n")),
            },
        }
    }

    /// What a path names, if that is served.
    fn wanted(&self, path: &str) -> Option<Wanted> {
        let wanted = Wanted::parse(path).filter(|wanted| self.settings.hidden || !wanted.is_hidden())?;
        match &self.only {
            None => Some(wanted),
            Some(only) => {
                let is_it = matches!(wanted.parts(), [name] if name == only) && !wanted.folder;
                (is_it || wanted.parts().is_empty()).then(|| Wanted::file(only))
            }
        }
    }

    fn look(&self, wanted: &Wanted) -> io::Result<Seen> {
        let path = wanted.path();
        let found = match self.root.serve(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !wanted.folder => {
                // Clean addresses: `/about` is `about.html`.
                let mut page = path.into_os_string();
                page.push(".html");
                let page = PathBuf::from(page);
                let found = self.root.serve(&page).ok().filter(|found| !found.facts.folder).ok_or(error)?;
                return Ok(Seen::File(found, page));
            }
            found => found?,
        };
        match (found.facts.folder, wanted.folder) {
            (false, false) => Ok(Seen::File(found, path)),
            (true, false) => Ok(Seen::Moved),
            (false, true) => Err(io::ErrorKind::NotFound.into()),
            (true, true) => {
                let index = path.join(INDEX);
                match self.root.serve(&index) {
                    Ok(found) if !found.facts.folder => Ok(Seen::File(found, index)),
                    _ => Ok(Seen::Folder),
                }
            }
        }
    }

    /// A folder in one file, with what its client may read.
    fn archive(&self, form: Form, wanted: &Wanted, said: Option<&[u8]>) -> Answer {
        let (hidden, access, said) =
            (self.settings.hidden, self.settings.access.clone(), said.map(<[u8]>::to_vec));
        let wants = move |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            (hidden || !name.as_encoded_bytes().starts_with(b"."))
                && access.admits_path(path, said.as_deref())
        };
        let name = wanted.name().unwrap_or(&self.name);
        self.archives.answer(form, name, wanted.path(), self.root.reader(), Box::new(wants))
    }

    /// Something is sent here, or to be taken away.
    async fn change(&self, asked: &mut Asked<'_>) -> Answer {
        if self.only.is_none() {
            let Some(wanted) = self.wanted(asked.head.path()) else {
                return Answer::text(404, "not found\n");
            };
            if self.settings.dav
                && let Some(answer) = self.drive.answer(&self.root, &self.settings, &wanted, asked).await
            {
                return answer;
            }
            let (root, settings) = (&self.root, &self.settings);
            if let Some(answer) = self.changes.answer(root, settings, &self.drive, &wanted, asked).await {
                return answer;
            }
        }
        Answer::text(405, "this is not allowed here\n").with("Allow", self.allow())
    }

    /// What may be asked.
    fn allow(&self) -> String {
        let dav = if self.settings.dav { dav::methods(&self.settings) } else { String::new() };
        format!("GET, HEAD, OPTIONS{}{dav}", change::methods(&self.settings))
    }

    /// The answer with a file. `status`: another one than what the request leads to; then all of it is sent.
    async fn file(&self, found: Served, path: &Path, fields: &Fields<'_>, status: Option<u16>) -> Answer {
        // What a request leads to is judged like what it names.
        if !self.settings.access.admits_path(path, fields.authorization.as_deref()) {
            return access::refused();
        }
        let shown = match self.shown(found, path, fields).await {
            Ok(shown) => shown,
            Err(error) => return Answer::text(500, format!("this cannot be read: {error}\n")),
        };
        match status {
            Some(status) => shown.whole(status),
            None => shown.answer(fields),
        }
    }

    /// The representation of a file that the client wants most.
    async fn shown(&self, found: Served, path: &Path, fields: &Fields<'_>) -> io::Result<Shown> {
        let said = Arc::clone(&found.said);
        let Said { kind, tag, .. } = &*said;
        if let Some(made) = self.made(&found, path, fields)? {
            return Ok(made);
        }
        let markdown = kind.is_markdown();
        let plain = |found: Served, vary| Shown {
            media: kind.media.clone(),
            coding: None,
            vary,
            tag: format!("\"{}\"", found.said.tag),
            changed: found.facts.changed,
            dated: found.said.changed.clone(),
            content: found.into(),
        };
        if !kind.text || !self.settings.compress {
            return Ok(plain(found, if markdown { "Accept" } else { "" }));
        }
        let vary = if markdown { "Accept, Accept-Encoding" } else { "Accept-Encoding" };
        let mut on_the_fly = None;
        for coding in coding::wanted(fields.accept_encoding.as_deref()) {
            if let Some(ahead) = self.ahead(path, coding, &found) {
                let tag = format!("\"{}-{}\"", ahead.said.tag, coding.name());
                return Ok(Shown { tag, coding: Some(coding), ..plain(ahead, vary) });
            }
            on_the_fly = on_the_fly.or(Some(coding));
        }
        match on_the_fly {
            // A part is one of the file itself, so that it does not depend on how it would be compressed.
            Some(coding) if fields.range.is_none() && compress::LENGTHS.contains(&found.facts.length) => {
                let (changed, dated) = (found.facts.changed, said.changed.clone());
                let tag = format!("\"{tag}-{}\"", coding.name());
                let text = Box::pin(self.compressed.text(&tag, coding, found)).await?;
                let (media, content) = (kind.media.clone(), Content::Made(text));
                Ok(Shown { media, coding: Some(coding), vary, tag, changed, dated, content })
            }
            _ => Ok(plain(found, vary)),
        }
    }

    /// A page that is made of a file: a text in Markdown for those who would rather have a page, and any page that is to
    /// be told when something changes.
    fn made(&self, found: &Served, path: &Path, fields: &Fields<'_>) -> io::Result<Option<Shown>> {
        let Said { kind, tag, changed: dated } = &*found.said;
        let length = found.facts.length;
        let rendered = kind.is_markdown() && length <= markdown::LONGEST && fields.want_page();
        let told = self.watch.is_some() && (rendered || kind.is_html()) && length <= watch::LONGEST;
        if !rendered && !told {
            return Ok(None);
        }
        let mut page = Vec::from(found.whole()?);
        if rendered {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            page = markdown::page(&String::from_utf8_lossy(&page), &name).into_bytes();
        }
        if told {
            page = watch::injected(&page);
        }
        Ok(Some(Shown {
            media: "text/html; charset=utf-8".into(),
            coding: None,
            vary: if kind.is_markdown() { "Accept" } else { "" },
            tag: format!(
                "\"{tag}-{}{}\"",
                if rendered { "page" } else { "" },
                if told { "watched" } else { "" }
            ),
            changed: found.facts.changed,
            dated: dated.clone(),
            content: Content::Made(page.into()),
        }))
    }

    /// The file that was compressed ahead, unless it is older than what it was made of.
    fn ahead(&self, path: &Path, coding: Coding, of: &Served) -> Option<Served> {
        let mut name = path.as_os_str().to_owned();
        name.push(coding.ending());
        let found = self.root.serve(Path::new(&name)).ok()?;
        (!found.facts.folder && found.facts.changed >= of.facts.changed).then_some(found)
    }

    /// The answer where nothing is: the application's page, the site's own, or a word.
    async fn missing(&self, wanted: Option<&Wanted>, fields: &Fields<'_>) -> Answer {
        let is_page = wanted.is_some_and(|wanted| fields.navigate(wanted.name()));
        let instead = if self.settings.spa && is_page { Some((INDEX, None)) } else { None };
        for (name, status) in instead.into_iter().chain([(NOT_FOUND, Some(404))]) {
            if let Ok(found) = self.root.serve(Path::new(name))
                && !found.facts.folder
                && self.only.is_none()
            {
                let answer = self.file(found, Path::new(name), fields, status).await;
                // The same address is a page for some, and nothing for others.
                return if self.settings.spa { answer.with("Vary", "Sec-Fetch-Dest") } else { answer };
            }
        }
        Answer::text(404, "not found\n")
    }
}

/// Where a folder is, by its own name: the links on its page are relative to it.
fn moved(wanted: &Wanted, query: &str) -> Answer {
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Answer::text(301, "it is a folder\n").with("Location", format!("{}/{query}", wanted.link()))
}

/// What is rare is put apart (`Box::pin`), so that what is kept for every request is small.
impl Site for Files {
    fn answer<'a>(&'a self, mut asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            /// What pages of other origins may do.
            const ALLOW: &str = "GET, HEAD, OPTIONS";
            match asked.head.method() {
                "GET" | "HEAD" => self.read(asked.head, asked.stop).await,
                "OPTIONS" if self.settings.cors && asked.head.value("origin").is_some() => {
                    let answer = Answer::new(204)
                        .with("Allow", self.allow())
                        .with("Access-Control-Allow-Methods", ALLOW)
                        // The asterisk stands for all but this one (Fetch, CORS protocol).
                        .with("Access-Control-Allow-Headers", "*, Authorization")
                        .with("Access-Control-Max-Age", "600");
                    // A page of the Internet asks whether this network is there for it (Private Network Access).
                    match asked.head.value("access-control-request-private-network") {
                        Some(_) => answer.with("Access-Control-Allow-Private-Network", "true"),
                        None => answer,
                    }
                }
                "OPTIONS" => {
                    let answer = Answer::new(204).with("Allow", self.allow());
                    if self.settings.dav { dav::introduced(answer, &self.settings) } else { answer }
                }
                _ => Box::pin(self.change(&mut asked)).await,
            }
        })
    }
}
