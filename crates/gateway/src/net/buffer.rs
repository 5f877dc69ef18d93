//! Buffers that are lent: a connection holds one only while bytes are in it.

use std::{cell::RefCell, rc::Rc};

/// What a buffer holds: the longest head, so that a head never needs two.
const SIZE: usize = 64 * 1024;

/// What one with encrypted records holds: as many bytes in records, with room for tickets of TLS.
const RECORDS: usize = SIZE + 4 * 1024;

/// How many free buffers a worker keeps.
const KEPT: usize = 64;

/// The free buffers of a worker, the one used last on top, since it is still in the processor's cache.
pub(crate) struct Buffers {
    size: usize,
    free: RefCell<Vec<Box<[u8]>>>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { size: SIZE, free: RefCell::default() }
    }
}

impl Buffers {
    /// Those for encrypted records.
    pub(super) fn of_records() -> Self {
        Self { size: RECORDS, ..Self::default() }
    }

    /// Lends an empty buffer.
    pub(crate) fn take(self: &Rc<Self>) -> Buffer {
        let bytes = self.free.borrow_mut().pop().unwrap_or_else(|| vec![0; self.size].into_boxed_slice());
        Buffer { bytes, start: 0, end: 0, owner: Rc::clone(self) }
    }
}

/// Bytes that were read and not yet used up. Returns to its worker when dropped.
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    owner: Rc<Buffers>,
}

impl Buffer {
    /// What was read and is not used up.
    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The same, to be changed where it lies.
    pub(super) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// How much more it can hold.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - (self.end - self.start)
    }

    /// Copies as many of these bytes as there is room for to the end; returns how many.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        if self.bytes.len() - self.end < bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let count = bytes.len().min(self.bytes.len() - self.end);
        self.bytes[self.end..self.end + count].copy_from_slice(&bytes[..count]);
        self.end += count;
        count
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether nothing can be read into it.
    pub(crate) fn is_full(&self) -> bool {
        self.left() == 0
    }

    /// The first `count` bytes are used up.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start);
        self.start += count;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Where bytes are read to.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.end == self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.bytes[self.end..]
    }

    /// `count` bytes were read.
    pub(super) fn grow(&mut self, count: usize) {
        debug_assert!(count <= self.bytes.len() - self.end);
        self.end += count;
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut kept = self.owner.free.borrow_mut();
        if kept.len() < KEPT {
            kept.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_in_the_order_in_which_they_came() {
        let buffers = Rc::new(Buffers::default());
        let mut buffer = buffers.take();
        for (put, used, left) in [("abc", 1, "bc"), ("de", 4, ""), ("f", 0, "f")] {
            buffer.room()[..put.len()].copy_from_slice(put.as_bytes());
            buffer.grow(put.len());
            buffer.consume(used);
            assert_eq!(buffer.filled(), left.as_bytes());
        }
        let room = buffer.room().len();
        buffer.grow(room);
        assert!(buffer.is_full());
        buffer.consume(10);
        assert_eq!(buffer.room().len(), 10);
        drop(buffer);
        assert_eq!(buffers.free.borrow().len(), 1);
        assert!(buffers.take().is_empty());
    }
}
