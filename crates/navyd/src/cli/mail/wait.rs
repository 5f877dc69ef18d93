//! `navyd mail wait`: for a test that has just made a program send mail.

use std::time::Duration;

use super::{
    super::duration,
    Stage,
    asked::{Server, encoded},
    show,
};
use crate::{exit::Exit, out::Failure};

/// As typed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    navyd mail wait 'to:ann subject:welcome'\n  \
    navyd mail wait inbox:signup --timeout 5s --json | jq -r .Text\n  \
    navyd mail wait --after 4oRBnPtCXgAqZniRhzLNmS    the next message behind one that is known\n\n\
    Exit status: 0 it is there, 1 it did not come in time, 2 wrong use or failure.")]
pub(super) struct Wait {
    /// A search that finds it, as for `navyd mail ls`; any message without one
    #[arg(value_name = "QUERY")]
    query: Vec<String>,

    /// Wait so long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    timeout: Duration,

    /// Only messages that came behind this one
    #[arg(long, value_name = "KEY")]
    after: Option<String>,

    #[command(flatten)]
    server: Server,
}

impl Wait {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let words = self.query.join(" ");
        let after = self.after.as_ref().map(|key| format!("&after={}", encoded(key))).unwrap_or_default();
        let milliseconds = self.timeout.as_millis();
        let target = format!("/api/v1/wait?timeout={milliseconds}ms&query={}{after}", encoded(&words));
        let answer = self.server.ask("GET", &target, None, self.timeout)?;
        if answer.status == 408 {
            let failure = Failure::new(format!("no message of `{words}` has come"));
            stage.screen.fail(&failure.cause("the time is over").hint("navyd mail ls"))?;
            return Ok(Exit::No);
        }
        if answer.status == 404 {
            let key = self.after.unwrap_or_default();
            return Err(Failure::new(format!("there is no message `{key}`"))
                .cause("it was removed, or never came")
                .hint("navyd mail ls")
                .into());
        }
        show::told(&answer.document(&self.server)?, stage)?;
        Ok(Exit::Yes)
    }
}
