//! A36: an agent, a server of tools, or the desk of a proxy, for every page.

use navyd_model::finding::Confidence;

use super::super::{Ask, Check, Facts, Judge, Power, Reach, Subject, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A36",
    title: "an agent or a desk of control listens to every page",
    why: "It runs commands for whoever asks, and any page may ask: MCP Inspector (CVE-2025-49596), the MCP SDK \
          (CVE-2025-66416), OpenCode (CVE-2026-22812), Caddy's admin API (CVE-2026-27589).",
    spares: "Those that refuse a foreign name or origin, and those that want a key. Nothing is posted, so what \
             only a posted request shows stays unseen.",
    fixes: &[
        (
            "caddy",
            "{ admin unix//run/user/1000/caddy.sock } or { admin localhost:{port} { enforce_origin } }",
        ),
        ("opencode", "npm i -g opencode-ai@latest"),
        ("", "upgrade it, and refuse every `Host` and `Origin` but its own"),
    ],
    judge: Judge::Each(judge),
};

/// What they are asked.
const PATHS: &[&str] = &["/health", "/mcp", "/config"];

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    if let Some(found) = desk(subject, facts) {
        return Some(found);
    }
    let (path, foreign) = subject.foreign().filter(|(path, _)| PATHS.contains(path))?;
    let own = subject.answer(Ask::Page(path))?;
    // A server of tools that has no session says so by an error of its own, in JSON.
    let speaks = own.status == 200 || (path == "/mcp" && [400, 405, 406].contains(&own.status));
    let is_json = serde_json::from_slice::<serde_json::Value>(own.body).is_ok_and(|told| told.is_object());
    if !speaks || !is_json || foreign.status != own.status || foreign.body.len() != own.body.len() {
        return None;
    }
    let evidence = format!(
        "`GET {path}` by a foreign name and origin was answered {} as by its own{}",
        own.status,
        subject.other_side()
    );
    let reach = Reach::AnyPage.max(stakes::heard(subject, facts));
    Some(Found::observed(Power::Code, reach, evidence).sure(Confidence::Proven).fix(CHECK.fix(subject)))
}

/// Caddy's: a foreign origin is refused with 403 where origins are enforced, else the path that nobody has is 404.
fn desk(subject: &Subject, facts: &Facts) -> Option<Found> {
    let config = subject.served("/config/")?;
    let is_config = serde_json::from_slice::<serde_json::Value>(config.body)
        .is_ok_and(|told| told.is_object() || told.is_null());
    let control = subject.answer(Ask::Control)?;
    if !is_config || [401, 403].contains(&control.status) {
        return None;
    }
    let evidence = format!(
        "`GET /config/` was answered without a key, and a foreign `Origin` was not refused{}",
        subject.other_side()
    );
    let reach = Reach::AnyPage.max(stakes::heard(subject, facts));
    Some(Found::observed(Power::Code, reach, evidence).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        let error = r#"{"jsonrpc":"2.0","error":{"code":-32600},"id":null}"#;
        for (path, own, foreign, expected) in [
            ("/health", http(200, "", r#"{"status":"ok"}"#), http(200, "", r#"{"status":"ok"}"#), true),
            ("/health", http(200, "", r#"{"status":"ok"}"#), http(403, "", "{}"), false),
            ("/mcp", http(406, "", error), http(406, "", error), true),
            ("/mcp", http(406, "", error), http(421, "", "Invalid Host header"), false),
            ("/mcp", http(401, "", error), http(401, "", error), false),
            ("/mcp", http(404, "", "{}"), http(404, "", "{}"), false),
            ("/config", http(200, "", "<html>"), http(200, "", "<html>"), false),
            ("/api", http(200, "", "{}"), http(200, "", "{}"), false),
        ] {
            let said = [(Ask::Page(path), own.as_str()), (Ask::Foreign(path), &foreign)];
            let facts = machine(heard(held(6277, "node", None), &said), &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.is_some(), expected, "{path} {own}");
            assert!(found.is_none_or(|found| (found.power, found.reach) == (Power::Code, Reach::AnyPage)));
        }
    }

    #[test]
    fn caddy_enforces_origins_or_not() {
        for (control, config, expected) in [
            (http(404, "", ""), http(200, "", r#"{"apps":{}}"#), true),
            (http(404, "", ""), http(200, "", "null"), true),
            (http(403, "", "client is not allowed to access from origin"), http(200, "", "{}"), false),
            (http(404, "", ""), http(403, "", "host not allowed"), false),
            (http(200, "", "<html>"), http(200, "", "<html>"), false),
        ] {
            let said = [(Ask::Control, control.as_str()), (Ask::Page("/config/"), &config)];
            let facts = machine(heard(held(2019, "caddy", None), &said), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{control} {config}");
        }
    }
}
