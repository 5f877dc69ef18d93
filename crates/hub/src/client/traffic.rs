//! Asking for exchanges: pages, one of them, figures; removing, writing, reading in and sending again.
//!
//! Deliberately absent: what a filter means, which the model reads and the hub obeys.

use std::io;

use http_body_util::BodyExt as _;
use navyd_model::{
    capture::{Capture, Descriptors, Imported, Page, Removed, Replay, Replayed, Stats},
    exchange::Exchange,
};

use super::{Client, ClientError, Follow, Method, segment, wire};

/// Which exchanges are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant {
    /// In the filter language; empty for all.
    pub filter: String,
    /// Only those in which this text stands, in URL, headers or a body.
    pub text: Option<String>,
    /// So many at most.
    pub limit: Option<usize>,
    /// Only those with a smaller number.
    pub before: Option<u64>,
}

impl Client {
    /// How the capture stands.
    ///
    /// # Errors
    /// When the hub records nothing, or does not answer.
    pub fn capture(&self) -> Result<Capture, ClientError> {
        self.ask(Method::GET, "/api/v1/capture", None::<&()>)
    }

    /// The newest exchanges that are meant.
    ///
    /// # Errors
    /// When the filter is none, or the hub does not answer.
    pub fn exchanges(&self, meant: &Meant) -> Result<Page, ClientError> {
        self.ask(Method::GET, &meant.path("/api/v1/exchanges"), None::<&()>)
    }

    /// One exchange with all that is kept of it.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn exchange(&self, id: u64) -> Result<Exchange, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/exchanges/{id}"), None::<&()>)
    }

    /// The same, with the messages of gRPC read by descriptors.
    ///
    /// # Errors
    /// When they are none, or the server that is asked does not tell them.
    pub fn exchange_by(&self, id: u64, descriptors: &Descriptors) -> Result<Exchange, ClientError> {
        self.ask(Method::POST, &format!("/api/v1/exchanges/{id}/messages"), Some(descriptors))
    }

    /// Figures of those that are meant.
    ///
    /// # Errors
    /// When the filter is none.
    pub fn exchange_stats(&self, meant: &Meant) -> Result<Stats, ClientError> {
        self.ask(Method::GET, &meant.path("/api/v1/exchanges/stats"), None::<&()>)
    }

    /// Removes those that are meant. Gives how many there were.
    ///
    /// # Errors
    /// When the filter is none.
    pub fn remove_exchanges(&self, meant: &Meant) -> Result<u64, ClientError> {
        let Removed { removed } = self.ask(Method::DELETE, &meant.path("/api/v1/exchanges"), None::<&()>)?;
        Ok(removed)
    }

    /// Removes one.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn remove_exchange(&self, id: u64) -> Result<u64, ClientError> {
        let Removed { removed } =
            self.ask(Method::DELETE, &format!("/api/v1/exchanges/{id}"), None::<&()>)?;
        Ok(removed)
    }

    /// Writes those that are meant in a format for other tools, piece by piece as they come.
    ///
    /// # Errors
    /// When the filter or the format is none, or nothing can be written.
    pub fn export(&self, format: &str, meant: &Meant, to: &mut dyn io::Write) -> Result<(), ExportError> {
        let path = meant.path("/api/v1/exchanges/export");
        let path = format!("{path}{}format={}", if path.contains('?') { '&' } else { '?' }, segment(format));
        let asked = wire::send(&self.socket, Method::GET, &path, None);
        let response = self.runtime.block_on(asked)?;
        if !response.status().is_success() {
            return Err(self.runtime.block_on(wire::refusal(response)).into());
        }
        let mut body = response.into_body();
        while let Some(frame) = self.runtime.block_on(body.frame()) {
            let frame = frame.map_err(|error| ClientError::Broken(error.to_string()))?;
            if let Some(bytes) = frame.data_ref() {
                to.write_all(bytes)?;
            }
        }
        Ok(())
    }

    /// Reads a HAR file in.
    ///
    /// # Errors
    /// When it is none.
    pub fn import(&self, har: Vec<u8>) -> Result<Imported, ClientError> {
        self.ask_with(Method::POST, "/api/v1/exchanges/import", Some(har))
    }

    /// Sends a request again. Gives the numbers of the exchanges that it became.
    ///
    /// # Errors
    /// When there is none with this number, or it cannot be sent.
    pub fn replay(&self, id: u64, again: &Replay) -> Result<Vec<u64>, ClientError> {
        let path = format!("/api/v1/exchanges/{id}/replay");
        let Replayed { exchanges } = self.ask(Method::POST, &path, Some(again))?;
        Ok(exchanges)
    }

    /// Every exchange from now on that is meant.
    ///
    /// # Errors
    /// When the filter is none.
    pub fn follow_exchanges(self, filter: &str) -> Result<Follow, ClientError> {
        let meant = Meant { filter: filter.to_owned(), ..Meant::default() };
        self.follow(&meant.path("/api/v1/exchanges/events"))
    }
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The hub says no.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl Meant {
    fn path(&self, path: &str) -> String {
        let parts = [
            ("filter", Some(self.filter.clone()).filter(|filter| !filter.is_empty())),
            ("text", self.text.clone()),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("before", self.before.map(|before| before.to_string())),
        ];
        let said = |(name, value): (&str, Option<String>)| Some(format!("{name}={}", segment(&value?)));
        let query: Vec<String> = parts.into_iter().filter_map(said).collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_said_in_the_query() {
        let meant = Meant { filter: "status:>=500 path:/a&b".into(), limit: Some(20), ..Meant::default() };
        for (meant, expected) in [
            (Meant::default(), "/x"),
            (meant, "/x?filter=status%3A%3E%3D500%20path%3A%2Fa%26b&limit=20"),
            (
                Meant { text: Some("a b".into()), before: Some(7), ..Meant::default() },
                "/x?text=a%20b&before=7",
            ),
        ] {
            assert_eq!(meant.path("/x"), expected);
        }
    }
}
