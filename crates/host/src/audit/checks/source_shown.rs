//! A21: source and stack traces for other machines.

use super::super::{Ask, Check, Facts, Judge, Power, Reach, Subject, check::Found, stakes};
use crate::probe::contains;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A21",
    title: "it shows source or stack traces to other machines",
    why: "Pages of errors name files, versions and settings, and maps give the source back. Werkzeug's and Rails' even \
          take commands there.",
    spares: "Listeners on loopback: there it is what a development server is for.",
    fixes: &[
        ("Django", "DEBUG = False"),
        ("Flask", "flask run --no-debug"),
        ("Rails", "RAILS_ENV=production"),
        ("Laravel", "APP_DEBUG=false"),
        ("Express", "NODE_ENV=production"),
        ("", "bind it to 127.0.0.1, or switch debugging off"),
    ],
    judge: Judge::Each(judge),
};

/// Marks in a page, and what they are.
const MARKS: &[(&[u8], &str)] = &[
    (b"sourceMappingURL=", "a source map"),
    (b"You're seeing this error because you have <code>DEBUG = True</code>", "Django's page of errors"),
    (b"Werkzeug Debugger", "Werkzeug's debugger"),
    (b"Rails.root:", "Rails' page of errors"),
    (b"Traceback (most recent call last)", "a trace of Python"),
    (b"node_modules/express/lib/router", "a trace of Express"),
    (b"Whoops\\Exception", "a trace of PHP"),
    (b"Ignition", "Laravel's page of errors"),
    (b"goroutine 1 [running]", "a trace of Go"),
];

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let reach = stakes::heard(subject, facts);
    if reach < Reach::Lan {
        return None;
    }
    let pages = subject.answer(Ask::Control).into_iter().chain(subject.pages().map(|(_, answer)| answer));
    let pages = pages.chain(subject.foreign().map(|(_, answer)| answer));
    let what = pages.into_iter().find_map(|page| {
        let found = MARKS.iter().find(|(mark, _)| contains(page.body, mark))?;
        // One word alone is also a product's name on somebody's page.
        (found.1 != "Laravel's page of errors" || page.status >= 500).then_some(found.1)
    })?;
    let evidence = format!("a page had {what}{}", subject.other_side());
    Some(Found::observed(Power::Read, reach, evidence).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{bound, heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        let map = http(200, "", "<script>//# sourceMappingURL=data:x</script>");
        for (address, page, expected) in [
            ("0.0.0.0", &map, true),
            ("127.0.0.1", &map, false),
            ("0.0.0.0", &http(404, "", "Traceback (most recent call last):"), true),
            ("0.0.0.0", &http(200, "", "<p>Ignition keys"), false),
            ("0.0.0.0", &http(404, "", "not found"), false),
        ] {
            let subject =
                heard(bound(address, held(8000, "python3", Some("Django"))), &[(Ask::Control, page)]);
            let facts = machine(subject, &["192.168.1.7"]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{address} {page}");
        }
    }
}
