//! Findings as SARIF 2.1.0 (OASIS), which code scanning and editors read. Pure.
//!
//! A finding is about a running program and not about a line of source, so it is placed at the directory that its
//! program works in, and named by its listener. What the project accepts is told as suppressed. Deliberately
//! absent: process ids in what tells one finding from another, since they change with every start.

use std::path::Path;

use navyd_model::finding::{Finding, Word};
use serde_json::{Value, json};

use super::{draw, plan::Seen};
use crate::client::{self, Check};

/// The schema of the document.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The whole log: one run.
pub(super) fn log(seen: &Seen) -> Value {
    let checks: Vec<&Check> = client::checks().collect();
    let found = seen.answer.findings.iter().map(|finding| result(finding, &checks));
    let accepted =
        seen.accepted.iter().map(|(finding, reason)| suppressed(result(finding, &checks), reason.as_deref()));
    let results: Vec<Value> = found.chain(accepted).collect();
    let all = || seen.answer.findings.iter().chain(seen.accepted.iter().map(|(finding, _)| finding));
    let rules: Vec<Value> = checks.iter().map(|check| rule(check, all())).collect();
    let notes = seen.answer.unknown.iter().chain(&seen.answer.stale);
    let notes: Vec<Value> =
        notes.map(|note| json!({ "level": "note", "message": { "text": note } })).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "navyd",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notes }],
            "results": results,
        }],
    })
}

/// A check. Its `security-severity` is that of its worst finding: a check has none by itself.
fn rule<'f>(check: &Check, findings: impl Iterator<Item = &'f Finding>) -> Value {
    let own = findings.filter(|finding| finding.id == check.id);
    let worst =
        own.map(|finding| finding.severity).reduce(|one, other| if other > one { other } else { one });
    let fixes: Vec<String> = check
        .fixes
        .iter()
        .map(|(program, line)| match *program {
            "" => line.to_string(),
            name => format!("{name}: {line}"),
        })
        .collect();
    let fixes =
        if fixes.is_empty() { String::new() } else { format!("\n\nWhat mends it:\n{}", fixes.join("\n")) };
    let mut properties = json!({ "tags": ["security"] });
    if let Some(worst) = worst {
        properties["security-severity"] = json!(format!("{:.1}", worst.score));
    }
    json!({
        "id": check.id,
        "name": name(check.title),
        "shortDescription": { "text": format!("{}.", capital(check.title)) },
        "fullDescription": { "text": check.why },
        "help": { "text": format!("{}\n\nSilent on purpose: {}{fixes}", check.why, check.spares) },
        "defaultConfiguration": { "level": worst.map_or("warning", |worst| level(worst.word)) },
        "properties": properties,
    })
}

fn result(finding: &Finding, checks: &[&Check]) -> Value {
    let index = checks.iter().position(|check| check.id == finding.id);
    let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!(" Fix: {fix}"));
    let mut result = json!({
        "ruleId": finding.id,
        "level": level(finding.severity.word),
        "message": { "text": format!("{}: {}.{fix}", capital(&finding.title), finding.evidence) },
        "locations": [location(finding)],
        "partialFingerprints": { "navyd/v1": fingerprint(finding) },
        "properties": {
            "security-severity": format!("{:.1}", finding.severity.score),
            "confidence": finding.confidence.as_str(),
        },
    });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    result
}

fn suppressed(mut result: Value, reason: Option<&str>) -> Value {
    let mut suppression = json!({ "kind": "external", "status": "accepted" });
    if let Some(reason) = reason {
        suppression["justification"] = json!(reason);
    }
    result["suppressions"] = json!([suppression]);
    result
}

/// The directory that the program works in, and the listener by name.
fn location(finding: &Finding) -> Value {
    let cwd = finding.holders.first().and_then(|keeper| keeper.cwd.as_deref());
    let folder = cwd.or(finding.project.as_ref().map(|project| project.root.as_str()));
    let uri =
        folder.filter(|folder| Path::new(folder).is_absolute()).map_or_else(|| "file:///".to_owned(), uri);
    let place = finding.listener.as_ref().and_then(draw::place).unwrap_or_else(|| "this machine".to_owned());
    let keeper = finding.holders.first().map_or_else(String::new, |keeper| format!("{} at ", keeper.name));
    json!({
        "physicalLocation": { "artifactLocation": { "uri": uri } },
        "logicalLocations": [{ "name": place, "fullyQualifiedName": format!("{keeper}{place}"), "kind": "resource" }],
    })
}

/// A folder as a URI (RFC 8089 §2); what is not unreserved in RFC 3986 §2.3 is encoded, and `/` stays.
fn uri(folder: &str) -> String {
    let mut uri = "file://".to_owned();
    for byte in folder.trim_end_matches('/').bytes().chain([b'/']) {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// What tells a finding from others, from one run to the next.
fn fingerprint(finding: &Finding) -> String {
    let project = finding.project.as_ref().map_or("", |project| &project.name);
    let program = finding.holders.first().map_or("", |keeper| &keeper.name);
    let place = finding.listener.as_ref().map_or_else(String::new, |place| match (place.port, &place.path) {
        (Some(port), _) => format!("{}/{port}", place.proto.as_str()),
        (None, path) => path.clone().unwrap_or_default(),
    });
    format!("{}/{project}/{program}/{place}", finding.id)
}

fn level(word: Word) -> &'static str {
    match word {
        Word::Critical | Word::High => "error",
        Word::Medium => "warning",
        Word::Low | Word::Info => "note",
    }
}

/// `ItOutlivedTheSession`: an identifier, as the standard wants a name to be.
fn name(title: &str) -> String {
    title.split(|c: char| !c.is_ascii_alphanumeric()).map(capital).collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use navyd_model::finding::Audit;

    use super::{super::fixture::finding, *};

    #[test]
    fn what_is_found_and_what_is_accepted() {
        let answer = Audit {
            findings: vec![finding("A01", "shop", "node", 812, "0.0.0.0", 5173)],
            unknown: vec!["nobody tells".into()],
            ..Audit::default()
        };
        let known = finding("A54", "shop", "node", 812, "0.0.0.0", 5173);
        let log = log(&Seen { answer, accepted: vec![(known, Some("demo".into()))] });
        let run = &log["runs"][0];
        let (found, known) = (&run["results"][0], &run["results"][1]);
        assert_eq!((&found["level"], &found["suppressions"]), (&json!("error"), &Value::Null));
        assert_eq!(found["properties"]["security-severity"], "9.3");
        let index = found["ruleIndex"].as_u64().unwrap() as usize;
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!((&rule["id"], &rule["properties"]["security-severity"]), (&json!("A01"), &json!("9.3")));
        assert_eq!(found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "file:///srv/shop/");
        assert_eq!(known["suppressions"][0]["justification"], "demo");
        assert_eq!(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"], "nobody tells");
    }

    #[test]
    fn a_fingerprint_outlives_a_restart() {
        let print = |pid, address, port| fingerprint(&finding("A01", "shop", "node", pid, address, port));
        assert_eq!(print(812, "0.0.0.0", 5173), "A01/shop/node/tcp/5173");
        assert_eq!(print(812, "0.0.0.0", 5173), print(999, "::", 5173));
        assert_ne!(print(812, "0.0.0.0", 5173), print(812, "0.0.0.0", 5174));
    }

    #[test]
    fn words_of_the_standard() {
        assert_eq!(uri("/srv/it's mine/"), "file:///srv/it%27s%20mine/");
        assert_eq!(uri("/"), "file:///");
        assert_eq!(name("its arguments hold a secret"), "ItsArgumentsHoldASecret");
    }
}
