//! A chunked body: any split finds the same payload and the same end, and a body that has ended takes no more.
#![cfg_attr(fuzzing, no_main)]

use navyd_h1::{Body, Framing, Side};

navyd_fuzz::target!(|bytes: &[u8]| {
    let whole = read(bytes, usize::MAX);
    for step in [1, 2, 5] {
        assert_eq!(read(bytes, step), whole, "in steps of {step} it is another body");
    }
});

/// The payload, how many bytes belong to the body, and whether it has ended; `None` when it is refused.
fn read(bytes: &[u8], step: usize) -> Option<(Vec<u8>, usize, bool)> {
    let mut body = Body::new(Framing::Chunked, Side::Request);
    let (mut payload, mut at) = (Vec::new(), 0);
    while at < bytes.len() && !body.is_done() {
        let mut runs = body.payload(&bytes[at..at.saturating_add(step).min(bytes.len())]);
        for run in runs.by_ref() {
            payload.extend_from_slice(run.ok()?);
        }
        let taken = runs.taken();
        assert!(taken > 0, "it stands still");
        at += taken;
    }
    let done = body.is_done();
    assert_eq!(body.end().is_ok(), done);
    if done {
        assert_eq!(body.advance(b"0\r\n\r\n").map(|step| step.taken), Ok(0), "it goes on behind its end");
    }
    Some((payload, at, done))
}
