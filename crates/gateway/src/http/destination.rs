//! Where a request leads.

use navyd_h1::{Verb, forward};

use super::Connection;
use crate::{
    pages::{self, Page},
    worker::Door,
};

impl Connection {
    /// The number of the route, or the page that answers instead.
    pub(super) fn destination(&self) -> Result<usize, Page> {
        let bytes = self.read.as_ref().map_or(&[][..], |buffer| buffer.filled());
        if self.request.verb() == Verb::Connect {
            return Err(pages::connect());
        }
        let number = match self.door {
            Door::Route(number) => number,
            Door::Names => self.named(bytes)?,
        };
        if forward::hops(bytes, self.request.head(), self.worker.pools[number].name()) > 0 {
            return Err(pages::looped(self.worker.pools[number].upstream()));
        }
        Ok(number)
    }

    /// The route of the host that was asked for.
    fn named(&self, bytes: &[u8]) -> Result<usize, Page> {
        let Some(authority) = self.request.authority(bytes) else { return Err(pages::hostless()) };
        let mut host = String::new();
        authority.normalise(&mut host);
        let path = std::str::from_utf8(self.request.path(bytes)).unwrap_or_default();
        if let Some(number) = self.worker.routes.find(&host, path) {
            return Ok(number);
        }
        let port = self.worker.listen.port();
        if is_own(&host) && authority.port.unwrap_or(80) == port {
            return Err(match (self.request.verb(), path) {
                (Verb::Get | Verb::Head, "/") => pages::status(&self.worker.routes, port),
                (Verb::Get | Verb::Head, _) => pages::nothing_at(path),
                _ => pages::only_get(),
            });
        }
        // A host of elsewhere is a page that tries to look in here: it is told nothing.
        let local = is_own(&host) || host.ends_with(".localhost");
        Err(pages::unknown(&host, local.then_some((&*self.worker.routes, port))))
    }
}

/// Whether the host is the gateway itself.
fn is_own(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost" | "navyd.localhost")
}
