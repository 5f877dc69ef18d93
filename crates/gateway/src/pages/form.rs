//! The forms of a page: a whole HTTP response, in HTML or JSON.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::Page;

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

    fn html(&self) -> String {
        let (title, text, advice) = (escaped(&self.title), escaped(&self.text), escaped(&self.advice));
        let heading = if self.status < 400 { title } else { format!("{} {title}", self.status) };
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{heading}</title>\n\
             <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem;\
             color-scheme:light dark}}td{{padding-right:2rem;overflow-wrap:anywhere}}</style>\n<h1>{heading}</h1>\n<p>{text}\n"
        );
        if !advice.is_empty() {
            // Writing into a String cannot fail.
            let _ = writeln!(out, "<p>{advice}");
        }
        if let Some(routes) = self.routes.as_ref().filter(|routes| !routes.is_empty()) {
            out.push_str("<table>\n");
            for (from, to) in routes {
                let (from, to) = (escaped(from), escaped(to));
                let _ = match from.starts_with("http://") {
                    true => writeln!(out, "<tr><td><a href=\"{from}\">{from}</a><td>{to}"),
                    false => writeln!(out, "<tr><td>{from}<td>{to}"),
                };
            }
            out.push_str("</table>\n");
        }
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
                .map(|(from, to)| format!("{{\"from\":{},\"to\":{}}}", quoted(from), quoted(to)))
                .collect();
            let _ = write!(out, ",\"routes\":[{}]", rows.join(","));
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

/// Text for HTML, also inside of quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_for_json() {
        assert_eq!(quoted("a\"\\\n\u{1}é"), "\"a\\\"\\\\\\u000a\\u0001é\"");
    }
}
