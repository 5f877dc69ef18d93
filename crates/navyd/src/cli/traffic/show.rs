//! `navyd traffic show`: one exchange, with all that is kept of it.

use std::{fs::File, io::Read as _, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use navyd_model::{api::Document, capture::Descriptors, exchange::Exchange};

use super::{
    super::{Format, Stage, exchanges},
    drawn,
};
use crate::{
    exit::Exit,
    hub::{Client, ClientError},
    out::Failure,
};

/// Show an exchange: its heads as they were sent, its bodies decoded, and what caused it
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// Its number
    #[arg(value_name = "ID")]
    id: u64,

    /// Long bodies whole on a terminal as well
    #[arg(long)]
    full: bool,

    /// Read messages of gRPC by the descriptors of a file, as `protoc --include_imports --descriptor_set_out` writes it
    #[arg(long, value_name = "FILE.pb")]
    schema: Option<PathBuf>,

    /// Ask the server of the exchange for the descriptors of its messages, now, by the reflection service of gRPC
    #[arg(long, conflicts_with = "schema")]
    reflect: bool,
}

/// The longest file of descriptors, in bytes.
const SCHEMA: u64 = 16 << 20;

/// How many lines of one body, or of all pieces, are shown on a terminal.
const LINES: usize = 100;

impl Show {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
        let found = match self.descriptors()? {
            Some(descriptors) => found(hub.exchange_by(self.id, &descriptors), stage)?,
            None => one(&hub, self.id, stage)?,
        };
        let Some(exchange) = found else { return Ok(Exit::No) };
        match stage.format {
            Format::Text => {
                let most = if self.full || !stage.screen.look().terminal { usize::MAX } else { LINES };
                drawn::print(&exchange, most, &mut stage.screen)?;
            }
            Format::Json => stage.screen.json(&Document::new("exchange", exchange))?,
            Format::Jsonl => stage.screen.json_line(&exchange)?,
        }
        Ok(Exit::Yes)
    }

    /// What messages are to be read by.
    fn descriptors(&self) -> Result<Option<Descriptors>, Failure> {
        let Some(path) = &self.schema else {
            return Ok(self.reflect.then_some(Descriptors { set: None, reflect: true }));
        };
        let mut set = Vec::new();
        let read = File::open(path).and_then(|file| file.take(SCHEMA + 1).read_to_end(&mut set));
        let (file, listed) = (path.display(), format!("ls -lh {}", path.display()));
        read.map_err(|error| {
            Failure::new(format!("`{file}` cannot be read")).cause(error.to_string()).hint(listed.clone())
        })?;
        if set.len() as u64 > SCHEMA {
            let why = format!("at most {} MiB are read", SCHEMA >> 20);
            return Err(Failure::new(format!("`{file}` is too large")).cause(why).hint(listed));
        }
        Ok(Some(Descriptors { set: Some(STANDARD.encode(set)), reflect: false }))
    }
}

/// The exchange of this number; it is said when there is none.
pub(super) fn one(hub: &Client, id: u64, stage: &mut Stage) -> anyhow::Result<Option<Exchange>> {
    found(hub.exchange(id), stage)
}

fn found(answer: Result<Exchange, ClientError>, stage: &mut Stage) -> anyhow::Result<Option<Exchange>> {
    match answer {
        Ok(exchange) => Ok(Some(exchange)),
        Err(error @ ClientError::Refused { status: 404, .. }) => {
            stage.screen.fail(&error.into())?;
            Ok(None)
        }
        Err(error) => Err(Failure::from(error).into()),
    }
}
