//! The answer as lines: the verdict, its proof, who it is about, and what to type.

use std::time::Duration;

use jiff::Timestamp;
use navyd_model::{BindAttempt, ConnectAttempt, ConnectResult, Exposure, Listener, Supervisor, Why};

use unicode_width::UnicodeWidthStr as _;

use crate::{
    client::Me,
    out::{Text, Tone, folded, measure},
};

/// The label column's width.
const LABEL: usize = 9;

/// The least columns that a sentence is folded to.
const LEAST: usize = 30;

/// How many other holders of the port are told; the rest are counted.
const LISTENERS: usize = 4;

/// The whole answer; sentences are folded at `width`, when there is one.
pub(super) fn lines(answer: &Why, me: &Me, now: Timestamp, width: Option<usize>) -> Vec<Text> {
    let tone = if answer.verdict.is_clean() { Tone::Green } else { Tone::Yellow };
    let (asked, id) = (asked(answer), answer.verdict.as_str());
    let taken = asked.width() + id.len() + 4;
    let beside = width.map_or(usize::MAX, |width| width.saturating_sub(taken).max(LEAST));
    let mut lines = Vec::new();
    for (at, line) in folded(&answer.summary, beside).iter().enumerate() {
        let head =
            Text::of(Tone::Bold, &asked).then(Tone::Plain, "  ").then(tone, id).then(Tone::Plain, ": ");
        let margin = if at == 0 { head } else { Text::plain(" ".repeat(taken)) };
        lines.push(margin.then(Tone::Plain, line));
    }
    let mut row = |label: &str, text: Text| {
        if !text.is_empty() {
            lines.push(Text::of(Tone::Dim, format!("  {label:<LABEL$}")).append(text));
        }
    };
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(2 + LABEL).max(LEAST));
    let fold = |label: &str, text: &str, row: &mut dyn FnMut(&str, Text)| {
        for (at, line) in folded(text, room).iter().enumerate() {
            row(if at == 0 { label } else { "" }, Text::plain(line));
        }
    };
    let mut causes = answer.causes.iter();
    let first = causes.next();
    fold("proof", first.map_or("", |cause| &cause.evidence), &mut row);
    for listener in answer.listeners.iter().take(LISTENERS) {
        row("holder", holder(listener, me, now));
        row("started", Text::plain(started(listener)));
        row("project", Text::plain(project(listener)));
        row("speaks", speaks(listener));
    }
    if let Some(more) = answer.listeners.len().checked_sub(LISTENERS).filter(|more| *more > 0) {
        row(
            "holder",
            Text::plain(format!("and {more} more: `navyd ls --port {}`", answer.target.port.unwrap_or(0))),
        );
    }
    if let Some(listener) = answer.listeners.first() {
        row("known", Text::plain(known(listener)));
        row("reach", Text::plain(exposure(listener)));
    }
    fold("resolves", &resolution(answer), &mut row);
    fold("bind", &answer.bind.iter().map(bind).collect::<Vec<_>>().join(" · "), &mut row);
    fold("connect", &answer.connect.iter().map(connect).collect::<Vec<_>>().join(" · "), &mut row);
    for cause in causes {
        fold("also", &format!("{}: {}", cause.id.as_str(), cause.evidence), &mut row);
    }
    row(
        "fix",
        first.and_then(|cause| cause.fix.as_ref()).map(|fix| Text::of(Tone::Green, fix)).unwrap_or_default(),
    );
    lines
}

fn asked(answer: &Why) -> String {
    let proto = answer.target.proto.as_str();
    match (&answer.target.host, answer.target.port) {
        (Some(host), Some(port)) if host.contains(':') => format!("[{host}]:{port}/{proto}"),
        (Some(host), Some(port)) => format!("{host}:{port}/{proto}"),
        (None, Some(port)) => format!("{port}/{proto}"),
        (host, None) => host.clone().unwrap_or_default(),
    }
}

fn holder(listener: &Listener, me: &Me, now: Timestamp) -> Text {
    let Some(holder) = listener.holders.first() else { return Text::default() };
    let you = me.uid.is_some() && holder.uid == me.uid;
    let user = if you { "you".to_owned() } else { holder.user.clone().unwrap_or_default() };
    let mut text = Text::of(Tone::Bold, &holder.name).then(Tone::Plain, format!("  pid {}", holder.pid));
    if !user.is_empty() {
        text = text.then(Tone::Plain, format!(" ({user})"));
    }
    if listener.holders.len() > 1 {
        text = text.then(Tone::Dim, format!(" +{}", listener.holders.len() - 1));
    }
    text = text.then(Tone::Plain, format!("  {}", listener.place()));
    let age = holder.started_at.and_then(|started| Duration::try_from(now.duration_since(started)).ok());
    match age {
        Some(age) => text.then(Tone::Plain, format!("  up {}", measure::age(age))),
        None => text,
    }
}

