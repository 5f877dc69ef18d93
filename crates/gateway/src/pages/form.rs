//! The forms of a page: a whole HTTP response, in HTML or JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use navyd_model::Ended;

use super::{Page, Row};

/// How a page looks: as the hub's own page does, in the colours that the reader's system has chosen.
const STYLE: &str = include_str!("page.css");

impl Page {
    /// The whole response: as JSON or HTML, without its body for HEAD, and with what becomes of the connection.
    pub(crate) fn response(&self, json: bool, bodiless: bool, stay: bool, now: Timestamp) -> Vec<u8> {
        let (kind, body) = match json {
            true => ("application/json", self.json()),
            false => ("text/html; charset=utf-8", self.html()),
        };
        // RFC 9110 §5.6.7, IMF-fixdate.
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let (status, reason, length) = (self.status, reason(self.status), body.len());
        let mut out = format!(
            "HTTP/1.1 {status} {reason}\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
        );
        if status == 405 {
            out.push_str("Allow: GET, HEAD\r\n");
        }
        out.push_str(if stay { "\r\n" } else { "Connection: close\r\n\r\n" });
        if !bodiless {
            out.push_str(&body);
        }
        out.into_bytes()
    }

    /// The whole response to a call of gRPC: only trailers, which tell it that the service is not available, since
    /// clients of gRPC look at nothing else.
    pub(crate) fn grpc(&self, stay: bool) -> Vec<u8> {
        // What gRPC itself makes of these statuses of HTTP: internal, unimplemented, unavailable, unknown.
        let status = match self.status {
            400 => 13,
            404 => 12,
            502..=504 => 14,
            _ => 2,
        };
        let mut message = String::new();
        for byte in self.text.bytes() {
            // Its specification has all but printable ASCII, and `%`, percent-encoded.
            let _ = match byte {
                b'%' | 0..=0x1f | 0x7f.. => write!(message, "%{byte:02X}"),
                _ => write!(message, "{}", char::from(byte)),
            };
        }
        let close = if stay { "" } else { "Connection: close\r\n" };
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n{close}\
             grpc-status: {status}\r\ngrpc-message: {message}\r\n\r\n"
        )
        .into_bytes()
    }

    fn html(&self) -> String {
        let (title, text) = (escaped(&self.title), marked(&self.text));
        let status = if self.status < 400 { String::new() } else { format!("{} ", self.status) };
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{status}{title}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n\
             <h1><b>{status}</b>{title}</h1>\n<p>{text}\n"
        );
        let (advice, command) = parted(&self.advice);
        // Writing into a String cannot fail.
        if !advice.is_empty() {
            let _ = writeln!(out, "<p>{}", marked(advice));
        }
        if !command.is_empty() {
            let _ = writeln!(out, "<pre>{}</pre>", escaped(command));
        }
        if let Some((service, _)) = self.service.as_deref().filter(|(service, _)| !service.log.is_empty()) {
            out.push_str("<h2>Its last lines</h2>\n<pre class=\"log\">");
            for line in &service.log {
                out.push_str(&escaped(line));
                out.push('\n');
            }
            out.push_str("</pre>\n");
        }
        if let Some(routes) = self.routes.as_ref().filter(|routes| !routes.is_empty()) {
            let _ = writeln!(out, "<h2>Routes</h2>\n<table>");
            for Row { from, to, service } in routes {
                let (from, to) = (escaped(from), escaped(to));
                let _ = match from.starts_with("http://") || from.starts_with("https://") {
                    true => write!(out, "<tr><td><a href=\"{from}\">{from}</a><td>{to}"),
                    false => write!(out, "<tr><td>{from}<td>{to}"),
                };
                let _ = match service {
                    Some((id, phase)) => writeln!(out, "<td>{}: {}", escaped(id), phase.as_str()),
                    None => writeln!(out, "<td>"),
                };
            }
            out.push_str("</table>\n");
        }
        out.push_str("<footer>navyd</footer>\n");
        out
    }

    fn json(&self) -> String {
        let noun = if self.status < 400 { "status" } else { "error" };
        let mut out = format!("{{\"schema\":\"navyd.{noun}/1\"");
        let mut field = |name: &str, value: &str| {
            let _ = write!(out, ",\"{name}\":{}", quoted(value));
        };
        if self.status >= 400 {
            field("title", &self.title);
            field("text", &self.text);
            field("advice", &self.advice);
            let _ = write!(out, ",\"status\":{}", self.status);
        }
        if let Some(routes) = &self.routes {
            let rows: Vec<_> = routes
                .iter()
                .map(|Row { from, to, service }| {
                    let service = service.as_ref().map_or_else(String::new, |(id, phase)| {
                        format!(",\"service\":{},\"phase\":\"{}\"", quoted(id), phase.as_str())
                    });
                    format!("{{\"from\":{},\"to\":{}{service}}}", quoted(from), quoted(to))
                })
                .collect();
            let _ = write!(out, ",\"routes\":[{}]", rows.join(","));
        }
        if let Some((service, seconds)) = self.service.as_deref() {
            let (id, phase, restarts) = (quoted(&service.id), service.phase.as_str(), service.restarts);
            let _ = write!(
                out,
                ",\"service\":{{\"id\":{id},\"phase\":\"{phase}\",\"seconds\":{seconds},\"restarts\":{restarts}"
            );
            let _ = match service.ended {
                Some(Ended::Status(status)) => write!(out, ",\"ended\":{{\"status\":{status}}}"),
                Some(Ended::Signal(signal)) => write!(out, ",\"ended\":{{\"signal\":{signal}}}"),
                None => Ok(()),
            };
            let lines: Vec<_> = service.log.iter().map(|line| quoted(line)).collect();
            let _ = write!(out, ",\"log\":[{}]}}", lines.join(","));
        }
        out.push_str("}\n");
        out
    }
}

