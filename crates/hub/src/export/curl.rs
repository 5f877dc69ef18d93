//! Commands of curl that send the same request again.
//!
//! The command says everything that curl would otherwise add by itself, so that what arrives is what was sent: the
//! method, the fields in their order, and the body to its last byte.

use std::io::{self, Write};

use super::{Format, Raw};

pub(super) const FORMAT: Format = Format {
    name: "curl",
    help: "commands for `sh` that send the requests again",
    media_type: "text/x-shellscript; charset=utf-8",
    write,
};

/// What curl adds where nothing is said, and what therefore is taken away where it was not sent.
const ADDED: [&str; 2] = ["User-Agent", "Accept"];

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    for raw in all.iter().filter(|raw| raw.exchange.summary.protocol.is_http()) {
        out.write_all(command(raw).as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn command(raw: &Raw) -> String {
    let request = &raw.exchange.request;
    let summary = &raw.exchange.summary;
    let mut words = Vec::new();
    if !raw.is_whole() {
        words.push("# the body was not kept whole: this sends what is left of it\n".to_owned());
    }
    words.push("curl -sS --globoff --path-as-is --http1.1".to_owned());
    match summary.method.as_str() {
        // `-X HEAD` would wait for a body.
        "HEAD" => words.push("--head".to_owned()),
        method => words.push(format!("-X {}", quoted(method))),
    }
    let sent = |name: &str| request.headers.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name));
    for (name, value) in &request.headers {
        // The length is that of the body, and curl writes it where a body is.
        if name.eq_ignore_ascii_case("content-length") && !raw.request.is_empty() {
            continue;
        }
        // A field without a value is written with `;`: with `:` it would be taken away.
        let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.push(format!("-H {}", quoted(&field)));
    }
    let mut absent: Vec<&str> = ADDED.into_iter().filter(|name| !sent(name)).collect();
    if !raw.request.is_empty() {
        absent.extend(["Content-Type", "Expect"].into_iter().filter(|name| !sent(name)));
    }
    words.extend(absent.into_iter().map(|name| format!("-H '{name}:'")));
    let mut pipe = String::new();
    if !raw.request.is_empty() {
        match std::str::from_utf8(&raw.request) {
            // The shell takes no zero bytes, and curl reads `@` as the name of a file.
            Ok(text) if !text.contains('\0') => words.push(format!("--data-raw {}", quoted(text))),
            _ => {
                pipe = format!("printf '{}' | ", octal(&raw.request));
                words.push("--data-binary @-".to_owned());
            }
        }
    }
    words.push(quoted(&summary.target));
    let comment = if words[0].starts_with('#') { words.remove(0) } else { String::new() };
    format!("{comment}{pipe}{}\n", words.join(" \\\n  "))
}

/// One word for a POSIX shell, whatever is in it.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Bytes for `printf` of a POSIX shell.
fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:03o}")).collect()
}
