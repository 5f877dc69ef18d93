//! Pages to read mail: a list with a search, and a message. Made here, and complete without JavaScript.
//!
//! Whatever a message says is escaped. Its HTML is shown in a frame that is sealed twice: by the frame, and by what the
//! framed page comes with.

use std::fmt::Write as _;

use super::{
    Api, Said, Whole,
    answers::{encoded, not_found},
    failed, input,
    mailpit::{detail, summary, time},
    wants_json,
};
use crate::{
    http::{Answer, Head},
    mail::{
        mime::{Address, Mail},
        query::Query,
        store::{Facts, Page, Selection, Stats},
    },
};

/// Messages on one page.
const PAGE: u64 = 50;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884;--dim:#767676;--mark:#2563eb}
@media(prefers-color-scheme:dark){:root{--dim:#999;--mark:#7aa2ff}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:75rem;padding:1rem}
header{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;margin-bottom:1rem}
h1{font-size:1.2rem;line-height:1.3;margin:0;min-width:0;overflow-wrap:anywhere}
form{display:inline}form[method]{margin-left:auto}
input[type=search]{font:inherit;padding:.35rem .7rem;width:min(26rem,70vw);border:1px solid var(--line);border-radius:.4rem}
button{font:inherit;padding:.3rem .8rem;background:none;border:1px solid var(--line);border-radius:.4rem;color:inherit}
button:hover{background:#8882}a{color:inherit}a:focus-visible,button:focus-visible{outline:2px solid var(--mark)}
ul{list-style:none;margin:0;padding:0}li{border-top:1px solid var(--line)}
li a{display:grid;grid-template-columns:14rem minmax(0,1fr) auto;gap:0 1rem;align-items:baseline;padding:.5rem .6rem;
text-decoration:none;border-left:3px solid transparent}
li a:hover{background:#8881}li.new a{border-left-color:var(--mark)}li.new b{font-weight:600}
b{font-weight:400}li span{text-align:left;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
small,.dim,time{color:var(--dim);font-size:.85em}time{white-space:nowrap;font-variant-numeric:tabular-nums}
nav{margin:1rem 0;overflow-wrap:anywhere}nav>*{margin-right:.6rem}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1rem 1rem;margin:0}dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}dd time{font-size:inherit;color:inherit}
pre{font:.95em/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;border-top:1px solid var(--line);
margin:0;padding-top:1rem}
iframe{display:block;width:100%;height:75vh;border:1px solid var(--line);border-radius:.4rem;background:#fff}
@media(max-width:45rem){li a{grid-template-columns:minmax(0,1fr) auto}li a>span:first-child{grid-row:1}
li a>span+span{grid-column:1/3}time{grid-row:1;grid-column:2}}";

/// The pages themselves load nothing either, but the frame; and their forms go nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Answers `/` and what stands behind `/mail`.
pub(super) async fn route(api: &Api, method: &str, path: &[&str], head: &Head) -> Said {
    match (method, path) {
        ("GET", []) => list(api, head).await,
        ("POST", ["mail", "delete"]) => remove(api, Selection::All).await,
        ("POST", ["mail", key, "delete"]) => remove(api, Selection::Keys(vec![(*key).to_owned()])).await,
        ("GET", ["mail", key]) => message(api, key, head).await,
        _ => Err(not_found()),
    }
}

async fn list(api: &Api, head: &Head) -> Said {
    let words = input::parameter(head, "q").unwrap_or_default();
    let (query, start) = (Query::parse(&words, ""), input::number(head, "start").unwrap_or(0));
    let found = api.store.ask(move |shelf| {
        let page = if query.is_empty() {
            shelf.list(start, PAGE, None)?
        } else {
            shelf.search(&query, start, PAGE, None)?
        };
        Ok((page, shelf.stats()?))
    });
    let (page, stats) = found.await.map_err(failed)?;
    if wants_json(head) {
        return Ok(super::answers::json(&page.messages.iter().map(summary).collect::<Vec<_>>()));
    }
    Ok(html(&listing(&words, &page, start, stats)))
}

async fn message(api: &Api, key: &str, head: &Head) -> Said {
    let whole = api.find(key).await?;
    let which = Selection::Keys(vec![whole.facts.key.clone()]);
    api.store.ask(move |shelf| shelf.mark(&which, true)).await.map_err(failed)?;
    let mail = whole.read().await?;
    if wants_json(head) {
        return Ok(super::answers::json(&detail(&whole, &mail)));
    }
    let as_text = input::parameter(head, "as").is_some_and(|form| form == "text");
    Ok(html(&shown(&whole, &mail, as_text)))
}

async fn remove(api: &Api, which: Selection) -> Said {
    api.store.ask(move |shelf| shelf.delete(&which)).await.map_err(failed)?;
    // RFC 9110 §15.4.4: the page that is shown then is asked for with GET.
    Ok(Answer::new(303).with("Location", "/"))
}

fn listing(words: &str, page: &Page, start: u64, stats: Stats) -> String {
    let mut body = format!(
        "<header><h1>Mail</h1><form><input type=search name=q value=\"{}\" placeholder=\"from:shop is:unread\" \
         aria-label=Search></form><span class=dim>{} of {}, {} unread</span>",
        escaped(words),
        page.found,
        stats.messages,
        stats.unread
    );
    if stats.messages > 0 {
        body.push_str("<form method=post action=/mail/delete><button>Delete all</button></form>");
    }
    body.push_str("</header><ul>");
    for facts in &page.messages {
        body.push_str(&row(facts));
    }
    body.push_str("</ul>");
    if page.messages.is_empty() {
        body.push_str("<p class=dim>No messages.</p>");
    }
    body.push_str("<nav>");
    let link =
        |start: u64, text: &str| format!("<a href=\"/?q={}&amp;start={start}\">{text}</a> ", encoded(words));
    if start > 0 {
        body.push_str(&link(start.saturating_sub(PAGE), "newer"));
    }
    if start.saturating_add(PAGE) < page.found {
        body.push_str(&link(start + PAGE, "older"));
    }
    body.push_str("</nav>");
    whole("Mail", &body)
}

fn row(facts: &Facts) -> String {
    let class = if facts.read { "" } else { " class=new" };
    let subject = if facts.subject.is_empty() { "(no subject)" } else { &facts.subject };
    let files = match facts.attachments {
        0 => String::new(),
        1 => " <small>[1 file]</small>".to_owned(),
        more => format!(" <small>[{more} files]</small>"),
    };
    let from = &facts.known.from;
    format!(
        "<li{class}><a href=\"/mail/{}\"><span dir=auto><b>{}</b></span><span dir=auto><b>{}</b>{files} <small>{}</small>\
         </span>{}</a></li>",
        facts.key,
        escaped(if from.name.is_empty() { &from.address } else { &from.name }),
        escaped(subject),
        escaped(&facts.known.snippet),
        moment(facts.received, true),
    )
}

fn shown(message: &Whole, mail: &Mail, as_text: bool) -> String {
    let (facts, key) = (&message.facts, &message.facts.key);
    let known = &facts.known;
    let mut body = format!(
        "<header><a href=/>← all</a><h1 dir=auto>{}</h1><form method=post action=\"/mail/{key}/delete\"><button>Delete</button>\
         </form></header><dl>",
        escaped(if facts.subject.is_empty() { "(no subject)" } else { &facts.subject })
    );
    let people = |list: &[Address]| list.iter().map(Address::shown).collect::<Vec<_>>().join(", ");
    for (name, value) in [
        ("From", known.from.shown()),
        ("To", people(&known.to)),
        ("Cc", people(&known.cc)),
        ("Bcc", people(&known.bcc)),
        ("Reply-To", people(&known.reply_to)),
        ("Inboxes", known.inboxes.join(", ")),
        ("Tags", facts.tags.join(", ")),
    ] {
        if !value.is_empty() {
            // Writing to a text cannot fail.
            let _ = write!(body, "<dt>{name}</dt><dd dir=auto>{}</dd>", escaped(&value));
        }
    }
    let _ = write!(body, "<dt>Received</dt><dd>{}</dd></dl><nav>", moment(facts.received, false));
    if !mail.html.is_empty() {
        let (form, name) = if as_text { ("html", "HTML") } else { ("text", "text") };
        let _ = write!(body, "<a href=\"/mail/{key}?as={form}\">as {name}</a> ");
    }
    let _ = write!(
        body,
        "<a href=\"/api/v1/message/{key}/headers\">headers</a> <a href=\"/api/v1/message/{key}/raw\">raw</a>"
    );
    for part in &mail.parts {
        let name = if part.name.is_empty() { &part.kind } else { &part.name };
        let _ = write!(
            body,
            " <a href=\"/api/v1/message/{key}/part/{}\">{}</a> <small>{} bytes</small>",
            part.number,
            escaped(name),
            part.bytes.len()
        );
    }
    body.push_str("</nav>");
    if mail.html.is_empty() || as_text {
        let _ = write!(body, "<pre dir=auto>{}</pre>", escaped(&mail.text));
    } else {
        let _ = write!(body, "<iframe sandbox title=Message src=\"/view/{key}.html\"></iframe>");
    }
    whole(&facts.subject, &body)
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style><body>{body}</body></html>",
        escaped(title)
    )
}

fn html(text: &str) -> Answer {
    Answer::of(200, "text/html; charset=utf-8", text.to_owned())
        .with("Content-Security-Policy", POLICY)
        .with("X-Content-Type-Options", "nosniff")
        .with("Referrer-Policy", "same-origin")
        .with("Cache-Control", "no-store")
}

/// A time to the second, or where there is little room to the minute.
fn moment(milliseconds: i64, short: bool) -> String {
    let time = time(milliseconds);
    let shown = time.get(..if short { 16 } else { 19 }).unwrap_or(&time).replace('T', " ");
    let zone = if short { "" } else { " UTC" };
    format!("<time datetime=\"{time}\">{shown}{zone}</time>")
}

/// A text that means nothing but itself in HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::mail::mime;

    const EVIL: &str = "<script>alert(1)</script>\"'&";

    #[test]
    fn what_a_message_says_is_escaped() {
        let mut facts = Facts { key: "K".to_owned(), subject: EVIL.to_owned(), ..Facts::default() };
        facts.known.from = Address { name: EVIL.to_owned(), address: EVIL.to_owned() };
        facts.known.snippet = EVIL.to_owned();
        facts.tags = vec![EVIL.to_owned()];
        let page = Page { messages: vec![facts.clone()], found: 1, found_unread: 1 };
        let text = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{EVIL}\r\n--b\r\nContent-Type: image/png; name=\"{}\"\r\n\r\n1\r\n--b--\r\n",
            "<script>"
        );
        let message = Whole { facts, bytes: Bytes::new() };
        for html in
            [listing(EVIL, &page, 0, Stats::default()), shown(&message, &mime::read(text.as_bytes()), true)]
        {
            assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
        }
    }

    #[test]
    fn html_is_shown_in_a_frame_that_may_do_nothing() {
        let message = Whole { facts: Facts { key: "K".to_owned(), ..Facts::default() }, bytes: Bytes::new() };
        let mail = mime::read(b"Content-Type: text/html\r\n\r\n<b>x</b>");
        let html = shown(&message, &mail, false);
        assert!(
            html.contains("<iframe sandbox title=Message src=\"/view/K.html\">")
                && !html.contains("<b>x</b>")
        );
    }
}
