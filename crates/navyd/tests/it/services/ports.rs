//! The ports of services.

use std::{collections::BTreeSet, fmt::Write as _};

use super::Shop;

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
