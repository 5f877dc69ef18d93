//! From what is stored to what is shown.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use navyd_decode::{body::view, grpc::Schema};
use navyd_model::exchange::{Body, Exchange, Message, Piece, Summary};

use super::carried::Carried;
use crate::{
    capture::assemble::{
        head,
        record::{Content, More, milliseconds},
        stream::{Chunk, Kind},
    },
    export::Raw,
};

/// What has to do with it, as far as time and processes tell.
#[derive(Default)]
pub(super) struct Causes {
    pub(super) caused: Vec<u64>,
    pub(super) maybe_caused: Vec<u64>,
    pub(super) maybe_caused_by: Vec<u64>,
}

/// All that is stored of an exchange.
pub(super) struct Parts {
    pub(super) summary: Summary,
    /// The lines of both heads.
    pub(super) heads: [Vec<u8>; 2],
    /// Bodies of request and response, and the stream; what cannot be read is told by its reason.
    pub(super) bodies: [Option<Result<Content, String>>; 3],
    pub(super) more: More,
    pub(super) causes: Causes,
}

/// As it is shown; messages of gRPC by these descriptors.
pub(super) fn exchange(parts: Parts, schema: Option<&Schema>) -> Exchange {
    let Parts { summary, heads, bodies, more, causes } = parts;
    let [sent, received, stream] = bodies;
    let [asked, answered] = heads;
    let mut request = message(&asked, &sent, more.request_trailers);
    request.line = request.line.filter(|_| !asked.is_empty());
    let has_answer = !answered.is_empty() || received.is_some() || !more.interim.is_empty();
    let mut response = has_answer.then(|| message(&answered, &received, more.response_trailers));
    if let Some(response) = &mut response {
        response.interim = more.interim;
    }
    let mut pieces = more.pieces;
    let carried = Carried {
        started: summary.started.as_microsecond(),
        target: &summary.target,
        bodies: [front(&sent), front(&received)],
        times: [&more.request_times, &more.response_times],
        encodings: [
            header(&request, "grpc-encoding"),
            response.as_ref().and_then(|response| header(response, "grpc-encoding")),
        ],
        schema,
    };
    pieces.extend(carried.pieces(summary.protocol));
    if let Some(Ok(stream)) = stream {
        pieces.extend(Chunk::read(&stream.front).iter().map(piece));
    }
    let Causes { caused, maybe_caused, maybe_caused_by } = causes;
    Exchange {
        summary,
        request,
        response,
        pieces,
        details: more.details,
        hits: more.hits,
        caused,
        maybe_caused,
        maybe_caused_by,
    }
}

/// As it is shown, with its bodies as they were sent.
pub(super) fn raw(parts: Parts) -> Raw {
    let [request, response] = [0, 1].map(|at| match &parts.bodies[at] {
        Some(Ok(content)) => [content.front.as_slice(), &content.back].concat(),
        _ => Vec::new(),
    });
    Raw { exchange: exchange(parts, None), request, response }
}

fn message(
    stored: &[u8],
    content: &Option<Result<Content, String>>,
    trailers: Vec<(String, String)>,
) -> Message {
    let (line, headers) = head::lines(stored);
    let value = |name: &str| {
        headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let media_type = value("content-type").map(str::to_owned);
    let encodings = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
    let encodings = encodings.map(|(_, value)| value.as_str());
    let encodings: Vec<_> = encodings.filter(|value| !value.eq_ignore_ascii_case("identity")).collect();
    let body = content.as_ref().map(|content| match content {
        Ok(content) => body(content, media_type.clone(), &encodings),
        Err(reason) => Body { media_type: media_type.clone(), note: Some(reason.clone()), ..Body::default() },
    });
    Message { line, headers, interim: Vec::new(), body, trailers }
}

fn body(content: &Content, media_type: Option<String>, encodings: &[&str]) -> Body {
    let Content { front, back, size, digest, state, .. } = content;
    let kept = (front.len() + back.len()) as u64;
    let mut notes = Vec::new();
    if state.unseen {
        notes.push("not kept: its encoding hides whether there are secrets in it".to_owned());
    } else if state.decoded {
        notes.push("kept decoded, since there may be secrets in it".to_owned());
    } else if !back.is_empty() {
        notes.push(format!("its first {} and last {} bytes are kept", front.len(), back.len()));
    }
    if state.torn {
        notes.push("some of it passed and was not recorded".to_owned());
    }
    let sha256 = digest.filter(|_| !state.redacted && !state.torn).map(|digest| hexadecimal(&digest));
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    let mut body = Body { size: *size, kept, sha256, media_type, note, ..Body::default() };
    let encodings = match state.decoded {
        true => {
            body.decoded = encodings.iter().map(|encoding| (*encoding).to_owned()).collect();
            &[]
        }
        false => encodings,
    };
    // The end of what is coded means nothing without all that stands before it.
    let kept = if encodings.is_empty() { [front.as_slice(), back].concat() } else { front.clone() };
    if !kept.is_empty() {
        let is_cut = !back.is_empty() || state.decoded;
        view(body.media_type.as_deref(), encodings, &kept, is_cut).fill(&mut body);
    }
    body
}

/// What is kept of the front of a body, as it was sent.
fn front(content: &Option<Result<Content, String>>) -> &[u8] {
    content.as_ref().and_then(|content| content.as_ref().ok()).map_or(&[], |content| &content.front)
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let found = message.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn piece(chunk: &Chunk) -> Piece {
    let (kind, size) = match chunk.kind {
        Kind::Bytes => ("bytes", chunk.bytes.len() as u64),
        Kind::Message => ("message", chunk.bytes.len() as u64),
        Kind::Gap => ("gap", chunk.bytes.as_slice().try_into().map_or(0, u64::from_le_bytes)),
    };
    let shown = if chunk.kind == Kind::Gap { Vec::new() } else { chunk.bytes.clone() };
    let (text, base64) = shown_as(shown);
    let at_ms = milliseconds(i64::try_from(chunk.at).unwrap_or(i64::MAX));
    Piece { at_ms, from: chunk.from, kind: kind.to_owned(), size, text, base64 }
}

/// Text as such, and all else in Base64.
fn shown_as(bytes: Vec<u8>) -> (Option<String>, Option<String>) {
    match String::from_utf8(bytes) {
        Ok(text) if text.is_empty() => (None, None),
        Ok(text) if !text.contains('\0') => (Some(text), None),
        Ok(text) => (None, Some(STANDARD.encode(text))),
        Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