/// Whether an Accept value asks for JSON: it is named, and HTML is not.
pub(crate) fn wants_json(accept: &[u8]) -> bool {
    let accept = String::from_utf8_lossy(accept).to_ascii_lowercase();
    accept.contains("json") && !accept.contains("text/html")
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        414 => "URI Too Long",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        508 => "Loop Detected",
        _ => "",
    }
}

/// Text for HTML, also inside of quotes. Control characters, which HTML does not allow, are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push('\t'),
            char if char.is_control() => out.push('\u{fffd}'),
            _ => out.push(char),
        }
    }
    out
}

/// Text as a JSON string (RFC 8259 §7).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

/// Words, and the command at their end that can be typed.
fn parted(advice: &str) -> (&str, &str) {
    match advice.rfind(COMMAND) {
        Some(0) => ("", advice),
        Some(at) if advice[..at].ends_with(": ") => (&advice[..at - 1], &advice[at..]),
        _ => (advice, ""),
    }
}

/// What each command begins with.
const COMMAND: &str = "navyd ";

/// The same as [`escaped`], with what stands in backticks as code.
fn marked(text: &str) -> String {
    let mut out = String::new();
    for (number, part) in text.split('`').enumerate() {
        let inside = number % 2 == 1;
        out.push_str(if inside { "<code>" } else { "" });
        out.push_str(&escaped(part));
        out.push_str(if inside { "</code>" } else { "" });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_grpc_gets_trailers() {
        for (status, text, stay, expected) in [
            (502, "`a` – 9%", true, "grpc-status: 14|grpc-message: `a` %E2%80%93 9%25||"),
            (504, "silent", false, "Connection: close|grpc-status: 14|grpc-message: silent||"),
            (404, "no", true, "grpc-status: 12|grpc-message: no||"),
        ] {
            let page = Page { status, text: text.to_owned(), ..Page::default() };
            let lines = String::from_utf8(page.grpc(stay)).unwrap().replace("\r\n", "|");
            let head = "HTTP/1.1 200 OK|Content-Type: application/grpc|Content-Length: 0|";
            assert_eq!(lines, format!("{head}{expected}"));
        }
    }

    #[test]
    fn text_is_quoted_for_json() {
        assert_eq!(quoted("a\"\\\n\u{1}é"), "\"a\\\"\\\\\\u000a\\u0001é\"");
    }
}