fn started(listener: &Listener) -> String {
    let Some(holder) = listener.holders.first() else { return String::new() };
    let chain: Vec<&str> = holder.ancestors.iter().rev().map(|parent| parent.name.as_str()).collect();
    let kept = holder.supervisor.as_ref().map(|Supervisor { name, .. }| format!("kept by {name}"));
    match (chain.is_empty(), kept) {
        (true, kept) => kept.unwrap_or_default(),
        (false, None) => chain.join(" → "),
        (false, Some(kept)) => format!("{}; {kept}", chain.join(" → ")),
    }
}

fn project(listener: &Listener) -> String {
    let Some(project) = listener.project() else { return String::new() };
    let branch = project.branch.as_ref().map_or_else(String::new, |branch| format!(" ({branch})"));
    let framework = listener.holders.iter().find_map(|holder| holder.framework.as_ref());
    let framework = framework.map_or_else(String::new, |framework| format!("  {framework}"));
    format!("{}{branch}  {}{framework}", project.name, project.root)
}

fn speaks(listener: &Listener) -> Text {
    let Some(speaks) = &listener.speaks else { return Text::default() };
    let Some(protocol) = &speaks.protocol else {
        return speaks
            .detail
            .as_ref()
            .map(|detail| Text::of(Tone::Dim, format!("unknown: {detail}")))
            .unwrap_or_default();
    };
    let detail = speaks.detail.as_ref().map_or_else(String::new, |detail| format!("  {detail}"));
    Text::plain(protocol).then(Tone::Dim, detail)
}

fn known(listener: &Listener) -> String {
    let iana = listener.names.iana.as_ref().map(|name| format!("{name} (IANA)"));
    let usually = listener.names.usually.as_ref().map(|name| format!("usually {name}"));
    [usually, iana].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn exposure(listener: &Listener) -> &'static str {
    match listener.exposure {
        Exposure::Loopback => "this machine only",
        Exposure::Lan => "the network of its address",
        Exposure::All => "every network of this machine, as far as firewalls let it",
        Exposure::Container => "published by a container engine",
    }
}

fn resolution(answer: &Why) -> String {
    let Some(found) = &answer.resolution else { return String::new() };
    let addresses: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
    let wins = found.wins.map_or_else(String::new, |address| format!("; {address} answers first"));
    let note = found.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
    let addresses = if addresses.is_empty() { "no address".into() } else { addresses.join(", ") };
    format!("{} → {addresses} ({}){wins}{note}", found.name, found.source)
}

fn bind(attempt: &BindAttempt) -> String {
    let form = match (attempt.v6only, attempt.address.is_unspecified()) {
        (true, true) => format!("{} (IPv6 only)", attempt.address),
        _ => attempt.address.to_string(),
    };
    let result = if attempt.ok { "ok" } else { attempt.errno.as_deref().unwrap_or("refused") };
    format!("{form} {result}")
}

fn connect(attempt: &ConnectAttempt) -> String {
    let who = attempt.answered_by.as_ref().and_then(|by| by.name.clone().map(|name| (name, by.pid)));
    let result = match attempt.result {
        ConnectResult::Connected => {
            let by = match who {
                Some((name, Some(pid))) => format!("{name} (pid {pid}) answered"),
                Some((name, None)) => format!("{name} answered"),
                None => "answered".into(),
            };
            format!("{by} in {}", measure::milliseconds(attempt.took_ms))
        }
        ConnectResult::Refused => "refused".into(),
        ConnectResult::TimedOut => format!("no answer in {}", measure::milliseconds(attempt.took_ms)),
        ConnectResult::Unreachable => "unreachable".into(),
        ConnectResult::Forbidden => "forbidden".into(),
        ConnectResult::SelfConnected => "met itself: nothing listens".into(),
        ConnectResult::NotTried => "not tried".into(),
        ConnectResult::Failed => "failed".into(),
    };
    format!("{} {result}", attempt.address.ip())
}

