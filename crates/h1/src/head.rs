//! What the heads of requests and responses have in common: fields, framing, persistence.

use std::mem::MaybeUninit;

use crate::{
    Field, Framing, Known, Options, Reject, Side,
    field::slice,
    framing,
    limits::{Limits, MOST_HEADERS},
};

/// What parsing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// The head goes on. Read more, and parse all of the bytes again.
    Incomplete,
    /// The head ends before this offset; the body starts there.
    Complete(usize),
}

/// The version in the first line (RFC 9112 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    #[default]
    Http11,
    /// HTTP/2, translated: no bytes of ours say so, only [`Request::translated`](crate::Request::translated) and
    /// [`Response::translated`](crate::Response::translated).
    Http2,
}

/// The parsed head of a message, as offsets. The `bytes` of every accessor are those it was parsed from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    fields: Vec<Field>,
    pub(crate) version: Version,
    pub(crate) options: Options,
    pub(crate) framing: Framing,
    /// The bits of [`Known`] names that are there.
    seen: u32,
    /// Where the first line starts, the first field, and what follows the head.
    pub(crate) start: usize,
    pub(crate) fields_start: usize,
    pub(crate) end: usize,
}

impl Head {
    /// The version of the sender.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// What ends the body.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The options of its Connection fields.
    #[must_use]
    pub fn options(&self) -> Options {
        self.options
    }

    /// The fields, in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The first field with a name that decides something; free when there is none.
    #[must_use]
    pub fn known(&self, name: Known) -> Option<&Field> {
        if !self.has(name) {
            return None;
        }
        self.fields.iter().find(|field| field.known == name)
    }

    /// Whether a field with a name that decides something is there.
    #[must_use]
    pub fn has(&self, name: Known) -> bool {
        self.seen & name.bit() != 0
    }

    /// The value of the first field of that name, in whatever case.
    #[must_use]
    pub fn value<'a>(&self, bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
        let found = self.fields.iter().find(|field| field.name(bytes).eq_ignore_ascii_case(name.as_bytes()));
        found.map(|field| field.value(bytes))
    }

    /// The first line, without its CRLF.
    #[must_use]
    pub fn first_line<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start..self.fields_start - 2]
    }

    /// Forgets what it holds, keeping the memory.
    pub(crate) fn clear(&mut self) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        *self = Self { fields, ..Self::default() };
    }

    /// Takes the fields of a head that ends at `end`, and decides framing by its own fields alone (RFC 9112 §6.3,
    /// cases 3 to 5). Refuses what httparse lets pass: lines that end in a bare LF.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        headers: &[httparse::Header<'_>],
        end: usize,
        side: Side,
    ) -> Result<(), Reject> {
        const BARE: &str = "a line ends in a bare line feed";
        let base = bytes.as_ptr() as usize;
        // The headers are slices of `bytes`, whose length `Limits::head_bytes` keeps below 32 bits.
        let range = |part: &[u8]| {
            let start = (part.as_ptr() as usize - base) as u32;
            (start, start + part.len() as u32)
        };
        self.end = end;
        if !bytes[..end].ends_with(b"\r\n\r\n") {
            return Err(side.reject(BARE));
        }
        self.fields_start = headers.first().map_or(end - 2, |first| range(first.name.as_bytes()).0 as usize);
        if bytes[self.fields_start - 2] != b'\r' {
            return Err(side.reject(BARE));
        }
        self.fields.reserve(headers.len());
        let mut length = None;
        for (at, header) in headers.iter().enumerate() {
            let name = range(header.name.as_bytes());
            let value = range(header.value);
            let line_end = headers.get(at + 1).map_or((end - 2) as u32, |next| range(next.name.as_bytes()).0);
            if bytes[line_end as usize - 2] != b'\r' {
                return Err(side.reject(BARE));
            }
            let front = slice(bytes, (name.1 + 1, value.0));
            let tidy = matches!(front, b"" | b" ") && value.1 + 2 == line_end;
            let known = Known::of(header.name.as_bytes());
            let again = self.seen & known.bit() != 0;
            match known {
                Known::ContentLength if again => return Err(side.reject("content-length is there twice")),
                Known::ContentLength => length = Some(framing::length(header.value, side)?),
                Known::TransferEncoding if again => {
                    return Err(side.reject("transfer-encoding is there twice"));
                }
                Known::TransferEncoding => framing::coding(header.value, side)?,
                Known::Lookalike => {
                    return Err(side.reject("a name has an underscore that some read as framing"));
                }
                Known::Host if again && side == Side::Request => {
                    return Err(side.reject("host is there twice"));
                }
                Known::Connection => {
                    let read = self.options.read(header.value);
                    self.options =
                        read.ok_or(side.reject("connection names a field that must not be removed"))?;
                }
                _ => {}
            }
            self.seen |= known.bit();
            self.fields.push(Field { name, value, line_end, known, tidy });
        }
        self.framing = match (self.has(Known::TransferEncoding), length) {
            (false, None) => Framing::None,
            (false, Some(length)) => Framing::Length(length),
            // RFC 9112 §6.1: "A server MAY reject a request that contains both Content-Length and Transfer-Encoding".
            (true, Some(_)) => return Err(side.reject("transfer-encoding stands beside content-length")),
            // RFC 9112 §6.1: "A server or client that receives an HTTP/1.0 message containing a Transfer-Encoding
            // header field MUST treat the message as if the framing is faulty".
            (true, None) if self.version == Version::Http10 => {
                return Err(side.reject("transfer-encoding in HTTP/1.0"));
            }
            (true, None) => Framing::Chunked,
        };
        Ok(())
    }
}

/// Whether parsing again can find anything new: a head is looked at when it begins, and then once for each line, so
/// that a sender of single bytes costs no more than its lines.
pub(crate) fn is_news(bytes: &[u8], already: usize) -> bool {
    already == 0 || bytes.get(already..).is_none_or(|news| news.contains(&b'\n'))
}

/// Room for the fields that httparse finds. It is left uninitialised, so its size costs nothing.
pub(crate) fn room<'a>() -> [MaybeUninit<httparse::Header<'a>>; MOST_HEADERS] {
    [const { MaybeUninit::uninit() }; MOST_HEADERS]
}

/// That a head goes on, unless it is too long by now.
pub(crate) fn incomplete(bytes: &[u8], limits: &Limits, side: Side) -> Result<Parsed, Reject> {
    if bytes.len() < limits.head_bytes as usize {
        return Ok(Parsed::Incomplete);
    }
    Err(match side {
        Side::Request => Reject::new(431, "the head is too long"),
        Side::Response => side.reject("the head is too long"),
    })
}

/// What httparse calls wrong, in our words.
pub(crate) fn fault(error: httparse::Error, side: Side) -> Reject {
    side.reject(match error {
        httparse::Error::HeaderName => "a field name has a byte that no name may have",
        httparse::Error::HeaderValue => "a field value has a control byte",
        httparse::Error::NewLine => "a line does not end in CRLF",
        httparse::Error::Status => "the status line is malformed",
        httparse::Error::Token => "the request line is malformed",
        httparse::Error::Version => "the version is malformed",
        httparse::Error::TooManyHeaders if side == Side::Request => {
            return Reject::new(431, "too many fields");
        }
        httparse::Error::TooManyHeaders => "too many fields",
    })
}
