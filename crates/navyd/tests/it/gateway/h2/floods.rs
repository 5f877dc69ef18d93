//! Clients that send very much of something: what hot reload does, the connection survives; what only an attack does,
//! it does not.

use super::{has_module, python};
use crate::gateway::{Hub, answering};

/// A connection whose frames are written by hand, and what it says.
const CLIENT: &str = r"
import socket, sys, h2.connection, h2.events, h2.stream, h2.config, h2.exceptions
PORT = int(sys.argv[1])
HEAD = [(':method', 'GET'), (':scheme', 'http'), (':authority', 'a'), (':path', '/')]
class Client:
    def __init__(self):
        self.wire = socket.create_connection(('127.0.0.1', PORT), timeout=20)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding='utf-8'))
        self.h2.initiate_connection()
        self.flush()
    def flush(self):
        self.wire.sendall(self.h2.data_to_send())
    def ask(self, ended=True, head=HEAD):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, head, end_stream=ended)
        return stream
    def status(self, stream):
        '''Reads to the status of this stream, or to the end of the connection.'''
        self.flush()
        while True:
            try:
                got = self.wire.recv(65536)
            except ConnectionError:
                return 'closed'
            if not got: return 'closed'
            for event in self.h2.receive_data(got):
                if isinstance(event, h2.events.ConnectionTerminated): return 'goaway %d' % event.error_code
                if isinstance(event, h2.events.ResponseReceived) and event.stream_id == stream:
                    return dict(event.headers)[':status']
            self.flush()
client = Client()
";

/// What a script that goes on behind [`CLIENT`] says.
fn said(script: &str) -> Option<String> {
    const NAME: &str = "gateway::h2::floods";
    if !has_module(NAME, "h2") {
        return None;
    }
    let (address, _told) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let (_hub, route) = Hub::to("http", address);
    Some(python(&format!("{CLIENT}{script}"), &[&route.port().to_string()]))
}

#[test]
fn requests_that_are_called_off_by_the_thousand_end_nothing() {
    let Some(said) = said(
        "
for _ in range(40):
    streams = [client.ask() for _ in range(90)]
    for stream in streams: client.h2.reset_stream(stream, 8)
    # All of these arrive at once.
    client.flush()
    print(client.status(client.ask()), end=' ')
",
    ) else {
        return;
    };
    assert_eq!(said, "200 ".repeat(40));
}

#[test]
fn malformed_requests_by_the_thousand_end_nothing() {
    let Some(said) = said(
        "
client.h2.config.validate_outbound_headers = False
client.h2.config.normalize_outbound_headers = False
for _ in range(3000): client.ask(head=HEAD + [('connection', 'close')])
print(client.status(client.ask()))
",
    ) else {
        return;
    };
    assert_eq!(said, "200\n");
}

#[test]
fn tiny_frames_by_the_thousand_end_nothing() {
    let Some(said) = said(
        "
stream = client.ask(ended=False, head=[(':method', 'POST')] + HEAD[1:])
for _ in range(5000): client.h2.send_data(stream, b'x')
client.h2.end_stream(stream)
print(client.status(stream))
",
    ) else {
        return;
    };
    assert_eq!(said, "200\n");
}

#[test]
fn a_head_without_end_ends_the_connection() {
    let Some(said) = said(
        r"
block = b'\x00\x01x\x7f\x80\x7f' + b'a' * 16000
client.wire.sendall(len(block).to_bytes(3, 'big') + b'\x01\x01\0\0\0\x01' + block)
ended = 'no'
try:
    for _ in range(2000):
        client.wire.sendall(len(block).to_bytes(3, 'big') + b'\x09\0\0\0\0\x01' + block)
except OSError:
    ended = 'yes'
print(ended)
",
    ) else {
        return;
    };
    assert_eq!(said, "yes\n");
}

#[test]
fn a_stream_beyond_the_limit_is_refused_and_the_others_go_on() {
    let Some(said) = said(
        "
streams = [client.ask(ended=False, head=[(':method', 'POST')] + HEAD[1:]) for _ in range(101)]
client.flush()
refused = None
while refused is None:
    for event in client.h2.receive_data(client.wire.recv(65536)):
        if isinstance(event, h2.events.StreamReset): refused = (event.stream_id, event.error_code)
    client.flush()
client.h2.end_stream(streams[0])
print(refused == (streams[100], 7), client.status(streams[0]))
",
    ) else {
        return;
    };
    assert_eq!(said, "True 200\n");
}

#[test]
fn a_head_that_unpacks_to_megabytes_ends_the_connection() {
    // RFC 7541: one field of 4,000 bytes enters the table, and each further byte of the block means it once more.
    let Some(said) = said(
        r"
field = b'\x40\x01x\x7f\xa1\x1e' + b'a' * 4000
head = b'\x82\x86\x84\x01\x01a'
def send(stream, block):
    client.wire.sendall(len(block).to_bytes(3, 'big') + b'\x01\x05' + stream.to_bytes(4, 'big') + block)
def answer(stream):
    while True:
        got = client.wire.recv(65536)
        if not got: return 'closed'
        for event in client.h2.receive_data(got):
            if isinstance(event, h2.events.ConnectionTerminated): return 'goaway'
            if getattr(event, 'stream_id', 0) != stream: continue
            if isinstance(event, h2.events.ResponseReceived): return dict(event.headers)[':status']
            if isinstance(event, h2.events.StreamReset): return 'reset'
        client.flush()
said = []
for stream, block in [(1, head + field), (3, head + b'\xbe' * 12000)]:
    client.h2.get_next_available_stream_id()
    client.h2._begin_new_stream(stream, 1)
    client.h2.streams[stream].state_machine.process_input(h2.stream.StreamInputs.SEND_HEADERS)
    send(stream, block)
    said.append(answer(stream))
print(*said)
",
    ) else {
        return;
    };
    assert_eq!(said, "200 goaway\n");
}

#[test]
fn who_reads_no_answers_cannot_make_them_pile_up() {
    // Each PING and each SETTINGS wants an answer; where none is read, the gateway stops reading, and the kernel's
    // buffers fill. What would pile up otherwise is far more than they hold.
    let Some(said) = said(
        r"
import select
ping, settings = b'\0\0\x08\x06\0\0\0\0\0' + b'p' * 8, b'\0\0\0\x04\0\0\0\0\0'
MOST, sent, block = 64 << 20, 0, (ping + settings) * 1000
client.wire.setblocking(False)
while sent < MOST and select.select([], [client.wire], [], 3)[1]:
    try:
        sent += client.wire.send(block[sent % len(block):])
    except ConnectionError:
        break
print('stopped' if sent < MOST else 'all taken')
",
    ) else {
        return;
    };
    assert_eq!(said, "stopped\n");
}
