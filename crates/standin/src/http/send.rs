//! Sending an answer.

use std::{fs::File, io, rc::Rc};

use bytes::Bytes;
use memchr::memchr3;
use navyd_h1::{Version, encode};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use super::{Answer, Body, Part, Source, time::write_now};
use crate::{Socket, limits, os};

/// How an answer goes onto the connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// The version of the client.
    pub(super) version: Version,
    /// Whether the connection is used again.
    pub(super) keep: bool,
    /// Whether the request was HEAD: nothing of a body is sent.
    pub(super) head: bool,
    /// Whether the reason phrase is in capitals.
    pub(super) shouts: bool,
}

/// What was sent.
pub(super) struct Sent {
    /// The bytes of the body.
    pub(super) bytes: u64,
    /// Whether the connection can be used again.
    pub(super) keep: bool,
}

/// Sends an answer that is no upgrade and no reset, its head built in `out`.
pub(super) async fn send(
    socket: &mut Socket,
    answer: Answer,
    fields: &[(String, String)],
    way: Way,
    out: &mut Vec<u8>,
) -> io::Result<Sent> {
    let Answer { status, fields: own, body } = answer;
    // RFC 9110 §6.4.1: these have no body, whatever is said of it.
    let bodiless = way.head || status < 200 || matches!(status, 204 | 304);
    let length = body.length();
    let chunked = length.is_none() && way.version != Version::Http10 && !bodiless;
    let keep = way.keep && (length.is_some() || chunked || bodiless);
    out.clear();
    first_line(status, way.shouts, out);
    // What was asked for on the command line stands instead of the site's own, save where both can be said.
    let own = own.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let own = own.filter(|(name, _)| !fields.iter().any(|(asked, _)| replaces(asked, name)));
    for (name, value) in own.chain(fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))) {
        field(name, value, out);
    }
    out.extend_from_slice(b"Date: ");
    write_now(out);
    out.extend_from_slice(b"\r\n");
    match length {
        // RFC 9110 §8.6: none where the status is 1xx or 204; of a 304 or for HEAD only where it is known.
        _ if status < 200 || status == 204 => {}
        Some(0) if status == 304 => {}
        Some(length) => field("Content-Length", &length.to_string(), out),
        None if chunked => field("Transfer-Encoding", "chunked", out),
        None => {}
    }
    match (keep, way.version) {
        (false, _) => field("Connection", "close", out),
        (true, Version::Http10) => field("Connection", "keep-alive", out),
        (true, _) => {}
    }
    out.extend_from_slice(b"\r\n");
    let bytes = if bodiless {
        write(socket, out).await?;
        0
    } else {
        send_body(socket, body, chunked, out).await?
    };
    socket.flush().await?;
    Ok(Sent { bytes, keep })
}

/// The bytes of the body that were sent; all of them, or it is an error.
async fn send_body(socket: &mut Socket, body: Body, chunked: bool, out: &mut Vec<u8>) -> io::Result<u64> {
    match body {
        Body::Empty | Body::Length(_) | Body::Upgrade(_) | Body::Reset => {
            write(socket, out).await.map(|()| 0)
        }
        Body::Bytes(bytes) => {
            together(socket, &bytes, out).await?;
            Ok(bytes.len() as u64)
        }
        Body::Parts(parts) => {
            let mut sent = 0;
            for part in parts {
                sent += part.length();
                match part {
                    Part::Bytes(bytes) => together(socket, &bytes, out).await?,
                    Part::File(file, from, length) => send_file(socket, &file, from, length, out).await?,
                }
                out.clear();
            }
            // Nothing had any part: the head still waits.
            write(socket, out).await?;
            Ok(sent)
        }
        Body::Source(source, length) => send_source(socket, source, chunked, length, out).await,
    }
}

async fn send_source(
    socket: &mut Socket,
    mut source: Box<dyn Source>,
    chunked: bool,
    length: Option<u64>,
    out: &mut Vec<u8>,
) -> io::Result<u64> {
    write(socket, out).await?;
    socket.flush().await?;
    let mut sent = 0;
    while let Some(piece) = source.next().await?.filter(|piece| !piece.is_empty()) {
        sent += piece.len() as u64;
        if length.is_some_and(|length| sent > length) {
            return Err(io::Error::other("the body is longer than was said"));
        }
        out.clear();
        if chunked {
            out.extend_from_slice(encode::chunk_head(piece.len() as u64).as_ref());
        }
        together(socket, &piece, out).await?;
        if chunked {
            write(socket, encode::CHUNK_END).await?;
        }
        socket.flush().await?;
    }
    if chunked {
        write(socket, encode::LAST_CHUNK).await?;
    }
    match length {
        Some(length) if sent < length => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(sent),
    }
}

