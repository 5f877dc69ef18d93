//! One request of HTTP/1.1 on a connection of its own, and the head of its answer.

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Away, NotReached, Reach, Url};

/// The longest head of an answer that is read, in bytes, with those that only announce it.
const HEAD: usize = 16 * 1024;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Where it leads, as it was written.
    pub location: Option<String>,
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    /// There is no connection.
    #[error(transparent)]
    NotReached(#[from] NotReached),
    /// The connection failed.
    #[error(transparent)]
    Broken(#[from] std::io::Error),
    /// Something else answers.
    #[error("what answers does not speak HTTP")]
    NoHttp,
}

impl Away {
    /// Asks; `document` goes along as JSON. It takes as long as it takes: whoever asks says how long.
    ///
    /// # Errors
    /// When nothing of HTTP is answered.
    pub async fn ask(
        &self,
        method: &str,
        url: &Url,
        reach: Reach,
        document: Option<&str>,
    ) -> Result<Answered, NotAnswered> {
        let mut stream = self.connect(&url.host, url.port, reach).await?.stream;
        if url.secure {
            stream = self.encrypt(stream, &url.host).await?;
        }
        let Url { authority, target, .. } = url;
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: navyd\r\n");
        if let Some(document) = document {
            let length = document.len();
            request.push_str(&format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"));
        }
        request.push_str("Accept: */*\r\nConnection: close\r\n\r\n");
        request.push_str(document.unwrap_or_default());
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let (mut answer, mut read) = (Vec::new(), 0);
        loop {
            if let Some(end) = memmem::find(&answer, b"\r\n\r\n") {
                let answered = head(&answer[..end]).ok_or(NotAnswered::NoHttp)?;
                if !(100..200).contains(&answered.status) {
                    return Ok(answered);
                }
                // RFC 9110 §15.2: those below 200 only announce the answer.
                answer.drain(..end + 4);
                continue;
            }
            let more = stream.read_buf(&mut answer).await?;
            read += more;
            if more == 0 || read > HEAD {
                return Err(NotAnswered::NoHttp);
            }
        }
    }
}

/// What a head says; `None` where it is none of HTTP.
fn head(bytes: &[u8]) -> Option<Answered> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split("\r\n");
    let first = lines.next().filter(|line| line.starts_with("HTTP/1."))?;
    let status = first.get(9..12)?.parse().ok().filter(|status| (100..1000).contains(status))?;
    let location = lines
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned()));
    Some(Answered { status, location })
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn heads_are_read() {
        for (text, expected) in [
            ("HTTP/1.1 200 OK\r\nX: y", Some((200, None))),
            ("HTTP/1.0 301 \r\nlocation:  /x ", Some((301, Some("/x")))),
            ("HTTP/1.1 20", None),
            ("HTTP/1.1 +20 x", None),
            ("HTTP/2 200", None),
            ("220 mail.example ESMTP", None),
            ("", None),
        ] {
            let found = head(text.as_bytes());
            let found = found.as_ref().map(|found| (found.status, found.location.as_deref()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
