//! `/digest-auth`: the password is shown to be known, and not sent (RFC 7616, and RFC 2069 without `qop`).
//!
//! Nothing is kept: which nonce was used and when the next is stale stands in cookies, as httpbin has it.

use std::fmt::Write as _;

use md5::Digest as _;
use ring::digest::{SHA256, SHA512, digest as hash};

use super::{HTML, Question, auth::welcome, cookie, json::Json, made::random_bytes, multipart::parameter};
use crate::http::Answer;

/// The realm that clients of httpbin know.
const REALM: &str = "me@kennethreitz.com";

/// `/digest-auth/{qop}/{user}/{password}/{algorithm}/{stale_after}`; the last two can be left out.
pub(super) fn digest(question: &Question<'_>, segments: &[&str]) -> Answer {
    let segment = |at: usize| segments.get(at).copied().unwrap_or_default();
    let (user, password) = (segment(1), segment(2));
    let challenge = Challenge {
        qop: Some(segment(0)).filter(|qop| ["auth", "auth-int"].contains(qop)),
        algorithm: Algorithm::named(segment(3)),
        stale_after: segments.get(4).copied().unwrap_or("never"),
    };
    let cookies = question.cookies();
    let cookie =
        |name: &str| cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let needs_cookie = question
        .arg("require-cookie")
        .is_some_and(|value| ["1", "t", "true"].iter().any(|yes| value.eq_ignore_ascii_case(yes)));
    let given = question.field("authorization").and_then(|field| Given::read(&field));
    let Some(given) = given.filter(|_| !needs_cookie || question.head.value("cookie").is_some()) else {
        return challenge.answer(false, None);
    };
    if needs_cookie && cookie("fake") != Some("fake_value") {
        let errors = Json::List(vec!["missing cookie set on challenge".into()]);
        return with_fake(Answer::json(403, Json::map([("errors", errors)]).pretty()));
    }
    let nonce = given.value("nonce").unwrap_or_default();
    if cookie("last_nonce") == Some(&nonce) || cookie("stale_after") == Some("0") {
        return challenge.answer(true, Some(&nonce));
    }
    if given.value("response") != given.expected(question, password) || given.value("response").is_none() {
        return challenge.answer(false, Some(&nonce));
    }
    let answer = with_fake(welcome(user));
    match cookie("stale_after") {
        Some(left) => {
            let left =
                left.parse::<i64>().map_or("never".to_owned(), |left| left.saturating_sub(1).to_string());
            answer.with("Set-Cookie", cookie::set("stale_after", &left, false))
        }
        None => answer,
    }
}

fn with_fake(answer: Answer) -> Answer {
    answer.with("Set-Cookie", cookie::set("fake", "fake_value", false))
}

/// How a hash is made.
#[derive(Debug, Clone, Copy)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512,
}

impl Algorithm {
    /// The one of that name; MD5 for all others.
    fn named(name: &str) -> Self {
        match name {
            "SHA-256" => Self::Sha256,
            "SHA-512" => Self::Sha512,
            _ => Self::Md5,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The hash in hexadecimal digits.
    fn hash(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&md5::Md5::digest(bytes)),
            Self::Sha256 => hex(hash(&SHA256, bytes).as_ref()),
            Self::Sha512 => hex(hash(&SHA512, bytes).as_ref()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is asked of those who have not shown that they know the password.
struct Challenge<'a> {
    qop: Option<&'a str>,
    algorithm: Algorithm,
    stale_after: &'a str,
}

impl Challenge<'_> {
    fn answer(&self, stale: bool, last_nonce: Option<&str>) -> Answer {
        let (nonce, opaque) = (random_bytes(16), random_bytes(16));
        let value = format!(
            "Digest realm=\"{REALM}\", nonce=\"{}\", opaque=\"{}\", qop=\"{}\", algorithm={}, stale={}",
            self.algorithm.hash(&nonce),
            self.algorithm.hash(&opaque),
            self.qop.unwrap_or("auth, auth-int"),
            self.algorithm.name(),
            if stale { "True" } else { "False" },
        );
        let mut answer = Answer::of(401, HTML, "")
            .with("WWW-Authenticate", value)
            .with("Set-Cookie", cookie::set("stale_after", self.stale_after, false));
        if let Some(nonce) = last_nonce {
            answer = answer.with("Set-Cookie", cookie::set("last_nonce", nonce, false));
        }
        with_fake(answer)
    }
}

/// What a client says of itself.
struct Given(String);

impl Given {
    fn read(field: &str) -> Option<Self> {
        let (scheme, values) = field.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("digest").then(|| Self(semicolons(values)))
    }

    fn value(&self, name: &str) -> Option<String> {
        parameter(&self.0, name)
    }

    /// The response that the right password gives (RFC 7616 §3.4.1); `None` where something is missing for it.
    fn expected(&self, question: &Question<'_>, password: &str) -> Option<String> {
        let algorithm = Algorithm::named(&self.value("algorithm").unwrap_or_default());
        let hash = |parts: &[&str]| algorithm.hash(parts.join(":").as_bytes());
        let qop = self.value("qop");
        let (method, uri) = (question.method(), question.head.target());
        let realm = self.value("realm").unwrap_or_default();
        let ours = hash(&[&self.value("username")?, &realm, password]);
        let asked = match qop.as_deref() {
            None | Some("auth") => hash(&[method, uri]),
            Some("auth-int") => hash(&[method, uri, &algorithm.hash(&question.body)]),
            Some(_) => return None,
        };
        let nonce = self.value("nonce")?;
        Some(match qop {
            None => hash(&[&ours, &nonce, &asked]),
            Some(qop) => hash(&[&ours, &nonce, &self.value("nc")?, &self.value("cnonce")?, &qop, &asked]),
        })
    }
}

/// Commas between values as the semicolons that parameters have between them, a first one in front.
fn semicolons(values: &str) -> String {
    let mut quoted = false;
    let mut escaped = false;
    let swapped = values.chars().map(|letter| {
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        if letter == ',' && !quoted { ';' } else { letter }
    });
    std::iter::once(';').chain(swapped).collect()
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Given};

    #[test]
    fn values_are_read_between_commas() {
        let given = Given::read("DIGEST username=\"a,\\\"b\", nc=00000001,qop=auth , uri=\"/x?a=b,c\"")
            .expect("it is one");
        for (name, expected) in [
            ("username", Some("a,\"b")),
            ("nc", Some("00000001")),
            ("qop", Some("auth")),
            ("uri", Some("/x?a=b,c")),
            ("x", None),
        ] {
            assert_eq!(given.value(name).as_deref(), expected, "{name}");
        }
        assert!(Given::read("Basic abc").is_none() && Given::read("Digest").is_none());
    }

    #[test]
    fn hashes_are_those_of_the_standards() {
        assert_eq!(Algorithm::named("MD5").hash(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert!(Algorithm::named("SHA-256").hash(b"abc").starts_with("ba7816bf"));
        assert!(Algorithm::named("SHA-512").hash(b"abc").starts_with("ddaf35a1"));
    }
}
