//! gRPC: unary and streamed calls, with the statuses that trailers carry.

use super::{PYTHON, has_module, python};
use crate::{
    gateway::{Hub, peers::server},
    support::nobody,
};

/// A server that knows every kind of call. A message is bytes; `fail` is answered with a status.
const SERVER: &str = "
import concurrent.futures, grpc, time
def unary(request, context):
    context.set_trailing_metadata((('x-sum', str(len(request))),))
    if request == b'fail':
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, 'not now: 9% – ü')
    return request[::-1]
def many(request, context):
    for number in range(int(request)):
        yield b'%d' % number
def gather(requests, context):
    return b'%d' % sum(len(request) for request in requests)
def talk(requests, context):
    for request in requests:
        yield request + b'!'
rpc = {
    'Unary': grpc.unary_unary_rpc_method_handler(unary),
    'Many': grpc.unary_stream_rpc_method_handler(many),
    'Gather': grpc.stream_unary_rpc_method_handler(gather),
    'Talk': grpc.stream_stream_rpc_method_handler(talk),
}
server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler('t.T', rpc),))
port = server.add_insecure_port('127.0.0.1:0')
server.start()
print(port)
server.wait_for_termination()
";

const CLIENT: &str = "
import grpc, sys, threading
channel = grpc.insecure_channel('127.0.0.1:' + sys.argv[1])
answer, call = channel.unary_unary('/t.T/Unary').with_call(b'abc', timeout=20)
assert answer == b'cba', answer
assert dict(call.trailing_metadata())['x-sum'] == '3', call.trailing_metadata()
large = b'x' * 3000000
assert channel.unary_unary('/t.T/Unary')(large, timeout=20) == large
try:
    channel.unary_unary('/t.T/Unary')(b'fail', timeout=20)
    assert False
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    assert error.details() == 'not now: 9% – ü', error.details()
try:
    channel.unary_unary('/t.T/Nothing')(b'', timeout=20)
    assert False
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error
assert list(channel.unary_stream('/t.T/Many')(b'5000', timeout=20)) == [b'%d' % n for n in range(5000)]
assert channel.stream_unary('/t.T/Gather')((b'x' * n for n in range(2000)), timeout=20) == b'1999000'
# Each message is sent only once the answer to the last has come.
turn = threading.Semaphore(1)
def messages():
    for number in range(200):
        turn.acquire()
        yield b'%d' % number
for number, answer in enumerate(channel.stream_stream('/t.T/Talk')(messages(), timeout=20)):
    assert answer == b'%d!' % number, answer
    turn.release()
assert number == 199
# What is called off ends, and the connection goes on.
endless = channel.stream_stream('/t.T/Talk')((b'a' for _ in iter(int, 1)), timeout=20)
assert next(endless) == b'a!'
endless.cancel()
assert channel.unary_unary('/t.T/Unary')(b'ab', timeout=20) == b'ba'
print('all')
";

#[test]
fn calls_of_every_kind_pass() {
    const NAME: &str = "gateway::h2::calls::calls_of_every_kind_pass";
    if !has_module(NAME, "grpc") {
        return;
    }
    let (_server, address) = server(PYTHON, SERVER);
    for scheme in ["http", "h2c"] {
        let (_hub, route) = Hub::to(scheme, address);
        assert_eq!(python(CLIENT, &[&route.port().to_string()]), "all\n", "{scheme}");
    }
}

#[test]
fn a_call_to_nobody_says_unavailable() {
    const NAME: &str = "gateway::h2::calls::a_call_to_nobody_says_unavailable";
    const CALL: &str = "
import grpc, sys
channel = grpc.insecure_channel('127.0.0.1:' + sys.argv[1])
try:
    channel.unary_unary('/t.T/Unary')(b'abc', timeout=20)
except grpc.RpcError as error:
    print(error.code().name, error.details())
";
    if !has_module(NAME, "grpc") {
        return;
    }
    let (_port, nobody) = nobody();
    let (_hub, route) = Hub::to("http", nobody);
    let said = python(CALL, &[&route.port().to_string()]);
    assert!(said.starts_with("UNAVAILABLE Nothing listens at `http://127.0.0.1:"), "{said}");
}
