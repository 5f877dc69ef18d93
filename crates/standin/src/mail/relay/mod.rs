//! Releasing a message to a real server: a client of SMTP.
//!
//! - [`Relay`]: the server, as it was written
//! - `client`: what is said, one command after the other
//! - `offered`: what the server can do; `stuffed`: a message as DATA has it
//!
//! A message is handed over to all of its recipients or to none. A password goes to another machine only when nobody
//! between can read it. Deliberately absent: trying again, and reports to the sender, which are what a real server does.

mod client;
mod offered;
mod server;
mod stuffed;

pub use server::{NoRelay, Relay};

use self::{client::Client, server::Encryption};
use super::away::{Away, Connection, NotReached, Reach};

/// Why a message was not released.
#[derive(Debug, thiserror::Error)]
pub enum NotReleased {
    /// There is no connection.
    #[error("`{server}` cannot be used: {source}")]
    NotReached {
        /// The server.
        server: String,
        /// What failed.
        source: NotReached,
    },
    /// The conversation went wrong.
    #[error("`{server}` {wrong}")]
    Wrong {
        /// The server.
        server: String,
        /// With what.
        wrong: Wrong,
    },
    /// An address has a letter in it that no address has.
    #[error("`{0}` is no address")]
    Address(String),
}

/// What goes wrong between a client and its server.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// The connection failed.
    #[error("ends the conversation: {0}")]
    Broken(#[from] std::io::Error),
    /// TLS failed.
    #[error("cannot be used: {0}")]
    Tls(NotReached),
    /// Nothing was answered.
    #[error("does not answer in time")]
    Late,
    /// What was answered is no reply.
    #[error("does not speak SMTP")]
    NoSmtp,
    /// The server refused.
    #[error("refused: {0}")]
    Refused(String),
    /// The server refused some of the recipients; the replies stand beside them.
    #[error("refused {}; the message went to nobody", shown(.0))]
    Recipients(Vec<(String, String)>),
    /// The server does not know this user, or not with this password.
    #[error("refused the user or the password: {0}")]
    Password(String),
    /// The server has no TLS, which was asked for.
    #[error("offers no STARTTLS, which `tls=required` asks for")]
    NoTls,
    /// The server has no TLS, and is not of this machine.
    #[error("offers no STARTTLS, and a password is not sent without it")]
    Exposed,
    /// The server knows no way to authenticate that is known here.
    #[error("offers no way to authenticate that is known here: PLAIN, LOGIN or CRAM-MD5")]
    NoWay,
    /// The server takes only shorter messages.
    #[error("takes messages of {0} bytes at most")]
    TooLarge(u64),
    /// The server takes only addresses of ASCII.
    #[error("does not offer SMTPUTF8, which `{0}` needs")]
    Ascii(String),
}

impl Relay {
    /// Hands a message over to it.
    ///
    /// # Errors
    /// When it cannot be reached, or refuses; then no recipient has it.
    pub async fn send(
        &self,
        from: &str,
        to: &[String],
        message: &[u8],
        away: &Away,
    ) -> Result<(), NotReleased> {
        let odd = |address: &&str| {
            address.chars().any(|letter| letter.is_control() || matches!(letter, '<' | '>' | ' '))
        };
        if let Some(address) = to.iter().map(String::as_str).chain([from]).find(odd) {
            return Err(NotReleased::Address(address.to_owned()));
        }
        let connected = away.connect(&self.host, self.port, Reach::Anywhere).await;
        let connection =
            connected.map_err(|source| NotReleased::NotReached { server: self.server(), source })?;
        let talked = self.talk(connection, from, to, message, away).await;
        talked.map_err(|wrong| NotReleased::Wrong { server: self.server(), wrong })
    }

    async fn talk(
        &self,
        connection: Connection,
        from: &str,
        to: &[String],
        message: &[u8],
        away: &Away,
    ) -> Result<(), Wrong> {
        let Connection { mut stream, local, peer } = connection;
        let mut secure = self.encryption == Encryption::Implicit;
        if secure {
            stream = away.encrypt(stream, &self.host).await.map_err(Wrong::Tls)?;
        }
        let mut client = Client::new(stream);
        client.greeted().await?;
        let mut offered = client.hello(local).await?;
        if !secure && offered.starttls && self.encryption != Encryption::Never {
            client.say("STARTTLS", '2').await?;
            stream = away.encrypt(client.into_stream(), &self.host).await.map_err(Wrong::Tls)?;
            // What was said in clear may be another's (RFC 3207 §4.2).
            client = Client::new(stream);
            offered = client.hello(local).await?;
            secure = true;
        }
        if !secure && self.encryption == Encryption::Required {
            return Err(Wrong::NoTls);
        }
        if let Some(account) = &self.account {
            if !secure && !peer.is_loopback() {
                return Err(Wrong::Exposed);
            }
            client.authenticate(account, &offered, secure).await?;
        }
        client.hand_over(from, to, message, &offered).await
    }
}

fn shown(refused: &[(String, String)]) -> String {
    let each = |(to, reply): &(String, String)| format!("`{to}`: {reply}");
    refused.iter().map(each).collect::<Vec<_>>().join("; ")
}
