//! Documents that are always the same.

use super::{HTML, Question, json::read, seen::document, table::ROUTES};
use crate::http::Answer;

/// The slides that clients of httpbin know.
const SLIDES: &str = r#"{"slideshow": {"author": "Yours Truly", "date": "date of publication", "slides": [
    {"title": "Wake up to WonderWidgets!", "type": "all"},
    {"items": ["Why <em>WonderWidgets</em> are great", "Who <em>buys</em> WonderWidgets"],
     "title": "Overview", "type": "all"}], "title": "Sample Slide Show"}}"#;

/// `/` and `/legacy`: all routes.
pub(super) fn index(_: &Question<'_>, _: &[&str]) -> Answer {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<title>navyd echo</title>\n\
         <style>body { font: 1rem/1.5 monospace; margin: 2rem } td { padding-right: 2rem }</style>\n\
         <h1>navyd echo</h1>\n<p>Says what it was asked, and answers as it is told to.\n<table>\n",
    );
    for route in ROUTES {
        let (path, summary) = (route.path(), route.summary());
        let link = if path.contains('{') { path } else { format!("<a href=\"{path}\">{path}</a>") };
        let methods: Vec<_> =
            route.methods().filter(|method| !["HEAD", "OPTIONS"].contains(method)).collect();
        page.push_str(&format!("<tr><td>{link}<td>{summary}<td>{}\n", methods.join(" ")));
    }
    Answer::of(200, HTML, page + "</table>\n</html>\n")
}

/// `/html`
pub(super) fn html(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, HTML, include_str!("page/moby.html"))
}

/// `/xml`
pub(super) fn xml(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, "application/xml", include_str!("page/slides.xml"))
}

/// `/json`
pub(super) fn json(_: &Question<'_>, _: &[&str]) -> Answer {
    read(SLIDES).map_or_else(|| Answer::new(500), |slides| document(&slides))
}

/// `/robots.txt`
pub(super) fn robots(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, "text/plain", "User-agent: *\nDisallow: /deny\n")
}

/// `/deny`: what robots are told not to read.
pub(super) fn deny(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, "text/plain", include_str!("page/deny.txt"))
}

/// `/encoding/utf8`
pub(super) fn utf8(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, HTML, include_str!("page/utf8.html"))
}

/// `/forms/post`: a form that leads to `/post`.
pub(super) fn form(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, HTML, include_str!("page/form.html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slides_are_json() {
        assert!(read(SLIDES).is_some_and(|slides| slides.pretty().contains("\"author\": \"Yours Truly\"")));
    }
}
