//! Why an exchange had no response.

use std::io;

use navyd_h1::Reject;
use navyd_model::Upstream;

use crate::{
    pages::{self, Page},
    upstream::Unreached,
};

/// Why an exchange had no response.
#[derive(Debug)]
pub(super) enum Why {
    /// The client has left.
    ClientLeft,
    /// The body of the request is not what its head says.
    BadBody,
    /// The body of the request did not go on.
    SlowBody,
    /// The upstream closed the connection without a word.
    Closed,
    /// The upstream closed the connection inside a head.
    CutShort,
    /// The upstream said nothing in time.
    Silent,
    /// The upstream's response is wrong.
    Bad(Reject),
    /// The page says it.
    Told(Page),
}

impl Why {
    /// Why reading the body of a request failed.
    pub(super) fn of_upload(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::BadBody,
            _ => Self::ClientLeft,
        }
    }

    /// The page that tells it of this upstream.
    pub(super) fn page(self, upstream: Option<&Upstream>) -> Page {
        match (self, upstream) {
            (Self::Told(page), _) => page,
            (Self::ClientLeft | Self::BadBody, _) => pages::bad_body(),
            (Self::SlowBody, _) => pages::slow_body(),
            (_, None) => pages::homeless(),
            (Self::Closed, Some(upstream)) => pages::wordless(upstream),
            (Self::CutShort, Some(upstream)) => pages::cut_short(upstream),
            (Self::Silent, Some(upstream)) => pages::silent(upstream),
            (Self::Bad(reject), Some(upstream)) => pages::bad_response(upstream, &reject),
        }
    }
}

/// The page that tells why an upstream was not reached.
pub(super) fn unreached(unreached: Unreached, upstream: Option<&Upstream>) -> Page {
    let Some(upstream) = upstream else { return pages::homeless() };
    match unreached {
        Unreached::Loop => pages::looped(Some(upstream)),
        Unreached::Refused(error) => pages::unreachable(upstream, &error),
        Unreached::Silent => pages::silent(upstream),
    }
}
