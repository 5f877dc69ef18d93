//! What stands on the status page: decided from what is there, drawn by the page.

use std::time::Duration;

use jiff::Zoned;
use navyd_model::{
    Exposure, Listener, Phase, Service, State,
    hub::{Hub, Keeper, Listeners, RouteEntry},
};

use super::html::{Cell, Page, Tone};

/// Who this is.
pub(super) fn head(page: &mut Page, hub: &Hub, age: Duration) {
    let listen: Vec<String> = hub.listen.iter().map(ToString::to_string).collect();
    page.banner(
        "navyd",
        &[
            ("listens at", listen.join(" · ")),
            ("up", span(age)),
            ("pid", hub.pid.to_string()),
            ("version", hub.version.clone()),
        ],
    );
    hub.notes.iter().for_each(|note| page.note(note));
}

/// Names and ports, and where they lead.
pub(super) fn routes(page: &mut Page, routes: &[RouteEntry]) {
    if routes.is_empty() {
        let command = "navyd route add shop http://127.0.0.1:3000";
        page.empty("Routes", "No name leads anywhere yet.", command);
        return;
    }
    let shown = routes.iter().filter(|route| !is_said(route, routes));
    let rows = shown.map(|route| {
        let from = match &route.url {
            Some(url) if route.open => Cell::Link { text: route.from.clone(), url: url.clone() },
            _ => Cell::Code(route.from.clone()),
        };
        let kept = match (&route.service, route.kept_by, route.open) {
            (_, _, false) => Cell::Sign(Tone::Attention, "waits: its address was taken".to_owned()),
            (Some(service), _, _) => Cell::Words(format!("service {service}")),
            (None, Keeper::Service, _) => Cell::Words("a run".to_owned()),
            (None, Keeper::Person, _) => Cell::Words("you".to_owned()),
        };
        vec![from, Cell::Code(route.to.clone()), kept]
    });
    page.table("Routes", &["From", "To", "Kept by"], &rows.collect::<Vec<_>>());
}

/// Whether a service's names below its own name lead where that leads, which needs no line.
fn is_said(route: &RouteEntry, routes: &[RouteEntry]) -> bool {
    let own = route.from.strip_prefix("*.").filter(|_| route.service.is_some());
    own.is_some_and(|own| routes.iter().any(|other| other.from == own && other.service == route.service))
}

/// Commands that the hub runs.
pub(super) fn services(page: &mut Page, services: &[Service]) {
    if services.is_empty() {
        page.empty("Services", "The hub runs nothing.", "navyd run -- npm run dev");
        return;
    }
    let rows = services.iter().map(|service| {
        let tone = match service.phase {
            Phase::Ready => Tone::Good,
            Phase::Waiting | Phase::Starting => Tone::Coming,
            Phase::Restarting | Phase::Stopping => Tone::Attention,
            Phase::Stopped => Tone::Quiet,
            Phase::Failed => Tone::Bad,
        };
        let known = |value: Option<String>| value.unwrap_or_default();
        let listens = service.listens.first().map(ToString::to_string);
        vec![
            Cell::Words(service.id.clone()),
            Cell::Sign(tone, service.phase.as_str().to_owned()),
            Cell::Code(known(listens.or_else(|| service.port.map(|port| port.to_string())))),
            Cell::Figures(known(service.pid.map(|pid| pid.to_string()))),
            Cell::Figures(service.restarts.to_string()),
        ]
    });
    page.table("Services", &["Name", "State", "Listens", "Pid", "Restarts"], &rows.collect::<Vec<_>>());
}

