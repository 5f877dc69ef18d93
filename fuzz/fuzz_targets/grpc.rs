//! Messages of gRPC, plain and packed; descriptors.
#![cfg_attr(fuzzing, no_main)]

use navyd_decode::grpc::{Call, Schema, Status};
use navyd_model::exchange::Side;

navyd_fuzz::target!(|bytes: &[u8]| {
    let call = || {
        let mut call = Call::new(0, "/package.Service/Method", None);
        call.encoding(Side::Client, "gzip");
        call.encoding(Side::Server, "gzip");
        call
    };
    navyd_fuzz::talk::pieces(|| Box::new(call()), bytes);
    let _ = Schema::read(bytes);
    let text = String::from_utf8_lossy(bytes);
    if let Some(status) = Status::read([("grpc-status", "5"), ("grpc-message", &*text)]) {
        assert!(status.message.len() < 16 << 10);
    }
});
