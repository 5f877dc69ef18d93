//! A34: a server of language models for others.

use navyd_model::finding::Confidence;

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A34",
    title: "a server of language models is open to others",
    why: "Who gets there computes on this machine, reads and deletes models, and makes it fetch from anywhere. 175,000 \
          such servers stood open in January 2026; pages reached others by rebinding (CVE-2024-28224).",
    spares: "A server on loopback that refuses foreign names: that is how it is meant to be used.",
    fixes: &[
        ("ollama", "OLLAMA_HOST=127.0.0.1:{port} ollama serve"),
        ("llama-server", "llama-server --host 127.0.0.1 --port {port} --api-key KEY"),
        ("vllm", "vllm serve MODEL --host 127.0.0.1 --api-key KEY"),
        ("", "bind it to 127.0.0.1, and let it ask for a key"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let path = ["/api/version", "/v1/models"].into_iter().find(|path| is_told(subject, path))?;
    let reach = stakes::heard(subject, facts);
    if reach <= Reach::AnyUser {
        return None;
    }
    let name = if subject.takes_any_name() { ", by a foreign name too" } else { "" };
    let evidence = format!("`GET {path}` was answered without a key{name}{}", subject.other_side());
    let found = Found::observed(Power::Write, reach, evidence);
    Some(found.sure(Confidence::Proven).fix(CHECK.fix(subject)))
}

fn is_told(subject: &Subject, path: &'static str) -> bool {
    let told = subject.served(path).and_then(|answer| answer.object()).unwrap_or_default();
    match path {
        "/api/version" => told.get("version").is_some_and(serde_json::Value::is_string),
        _ => told.get("data").is_some_and(serde_json::Value::is_array),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::Ask,
        super::fixture::{bound, heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        let version = http(200, "", r#"{"version":"0.13.1"}"#);
        let refused = http(403, "", "");
        for (address, page, foreign, reach) in [
            ("127.0.0.1", &version, &version, Some(Reach::AnyPage)),
            ("127.0.0.1", &version, &refused, None),
            ("0.0.0.0", &version, &refused, Some(Reach::Lan)),
            ("0.0.0.0", &http(401, "", "{}"), &refused, None),
            ("0.0.0.0", &http(200, "", "<html>"), &refused, None),
        ] {
            let said = [(Ask::Page("/api/version"), page.as_str()), (Ask::Foreign("/api/version"), foreign)];
            let facts = machine(heard(bound(address, held(11_434, "ollama", None)), &said), &["192.168.1.7"]);
            assert_eq!(judge(&facts.subjects[0], &facts).map(|found| found.reach), reach, "{address} {page}");
        }
    }
}
