//! `navyd mail`: a server that keeps all mail and sends none, and what it has kept.
//!
//! Deliberately absent: what the server does, which is `standin::mail`.

mod asked;
mod ls;
mod rm;
mod serve;
mod show;
mod wait;

use super::{Command, Format, Stage};
use crate::exit::Exit;

/// Take the mail that programs send, keep it, and show it; nothing is sent on
///
/// SMTP with or without a password and TLS, and POP3 to read. Over HTTP there is a page to read mail, and the APIs of
/// Mailpit, MailHog and maildev over the same messages. A message is in the inbox of its SMTP user, of the tag behind the
/// plus of its recipients (`ann+signup@example.com`), and of the door it came through.
#[derive(Debug, clap::Parser)]
#[command(
    name = "mail",
    arg_required_else_help = false,
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:\n  \
        navyd mail                                  SMTP at 1025, HTTP at 8025, POP3 at 1110\n  \
        navyd mail --memory --inbox billing=2525    a second door, whose mail is in the inbox `billing`\n  \
        navyd mail wait 'to:ann subject:welcome'    for a test: until the message is there\n  \
        navyd mail show latest\n\n\
        Exit status: 0 it ended when it was told to, or there is what was asked for; 1 there is not; 2 wrong use or failure."
)]
pub(super) struct Mail {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List the messages that a running `navyd mail` has kept
    Ls(ls::Ls),
    /// Show one message
    Show(show::Show),
    /// Wait for a message
    Wait(wait::Wait),
    /// Remove messages
    Rm(rm::Rm),
}

impl Command for Mail {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        match self.verb {
            None => self.serve.run(stage),
            Some(Verb::Ls(ls)) => ls.run(stage),
            Some(Verb::Show(show)) => show.run(stage),
            Some(Verb::Wait(wait)) => wait.run(stage),
            Some(Verb::Rm(rm)) => rm.run(stage),
        }
    }
}
