//! A message while it arrives: by DATA up to its dot, or by BDAT in chunks of a known size.

use std::rc::Rc;

use bytes::{Buf, Bytes, BytesMut};

use super::{
    super::{Letter, Rules, data::unstuff, reply::Reply},
    Phase, Session, Step,
};

/// The room that a message takes while it arrives, given back with the session.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) rules: Rc<Rules>,
    pub(super) bytes: u64,
}

impl Claimed {
    /// Takes room up to this many bytes; whether there is so much.
    fn reach(&mut self, bytes: u64) -> bool {
        let Some(more) = bytes.checked_sub(self.bytes) else { return true };
        let Some(left) = self.rules.arriving.get().checked_sub(more) else { return false };
        self.rules.arriving.set(left);
        self.bytes = bytes;
        true
    }

    pub(super) fn free(&mut self) {
        self.rules.arriving.set(self.rules.arriving.get() + self.bytes);
        self.bytes = 0;
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.free();
    }
}

impl Session {
    pub(super) fn data(&mut self, input: &mut BytesMut, out: &mut Vec<u8>) -> Option<Step> {
        let too_large = self.too_large();
        let largest = self.rules.largest;
        let Phase::Data(finder, refused) = &mut self.phase else { return None };
        let found = finder.find(input);
        // The last two bytes may be the dot and CR of an end that is still coming.
        let arrived = found.map_or(input.len().saturating_sub(2), |(length, _)| length);
        if refused.is_none() && arrived > largest {
            *refused = Some(too_large);
        } else if refused.is_none() && !self.claimed.reach(arrived as u64) {
            *refused = Some(no_room());
        }
        let Some((length, end)) = found else {
            if refused.is_some() {
                finder.forget(input);
            }
            return Some(Step::Read);
        };
        if let Some(reply) = refused.take() {
            input.advance(end);
            self.phase = Phase::Command;
            self.forget();
            return self.reply(&reply, out);
        }
        let text = input.split_to(length);
        input.advance(end - length);
        self.finish(unstuff(text).freeze())
    }

    pub(super) fn chunk(&mut self, input: &mut BytesMut, out: &mut Vec<u8>) -> Option<Step> {
        let (too_large, largest) = (self.too_large(), self.rules.largest as u64);
        let Phase::Chunk { left, size, last, refused } = &mut self.phase else { return None };
        let now = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        if refused.is_none() {
            let have = self
                .mail
                .as_ref()
                .and_then(|mail| mail.chunks.as_ref())
                .map_or(0, |chunks| chunks.len() as u64);
            if have.saturating_add(*left) > largest {
                *refused = Some(too_large);
            } else if !self.claimed.reach(have + now as u64) {
                *refused = Some(no_room());
            }
        }
        let piece = input.split_to(now);
        *left -= now as u64;
        if refused.is_none()
            && let Some(mail) = &mut self.mail
        {
            match &mut mail.chunks {
                Some(chunks) => chunks.extend_from_slice(&piece),
                none => *none = Some(piece),
            }
        }
        if *left > 0 {
            return Some(Step::Read);
        }
        let (size, last, refused) = (*size, *last, refused.take());
        self.phase = Phase::Command;
        if let Some(reply) = refused {
            // RFC 3030 §2: after a chunk that failed, what follows is of no use until RSET.
            self.forget();
            return self.reply(&reply, out);
        }
        if !last {
            return self.say(250, "2.0.0", format!("{size} octets are taken"), out);
        }
        let whole = self.mail.as_mut().and_then(|mail| mail.chunks.take()).unwrap_or_default();
        self.finish(whole.freeze())
    }

    /// The message is whole.
    fn finish(&mut self, bytes: Bytes) -> Option<Step> {
        let mail = self.mail.take().unwrap_or_default();
        self.phase = Phase::Keeping;
        self.idle = 0;
        Some(Step::Keep(Letter {
            sender: mail.sender,
            recipients: mail.recipients,
            user: self.user.clone(),
            door: self.door.as_deref().map(str::to_owned),
            bytes,
        }))
    }

    pub(super) fn too_large(&self) -> Reply {
        Reply::new(552, "5.3.4", format!("a message has at most {} bytes", self.rules.largest))
    }
}

fn no_room() -> Reply {
    Reply::new(452, "4.3.1", "too many large messages arrive at once: try again later")
}
