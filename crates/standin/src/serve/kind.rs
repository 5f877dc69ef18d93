//! What a file is, by its name: its media type, its charset, and whether it gets smaller.

use std::{borrow::Cow, path::Path};

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its media type, with a charset where it is a text.
    pub(super) media: Cow<'static, str>,
    /// Whether it is a text of some kind, so that compression pays.
    pub(super) text: bool,
}

impl Kind {
    /// By the ending of a name. Bias: one without a known ending is taken for bytes, so that browsers keep it instead of
    /// guessing what it is.
    pub(super) fn of(name: &str) -> Self {
        let own = Path::new(name).extension().and_then(|ending| ending.to_str()).and_then(|ending| {
            OURS.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map(|(_, media)| *media)
        });
        let guessed = own.or_else(|| mime_guess::from_path(name).first_raw());
        let media = guessed.unwrap_or("application/octet-stream");
        let text = is_text(media);
        // Formats with a rule of their own say in the document how it is encoded (RFC 8259 §8.1, RFC 7303 §3).
        let charset = media.starts_with("text/") && !media.contains(';');
        let media = if charset { format!("{media}; charset=utf-8").into() } else { media.into() };
        Self { media, text }
    }

    /// Whether it is a text in Markdown.
    pub(super) fn is_markdown(&self) -> bool {
        self.media.starts_with("text/markdown")
    }

    /// Whether it is a page.
    pub(super) fn is_html(&self) -> bool {
        self.media.starts_with("text/html")
    }
}

/// What differs from the common list, or is younger.
const OURS: &[(&str, &str)] = &[
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("cjs", "text/javascript"),
    ("ts", "text/plain"),
    ("tsx", "text/plain"),
    ("jsx", "text/plain"),
    ("md", "text/markdown"),
    ("markdown", "text/markdown"),
    ("map", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("wasm", "application/wasm"),
    ("avif", "image/avif"),
    ("jxl", "image/jxl"),
    ("toml", "text/plain"),
    ("yaml", "text/yaml"),
    ("yml", "text/yaml"),
    ("rs", "text/plain"),
    ("go", "text/plain"),
    ("lock", "text/plain"),
    ("log", "text/plain"),
];

fn is_text(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or(media);
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "application/json"
                | "application/javascript"
                | "application/xml"
                | "application/wasm"
                | "application/sql"
                | "application/x-sh"
                | "application/rtf"
                | "font/ttf"
                | "font/otf"
                | "image/bmp"
                | "image/x-icon"
        )
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn kinds_by_name() {
        for (name, media, text) in [
            ("a.html", "text/html; charset=utf-8", true),
            ("a.CSS", "text/css; charset=utf-8", true),
            ("a.js", "text/javascript; charset=utf-8", true),
            ("a.mjs", "text/javascript; charset=utf-8", true),
            ("a.json", "application/json", true),
            ("a.svg", "image/svg+xml", true),
            ("a.wasm", "application/wasm", true),
            ("a.webmanifest", "application/manifest+json", true),
            ("a.md", "text/markdown; charset=utf-8", true),
            ("a.png", "image/png", false),
            ("a.woff2", "font/woff2", false),
            ("a.mp4", "video/mp4", false),
            ("Makefile", "application/octet-stream", false),
            (".html", "application/octet-stream", false),
            ("a.tar.gz", "application/gzip", false),
        ] {
            assert_eq!(Kind::of(name), Kind { media: media.into(), text }, "{name}");
        }
    }
}
