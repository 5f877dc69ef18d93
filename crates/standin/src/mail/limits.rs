//! Every limit of the mail stand-in, in one place. Those of RFC 5321 are what a server must take at least, and what a
//! client may therefore rely on.

use std::time::Duration;

/// The longest local part, in octets (RFC 5321 §4.5.3.1.1).
pub const LOCAL_PART: usize = 64;

/// The longest domain, in octets (RFC 5321 §4.5.3.1.2).
pub const DOMAIN: usize = 255;

/// The longest path with its brackets, in octets (RFC 5321 §4.5.3.1.3).
pub const PATH: usize = 256;

/// The longest command line with its end, in octets: 512 (RFC 5321 §4.5.3.1.4), and what the extensions that are
/// offered add to MAIL: 26 for SIZE (RFC 1870), 17 for BODY (RFC 6152), 10 for SMTPUTF8 (RFC 6531) and 500 for AUTH
/// (RFC 4954).
pub const COMMAND_LINE: usize = 512 + 26 + 17 + 10 + 500;

/// The longest line while a client authenticates, in octets (RFC 4954 §4).
pub const AUTH_LINE: usize = 12_288;

/// Recipients of one message; RFC 5321 §4.5.3.1.8 demands 100.
pub const RECIPIENTS: usize = 1000;

/// The longest message in bytes, unless the command says otherwise.
pub const MESSAGE: usize = 50 * 1024 * 1024;

/// The bytes of messages that are still coming in, all connections together.
pub const ARRIVING: u64 = 256 * 1024 * 1024;

/// Commands of one connection that fail or do nothing, between two messages.
pub const IDLE_COMMANDS: u32 = 100;

/// How long a client of SMTP may be silent (RFC 5321 §4.5.3.2.7).
pub const SMTP_SILENCE: Duration = Duration::from_secs(300);

/// How long a client of POP3 may be silent: RFC 1939 §3 demands ten minutes.
pub const POP3_SILENCE: Duration = Duration::from_secs(600);

/// The longest command line of POP3 with its end, in octets (RFC 2449 §4).
pub const POP3_LINE: usize = 255;

/// How many messages are kept, unless the command says otherwise. The oldest go first.
pub const KEPT: u64 = 1_000_000;

/// How many bytes of messages are kept, unless the command says otherwise.
pub const KEPT_BYTES: u64 = 1024 * 1024 * 1024;

/// Requests that wait for the store at one time; who comes then waits for its turn.
pub const QUEUE: usize = 256;

/// The bytes of messages that are kept where they have come, in one commit; with more, others would wait.
pub const HERE: usize = 256 * 1024;

/// With so many other messages on their way, one that has come waits for them.
pub const SIBLINGS: usize = 4;

/// How long it waits at most. Timers have steps of a millisecond.
pub const MOMENT: Duration = Duration::from_millis(1);

/// How much the journal of the database may grow, in bytes, before what is in it is put into its place.
pub const JOURNAL: u64 = 32 * 1024 * 1024;

/// Messages that are read for their subject, addresses and words in one commit.
pub const INDEXED: usize = 128;

/// How many messages may have come that were not read so, before that is done though others are coming: who then asks for
/// something waits for all of them, about two seconds.
pub const UNREAD: u64 = 64 * 1024;

/// How long nothing must come for the store to read what has come.
pub const LULL: Duration = Duration::from_millis(20);

/// The text of a message that a search looks at, in bytes.
pub const WORDS: usize = 64 * 1024;

/// The longest snippet of a message, in characters.
pub const SNIPPET: usize = 250;

/// The longest head of a message that is understood, in bytes; what comes behind it counts as text.
pub const HEAD: usize = 256 * 1024;

/// How often a message may say that it has parts or messages inside: what says so more often is not taken apart.
pub const NESTED: usize = 100;

/// The bytes that may be looked through for the ends of parts: each boundary may be looked for to the end.
pub const SOUGHT: u64 = 512 * 1024 * 1024;

/// The longest body of a request of the API, in bytes, beside a message that is sent by it.
pub const REQUEST: usize = 1024 * 1024;

/// The longest page of a list, in messages.
pub const PAGE: usize = 1000;

/// The longest search, in bytes.
pub const QUERY: usize = 4096;

/// The longest that a request may wait for a message.
pub const WAIT: Duration = Duration::from_secs(600);

/// How long a server that mail is released to, or that is told of mail, may take for one answer.
pub const ELSEWHERE: Duration = Duration::from_secs(30);

/// How long a connection to a server elsewhere may take, for each of its addresses, and its name as long again.
pub const CONNECT: Duration = Duration::from_secs(10);

/// The addresses of one name that are tried.
pub const ADDRESSES: usize = 4;

/// How long a link may take, with all that it leads to.
pub const LINK: Duration = Duration::from_secs(15);

/// The links of one message that are checked at the same time.
pub const LINKS_AT_ONCE: usize = 8;

/// The longest reply of a server that mail is released to, in bytes.
pub const ITS_REPLY: u64 = 64 * 1024;

/// Messages that a webhook has still to be told of. What comes while so many wait is not told.
pub const UNTOLD: usize = 256;

/// The links of one message that are checked.
pub const LINKS: usize = 100;

/// Messages whose change is told one by one to those who follow; of more they are told that there is a change.
pub const TOLD_APART: usize = 200;

/// How long those who follow wait for the figures, so that many changes are counted once.
pub const FIGURES: Duration = Duration::from_millis(250);

/// The longest tag, in characters.
pub const TAG: usize = 100;
