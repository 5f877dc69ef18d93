//! A20: files that must stay hidden are served.

use navyd_model::finding::Confidence;

use super::super::{Ask, Check, Facts, Judge, Power, Subject, check::Found, stakes};
use crate::probe::Answer;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A20",
    title: "it serves .git or .env",
    why: "From `.git` the whole source and its history are rebuilt, and `.env` holds the passwords. Scanners ask every \
          address for both, all day.",
    spares: "Pages that answer 200 to every path; a text that is not what such a file holds; refusals.",
    fixes: &[
        ("nginx", "location ~ /\\. { deny all; }"),
        ("apache2", "RedirectMatch 404 /\\."),
        ("caddy", "file_server { hide .git .env }"),
        ("http.server", "python3 -m http.server {port} --directory public"),
        ("http-server", "http-server public --no-dotfiles"),
        ("", "serve a folder without them, or deny every path with `/.`"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let (path, what) = subject.pages().find_map(|(path, page)| Some((path, holds(path, &page)?)))?;
    // Whoever says the same to any path serves no file.
    let control = subject.answer(Ask::Control);
    if control.is_some_and(|control| control.status == 200 && holds(path, &control).is_some()) {
        return None;
    }
    let evidence = format!("`GET {path}` was answered 200 with {what}{}", subject.other_side());
    let found = Found::observed(Power::Read, stakes::heard(subject, facts), evidence);
    Some(found.sure(Confidence::Proven).fix(CHECK.fix(subject)))
}

/// What the page holds, without the value of anything.
fn holds(path: &str, page: &Answer<'_>) -> Option<&'static str> {
    if page.status != 200 || page.says("content-type", "html") {
        return None;
    }
    let text = std::str::from_utf8(page.body).ok()?;
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    match path {
        "/.git/HEAD" => {
            let commit = matches!(first.len(), 40 | 64) && first.bytes().all(|byte| byte.is_ascii_hexdigit());
            (first.starts_with("ref: refs/") || commit).then_some("what git has checked out")
        }
        "/.env" => {
            let (name, _) = first.strip_prefix("export ").unwrap_or(first).split_once('=')?;
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            (!name.is_empty() && name.chars().all(is_name)).then_some("the variables of an environment")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        let ok = |body: &str| http(200, "", body);
        let html = http(200, "Content-Type: text/html", "<html>");
        for (name, path, page, control, expected) in [
            ("git", "/.git/HEAD", ok("ref: refs/heads/main\n"), http(404, "", ""), true),
            ("a commit", "/.git/HEAD", ok(&"a1".repeat(20)), http(404, "", ""), true),
            ("an environment", "/.env", ok("# x\nDB_PASSWORD=1\n"), http(404, "", ""), true),
            ("a refusal", "/.git/HEAD", http(403, "", "ref: refs/heads/main"), http(404, "", ""), false),
            ("a page for all", "/.git/HEAD", html.clone(), html, false),
            ("a page for all, as it is", "/.env", ok("A=1"), ok("A=1"), false),
            ("html in disguise", "/.env", ok("<html><a href=x>"), http(404, "", ""), false),
            ("another text", "/.git/HEAD", ok("hello"), http(404, "", ""), false),
        ] {
            let path: &'static str = path;
            let subject =
                heard(held(80, "nginx", None), &[(Ask::Control, &control), (Ask::Page(path), &page)]);
            let facts = machine(subject, &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.is_some(), expected, "{name}");
            assert!(found.is_none_or(|found| !found.evidence.contains("PASSWORD")));
        }
    }
}
