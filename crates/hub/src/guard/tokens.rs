//! Links that can be used once, and the sessions that they open. In memory only: they end with the hub.
//!
//! No cookies, since a cookie of one port is sent to every other port of the same host (RFC 6265 §8.5).

use std::time::{Duration, Instant};

/// How long a link can be used.
pub(crate) const LINK: Duration = Duration::from_secs(60);

/// How long a session lasts.
pub(crate) const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// How many links wait to be used; the oldest gives way.
const MOST_LINKS: usize = 16;

/// How many sessions there are; the oldest gives way.
const MOST_SESSIONS: usize = 64;

/// 256 random bits as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

/// Every token that opens something.
#[derive(Default)]
pub(crate) struct Tokens {
    links: Vec<(Token, Instant)>,
    sessions: Vec<(Token, Instant)>,
}

impl Token {
    pub(crate) fn new(random: [u8; 32]) -> Self {
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
        Self(random.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Looks at every byte whatever the first ones are, so that the time tells nothing.
    fn is(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
        own.len() == given.len()
            && own.iter().zip(given).fold(0, |seen, (one, other)| seen | (one ^ other)) == 0
    }
}

impl Tokens {
    /// From now on this token opens one session.
    pub(crate) fn link(&mut self, token: Token, now: Instant) {
        keep(&mut self.links, MOST_LINKS, (token, now + LINK), now);
    }

    /// Uses a link up: whether it opened the session.
    pub(crate) fn redeem(&mut self, given: &[u8], session: Token, now: Instant) -> bool {
        let used = self.links.iter().position(|(link, until)| now < *until && link.is(given));
        let Some(at) = used else { return false };
        self.links.remove(at);
        keep(&mut self.sessions, MOST_SESSIONS, (session, now + SESSION), now);
        true
    }

    /// Whether this token is a session's.
    pub(crate) fn admits(&self, given: &[u8], now: Instant) -> bool {
        self.sessions.iter().any(|(session, until)| now < *until && session.is(given))
    }
}

fn keep(tokens: &mut Vec<(Token, Instant)>, most: usize, new: (Token, Instant), now: Instant) {
    tokens.retain(|(_, until)| now < *until);
    if tokens.len() >= most {
        tokens.remove(0);
    }
    tokens.push(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u8) -> Token {
        Token::new([number; 32])
    }

    #[test]
    fn a_link_opens_one_session_in_time() {
        let (mut tokens, start) = (Tokens::default(), Instant::now());
        tokens.link(token(1), start);
        let late = start + LINK;
        assert!(!tokens.redeem(token(1).as_str().as_bytes(), token(2), late));
        assert!(!tokens.redeem(token(9).as_str().as_bytes(), token(2), start));
        assert!(!tokens.redeem(b"", token(2), start));
        assert!(tokens.redeem(token(1).as_str().as_bytes(), token(2), late - Duration::from_nanos(1)));
        assert!(!tokens.redeem(token(1).as_str().as_bytes(), token(3), start));

        assert!(tokens.admits(token(2).as_str().as_bytes(), start));
        assert!(!tokens.admits(token(1).as_str().as_bytes(), start));
        assert!(!tokens.admits(b"", start));
        assert!(!tokens.admits(token(2).as_str().as_bytes(), late + SESSION));
    }

    #[test]
    fn the_oldest_gives_way() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        for number in 0..=MOST_LINKS as u8 {
            tokens.link(token(number), now);
        }
        assert!(!tokens.redeem(token(0).as_str().as_bytes(), token(100), now));
        assert!(tokens.redeem(token(1).as_str().as_bytes(), token(100), now));
        for number in 0..MOST_SESSIONS as u8 {
            tokens.link(token(1), now);
            assert!(tokens.redeem(token(1).as_str().as_bytes(), token(101 + number), now));
        }
        assert!(!tokens.admits(token(100).as_str().as_bytes(), now));
        assert!(tokens.admits(token(101).as_str().as_bytes(), now));
    }

    #[test]
    fn a_token_is_hexadecimal() {
        assert_eq!(token(0xa5).as_str(), "a5".repeat(32));
    }
}
