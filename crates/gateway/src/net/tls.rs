//! The server's side of TLS above a stream: records that come are decrypted where they lie, and those that go out are
//! written to a buffer that is sent in one call.
//!
//! Both buffers are lent, so a silent connection holds none. Deliberately absent: certificates, and who is let in.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{
    ServerConfig,
    server::{ServerConnectionData, UnbufferedServerConnection},
    unbuffered::{ConnectionState, EncryptError, UnbufferedStatus, WriteTraffic},
};
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::TcpStream,
};

use super::{
    buffer::{Buffer, Buffers},
    pump::Lender,
    socket::Sign,
};

/// The most plain bytes in a record (RFC 8446 §5.1), and the most that surrounds them: a header of 5, in TLS 1.2 an
/// explicit nonce of 8, in TLS 1.3 a type of 1, and a tag of 16.
const RECORD: usize = 1 << 14;
const AROUND: usize = 5 + 8 + 1 + 16;

/// A stream with TLS on it.
pub(super) struct Tls {
    stream: TcpStream,
    session: UnbufferedServerConnection,
    buffers: Rc<Buffers>,
    /// What came and is not decrypted: whole records only while there is no room for what is in them.
    coming: Option<Buffer>,
    /// What was decrypted before somebody read. As long as there is any, nothing more is taken from the stream, so
    /// it is never more than `coming` was.
    plain: Option<Buffer>,
    /// Records that are to go out.
    going: Option<Buffer>,
    /// How many of the writer's bytes are in those. It is told only once they are out, since nobody else would come
    /// back to send the rest.
    promised: usize,
    /// The peer has said that it says no more.
    ended: bool,
    /// So have we.
    said_end: bool,
    /// The session has failed, and is not to be asked again.
    failed: bool,
}

impl Tls {
    /// A stream of which these bytes were read already.
    pub(super) fn new(
        stream: TcpStream,
        read: Option<Buffer>,
        config: Arc<ServerConfig>,
        lender: &Lender,
    ) -> io::Result<Self> {
        let buffers = Rc::clone(&lender.records);
        let coming = read.map(|read| {
            let mut coming = buffers.take();
            coming.append(read.filled());
            coming
        });
        let session = UnbufferedServerConnection::new(config).map_err(wrong)?;
        let (plain, going, promised) = (None, None, 0);
        let (ended, said_end, failed) = (false, false, false);
        Ok(Self { stream, session, buffers, coming, plain, going, promised, ended, said_end, failed })
    }

