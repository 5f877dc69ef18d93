//! Services for real: `up`, `down` and their like, with a hub of each test's own.

mod course;
mod load;
mod logs;
mod ports;
mod reload;
mod tree;

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::support::{
    run::{Run, navyd, run},
    temp::TempDir,
};

/// How long something may take to become so. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// A project in a directory of its own, and a hub for it alone, which ends with it.
struct Shop {
    home: TempDir,
}

impl Shop {
    /// With this `navyd.toml`.
    fn new(services: &str) -> Self {
        let shop = Self { home: TempDir::new() };
        shop.write(services);
        shop
    }

    /// Another `navyd.toml`, put in the place of the old one as editors do.
    fn write(&self, services: &str) {
        let text = format!("[project]\nname = \"shop\"\n\n{services}");
        let new = self.home.write("shop/navyd.toml.new", text);
        std::fs::rename(new, self.path("navyd.toml")).unwrap();
    }

    /// A path in the project.
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join("shop").join(name)
    }

    /// A command in the project.
    fn navyd(&self, words: &[&str]) -> Command {
        let mut command = navyd();
        command.args(words).current_dir(self.path("")).env("HOME", self.home.path());
        command.env("XDG_RUNTIME_DIR", self.home.path().join("run")).env("NAVYD_HUB_LISTEN", "127.0.0.1:0");
        command
    }

    fn run(&self, words: &[&str]) -> Run {
        run(&mut self.navyd(words))
    }

    /// Runs everything in the background.
    fn up(&self) {
        let ran = self.run(&["up", "-d"]);
        assert_eq!(
            ran.status,
            Some(0),
            "{ran:?}\n{:?}\n{:?}",
            self.run(&["logs"]),
            self.run(&["hub", "logs"])
        );
    }

    fn json(&self, words: &[&str]) -> Value {
        let ran = self.run(words);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    /// A service as `ps` tells of it.
    fn service(&self, name: &str) -> Value {
        let ps = self.json(&["ps", "--json"]);
        let services = ps["services"].as_array().unwrap();
        services
            .iter()
            .find(|service| service["name"] == name)
            .unwrap_or_else(|| panic!("{name} in {ps}"))
            .clone()
    }

    fn pid(&self, name: &str) -> u32 {
        let service = self.service(name);
        u32::try_from(service["pid"].as_u64().unwrap_or_else(|| panic!("{service}"))).unwrap()
    }

    fn port(&self, name: &str) -> u16 {
        u16::try_from(self.service(name)["port"].as_u64().unwrap()).unwrap()
    }

    /// Asks until it is so. Asking takes its time, so nothing else has to.
    fn until<T>(&self, what: &str, mut is: impl FnMut(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = is(self) {
                return found;
            }
            assert!(begun.elapsed() < DEADLINE, "{what}: {:?}\n{:?}", self.run(&["ps"]), self.run(&["logs"]));
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.run(&["hub", "stop"]);
    }
}

/// Whether a process runs, and has not just not been waited for.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z"))
}

/// Sends a signal to a process of the test's own.
fn signal(name: &str, pid: u32) {
    let ran = run(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// A server in Python that listens at its port, and says so.
const SERVER: &str = r#"command = ["python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]"#;

/// The same at the port that it was told, through a shell.
const TOLD: &str = r#"command = "exec python3 -u -m http.server --bind 127.0.0.1 $PORT""#;
