//! What a site says.

use std::{borrow::Cow, fs::File, future::Future, io, pin::Pin, rc::Rc};

use bytes::{Bytes, BytesMut};

use crate::{Socket, Talking};

/// An answer: a status, fields, and a body.
///
/// Content-Length, Transfer-Encoding, Connection and Date are written by the server and belong not among the fields.
pub struct Answer {
    /// The status, from 100 to 999.
    pub status: u16,
    /// The fields, in order.
    pub fields: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body.
    pub body: Body,
}

/// The body of an answer.
pub enum Body {
    /// None; its length is said to be 0 where an answer can have one.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// Bytes and pieces of files, one behind the other.
    Parts(Vec<Part>),
    /// What comes as it is asked for; chunked where its length is not known.
    Source(Box<dyn Source>, Option<u64>),
    /// None, but its length is said to be this: the answer to HEAD, or a 304.
    Length(u64),
    /// Another protocol from here on, with status 101.
    Upgrade(Box<dyn FnOnce(Upgraded) -> Talking>),
    /// No answer at all: the connection is reset.
    Reset,
}

/// A piece of a body.
#[derive(Debug, Clone)]
pub enum Part {
    /// These bytes.
    Bytes(Bytes),
    /// So many bytes of a file, from an offset on.
    File(Rc<File>, u64, u64),
}

/// A body that is made while it is sent.
pub trait Source {
    /// Its next piece, which is not empty; `None` at its end. After an error the connection is reset, so that nobody
    /// takes what has come for all.
    fn next(&mut self) -> Sourced<'_>;
}

/// A piece that is being made.
pub type Sourced<'a> = Pin<Box<dyn Future<Output = io::Result<Option<Bytes>>> + 'a>>;

/// A connection that has left HTTP.
pub struct Upgraded {
    /// The connection.
    pub socket: Socket,
    /// What has already been read from it.
    pub read: BytesMut,
    /// Tells when to end.
    pub stop: crate::Stop,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Body::Empty }
    }

    /// A text, in UTF-8.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::of(status, "text/plain; charset=utf-8", text.into())
    }

    /// A document in JSON, already written.
    #[must_use]
    pub fn json(status: u16, json: impl Into<Bytes>) -> Self {
        Self::of(status, "application/json", json)
    }

    /// A body of that type.
    #[must_use]
    pub fn of(status: u16, kind: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Self::new(status).with("Content-Type", kind).body(Body::Bytes(body.into()))
    }

    /// With one more field. Line ends in a value are sent as spaces: no value can become a field.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// With another body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The first field of that name, in whatever case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_ref())
    }
}

impl Body {
    /// How long it is, where that is known before it is sent.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Empty | Self::Upgrade(_) | Self::Reset => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Parts(parts) => Some(parts.iter().map(Part::length).sum()),
            Self::Source(_, length) => *length,
            Self::Length(length) => Some(*length),
        }
    }
}

impl Part {
    /// How long it is.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, _, length) => *length,
        }
    }
}
