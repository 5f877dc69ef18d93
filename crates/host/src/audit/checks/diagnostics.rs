//! A37: settings, profiles or measures of a program for whoever asks.

use super::super::{Check, Facts, Judge, Power, Subject, check::Found};
use crate::probe::{Answer, contains};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A37",
    title: "it shows its settings, profiles or measures",
    why: "`/actuator/env` has led from settings to running code, profiles of Go hold what lies in memory, and measures \
          tell the names of machines and customers.",
    spares: "Paths behind a login, and pages that answer 200 to every path.",
    fixes: &[
        ("Spring Boot", "management.endpoints.web.exposure.include=health"),
        ("", "serve them on a port of their own that is bound to 127.0.0.1, or behind a login"),
    ],
    judge: Judge::Each(judge),
};

/// What is asked, what it holds, and what that gives.
const PAGES: &[(&str, Power, &str)] = &[
    ("/actuator/env", Power::Read, "the settings and environment of the program"),
    ("/debug/pprof/", Power::Read, "profiles of the program"),
    ("/metrics", Power::Info, "the program's measures"),
];

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let (path, power, what) = PAGES
        .iter()
        .copied()
        .find(|(path, _, _)| subject.served(path).is_some_and(|answer| holds(path, &answer)))?;
    Some(CHECK.answered(subject, facts, power, &format!("`GET {path}` was answered with {what}")))
}

fn holds(path: &str, answer: &Answer<'_>) -> bool {
    match path {
        "/actuator/env" => answer.object().is_some_and(|told| told.contains_key("propertySources")),
        "/debug/pprof/" => contains(answer.body, b"full goroutine stack dump"),
        _ => answer.body.starts_with(b"# HELP ") || answer.body.starts_with(b"# TYPE "),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::Ask,
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (path, said, expected) in [
            (
                "/actuator/env",
                http(200, "", r#"{"activeProfiles":[],"propertySources":[]}"#),
                Some(Power::Read),
            ),
            ("/actuator/env", http(401, "", "{}"), None),
            ("/actuator/env", http(200, "", "<html>"), None),
            ("/debug/pprof/", http(200, "", "<a href=x>full goroutine stack dump</a>"), Some(Power::Read)),
            ("/debug/pprof/", http(404, "", "404 page not found"), None),
            ("/metrics", http(200, "", "# HELP up x\n"), Some(Power::Info)),
            ("/metrics", http(200, "", "<html>"), None),
        ] {
            let facts = machine(heard(held(8080, "x", None), &[(Ask::Page(path), &said)]), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).map(|found| found.power), expected, "{path} {said}");
        }
    }
}
