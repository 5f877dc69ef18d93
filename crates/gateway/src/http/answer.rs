//! Answering a request without an upstream.

use jiff::Timestamp;
use navyd_h1::Framing;
use navyd_model::exchange::Outcome;

use super::{Connection, Next};
use crate::{pages::Page, tap::Mark};

impl Connection {
    /// Whether another request can follow a page: this one had no body, which nobody would read.
    pub(super) fn may_stay_after_page(&self) -> bool {
        let bodiless = matches!(self.request.head().framing(), Framing::None | Framing::Length(0));
        self.request.persists() && bodiless && !self.guest.draining()
    }

    /// Writes a page, in the form that the client of the request that was read last asks for.
    pub(super) async fn answer(&mut self, page: &Page, stay: bool) -> Next {
        let bytes = match self.wants.grpc {
            true => page.grpc(stay),
            false => page.response(self.wants.json, self.wants.bodiless, stay, Timestamp::now()),
        };
        self.deadline.set(self.worker.limits.body_idle);
        match self.write_in_time(&bytes).await {
            Ok(()) => {
                self.tell(Mark::Own, &bytes);
                if stay { Next::Stay } else { Next::Close }
            }
            Err(()) => {
                self.settle(Outcome::ClientLeft);
                Next::Cut
            }
        }
    }
}
