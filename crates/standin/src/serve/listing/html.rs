//! A folder as a page: a table whose heads sort it.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    super::path::encode,
    Entry, Listing,
    order::{KEYS, Key, Order},
};

/// Narrow, the time of day gives way to the name, which may break anywhere.
const STYLE: &str = ":root{color-scheme:light dark}\
    body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem}\
    h1{font-size:1.2rem;margin:0;overflow-wrap:anywhere}header{display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;\
    align-items:baseline;margin-bottom:.8rem}header p,form{margin:0}table{border-collapse:collapse;width:100%}\
    th{text-align:left;position:sticky;top:0;background:Canvas;border-bottom:1px solid #8886}td,th{padding:.25rem .5rem}\
    td+td,th+th{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;vertical-align:top}\
    td+td{opacity:.75}td a{unicode-bidi:isolate;overflow-wrap:anywhere}tr:hover td{background:#8882}\
    .d{font-weight:600}a{text-decoration:none}a:hover{text-decoration:underline}article{margin-top:2rem}\
    @media(max-width:34rem){time i{display:none}td,th{padding:.25rem .3rem}}time i{font-style:normal}";

/// What sends files here. It needs no script: the answer leads back to this page.
const FORM: &str = "<form method=\"post\" enctype=\"multipart/form-data\">\
    <input type=\"file\" name=\"file\" multiple required> <button>Upload</button></form>\n";

/// The page.
pub(super) fn page(listing: &Listing<'_>) -> String {
    let title = escaped(&format!("/{}", listing.wanted.parts().join("/")));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><header><h1>{}</h1>\n\
         <p>all of it: <a href=\"?archive=zip\">zip</a>, <a href=\"?archive=tar.gz\">tar.gz</a></p>\n",
        crumbs(listing)
    );
    if listing.upload {
        page.push_str(FORM);
    }
    page.push_str("</header>\n<table><thead><tr>");
    for (key, name) in KEYS {
        page.push_str(&column(key, name, listing.order));
    }
    page.push_str("</tr></thead><tbody>\n");
    if listing.wanted.name().is_some() {
        page.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for entry in &listing.entries {
        row(&mut page, entry);
    }
    page.push_str("</tbody></table>\n");
    if listing.more {
        page.push_str("<p>There is more than is listed.</p>\n");
    }
    if let Some(readme) = &listing.readme {
        // It is a text of ours by now: nothing in it runs.
        let _ = writeln!(page, "<article>{readme}</article>");
    }
    page.push_str("</body></html>\n");
    page
}

/// The way from the root to here, each folder a link.
fn crumbs(listing: &Listing<'_>) -> String {
    let parts = listing.wanted.parts();
    let up = |steps: usize| if steps == 0 { "./".to_owned() } else { "../".repeat(steps) };
    let mut crumbs = format!("<a href=\"{}\">/</a>", up(parts.len()));
    for (at, part) in (1..).zip(parts) {
        let link = up(parts.len() - at);
        // Writing to a text cannot fail.
        let _ = write!(crumbs, "<a href=\"{link}\">{}/</a>", escaped(part));
    }
    crumbs
}

/// The head of a column: sorts by it, and the other way around where it already does.
fn column(key: Key, name: &str, order: Order) -> String {
    let is_sorted = order.key == key;
    let next = if is_sorted && !order.down { "&amp;order=desc" } else { "" };
    let mark = match (is_sorted, order.down) {
        (false, _) => "",
        (true, false) => " ↑",
        (true, true) => " ↓",
    };
    format!("<th><a href=\"?sort={name}{next}\">{name}{mark}</a></th>")
}

fn row(page: &mut String, entry: &Entry) {
    let (slash, class) = if entry.facts.folder { ("/", " class=d") } else { ("", "") };
    let (link, name) = (encode(&entry.name), escaped(&entry.name));
    let size = if entry.facts.folder { String::new() } else { size(entry.facts.length) };
    let modified = entry.facts.changed.and_then(|changed| Timestamp::try_from(changed).ok());
    // The time of day where the server is, which mostly is where its reader is.
    let local = modified.map(|time| time.to_zoned(TimeZone::system()));
    let modified = local.map(|time| time.strftime("<time>%Y-%m-%d<i> %H:%M</i></time>").to_string());
    // A name such as `a:b` would be taken for a scheme without `./`. Writing to a text cannot fail.
    let _ = writeln!(
        page,
        "<tr><td><a{class} href=\"./{link}{slash}\">{name}{slash}</a></td><td>{size}</td><td>{}</td></tr>",
        modified.unwrap_or_default()
    );
}

/// A length as people read it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    format!("{value:.1} {unit}")
}

/// A text as it stands between tags and in quotes.
pub(in super::super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{path::Wanted, root::Facts},
        *,
    };

    #[test]
    fn names_cannot_become_markup() {
        let facts = Facts { folder: false, length: 1536, changed: None, number: 0 };
        let entry = |name: &str| Entry { name: name.to_owned(), facts };
        let wanted = Wanted::parse("/a%3Cb/c/").expect("it names a folder");
        let entries = vec![entry("<script>alert('1')</script>"), entry("\"onload=x"), entry("a:b?#%")];
        let listing = Listing { entries, order: Order::parse(""), ..Listing::of(&wanted) };
        let page = page(&listing);
        assert!(!page.contains("<script") && !page.contains("\"onload"), "{page}");
        assert!(page.contains("href=\"./a%3Ab%3F%23%25\">a:b?#%</a></td><td>1.5 KiB</td>"), "{page}");
        assert!(
            page.contains("<a href=\"../../\">/</a><a href=\"../\">a&lt;b/</a><a href=\"./\">c/</a>"),
            "{page}"
        );
        assert!(page.contains("?sort=name&amp;order=desc\">name ↑"), "{page}");
    }

    #[test]
    fn sizes() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1024 * 1024, "1.0 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
