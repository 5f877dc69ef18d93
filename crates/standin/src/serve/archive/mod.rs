//! A folder in one file, made while it is sent: `?archive=zip` and `?archive=tar.gz`.
//!
//! It is read on another thread, which waits for the client as a disk would. What is not served is not in it. Links are
//! what they lead to, as everywhere here.

mod tar;
mod walk;
mod zip;

use std::{io, io::Write, path::Path};

use bytes::Bytes;
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{
    path::Wanted,
    root::{Facts, Reader},
};
use crate::{
    http::{Answer, Body, Source, Sourced},
    limits,
};
pub(super) use walk::Wants;

/// How many pieces may wait for the client.
const WAITING: usize = 4;

/// How a folder becomes one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Zip, with deflate.
    Zip,
    /// Tar (POSIX pax), in gzip.
    TarGz,
}

/// A form that is being written.
trait Writer {
    /// Begins a file or a folder, whose name has neither a root nor `..`.
    fn begin(&mut self, name: &str, facts: &Facts) -> io::Result<()>;
    /// Some bytes of the file.
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The end of the file.
    fn end(&mut self) -> io::Result<()>;
    /// The end of all.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Form {
    /// The form that a query asks for.
    pub(super) fn asked(query: &str) -> Option<Self> {
        let form = query.split('&').find_map(|pair| pair.strip_prefix("archive="))?;
        match form {
            "zip" => Some(Self::Zip),
            "tar.gz" | "tgz" => Some(Self::TarGz),
            _ => None,
        }
    }

    fn media(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::TarGz => "application/gzip",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::TarGz => "tar.gz",
        }
    }
}

/// The answer with a folder as one file, called after the folder, or like this where it is the root.
pub(super) fn answer(form: Form, wanted: &Wanted, root_name: &str, reader: Reader, wants: Wants) -> Answer {
    let name = wanted.name().unwrap_or(root_name);
    let file = format!("{name}.{}", form.ending());
    // RFC 6266 §4.3: the name in ASCII first, and then as it is.
    let plain: String =
        file.chars().map(|c| if c.is_ascii_graphic() && !"\"\\;%".contains(c) { c } else { '_' }).collect();
    let disposition =
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", super::path::encode(&file));
    Answer::new(200)
        .with("Content-Type", form.media())
        .with("Content-Disposition", disposition)
        .with("Cache-Control", "no-cache")
        .body(Body::Source(Box::new(Archive::new(form, wanted, name, reader, wants)), None))
}

/// An archive that is being made.
struct Archive {
    begin: Option<Box<dyn FnOnce(Pieces)>>,
    pieces: Option<mpsc::Receiver<io::Result<Bytes>>>,
}

/// Where the pieces go.
type Pieces = mpsc::Sender<io::Result<Bytes>>;

impl Archive {
    fn new(form: Form, wanted: &Wanted, name: &str, reader: Reader, wants: Wants) -> Self {
        let (path, name) = (wanted.path(), name.to_owned());
        let begin = move |pieces: Pieces| {
            // It ends with its client: what it makes is no longer taken then.
            spawn_blocking(move || {
                let sink = Sink { pieces: pieces.clone(), buffer: Vec::with_capacity(limits::PIECE) };
                if let Err(error) = make(form, &path, &name, &reader, &wants, sink) {
                    let _ = pieces.blocking_send(Err(error));
                }
            });
        };
        Self { begin: Some(Box::new(begin)), pieces: None }
    }
}

impl Source for Archive {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(async move {
            if let Some(begin) = self.begin.take() {
                let (sender, pieces) = mpsc::channel(WAITING);
                self.pieces = Some(pieces);
                begin(sender);
            }
            match &mut self.pieces {
                Some(pieces) => pieces.recv().await.transpose(),
                None => Ok(None),
            }
        })
    }
}

fn make(form: Form, path: &Path, name: &str, reader: &Reader, wants: &Wants, sink: Sink) -> io::Result<()> {
    let mut writer: Box<dyn Writer> = match form {
        Form::Zip => Box::new(zip::Zip::new(sink)),
        Form::TarGz => Box::new(tar::TarGz::new(sink)),
    };
    walk::walk(reader, path, name, wants, &mut *writer)?;
    writer.finish()
}

/// Pieces for the client.
struct Sink {
    pieces: Pieces,
    buffer: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= limits::PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(limits::PIECE));
        self.pieces.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
