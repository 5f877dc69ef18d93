//! Every limit that all stand-ins share, in one place.

use std::time::Duration;

/// Connections at one time, all doors together. Who comes then waits in the kernel's queue.
pub const SEATS: usize = 4096;

/// How long the handshake of TLS may take.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long whoever has begun a head may take for all of it.
pub const HEAD: Duration = Duration::from_secs(30);

/// How long a connection may idle between two requests.
pub const IDLE: Duration = Duration::from_secs(75);

/// How long a body may pause between two pieces, in either direction.
pub const PAUSE: Duration = Duration::from_secs(60);

/// How long what is under way may take once the stand-in has been told to stop.
pub const DRAIN: Duration = Duration::from_secs(5);

/// How much of a body that nobody has read is read so that its connection can be used again.
pub const UNREAD: u64 = 256 * 1024;

/// The longest body that is sent in one write with its head, in bytes.
pub const TOGETHER: usize = 32 * 1024;

/// The bytes that are read from a file, or a connection, at a time.
pub const PIECE: usize = 64 * 1024;

/// How long a connection that ends may still say something.
pub const LINGER: Duration = Duration::from_secs(1);
