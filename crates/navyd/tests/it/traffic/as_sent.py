# HTTP/2 in frames written by hand, so that fields have the order and the repetitions that a test wants.
#
# `client PORT WHAT` sends one request and says each block of fields that comes; `server WHAT` says its port, answers one
# request, and says each block that came. WHAT is a document: the fields of the request, its body and trailers, or of the
# interim responses, the response, its body and trailers.
import json, socket, sys
import hpack
from hyperframe.frame import DataFrame, Frame, HeadersFrame, SettingsFrame

PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
encoder, decoder = hpack.Encoder(), hpack.Decoder()


def headers(fields, *flags):
    return HeadersFrame(1, encoder.encode(fields, huffman=False), flags=['END_HEADERS', *flags]).serialize()


def message(what):
    parts = [headers(fields) for fields in what.get('interim', [])] + [headers(what['fields'])]
    parts += [DataFrame(1, what['body'].encode()).serialize(), headers(what['trailers'], 'END_STREAM')]
    return parts


def read(stream):
    """Says every block of fields of stream 1, up to its end."""
    while True:
        head = stream.read(9)
        if len(head) < 9:
            sys.exit('it ended')
        frame, length = Frame.parse_frame_header(memoryview(head))
        frame.parse_body(memoryview(stream.read(length)))
        if isinstance(frame, HeadersFrame):
            print(json.dumps(decoder.decode(frame.data)), flush=True)
        if frame.stream_id == 1 and 'END_STREAM' in frame.flags:
            return


role, *rest = sys.argv[1:]
if role == 'client':
    peer = socket.create_connection(('127.0.0.1', int(rest[0])))
    peer.sendall(PREFACE + SettingsFrame(0).serialize() + b''.join(message(json.loads(rest[1]))))
    read(peer.makefile('rb'))
else:
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    peer, _ = listener.accept()
    stream = peer.makefile('rb')
    assert stream.read(len(PREFACE)) == PREFACE
    peer.sendall(SettingsFrame(0).serialize() + SettingsFrame(0, flags=['ACK']).serialize())
    read(stream)
    peer.sendall(b''.join(message(json.loads(rest[0]))))
    stream.read()
