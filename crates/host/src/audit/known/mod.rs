//! Known-bad versions: which programs are on the list, what is installed beside one that runs, and what is wrong with it.
//!
//! The list is `advisories.toml`, part of the program and dated. Reading is bounded, and only for holders whose program
//! is on the list. Deliberately absent: asking a server for its version, asking a registry, and anything that is only
//! among a project's dependencies but does not listen.

mod debian;
mod installed;
mod list;
mod lock;
mod node;
mod python;
mod range;
mod version;

use navyd_model::Holder;

use crate::process::launch::Launch;

pub use installed::{Installed, Seen, installed};
pub use list::{Advisory, Ecosystem, List, Package, list};
pub use range::Range;
pub use version::Version;

/// What a holder launched.
fn launch(holder: &Holder) -> Launch {
    let argv = holder.argv.clone().unwrap_or_default();
    Launch { name: holder.name.clone(), exe: holder.exe.clone(), argv }
}

/// A door for the fuzz target.
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz {
    use super::{Range, Version, lock};

    /// A range and versions, one a line; then all of it as each kind of lock file.
    pub fn versions(text: &str) {
        let mut lines = text.lines();
        let range = lines.next().unwrap_or_default();
        let ranges = [Range::npm(range), Range::python(range)];
        let versions: Vec<Version> = lines.take(64).filter_map(Version::parse).collect();
        for version in &versions {
            // What is written is read again as the same, and stands where it stood.
            assert_eq!(Version::parse(&version.to_string()).as_ref(), Some(version));
            let _ = ranges.iter().flatten().filter(|range| range.has(version)).count();
        }
        for three in versions.windows(3) {
            let [a, b, c] = three else { continue };
            assert!(!(a <= b && b <= c) || a <= c, "{a} {b} {c}");
        }
        for read in lock::READERS {
            let _ = (read.versions)(text, "vite");
        }
    }
}
