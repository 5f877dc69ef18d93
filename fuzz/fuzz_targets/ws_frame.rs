//! The head of a WebSocket frame: written again it is the same bytes, no shorter input is enough, and unmasking undoes
//! masking.
#![cfg_attr(fuzzing, no_main)]

use navyd_h1::{
    Side,
    ws::{self, Frame, Order},
};

navyd_fuzz::target!(|bytes: &[u8]| {
    for side in [Side::Request, Side::Response] {
        let mut order = Order::default();
        let mut rest = bytes;
        while let Ok(Some((frame, length))) = Frame::parse(rest, side, 4) {
            let mut written = Vec::new();
            frame.write(&mut written);
            assert_eq!(written, &rest[..length], "{frame:?}");
            for end in 0..length {
                assert_eq!(Frame::parse(&rest[..end], side, 4), Ok(None), "{frame:?} is told too early");
            }
            let _ = order.take(&frame, side);
            rest = &rest[length..];
            let payload = usize::try_from(frame.payload).unwrap_or(usize::MAX).min(rest.len());
            if let Some(key) = frame.mask {
                let mut twice = rest[..payload].to_vec();
                ws::mask(&mut twice, key, 3);
                ws::mask(&mut twice, key, 3);
                assert_eq!(twice, &rest[..payload]);
            }
            rest = &rest[payload..];
        }
    }
});
