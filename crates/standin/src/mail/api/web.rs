//! The site and its server as one, so that the site knows when to end: a request that waits for mail would hold up
//! everything else until it has waited enough.

use std::rc::Rc;

use super::Api;
use crate::{
    Socket, Stop, Talk, Talking,
    http::{Manners, Server, Told},
};

/// What stands behind the door for HTTP.
pub struct Web {
    api: Rc<Api>,
    server: Rc<Server>,
}

impl Web {
    /// A site, who may ask it, and who is told of what was asked.
    #[must_use]
    pub fn new(api: Rc<Api>, manners: Manners, told: Option<Told>) -> Self {
        let server = Rc::new(Server { site: Rc::clone(&api) as Rc<_>, manners, told });
        Self { api, server }
    }
}

impl Talk for Web {
    fn talk(self: Rc<Self>, socket: Socket, stop: Stop) -> Talking {
        self.api.stop.borrow_mut().get_or_insert_with(|| stop.clone());
        Rc::clone(&self.server).talk(socket, stop)
    }
}
