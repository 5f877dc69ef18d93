//! Asking a server for its descriptors, by the service `grpc.reflection.v1.ServerReflection` or its forerunner: what is
//! asked and what an answer says. Pure.
//!
//! Deliberately absent: the call itself, which sends bytes and therefore is only made when somebody wants it.

use std::collections::{BTreeMap, BTreeSet};

use super::{HEAD, Schema, SchemaError};
use crate::reader::Reader;

/// The paths by which servers are asked, the newer first; both take and give the same.
pub const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// How many files of descriptors a server may have.
const FILES: usize = 1024;

/// Numbers of fields: of `ServerReflectionRequest`, its response, `FileDescriptorResponse`, `ErrorResponse` and
/// `FileDescriptorProto`.
const ASK_FILE: u64 = 3;
const ASK_SYMBOL: u64 = 4;
const ANSWER_FILES: u64 = 4;
const ANSWER_ERROR: u64 = 7;
const FILE: u64 = 1;
const ERROR_MESSAGE: u64 = 2;
const NAME: u64 = 1;
const DEPENDENCY: u64 = 3;

/// What is known of a server so far, and what to ask next.
#[derive(Debug)]
pub struct Reflection {
    service: String,
    files: BTreeMap<String, Vec<u8>>,
    asked: BTreeSet<String>,
}

/// Why an answer does not help.
#[derive(Debug, thiserror::Error)]
pub enum ReflectionError {
    /// It is no answer of this service.
    #[error("it is no answer of server reflection")]
    Unread,
    /// The server has none of what was asked.
    #[error("the server says: {0}")]
    Said(String),
    /// It never ends.
    #[error("it has over {FILES} files of descriptors")]
    Many,
}

impl Reflection {
    /// For the service of a path: `/package.Service/Method`. `None` when it is no such path.
    #[must_use]
    pub fn new(path: &str) -> Option<Self> {
        let (service, _) = path.strip_prefix('/')?.split_once('/')?;
        let service = service.to_owned();
        Some(Self { service, files: BTreeMap::new(), asked: BTreeSet::new() })
    }

    /// The next message to send, as gRPC frames it; `None` when everything is there.
    pub fn ask(&mut self) -> Option<Vec<u8>> {
        if self.files.is_empty() {
            return Some(framed(&field(ASK_SYMBOL, self.service.as_bytes())));
        }
        let needed = self.files.values().flat_map(|file| texts(file, DEPENDENCY));
        let missing =
            needed.into_iter().find(|name| !self.files.contains_key(name) && !self.asked.contains(name));
        let missing = missing?;
        let message = framed(&field(ASK_FILE, missing.as_bytes()));
        self.asked.insert(missing);
        Some(message)
    }

    /// Takes an answer, as gRPC frames it.
    ///
    /// # Errors
    /// When it is none, or the server has not what was asked.
    pub fn take(&mut self, answer: &[u8]) -> Result<(), ReflectionError> {
        let mut reader = Reader(answer);
        let (packed, length) = (reader.u8(), reader.u32());
        let message = length.and_then(|length| reader.bytes(usize::try_from(length).ok()?));
        let (Some(0), Some(message)) = (packed, message) else { return Err(ReflectionError::Unread) };
        if let Some(error) = parts(message, ANSWER_ERROR).first() {
            return Err(ReflectionError::Said(texts(error, ERROR_MESSAGE).pop().unwrap_or_default()));
        }
        let files: Vec<&[u8]> =
            parts(message, ANSWER_FILES).iter().flat_map(|all| parts(all, FILE)).collect();
        for file in &files {
            let name = texts(file, NAME).pop().ok_or(ReflectionError::Unread)?;
            self.files.insert(name, file.to_vec());
        }
        match (files.is_empty(), self.files.len() > FILES) {
            (true, _) => Err(ReflectionError::Unread),
            (_, true) => Err(ReflectionError::Many),
            _ => Ok(()),
        }
    }

