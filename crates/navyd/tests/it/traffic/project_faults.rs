//! `[faults.NAME]` of a project: laid when it comes up, changed when its file is, gone when it goes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

use super::{ANSWER, DEADLINE, serving, until};
use crate::{
    hub::{Foreground, Home},
    support::run::{Run, run},
};

/// A project with a route to a server, and a service that listens nowhere.
struct Project {
    home: Home,
    hub: Foreground,
    upstream: String,
}

impl Project {
    fn new() -> Self {
        let home = Home::new();
        let hub = home.hub();
        let upstream = serving(ANSWER).0.to_string();
        fs::create_dir(home.path("shop")).unwrap();
        Self { home, hub, upstream }
    }

    /// Another file in the place of the old one, as editors do it.
    fn write(&self, faults: &str) {
        let text = format!(
            "[services.idle]\ncommand = [\"sleep\", \"600\"]\nport = false\nready = {{ started = true }}\n\n\
             [routes]\n\"pay.localhost\" = \"http://{}\"\n\n{faults}",
            self.upstream
        );
        fs::write(self.home.path("shop/new"), text).unwrap();
        fs::rename(self.home.path("shop/new"), self.home.path("shop/navyd.toml")).unwrap();
    }

    fn run(&self, words: &[&str]) -> Run {
        run(self.home.navyd(words).current_dir(self.home.path("shop")))
    }

    fn faults(&self) -> Vec<String> {
        let listed: Value = self.home.json(&["fault", "ls"]);
        let one = |fault: &Value| {
            format!("{}@{}", fault["name"].as_str().unwrap(), fault["route"].as_str().unwrap())
        };
        listed["faults"].as_array().unwrap().iter().map(one).collect()
    }

    /// The status with which a request is answered on this connection.
    fn ask(&self, stream: &mut BufReader<TcpStream>, method: &str) -> String {
        let request = format!("{method} /pay HTTP/1.1\r\nHost: pay.localhost\r\nContent-Length: 0\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).unwrap() > 0, "it ended: {head}");
        }
        if let Some((_, rest)) = head.to_ascii_lowercase().split_once("content-length: ") {
            length = rest.lines().next().unwrap().parse().unwrap();
        }
        stream.read_exact(&mut vec![0; length]).unwrap();
        head.split(' ').nth(1).unwrap().to_owned()
    }
}

#[test]
fn faults_of_a_project_come_change_and_go_with_its_file() {
    let project = Project::new();
    // Nothing of a file with a mistake is done, and the mistake has its place.
    for (faults, expected) in [
        ("[faults.slow]\nlatency = \"soon\"\n", "navyd.toml:10:11: `faults.slow` has `soon` for `latency`"),
        ("[faults.slow]\nlatency = \"1s\"\nwhen = \"metod:GET\"\n", "navyd.toml:11:8: "),
        ("[faults.slow]\nloss = true\nroute = \"pay.localhost\"\n", "cannot be laid on `pay.localhost`"),
        ("[faults.slow]\nlatency = \"1s\"\nroute = \"web\"\n", "`web` is no route of this project"),
    ] {
        project.write(faults);
        let ran = project.run(&["up", "-d"]);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(expected) && ran.stderr.contains("hint: "), "{ran:?}");
        assert!(project.faults().is_empty() && project.run(&["ps"]).status != Some(0), "{faults}");
    }
    project.write(
        "[faults.poor]\nstatus = 402\nwhen = \"method:POST\"\n\n[faults.later]\nlatency = \"1s\"\nenabled = false\n",
    );
    let ran = project.run(&["up", "-d"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(project.faults(), ["poor@pay.localhost"]);
    let stream = TcpStream::connect(project.hub.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut stream = BufReader::new(stream);
    assert_eq!(
        (project.ask(&mut stream, "POST"), project.ask(&mut stream, "GET")),
        ("402".into(), "200".into())
    );
    // One that a person lays wins over one of its name, and goes by itself.
    project.home.json(&["fault", "add", "pay", "--status", "503", "--name", "poor"]);
    assert_eq!((project.faults().len(), project.ask(&mut stream, "GET")), (1, "503".into()));
    project.home.json(&["fault", "rm", "pay", "poor"]);
    assert!(project.faults().is_empty());

    // Changed while its connection stays.
    project.write(
        "[faults.poor]\nstatus = 404\nroute = \"pay.localhost\"\n\n[faults.net]\nprofile = \"fios\"\n",
    );
    until(|| (project.faults().len() == 5).then_some(()));
    assert!(project.faults().contains(&"net_latency_up@pay.localhost".to_owned()), "{:?}", project.faults());
    assert_eq!(project.ask(&mut stream, "GET"), "404");
    // A mistake changes nothing.
    project.write("[faults.poor]\nstatus = 9\n");
    until(|| {
        let projects = project.home.ask("GET", "/api/v1/projects", "");
        projects.body.contains("navyd.toml:10:10").then_some(())
    });
    assert_eq!(project.ask(&mut stream, "GET"), "404");
    let ran = project.run(&["down"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(project.faults().is_empty());
}
