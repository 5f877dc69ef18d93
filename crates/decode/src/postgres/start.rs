//! How a connection begins: the one message without a type.

use navyd_model::exchange::Protocol;
use serde_json::{Map, Value};

use super::{
    Phase, VALUE,
    ask::{Ask, Kind},
    session::Session,
};
use crate::{
    Spoken,
    frames::{Frame, Wrong},
    reader::Reader,
    shown,
};

/// The first byte of a TLS record that begins a handshake: clients may begin with it since PostgreSQL 17.
pub(super) const TLS: u8 = 0x16;

/// The longest first message that servers read.
const LONGEST: u32 = 10_000;

const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// What may be told of how a client introduces itself; other settings may hold anything.
const TOLD: [&str; 4] = ["user", "database", "application_name", "replication"];

/// The encryption that a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Tls,
    Gss,
}

impl Wish {
    pub(super) fn granted(self) -> &'static str {
        match self {
            Self::Tls => "encrypted by TLS from here on",
            Self::Gss => "encrypted by GSSAPI from here on",
        }
    }

    /// What is told of a client that does not go on in clear.
    pub(super) fn refused(self) -> &'static str {
        match self {
            Self::Tls => "the server refused TLS, and the client left",
            Self::Gss => "the server refused GSSAPI, and the client left",
        }
    }
}

/// The length of a message without a type.
pub(super) fn length(head: &[u8]) -> Result<Option<u64>, Wrong> {
    let Some(length) = Reader(head).u32() else {
        return if head.iter().take(2).all(|byte| *byte == 0) { Ok(None) } else { Err(Wrong) };
    };
    if (8..=LONGEST).contains(&length) { Ok(Some(u64::from(length))) } else { Err(Wrong) }
}

impl Session {
    /// Takes the first message of the client, and tells what follows it.
    pub(super) fn start(
        &mut self,
        frame: &Frame<'_>,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<Phase, Wrong> {
        let mut body = Reader(frame.bytes.get(4..).ok_or(Wrong)?);
        match body.u32().ok_or(Wrong)? {
            SSL => Ok(Phase::Asked(Wish::Tls)),
            GSS => Ok(Phase::Asked(Wish::Gss)),
            CANCEL => {
                let process = body.u32().ok_or(Wrong)?;
                out.push(Spoken {
                    ended: Some(at),
                    sent: frame.size,
                    ..Spoken::new(
                        Protocol::Postgres,
                        frame.began,
                        "cancel",
                        format!("what process {process} does"),
                    )
                });
                Ok(Phase::Opaque)
            }
            version if version >> 16 == 3 => {
                let settings = settings(&mut body).ok_or(Wrong)?;
                let named = |name: &str| settings.get(name).and_then(Value::as_str).map(str::to_owned);
                let mut ask = Ask::new(Kind::Connect, frame.began);
                // A server takes the user's name where no database is named.
                ask.target = named("database").or_else(|| named("user")).unwrap_or_default().into();
                ask.sent = frame.size;
                ask.answer.facts = settings;
                ask.answer.facts.insert("protocol".into(), format!("3.{}", version & 0xffff).into());
                self.ask(ask)?;
                Ok(Phase::Open)
            }
            _ => Err(Wrong),
        }
    }
}

fn settings(body: &mut Reader<'_>) -> Option<Map<String, Value>> {
    let mut settings = Map::new();
    loop {
        let name = body.zero_ended()?;
        if name.is_empty() {
            return Some(settings);
        }
        let value = body.zero_ended()?;
        if let Some(name) = TOLD.into_iter().find(|told| told.as_bytes() == name) {
            settings.insert(name.into(), shown::value(value, VALUE));
        }
    }
}