    /// All of it together.
    ///
    /// # Errors
    /// When it does not fit together.
    pub fn schema(&self) -> Result<Schema, SchemaError> {
        let set: Vec<u8> = self.files.values().flat_map(|file| field(1, file)).collect();
        Schema::read(&set)
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut framed = Vec::with_capacity(HEAD + message.len());
    framed.push(0);
    framed.extend_from_slice(&length);
    framed.extend_from_slice(message);
    framed
}

fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut field = Vec::with_capacity(bytes.len() + 12);
    for mut value in [number << 3 | 2, bytes.len() as u64] {
        while value >= 0x80 {
            field.push(value as u8 | 0x80);
            value >>= 7;
        }
        field.push(value as u8);
    }
    field.extend_from_slice(bytes);
    field
}

/// What stands in the fields of this number that have a length; as far as it is a message.
fn parts(message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let (mut reader, mut found) = (Reader(message), Vec::new());
    let mut next = || {
        let key = super::raw::varint(&mut reader)?;
        let part: &[u8] = match key & 7 {
            0 => {
                super::raw::varint(&mut reader)?;
                return Some(None);
            }
            1 => reader.bytes(8)?,
            2 => {
                let length = super::raw::varint(&mut reader)?;
                reader.bytes(usize::try_from(length).ok()?)?
            }
            5 => reader.bytes(4)?,
            _ => return None,
        };
        Some((key == wanted << 3 | 2).then_some(part))
    };
    while let Some(part) = next() {
        found.extend(part);
    }
    found
}

fn texts(message: &[u8], wanted: u64) -> Vec<String> {
    parts(message, wanted).into_iter().filter_map(|part| String::from_utf8(part.to_vec()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, dependencies: &[&str]) -> Vec<u8> {
        let dependencies = dependencies.iter().flat_map(|name| field(DEPENDENCY, name.as_bytes()));
        [field(NAME, name.as_bytes()), dependencies.collect(), field(12, b"proto3")].concat()
    }

    fn answer(files: &[Vec<u8>]) -> Vec<u8> {
        let files: Vec<u8> = files.iter().flat_map(|one| field(FILE, one)).collect();
        framed(&[field(1, b"host"), field(ANSWER_FILES, &files)].concat())
    }

    #[test]
    fn files_are_asked_for_until_none_is_missing() {
        assert!(Reflection::new("shop.Cart").is_none());
        let mut reflection = Reflection::new("/shop.Cart/Add").unwrap();
        assert_eq!(reflection.ask().unwrap(), b"\0\0\0\0\x0b\x22\x09shop.Cart");
        reflection.take(&answer(&[file("cart.proto", &["money.proto", "item.proto"])])).unwrap();
        assert_eq!(reflection.ask().unwrap(), b"\0\0\0\0\x0d\x1a\x0bmoney.proto");
        reflection.take(&answer(&[file("money.proto", &[]), file("item.proto", &[])])).unwrap();
        assert_eq!(reflection.ask(), None);
        assert!(reflection.schema().is_ok());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let said =
            framed(&field(ANSWER_ERROR, &[b"\x08\x05".as_slice(), &field(ERROR_MESSAGE, b"no")].concat()));
        for (bytes, expected) in [
            (said, "the server says: no"),
            (Vec::new(), "it is no answer of server reflection"),
            (b"\x01\0\0\0\0".to_vec(), "it is no answer of server reflection"),
            (b"\0\0\0\0\x09short".to_vec(), "it is no answer of server reflection"),
            (framed(b""), "it is no answer of server reflection"),
            (framed(&[0xff; 40]), "it is no answer of server reflection"),
            (answer(&[Vec::new()]), "it is no answer of server reflection"),
        ] {
            let mut reflection = Reflection::new("/shop.Cart/Add").unwrap();
            assert_eq!(reflection.take(&bytes).unwrap_err().to_string(), expected, "{bytes:?}");
        }
    }
}
