//! The ports of services.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{Shop, TOLD};

const SERVICES: usize = 50;

/// Binds and listens at its port, as servers do.
const SERVER: &str = "import os,socket,time\n\
    listener = socket.socket()\n\
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
    listener.bind(('127.0.0.1', int(os.environ['PORT'])))\n\
    listener.listen()\n\
    time.sleep(600)\n";

fn ports(shop: &Shop) -> Vec<(String, u64)> {
    let ps = shop.json(&["ps", "--json"]);
    let services = ps["services"].as_array().unwrap().iter().map(|service| {
        assert_eq!(service["phase"], "ready", "{service}");
        let port = service["port"].as_u64().unwrap();
        assert_eq!(service["listens"][0], format!("127.0.0.1:{port}"), "{service}");
        (service["name"].as_str().unwrap().to_owned(), port)
    });
    services.collect()
}

#[test]
fn fifty_services_at_once_have_fifty_ports_and_the_same_again() {
    let mut services = String::new();
    for number in 0..SERVICES {
        let command = "[\"python3\", \"-S\", \"-E\", \"server.py\"]";
        write!(services, "[services.s{number}]\ncommand = {command}\nready = {{ timeout = \"50s\" }}\n\n")
            .unwrap();
    }
    let shop = Shop::new(&services);
    shop.home.write("shop/server.py", SERVER);
    shop.up();
    let first = ports(&shop);
    assert_eq!(first.iter().map(|(_, port)| port).collect::<BTreeSet<_>>().len(), SERVICES);
    assert_eq!(shop.run(&["down"]).status, Some(0));
    assert_eq!(shop.run(&["hub", "stop"]).status, Some(0));
    shop.up();
    assert_eq!(ports(&shop), first);
}

#[test]
fn a_name_that_another_has_costs_no_other_and_is_told() {
    let shop = Shop::new(&format!(
        "[services.web]\n{TOLD}\n\n[routes]\n\"taken.localhost\" = \"web\"\n\
         \"free.localhost\" = \"http://127.0.0.1:9\"\n\"gone.localhost\" = \"http://127.0.0.1:9\"\n"
    ));
    for name in ["taken", "gone"] {
        assert_eq!(shop.run(&["route", "add", name, "http://127.0.0.1:7"]).status, Some(0));
    }
    let notes = [
        "`web.shop` goes without `taken.localhost`: it leads to `http://127.0.0.1:7` and belongs to whoever added it \
         with `navyd route add`; `navyd route rm taken.localhost` frees it"
            .to_owned(),
        format!(
            "`{}` goes without `gone.localhost`: it leads to `http://127.0.0.1:7` and belongs to whoever added it \
             with `navyd route add`; `navyd route rm gone.localhost` frees it",
            shop.path("").display().to_string().trim_end_matches('/')
        ),
    ];
    let up = shop.run(&["up", "-d"]);
    assert_eq!(up.status, Some(0), "{up:?}");
    for ran in [up, shop.run(&["ps"])] {
        assert!(notes.iter().all(|note| ran.stderr.contains(&format!("note: {note}\n"))), "{ran:?}");
    }
    for words in [&["up", "-d", "--json"][..], &["ps", "--json"], &["ps", "--all", "--json"]] {
        assert_eq!(shop.json(words)["notes"], serde_json::json!(notes), "{words:?}");
    }
    let routes = shop.run(&["route", "ls"]).stdout;
    let leads = |from: &str, to: &str| routes.lines().any(|line| line.contains(from) && line.contains(to));
    assert!(leads("web.shop.localhost", &format!(":{}", shop.port("web"))), "{routes}");
    assert!(leads("free.localhost", ":9") && leads("gone.localhost", ":7"), "{routes}");

    // What is free by then is had with the next step of the service.
    assert_eq!(shop.run(&["route", "rm", "taken.localhost"]).status, Some(0));
    assert_eq!(shop.run(&["restart", "web"]).status, Some(0));
    shop.until("the name", |shop| {
        (shop.json(&["ps", "--json"])["notes"] == serde_json::json!([notes[1]])).then_some(())
    });
}
