//! A30: the API of a container engine without a key.

use super::super::{Check, Facts, Judge, Power, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A30",
    title: "the API of a container engine is open",
    why: "Who asks it starts a container that has the machine's files, and is root. Worms live on it, and any \
          container got there in Docker Desktop (CVE-2025-9074).",
    spares: "An API behind TLS with client certificates, and its socket.",
    fixes: &[
        (
            "dockerd",
            "start dockerd without `-H tcp://…`; from afar: docker context create x --docker host=ssh://HOST",
        ),
        ("podman", "podman system service unix:///run/user/1000/podman/podman.sock"),
        ("", "let it listen on its unix socket only"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let told = subject.served("/version")?.object()?;
    let version = told.get("ApiVersion").and_then(|version| version.as_str())?;
    let version = crate::probe::printable(version.as_bytes());
    let seen = format!("`GET /version` told its API {version} without a key");
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
        let open = http(200, "", r#"{"ApiVersion":"1.47","Version":"27.3"}"#);
        for (page, control, expected) in [
            (&open, &http(404, "", "{}"), true),
            (&open, &open, false),
            (&http(400, "", "Client sent an HTTP request to an HTTPS server."), &http(400, "", ""), false),
            (&http(200, "", "<html>"), &http(200, "", "<html>"), false),
            (&http(200, "", r#"{"version":"1"}"#), &http(404, "", ""), false),
        ] {
            let said = [(Ask::Control, control.as_str()), (Ask::Page("/version"), page)];
            let facts = machine(heard(held(2375, "dockerd", None), &said), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{page}");
        }
    }
}
