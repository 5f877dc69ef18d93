//! `navyd stub`: a server of one conversation.
//!
//! Arguments as written become pairs of bytes once. Deliberately absent: how they are played, which is
//! `standin::raw::Stub`.

use std::rc::Rc;

use navyd_standin::{
    Stand,
    raw::{Pair, Stub as Play},
};

use super::{
    Command, Stage,
    standin::{self, Flags, Place, Ready},
};
use crate::{exit::Exit, out::Failure};

/// Play a server that expects certain bytes
///
/// Each connection is played the same pairs, in order: what must come, and what is said then. Other bytes end the
/// connection with a reset, and --log says where they differ.
#[derive(Debug, clap::Parser)]
#[command(
    name = "stub",
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = false,
    after_long_help = "Examples:\n  \
        navyd stub tcp --expect 'PING\\r\\n' --reply '+PONG\\r\\n'\n  \
        navyd stub tcp --expect '' --reply '220 ready\\r\\n' --expect 'QUIT\\r\\n' --reply '221 bye\\r\\n'\n  \
        navyd stub tcp --expect hex:0001ff --reply hex:00 --log\n\n\
        Text knows \\r \\n \\t \\0 \\\\ and \\x with two digits; bytes in digits begin with hex:.\n\
        Where nothing is expected the reply is said at once.\n\n\
        Exit status: 0 it ended when it was told to, 2 wrong use or failure."
)]
pub(super) struct Stub {
    #[command(subcommand)]
    way: Way,
}

#[derive(Debug, clap::Subcommand)]
enum Way {
    Tcp(Tcp),
}

/// Over TCP
#[derive(Debug, clap::Args)]
struct Tcp {
    /// What must come: text with escapes, or hex:…; one for each --reply
    #[arg(long, value_name = "BYTES", value_parser = written, required = true)]
    expect: Vec<Bytes>,

    /// What is said then
    #[arg(long, value_name = "BYTES", value_parser = written, required = true)]
    reply: Vec<Bytes>,

    #[command(flatten)]
    flags: Flags,
}

/// Bytes as typed, read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bytes(Vec<u8>);

impl Command for Stub {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Way::Tcp(Tcp { expect, reply, flags }) = self.way;
        if expect.len() != reply.len() {
            let cause = format!("there are {} of the one and {} of the other", expect.len(), reply.len());
            return Err(Failure::new("each `--expect` needs a `--reply`")
                .cause(cause)
                .hint("navyd stub tcp --expect 'PING\\r\\n' --reply '+PONG\\r\\n'")
                .into());
        }
        flags.heeded("stub tcp", &["--tls", "--latency", "--error-rate"])?;
        let pairs: Vec<_> = expect
            .into_iter()
            .zip(reply)
            .map(|(expect, reply)| Pair { expect: expect.0, reply: reply.0 })
            .collect();
        let door = flags.door(None, "stub", None)?;
        let tls = flags.tls(&[&door], stage)?;
        let (scheme, manner) = (if tls.is_some() { "tls" } else { "tcp" }, flags.manner());
        let does = match pairs.len() {
            1 => "plays 1 reply".to_owned(),
            several => format!("plays {several} replies"),
        };
        let ready = Ready { kind: "stub", does, reach: "use it", places: vec![Place::of(scheme, &door)] };
        standin::stand(&flags, stage, &ready, move |log| {
            Stand::new().answering(door, tls, Rc::new(Play { pairs, manner, told: log.ends() }))
        })
    }
}

/// The bytes that a text with escapes says, or digits behind `hex:`.
fn written(text: &str) -> Result<Bytes, String> {
    match text.strip_prefix("hex:") {
        Some(digits) => hex(digits).map(Bytes).ok_or_else(|| "has digits that are no bytes".to_owned()),
        None => escaped(text).map(Bytes),
    }
}

/// Pairs of digits, with or without spaces between them.
fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<_> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some((char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?) as u8),
        _ => None,
    });
    pairs.collect()
}

fn escaped(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        bytes.push(match letters.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = letters.by_ref().take(2).collect();
                match hex(&digits).as_deref() {
                    Some([byte]) => *byte,
                    _ => return Err("has `\\x` without two digits".to_owned()),
                }
            }
            _ => return Err("has a `\\` that means nothing: write `\\\\`".to_owned()),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_two_ways() {
        for (text, expected) in [
            ("PING\\r\\n", Ok(&b"PING\r\n"[..])),
            ("", Ok(b"")),
            ("\\0\\t\\\\\\xFfé", Ok(b"\0\t\\\xff\xc3\xa9")),
            ("hex:00 01fF", Ok(b"\0\x01\xff")),
            ("hex:", Ok(b"")),
            ("hex:0", Err(())),
            ("hex:zz", Err(())),
            ("\\", Err(())),
            ("\\q", Err(())),
            ("\\x1", Err(())),
            ("\\x+1", Err(())),
        ] {
            let read = written(text).map(|bytes| bytes.0).map_err(drop);
            assert_eq!(read, expected.map(<[u8]>::to_vec), "{text}");
        }
    }
}