/// Writes what is built, and these bytes behind it.
async fn together(socket: &mut Socket, bytes: &Bytes, out: &mut Vec<u8>) -> io::Result<()> {
    if bytes.len() <= limits::TOGETHER {
        out.extend_from_slice(bytes);
        return write(socket, out).await;
    }
    write(socket, out).await?;
    for piece in bytes.chunks(limits::PIECE) {
        write(socket, piece).await?;
    }
    Ok(())
}

/// Writes what is built, and a piece of a file behind it. One that has got shorter is an error: its length was said.
async fn send_file(
    socket: &mut Socket,
    file: &Rc<File>,
    from: u64,
    length: u64,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let (mut at, end) = (from, from + length);
    if length <= limits::TOGETHER as u64 {
        at += read_behind(file, at, length as usize, out)?;
        write(socket, out).await?;
        return if at == end { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
    }
    write(socket, out).await?;
    socket.flush().await?;
    if let Some(stream) = socket.plain() {
        match os::send_file(stream, file, at, length).await {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            sent => at += sent?,
        }
    }
    while at < end {
        out.clear();
        let read = read_behind(file, at, (end - at).min(limits::PIECE as u64) as usize, out)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        at += read;
        write(socket, out).await?;
    }
    Ok(())
}

/// Reads a piece of a file behind what is built; less only at the file's end.
fn read_behind(file: &File, from: u64, length: usize, out: &mut Vec<u8>) -> io::Result<u64> {
    let start = out.len();
    out.resize(start + length, 0);
    let mut read = 0;
    while read < length {
        match os::read_at(file, &mut out[start + read..], from + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    out.truncate(start + read);
    Ok(read as u64)
}

/// Writes all of it, unless the client takes nothing for [`limits::PAUSE`].
async fn write<W: AsyncWrite + Unpin>(socket: &mut W, bytes: &[u8]) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        let wrote =
            timeout(limits::PAUSE, socket.write(left)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if wrote == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        left = &left[wrote..];
    }
    Ok(())
}

/// Whether a field that was asked for takes the place of the site's. These add up (RFC 9110 §12.5.5, RFC 6265 §3, RFC
/// 8288 §3), and a challenge belongs to its 401.
fn replaces(asked: &str, own: &str) -> bool {
    const ADDED: [&str; 4] = ["vary", "set-cookie", "link", "www-authenticate"];
    asked.eq_ignore_ascii_case(own) && !ADDED.iter().any(|added| added.eq_ignore_ascii_case(own))
}

fn first_line(status: u16, shouts: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.to_string().as_bytes());
    out.push(b' ');
    let known = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let phrase = out.len();
    out.extend_from_slice(known.unwrap_or("Unknown").as_bytes());
    if shouts {
        out[phrase..].make_ascii_uppercase();
    }
    out.extend_from_slice(b"\r\n");
}

/// One field. What would end a name or a line, and so make another field of it, does not pass.
fn field(name: &str, value: &str, out: &mut Vec<u8>) {
    let ends_name = |byte: &u8| matches!(byte, b'\r' | b'\n' | b':' | b' ' | 0);
    if name.as_bytes().iter().any(ends_name) {
        out.extend(name.bytes().filter(|byte| !ends_name(byte)));
    } else {
        out.extend_from_slice(name.as_bytes());
    }
    out.extend_from_slice(b": ");
    if memchr3(b'\r', b'\n', 0, value.as_bytes()).is_some() {
        out.extend(value.bytes().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { byte }));
    } else {
        out.extend_from_slice(value.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// The head that leaves HTTP.
pub(super) async fn switch(socket: &mut Socket, answer: &Answer, out: &mut Vec<u8>) -> io::Result<()> {
    out.clear();
    first_line(answer.status, false, out);
    for (name, value) in &answer.fields {
        field(name, value, out);
    }
    out.extend_from_slice(b"\r\n");
    write(socket, out).await?;
    socket.flush().await
}
