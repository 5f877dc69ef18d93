//! What PUT, PATCH and a form do.

use std::{fs::File, io};

use super::{
    super::path::is_entry,
    Busy, Place, Refused,
    form::{Event, Form, boundary},
    is_part,
    range::{Added, Piece},
    writing::{Beside, Writing},
};
use crate::http::{Answer, Incoming};

/// The most files of one form.
const FILES: usize = 1000;

impl Place<'_> {
    /// A file, or a piece of one.
    pub(super) async fn put(&self, body: &mut Incoming<'_>, busy: &Busy) -> Result<Answer, Refused> {
        let (folder, name) = self.entry()?;
        if self.wanted.folder {
            return Err(Refused::Said(409, "it is a folder"));
        }
        let piece = match self.head.text("content-range") {
            None => None,
            Some(value) => {
                Some(Piece::parse(value).ok_or(Refused::Said(400, "Content-Range is not understood"))?)
            }
        };
        let length = piece.map_or(body.length(), |piece| Some(piece.total));
        self.fits(length)?;
        self.is_free(self.wanted.parts(), false)?;
        let replaced = self.replaced()?;
        self.is_free(self.wanted.parts(), replaced.is_none())?;
        let folder = self.root.reader().folder(&folder)?;
        let Some(piece) = piece else {
            let (mut beside, file) = Beside::new(&folder)?;
            let mut writing = Writing::new(file, 0, self.most());
            writing.receive(body).await?;
            self.publish(&mut beside, &writing, name, replaced.as_ref())?;
            return Ok(self.done(replaced.is_some()));
        };
        let _held = busy.hold(self.wanted.path()).ok_or(Refused::Said(409, "somebody else is sending it"))?;
        let (mut beside, file, mut length) = Beside::again(&folder, name, piece.total)?;
        let Some(from) = piece.from else { return Ok(go_on(202, length)) };
        if body.length().is_some_and(|told| told != piece.end - from) {
            return Err(Refused::Said(400, "the body is not as long as Content-Range says"));
        }
        if from == 0 {
            // From the beginning again.
            file.set_len(0)?;
            length = 0;
        } else if from != length {
            return Ok(go_on(409, length));
        }
        let mut writing = Writing::new(file, length, piece.end);
        writing.receive(body).await?;
        if writing.at < piece.end {
            return Err(Refused::Said(400, "the body is not as long as Content-Range says"));
        }
        if piece.end < piece.total {
            return Ok(go_on(202, writing.at));
        }
        // All has come: where it cannot have its name, nothing is left to go on with.
        beside.give_up();
        self.publish(&mut beside, &writing, name, replaced.as_ref())?;
        Ok(self.done(replaced.is_some()))
    }

    /// Bytes behind those that a file has. It is the one change that is seen while it is made: who is cut off asks how
    /// long the file is, and goes on.
    pub(super) async fn append(&self, body: &mut Incoming<'_>, busy: &Busy) -> Result<Answer, Refused> {
        let (folder, name) = self.entry()?;
        let added = self.head.text("x-update-range").and_then(Added::parse);
        let added =
            added.ok_or(Refused::Said(400, "X-Update-Range says where: `append`, or `bytes=1000-`"))?;
        if self.replaced()?.is_none() {
            return Ok(Answer::text(404, "not found\n"));
        }
        self.is_free(self.wanted.parts(), false)?;
        let _held = busy.hold(self.wanted.path()).ok_or(Refused::Said(409, "somebody else is sending it"))?;
        let file = self.root.reader().folder(&folder)?.write(name)?;
        let length = file.metadata()?.len();
        if let Added::At(at) = added
            && at != length
        {
            return Ok(go_on(409, length));
        }
        self.fits(body.length().map(|more| length.saturating_add(more)))?;
        let mut writing = Writing::new(file, length, self.most());
        writing.receive(body).await?;
        Ok(Answer::new(204))
    }

    /// The files of a form, into a folder.
    pub(super) async fn form(&self, body: &mut Incoming<'_>) -> Result<Answer, Refused> {
        let boundary = self.head.text("content-type").and_then(boundary);
        let boundary = boundary.ok_or(Refused::Said(415, "a form is sent as multipart/form-data"))?;
        if !self.wanted.folder {
            return Err(Refused::Said(409, "a form is sent to a folder"));
        }
        self.fits(body.length())?;
        let (mut form, mut left) = (Form::new(&boundary), self.most());
        let folder = self.root.reader().folder(&self.wanted.path())?;
        let mut file: Option<(Beside<'_>, Writing, String)> = None;
        let mut names = Vec::new();
        loop {
            match form.next().map_err(|text| Refused::Said(400, text))? {
                Some(Event::Part(name)) => {
                    let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
                    let name = self.named(&name)?;
                    let (beside, new) = Beside::new(&folder)?;
                    file = Some((beside, Writing::new(new, 0, self.most()), name));
                }
                Some(Event::Content(content)) => {
                    if let Some((_, writing, _)) = &mut file {
                        writing.take(&content).await?;
                    }
                }
                Some(Event::End) => {
                    let Some((mut beside, mut writing, name)) = file.take() else { continue };
                    writing.flush().await?;
                    let over = self.settings.overwrite;
                    beside.publish(&name, over)?;
                    names.push(name);
                    if names.len() == FILES {
                        return Err(Refused::Said(413, "a form has at most 1000 files"));
                    }
                }
                Some(Event::Done) => break,
                None => match body.piece().await.map_err(Refused::Cut)? {
                    Some(piece) => {
                        left = left.checked_sub(piece.len() as u64).ok_or(Refused::TooLarge(self.most()))?;
                        form.feed(&piece);
                    }
                    None => return Err(Refused::Said(400, "the form is cut short")),
                },
            }
        }
        if names.is_empty() {
            return Err(Refused::Said(400, "no file was chosen"));
        }
        // The page is loaded again by GET, so that going back does not send the files again.
        Ok(Answer::text(303, format!("{}\n", names.join("\n"))).with("Location", self.wanted.link() + "/"))
    }

    /// The name under which a file of a form is kept: without the folders that some browsers send along.
    fn named(&self, name: &str) -> Result<String, Refused> {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let hidden = name.starts_with('.') && !self.settings.hidden;
        if hidden || is_part(name) || !is_entry(name) {
            return Err(Refused::Said(400, "this cannot be the name of a file"));
        }
        let parts: Vec<_> = self.wanted.parts().iter().cloned().chain([name.to_owned()]).collect();
        if !self.settings.access.admits(&parts, true, self.head.value("authorization")) {
            return Err(Refused::Said(403, "this file is somebody else's"));
        }
        let path = self.wanted.path().join(name);
        let there = self.root.reader().look(&path);
        self.is_free(&parts, there.is_err())?;
        match there {
            Ok(facts) if facts.folder => Err(Refused::Said(409, "it is a folder")),
            Ok(_) if !self.settings.overwrite => Err(io::Error::from(io::ErrorKind::AlreadyExists).into()),
            _ => Ok(name.to_owned()),
        }
    }

    /// Gives what was sent its name, and whoever may use what it replaces may use it.
    fn publish(
        &self,
        beside: &mut Beside<'_>,
        writing: &Writing,
        name: &str,
        replaced: Option<&File>,
    ) -> Result<(), Refused> {
        // Somebody may have locked it meanwhile.
        self.is_free(self.wanted.parts(), replaced.is_none())?;
        match (replaced, &self.claim) {
            (Some(replaced), _) => writing.permit_as(replaced)?,
            (None, Some(claim)) => claim.forget(self.wanted.parts()),
            (None, None) => {}
        }
        Ok(beside.publish(name, self.settings.overwrite || replaced.is_some())?)
    }

    fn done(&self, replaced: bool) -> Answer {
        if replaced {
            return Answer::new(204);
        }
        Answer::text(201, "kept\n").with("Location", self.wanted.link())
    }

    /// The longest file that is taken, in bytes.
    fn most(&self) -> u64 {
        self.settings.upload.unwrap_or_default()
    }

    fn fits(&self, length: Option<u64>) -> Result<(), Refused> {
        let most = self.most();
        if length.is_some_and(|length| length > most) { Err(Refused::TooLarge(most)) } else { Ok(()) }
    }

    /// The file that is there, opened, where it may be replaced; `None` where there is none.
    fn replaced(&self) -> Result<Option<File>, Refused> {
        match self.root.find(&self.wanted.path()) {
            Ok(found) if found.facts.folder => Err(Refused::Said(409, "it is a folder")),
            Ok(found) => {
                self.judge(Some(&found.facts))?;
                // What is empty loses nothing: a lock has made it, or a client that writes in two steps.
                let begun = found.facts.length == 0
                    && self.claim.as_ref().is_some_and(|claim| claim.has(self.wanted.parts()));
                if !self.settings.overwrite && !begun {
                    return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
                }
                Ok(Some(found.file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.judge(None).map(|()| None),
            Err(error) => Err(error.into()),
        }
    }
}

/// How much of an upload has come, which is where it goes on.
fn go_on(status: u16, at: u64) -> Answer {
    let answer = Answer::text(status, format!("{at} bytes have come\n"));
    if at == 0 { answer } else { answer.with("Range", format!("bytes=0-{}", at - 1)) }
}
