//! Where a request leads.

use std::{net::SocketAddr, rc::Rc, sync::Arc};

use navyd_h1::{Verb, forward};
use navyd_model::hub::is_own_host;

use super::Connection;
use crate::{
    pages::{self, Base, Page},
    site::Site,
    worker::Door,
};

/// A request that takes no route.
pub(super) struct Astray {
    /// What answers it instead.
    pub(super) page: Box<Page>,
    /// Where the route begins that it would have taken, empty where there is none; `None` when nobody is told.
    pub(super) told: Option<Arc<str>>,
}

impl From<Page> for Astray {
    fn from(page: Page) -> Self {
        Self { page: Box::new(page), told: Some(Arc::from("")) }
    }
}

impl Connection {
    /// The route, or the page that answers instead.
    pub(super) fn destination(&self) -> Result<Rc<Site>, Astray> {
        let bytes = self.read.as_ref().map_or(&[][..], |buffer| buffer.filled());
        if self.request.verb() == Verb::Connect {
            return Err(pages::connect().into());
        }
        let site = match &self.door {
            Door::Gate(gate) => gate.site().filter(|site| site.is_http()).ok_or_else(pages::gone)?,
            Door::Names => self.named(bytes)?,
        };
        if forward::hops(bytes, self.request.head(), site.via()) > 0 {
            return Err(Astray {
                page: Box::new(pages::looped(site.upstream())),
                told: site.told().cloned(),
            });
        }
        Ok(site)
    }

    /// The route of the host that was asked for.
    fn named(&self, bytes: &[u8]) -> Result<Rc<Site>, Astray> {
        let Some(authority) = self.request.authority(bytes) else { return Err(pages::hostless().into()) };
        let mut host = String::new();
        authority.normalise(&mut host);
        let path = std::str::from_utf8(self.request.path(bytes)).unwrap_or_default();
        let table = self.worker.table();
        // Before any route, so that none can take the gateway's own place.
        let port = authority.port.unwrap_or(self.scheme.port());
        if is_own_host(&host, &self.worker.listen) && self.worker.serves(port) {
            return match &self.worker.home {
                Some(home) => Ok(Rc::clone(home)),
                None => {
                    let page = match (self.request.verb(), path) {
                        (Verb::Get | Verb::Head, "/") => {
                            pages::status(&table.routes, Base { scheme: self.scheme, port })
                        }
                        (Verb::Get | Verb::Head, _) => pages::nothing_at(path),
                        _ => pages::only_get(),
                    };
                    // What is asked of the gateway itself is nobody else's matter.
                    Err(Astray { page: Box::new(page), told: None })
                }
            };
        }
        if let Some(place) = table.routes.find(&host, path) {
            return Ok(Rc::clone(&table.sites[place]));
        }
        // A host of elsewhere is a page that tries to look in here: it is told nothing.
        let local = is_own_host(&host, &self.worker.listen) || host.ends_with(".localhost");
        // Links lead where the client has come in.
        let port = Some(port).filter(|port| self.worker.serves(*port));
        let usual = self.worker.listen.first().map(SocketAddr::port);
        let port = port.or(usual).unwrap_or(self.scheme.port());
        let base = Base { scheme: self.scheme, port };
        let known = local.then_some((&*table.routes, base));
        Err(pages::unknown(&host, known, self.worker.home.is_some()).into())
    }
}
