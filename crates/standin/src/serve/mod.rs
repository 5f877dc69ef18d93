//! `serve`: the files of a folder, or one file, as a site.
//!
//! - [`Files`]: the site; [`Settings`]: what it was told on the command line
//! - `path`: what a request names, as a path below the root; `root`: opening it there, and nowhere else;
//!   `held`: what is small, without opening it
//! - `kind`: what a file is, by its name; `fields`: what a request wants of it
//! - `condition`, `range`, `coding`, `weighed`: what follows from that, pure; `compress`: made small when asked for
//! - `reply`: the answer with it; `listing`: a folder without a page of its own; `markdown`: a text as a page
//! - `access`: who may; `change`: what is sent here or taken away; `archive`: a folder in one file
//! - `dav`: the folder as a drive
//! - `watch`: pages that are told when a file has changed
//!
//! Deliberately absent: running anything, and configuration files: what is served is what stands on the disk.

mod access;
mod archive;
mod change;
pub mod coding;
mod compress;
mod condition;
mod dav;
mod fields;
#[doc(hidden)]
pub mod fuzz;
mod held;
mod kind;
mod listing;
mod markdown;
mod path;
pub mod range;
mod reply;
mod root;
mod settings;
mod site;
#[cfg(test)]
mod tests;
mod watch;
mod weighed;

pub use access::Access;
pub use settings::Settings;
pub use site::Files;
