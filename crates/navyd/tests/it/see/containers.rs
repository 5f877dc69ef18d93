//! Real containers: whose listener it is, where it is published, and how navyd frees it.

use std::process::Command;

use serde_json::Value;

use super::{document, ls, own};
use crate::support::{
    engine::{Docker, Podman},
    run::{navyd, run},
};

/// An address that no other test uses.
const ADDRESS: &str = "127.62.88.1";

fn free_port() -> u16 {
    std::net::TcpListener::bind((ADDRESS, 0)).unwrap().local_addr().unwrap().port()
}

/// The short id in what navyd calls a container of this engine.
fn id<'a>(name: &'a Value, engine: &str) -> &'a str {
    name.as_str().and_then(|name| name.strip_prefix(engine)?.strip_prefix(':')).expect("a container's name")
}

#[test]
fn a_container_on_the_network_of_the_machine_is_named_and_stopped_by_its_engine() {
    let Some(podman) = Podman::new("a_container_on_the_network_of_the_machine_is_named") else { return };
    let port = free_port();
    let _container = podman.serve("host", &format!("{ADDRESS}:{port}"));
    let seen = document(&mut ls(["--port", &port.to_string()]));
    let holder = &own(&seen)[0]["holders"][0];
    assert_eq!(
        (&holder["name"], &holder["supervisor"]["kind"]),
        (&"busybox".into(), &"container".into()),
        "{seen:#}"
    );
    let id = id(&holder["supervisor"]["name"], "podman");
    let known = run(podman.told(Command::new("podman")).args(["ps", "--quiet"]));
    assert_eq!(known.stdout.trim(), id);

    let freed = run(podman.told(navyd()).args(["free", &format!("{ADDRESS}:{port}"), "--yes"]));
    assert_eq!(freed.status, Some(0), "{}{}", freed.stdout, freed.stderr);
    assert!(freed.stderr.contains(&format!("podman stop {id}")), "{}", freed.stderr);
    let known = run(podman.told(Command::new("podman")).args(["ps", "--quiet"]));
    assert_eq!(known.stdout, "");
}

#[test]
fn a_container_with_a_network_of_its_own_is_marked() {
    let Some(podman) = Podman::new("a_container_with_a_network_of_its_own_is_marked") else { return };
    let port = free_port();
    let _container = podman.serve("none", &format!("127.0.0.1:{port}"));
    let seen = document(&mut ls(["--port", &port.to_string()]));
    let netns = &seen["listeners"][0]["netns"];
    let id = id(&netns["container"], "podman").to_owned();
    let text = run(&mut ls(["--port", &port.to_string()])).stdout;
    assert!(text.contains(&format!("in podman:{id}")), "{text}");
    let why = run(navyd().args(["why", &port.to_string()])).stdout;
    assert!(why.contains("other-namespace") && why.contains(&format!("in container `podman:{id}`")), "{why}");
}

#[test]
fn a_port_that_docker_publishes_leads_to_its_container() {
    let Some(docker) = Docker::new("a_port_that_docker_publishes_leads_to_its_container") else { return };
    let _container = docker.serve(&["--publish", "127.0.0.1:8080:80"], "80");
    let inside = |arguments: &[&str]| run(docker.inside(navyd().get_program()).args(arguments));
    let seen: Value = serde_json::from_str(&inside(&["ls", "--json"]).stdout).unwrap();
    let published = own(&seen).into_iter().find(|listener| listener["port"] == 8080).unwrap();
    assert_eq!(
        (&published["exposure"], &published["holders"][0]["name"]),
        (&"container".into(), &"docker-proxy".into()),
        "{seen:#}"
    );
    let within = seen["listeners"].as_array().unwrap().iter().find(|listener| {
        listener["port"] == 80
            && listener["netns"]["container"].as_str().is_some_and(|c| c.starts_with("docker:"))
    });
    assert!(within.is_some_and(|listener| listener["holders"][0]["name"] == "busybox"), "{seen:#}");
    let why = inside(&["why", "8080"]).stdout;
    assert!(why.contains("container-published"), "{why}");

    let refused = inside(&["free", "8080", "--yes", "--json"]);
    let report: Value = serde_json::from_str(&refused.stdout).unwrap();
    let command = report["ports"][0]["hint"].as_str().unwrap();
    assert!(command.starts_with("docker stop "), "{report:#}");
    // What it says to type does it.
    let typed = run(docker.inside("sh").args(["-c", command]));
    assert_eq!(typed.status, Some(0), "{}", typed.stderr);
    let free: Value = serde_json::from_str(&inside(&["why", "8080", "--json"]).stdout).unwrap();
    assert_eq!(free["verdict"], "free", "{free:#}");

    let daemon: Value =
        serde_json::from_str(&inside(&["ls", "--port", "2375", "--probe", "--json"]).stdout).unwrap();
    let speaks = &own(&daemon)[0]["speaks"];
    assert_eq!((&speaks["protocol"], &speaks["certainty"]), (&"Docker API".into(), &"observed".into()));
}
