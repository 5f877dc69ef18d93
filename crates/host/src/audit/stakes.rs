//! What is at stake behind a listener, and who gets to it: where a check finds a door open, this says to what.
//!
//! By program and framework, and never by port number. Bias: what is unknown gives power over nothing but knowledge.

use std::net::IpAddr;

use navyd_model::Exposure;

use super::{Ask, Facts, Power, Reach, Subject};

/// Programs and frameworks that run code for whoever asks: debuggers, notebooks, engines of containers.
const CODE: &[&str] = &[
    "Jupyter",
    "jupyter-lab",
    "jupyter-notebook",
    "debugpy",
    "dockerd",
    "containerd",
    "podman",
    "Storybook MCP",
    "ipykernel",
    "rstudio-server",
    "code-server",
    "openvscode-server",
    "Node-RED",
    "n8n",
    "gdbserver",
    "dlv",
    "jdwp",
    "rdbg",
    "chromedriver",
    "geckodriver",
    "selenium",
    "ray",
    "erl",
    "rpyc_classic.py",
    "ttyd",
    "gotty",
    "wetty",
    "webmin",
    "MCP Inspector",
];

/// Those that keep data which whoever asks may change.
const WRITE: &[&str] = &[
    "redis-server",
    "valkey-server",
    "memcached",
    "mongod",
    "postgres",
    "mysqld",
    "mariadbd",
    "elasticsearch",
    "opensearch",
    "clickhouse-server",
    "couchdb",
    "beam.smp",
    "ollama",
    "etcd",
    "consul",
    "minio",
    "influxd",
    "nats-server",
    "redis-sentinel",
    "keydb-server",
    "dragonfly",
    "cockroach",
    "mongos",
    "neo4j",
    "cassandra",
    "qdrant",
    "weaviate",
    "milvus",
    "meilisearch",
    "typesense-server",
    "surreal",
    "arangod",
    "rethinkdb",
    "zookeeper",
    "kafka",
    "mosquitto",
    "rabbitmq-server",
    "vault",
    "adminer",
    "phpMyAdmin",
    "prisma",
    "Prisma Studio",
    "Drizzle Studio",
    "PocketBase",
    "LocalStack",
    "Verdaccio",
    "llama-server",
    "vllm",
    "smbd",
    "rsync",
    "vsftpd",
    "proftpd",
];

/// Those that hand out the source they work on.
const READ: &[&str] = &[
    "Vite",
    "webpack-dev-server",
    "webpack",
    "Next.js",
    "Nuxt",
    "Astro",
    "Remix",
    "React Router",
    "Gatsby",
    "Angular",
    "SvelteKit",
    "Create React App",
    "Vue CLI",
    "Expo",
    "Metro",
    "Parcel",
    "Rsbuild",
    "Rspack",
    "http.server",
    "http-server",
    "serve",
    "Django",
    "Flask",
    "Rails",
    "Laravel",
    "Storybook",
    "Docusaurus",
    "MkDocs",
    "Qwik",
    "Vitest",
    "esbuild",
    "Fresh",
    "Trunk",
    "Hugo",
    "Jekyll",
    "Eleventy",
    "Hexo",
    "live-server",
    "browser-sync",
    "Wrangler",
    "Tauri",
    "Streamlit",
    "Gradio",
    "TensorBoard",
    "Phoenix",
    "Symfony",
    "miniserve",
    "dufs",
    "webfsd",
];

/// What the one who gets there can do.
pub(super) fn power(subject: &Subject) -> Power {
    let names = subject.names();
    let any =
        |list: &[&str]| names.iter().any(|name| list.iter().any(|known| known.eq_ignore_ascii_case(name)));
    match () {
        () if any(CODE) => Power::Code,
        () if any(WRITE) => Power::Write,
        () if any(READ) => Power::Read,
        () => Power::Info,
    }
}

/// What can be done behind a published port: by what listens in the container, where it is seen and is the only one
/// that may be meant.
pub(super) fn power_behind(subject: &Subject, facts: &Facts) -> Power {
    let Some(to) = subject.container() else { return power(subject) };
    let inside = |one: &&Subject| {
        let namespace = one.listener.netns.as_ref();
        one.is_tcp()
            && one.listener.port == Some(to.port())
            && namespace.is_some_and(|namespace| namespace.container.is_some() || namespace.name.is_some())
    };
    let mut all = facts.subjects.iter().filter(inside);
    match (all.next(), all.next()) {
        (Some(only), None) => power(only),
        _ => power(subject),
    }
}

