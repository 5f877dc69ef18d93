//! A folder as one file: `?archive=zip`, `?archive=tar.gz`.
//!
//! It is made while it is sent, on a thread of its own, and is nowhere kept: what is in memory is one folder's names, a
//! few pieces, and for a zip a line for each file. It holds what the site serves: no names that begin with a dot unless
//! those are served, nothing behind a password that was not given, and nothing outside of the root. What may not be
//! read, or is neither file nor folder, is left out. Should anything else go wrong, the connection is reset: an archive
//! that was cut short never looks complete.
//!
//! Deliberately absent: owners and permissions, but for whether a file can be run; links, which are what they lead to.

mod form;
mod pipe;
mod tar;
mod walk;
mod zip;

use std::{path::PathBuf, sync::Arc};

use tokio::sync::Semaphore;

use super::{path::encode, root::Reader};
use crate::http::{Answer, Body};
pub(super) use form::Form;
pub(super) use walk::Wants;

/// How many archives may be made at one time; each has a thread.
const AT_ONCE: usize = 8;

/// The archives that are being made.
#[derive(Debug)]
pub(super) struct Archives(Arc<Semaphore>);

impl Default for Archives {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Archives {
    /// The answer with a folder as one file of this name, without its ending.
    pub(super) fn answer(
        &self,
        form: Form,
        name: &str,
        path: PathBuf,
        reader: Reader,
        wants: Wants,
    ) -> Answer {
        let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() else {
            return Answer::text(503, "too many archives are being made\n").with("Retry-After", "5");
        };
        let top = name.to_owned();
        let source = pipe::Made::new(move |out| {
            let made = form.write(out, |pack| walk::walk(&reader, &path, &top, &wants, pack));
            drop(permit);
            made
        });
        Answer::new(200)
            .with("Content-Type", form.media())
            .with("Content-Disposition", disposition(name, form))
            .with("Cache-Control", "no-store")
            .with("X-Content-Type-Options", "nosniff")
            .body(Body::Source(Box::new(source), None))
    }
}

/// RFC 6266 §4.3: a name that every client reads, and the real one for those that read RFC 8187.
fn disposition(name: &str, form: Form) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' };
    let (fallback, ending): (String, _) = (name.chars().map(plain).collect(), form.ending());
    format!("attachment; filename=\"{fallback}.{ending}\"; filename*=UTF-8''{}.{ending}", encode(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_for_every_client() {
        for (name, expected) in [
            ("docs", "attachment; filename=\"docs.zip\"; filename*=UTF-8''docs.zip"),
            ("é\"\r\n", "attachment; filename=\"____.zip\"; filename*=UTF-8''%C3%A9%22%0D%0A.zip"),
        ] {
            assert_eq!(disposition(name, Form::Zip), expected);
        }
    }
}