    /// Agrees with the peer on keys. What cannot be agreed on is told to the peer.
    pub(super) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let stepped = self.step(None);
            if stepped.is_err() {
                // As far as it can be said at once; the connection closes either way.
                let _ = self.poll_flush(cx);
            }
            match stepped? {
                Step::Again => {}
                Step::Rest if !self.session.is_handshaking() => return Poll::Ready(Ok(())),
                Step::Rest => {
                    ready!(self.poll_flush(cx))?;
                    ready!(self.poll_fill(cx))?;
                }
            }
        }
    }

    /// What was agreed to be spoken.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        self.session.alpn_protocol()
    }

    /// See [`Socket::poll_read`](super::Socket::poll_read).
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut Buffer) -> Poll<io::Result<usize>> {
        if let Some(plain) = &mut self.plain {
            let count = into.append(plain.filled());
            plain.consume(count);
            if plain.is_empty() {
                self.plain = None;
            }
            return Poll::Ready(Ok(count));
        }
        let before = into.filled().len();
        loop {
            // Every whole record that fits, for one round of whoever reads.
            let settled = loop {
                let had = into.filled().len() > before;
                if had && (self.coming.is_none() || self.plain.is_some() || into.left() < RECORD) {
                    break false;
                }
                match self.step(Some(into)) {
                    Ok(Step::Again) => {}
                    Ok(Step::Rest) => break true,
                    // What came before it counts; the next read fails again.
                    Err(_) if had => break false,
                    Err(error) => {
                        let _ = self.poll_flush(cx);
                        return Poll::Ready(Err(error));
                    }
                }
            };
            let count = into.filled().len() - before;
            if count > 0 || self.ended {
                return Poll::Ready(Ok(count));
            }
            debug_assert!(settled);
            if self.poll_fill(cx)?.is_pending() {
                // Tickets and alerts go out with the next answer, or now that there is none to wait for.
                let _ = self.poll_flush(cx)?;
                return Poll::Pending;
            }
        }
    }

    /// Writes some of these bytes, in as few records as they need. Pending, it must be called again with bytes that
    /// begin with the same.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.promised == 0 {
            self.promised = self.encrypt(first)?;
            if self.promised == first.len() {
                self.promised += self.encrypt(second)?;
            }
        }
        ready!(self.poll_flush(cx))?;
        if self.promised == 0 {
            // What was in the way is out.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(std::mem::take(&mut self.promised)))
    }

    /// See [`Socket::poll_sign`](super::Socket::poll_sign). Here it takes decrypting to know whether it is a word.
    pub(super) fn poll_sign(&mut self, cx: &mut Context<'_>) -> Poll<Sign> {
        loop {
            if self.plain.is_some() {
                return Poll::Ready(Sign::Word);
            }
            if self.ended {
                return Poll::Ready(Sign::End);
            }
            match self.step(None) {
                Err(_) => return Poll::Ready(Sign::Gone),
                Ok(Step::Again) => {}
                Ok(Step::Rest) => match ready!(self.poll_fill(cx)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return Poll::Ready(Sign::End);
                    }
                    Err(_) => return Poll::Ready(Sign::Gone),
                },
            }
        }
    }

    /// Whether nothing has come that was not read.
    pub(super) fn is_quiet(&self) -> bool {
        let silent = |error: io::Error| error.kind() == io::ErrorKind::WouldBlock;
        !self.ended
            && self.coming.is_none()
            && self.plain.is_none()
            && self.stream.try_read(&mut [0]).is_err_and(silent)
    }

    /// The stream below.
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Says that nothing more will be written, on both layers.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.say_end()?;
        ready!(self.poll_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Says that nothing more will be written, if that can be done without waiting.
    pub(super) fn take_leave(mut self) {
        if self.say_end().is_ok()
            && let Some(going) = self.going
        {
            // A peer whose queue is full does not wait for these words.
            let _ = self.stream.try_write(going.filled());
        }
    }

    fn say_end(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.said_end, true) {
            self.write(|writer, room| writer.queue_close_notify(room))?;
        }
        Ok(())
    }

    /// Encrypts as many of these bytes as there is room for.
    fn encrypt(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut taken = 0;
        self.write(|writer, room| {
            taken = fitting(room.len()).min(bytes.len());
            writer.encrypt(&bytes[..taken], room)
        })?;
        Ok(taken)
    }

    /// Lets the session write into what is to go out.
    fn write(
        &mut self,
        write: impl FnOnce(&mut WriteTraffic<'_, ServerConnectionData>, &mut [u8]) -> Result<usize, EncryptError>,
    ) -> io::Result<()> {
        // The session looks at what has come before it lets anything out.
        while let Step::Again = self.step(None)? {}
        let coming = self.coming.as_mut().map_or(&mut [][..], Buffer::filled_mut);
        match self.session.process_tls_records(coming).state {
            Ok(ConnectionState::WriteTraffic(mut writer)) => {
                let going = self.going.get_or_insert_with(|| self.buffers.take());
                let count = write(&mut writer, going.room()).map_err(io::Error::other)?;
                going.grow(count);
                Ok(())
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Lets the session take its next step with what has come. What it decrypts goes to `into`, or is kept.
    fn step(&mut self, mut into: Option<&mut Buffer>) -> io::Result<Step> {
        if self.failed {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let Self { session, buffers, coming, plain, going, ended, .. } = self;
        let records = coming.as_mut().map_or(&mut [][..], Buffer::filled_mut);
        let UnbufferedStatus { mut discard, state } = session.process_tls_records(records);
        let mut step = Step::Again;
        let mut failed = None;
        match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    let record = record.map_err(wrong)?;
                    discard += record.discard;
                    let count = into.as_mut().map_or(0, |into| into.append(record.payload));
                    let rest = &record.payload[count..];
                    if !rest.is_empty() {
                        let kept = plain.get_or_insert_with(|| buffers.take()).append(rest);
                        debug_assert_eq!(kept, rest.len());
                    }
                }
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                let going = going.get_or_insert_with(|| buffers.take());
                let count = data.encode(going.room()).map_err(io::Error::other)?;
                going.grow(count);
            }
            // It goes out in its turn.
            Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
            Ok(ConnectionState::PeerClosed) => *ended = true,
            Ok(ConnectionState::WriteTraffic(_) | ConnectionState::BlockedHandshake) => step = Step::Rest,
            // Nothing else is asked for.
            Ok(_) => {
                *ended = true;
                step = Step::Rest;
            }
            Err(error) => failed = Some(error),
        }
        if let Some(read) = coming {
            read.consume(discard);
            if read.is_empty() {
                *coming = None;
            }
        }
        match failed {
            None => Ok(step),
            Some(error) => {
                self.complain();
                Err(wrong(error))
            }
        }
    }

    /// Puts what the session has to say about a failure to what is to go out.
    fn complain(&mut self) {
        self.failed = true;
        let Self { session, buffers, coming, going, .. } = self;
        let records = coming.as_mut().map_or(&mut [][..], Buffer::filled_mut);
        // Asked for anything else, it would look at the wrong record again.
        while session.wants_write()
            && let Ok(ConnectionState::EncodeTlsData(mut data)) = session.process_tls_records(records).state
        {
            let room = going.get_or_insert_with(|| buffers.take());
            let Ok(count) = data.encode(room.room()) else { return };
            let alert = &mut room.room()[..count];
            if alert == ACCESS_DENIED {
                alert.copy_from_slice(&UNRECOGNIZED_NAME);
            }
            room.grow(count);
        }
    }

    /// Takes what the stream has.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut coming = self.coming.take().unwrap_or_else(|| self.buffers.take());
        if coming.is_full() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let mut room = ReadBuf::new(coming.room());
        let filled = Pin::new(&mut self.stream).poll_read(cx, &mut room);
        let count = room.filled().len();
        coming.grow(count);
        self.coming = Some(coming).filter(|coming| !coming.is_empty());
        ready!(filled)?;
        // RFC 8446 §6.1: without a close_notify "the connection was truncated".
        Poll::Ready(if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) })
    }

    /// Sends what is to go out.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(going) = &mut self.going {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, going.filled()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            going.consume(count);
            if going.is_empty() {
                self.going = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// What a session wants after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Another one.
    Again,
    /// More from the peer.
    Rest,
}

/// The alert with which the session refuses a name that has no certificate, and the one that RFC 6066 §3 has for it.
const ACCESS_DENIED: [u8; 7] = [21, 3, 3, 0, 2, 2, 49];
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// How many plain bytes fit in so much room once they are encrypted.
fn fitting(room: usize) -> usize {
    let (whole, rest) = (room / (RECORD + AROUND), room % (RECORD + AROUND));
    whole * RECORD + rest.saturating_sub(AROUND)
}

fn wrong(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_fit_with_what_surrounds_them() {
        for (room, expected) in [
            (0, 0),
            (AROUND, 0),
            (AROUND + 1, 1),
            (RECORD + AROUND, RECORD),
            (RECORD + 2 * AROUND, RECORD),
            (4 * (RECORD + AROUND) + AROUND + 7, 4 * RECORD + 7),
        ] {
            assert_eq!(fitting(room), expected, "{room}");
        }
    }
}
