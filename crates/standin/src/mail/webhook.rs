//! Telling a program of each message that arrives: its summary is posted to an address.
//!
//! Deliberately absent: HTTPS. What listens for this is on this machine, or behind something that speaks TLS for it.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::broadcast::error::RecvError,
    time::timeout,
};

use super::{
    api::summary,
    limits,
    store::{News, Store},
};

/// Where a program is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    authority: String,
    path: String,
}

impl Webhook {
    /// From `http://host[:port]/path`; `None` where it is none.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let odd = |letter: char| letter.is_control() || letter.is_whitespace() || letter == '@';
        if authority.is_empty() || url.chars().any(odd) {
            return None;
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Some(Self { authority: authority.to_owned(), path })
    }

    /// Tells of every message, one after the other, until the store ends. What cannot be told is not told again, and
    /// what comes while too many wait is not told at all: mail never waits for it.
    pub async fn tell(self, store: Store) {
        let mut news = store.news();
        // The store would not end while this holds it.
        drop(store);
        loop {
            match news.recv().await {
                Ok(News::Arrived(facts)) => {
                    let document = summary(&facts).to_string();
                    let _ = timeout(limits::ELSEWHERE, self.post(&document)).await;
                }
                Ok(News::Changed) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn post(&self, document: &str) -> io::Result<()> {
        let port = self.authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if port { self.authority.clone() } else { format!("{}:80", self.authority) };
        let mut stream = TcpStream::connect(address).await?;
        let Self { authority, path } = self;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: navyd\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            document.len()
        );
        stream.write_all(format!("{head}{document}").as_bytes()).await?;
        // Once an answer has begun the document has arrived; what the answer is changes nothing.
        let mut first = [0; 16];
        stream.read(&mut first).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::Webhook;

    #[test]
    fn addresses_are_plain_http() {
        for (url, expected) in [
            ("http://localhost:3000/hook?x=1", Some(("localhost:3000", "/hook?x=1"))),
            ("http://localhost", Some(("localhost", "/"))),
            ("http://[::1]:3000?x", Some(("[::1]:3000", "/?x"))),
            ("https://localhost/", None),
            ("http://", None),
            ("http:///x", None),
            ("http://user@host/", None),
            ("http://host/a b", None),
            ("http://host/\r\nX: y", None),
        ] {
            let parsed = Webhook::parse(url).map(|hook| (hook.authority, hook.path));
            assert_eq!(parsed.as_ref().map(|(one, two)| (&one[..], &two[..])), expected, "{url}");
        }
    }
}
