//! A10: it answers to every name.

use navyd_model::finding::Confidence;

use super::super::{Ask, Check, Facts, Judge, Reach, Subject, check::Found, stakes};
use crate::probe::Answer;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A10",
    title: "it answers to every name (DNS rebinding)",
    why: "A page of any site lets its own name point to 127.0.0.1 and then reads this listener as if it were its own \
          server: Vite (CVE-2025-24010), Ollama (CVE-2024-28224) and the MCP SDK (CVE-2025-66416) were read so.",
    spares: "Answers other than 200, such as a login by any name; a foreign name that gets another page than its own; \
             servers that tell sites apart by name; TLS, which a foreign name's certificate does not fit.",
    fixes: &[
        ("Vite", "remove `allowedHosts: true` from `server` in vite.config"),
        ("webpack-dev-server", "devServer: { allowedHosts: 'auto' }"),
        ("webpack", "devServer: { allowedHosts: 'auto' }"),
        ("Create React App", "unset DANGEROUSLY_DISABLE_HOST_CHECK"),
        ("Django", "ALLOWED_HOSTS = ['localhost', '127.0.0.1']"),
        ("Rails", "config.hosts = ['localhost']"),
        ("FastAPI", "app.add_middleware(TrustedHostMiddleware, allowed_hosts=['localhost', '127.0.0.1'])"),
        ("Flask", "app.config['TRUSTED_HOSTS'] = ['localhost', '127.0.0.1']"),
        ("", "refuse every `Host` but localhost:{port} and {host}:{port}"),
    ],
    judge: Judge::Each(judge),
};

/// By how much an answer may be longer or shorter that holds a token or a time of its own.
const DRIFT: usize = 64;

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let (path, foreign) = subject.foreign()?;
    if foreign.status != 200 || foreign.body.is_empty() {
        return None;
    }
    let (confidence, like) = match (subject.answer(Ask::Page(path)), subject.answer(Ask::Control)) {
        (Some(own), _) => (same(&own, &foreign)?, "as by its own name"),
        (None, Some(control)) if control.status == 200 && control.body == foreign.body => {
            (Confidence::Proven, "as by its own name")
        }
        (None, _) => (Confidence::Observed, "and did not refuse the name"),
    };
    let evidence = format!(
        "`GET {path}` with `Host: navyd-audit.invalid` was answered 200 with {} bytes, {like}{}",
        foreign.body.len(),
        subject.other_side()
    );
    let reach = Reach::AnyPage.max(stakes::heard(subject, facts));
    Some(Found::observed(stakes::power(subject), reach, evidence).sure(confidence).fix(CHECK.fix(subject)))
}

/// How sure it is that both are one page.
fn same(own: &Answer<'_>, foreign: &Answer<'_>) -> Option<Confidence> {
    if own.status != foreign.status {
        return None;
    }
    if own.body == foreign.body {
        return Some(Confidence::Proven);
    }
    let kin = own.heading("content-type") == foreign.heading("content-type")
        && own.body.len().abs_diff(foreign.body.len()) <= DRIFT
        && own.body.iter().zip(foreign.body).take_while(|(a, b)| a == b).count() >= DRIFT;
    kin.then_some(Confidence::Observed)
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        let page = |status, body: &str| http(status, "Content-Type: text/html", body);
        let long = format!("<html>{}", "x".repeat(100));
        for (name, own, foreign, expected) in [
            ("the same page", page(200, "<html>"), page(200, "<html>"), Some(Confidence::Proven)),
            (
                "a page with a token",
                page(200, &format!("{long}1")),
                page(200, &format!("{long}22")),
                Some(Confidence::Observed),
            ),
            ("Vite refuses the name", page(200, "<html>"), page(403, "Blocked request."), None),
            ("401 by both names", page(401, "x"), page(401, "x"), None),
            ("404 by both names", page(404, "x"), page(404, "x"), None),
            ("another site by default", page(200, "shop"), page(200, "Welcome to nginx!"), None),
            ("nothing at all", page(200, ""), page(200, ""), None),
            ("TLS", page(400, "x"), String::new(), None),
        ] {
            let subject = heard(
                held(5173, "node", Some("Vite")),
                &[(Ask::Page("/"), &own), (Ask::Foreign("/"), &foreign)],
            );
            let facts = machine(subject, &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.as_ref().map(|found| found.confidence), expected, "{name}");
            assert!(found.is_none_or(|found| found.reach == Reach::AnyPage));
        }
    }

    #[test]
    fn without_its_own_page_the_control_says_how_sure_it_is() {
        for (control, foreign, expected) in [
            ((200, "app"), (200, "app"), Some(Confidence::Proven)),
            ((404, "no"), (200, "app"), Some(Confidence::Observed)),
            ((404, "no"), (403, "Invalid Host header"), None),
        ] {
            let (control, foreign) = (http(control.0, "", control.1), http(foreign.0, "", foreign.1));
            let said = [(Ask::Control, control.as_str()), (Ask::Foreign("/"), &foreign)];
            let facts = machine(heard(held(8080, "node", None), &said), &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.map(|found| found.confidence), expected, "{foreign}");
        }
    }
}
