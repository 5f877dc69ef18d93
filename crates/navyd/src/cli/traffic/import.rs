//! `navyd traffic import`: exchanges that another tool wrote.

use std::{
    fs::File,
    io::{self, Read as _},
};

use navyd_model::api::Document;

use super::super::{Format, Stage};
use crate::{
    exit::Exit,
    hub,
    out::{Failure, Text},
};

/// Read a HAR file of a browser or another tool in, so that it can be searched, compared and replayed
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// The file; `-` for stdin
    #[arg(value_name = "FILE.har")]
    file: String,
}

/// The longest file that is read, in bytes. Browsers write HAR files of some hundred MiB at most.
const MOST: u64 = 512 << 20;

impl Import {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let har = read(&self.file)?;
        let imported = hub::ensure()?.import(har).map_err(Failure::from)?;
        let exit = if imported.imported == 0 { Exit::No } else { Exit::Yes };
        match stage.format {
            Format::Text => {
                let noun = if imported.imported == 1 { "exchange" } else { "exchanges" };
                stage.screen.line(&Text::plain(format!("{} {noun} imported", imported.imported)))?;
                imported.notes.iter().try_for_each(|note| stage.screen.note(note))?;
            }
            Format::Json => stage.screen.json(&Document::new("imported", imported))?,
            Format::Jsonl => stage.screen.json_line(&imported)?,
        }
        Ok(exit)
    }
}

fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes),
        file => File::open(file).and_then(|opened| opened.take(MOST + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|error| {
        Failure::new(format!("`{file}` cannot be read"))
            .cause(error.to_string())
            .hint(format!("ls -l {file}"))
    })?;
    if bytes.len() as u64 > MOST {
        let why = format!("at most {} MiB are read", MOST >> 20);
        return Err(Failure::new(format!("`{file}` is too large")).cause(why).hint(format!("ls -lh {file}")));
    }
    // Said here, because what is sent is called JSON.
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
        let hint = "navyd traffic export --har -o shop.har";
        return Err(Failure::new(format!("`{file}` is no HAR file")).cause(error.to_string()).hint(hint));
    }
    Ok(bytes)
}
