//! A message's HTML or text as a page of its own.
//!
//! The HTML is another's. It comes with a policy that makes a browser run nothing of it, send nothing anywhere and load
//! nothing but pictures that the message itself has brought: whoever reads mail is not told of.

use super::{
    Api, Said,
    answers::{SEALED, not_found},
    input,
};
use crate::{
    http::{Answer, Head},
    mail::mime::Mail,
};

/// Answers `/view/KEY.html` and `/view/KEY.txt`.
pub(super) async fn route(api: &Api, name: &str, head: &Head) -> Said {
    let (key, form) = name.rsplit_once('.').ok_or_else(not_found)?;
    let whole = api.named(key, head).await?;
    let mail = whole.read().await?;
    match form {
        "html" if mail.html.is_empty() => {
            Err(Answer::text(404, "this message does not contain an HTML part\n"))
        }
        // Somebody puts it into a page of their own.
        "html" if input::number(head, "embed") == Some(1) => {
            let mail = Mail { html: opening_elsewhere(&mail.html), ..mail };
            Ok(html(&whole.facts.key, &mail))
        }
        "html" => Ok(html(&whole.facts.key, &mail)),
        "txt" => Ok(Answer::text(200, mail.text).with("X-Content-Type-Options", "nosniff")),
        _ => Err(not_found()),
    }
}

/// The HTML of a message, sealed.
pub(super) fn html(key: &str, mail: &Mail) -> Answer {
    Answer::of(200, "text/html; charset=utf-8", with_pictures(key, mail))
        .with("Content-Security-Policy", SEALED)
        .with("X-Content-Type-Options", "nosniff")
        .with("Referrer-Policy", "no-referrer")
        .with("Cache-Control", "no-store")
}

/// The HTML, with the pictures that it refers to by their Content-ID (RFC 2392).
fn with_pictures(key: &str, mail: &Mail) -> String {
    let mut html = mail.html.clone();
    // The longer ids go first: one may begin with another.
    let mut parts: Vec<_> = mail.parts.iter().filter(|part| !part.id.is_empty()).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.id.len()));
    for part in parts.into_iter().take(crate::mail::limits::LINKS) {
        html =
            html.replace(&format!("cid:{}", part.id), &format!("/api/v1/message/{key}/part/{}", part.number));
    }
    html
}

/// The HTML with links that open beside the page that it is put into, and tell nobody where they were. What stands first
/// among the attributes of an element counts.
fn opening_elsewhere(html: &str) -> String {
    let mut opened = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("<a").into_iter().chain(rest.find("<A")).min() {
        let (before, behind) = rest.split_at(at + 2);
        opened.push_str(before);
        if behind.starts_with(|letter: char| letter.is_ascii_whitespace()) {
            opened.push_str(" target=\"_blank\" rel=\"noreferrer noopener\"");
        }
        rest = behind;
    }
    opened + rest
}

#[cfg(test)]
mod tests {
    use super::{html, opening_elsewhere, with_pictures};
    use crate::mail::mime;

    #[test]
    fn links_open_elsewhere() {
        let opened = "target=\"_blank\" rel=\"noreferrer noopener\"";
        for (html, expected) in [
            ("<a href=x>y</a>", format!("<a {opened} href=x>y</a>")),
            ("<p><A\nhref=x><abbr>", format!("<p><A {opened}\nhref=x><abbr>")),
            ("<a>b<a", "<a>b<a".to_owned()),
        ] {
            assert_eq!(opening_elsewhere(html), expected);
        }
    }

    #[test]
    fn pictures_are_those_of_the_message() {
        let mail = mime::read(
            b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
            <img src=\"cid:a\"><img src='cid:ab'><script>x</script>\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\n\r\n1\r\n\
            --b\r\nContent-Type: image/png\r\nContent-ID: <ab>\r\n\r\n2\r\n--b--\r\n",
        );
        let shown = with_pictures("K", &mail);
        assert!(
            shown.contains("\"/api/v1/message/K/part/2\"") && shown.contains("'/api/v1/message/K/part/3'"),
            "{shown}"
        );
        let answer = html("K", &mail);
        let policy = answer.field("Content-Security-Policy").unwrap();
        assert!(
            policy.starts_with("sandbox;")
                && policy.contains("default-src 'none'")
                && !policy.contains("allow-")
        );
    }
}
