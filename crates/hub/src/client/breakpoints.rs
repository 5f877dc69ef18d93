//! Breakpoints, for as long as this end wants them, and what becomes of what they hold.

use navyd_model::breakpoint::{Breakpoint, Held, NewBreakpoint, Release, Released};

use super::{Client, ClientError, Follow, Message, Method};

/// A breakpoint that ends when this is dropped; what it holds goes on as it was then.
pub struct BreakLease {
    /// What was granted.
    pub breakpoint: Breakpoint,
    stream: Follow,
}

impl Client {
    /// Holds exchanges on their way.
    ///
    /// # Errors
    /// When the filter is none, or asks for what is not known in time.
    pub fn set_breakpoint(self, new: &NewBreakpoint) -> Result<BreakLease, ClientError> {
        let (breakpoint, stream) = self.open("/api/v1/breakpoints", new)?;
        Ok(BreakLease { breakpoint, stream })
    }

    /// A held message, with its body.
    ///
    /// # Errors
    /// When it is not held any more.
    pub fn held(&self, id: u64) -> Result<Held, ClientError> {
        self.ask(Method::GET, &format!("/api/v1/breakpoints/held/{id}"), None::<&()>)
    }

    /// Lets a held message go on.
    ///
    /// # Errors
    /// When it is not held any more, or cannot be sent so.
    pub fn release(&self, id: u64, release: &Release) -> Result<Released, ClientError> {
        self.ask(Method::POST, &format!("/api/v1/breakpoints/held/{id}/release"), Some(release))
    }
}

impl Iterator for BreakLease {
    type Item = Result<Message, ClientError>;

    /// What happens: `held`, `released`, `passed`.
    fn next(&mut self) -> Option<Self::Item> {
        self.stream.next()
    }
}
