//! What is kept of a body: its front, its end, how long it was, and its digest.

use std::collections::VecDeque;

use ring::digest::{Context, SHA256};

use super::super::limits::{BACK, FRONT};

/// A body on its way.
#[derive(Default)]
pub(crate) struct Kept {
    front: Vec<u8>,
    back: VecDeque<u8>,
    /// Bytes of the body, with those that are missing.
    size: u64,
    missing: u64,
    /// Begun once the front is full; before that the front is all there is.
    digest: Option<Box<Context>>,
}

/// A body that has ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Its front, or all of it.
    pub(crate) front: Vec<u8>,
    /// Its end; bytes between both are not kept.
    pub(crate) back: Vec<u8>,
    /// How long it was.
    pub(crate) size: u64,
    /// How many bytes of it were never seen.
    pub(crate) missing: u64,
    /// SHA-256, where it had to be computed on the way.
    pub(crate) digest: Option<[u8; 32]>,
}

impl Kept {
    /// More of it. Gives by how much more memory it uses.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> usize {
        let before = self.memory();
        self.size = self.size.saturating_add(bytes.len() as u64);
        // Behind a gap all is end: what is in front of it must be known to be whole.
        let room = if self.missing > 0 || !self.back.is_empty() { 0 } else { FRONT - self.front.len() };
        let (front, back) = bytes.split_at(room.min(bytes.len()));
        self.front.extend_from_slice(front);
        if !back.is_empty() {
            if self.missing == 0 {
                let digest = self.digest.get_or_insert_with(|| {
                    let mut digest = Context::new(&SHA256);
                    digest.update(&self.front);
                    Box::new(digest)
                });
                digest.update(back);
            }
            let back = &back[back.len().saturating_sub(BACK)..];
            let over = (self.back.len() + back.len()).saturating_sub(BACK);
            self.back.drain(..over);
            self.back.extend(back);
        }
        self.memory() - before
    }

    /// So many bytes of it passed and are not known.
    pub(crate) fn skip(&mut self, count: u64) {
        if count == 0 {
            return;
        }
        self.size = self.size.saturating_add(count);
        self.missing = self.missing.saturating_add(count);
        self.digest = None;
        // The end must be without a gap.
        self.back.clear();
    }

    /// What it holds in memory.
    pub(crate) fn memory(&self) -> usize {
        self.front.len() + self.back.len()
    }

    /// How long it is so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether nothing of it came.
    pub(crate) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// As it stands.
    pub(crate) fn end(self) -> Whole {
        let (mut front, back) = (self.front, Vec::from(self.back));
        let hidden = self.size.saturating_sub(self.missing).saturating_sub((front.len() + back.len()) as u64);
        let digest = self.digest.and_then(|digest| digest.finish().as_ref().try_into().ok());
        if self.missing == 0 && hidden == 0 {
            front.extend_from_slice(&back);
            return Whole { front, back: Vec::new(), size: self.size, missing: 0, digest };
        }
        Whole { front, back, size: self.size, missing: self.missing, digest }
    }
}

#[cfg(test)]
mod tests {
    use ring::digest::digest;

    use super::*;

    fn sha(bytes: &[u8]) -> Option<[u8; 32]> {
        digest(&SHA256, bytes).as_ref().try_into().ok()
    }

    #[test]
    fn a_short_body_is_kept_whole() {
        let mut kept = Kept::default();
        assert_eq!((kept.add(b"ab"), kept.add(b"c")), (2, 1));
        let whole = Whole { front: b"abc".to_vec(), size: 3, ..Whole::default() };
        assert_eq!(kept.end(), whole);
    }

    #[test]
    fn of_a_long_body_front_and_end_are_kept_and_the_digest_is_of_all() {
        let body: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        for portion in [1000, 700_000, 3_000_000] {
            let mut kept = Kept::default();
            let used: usize = body.chunks(portion).map(|part| kept.add(part)).sum();
            assert_eq!(used, FRONT + BACK, "{portion}");
            let whole = kept.end();
            assert_eq!(whole.front, body[..FRONT], "{portion}");
            assert_eq!(whole.back, body[body.len() - BACK..], "{portion}");
            assert_eq!((whole.size, whole.missing, whole.digest), (3_000_000, 0, sha(&body)), "{portion}");
        }
    }

    #[test]
    fn a_body_just_over_the_front_is_whole() {
        let body = vec![b'x'; FRONT + 10];
        let mut kept = Kept::default();
        kept.add(&body);
        let whole = kept.end();
        assert!(whole.front == body && whole.back.is_empty() && whole.digest == sha(&body));
    }

    #[test]
    fn behind_a_gap_all_is_end_and_there_is_no_digest() {
        let mut kept = Kept::default();
        kept.add(b"ab");
        kept.skip(5);
        kept.add(b"cd");
        kept.skip(1);
        kept.add(b"ef");
        let whole = kept.end();
        assert_eq!((whole.front.as_slice(), whole.back.as_slice()), (b"ab".as_slice(), b"ef".as_slice()));
        assert_eq!((whole.size, whole.missing, whole.digest), (12, 6, None));
    }
}
