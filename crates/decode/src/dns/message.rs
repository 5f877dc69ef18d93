//! A message: its head, its question, and the records that answer it.

use serde_json::{Map, Value, json};

use super::{name, record};
use crate::reader::Reader;

/// How many records of each section are shown.
const RECORDS: usize = 64;

/// What is told of a message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub id: u16,
    pub is_answer: bool,
    /// The type that is asked for, and the name; empty where there is no question.
    pub kind: String,
    pub name: String,
    /// Why there is no answer: `NXDOMAIN`.
    pub error: Option<String>,
    pub details: Map<String, Value>,
}

impl Message {
    /// Reads a message. `None`: it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut body = Reader(bytes);
        let id = body.u16()?;
        let flags = body.u16()?;
        let counts = [body.u16()?, body.u16()?, body.u16()?, body.u16()?];
        let is_answer = flags & 0x8000 != 0;
        let operation = operation(flags >> 11 & 15);
        let (mut kind, mut name) = (operation.to_owned(), String::new());
        for at in 0..counts[0] {
            let asked = name::read(bytes, &mut body)?;
            let (number, _class) = (body.u16()?, body.u16()?);
            // More than one question is nowhere asked.
            if at == 0 {
                name = asked;
                if operation == "QUERY" {
                    kind = record::kind(number);
                }
            }
        }
        let mut details = Map::new();
        for (section, count) in ["answers", "authorities", "additionals"].into_iter().zip(&counts[1..]) {
            let records = records(bytes, &mut body, *count);
            if is_answer && (section == "answers" || !records.is_empty()) {
                details.insert(section.into(), records.into());
            }
        }
        let code = flags & 15;
        if is_answer {
            details.insert("code".into(), response(code).into());
            for (name, flag) in [("truncated", 0x200), ("authoritative", 0x400)] {
                if flags & flag != 0 {
                    details.insert(name.into(), true.into());
                }
            }
        }
        let error = (is_answer && code != 0).then(|| response(code));
        Some(Self { id, is_answer, kind, name, error, details })
    }
}

/// The records of a section, as far as they are here: an answer may have been cut.
fn records<'a>(message: &'a [u8], body: &mut Reader<'a>, count: u16) -> Vec<Value> {
    let mut records = Vec::new();
    for _ in 0..count {
        let Some((kind, record)) = one(message, body) else { break };
        // What extends the protocol is no record of a name.
        if kind != 41 && records.len() < RECORDS {
            records.push(record);
        }
    }
    records
}

fn one<'a>(message: &'a [u8], body: &mut Reader<'a>) -> Option<(u16, Value)> {
    let name = name::read(message, body)?;
    let (kind, _class, ttl, length) = (body.u16()?, body.u16()?, body.u32()?, body.u16()?);
    let data = body.bytes(length.into())?;
    let data = record::data(&message[..message.len() - body.0.len()], kind, data);
    Some((kind, json!({"name": name, "type": record::kind(kind), "ttl": ttl, "data": data})))
}

fn operation(code: u16) -> &'static str {
    match code {
        0 => "QUERY",
        1 => "IQUERY",
        2 => "STATUS",
        4 => "NOTIFY",
        5 => "UPDATE",
        _ => "OTHER",
    }
}

fn response(code: u16) -> String {
    let name = match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        other => return format!("RCODE{other}"),
    };
    name.to_owned()
}
