//! A11: pages of other origins may read it.

use navyd_model::finding::Confidence;

use super::super::{Ask, Check, FOREIGN, Facts, Judge, Power, Reach, Subject, check::Found, stakes};
use crate::probe::Answer;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A11",
    title: "it lets pages of every origin read its answers",
    why: "Any page that is open in a browser fetches from here and reads what comes: webpack-dev-server gave away \
          source so (CVE-2025-30359), and so did esbuild's server.",
    spares: "Origins of this machine, which Vite allows by design; a fixed origin; listeners that answer nothing \
             without a login. A missing `Vary` is no danger by itself.",
    fixes: &[
        ("Vite", "server: { cors: { origin: 'http://localhost:{port}' } }"),
        ("webpack-dev-server", "devServer: { headers: {} }, without Access-Control-Allow-Origin"),
        ("http-server", "http-server without --cors"),
        ("FastAPI", "CORSMiddleware(allow_origins=['http://localhost:{port}'])"),
        ("", "name the origins in Access-Control-Allow-Origin, instead of `*` or whoever asks"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let foreign = subject.foreign().map(|(_, answer)| answer);
    let asked = foreign.into_iter().chain(subject.answer(Ask::Control));
    let (allowed, credentials) = asked.filter(|answer| answer.status < 500).find_map(|answer| {
        let credentials = answer.says("access-control-allow-credentials", "true");
        Some((allows(&answer)?, credentials))
    })?;
    // Something must be there to be read.
    let all = [Ask::Control].into_iter().filter_map(|ask| subject.answer(ask));
    let all = all
        .chain(subject.pages().map(|(_, answer)| answer))
        .chain(subject.foreign().map(|(_, answer)| answer));
    if !all.into_iter().any(|answer| (200..300).contains(&answer.status)) {
        return None;
    }
    let with = if credentials && allowed != "*" { ", and its cookies are sent along" } else { "" };
    let evidence = format!(
        "to `Origin: http://{FOREIGN}` it answered `Access-Control-Allow-Origin: {allowed}`{with}{}",
        subject.other_side()
    );
    let reach = Reach::AnyPage.max(stakes::heard(subject, facts));
    let power = stakes::power(subject).max(Power::Read);
    Some(Found::observed(power, reach, evidence).sure(Confidence::Proven).fix(CHECK.fix(subject)))
}

/// What it lets in, where that is everybody.
fn allows(answer: &Answer<'_>) -> Option<String> {
    let allowed = String::from_utf8_lossy(answer.heading("access-control-allow-origin")?).into_owned();
    (allowed == "*" || allowed.eq_ignore_ascii_case(&format!("http://{FOREIGN}"))).then_some(allowed)
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        const REFLECTS: &str = "Access-Control-Allow-Origin: http://navyd-audit.invalid";
        for (name, control, page, expected) in [
            ("every origin", http(404, "Access-Control-Allow-Origin: *", ""), http(200, "", "x"), true),
            ("whoever asks", http(404, REFLECTS, ""), http(200, "", "x"), true),
            (
                "whoever asks, with Vary",
                http(200, &format!("{REFLECTS}|Vary: Origin"), "x"),
                http(200, "", "x"),
                true,
            ),
            (
                "a list",
                http(404, "Access-Control-Allow-Origin: http://localhost:5173", ""),
                http(200, "", "x"),
                false,
            ),
            (
                "Vite, which reflects its own machine only",
                http(200, "Vary: Origin", "x"),
                http(200, "", "x"),
                false,
            ),
            ("a login", http(401, "Access-Control-Allow-Origin: *", ""), http(401, "", "x"), false),
            ("a failure", http(500, "Access-Control-Allow-Origin: *", ""), http(200, "", "x"), false),
        ] {
            let subject =
                heard(held(3000, "node", None), &[(Ask::Control, &control), (Ask::Page("/"), &page)]);
            let facts = machine(subject, &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.is_some(), expected, "{name}");
            assert!(found.is_none_or(|found| (found.power, found.reach) == (Power::Read, Reach::AnyPage)));
        }
    }
}
