//! One document of navyd a line.

use std::io::{self, Write};

use navyd_model::api::Document;

use super::{Format, Raw};

pub(super) const FORMAT: Format = Format {
    name: "jsonl",
    help: "one document `navyd.exchange/1` a line",
    media_type: "application/x-ndjson",
    write,
};

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    for raw in all {
        serde_json::to_writer(&mut *out, &Document::new("exchange", &raw.exchange))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
