//! What a service finds in its environment.
//!
//! Its port stands under every name that servers read it from, because a variable reaches a program through any
//! number of wrappers, which a flag does not. Deliberately absent: what it inherits, and reading files.

use super::{
    dotenv::Variable,
    reference::Attribute,
    resolved::{Config, Port, ServiceProtocol, ServiceSpec},
};

/// The variables that servers read their port from, besides `PORT`: Flask, uvicorn, Spring Boot, Quarkus, ASP.NET Core,
/// Nitro, Streamlit, Rocket and Trunk.
const PORTS: [&str; 9] = [
    "FLASK_RUN_PORT",
    "UVICORN_PORT",
    "SERVER_PORT",
    "QUARKUS_HTTP_PORT",
    "ASPNETCORE_HTTP_PORTS",
    "NITRO_PORT",
    "STREAMLIT_SERVER_PORT",
    "ROCKET_PORT",
    "TRUNK_SERVE_PORT",
];

/// Where a service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Its port.
    pub port: u16,
    /// Its first host, such as `api.shop.localhost`.
    pub name: String,
    /// Its URL through the gateway, such as `http://api.shop.localhost:62893`.
    pub route: String,
}

/// The address that services are told to listen on.
pub const HOST: &str = "127.0.0.1";

/// The variables that tell a program where to listen.
pub fn of_port(port: u16) -> impl Iterator<Item = (&'static str, String)> {
    let port = port.to_string();
    let ports = ["PORT"].into_iter().chain(PORTS).map(move |name| (name, port.clone()));
    ports.chain([("HOST", HOST.to_owned())])
}

/// The variables of a service, each once, the stronger over the weaker: its own table, where it listens, its
/// files from the last to the first. `files` are the variables of its files, in their order; `reach` tells where
/// a service is reached, and is asked only for those that listen.
pub fn of_service(
    config: &Config,
    service: &ServiceSpec,
    port: Option<u16>,
    files: impl IntoIterator<Item = Variable>,
    reach: impl Fn(&ServiceSpec) -> Option<Reach>,
) -> Vec<Variable> {
    let mut found: Vec<Variable> = Vec::new();
    let mut set = |name: &str, value: String| match found.iter_mut().find(|(known, _)| known == name) {
        Some(known) => known.1 = value,
        None => found.push((name.to_owned(), value)),
    };
    for (name, value) in files {
        set(&name, value);
    }
    if service.port != Port::None {
        for (name, value) in port.into_iter().flat_map(of_port) {
            set(name, value);
        }
    }
    // A reference that leads nowhere was refused when the file was read.
    let of = |name: &str, attribute| {
        let target = config.service(name).and_then(|target| Some((target, reach(target)?)));
        target.map_or_else(String::new, |(target, reach)| asked(target, &reach, attribute))
    };
    for (name, template) in &service.env {
        set(name, template.fill(of));
    }
    found
}

fn asked(target: &ServiceSpec, reach: &Reach, attribute: Attribute) -> String {
    let scheme = match target.protocol {
        ServiceProtocol::Http => "http",
        ServiceProtocol::Tcp => "tcp",
    };
    match attribute {
        Attribute::Url => format!("{scheme}://{HOST}:{}", reach.port),
        Attribute::Host => HOST.to_owned(),
        Attribute::Port => reach.port.to_string(),
        Attribute::Name => reach.name.clone(),
        Attribute::Route => reach.route.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;

    #[test]
    fn the_stronger_wins_and_references_are_filled_in() {
        let config = read(
            "navyd.toml",
            r#"
            [services.api]
            command = "api"
            [services.db]
            command = "db"
            protocol = "tcp"
            [services.web]
            command = "web"
            env = { API = "${services.api.url}/v1", DB = "${services.db.url}", R = "${services.api.route}", B = "own", HOST = "0.0.0.0" }
            "#,
        )
        .unwrap();
        let reach = |service: &ServiceSpec| {
            let port = if service.name == "api" { 24_117 } else { 5_432 };
            let name = format!("{}.shop.localhost", service.name);
            Some(Reach { port, route: format!("http://{name}:62893"), name })
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let files = [pair("A", "file"), pair("B", "file"), pair("PORT", "3000")];
        let web = config.service("web").unwrap();
        let found = of_service(&config, web, Some(20_001), files.clone(), reach);
        for (name, expected) in [
            ("A", "file"),
            ("B", "own"),
            ("PORT", "20001"),
            ("UVICORN_PORT", "20001"),
            ("HOST", "0.0.0.0"),
            ("API", "http://127.0.0.1:24117/v1"),
            ("DB", "tcp://127.0.0.1:5432"),
            ("R", "http://api.shop.localhost:62893"),
        ] {
            let values: Vec<_> =
                found.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect();
            assert_eq!(values, [expected], "{name}");
        }
        // One that listens nowhere is not told where.
        let worker = ServiceSpec { port: Port::None, ..web.clone() };
        let found = of_service(&config, &worker, None, files, reach);
        assert!(
            found.contains(&pair("PORT", "3000")) && !found.iter().any(|(name, _)| name == "UVICORN_PORT")
        );
    }
}
