//! Unpacking the messages of one side (RFC 7692 §7.2.2).

use flate2::{Decompress, FlushDecompress, Status};

use crate::piece::KEPT;

/// How long a message may become: all of it must be unpacked for the sake of those behind it.
const MOST: u64 = 8 << 20;
/// How much is unpacked at a time.
const STEP: usize = 8 << 10;
/// RFC 7692 §7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload".
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The window of one side.
#[derive(Debug)]
pub(super) struct Inflate {
    /// Made when the first compressed message comes: most connections have none.
    state: Option<Box<Decompress>>,
    keeps_context: bool,
    /// How much of this message has been unpacked.
    unpacked: u64,
    /// The window is lost.
    lost: bool,
    /// It was lost once, and whether that has been said.
    failed: bool,
    said: bool,
}

impl Inflate {
    pub(super) fn new(keeps_context: bool) -> Self {
        Self { state: None, keeps_context, unpacked: 0, lost: false, failed: false, said: false }
    }

    /// Unpacks more of a message, keeps what there is room for, and tells how much it was. `None` when it cannot.
    pub(super) fn more(&mut self, mut input: &[u8], mut kept: Option<&mut Vec<u8>>) -> Option<u64> {
        if self.lost {
            return None;
        }
        let state = self.state.get_or_insert_with(|| Box::new(Decompress::new(false)));
        let mut step = [0; STEP];
        let mut count = 0;
        loop {
            let (before_in, before_out) = (state.total_in(), state.total_out());
            let status = state.decompress(input, &mut step, FlushDecompress::Sync);
            let taken = usize::try_from(state.total_in() - before_in).unwrap_or(usize::MAX);
            let made = usize::try_from(state.total_out() - before_out).unwrap_or(usize::MAX);
            input = &input[taken.min(input.len())..];
            count += made as u64;
            if let Some(kept) = kept.as_deref_mut() {
                let room = KEPT.saturating_sub(kept.len());
                kept.extend_from_slice(&step[..made.min(room)]);
            }
            self.unpacked += made as u64;
            if self.unpacked > MOST {
                self.lose();
                return None;
            }
            match status {
                // RFC 7692 §7.2.3.4 allows a final block, behind which the next begins anew.
                Ok(Status::StreamEnd) if taken > 0 || made > 0 => state.reset(false),
                Ok(_) if (input.is_empty() && made < STEP) || (taken == 0 && made == 0) => {
                    return Some(count);
                }
                Ok(_) => {}
                Err(_) => {
                    self.lose();
                    return None;
                }
            }
        }
    }

    /// The message has ended.
    pub(super) fn end(&mut self, kept: Option<&mut Vec<u8>>) -> Option<u64> {
        let count = self.more(&TAIL, kept);
        self.unpacked = 0;
        if !self.keeps_context {
            self.state = None;
            self.lost = false;
        }
        count
    }

    /// Bytes are missing, and with them what the next messages refer to.
    pub(super) fn lose(&mut self) {
        self.lost = true;
        self.failed = true;
    }

    /// Whether it has to be said that a message could not be unpacked, nor perhaps those behind it. Once.
    pub(super) fn say_lost(&mut self) -> bool {
        let say = self.failed && !self.said;
        self.said |= say;
        say
    }
}
