//! How both sides introduce themselves, and what they are able to.

use navyd_model::exchange::Protocol;

use super::{
    Mysql, Phase, VALUE,
    ask::{Ask, Kind, Refusal},
    wire,
};
use crate::{
    Spoken,
    frames::{Frame, Wrong},
    reader::Reader,
    shown,
};

/// CLIENT_CONNECT_WITH_DB
const DATABASE: u32 = 1 << 3;
/// CLIENT_COMPRESS
const COMPRESS: u32 = 1 << 5;
/// CLIENT_PROTOCOL_41
const PROTOCOL_41: u32 = 1 << 9;
/// CLIENT_SSL
const TLS: u32 = 1 << 11;
/// CLIENT_SECURE_CONNECTION
const SHORT_PROOF: u32 = 1 << 15;
/// CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA
const LONG_PROOF: u32 = 1 << 21;
/// CLIENT_DEPRECATE_EOF
const NO_EOF: u32 = 1 << 24;
/// CLIENT_OPTIONAL_RESULTSET_METADATA
const OPTIONAL_COLUMNS: u32 = 1 << 25;
/// CLIENT_ZSTD_COMPRESSION_ALGORITHM
const COMPRESS_ZSTD: u32 = 1 << 26;
/// CLIENT_QUERY_ATTRIBUTES
const ATTRIBUTES: u32 = 1 << 27;
/// CLIENT_MYSQL: MariaDB leaves it out, and has more abilities behind the others.
const IS_MYSQL: u32 = 1;
/// MARIADB_CLIENT_EXTENDED_METADATA
const MORE_OF_COLUMNS: u32 = 1 << 3;
/// MARIADB_CLIENT_CACHE_METADATA
const CACHED_COLUMNS: u32 = 1 << 4;

/// The length of the request for TLS: an introduction that ends before the name.
const REQUEST_FOR_TLS: usize = 32;

/// What both sides are able to.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Abilities {
    server: u32,
    /// Those of MariaDB.
    server_more: u32,
    both: u32,
    both_more: u32,
}

impl Abilities {
    /// Results end with a packet OK, and nothing stands between columns and rows.
    pub(super) fn no_eof(self) -> bool {
        self.both & NO_EOF != 0
    }

    /// Queries carry attributes.
    pub(super) fn attributes(self) -> bool {
        self.both & ATTRIBUTES != 0
    }

    /// The number of columns tells whether these follow.
    pub(super) fn columns_may_be_left_out(self) -> bool {
        self.both & OPTIONAL_COLUMNS != 0 || self.both_more & CACHED_COLUMNS != 0
    }

    /// Columns tell more of their types.
    pub(super) fn more_of_columns(self) -> bool {
        self.both_more & MORE_OF_COLUMNS != 0
    }

    pub(super) fn compressed(self) -> bool {
        self.both & (COMPRESS | COMPRESS_ZSTD) != 0
    }
}

impl Mysql {
    /// The first packet of the server.
    pub(super) fn greeting(
        &mut self,
        body: &[u8],
        frame: &Frame<'_>,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<(), Wrong> {
        let mut body = Reader(body);
        let version = body.u8().ok_or(Wrong)?;
        if version == 0xff {
            let refusal = Refusal::read(body.0).ok_or(Wrong)?;
            out.push(Spoken {
                answered: Some(at),
                ended: Some(at),
                error: Some(refusal.line()),
                received: frame.size,
                ..Spoken::new(Protocol::Mysql, frame.began, "connect", "")
            });
            self.phase = Phase::Opaque;
            return Ok(());
        }
        let name = body.zero_ended().filter(|_| version == 10).ok_or(Wrong)?;
        let mut ask = Ask::new(Kind::Connect, frame.began);
        ask.answer.facts.insert("server_version".into(), shown::value(name, VALUE));
        ask.answer.received = frame.size;
        self.abilities = abilities(&mut body).ok_or(Wrong)?;
        self.phase = Phase::Introduction;
        self.ask(ask)
    }

    /// The first packet of the client, and the second where the first asked for TLS.
    pub(super) fn introduction(
        &mut self,
        body: &[u8],
        frame: &Frame<'_>,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<(), Wrong> {
        let mut reader = Reader(body);
        let client = wire::u32(&mut reader).ok_or(Wrong)?;
        if client & PROTOCOL_41 == 0 {
            self.asks.clear();
            self.close("opaque", "a protocol from before MySQL 4.1", at, out);
            return Ok(());
        }
        if client & TLS != 0 && body.len() == REQUEST_FOR_TLS {
            self.asks.clear();
            self.close("tls", "encrypted by TLS from here on", at, out);
            return Ok(());
        }
        // The longest packet, a charset, and nothing; where MariaDB has more abilities the last four bytes tell them.
        reader.bytes(5 + 19).ok_or(Wrong)?;
        let more = wire::u32(&mut reader).ok_or(Wrong)?;
        self.abilities.both = client & self.abilities.server;
        self.abilities.both_more = if client & IS_MYSQL == 0 { more & self.abilities.server_more } else { 0 };
        let user = reader.zero_ended().ok_or(Wrong)?;
        let ask = self.asks.front_mut().ok_or(Wrong)?;
        ask.answer.facts.insert("user".into(), shown::value(user, VALUE));
        ask.started = frame.began;
        ask.sent = frame.size;
        if let Some(database) = pass_over_proof(&mut reader, client).filter(|_| client & DATABASE != 0) {
            ask.target = shown::whole(database, VALUE).into();
        }
        self.phase = Phase::Open;
        Ok(())
    }
}

/// What a server is able to: behind its version.
fn abilities(body: &mut Reader<'_>) -> Option<Abilities> {
    // A number for the connection, and the begin of a challenge.
    body.bytes(4 + 8 + 1)?;
    let low = wire::u16(body)?;
    // A charset and a state.
    let high = body.bytes(3).and_then(|_| wire::u16(body)).unwrap_or_default();
    let server = u32::from(low) | u32::from(high) << 16;
    // The length of the challenge, and nothing.
    let more = body.bytes(1 + 6).and_then(|_| wire::u32(body)).unwrap_or_default();
    let server_more = if server & IS_MYSQL == 0 { more } else { 0 };
    Some(Abilities { server, server_more, ..Abilities::default() })
}

/// Passes over what proves who the client is; gives the text behind it.
fn pass_over_proof<'a>(body: &mut Reader<'a>, client: u32) -> Option<&'a [u8]> {
    if client & LONG_PROOF != 0 {
        wire::text(body)?;
    } else if client & SHORT_PROOF != 0 {
        let length = body.u8()?;
        body.bytes(length.into())?;
    } else {
        body.zero_ended()?;
    }
    body.zero_ended()
}
