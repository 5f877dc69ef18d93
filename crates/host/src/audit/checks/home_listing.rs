//! A22: a home directory as a list of links.

use navyd_model::finding::Confidence;

use super::super::{Check, Facts, Judge, Power, Subject, check::Found, stakes};
use crate::probe::contains;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A22",
    title: "it lists and serves a home directory",
    why: "Keys, tokens, histories and browser profiles lie there, one request each.",
    spares: "Listings of other folders, such as documents; homes of which no listing is shown.",
    fixes: &[
        ("http.server", "python3 -m http.server {port} --bind 127.0.0.1 --directory public"),
        ("", "serve a folder that holds only what is meant to be seen"),
    ],
    judge: Judge::Each(judge),
};

/// How listings begin.
const LISTINGS: &[&[u8]] =
    &[b"Directory listing for /", b"<title>Index of /", b"listing directory /", b"Files within"];

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let page = subject.page().map(|(_, page)| page).filter(|page| page.status == 200)?;
    let folder = subject.ground.folder.as_deref().filter(|_| subject.ground.home)?;
    if !LISTINGS.iter().any(|mark| contains(page.body, mark)) {
        return None;
    }
    let evidence = format!("`GET /` lists `{folder}`, a home directory{}", subject.other_side());
    let found = Found::observed(Power::Read, stakes::heard(subject, facts), evidence);
    Some(found.sure(Confidence::Proven).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{Ask, Ground},
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        let listing = http(200, "", "<title>Directory listing for /</title>");
        for (home, page, expected) in [
            (true, &listing, true),
            (false, &listing, false),
            (true, &http(200, "", "<title>Shop</title>"), false),
            (true, &http(403, "", "Directory listing for /"), false),
        ] {
            let ground = Ground { home, folder: Some("/home/dev".to_owned()), ..Ground::default() };
            let subject = Subject { ground, ..held(8000, "python3", Some("http.server")) };
            let facts = machine(heard(subject, &[(Ask::Page("/"), page)]), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{home} {page}");
        }
    }
}
