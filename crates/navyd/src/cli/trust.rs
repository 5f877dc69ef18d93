//! `navyd trust`: the local authority, in the stores where programs keep whom they trust.
//!
//! Deliberately absent: how a store is changed and how a client is asked, which the hub's leaves know.

mod change;
mod status;

use std::path::PathBuf;

use navyd_hub::{
    places::Places,
    trust::{KeepError, STORES, Store},
};

use super::{Command, Stage};
use crate::{exit::Exit, out::Failure};

/// Make programs on this machine trust the certificates of navyd
///
/// The authority can sign for names and addresses of this machine alone, and the key of its root was destroyed when it
/// was made. What is installed can be removed again, and nothing else is touched.
#[derive(Debug, clap::Parser)]
#[command(
    name = "trust",
    arg_required_else_help = false,
    after_long_help = "Examples:\n  \
        navyd trust status                     which stores hold the authority, and which clients trust it\n  \
        navyd trust install --dry-run          say what would be written and run\n  \
        navyd trust install                    install it wherever this user may\n  \
        navyd trust install --store chromium --store firefox --yes\n  \
        navyd trust uninstall                  remove it everywhere\n\n\
        Exit status: 0 all is as asked, 1 some of it is not, 2 none of it is, or wrong use."
)]
pub(super) struct Trust {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Install the authority; one is made where there is none
    Install(change::Change),
    /// Remove every authority of navyd's, and leave all others
    Uninstall(change::Change),
    /// Say which stores hold the authority, and let clients shake hands to see which trust it
    Status(status::Status),
}

impl Command for Trust {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        match self.verb {
            Verb::Install(change) => change.install(stage),
            Verb::Uninstall(change) => change.uninstall(stage),
            Verb::Status(status) => status.run(stage),
        }
    }
}

/// Which stores are meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// Only this kind of store; may be repeated
    #[arg(long = "store", value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(STORES.iter().map(|store| store.name())))]
    names: Vec<String>,
}

impl Which {
    /// The stores; all unless some are named.
    fn stores(&self) -> Vec<&'static dyn Store> {
        let meant = |store: &&&'static dyn Store| {
            self.names.is_empty() || self.names.iter().any(|name| name == store.name())
        };
        STORES.iter().filter(meant).copied().collect()
    }
}

fn places() -> Result<Places, Failure> {
    Places::here().ok_or_else(|| {
        Failure::new("there is no home directory")
            .cause("`HOME` is not set")
            .hint("HOME=/root navyd trust status")
    })
}

fn unkept(error: &KeepError, places: &Places) -> Failure {
    let folder = shown(&places.authority());
    let hint = match error {
        KeepError::Unsafe(_) => format!("chmod 700 {folder} && chmod 600 {folder}/*-key.pem"),
        KeepError::File(..) => format!("ls -la {folder}"),
        KeepError::Authority(_) => format!("navyd trust uninstall && rm -r {folder}"),
    };
    Failure::new("the `local authority` cannot be used").cause(error.to_string()).hint(hint)
}

/// A path as it is typed.
fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

/// This program, as root would have to call it.
fn program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "navyd".into())
}
