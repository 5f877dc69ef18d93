//! What a result says of its columns.

use serde_json::{Value, json};

use super::{VALUE, wire};
use crate::{reader::Reader, shown};

/// The flag of numbers that have no sign.
const UNSIGNED: u16 = 1 << 5;
/// The charset of what is no text.
const BINARY: u16 = 63;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    pub kind: u8,
    pub unsigned: bool,
    binary: bool,
}

impl Column {
    /// Reads a definition; `more` when it tells more of its type.
    pub(super) fn read(body: &[u8], more: bool) -> Option<Self> {
        let mut body = Reader(body);
        // A catalogue, a schema, a table by two names.
        for _ in 0..4 {
            wire::text(&mut body)?;
        }
        let (name, size) = wire::text(&mut body)?;
        let name = shown::text(name, size, VALUE);
        wire::text(&mut body)?;
        if more {
            wire::text(&mut body)?;
        }
        // The length of what follows.
        wire::number(&mut body)?;
        let charset = wire::u16(&mut body)?;
        body.bytes(4)?;
        let kind = body.u8()?;
        let unsigned = wire::u16(&mut body)? & UNSIGNED != 0;
        Some(Self { name, kind, unsigned, binary: charset == BINARY })
    }

    pub(super) fn told(&self) -> Value {
        json!({"name": self.name, "type": self.type_name()})
    }

    fn type_name(&self) -> &'static str {
        match (self.kind, self.binary) {
            (0 | 246, _) => "decimal",
            (1, _) => "tinyint",
            (2, _) => "smallint",
            (3, _) => "int",
            (4, _) => "float",
            (5, _) => "double",
            (6, _) => "null",
            (7, _) => "timestamp",
            (8, _) => "bigint",
            (9, _) => "mediumint",
            (10 | 14, _) => "date",
            (11, _) => "time",
            (12, _) => "datetime",
            (13, _) => "year",
            (16, _) => "bit",
            (245, _) => "json",
            (247, _) => "enum",
            (248, _) => "set",
            (249..=252, true) => "blob",
            (249..=252, false) => "text",
            (15 | 253, true) => "varbinary",
            (15 | 253, false) => "varchar",
            (254, true) => "binary",
            (254, false) => "char",
            (255, _) => "geometry",
            _ => "unknown",
        }
    }
}