/// Who listens on this machine: streams and datagrams, lowest port first.
pub(super) fn listeners(page: &mut Page, seen: &Listeners, blind: Option<&str>) {
    if let Some(error) = blind {
        page.note(&format!("the `socket table` cannot be read: {error}"));
    }
    let mut shown: Vec<&Listener> =
        seen.listeners.iter().filter(|listener| listener.port.is_some()).collect();
    if shown.is_empty() {
        page.empty("Listeners", "Nothing listens that can be seen from here.", "sudo navyd ls");
        return;
    }
    let pid = |listener: &Listener| listener.holders.first().map(|holder| holder.pid);
    shown.sort_by_key(|listener| (listener.port, listener.proto, listener.address, pid(listener)));
    // Workers of one process that share an address are one line to a reader.
    shown.dedup_by(|one, other| {
        let same = one.port == other.port && one.proto == other.proto && one.address == other.address;
        same && one.netns == other.netns && pid(one).is_some() && pid(one) == pid(other)
    });
    let rows = shown.into_iter().map(|listener| {
        let holder = listener.holders.first();
        let more = listener.holders.len().saturating_sub(1);
        let held = match (holder, more) {
            (Some(holder), _) if holder.pid == std::process::id() => Cell::Words("navyd hub".to_owned()),
            (Some(holder), 0) => Cell::Words(holder.name.clone()),
            (Some(holder), more) => Cell::Words(format!("{} +{more}", holder.name)),
            (None, _) => {
                let why = listener.owner_unknown.map_or("unknown", |why| why.as_str());
                Cell::Sign(Tone::Quiet, format!("unknown ({why})"))
            }
        };
        let exposure = match listener.exposure {
            Exposure::Loopback => Cell::Words(Exposure::Loopback.as_str().to_owned()),
            wider => Cell::Sign(Tone::Attention, wider.as_str().to_owned()),
        };
        let speaks = listener.speaks.as_ref().and_then(|speaks| speaks.protocol.clone());
        let state = (listener.state == State::BoundNotListening).then(|| "bound, does not listen".to_owned());
        vec![
            Cell::Code(listener.place()),
            Cell::Words(listener.proto.as_str().to_owned()),
            held,
            Cell::Figures(holder.map(|holder| holder.pid.to_string()).unwrap_or_default()),
            Cell::Words(listener.project().map(|project| project.name.clone()).unwrap_or_default()),
            exposure,
            Cell::Words(state.or(speaks).unwrap_or_default()),
        ]
    });
    let columns = ["Address", "Proto", "Holder", "Pid", "Project", "Reach", "Speaks"];
    page.table("Listeners", &columns, &rows.collect::<Vec<_>>());
    seen.notes.iter().for_each(|note| page.note(note));
}

/// When this was so, and where to see more.
pub(super) fn foot(page: &mut Page) {
    let time = Zoned::now().strftime("%H:%M:%S");
    page.footer(&format!("As of {time}. `navyd ls --watch` shows listeners live."));
}

/// `3 d 4 h`, `12 min`: the two largest units that are not zero.
fn span(age: Duration) -> String {
    let seconds = age.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let Some(at) = units.iter().position(|(size, _)| seconds >= *size) else { return "0 s".to_owned() };
    let mut rest = seconds;
    let parts = units[at..].iter().take(2).filter_map(|(size, name)| {
        let count = rest / size;
        rest %= size;
        (count > 0).then(|| format!("{count} {name}"))
    });
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_two_units() {
        for (seconds, expected) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3_600, "1 h"), (90_061, "1 d 1 h")]
        {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn names_below_a_service_need_no_line() {
        let route = |text: &str, service: Option<&str>| {
            RouteEntry::new(&text.parse().unwrap(), 62893, service.map(str::to_owned))
        };
        let all = [
            route("web.localhost=http://127.0.0.1:1", Some("web")),
            route("*.web.localhost=http://127.0.0.1:1", Some("web")),
            route("*.localhost=http://127.0.0.1:2", None),
        ];
        assert_eq!(all.each_ref().map(|route| is_said(route, &all)), [false, true, false]);
    }

    #[test]
    fn what_is_empty_says_what_to_type() {
        let mut page = Page::new("navyd");
        routes(&mut page, &[]);
        services(&mut page, &[]);
        listeners(&mut page, &Listeners::default(), None);
        let html = page.finish();
        assert_eq!(html.matches("<pre>").count(), 3, "{html}");
    }
}
