//! What a body carries piece by piece: events, messages of gRPC. Read when somebody looks.

use navyd_decode::{
    Events, PieceReader,
    grpc::{Call, Schema},
};
use navyd_model::exchange::{Piece, Protocol, Side};

/// The bodies of an exchange, from the client and from the server.
pub(super) struct Carried<'a> {
    /// Microseconds since 1970.
    pub(super) started: i64,
    pub(super) target: &'a str,
    /// The front of each, as it was sent.
    pub(super) bodies: [&'a [u8]; 2],
    /// When which byte came, in microseconds since the start.
    pub(super) times: [&'a [(u64, u64)]; 2],
    /// `grpc-encoding` of each side.
    pub(super) encodings: [Option<&'a str>; 2],
    /// What the messages of gRPC are read by.
    pub(super) schema: Option<&'a Schema>,
}

const SIDES: [Side; 2] = [Side::Client, Side::Server];

impl Carried<'_> {
    /// The pieces; none of a protocol whose bodies are one piece.
    pub(super) fn pieces(&self, protocol: Protocol) -> Vec<Piece> {
        let mut reader: Box<dyn PieceReader> = match protocol {
            Protocol::Sse => Box::new(Events::new(self.started)),
            Protocol::Grpc => {
                let mut call = Call::new(self.started, path(self.target), self.schema);
                for (side, encoding) in SIDES.into_iter().zip(self.encodings) {
                    if let Some(encoding) = encoding {
                        call.encoding(side, encoding);
                    }
                }
                Box::new(call)
            }
            _ => return Vec::new(),
        };
        let mut parts: Vec<(u64, Side, &[u8])> = Vec::new();
        for ((side, body), times) in SIDES.into_iter().zip(self.bodies).zip(self.times) {
            parts.extend(split(body, times).map(|(at, part)| (at, side, part)));
        }
        // What one side sent stays in its order.
        parts.sort_by_key(|(at, ..)| *at);
        let mut pieces = Vec::new();
        for (at, side, part) in parts {
            reader.bytes(side, self.started.saturating_add_unsigned(at), part, &mut pieces);
        }
        pieces
    }
}

/// The path of a URL.
fn path(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

/// The parts of a body with their times. Where secrets were taken out the borders are those of what was sent, which is
/// near enough: a piece that reaches over one is as late as its end.
fn split<'a>(body: &'a [u8], times: &'a [(u64, u64)]) -> impl Iterator<Item = (u64, &'a [u8])> {
    let place = move |at: Option<&(u64, u64)>| {
        at.and_then(|(offset, _)| usize::try_from(*offset).ok())
            .map_or(body.len(), |offset| offset.min(body.len()))
    };
    let untimed = times.is_empty().then_some((0, body));
    let timed = times.iter().enumerate().map(move |(number, time)| {
        let start = place(Some(time));
        (time.1, &body[start..place(times.get(number + 1)).max(start)])
    });
    untimed.into_iter().chain(timed).filter(|(_, part)| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_their_times() {
        let body = b"data: one\n\ndata: two\n\n";
        let carried = Carried {
            started: 1_000_000,
            target: "http://h/e",
            bodies: [b"", body],
            times: [&[], &[(0, 5000), (11, 9000)]],
            encodings: [None, None],
            schema: None,
        };
        let pieces = carried.pieces(Protocol::Sse);
        let told: Vec<(f64, Option<&str>)> =
            pieces.iter().map(|piece| (piece.at_ms, piece.text.as_deref())).collect();
        assert_eq!(told.len(), 2, "{pieces:?}");
        assert_eq!((told[0].0, told[1].0), (5.0, 9.0));
        assert!(told[1].1.is_some_and(|text| text.contains("two")));
        assert!(carried.pieces(Protocol::Http).is_empty());
    }

    #[test]
    fn messages_of_both_sides_come_in_their_order() {
        let message = |byte: u8| [0, 0, 0, 0, 2, 8, byte];
        let (asked, answered) = ([message(1), message(3)].concat(), message(2));
        let carried = Carried {
            started: 0,
            target: "http://h/shop.Cart/Add",
            bodies: [&asked, &answered],
            times: [&[(0, 1000), (7, 3000)], &[(0, 2000)]],
            encodings: [None, None],
            schema: None,
        };
        let sides: Vec<Side> = carried.pieces(Protocol::Grpc).iter().map(|piece| piece.from).collect();
        assert_eq!(sides, [Side::Client, Side::Server, Side::Client]);
    }

    #[test]
    fn parts_are_split_wherever_the_times_point() {
        let parts = |times: &[(u64, u64)]| {
            split(b"abcdef", times).map(|(at, part)| (at, part.len())).collect::<Vec<_>>()
        };
        assert_eq!(parts(&[]), [(0, 6)]);
        assert_eq!(parts(&[(0, 1), (2, 5)]), [(1, 2), (5, 4)]);
        assert_eq!(parts(&[(0, 1), (100, 5)]), [(1, 6)]);
        assert_eq!(parts(&[(4, 1), (2, 5)]), [(5, 4)]);
    }
}
