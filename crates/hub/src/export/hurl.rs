//! Files for Hurl: requests, and what is expected of their responses.

use std::io::{self, Write};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Format, Raw};

pub(super) const FORMAT: Format = Format {
    name: "hurl",
    help: "a file for Hurl: requests, and the statuses that are expected",
    media_type: "text/plain; charset=utf-8",
    write,
};

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    for raw in all.iter().filter(|raw| raw.exchange.summary.protocol.is_http()) {
        let summary = &raw.exchange.summary;
        writeln!(out, "{} {}", summary.method, escaped(&summary.target, '#'))?;
        for (name, value) in &raw.exchange.request.headers {
            // Both are Hurl's to write, from the URL and the body.
            if !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("host") {
                writeln!(out, "{}: {}", escaped(name, ':'), escaped(value, '#'))?;
            }
        }
        if !raw.request.is_empty() {
            writeln!(out, "base64,{};", BASE64_STANDARD.encode(&raw.request))?;
        }
        if let Some(status) = summary.status {
            writeln!(out, "HTTP {status}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A text in which nothing means anything to Hurl: no comment, no template, no end of the line.
fn escaped(text: &str, special: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '{' | '}' => out.push_str(if c == '{' { "\\u{7b}" } else { "\\u{7d}" }),
            c if c == special || c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
