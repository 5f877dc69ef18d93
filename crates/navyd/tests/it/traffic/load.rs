//! HTTP/2 and gRPC under load: every exchange is either recorded, or counted as lost.

use std::process::Command;

use super::{
    ANSWER, serving,
    watched::{count, list, settled, shown},
};
use crate::{
    gateway::{
        h2::{PYTHON, has_module},
        peers::server,
    },
    hub::Home,
    support::{program, run::run, skip},
};

/// How many requests each load has.
const REQUESTS: u64 = 2000;

#[test]
fn exchanges_of_a_load_are_all_recorded_or_counted() {
    let test = "traffic::load::exchanges_of_a_load_are_all_recorded_or_counted";
    let Some(h2load) = program("h2load") else { return skip(test, "`h2load` is not installed") };
    let home = Home::new();
    let hub = home.hub();
    let (upstream, _) = serving(ANSWER);
    home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    for (at, (name, scheme, flag)) in
        (1..).zip([("clear", "http", "-m10"), ("encrypted", "https", "-m10"), ("old", "http", "--h1")])
    {
        let mut load = Command::new(&h2load);
        load.args(["-n", &REQUESTS.to_string(), "-c", "4", flag]);
        load.arg(format!("--connect-to={}", hub.address()));
        let ran = run(load.arg(format!("{scheme}://shop.localhost/{name}")));
        assert!(ran.stdout.contains(&format!("status codes: {REQUESTS} 2xx")), "{name}: {ran:?}");
        // What a busy machine could not record is in the count of losses, so that the sum is exact.
        let lost = |capture: &serde_json::Value| capture["lost"]["flows"].as_u64().unwrap();
        let capture = super::until(|| {
            let capture = settled(&home, 0);
            (capture["recorded"].as_u64().unwrap() + lost(&capture) >= at * REQUESTS).then_some(capture)
        });
        let recorded = count(&home, &format!("path:/{name} status:200 outcome:complete"));
        assert!(
            recorded + lost(&capture) >= REQUESTS && recorded <= REQUESTS,
            "{name}: {recorded}: {capture}"
        );
        assert_eq!(
            capture["recorded"].as_u64().unwrap() + lost(&capture),
            at * REQUESTS,
            "{name}: {capture}"
        );
    }
}

/// A server that knows three kinds of calls, whose messages are protobuf with one text field.
const SERVER: &str = "
import concurrent.futures, grpc
def unary(request, context):
    if b'fail' in request:
        context.abort(grpc.StatusCode.NOT_FOUND, 'no such lamp')
    return request
def many(request, context):
    for number in range(7):
        yield b'\\x08' + bytes([number])
def talk(requests, context):
    for request in requests:
        yield request
rpc = {
    'Unary': grpc.unary_unary_rpc_method_handler(unary),
    'Many': grpc.unary_stream_rpc_method_handler(many),
    'Talk': grpc.stream_stream_rpc_method_handler(talk),
}
server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler('t.Lamps', rpc),))
port = server.add_insecure_port('127.0.0.1:0')
server.start()
print(port)
server.wait_for_termination()
";

const CLIENT: &str = "
import grpc, sys
channel = grpc.insecure_channel(sys.argv[1], (('grpc.default_authority', 'lamps.localhost'),))
unary = channel.unary_unary('/t.Lamps/Unary')
for number in range(40):
    assert unary(b'\\x0a\\x03abc', timeout=30) == b'\\x0a\\x03abc'
for number in range(3):
    try:
        unary(b'\\x0a\\x04fail', timeout=30)
        assert False
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error
for number in range(5):
    assert len(list(channel.unary_stream('/t.Lamps/Many')(b'', timeout=30))) == 7
talk = channel.stream_stream('/t.Lamps/Talk')
assert len(list(talk((b'\\x08\\x01' for _ in range(12)), timeout=30))) == 12
channel.close()
print('all')
";

#[test]
fn calls_of_grpc_and_their_messages_are_counted() {
    let test = "traffic::load::calls_of_grpc_and_their_messages_are_counted";
    if !has_module(test, "grpc") {
        return;
    }
    let home = Home::new();
    let hub = home.hub();
    let (_server, address) = server(PYTHON, SERVER);
    home.json(&["route", "add", "lamps", &format!("h2c://{address}")]);
    let ran = run(Command::new(PYTHON).args(["-c", CLIENT, &hub.address().to_string()]));
    assert_eq!(ran.stdout, "all\n", "{ran:?}");
    settled(&home, 49);
    for (filter, expected) in [
        ("protocol:grpc", 49),
        ("protocol:grpc path:/t.Lamps/Unary status:0", 40),
        ("protocol:grpc path:/t.Lamps/Unary status:5 error~\"no such lamp\"", 3),
        ("protocol:grpc path:/t.Lamps/Many status:0", 5),
        ("protocol:grpc path:/t.Lamps/Talk status:0", 1),
    ] {
        assert_eq!(count(&home, filter), expected, "{filter}: {:#?}", list(&home, ""));
    }
    let messages = |path: &str, from: &str| {
        let exchange = shown(&home, &list(&home, &format!("path:/t.Lamps/{path} status:0"))[0]);
        let pieces = exchange["pieces"].as_array().unwrap().clone();
        pieces.iter().filter(|piece| piece["kind"] == "message" && piece["from"] == from).count()
    };
    assert_eq!((messages("Unary", "client"), messages("Unary", "server")), (1, 1));
    assert_eq!((messages("Many", "client"), messages("Many", "server")), (1, 7));
    assert_eq!((messages("Talk", "client"), messages("Talk", "server")), (12, 12));
}
