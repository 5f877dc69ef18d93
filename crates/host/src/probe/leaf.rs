//! What one protocol must say of itself to be asked for.

use super::hints::Hints;

/// One protocol. Everything here is fixed bytes and pure functions: a leaf never sees a socket.
pub(super) trait Probe: Sync {
    /// The protocol's name, for the plan.
    fn name(&self) -> &'static str;

    /// When its bytes are sent.
    fn turn(&self) -> Turn;

    /// Programs, scripts and frameworks that speak it.
    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    /// Ports on which it is usual: they order the questions, and never decide.
    fn ports(&self) -> &'static [u16] {
        &[]
    }

    /// The question; empty for protocols that speak first, or whose answer lies in that of another.
    fn sends(&self) -> &'static [u8] {
        b""
    }

    /// [`Probe::sends`] for one listener. A host without its port is refused by servers that guard against
    /// rebound names, so `PORT` behind a host stands for the listener's own.
    fn question(&self, hints: &Hints) -> Vec<u8> {
        let bytes = self.sends();
        let Some(at) = bytes.windows(PORT.len()).position(|part| part == PORT) else { return bytes.to_vec() };
        let port = hints.port.to_string();
        [&bytes[..=at], port.as_bytes(), &bytes[at + PORT.len() - 2..]].concat()
    }

    /// The question as one datagram, for the protocols that have one.
    fn datagram(&self) -> &'static [u8] {
        b""
    }

    /// What is sent after the question was answered, so that the peer logs a peaceful end.
    fn farewell(&self) -> &'static [u8] {
        b""
    }

    /// Judges the answer to [`Probe::sends`] as far as it has come; `ended` when no more will.
    fn recognise(&self, _reply: &[u8], _ended: bool) -> Verdict {
        Verdict::No
    }

    /// Judges the answer to [`Probe::datagram`].
    fn recognise_datagram(&self, _reply: &[u8]) -> Verdict {
        Verdict::No
    }

    /// What the peer says unasked, or in answer to another probe: only marks that no other protocol bears.
    fn overheard(&self, _bytes: &[u8]) -> Option<Found> {
        None
    }

    /// What the answer of `base` already tells of this protocol, which lies behind it.
    fn within(&self, _base: Base, _reply: &[u8]) -> Option<Found> {
        None
    }

    /// Whether an answer to another probe makes this one worth asking.
    fn invited(&self, _reply: &[u8]) -> bool {
        false
    }

    /// Whether a program that holds the listener speaks it.
    fn is_run(&self, hints: &Hints) -> bool {
        hints.run(self.programs())
    }
}

/// The end of a `Host` heading that wants the listener's port.
const PORT: &[u8] = b":PORT\r\n";

/// When a probe's bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Never: the protocol speaks first.
    Greets,
    /// To everyone, in the order of the list.
    Asks,
    /// Only where program, port or an answer points to it.
    Waits,
    /// Only where that base answered, and program, port or the answer points to it.
    Follows(Base),
    /// Both: first where program or port points to it, and behind that base where an answer does.
    WaitsOrFollows(Base),
}

impl Turn {
    /// Whether the probe is asked behind `base`.
    pub(super) fn follows(self, base: Base) -> bool {
        self == Self::Follows(base) || self == Self::WaitsOrFollows(base)
    }
}

/// A protocol that others lie behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// HTTP/1.0 and HTTP/1.1.
    Http1,
    /// HTTP/2 in clear.
    Http2,
}

/// Every base.
pub(super) const BASES: &[Base] = &[Base::Http1, Base::Http2];

impl Base {
    /// Its name in the plan.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// A judgement on an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is this protocol.
    Yes(Found),
    /// It is not.
    No,
    /// It may be; more bytes are needed.
    More,
}

/// What was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The protocol, as its own documentation writes it.
    pub(super) protocol: String,
    /// What it said of itself, already fit for one line.
    pub(super) detail: Option<String>,
    /// The base it is, when others may lie behind it.
    pub(super) base: Option<Base>,
}

impl Found {
    /// A protocol that nothing lies behind.
    pub(super) fn new(protocol: &str, detail: impl Into<Option<String>>) -> Self {
        Self { protocol: protocol.to_owned(), detail: detail.into(), base: None }
    }
}

impl Verdict {
    /// Yes when something was found; else no.
    pub(super) fn from_found(found: Option<Found>) -> Self {
        found.map_or(Self::No, Self::Yes)
    }

    /// For answers that begin with fixed bytes: more while they are a part of them, then whatever `found` says.
    pub(super) fn prefix(reply: &[u8], mark: &[u8], ended: bool) -> Option<Self> {
        if reply.starts_with(mark) {
            return None;
        }
        Some(if mark.starts_with(reply) && !ended { Self::More } else { Self::No })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An answer; and the protocol and detail it must give, or `None` where it must give none.
    pub(in super::super) type Row<'a> = (&'a [u8], Option<(&'a str, Option<&'a str>)>);

    /// Runs a table of answers through the whole of a probe.
    pub(in super::super) fn check(probe: &dyn Probe, table: &[Row<'_>]) {
        for (reply, expected) in table {
            let verdict = probe.recognise(reply, true);
            let shown = String::from_utf8_lossy(reply);
            match (&verdict, expected) {
                (Verdict::Yes(found), Some((protocol, detail))) => {
                    assert_eq!(
                        (found.protocol.as_str(), found.detail.as_deref()),
                        (*protocol, *detail),
                        "{shown}"
                    );
                }
                (Verdict::No, None) => {}
                _ => panic!("{}: {shown:?} gave {verdict:?}, expected {expected:?}", probe.name()),
            }
        }
    }

    /// The same for what is heard without this probe having asked.
    pub(in super::super) fn check_overheard(probe: &dyn Probe, table: &[Row<'_>]) {
        for (bytes, expected) in table {
            let found = probe.overheard(bytes);
            let got = found.as_ref().map(|found| (found.protocol.as_str(), found.detail.as_deref()));
            assert_eq!(got, *expected, "{}: {:?}", probe.name(), String::from_utf8_lossy(bytes));
        }
    }

    /// The same for what the answer of a base tells.
    pub(in super::super) fn check_within(probe: &dyn Probe, base: Base, table: &[Row<'_>]) {
        for (reply, expected) in table {
            let found = probe.within(base, reply);
            let got = found.as_ref().map(|found| (found.protocol.as_str(), found.detail.as_deref()));
            assert_eq!(got, *expected, "{}: {:?}", probe.name(), String::from_utf8_lossy(reply));
        }
    }
}
