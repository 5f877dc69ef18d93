//! A35: a notebook server without a token.

use super::super::{Check, Facts, Judge, Power, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A35",
    title: "a notebook server asks for no token",
    why: "Who gets there runs any code as its user: that is what a notebook does. Miners look for such servers.",
    spares: "Servers that want a token or a password, and hubs, which ask on a page of their own.",
    fixes: &[
        (
            "Jupyter",
            "jupyter lab --port {port}, without --IdentityProvider.token='' and --ServerApp.token=''",
        ),
        ("", "let it ask for its token"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let told = subject.served("/api/status")?.object()?;
    let kernels =
        told.get("kernels").and_then(serde_json::Value::as_u64).filter(|_| told.contains_key("started"))?;
    let seen = format!("`GET /api/status` told of {kernels} kernels without a token");
    Some(CHECK.answered(subject, facts, Power::Code, &seen))
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
        for (said, expected) in [
            (http(200, "", r#"{"connections":0,"kernels":1,"last_activity":"x","started":"x"}"#), true),
            (http(403, "", r#"{"message":"Forbidden"}"#), false),
            (http(302, "Location: /hub/login", ""), false),
            (http(200, "", "<html>"), false),
        ] {
            let facts = machine(
                heard(held(8888, "jupyter-lab", Some("Jupyter")), &[(Ask::Page("/api/status"), &said)]),
                &[],
            );
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{said}");
        }
    }
}
