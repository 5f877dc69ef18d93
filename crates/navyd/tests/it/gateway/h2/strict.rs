//! Frames that RFC 9113 forbids, and some that look as if it did: each on a connection of its own, written by hand.

use super::{has_module, python};
use crate::gateway::{Hub, answering};

/// What the frames of each case need: their builders, and a client that says what it got for stream 1, which is a
/// status, or how the stream or the connection was ended. Whoever is refused a stream must still be served on the
/// same connection.
const CLIENT: &str = r"
import socket, sys, hpack
from hyperframe.frame import *
PORT = int(sys.argv[1])
GET = [(':method', 'GET'), (':scheme', 'http'), (':authority', 'a'), (':path', '/')]
POST = [(':method', 'POST')] + GET[1:]
CONNECT = [(':method', 'CONNECT'), (':authority', 'a:1')]

def block(fields):
    encoder, out = hpack.Encoder(), b''
    for name, value in fields:
        # Never indexed and never compressed, so that each block stands alone.
        name, value = [part.encode('latin-1') if isinstance(part, str) else part for part in (name, value)]
        out += b'\x00' + number(len(name)) + name + number(len(value)) + value
    return out

def number(length):
    if length < 127: return bytes([length])
    out, length = b'\x7f', length - 127
    while length >= 128: out, length = out + bytes([length % 128 + 128]), length // 128
    return out + bytes([length])

def headers(fields, *flags, stream=1):
    return HeadersFrame(stream, block(fields), flags=['END_HEADERS', *flags]).serialize()

def data(payload, *flags, stream=1, **more):
    return DataFrame(stream, payload, flags=list(flags), **more).serialize()

def raw(kind, flags, stream, payload):
    return len(payload).to_bytes(3, 'big') + bytes([kind, flags]) + stream.to_bytes(4, 'big') + payload

def long(fields):
    all = block(fields)
    parts = [all[at:at + 16000] for at in range(0, len(all), 16000)]
    first = raw(1, 1, 1, parts[0])
    return first + b''.join(raw(9, 4 * (part is parts[-1]), 1, part) for part in parts[1:])

def get(*fields): return headers(GET + list(fields), 'END_STREAM')

CASES = [CASES_HERE]

def outcome(frames, stream):
    '''What comes for this stream: its status, or what ended it.'''
    for kind, number, payload, fields in frames:
        if kind == 7: return 'goaway %d' % int.from_bytes(payload[4:8], 'big')
        if number == stream and kind == 3: return 'reset %d' % int.from_bytes(payload, 'big')
        if number == stream and kind == 1: return dict(fields)[b':status'].decode()
    return 'closed'

def read(stream, decoder):
    while True:
        head = stream.read(9)
        if len(head) < 9: return
        payload = stream.read(int.from_bytes(head[:3], 'big'))
        fields = decoder.decode(payload, raw=True) if head[3] == 1 else []
        yield head[3], int.from_bytes(head[5:9], 'big') & 0x7fffffff, payload, fields

for case in CASES:
    connection = socket.create_connection(('127.0.0.1', PORT), timeout=20)
    frames = read(connection.makefile('rb'), hpack.Decoder())
    sent = case if case.startswith(b'!') else SettingsFrame(0).serialize() + case
    connection.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + sent.lstrip(b'!'))
    try:
        got = outcome(frames, 1)
        if got.startswith('reset') or got.isdigit():
            connection.sendall(headers(GET, 'END_STREAM', stream=9))
            after = outcome(frames, 9)
            if after != '200': got += ', then ' + after
    except ConnectionError:
        got = 'closed'
    print(got)
    connection.close()
";

