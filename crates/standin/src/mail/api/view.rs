//! A message's HTML or text as a page of its own.
//!
//! The HTML is another's. It comes with a policy that makes a browser run nothing of it, send nothing anywhere and load
//! nothing but pictures that the message itself has brought: whoever reads mail is not told of.

use super::{
    Api, Said,
    answers::{SEALED, not_found},
};
use crate::{http::Answer, mail::mime::Mail};

/// Answers `/view/KEY.html` and `/view/KEY.txt`.
pub(super) async fn route(api: &Api, name: &str) -> Said {
    let (key, form) = name.rsplit_once('.').ok_or_else(not_found)?;
    let whole = api.find(key).await?;
    let mail = whole.read().await?;
    match form {
        "html" if mail.html.is_empty() => {
            Err(Answer::text(404, "this message does not contain an HTML part\n"))
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

#[cfg(test)]
mod tests {
    use super::{html, with_pictures};
    use crate::mail::mime;

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
