//! What services say, and what is said to them.

use std::process::{Command, Stdio};

use super::Shop;
use crate::support::{child::Held, run::run};

#[test]
fn lines_are_kept_searched_and_followed() {
    let shop = Shop::new(
        "[services.echo]\ncommand = \"printf 'one\\\\033[32mgreen\\\\033[0m\\\\n\\\\377two\\\\n' >&2; echo up; exec cat\"\nport = false\n\
         ready = { log = \"up\" }\n",
    );
    shop.up();
    let lines = shop.json(&["logs", "--json"]);
    assert_eq!(lines["schema"], "navyd.log/1");
    let find = |text: &str| {
        lines["lines"]
            .as_array()
            .unwrap()
            .iter()
            .find(|line| line["text"].as_str().unwrap().contains(text))
            .unwrap()
            .clone()
    };
    assert_eq!((find("green")["stream"].as_str(), find("up")["stream"].as_str()), (Some("err"), Some("out")));
    assert_eq!(find("green")["text"], "one\u{1b}[32mgreen\u{1b}[0m");
    assert_eq!(find("two")["raw"], "/3R3bw==");
    let found = shop.run(&["logs", "--grep", "^onegre+n$"]);
    assert_eq!((found.status, found.stdout.as_str()), (Some(0), "onegreen\n"));
    assert_eq!(shop.run(&["logs", "--grep", "nothing like it"]).status, Some(1));
    assert_eq!(shop.run(&["logs", "--grep", "("]).status, Some(2));
    assert_eq!(shop.run(&["logs", "nobody"]).status, Some(2));

    let mut follow = Held::start(&mut shop.navyd(&["logs", "-f", "-n", "10", "--grep", "typed", "echo"]));
    let mut attach = Held::start(shop.navyd(&["attach", "echo"]).stderr(Stdio::null()));
    attach.say("not this");
    attach.say("typed here");
    assert_eq!(follow.line(), "typed here");
    while attach.line() != "typed here" {}
    let folder = shop.home.path().join(".local/state/navyd/logs");
    shop.until("the line on the disk", |_| {
        let kept = run(Command::new("grep").args(["-r", "out typed here"]).arg(&folder));
        (kept.status == Some(0)).then_some(())
    });
}

#[test]
fn a_procfile_runs_too_with_names_in_front() {
    let shop = Shop::new("");
    std::fs::remove_file(shop.path("navyd.toml")).unwrap();
    shop.home.write("shop/Procfile", "one: echo from one\nlonger: echo from longer\n");
    let ran = shop.run(&["up"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("one    │ from one\n") && ran.stdout.contains("longer │ from longer\n"),
        "{ran:?}"
    );
}