/// Each case: what it is, its bytes, and what comes of it. The sections are those of RFC 9113. The library ends the
/// connection where a stream would do, which §5.4 allows; says PROTOCOL_ERROR where there is a code of its own;
/// does not wait for SETTINGS; and drops pseudo-header fields of trailers, so that nobody gets them.
const CASES: &[(&str, &str, &str)] = &[
    ("an ordinary request", "get()", "200"),
    ("§8.2.1: a name in upper case", "get(('X-Upper', 'a'))", "goaway 1"),
    ("§8.2.1: a name with a space", "get(('x y', 'a'))", "goaway 1"),
    ("§8.2.1: a value with a line end", r"get(('x', 'a\r\nhost: b'))", "goaway 1"),
    ("§8.2.1: a value with a zero", r"get(('x', 'a\0b'))", "goaway 1"),
    ("§8.2.1: a value that starts with a space", "get(('x', ' a'))", "reset 1"),
    ("§8.2.1: a value that ends with a tab", r"get(('x', 'a\t'))", "reset 1"),
    ("§8.2.2: Connection", "get(('connection', 'close'))", "reset 1"),
    ("§8.2.2: Keep-Alive", "get(('keep-alive', '5'))", "reset 1"),
    ("§8.2.2: Proxy-Connection", "get(('proxy-connection', 'close'))", "reset 1"),
    ("§8.2.2: Transfer-Encoding", "headers(POST + [('transfer-encoding', 'chunked')])", "reset 1"),
    ("§8.2.2: Upgrade", "get(('upgrade', 'h2c'))", "reset 1"),
    ("§8.2.2: TE other than trailers", "get(('te', 'gzip'))", "reset 1"),
    ("§8.2.2: TE of trailers", "get(('te', 'trailers'))", "200"),
    ("§8.2.3: cookies in crumbs", "get(('cookie', 'a=1'), ('cookie', 'b=2'))", "200"),
    ("§8.3: an unknown pseudo-header field", "get((':x', 'a'))", "goaway 1"),
    ("§8.3: a pseudo-header field of responses", "get((':status', '200'))", "reset 1"),
    ("§8.3: a pseudo-header field behind a field", "headers([('x', 'a')] + GET, 'END_STREAM')", "reset 1"),
    ("§8.3.1: a path twice", "get((':path', '/b'))", "reset 1"),
    ("§8.3.1: no method", "headers(GET[1:], 'END_STREAM')", "reset 1"),
    ("§8.3.1: no scheme", "headers(GET[:1] + GET[2:], 'END_STREAM')", "reset 1"),
    ("§8.3.1: no path", "headers(GET[:3], 'END_STREAM')", "reset 1"),
    ("§8.3.1: an empty path", "headers(GET[:3] + [(':path', '')], 'END_STREAM')", "reset 1"),
    ("§8.3.1: a path that is a URL", "headers(GET[:3] + [(':path', 'http://b/')], 'END_STREAM')", "reset 1"),
    (
        "§8.3.1: a user before the host",
        "headers(GET[:2] + [(':authority', 'u@a'), (':path', '/')], 'END_STREAM')",
        "400",
    ),
    ("§8.3.1: neither :authority nor Host", "headers(GET[:2] + GET[3:], 'END_STREAM')", "400"),
    ("§8.3.1: Host alone", "headers(GET[:2] + GET[3:] + [('host', 'a')], 'END_STREAM')", "200"),
    ("§8.3.1: Host that agrees", "get(('host', 'a'))", "200"),
    ("§8.3.1: Host that disagrees", "get(('host', 'b'))", "400"),
    ("§8.3.1: Host twice", "get(('host', 'a'), ('host', 'b'))", "400"),
    ("§8.5: CONNECT", "headers(CONNECT)", "501"),
    ("§8.5: CONNECT with a path", "headers(CONNECT + [(':path', '/')])", "reset 1"),
    (
        "§8.1.1: less than Content-Length",
        "headers(POST + [('content-length', '5')]) + data(b'abc', 'END_STREAM')",
        "reset 1",
    ),
    (
        "§8.1.1: more than Content-Length",
        "headers(POST + [('content-length', '2')]) + data(b'abc', 'END_STREAM')",
        "reset 1",
    ),
    ("§8.1.1: a Content-Length and no body", "get(('content-length', '5'))", "reset 1"),
    ("§8.1.1: two lengths", "headers(POST + [('content-length', '3'), ('content-length', '4')])", "reset 1"),
    ("§8.1: trailers that do not end", "headers(POST) + headers([('x', 'a')])", "reset 1"),
    (
        "§8.1: trailers with a pseudo-header field",
        "headers(POST) + headers([(':path', '/')], 'END_STREAM')",
        "200",
    ),
    ("§3.4: no SETTINGS behind the preface", "b'!' + get()", "200"),
    ("§4.2: a frame that is too large", "headers(POST) + data(bytes(20000))", "goaway 6"),
    ("§4.3: a block that is no HPACK", r"raw(1, 5, 1, b'\xff\xff\xff\xff\xff\xff')", "goaway 1"),
    ("§5.1: DATA on an idle stream", "data(b'x')", "goaway 1"),
    ("§5.1: WINDOW_UPDATE on an idle stream", r"raw(8, 0, 1, b'\0\0\0\1')", "goaway 1"),
    ("§5.1.1: a stream with an even number", "headers(GET, 'END_STREAM', stream=2)", "goaway 1"),
    ("§5.1.1: a stream with a lower number", "headers(GET, 'END_STREAM', stream=3) + get()", "goaway 1"),
    ("§6.1: DATA on stream 0", r"raw(0, 0, 0, b'x')", "goaway 1"),
    ("§6.1: padding longer than the payload", r"headers(POST) + raw(0, 8, 1, b'\x09x')", "goaway 1"),
    ("§6.2: HEADERS on stream 0", "raw(1, 5, 0, block(GET))", "goaway 1"),
    ("§6.4: RST_STREAM on an idle stream", r"raw(3, 0, 1, b'\0\0\0\8')", "goaway 1"),
    ("§6.5: SETTINGS with a length of its own", r"raw(4, 0, 0, b'\0\0\0')", "goaway 1"),
    ("§6.5: SETTINGS on a stream", "raw(4, 0, 1, b'')", "goaway 1"),
    ("§6.5.2: a window that is too large", r"raw(4, 0, 0, b'\0\4\xff\xff\xff\xff')", "goaway 1"),
    (
        "§6.6: PUSH_PROMISE from a client",
        r"headers(POST) + raw(5, 4, 1, b'\0\0\0\2' + block(GET))",
        "goaway 1",
    ),
    ("§6.7: PING with a length of its own", "raw(6, 0, 0, b'abc')", "goaway 1"),
    ("§6.9: a window that grows by nothing", r"headers(POST) + raw(8, 0, 1, b'\0\0\0\0')", "goaway 1"),
    ("§6.9.1: a window that grows too large", r"raw(8, 0, 0, b'\x7f\xff\xff\xff')", "goaway 3"),
    ("§6.10: CONTINUATION without HEADERS", "raw(9, 4, 1, block(GET))", "goaway 1"),
    (
        "§6.10: a frame between HEADERS and CONTINUATION",
        "raw(1, 1, 1, block(GET)) + raw(6, 0, 0, bytes(8))",
        "goaway 1",
    ),
    ("§6.10: HEADERS in two parts", "raw(1, 1, 1, block(GET[:2])) + raw(9, 4, 1, block(GET[2:]))", "200"),
    ("§5.5: a frame of an unknown type", "raw(77, 255, 0, b'abc') + get()", "200"),
    ("§10.5.1: a head that is too large", "long(GET + [('x%d' % n, 'a' * 1000) for n in range(70)])", "431"),
    (
        "more fields than are taken",
        "headers(GET + [('x%d' % n, 'a') for n in range(101)], 'END_STREAM')",
        "431",
    ),
];

#[test]
fn what_the_rfc_forbids_ends_the_stream_or_the_connection() {
    const NAME: &str = "gateway::h2::strict::what_the_rfc_forbids_ends_the_stream_or_the_connection";
    if !has_module(NAME, "h2") {
        return;
    }
    let (address, _told) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let (_hub, route) = Hub::to("http", address);
    let cases: Vec<_> = CASES.iter().map(|(_, bytes, _)| *bytes).collect();
    let script = CLIENT.replace("CASES_HERE", &cases.join(",\n"));
    let said = python(&script, &[&route.port().to_string()]);
    let got: Vec<_> = said.lines().zip(CASES).map(|(got, (name, ..))| (*name, got)).collect();
    let expected: Vec<_> = CASES.iter().map(|(name, _, expected)| (*name, *expected)).collect();
    assert_eq!(said.lines().count(), CASES.len(), "{said}");
    let wrong: Vec<_> = got.iter().zip(&expected).filter(|(got, expected)| got != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