#[cfg(test)]
mod tests {
    use navyd_model::{
        Cause, CauseId, Holder, Names, Project, ProjectKind, Protocol,
        why::{AnsweredBy, Asked, Resolution},
    };

    use super::*;
    use crate::{cli::fixture::held, out::Look};

    fn answer() -> Why {
        let cause = |id, evidence: &str, fix: Option<&str>| Cause {
            id,
            evidence: evidence.into(),
            fix: fix.map(str::to_owned),
        };
        Why {
            target: Asked { host: None, address: None, port: Some(5173), proto: Protocol::Tcp },
            verdict: CauseId::Listener,
            summary: "`node` (pid 812) listens on 127.0.0.1:5173".into(),
            causes: vec![
                cause(CauseId::Listener, "`node` (pid 812) on 127.0.0.1:5173", Some("navyd free 5173")),
                cause(CauseId::Reserved, "the settings reserve port 5173", None),
            ],
            bind: vec![
                BindAttempt {
                    address: "127.0.0.1".parse().unwrap(),
                    v6only: false,
                    ok: false,
                    errno: Some("EADDRINUSE".into()),
                },
                BindAttempt { address: "::".parse().unwrap(), v6only: true, ok: true, errno: None },
            ],
            connect: vec![ConnectAttempt {
                address: "127.0.0.1:5173".parse().unwrap(),
                result: ConnectResult::Connected,
                answered_by: Some(AnsweredBy { pid: Some(812), name: Some("node".into()), cookie: None }),
                took_ms: 0.12,
            }],
            resolution: None,
            listeners: vec![held("127.0.0.1", 5173, 812, "node")],
            unknown: Vec::new(),
        }
    }

    fn shown(answer: &Why) -> String {
        let me = Me { uid: Some(1000), project: None };
        let lines = lines(answer, &me, "2026-11-21T10:00:00Z".parse().unwrap(), None);
        lines.iter().map(|line| line.show(&Look::default()) + "\n").collect()
    }

    #[test]
    fn one_screen() {
        let mut answer = answer();
        let project = Project {
            root: "/home/a/shop".into(),
            name: "shop".into(),
            branch: Some("main".into()),
            kind: ProjectKind::Git,
        };
        answer.listeners[0].names = Names { iana: None, usually: Some("Vite".into()) };
        answer.listeners[0].holders[0] = Holder {
            uid: Some(1000),
            started_at: "2026-11-21T08:00:00Z".parse().ok(),
            project: Some(project),
            framework: Some("Vite".into()),
            ..answer.listeners[0].holders[0].clone()
        };
        let expected = "
5173/tcp  listener: `node` (pid 812) listens on 127.0.0.1:5173
  proof    `node` (pid 812) on 127.0.0.1:5173
  holder   node  pid 812 (you)  127.0.0.1:5173  up 2h
  project  shop (main)  /home/a/shop  Vite
  known    usually Vite
  reach    this machine only
  bind     127.0.0.1 EADDRINUSE · :: (IPv6 only) ok
  connect  127.0.0.1 node (pid 812) answered in 0.12 ms
  also     reserved: the settings reserve port 5173
  fix      navyd free 5173
";
        assert_eq!(shown(&answer), expected[1..]);
    }

    #[test]
    fn what_is_unknown_takes_no_line() {
        let mut answer = answer();
        answer.listeners.clear();
        answer.connect.clear();
        answer.causes.truncate(1);
        answer.causes[0].fix = None;
        answer.resolution = Some(Resolution {
            name: "shop.test".into(),
            addresses: Vec::new(),
            source: "resolver".into(),
            wins: None,
            note: None,
        });
        answer.target.host = Some("shop.test".into());
        let expected = "
shop.test:5173/tcp  listener: `node` (pid 812) listens on 127.0.0.1:5173
  proof    `node` (pid 812) on 127.0.0.1:5173
  resolves shop.test → no address (resolver)
  bind     127.0.0.1 EADDRINUSE · :: (IPv6 only) ok
";
        assert_eq!(shown(&answer), expected[1..]);
    }

    #[test]
    fn names_from_outside_cannot_act_on_the_terminal() {
        let mut answer = answer();
        answer.listeners = vec![held("127.0.0.1", 5173, 812, "evil\n\x1b[2J")];
        answer.summary = "evil\n\x1b[2J".into();
        let shown = shown(&answer);
        assert!(!shown.contains('\x1b') && shown.lines().count() == 8, "{shown}");
    }
}
