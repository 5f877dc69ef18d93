//! Messages whose head tells their length, taken out of a stream that comes in any portions.
//!
//! Of a message that is longer than [`KEPT`] only its begin is held, so that memory does not follow what a peer claims.
//! Deliberately absent: what the head means, which each protocol tells by a function.

/// How much of one message is held, its head included.
pub(crate) const KEPT: usize = 64 << 10;

/// How much room an idle direction keeps.
const IDLE: usize = 4 << 10;

/// The bytes are not of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong;

/// One direction of a connection.
#[derive(Debug, Default, Clone)]
pub(crate) struct Frames {
    held: Vec<u8>,
    /// The length of the message that has begun, once its head is complete.
    total: Option<u64>,
    /// How much of it has come.
    passed: u64,
    began: i64,
    /// Bytes are missing: nothing is held of what comes behind them.
    holed: bool,
    /// The message in `held` has been given away.
    done: bool,
}

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Its first [`KEPT`] bytes, with its head.
    pub bytes: &'a [u8],
    /// How long it is.
    pub size: u64,
    /// When its first byte came.
    pub began: i64,
}

impl Frames {
    /// Takes the next message from `input`. `None`: all of it is taken, and the message goes on.
    ///
    /// `length` tells how long the message is that begins with these bytes; `None` while the head goes on.
    ///
    /// # Errors
    ///
    /// What `length` says, or a length that ends inside of the head.
    pub(crate) fn next<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b [u8],
        at: i64,
        length: impl Fn(&[u8]) -> Result<Option<u64>, Wrong>,
    ) -> Result<Option<Frame<'a>>, Wrong> {
        if self.done {
            self.reset();
        }
        if input.is_empty() {
            return Ok(None);
        }
        if self.passed == 0 {
            self.began = at;
            // What is here as a whole is not copied.
            if let Some(total) = length(input)?
                && let Some((bytes, rest)) =
                    usize::try_from(total).ok().and_then(|end| input.split_at_checked(end))
            {
                *input = rest;
                let bytes = &bytes[..bytes.len().min(KEPT)];
                return if bytes.is_empty() {
                    Err(Wrong)
                } else {
                    Ok(Some(Frame { bytes, size: total, began: at }))
                };
            }
        }
        let total = loop {
            if let Some(total) = self.total {
                break total;
            }
            match length(&self.held)? {
                Some(total) if total < self.passed => return Err(Wrong),
                Some(total) => self.total = Some(total),
                None => {
                    let [first, rest @ ..] = *input else { return Ok(None) };
                    self.held.push(*first);
                    self.passed += 1;
                    *input = rest;
                }
            }
        };
        let left = usize::try_from(total - self.passed).unwrap_or(usize::MAX);
        let (taken, rest) = input.split_at(left.min(input.len()));
        *input = rest;
        let room = if self.holed { 0 } else { KEPT.saturating_sub(self.held.len()) };
        self.held.extend_from_slice(&taken[..taken.len().min(room)]);
        self.passed += taken.len() as u64;
        if self.passed < total {
            return Ok(None);
        }
        self.done = true;
        Ok(Some(Frame { bytes: &self.held, size: total, began: self.began }))
    }

    /// Passes over bytes that are missing. False when they may hold the end of the message: then nothing behind them can
    /// be understood.
    pub(crate) fn gap(&mut self, count: u64) -> bool {
        let inside = !self.done && self.total.is_some_and(|total| total - self.passed > count);
        if inside {
            self.passed += count;
            self.holed = true;
        }
        inside
    }

    /// Forgets the message that has begun.
    pub(crate) fn reset(&mut self) {
        self.held.clear();
        self.held.shrink_to(IDLE);
        self.total = None;
        self.passed = 0;
        self.holed = false;
        self.done = false;
    }

    /// Whether nothing of a message has come.
    pub(crate) fn is_idle(&self) -> bool {
        self.done || self.passed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte that tells how many there are, itself included.
    fn short(head: &[u8]) -> Result<Option<u64>, Wrong> {
        match head {
            [] => Ok(None),
            [0xff, ..] => Err(Wrong),
            [length, ..] => Ok(Some(u64::from(*length))),
        }
    }

    fn all(portions: &[&[u8]]) -> Result<Vec<Vec<u8>>, Wrong> {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for mut portion in portions.iter().copied() {
            while let Some(frame) = frames.next(&mut portion, 0, short)? {
                found.push(frame.bytes.to_vec());
            }
        }
        Ok(found)
    }

    #[test]
    fn portions_do_not_matter() {
        let stream: &[u8] = &[3, 7, 7, 1, 2, 9, 4, 1, 2, 3, 5, 0];
        let expected = vec![vec![3, 7, 7], vec![1], vec![2, 9], vec![4, 1, 2, 3]];
        for at in 0..=stream.len() {
            let (first, second) = stream.split_at(at);
            assert_eq!(all(&[first, second]).as_ref(), Ok(&expected), "split at {at}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_wrong() {
        assert_eq!(all(&[&[2, 0, 0xff]]), Err(Wrong));
        assert_eq!(all(&[&[0, 1]]), Err(Wrong));
    }

    #[test]
    fn a_gap_inside_of_a_message_is_passed_over() {
        let mut frames = Frames::default();
        assert!(!frames.gap(1));
        assert_eq!(frames.next(&mut &[9, 1, 2][..], 0, short), Ok(None));
        assert!(!frames.gap(6), "the end may be missing");
        assert!(frames.gap(5));
        let mut rest: &[u8] = &[3, 2, 8];
        let frame = frames.next(&mut rest, 0, short).unwrap().unwrap();
        assert_eq!((frame.bytes, frame.size), (&[9, 1, 2][..], 9));
        assert_eq!(frames.next(&mut rest, 0, short).unwrap().unwrap().bytes, [2, 8]);
    }

    #[test]
    fn little_is_held_of_much() {
        let length = |head: &[u8]| Ok((!head.is_empty()).then_some(1 << 40));
        let (mut frames, bytes) = (Frames::default(), vec![7; 1 << 20]);
        for _ in 0..8 {
            assert_eq!(frames.next(&mut &bytes[..], 0, length), Ok(None));
        }
        assert_eq!(frames.held.len(), KEPT);
        assert!(frames.held.capacity() <= 2 * KEPT);
    }
}
