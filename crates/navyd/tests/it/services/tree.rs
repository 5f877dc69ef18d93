//! Everything that a service starts is its own, and ends with it.

use super::{Shop, lines, runs, signal};
use crate::support::run::run;

/// Puts itself into the background as daemons do: a fork, a session of its own, another fork; then it writes its number.
const DAEMON: &str = "import os,signal,sys,time\n\
    if os.fork(): os._exit(0)\n\
    os.setsid()\n\
    if os.fork(): os._exit(0)\n\
    if sys.argv[1] == 'stubborn': signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
    open('pids', 'a').write(f'{os.getpid()}\\n')\n\
    print('up', flush=True)\n\
    time.sleep(600)\n";

fn pids(shop: &Shop, count: usize) -> Vec<u32> {
    shop.until("the numbers of the daemons", |shop| {
        let pids: Vec<u32> = lines(&shop.path("pids")).iter().filter_map(|line| line.parse().ok()).collect();
        (pids.len() >= count).then_some(pids)
    })
}

#[test]
fn nothing_is_left_of_what_daemonised_itself() {
    let shop = Shop::new(
        "[services.web]\ncommand = \"python3 daemon.py mild; python3 daemon.py stubborn; (exec sleep 600) & exec sleep 600\"\n\
         port = false\nready = { started = true }\nstop = { timeout = \"1s\" }\n",
    );
    shop.home.write("shop/daemon.py", DAEMON);
    shop.up();
    let (daemons, own) = (pids(&shop, 2), shop.pid("web"));
    assert!(daemons.iter().all(|pid| runs(*pid)), "{daemons:?}");
    assert_eq!(shop.run(&["stop", "web"]).status, Some(0));
    assert!(!daemons.iter().chain([&own]).any(|pid| runs(*pid)), "{daemons:?} {own}");
}

#[test]
fn one_that_goes_to_the_background_is_kept_there() {
    let shop = Shop::new(
        "[services.web]\ncommand = [\"python3\", \"daemon.py\", \"mild\"]\nport = false\nready = { log = \"up\" }\n",
    );
    shop.home.write("shop/daemon.py", DAEMON);
    shop.up();
    let daemon = pids(&shop, 1)[0];
    // Its first process has ended well, and it is still there.
    let service = shop.until("the end of its first process", |shop| {
        Some(shop.service("web")).filter(|service| service["pid"].is_null())
    });
    assert_eq!(service["phase"], "ready");
    signal("KILL", daemon);
    let again = pids(&shop, 2)[1];
    assert_eq!(shop.run(&["down"]).status, Some(0));
    assert!(!runs(again));
}

#[test]
fn a_hub_that_is_told_to_end_takes_all_its_services_along() {
    let shop = Shop::new(
        "[services.a]\ncommand = \"python3 daemon.py mild; exec sleep 600\"\nport = false\nready = { started = true }\n\n\
         [services.b]\ncommand = [\"sleep\", \"600\"]\nport = false\nready = { started = true }\n",
    );
    shop.home.write("shop/daemon.py", DAEMON);
    shop.up();
    let mut all = pids(&shop, 1);
    all.extend([shop.pid("a"), shop.pid("b")]);
    let hub = u32::try_from(shop.json(&["hub", "status", "--json"])["pid"].as_u64().unwrap()).unwrap();
    signal("TERM", hub);
    shop.until("the end of the hub", |shop| (shop.run(&["hub", "status"]).status == Some(1)).then_some(()));
    assert!(!all.iter().any(|pid| runs(*pid)), "{all:?}");
}

#[test]
fn what_a_killed_hub_left_behind_ends_before_the_next_starts() {
    let shop =
        Shop::new("[services.web]\ncommand = \"exec python3 -u -m http.server --bind 127.0.0.1 $PORT\"\n");
    shop.up();
    let (pid, port) = (shop.pid("web"), shop.port("web"));
    let hub = u32::try_from(shop.json(&["hub", "status", "--json"])["pid"].as_u64().unwrap()).unwrap();
    signal("KILL", hub);
    shop.until("the end of the hub", |shop| (shop.run(&["hub", "status"]).status == Some(1)).then_some(()));
    assert!(runs(pid));
    shop.up();
    assert!(!runs(pid));
    assert_eq!((shop.port("web"), shop.service("web")["phase"].as_str()), (port, Some("ready")));
    drop(run(&mut shop.navyd(&["down"])));
}
