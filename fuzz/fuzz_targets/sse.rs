//! Server-Sent Events.
#![cfg_attr(fuzzing, no_main)]

use navyd_decode::Events;

navyd_fuzz::target!(|bytes: &[u8]| {
    navyd_fuzz::talk::pieces(|| Box::new(Events::new(0)), bytes);
});
