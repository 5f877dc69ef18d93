//! A body whose pieces come one after the other, a given time apart.

use std::{ops::Range, time::Duration};

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::{
    http::{Source, Sourced},
    limits,
};

/// Bytes made from their positions, so many at a time.
pub(super) struct Paced {
    /// The position of the next one.
    at: u64,
    /// The position behind the last one.
    end: u64,
    /// How many come together.
    chunk: u64,
    /// The time between two chunks.
    chunk_time: Duration,
    /// When the first chunk came, and where.
    began: Option<(Instant, u64)>,
    made: fn(u64) -> u8,
}

impl Paced {
    /// Bytes at these positions, made so, in chunks of at least one, which come `chunk_time` apart.
    pub(super) fn new(positions: Range<u64>, chunk: u64, chunk_time: Duration, made: fn(u64) -> u8) -> Self {
        Self { at: positions.start, end: positions.end, chunk: chunk.max(1), chunk_time, began: None, made }
    }

    /// How many bytes come at `now`: whole chunks, all that are due, and at least one.
    fn due(&self, since: Duration, from: u64) -> u64 {
        let all = if self.chunk_time.is_zero() {
            u64::MAX
        } else {
            (since.as_nanos() / self.chunk_time.as_nanos()).try_into().unwrap_or(u64::MAX)
        };
        let until = from.saturating_add(all.saturating_add(1).saturating_mul(self.chunk)).min(self.end);
        let least = (self.at + self.chunk).min(self.end);
        // What comes late comes together, in pieces that no buffer minds.
        until.max(least).min(self.at + limits::PIECE as u64).saturating_sub(self.at)
    }
}

impl Source for Paced {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(async move {
            if self.at >= self.end {
                return Ok(None);
            }
            let (began, from) = *self.began.get_or_insert((Instant::now(), self.at));
            let chunks = u32::try_from((self.at - from) / self.chunk).unwrap_or(u32::MAX);
            let time = self.chunk_time.saturating_mul(chunks);
            if !time.is_zero() {
                sleep_until(began + time.min(FOREVER)).await;
            }
            let length = self.due(began.elapsed(), from);
            let piece: Bytes = (self.at..self.at + length).map(self.made).collect();
            self.at += length;
            Ok(Some(piece))
        })
    }
}

/// A time that nobody waits for, and that can be added to any other.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes() {
        let second = Duration::from_secs(1);
        for (at, chunk, time, since, expected) in [
            (0, 1, second, Duration::ZERO, 1),
            (3, 1, second, second * 3, 1),
            (3, 1, second, second * 5, 3),
            (3, 1, second, second * 500, 7),
            (0, 4, second, Duration::ZERO, 4),
            (8, 4, second, second * 2, 2),
            (0, 1, Duration::ZERO, Duration::ZERO, 10),
            (0, 0, second, Duration::ZERO, 1),
        ] {
            let paced = Paced::new(at..10, chunk, time, |_| b'*');
            assert_eq!(paced.due(since, 0), expected, "at {at}, chunks of {chunk}, {since:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_chunk_comes_in_time() {
        let began = Instant::now();
        let mut paced = Paced::new(0..5, 2, Duration::from_secs(1), |at| b'a' + at as u8);
        let mut all = Vec::new();
        while let Some(piece) = paced.next().await.expect("it is made") {
            all.push(piece);
        }
        assert_eq!(all, ["ab", "cd", "e"]);
        assert_eq!(began.elapsed().as_secs(), 2);
    }
}
