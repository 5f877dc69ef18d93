//! `kill -9` at any moment leaves nothing that stops the next start, and every route that was said to be kept is.

use std::{
    net::TcpStream,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use super::{DEADLINE, Home, ask};
use crate::gateway::answering;

/// How often it is killed; `NAVYD_TEST_KILLS` says another number.
const KILLS: usize = 20;

#[test]
fn a_killed_hub_starts_again_with_its_routes() {
    let kills = std::env::var("NAVYD_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let home = Arc::new(Home::new());
    let (upstream, _heard) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let mut kept: Vec<String> = Vec::new();
    // Numbers that are the same in every run, and have no pattern (the multiplier of PCG).
    let mut random = 7_u64;
    for round in 0..kills {
        let hub = home.hub();
        let address = hub.address();
        let known = names(&home.ask("GET", "/api/v1/routes", "").json());
        for name in &kept {
            assert!(known.contains(name), "round {round}: `{name}` is gone; there are {known:?}");
        }
        // One more may be there: it was added, and the answer did not come before the end.
        assert!(known.len() <= kept.len() + 1, "round {round}: {known:?} {kept:?}");
        kept = known;

        let over = Arc::new(AtomicBool::new(false));
        let requests = Arc::new(AtomicUsize::new(0));
        let load: Vec<_> = (0..2)
            .map(|_| {
                let (over, requests, names) = (Arc::clone(&over), Arc::clone(&requests), kept.clone());
                thread::spawn(move || {
                    let mut turn = names.iter().cycle();
                    while !over.load(Ordering::Relaxed) {
                        let Some(name) = turn.next() else { return };
                        let Ok(stream) = TcpStream::connect(address) else { return };
                        stream.set_read_timeout(Some(DEADLINE)).unwrap();
                        let answer = ask(stream, "GET", "/", &format!("Host: {name}\r\n"), "");
                        // The end of the hub cuts it short; an answer is the right one.
                        if let Ok(answer) = answer {
                            assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
                            requests.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        let (added, acknowledged) = mpsc::channel();
        let adding = thread::spawn({
            let (home, over) = (Arc::clone(&home), Arc::clone(&over));
            move || {
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let name = format!("r{round}x{number}.localhost");
                    let body = format!("{{\"from\":\"{name}\",\"to\":\"http://{upstream}\"}}");
                    let Ok(stream) = std::os::unix::net::UnixStream::connect(home.socket()) else { return };
                    match ask(stream, "POST", "/api/v1/routes", "Host: navyd\r\n", &body) {
                        Ok(answer) if answer.status == 201 => added.send(name).unwrap(),
                        Ok(answer) => panic!("{answer:?}"),
                        Err(_) => return,
                    }
                }
            }
        });
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // After so many routes, wherever the hub and its writing are just then.
        for _ in 0..random >> 61 {
            kept.push(acknowledged.recv_timeout(DEADLINE).expect("routes are added"));
        }
        drop(hub);
        over.store(true, Ordering::Relaxed);
        adding.join().unwrap();
        load.into_iter().for_each(|thread| thread.join().unwrap());
        kept.extend(acknowledged.try_iter());
    }
}

#[test]
fn commands_do_not_find_a_hub_that_was_killed_just_now() {
    let home = Home::new();
    let mut before = 0;
    for round in 0..10 {
        let ran = home.run(&["route", "add", &format!("r{round}"), "3000"]);
        assert_eq!(ran.status, Some(0), "round {round}: {ran:?}");
        let pid = home.pid();
        assert_ne!(pid, before);
        before = pid;
        // It is the test's own: nobody else knows this home.
        let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
        assert!(killed.success());
    }
}

fn names(routes: &serde_json::Value) -> Vec<String> {
    let routes = routes["routes"].as_array().unwrap().iter();
    routes.map(|route| route["from"].as_str().unwrap().to_owned()).collect()
}
