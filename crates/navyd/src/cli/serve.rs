//! `navyd serve`: the files of a folder, or one file, over HTTP.
//!
//! Arguments as written become settings once. Deliberately absent: what is answered, which is `standin::serve`.

use std::{path::PathBuf, rc::Rc};

use navyd_standin::{
    Stand,
    http::Server,
    serve::{Files, Settings},
};

use super::{
    Command, Stage,
    standin::{self, Flags, Place, Ready},
};
use crate::{exit::Exit, out::Failure};

/// Serve the files of a folder
///
/// Ranges, conditions, compression and listings as browsers and programs expect them. Nothing outside of the folder is
/// reached, whatever is asked for; names that begin with a dot are left out.
#[derive(Debug, clap::Parser)]
#[command(
    name = "serve",
    after_long_help = "Examples:\n  \
        navyd serve                        this folder\n  \
        navyd serve dist --port 8080       a folder, at a port of your choice\n  \
        navyd serve --lan                  for the phone beside you: shows a QR code\n\n\
        Exit status: 0 it ended when it was told to, 2 wrong use or failure."
)]
pub(super) struct Serve {
    /// The folder, or one file
    #[arg(value_name = "DIR|FILE", default_value = ".")]
    path: PathBuf,

    #[command(flatten)]
    flags: Flags,
}

impl Command for Serve {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let shown = self.path.display().to_string();
        let files = Files::open(&self.path, Settings::default()).map_err(|error| {
            Failure::new(format!("cannot serve `{shown}`"))
                .cause(error.to_string())
                .hint(format!("ls -ld {shown}"))
        })?;
        let door = self.flags.door(None, "serve", Some(&self.path))?;
        let tls = self.flags.tls(&[&door], stage)?;
        let manners = self.flags.manners()?;
        let ready = Ready {
            kind: "serve",
            does: format!("serves {shown}"),
            reach: "read these files",
            places: vec![Place::of(if tls.is_some() { "https" } else { "http" }, &door)],
        };
        standin::stand(&self.flags, stage, &ready, move |log| {
            let server = Server { site: Rc::new(files), manners, told: log.exchanges() };
            Stand::new().answering(door, tls, Rc::new(server))
        })
    }
}
