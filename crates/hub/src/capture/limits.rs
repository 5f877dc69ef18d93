//! Every limit of the capture.

use std::time::Duration;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on the disk, all folders together. The oldest folder goes first.
    pub bytes: u64,
    /// How old an exchange may become.
    pub age: Duration,
    /// Bytes in memory of what waits for the disk; beyond it the oldest is lost, and counted.
    pub waiting: usize,
}

impl Default for Limits {
    /// 1 GiB, 7 days, 16 MiB.
    fn default() -> Self {
        Self { bytes: 1 << 30, age: Duration::from_secs(7 * 24 * 3600), waiting: 16 << 20 }
    }
}

/// A folder is as large as this share of all, so that the oldest can go alone.
pub(crate) const FOLDERS: u32 = 8;

/// How much is kept of the front of a body or stream, and how much of its end.
pub(crate) const FRONT: usize = 512 * 1024;
pub(crate) const BACK: usize = 512 * 1024;

/// What all bodies and streams in progress may hold in memory; beyond it bytes are lost, and counted.
pub(crate) const IN_PROGRESS: usize = 32 << 20;

/// What any one of them may hold even then.
pub(crate) const ALWAYS: usize = 4 * 1024;

/// How many flows may be in progress; those beyond are not recorded.
pub(crate) const FLOWS: usize = 16 * 1024;

/// How many hits of faults and interim responses are kept of one exchange.
pub(crate) const HITS: usize = 256;
pub(crate) const INTERIM: usize = 16;

/// Of how many parts of a body it is remembered when they came.
pub(crate) const TIMES: usize = 4096;

/// How long trailers may be.
pub(crate) const TRAILERS: usize = 16 * 1024;

/// How long a head may be that is an answer of the gateway itself.
pub(crate) const OWN_HEAD: usize = 64 * 1024;

/// How long what is seen often may be, to be recognised: heads and bodies.
pub(crate) const KNOWN_HEAD: usize = 2 * 1024;
pub(crate) const KNOWN_BODY: usize = 4 * 1024;

/// How many heads, bodies and connections are recognised, at least; twice as many at most.
pub(crate) const KNOWN: usize = 1024;

/// What waits is written when it is so much, or so old.
pub(crate) const ROWS: usize = 2048;
pub(crate) const WRITE_BYTES: usize = 4 << 20;
pub(crate) const AGE: Duration = Duration::from_millis(50);

/// Of how many exchanges that were written the causes wait for a disk that does not take them.
pub(crate) const JUDGED: usize = 16 * 1024;

/// How long writing pauses after it failed, doubled each time up to the second.
pub(crate) const RETRY: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(10)];

/// Nobody sends anything for so long: then what is kept is indexed.
pub(crate) const IDLE: Duration = Duration::from_millis(250);

/// How many heads or bodies are indexed in one step.
pub(crate) const INDEX_STEP: usize = 256;

/// How many bytes of bodies are indexed in one step, about: whoever asks something waits for it.
pub(crate) const INDEX_BYTES: usize = 256 * 1024;

/// How long a body may be whose words are indexed.
pub(crate) const INDEX_BODY: usize = 64 * 1024;

/// Small bodies are compressed together up to this size.
pub(crate) const FRAME: usize = 64 * 1024;

/// How long a segment becomes before the next begins.
pub(crate) const SEGMENT: u64 = 64 << 20;

/// How many summaries the live stream holds for who reads slowly.
pub(crate) const LIVE: usize = 1024;
