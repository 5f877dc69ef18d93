//! How a call ended: what its trailers say.

/// The codes, by their numbers.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The longest message that is kept.
const MESSAGE: usize = 4 << 10;

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The number: 0 is success.
    pub code: u16,
    /// What the server says to that.
    pub message: String,
}

impl Status {
    /// Reads trailers, or the head of an answer that is nothing but its end. `None` when they say nothing of it.
    pub fn read<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let (mut code, mut message) = (None, String::new());
        for (name, value) in fields {
            if name.eq_ignore_ascii_case("grpc-status") {
                code = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("grpc-message") {
                message = unescaped(value.trim());
            }
        }
        code.map(|code| Self { code, message })
    }

    /// The name of its code; `UNKNOWN` where it has none.
    #[must_use]
    pub fn name(&self) -> &'static str {
        NAMES.get(usize::from(self.code)).copied().unwrap_or(NAMES[2])
    }

    /// What went wrong: `NOT_FOUND: no such user`. `None` when nothing did.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match (self.code, self.message.as_str()) {
            (0, _) => None,
            (_, "") => Some(self.name().to_owned()),
            (_, message) => Some(format!("{}: {message}", self.name())),
        }
    }
}

/// Takes off percent-encoding; what is not encoded well stays as it is.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let code = match (first, behind) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
        if bytes.len() >= MESSAGE {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_tell_how_it_ended() {
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
        let rows: [Row<'_>; 5] = [
            (&[("grpc-status", "0")], None),
            (
                &[("Grpc-Status", "5"), ("grpc-message", "no %22user%22 %zz 100%")],
                Some("NOT_FOUND: no \"user\" %zz 100%"),
            ),
            (&[("grpc-status", "14")], Some("UNAVAILABLE")),
            (&[("grpc-status", "99")], Some("UNKNOWN")),
            (&[("grpc-status", "16"), ("grpc-message", "caf%C3%A9")], Some("UNAUTHENTICATED: café")),
        ];
        for (fields, expected) in rows {
            let status = Status::read(fields.iter().copied()).unwrap();
            assert_eq!(status.error().as_deref(), expected, "{fields:?}");
        }
        assert_eq!(Status::read([("content-type", "application/grpc")]), None);
    }
}
