//! Telling a program of each message that arrives: its summary is posted to an address.

use std::rc::Rc;

use tokio::{sync::broadcast::error::RecvError, time::timeout};

use super::{
    api::summary,
    away::{Away, Reach, Url},
    limits,
    store::{News, Store},
};

/// Where a program is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook(Url);

/// Who is told that the program was not: its address, and why.
pub type Untold = Rc<dyn Fn(&str, &str)>;

impl Webhook {
    /// From `http://host[:port]/path`, or the same with `https`; `None` where it is none.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        Url::parse(url).map(Self)
    }

    /// Tells of every message, one after the other, until the store ends. What cannot be told is not told again, and
    /// what comes while too many wait is not told at all: mail never waits for it.
    pub(super) async fn tell(self, store: Store, away: Away, untold: Option<Untold>) {
        let mut news = store.news();
        // The store would not end while this holds it.
        drop(store);
        loop {
            let failed = match news.recv().await {
                Ok(News::Arrived(facts)) => self.post(&summary(&facts).to_string(), &away).await.err(),
                Err(RecvError::Lagged(missed)) => Some(format!("{missed} messages came too fast")),
                Ok(_) => None,
                Err(RecvError::Closed) => return,
            };
            if let (Some(why), Some(untold)) = (failed, &untold) {
                untold(&format!("{}{}", self.0.authority, self.0.target), &why);
            }
        }
    }

    /// Once an answer has begun the document has arrived; one that is no success is a failure all the same.
    async fn post(&self, document: &str, away: &Away) -> Result<(), String> {
        let asked = timeout(limits::ELSEWHERE, away.ask("POST", &self.0, Reach::Anywhere, Some(document)));
        match asked.await {
            Err(_) => Err("no answer in time".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(answered)) if answered.status >= 300 => Err(format!("it answered {}", answered.status)),
            Ok(Ok(_)) => Ok(()),
        }
    }
}
