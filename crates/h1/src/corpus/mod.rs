//! Messages that programs disagree on, of our own writing, with the verdict on each.
//!
//! They are text files, and `cases.rs` is taken in by the tests of the whole program as it is, which send the same
//! bytes to real servers. A case is a line `= NAME VERDICT`, then its bytes: each line behind `|`, ended by CRLF
//! unless it ends in a backslash. `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` are bytes. Other lines are comments. A
//! verdict is the status of the refusal, or what frames the body: `none`, `'length N'`, `chunked`, `close`; or
//! `body`, for a refusal inside the body.

mod cases;
mod tests;

pub(crate) use cases::{Case, requests, responses};
