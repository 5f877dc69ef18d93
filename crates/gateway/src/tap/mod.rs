//! Copies of what passes, told to whoever keeps them. Nobody here ever waits for them.
//!
//! Bytes are copied after they were written, into batches of a worker's own; a batch goes out when it is full or old.
//! Where the keeper is too slow, bytes are lost, counted, and the exchange is marked. Deliberately absent: what the
//! bytes mean, beyond what moving them needs, and keeping them.

mod channel;
mod event;
mod flow;
mod held;
mod stream;
#[cfg(test)]
mod tests;
mod writer;

pub use channel::{Keeper, Lost, Tap, channel};
pub use event::{Batch, Begin, Event, FlowId, Mark, Plane, What};
pub(crate) use flow::{Flow, Watch};
pub(crate) use stream::{Streaming, outcome};
pub(crate) use writer::Writer;
