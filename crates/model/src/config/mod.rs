//! Configuration: `navyd.toml`, `Procfile` and `.env` as written, and what they mean.
//!
//! Pure: a text goes in, and comes out resolved or with every [`Mistake`] in it at once, so that nothing is ever
//! half applied. What is resolved is infallible from then on: names are known, dependencies have an order,
//! references lead somewhere. Deliberately absent: reading files and the environment, choosing ports, and any
//! interpolation of the user's environment.
//!
//! # Layout
//! - [`Config`], [`ServiceSpec`]: the resolved form, the same for `navyd.toml` and `Procfile`
//! - [`TABLES`]: every key there is; `docs/reference/navyd-toml.md` is held against it
//! - [`dotenv`], [`environment`]: what a service finds in its environment
//! - [`names`]: what services are called as hosts

pub mod dotenv;
pub mod environment;
pub mod names;

mod document;
mod fault;
mod keys;
mod mistake;
pub(crate) mod near;
mod order;
mod procfile;
mod reader;
mod reference;
mod resolved;
mod service;
#[cfg(test)]
mod tests;
mod time;

pub use document::read;
pub use fault::FaultSpec;
pub use keys::{Key, TABLES, Table};
pub use mistake::{MOST_MISTAKES, Mistake, at as mistake_at};
pub use order::{Unknown, needed};
pub use procfile::read as read_procfile;
pub use reference::{Attribute, Part, Template};
pub use resolved::{
    Check, Command, Condition, Config, Dependency, EnvFile, FIRST_DELAY, HEALTHY_AFTER, LONGEST_DELAY, Late,
    Leads, Port, Ready, Restart, RoutedTo, ServiceProtocol, ServiceSpec, Stop, StopSignal,
};
pub use time::parse as parse_time;

/// The largest text that is read, in bytes. Configurations of people have some hundred lines.
pub const LARGEST: usize = 1024 * 1024;
