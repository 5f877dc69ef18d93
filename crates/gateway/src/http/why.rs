//! Why an exchange had no response.

use std::io;

use navyd_h1::Reject;

use crate::{
    pages::{self, Account, Page},
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

    /// The page that tells it; without an account it is of who answers for the gateway itself.
    pub(super) fn page(self, account: Option<&Account>) -> Page {
        match (self, account) {
            (Self::Told(page), _) => page,
            (Self::ClientLeft | Self::BadBody, _) => pages::bad_body(),
            (Self::SlowBody, _) => pages::slow_body(),
            (_, None) => pages::homeless(),
            (Self::Closed, Some(account)) => pages::wordless(account),
            (Self::CutShort, Some(account)) => pages::cut_short(account),
            (Self::Silent, Some(account)) => pages::silent(account),
            (Self::Bad(reject), Some(account)) => pages::bad_response(account, &reject),
        }
    }
}

/// The page that tells why an upstream was not reached.
pub(super) fn unreached(unreached: Unreached, account: Option<&Account>) -> Page {
    let Some(account) = account else { return pages::homeless() };
    match unreached {
        Unreached::Loop => pages::looped(Some(&account.upstream)),
        Unreached::Refused(error) => pages::unreachable(account, &error),
        Unreached::Silent => pages::silent(account),
        Unreached::Tunnelless => pages::tunnelless(account),
    }
}
