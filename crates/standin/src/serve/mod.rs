//! `serve`: the files of a folder, or one file, as a site.
//!
//! - [`Files`]: the site; [`Settings`]: what it was told on the command line
//! - `path`: what a request names, as a path below the root; `root`: opening it there, and nowhere else
//! - `kind`: what a file is, by its name
//!
//! Deliberately absent: running anything, and configuration files: what is served is what stands on the disk.

mod kind;
mod path;
mod root;
mod site;

pub use site::{Files, Settings};
