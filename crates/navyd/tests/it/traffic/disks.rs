//! A disk that hangs, a disk that is full: bytes go on, memory is bounded, and what could not be written is counted.
//!
//! Each hub has its records on a file system of its own, in a mount namespace that goes with it.

use std::process::Command;

use serde_json::Value;

use super::{
    bodies::peak,
    until,
    watched::{count, settled},
};
use crate::{
    gateway::peers::server,
    hub::{Foreground, Home},
    support::{child::Held, is_root, program, run::run, skip},
};

/// A server whose every answer is other noise, so that no body is kept twice as one.
const SERVER: &str = "
const noise = require('crypto').randomBytes;
require('http').createServer((_, response) => {
  response.writeHead(200, {'content-type': 'image/png', 'content-length': 200000});
  response.end(noise(200000));
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
";

/// How much memory a hub may ever have had, in KiB: 64 MiB wait to be read, 16 MiB to be written, and room for itself.
const MEMORY: u64 = 192 << 10;

/// Mounts what its first words say at the place of the records, and becomes the rest.
const MOUNT: &str = r#"mount $1 "$2"; chmod 700 "$2"; shift 2; exec "$@""#;

struct Scene {
    hub: Foreground,
    home: Home,
    _server: Held,
}

impl Scene {
    /// A hub with the route `shop.localhost`, on the file system that `make` gives the words to mount for.
    fn new(test: &str, tools: &[&str], make: impl FnOnce(&Home) -> String) -> Option<Self> {
        let mut needed = ["curl", "node", "unshare", "nsenter", "mount"].iter().chain(tools);
        if let Some(missing) = needed.find(|name| program(name).is_none()) {
            skip(test, &format!("`{missing}` is not installed"));
            return None;
        }
        if !is_root() {
            skip(test, "mounting needs root");
            return None;
        }
        let home = Home::new();
        let (what, place) = (make(&home), home.path("data/navyd"));
        std::fs::create_dir(&place).unwrap();
        let place = place.to_str().unwrap();
        let around =
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec", MOUNT, "sh", &what, place];
        let tried = run(Command::new(around[0]).args(&around[1..]).arg("true"));
        if tried.status != Some(0) {
            skip(test, &format!("no file system can be mounted: {}", tried.stderr.trim()));
            return None;
        }
        let (server, address) = server("node", SERVER);
        let hub = home.hub_in(&around, &[]);
        home.json(&["route", "add", "shop", &format!("http://{address}")]);
        Some(Self { hub, home, _server: server })
    }

    /// Sends so many requests, each on a connection of its own; all must be answered.
    fn send(&self, path: &str, requests: u32) {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "55", "--noproxy", "*", "-H", "Host: shop.localhost"]);
        curl.args(["-H", "Connection: close", "-o", "/dev/null", "-w", "%{http_code} %{size_download}\n"]);
        let ran = run(curl.arg(format!("http://{}/{path}/[1-{requests}]", self.hub.address())));
        let answered = ran.stdout.lines().filter(|line| *line == "200 200000").count();
        assert_eq!(answered, requests as usize, "{ran:?}");
    }

    /// A program where the file system of the records is.
    fn inside(&self, words: &[&str]) -> Option<i32> {
        let mut command = Command::new("nsenter");
        run(command.args(["-t", &self.hub.pid().to_string(), "-m"]).args(words)).status
    }

    fn place(&self) -> String {
        self.home.path("data/navyd").to_str().unwrap().to_owned()
    }

    fn capture(&self) -> Value {
        self.home.ask("GET", "/api/v1/status", "").json()["capture"].clone()
    }

    /// Holds what is on the disk, with what is counted as lost, against what was sent.
    fn check_sum(&self, sent: u64) {
        let capture = until(|| {
            let capture = settled(&self.home, 0);
            (capture["recorded"].as_u64().unwrap() + number(&capture, "flows") >= sent).then_some(capture)
        });
        let kept = count(&self.home, "");
        assert_eq!(
            kept + number(&capture, "flows") + number(&capture, "exchanges"),
            sent,
            "{kept}: {capture}"
        );
        assert!(kept < sent, "{capture}");
        assert_eq!(capture["trouble"], Value::Null);
        assert!(peak(&self.hub) <= MEMORY, "the hub had {} KiB", peak(&self.hub));
    }
}

fn number(capture: &Value, of: &str) -> u64 {
    capture["lost"][of].as_u64().unwrap()
}

/// A file system that takes no writes for as long as this lives.
struct Frozen<'a>(&'a Scene);

impl<'a> Frozen<'a> {
    fn new(scene: &'a Scene) -> Self {
        let frozen = Self(scene);
        assert_eq!(scene.inside(&["fsfreeze", "--freeze", &scene.place()]), Some(0));
        frozen
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        // Else nobody could end whoever writes there.
        self.0.inside(&["fsfreeze", "--unfreeze", &self.0.place()]);
    }
}

#[test]
fn while_the_disk_hangs_bytes_pass_and_what_is_lost_is_counted() {
    let test = "traffic::disks::while_the_disk_hangs_bytes_pass_and_what_is_lost_is_counted";
    let made = Scene::new(test, &["fsfreeze", "mkfs.ext4"], |home| {
        let image = home.path("image");
        std::fs::File::create(&image).unwrap().set_len(96 << 20).unwrap();
        assert_eq!(run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image)).status, Some(0));
        format!("-o loop {}", image.display())
    });
    let Some(scene) = made else { return };
    scene.send("before", 1);
    settled(&scene.home, 1);
    let frozen = Frozen::new(&scene);
    scene.send("during", 450);
    // Nobody waits for ever who asks how it stands.
    until(|| (scene.capture()["trouble"] == "the disk does not answer").then_some(()));
    // Nor who asks what is there.
    for words in [&["traffic", "ls"][..], &["traffic", "show", "1"], &["traffic", "search", "before"]] {
        let ran = scene.home.run(words);
        assert!(
            ran.status == Some(2) && ran.stderr.contains("the disk does not answer"),
            "{words:?}: {ran:?}"
        );
    }
    drop(frozen);
    until(|| (scene.capture()["trouble"] == Value::Null).then_some(()));
    scene.send("after", 1);
    scene.check_sum(452);
    assert_eq!((count(&scene.home, "path:/before/*"), count(&scene.home, "path:/after/*")), (1, 1));
}

#[test]
fn while_the_disk_is_full_bytes_pass_and_what_is_given_up_is_counted() {
    let test = "traffic::disks::while_the_disk_is_full_bytes_pass_and_what_is_given_up_is_counted";
    let made = Scene::new(test, &[], |_| "-t tmpfs -o size=24m tmpfs".to_owned());
    let Some(scene) = made else { return };
    scene.send("before", 1);
    settled(&scene.home, 1);
    // Another program fills the disk.
    let ballast = format!("{}/ballast", scene.place());
    scene.inside(&["sh", "-c", "head -c 64M /dev/zero >\"$0\"", &ballast]);
    scene.send("during", 150);
    let capture = until(|| {
        let capture = scene.capture();
        (number(&capture, "exchanges") > 0).then_some(capture)
    });
    assert!(capture["trouble"].as_str().unwrap().contains("No space left"), "{capture}");
    assert_eq!(scene.inside(&["rm", &ballast]), Some(0));
    scene.send("after", 1);
    until(|| (count(&scene.home, "path:/after/*") == 1).then_some(()));
    scene.check_sum(152);
}