/// Who gets to the listener, as far as its address tells: a firewall may allow less.
pub(super) fn reach(subject: &Subject, facts: &Facts) -> Reach {
    let listener = &subject.listener;
    match listener.exposure {
        Exposure::Loopback => Reach::AnyUser,
        Exposure::Container => Reach::Lan,
        Exposure::Lan => listener.address.map_or(Reach::Lan, beyond),
        Exposure::All => {
            let v4 =
                listener.address.is_some_and(|address| address.is_ipv4()) || listener.v6only == Some(false);
            let v6 = listener.address.is_some_and(|address| address.is_ipv6());
            let devices = facts.interfaces.iter().flatten().filter(|device| device.up && !device.loopback);
            let addresses = devices.flat_map(|device| &device.addresses);
            let taken = addresses.filter(|address| if address.is_ipv4() { v4 } else { v6 });
            taken.map(|address| beyond(*address)).max().unwrap_or(Reach::AnyUser)
        }
    }
}

/// Who gets to what it said when it was asked: any page where a foreign name is taken; and where the way that others
/// come was tried, whoever comes by it only if it answered there what it answered here.
pub(super) fn heard(subject: &Subject, facts: &Facts) -> Reach {
    let by_name = if subject.takes_any_name() { Reach::AnyPage } else { Reach::AnyUser };
    let near = |ask| subject.heard.iter().find(|heard| !heard.far && heard.ask == ask);
    let refused = subject.heard.iter().filter(|heard| heard.far).any(|far| match far.ask {
        Ask::Word(_) => near(far.ask).is_some_and(|near| near.said != far.said),
        _ => far.said.is_none(),
    });
    if refused { by_name } else { by_name.max(reach(subject, facts)) }
}

/// Who gets to an address that is not loopback.
pub(super) fn beyond(address: IpAddr) -> Reach {
    let near = match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_link_local()
                || v4.is_loopback()
                || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64)
        }
        // Unique local (RFC 4193) and link-local (RFC 4291 §2.5.6) addresses.
        IpAddr::V6(v6) => {
            v6.segments()[0] & 0xfe00 == 0xfc00 || v6.segments()[0] & 0xffc0 == 0xfe80 || v6.is_loopback()
        }
    };
    if near { Reach::Lan } else { Reach::Routable }
}

#[cfg(test)]
mod tests {
    use super::{super::checks::fixture::held, *};

    #[test]
    fn power_is_told_by_program_and_framework_and_never_by_port() {
        for (port, name, framework, expected) in [
            (3000, "redis-server", None, Power::Write),
            (6379, "python3", None, Power::Info),
            (5173, "node", Some("Vite"), Power::Read),
            (5173, "node", None, Power::Info),
            (3000, "Postgres", None, Power::Write),
            (3000, "python3", Some("Jupyter"), Power::Code),
            (3000, "dockerd", Some("Vite"), Power::Code),
        ] {
            assert_eq!(power(&held(port, name, framework)), expected, "{port} {name} {framework:?}");
        }
    }

    #[test]
    fn a_program_stands_in_one_list() {
        let mut all: Vec<String> =
            [CODE, WRITE, READ].concat().iter().map(|name| name.to_ascii_lowercase()).collect();
        let many = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), many);
    }

    #[test]
    fn addresses_reach_as_far_as_their_block() {
        for (address, expected) in [
            ("10.0.0.7", Reach::Lan),
            ("192.168.1.2", Reach::Lan),
            ("169.254.1.1", Reach::Lan),
            ("100.64.0.1", Reach::Lan),
            ("100.128.0.1", Reach::Routable),
            ("203.0.113.5", Reach::Routable),
            ("fe80::1", Reach::Lan),
            ("fd00::1", Reach::Lan),
            ("2001:db8::1", Reach::Routable),
        ] {
            assert_eq!(beyond(address.parse().unwrap()), expected, "{address}");
        }
    }
}
