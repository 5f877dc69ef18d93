//! Markdown as a page, for those who would rather have one.
//!
//! What is written in HTML there is shown as it is written, and a link leads to an address of the web or of this site:
//! a text cannot run anything in the page. Deliberately absent: colours for code.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};

use super::listing::escaped;

/// The longest text that is shown as a page, in bytes.
pub(super) const LONGEST: u64 = 2 * 1024 * 1024;

const STYLE: &str = "body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
    :root{color-scheme:light dark}pre,code{font-family:ui-monospace,monospace;background:#8882;border-radius:4px}\
    code{padding:.1em .3em}pre{padding:.8em;overflow:auto}pre code{padding:0;background:none}img{max-width:100%}\
    table{border-collapse:collapse}td,th{border:1px solid #8886;padding:.3em .6em}\
    blockquote{margin-left:0;padding-left:1em;border-left:3px solid #8888}";

/// The page of a text, called after its first heading, or else by this name.
pub(super) fn page(text: &str, name: &str) -> String {
    let (body, heading) = body(text);
    let title = heading.as_deref().unwrap_or(name);
    format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n",
        escaped(title)
    )
}

/// What stands in the body of its page, and its first heading.
pub(super) fn body(text: &str) -> (String, Option<String>) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let mut heading = Heading::Before;
    let events = Parser::new_ext(text, options).map(|event| {
        heading.hear(&event);
        harmless(event)
    });
    let mut body = String::with_capacity(text.len() * 3 / 2);
    push_html(&mut body, events);
    let heading = match heading {
        Heading::Within(title) | Heading::Behind(title) if !title.is_empty() => Some(title),
        _ => None,
    };
    (body, heading)
}

/// The first heading, while it is read.
enum Heading {
    Before,
    Within(String),
    Behind(String),
}

impl Heading {
    fn hear(&mut self, event: &Event<'_>) {
        match (&mut *self, event) {
            (Self::Before, Event::Start(Tag::Heading { .. })) => *self = Self::Within(String::new()),
            (Self::Within(title), Event::Text(text) | Event::Code(text)) => title.push_str(text),
            (Self::Within(title), Event::End(TagEnd::Heading(_))) => {
                *self = Self::Behind(std::mem::take(title));
            }
            _ => {}
        }
    }
}

fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: led(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: led(dest_url), title, id })
        }
        event => event,
    }
}

/// Where a link leads: nowhere where that is neither of the web nor of this site.
fn led(to: CowStr<'_>) -> CowStr<'_> {
    // Browsers leave out what is below a space, also within a scheme.
    let plain: String = to.chars().filter(|c| *c > ' ').collect();
    let scheme =
        plain.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| !scheme.contains(['/', '?', '#']));
    let known = |scheme: &str| {
        ["http", "https", "mailto", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    };
    if scheme.is_none_or(known) { to } else { "#".into() }
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_text_cannot_run_anything() {
        let text = "# A *b* <c>\n\n<script>alert(1)</script> and <b onclick=x>b</b>\n\n\
                    [a](javascript:alert(1)) [b](java\tscript:x) [c](other.md) [d](https://a.b/?x=y:z) ![e](data:x)\n\n\
                    [f](a/b:c) [g](<java&#10;script:x>)\n\n<style>x</style>\n\n| a |\n|---|\n| b |\n";
        let page = page(text, "x.md");
        let body = &page[page.find("<body>").expect("it has a body")..];
        for part in ["<script", "<b ", "<style", "javascript:", "data:", "\"java"] {
            assert!(!body.contains(part), "`{part}`: {body}");
        }
        for part in [
            "&lt;script&gt;",
            "href=\"other.md\"",
            "href=\"https://a.b/?x=y:z\"",
            "href=\"a/b:c\"",
            "<td>b</td>",
        ] {
            assert!(body.contains(part), "`{part}`: {body}");
        }
        assert!(page.contains("<title>A b </title>"), "{page}");
        assert!(super::page("text", "<x>.md").contains("<title>&lt;x&gt;.md</title>"));
    }
}
