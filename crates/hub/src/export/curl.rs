//! Commands of curl that send the same request again.
//!
//! The command says everything that curl would otherwise add by itself, so that what arrives is what was sent: the
//! method, the fields in their order, and the body to its last byte.

use std::io::{self, Write};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use navyd_model::text::shell_word;

use super::{Format, Raw};

pub(super) const FORMAT: Format = Format {
    name: "curl",
    help: "commands for `sh` that send the requests again",
    media_type: "text/x-shellscript; charset=utf-8",
    write,
};

/// The longest body that is an argument: Linux takes 128 KiB for one, and quotes take four bytes.
const LONGEST_WORD: usize = 24 * 1024;
/// The longest body that is written byte by byte, at four letters each.
const LONGEST_OCTAL: usize = 4 * 1024;

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    for raw in all.iter().filter(|raw| raw.exchange.summary.protocol.is_http()) {
        out.write_all(command(raw).as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn command(raw: &Raw) -> String {
    let summary = &raw.exchange.summary;
    let (version, target) = raw.first_line();
    let mut words = Vec::new();
    // Neither a file with settings nor a proxy of the environment may change what is sent.
    words.push("curl -q -sS --noproxy '*' --globoff --path-as-is".to_owned());
    words.push(if version == "HTTP/1.0" { "--http1.0" } else { "--http1.1" }.to_owned());
    match summary.method.as_str() {
        // `-X HEAD` alone would wait for a body.
        "HEAD" if raw.request.is_empty() => words.push("--head".to_owned()),
        "HEAD" => words.push("-X HEAD --max-time 10".to_owned()),
        method => words.push(format!("-X {}", shell_word(method))),
    }
    if target == "*" {
        words.push("--request-target '*'".to_owned());
    }
    fields(raw, &mut words);
    let (mut before, mut behind) = (String::new(), String::new());
    match std::str::from_utf8(&raw.request) {
        Ok("") => {}
        // The shell takes no zero bytes, and curl reads `@` as the name of a file unless told not to.
        Ok(text) if !text.contains('\0') && text.len() <= LONGEST_WORD => {
            words.push(format!("--data-raw {}", shell_word(text)));
        }
        _ if raw.request.len() <= LONGEST_OCTAL => {
            before = format!("printf '{}' | ", octal(&raw.request));
            words.push("--data-binary @-".to_owned());
        }
        _ => {
            before = "base64 -d <<'END_OF_BODY' | ".to_owned();
            behind = format!("\n{}END_OF_BODY", base64(&raw.request));
            words.push("--data-binary @-".to_owned());
        }
    }
    words.push(shell_word(&summary.target));
    let note =
        if raw.is_whole() { "" } else { "# the body was not kept whole: this sends what is left of it\n" };
    format!("{note}{before}{}{behind}\n", words.join(" \\\n  "))
}

/// The fields, in their order, and those that curl must not add.
fn fields(raw: &Raw, words: &mut Vec<String>) {
    let headers = &raw.exchange.request.headers;
    let sent = |name: &str| headers.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name));
    match headers.first() {
        Some((name, _)) if name == "Host" => {}
        // curl writes a host before all other fields, in its own case, unless it was told to write none.
        _ => words.push("-H 'Host:'".to_owned()),
    }
    for (name, value) in headers {
        let length = raw.request.len().to_string();
        let is_length = name.eq_ignore_ascii_case("content-length");
        let value = if is_length && !raw.request.is_empty() { &length } else { value };
        // A field without a value is written with `;`: with `:` it would be taken away.
        let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.push(format!("-H {}", shell_word(&field)));
    }
    let added = ["User-Agent", "Accept"].into_iter();
    let with_body = ["Content-Type", "Expect"].into_iter().filter(|_| !raw.request.is_empty());
    words.extend(added.chain(with_body).filter(|name| !sent(name)).map(|name| format!("-H '{name}:'")));
}

/// Bytes for `printf` of a POSIX shell.
fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:03o}")).collect()
}

/// Lines of Base64, as `base64 -d` reads them.
fn base64(bytes: &[u8]) -> String {
    /// As many bytes as make a line of 76 letters.
    const LINE: usize = 57;
    bytes.chunks(LINE).map(|line| BASE64_STANDARD.encode(line) + "\n").collect()
}
