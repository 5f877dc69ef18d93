//! Routes of people: added, carried, kept, removed.

use std::fs;

use super::Home;
use crate::gateway::answering;

#[test]
fn a_route_carries_at_once_and_is_kept() {
    let home = Home::new();
    let (upstream, _heard) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let first = home.hub();
    let added = home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    assert_eq!(
        (added["schema"].as_str(), added["from"].as_str()),
        (Some("navyd.route/1"), Some("shop.localhost"))
    );
    let url = format!("http://shop.localhost:{}", first.address().port());
    assert_eq!(added["url"].as_str(), Some(url.as_str()));

    let reaches = |hub: &super::Foreground| {
        let stream = std::net::TcpStream::connect(hub.address()).unwrap();
        super::ask(stream, "GET", "/", "Host: shop.localhost\r\n", "").unwrap().status
    };
    assert_eq!(reaches(&first), 200);
    drop(first);
    let second = home.hub();
    assert_eq!(reaches(&second), 200);

    let ran = home.run(&["route", "rm", "shop"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(reaches(&second), 404);
    let ran = home.run(&["route", "rm", "shop"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert_eq!(ran.stderr, "error: no route begins at `shop.localhost`\n\nhint: navyd route ls\n");
    drop(second);
    let _third = home.hub();
    assert_eq!(home.run(&["route", "ls"]).status, Some(1));
}

#[test]
fn why_begins_with_the_route_and_ls_tells_its_name() {
    let home = Home::new();
    let (upstream, _heard) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    assert!(home.json(&["why", &upstream.to_string()])["route"].is_null());
    let hub = home.hub();
    home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    let url = format!("http://shop.localhost:{}", hub.address().port());
    for typed in ["shop.localhost", &format!("{url}/x?y")] {
        let ran = home.run(&["why", typed]);
        let begins = format!("{url} → http://{upstream}\n{upstream}/tcp  listener: ");
        assert!(ran.stdout.starts_with(&begins) && ran.status == Some(0), "{ran:?}");
        assert_eq!(home.json(&["why", typed])["route"]["from"], "shop.localhost");
    }

    let seen = home.json(&["ls"]);
    let of = |port: u16| {
        let listeners = seen["listeners"].as_array().unwrap();
        listeners.iter().find(|one| one["port"] == port).cloned().unwrap()
    };
    assert_eq!(of(upstream.port())["note"], url);
    assert_eq!(of(hub.address().port())["holders"][0]["name"], "navyd hub");

    // Nothing listens at its end any more: the port is free, and the name leads nowhere.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    home.json(&["route", "add", "gone", &format!("http://{free}")]);
    let ran = home.run(&["why", "gone.localhost"]);
    assert!(ran.stdout.contains("free: ") && ran.status == Some(1), "{ran:?}");
}

#[test]
fn a_port_that_the_system_chose_is_the_same_after_a_start() {
    let home = Home::new();
    let (upstream, _heard) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let hub = home.hub();
    let from = home.json(&["route", "add", &format!("127.0.0.1:0=tcp://{upstream}")])["from"].clone();
    assert!(!from.as_str().unwrap().ends_with(":0"), "{from}");
    assert_eq!(home.json(&["route", "ls"])["routes"][0]["from"], from);
    drop(hub);
    let _again = home.hub();
    let mut client = crate::gateway::Peer::connect(from.as_str().unwrap().parse().unwrap());
    client.say("GET / HTTP/1.1|Host: x||");
    assert!(client.head().starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_route_whose_address_is_taken_waits_and_is_not_lost() {
    let home = Home::new();
    let hub = home.hub();
    let from = home.json(&["route", "add", "127.0.0.1:0=tcp://127.0.0.1:9"])["from"].clone();
    assert_eq!(home.run(&["route", "add", "shop", "3000"]).status, Some(0));
    drop(hub);
    let taken = std::net::TcpListener::bind(from.as_str().unwrap()).unwrap();
    let hub = home.hub();
    assert!(
        hub.status["notes"]
            .to_string()
            .contains(&format!("the route `{}=tcp://127.0.0.1:9` waits", from.as_str().unwrap())),
        "{}",
        hub.status
    );
    let routes = home.json(&["route", "ls"])["routes"].clone();
    assert_eq!((&routes[0]["open"], &routes[1]["open"]), (&false.into(), &true.into()), "{routes}");
    // Other changes leave it on the disk, and asking again opens it.
    assert_eq!(home.run(&["route", "add", "other", "3000"]).status, Some(0));
    drop(taken);
    assert_eq!(
        home.run(&["route", "add", &format!("{}=tcp://127.0.0.1:9", from.as_str().unwrap())]).status,
        Some(0)
    );
    let routes = home.json(&["route", "ls"])["routes"].clone();
    let open: Vec<_> = routes.as_array().unwrap().iter().map(|route| route["open"].as_bool()).collect();
    assert_eq!(open, [Some(true); 3], "{routes}");
}

#[test]
fn what_cannot_be_a_route_is_refused_and_nothing_changes() {
    let home = Home::new();
    let hub = home.hub();
    let own = hub.address();
    assert_eq!(home.run(&["route", "add", "shop", "3000"]).status, Some(0));
    for (arguments, error, hint) in [
        (
            &["shop", "3001"][..],
            "`shop.localhost` leads to `http://localhost:3000` already",
            "navyd route rm shop.localhost",
        ),
        (&["localhost", "3001"], "`localhost` is the hub itself", "navyd route add"),
        (&["navyd", "3001"], "`navyd.localhost` is the hub itself", "navyd route add"),
        (&["loop", &own.port().to_string()], "leads back to the hub", "navyd ls"),
        (&[&format!("{own}=tcp://127.0.0.1:9")], "is the hub itself", "navyd route add"),
        (&["shop", "http://192.0.2.1"], "is not on this machine", "navyd route add shop http://"),
        (&["lonely"], "`lonely` does not say where it leads", "navyd route add lonely http://127.0.0.1:3000"),
    ] {
        let ran = home.run(&[&["route", "add"], arguments].concat());
        assert_eq!(ran.status, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(error), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(&format!("\nhint: {hint}")), "{arguments:?}: {ran:?}");
    }
    // The same again is no mistake.
    assert_eq!(home.run(&["route", "add", "shop", "3000"]).status, Some(0));
    assert_eq!(home.json(&["route", "ls"])["routes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_is_set_aside_and_told() {
    let home = Home::new();
    drop(home.hub());
    let file = home.path("state/navyd/routes.json");
    fs::write(&file, "{\"schema\":\"navyd.kept-routes/1\",\"routes\":[\"a.local").unwrap();
    let hub = home.hub();
    let notes = hub.status["notes"].to_string();
    assert!(notes.contains("could not be read whole"), "{notes}");
    let folder = fs::read_dir(home.path("state/navyd")).unwrap();
    let aside = folder
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains(".unreadable-"));
    assert!(fs::read_to_string(aside.unwrap()).unwrap().ends_with("a.local"));
    assert_eq!(home.run(&["route", "add", "shop", "3000"]).status, Some(0));
}
