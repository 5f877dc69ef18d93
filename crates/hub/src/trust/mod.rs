//! The local authority, and the stores of this machine that trust it.
//!
//! A store is a leaf of [`STORES`]: it says where it stands here, whether it holds a root, and which [`Step`]s install
//! and remove it. Steps are data: what a dry run prints is what [`carry_out`] does. Whether a client really trusts the
//! authority is not believed but tried: [`check()`] lets each one of [`CLIENTS`] shake hands.
//!
//! All of it is synchronous: commands call it, the daemon does not. Deliberately absent: asking, printing, and becoming
//! root, which are the command line's and the person's.

mod authority;
mod beside;
mod check;
mod clients;
mod environment;
mod journal;
mod life;
mod machine;
mod root;
mod run;
mod step;
mod store;
mod stores;
mod work;

#[cfg(test)]
pub(crate) mod scene;

pub use authority::{KeepError, Kept};
pub use beside::{BesideError, beside};
pub use check::{Asked, CheckError, Verdict, check};
pub use clients::{Ask, CLIENTS, Client};
pub use environment::environment;
pub(crate) use environment::variables;
pub use journal::{Journal, JournalError};
pub use life::Life;
pub use machine::{Machine, System, ThisMachine};
pub use root::{Root, RootError};
pub use run::{Call, Ran};
pub use step::{Step, StepError};
pub use store::{Held, Here, Place, Store};
pub use stores::STORES;
pub use work::{Aim, Finding, Outcome, State, Work, carry_out, look, plan};
