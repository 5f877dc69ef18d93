//! Following an event stream (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>).

use std::path::Path;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::runtime::Runtime;

use super::{ClientError, Method, wire};

/// The longest line, in bytes. A longer one is no event of the hub's.
const MOST: usize = 16 * 1024 * 1024;

/// A stream of events. Each call waits for the next.
pub struct Follow {
    runtime: Runtime,
    body: Incoming,
    lines: Lines,
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Its name; empty when it has none.
    pub event: String,
    /// What it says.
    pub data: String,
}

impl Follow {
    /// Asks for a stream. `body` is JSON.
    pub(super) fn open(
        runtime: Runtime,
        socket: &Path,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Self, ClientError> {
        let response = runtime.block_on(wire::send(socket, method, path, body))?;
        if !response.status().is_success() {
            return Err(runtime.block_on(wire::refusal(response)));
        }
        Ok(Self { runtime, body: response.into_body(), lines: Lines::default() })
    }
}

impl Iterator for Follow {
    type Item = Result<Message, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.lines.message() {
                Ok(Some(message)) => return Some(Ok(message)),
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
            let frame = self.runtime.block_on(self.body.frame())?;
            match frame {
                Ok(frame) => frame.data_ref().into_iter().for_each(|bytes| self.lines.push(bytes)),
                Err(error) => return Some(Err(ClientError::Broken(error.to_string()))),
            }
        }
    }
}

/// Bytes that become messages.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    message: Message,
    has_data: bool,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that is complete.
    fn message(&mut self) -> Result<Option<Message>, ClientError> {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line[..end]);
            let line = line.strip_suffix('\r').unwrap_or(&line);
            if line.is_empty() {
                let message = std::mem::take(&mut self.message);
                // "If the data buffer is an empty string, set the data buffer and the event type buffer to the
                // empty string and return."
                if std::mem::take(&mut self.has_data) {
                    return Ok(Some(message));
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.message.event),
                "data" => {
                    if std::mem::replace(&mut self.has_data, true) {
                        self.message.data.push('\n');
                    }
                    self.message.data.push_str(value);
                }
                // A comment, or a field that is of no use here.
                _ => {}
            }
        }
        if self.bytes.len() > MOST {
            return Err(ClientError::Broken("a line of its events has no end".to_owned()));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_however_the_bytes_come_in() {
        const TEXT: &[u8] = b": hello\n\nevent: hub\r\ndata: {\"a\":1}\r\n\r\ndata\ndata:x\ndata:  y\nid: 3\n\nevent: none\n\ndata: cut";
        let expected = [("hub", "{\"a\":1}"), ("", "\nx\n y")];
        for size in [1, 2, 7, TEXT.len()] {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for chunk in TEXT.chunks(size) {
                lines.push(chunk);
                while let Some(message) = lines.message().unwrap() {
                    found.push((message.event, message.data));
                }
            }
            let found: Vec<_> = found.iter().map(|(event, data)| (event.as_str(), data.as_str())).collect();
            assert_eq!(found, expected, "{size}");
        }
    }
}
