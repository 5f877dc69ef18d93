//! Who owns a port, and what may therefore be asked there: pure.
//!
//! A program is known by its name, its framework or its arguments. A port decides only where nobody can be named, or
//! a container's forwarder stands in front. Bias: who is not known is not asked. A program that somebody built in
//! their own folder is taken for a web server, as one that a language's runtime runs is.

use navyd_model::{Holder, Listener};

use Shape::{Folder, Greets, Hosts, Hot, Path, Same, Tls, Words};

use super::question::Word;

/// How a listener is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One word, near and far.
    Words(Word),
    /// Nothing: it speaks first.
    Greets,
    /// The greeting of TLS, and the first page where that is not spoken.
    Tls,
    /// This path by its own name and by a foreign one.
    Same(&'static str),
    /// This path by its own name, the first page by a foreign one.
    Path(&'static str),
    /// The first page by a foreign name, and a WebSocket at this path, by which pages are loaded anew.
    Hot(&'static str),
    /// Files of a folder: which of them, its [`Ground`](super::Ground) decides.
    Folder,
    /// Sites told apart by `Host`: files that must not be served, by its own name.
    Hosts,
}

impl Shape {
    /// The same where TLS is likely in front of it.
    pub(super) fn behind_tls(self) -> Self {
        match self {
            Words(_) | Greets => self,
            Same(_) | Path(_) | Hot(_) | Folder | Hosts | Tls => Tls,
        }
    }
}

/// A program that is known.
struct Owner {
    /// Its names, and those of its framework.
    names: &'static [&'static str],
    /// What its arguments have, where the name is that of a runtime.
    argued: &'static [&'static str],
    /// The ports that are meant, where it has others too; any where empty.
    only: &'static [u16],
    /// Where it is usual.
    usual: &'static [u16],
    /// How it is asked.
    shape: Shape,
    /// The checks that judge what it says.
    checks: &'static [&'static str],
}

const NOBODY: Owner = Owner { names: &[], argued: &[], only: &[], usual: &[], shape: Same("/"), checks: &[] };

/// Those that are known. The first that fits counts.
const OWNERS: &[Owner] = &[
    Owner {
        names: &["redis-server", "valkey-server", "keydb-server", "dragonfly", "redis-sentinel"],
        usual: &[6379, 6380, 26_379],
        shape: Words(Word::Ping),
        checks: &["A31"],
        ..NOBODY
    },
    Owner {
        names: &["memcached"],
        usual: &[11_211],
        shape: Words(Word::Version),
        checks: &["A31"],
        ..NOBODY
    },
    Owner {
        names: &["mongod", "mongos", "ferretdb"],
        argued: &["nx-27017"],
        usual: &[27_017, 27_018, 27_019],
        shape: Words(Word::Databases),
        checks: &["A32"],
        ..NOBODY
    },
    Owner {
        names: &["postgres", "postmaster", "pgbouncer"],
        usual: &[5432, 5433, 6432],
        shape: Words(Word::Tls),
        checks: &["A33"],
        ..NOBODY
    },
    Owner { names: &["mysqld", "mariadbd"], usual: &[3306], shape: Greets, checks: &["A33"], ..NOBODY },
    Owner {
        names: &["dockerd", "podman"],
        usual: &[2375],
        shape: Same("/version"),
        checks: &["A30"],
        ..NOBODY
    },
    Owner {
        argued: &["org.elasticsearch.", "org.opensearch."],
        // Those from 9300 speak among nodes.
        only: &[9200, 9201, 9202, 9203],
        usual: &[9200, 9201],
        shape: Same("/"),
        checks: &["A32"],
        ..NOBODY
    },
    Owner { names: &["osmem-server"], shape: Same("/"), checks: &["A32"], ..NOBODY },
    Owner {
        names: &["couchdb"],
        argued: &["couchdb"],
        only: &[5984, 5986, 15_984, 25_984, 35_984],
        usual: &[5984],
        shape: Same("/_all_dbs"),
        checks: &["A32"],
    },
    Owner {
        names: &["clickhouse-server", "clickhouse"],
        only: &[8123],
        usual: &[8123],
        shape: Same("/?query=SELECT%201"),
        checks: &["A32"],
        ..NOBODY
    },
    Owner { names: &["ollama"], usual: &[11_434], shape: Same("/api/version"), checks: &["A34"], ..NOBODY },
    Owner {
        names: &["llama-server", "lm-studio", "lms", "vllm", "local-ai", "localai", "koboldcpp", "jan"],
        argued: &["vllm.entrypoints", "llama_cpp.server"],
        usual: &[1234],
        shape: Same("/v1/models"),
        checks: &["A34"],
        ..NOBODY
    },
    Owner {
        names: &["Jupyter", "jupyter-lab", "jupyter-notebook", "jupyter-server"],
        usual: &[8888, 8889],
        shape: Same("/api/status"),
        checks: &["A35"],
        ..NOBODY
    },
    Owner {
        names: &["caddy"],
        only: &[2019],
        usual: &[2019],
        shape: Same("/config/"),
        checks: &["A36"],
        ..NOBODY
    },
    Owner {
        argued: &["@modelcontextprotocol/inspector", "mcp-inspector"],
        usual: &[6277],
        shape: Same("/health"),
        checks: &["A36"],
        ..NOBODY
    },
    Owner {
        names: &["mcp-proxy", "mcp-server", "mcpo", "supergateway", "fastmcp"],
        argued: &["mcp-server", "mcp_server", "mcp-proxy", "supergateway", "fastmcp"],
        shape: Same("/mcp"),
        checks: &["A36"],
        ..NOBODY
    },
    Owner {
        names: &["opencode", "claude", "codex", "goosed"],
        usual: &[4096],
        shape: Same("/config"),
        checks: &["A36"],
        ..NOBODY
    },
    Owner { names: &["Spring Boot"], shape: Path("/actuator/env"), checks: &["A37"], ..NOBODY },
    Owner {
        names: &["Gin", "Echo", "Fiber", "chi"],
        argued: &["/go-build"],
        shape: Path("/debug/pprof/"),
        checks: &["A37"],
        ..NOBODY
    },
    Owner {
        names: &["prometheus", "node_exporter", "prometheus-node-exporter", "alertmanager", "etcd", "consul"],
        usual: &[9090, 9093],
        only: &[9090, 9093, 9100, 2379, 8500],
        shape: Path("/metrics"),
        checks: &["A37"],
        ..NOBODY
    },
    Owner {
        names: &["nginx", "apache2", "httpd", "caddy", "lighttpd"],
        shape: Hosts,
        checks: &["A20"],
        ..NOBODY
    },
    Owner {
        names: &["http.server", "http-server", "serve", "live-server", "busybox", "php"],
        shape: Folder,
        checks: &["A20", "A22"],
        ..NOBODY
    },
    Owner {
        names: &["webpack-dev-server", "webpack", "Create React App", "Vue CLI"],
        shape: Hot("/ws"),
        ..NOBODY
    },
    Owner { names: &["Angular", "Rspack"], shape: Hot("/ng-cli-ws"), ..NOBODY },
    Owner { names: &["Next.js"], shape: Hot("/_next/webpack-hmr"), ..NOBODY },
    Owner { names: &["Metro", "Expo"], shape: Hot("/hot"), ..NOBODY },
];

/// Runtimes whose programs are taken for web servers.
const RUNTIMES: &[&str] = &["node", "nodejs", "deno", "bun", "tsx", "ruby", "python", "php-cgi"];

/// Frameworks that listen for something else than browsers.
const OTHERS: &[&str] = &["debugpy", "workerd"];

/// Those that stand in front of a container, by whose port the container's is known.
const FORWARDERS: &[&str] = &["docker-proxy", "rootlessport", "rootlesskit"];

/// How the listener may be asked, and which checks judge it; or why it is not.
pub(super) fn shape(listener: &Listener) -> Result<(Shape, &'static [&'static str]), &'static str> {
    let port = listener.port.unwrap_or_default();
    let known = listener.holders.iter().find_map(|holder| known(holder, port));
    if let Some(owner) = known {
        return Ok((owner.shape, owner.checks));
    }
    let behind = listener.holders.iter().find(|holder| is(holder, FORWARDERS));
    if listener.holders.is_empty() || behind.is_some() {
        let port = behind.and_then(container_port).unwrap_or(port);
        let usual = OWNERS.iter().find(|owner| owner.usual.contains(&port));
        return usual
            .map(|owner| (owner.shape, owner.checks))
            .ok_or("nobody could be named as its owner, and its port tells nothing");
    }
    if OWNERS.iter().any(|owner| listener.holders.iter().any(|holder| is(holder, owner.names))) {
        return Err("this port of its owner is not known");
    }
    if listener.holders.iter().any(is_web) {
        return Ok((Same("/"), &[]));
    }
    Err("its owner is not known, nor what it speaks")
}

fn known(holder: &Holder, port: u16) -> Option<&'static Owner> {
    OWNERS.iter().find(|owner| {
        let argued = || holder.argv.iter().flatten().chain(&holder.exe);
        (is(holder, owner.names) || argued().any(|text| owner.argued.iter().any(|word| text.contains(word))))
            && (owner.only.is_empty() || owner.only.contains(&port))
    })
}

/// Whether it goes by one of these names: its own, its framework's, its executable's, or its script's.
fn is(holder: &Holder, names: &[&str]) -> bool {
    let mut arguments = holder.argv.iter().flatten();
    let title = arguments.next();
    let script = arguments.find(|argument| !argument.starts_with('-')).filter(|_| runs_scripts(holder));
    let called = [Some(&holder.name), holder.framework.as_ref(), holder.exe.as_ref(), title, script];
    called.into_iter().flatten().any(|text| {
        names.iter().any(|name| name.eq_ignore_ascii_case(text) || name.eq_ignore_ascii_case(stem(text)))
    })
}

fn runs_scripts(holder: &Holder) -> bool {
    [holder.exe.as_ref(), holder.argv.iter().flatten().next()].into_iter().flatten().any(|text| {
        let stem = stem(text).trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        RUNTIMES.contains(&stem)
    })
}

/// The word in a path or title: `redis-server` in `/usr/bin/redis-server *:6379`.
fn stem(text: &str) -> &str {
    let file = text.split(' ').next().unwrap_or(text).trim_end_matches(':');
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let ends = [".js", ".mjs", ".cjs", ".ts", ".py", ".exe", ".jar"];
    ends.iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file)
}

fn is_web(holder: &Holder) -> bool {
    if let Some(framework) = holder.framework.as_deref() {
        return !OTHERS.contains(&framework);
    }
    let exe = holder.exe.as_deref().unwrap_or_default();
    let homes = [holder.cwd.as_deref(), holder.project.as_ref().map(|project| project.root.as_str())];
    let is_built_here =
        homes.into_iter().flatten().any(|home| home.len() > 1 && std::path::Path::new(exe).starts_with(home));
    is_built_here || runs_scripts(holder)
}

/// The port within the container: `docker-proxy … -container-port 6379`.
fn container_port(holder: &Holder) -> Option<u16> {
    let mut arguments = holder.argv.iter().flatten();
    arguments.find(|argument| argument.trim_start_matches('-') == "container-port")?;
    arguments.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use navyd_model::Protocol;

    use super::*;

    fn listener(port: u16, exe: &str, argv: &str, framework: Option<&str>) -> Listener {
        let holder = Holder {
            name: stem(exe).to_owned(),
            exe: Some(exe.to_owned()),
            argv: Some(argv.split(' ').map(str::to_owned).collect()),
            framework: framework.map(str::to_owned),
            cwd: Some("/home/dev/shop".to_owned()),
            ..Holder::default()
        };
        Listener { holders: vec![holder], ..Listener::on(Protocol::Tcp, port) }
    }

    #[test]
    fn owners_choose_the_protocol() {
        for (port, exe, argv, framework, expected) in [
            (3000, "/usr/bin/redis-server", "redis-server *:3000", None, Some(Words(Word::Ping))),
            (8080, "/usr/sbin/memcached", "memcached -p 8080", None, Some(Words(Word::Version))),
            (80, "/usr/lib/postgresql/15/bin/postgres", "postgres -D x", None, Some(Words(Word::Tls))),
            (9300, "/usr/bin/java", "java org.apache.kafka.Kafka", None, None),
            (9200, "/usr/bin/java", "java org.elasticsearch.bootstrap.Elasticsearch", None, Some(Same("/"))),
            (2375, "/usr/bin/python3.11", "python3 /x/dockerd.py", None, Some(Same("/version"))),
            (5173, "/usr/bin/node", "node vite", Some("Vite"), Some(Same("/"))),
            (8080, "/usr/bin/node", "node webpack serve", Some("webpack-dev-server"), Some(Hot("/ws"))),
            (3000, "/usr/bin/node", "node redis-server-clone.js", None, Some(Same("/"))),
            (8000, "/usr/bin/python3.11", "python3 -m http.server", Some("http.server"), Some(Folder)),
            (8080, "/home/dev/shop/target/debug/shop", "shop", None, Some(Same("/"))),
            (
                8080,
                "/tmp/go-build12/b001/exe/main",
                "/tmp/go-build12/b001/exe/main",
                None,
                Some(Path("/debug/pprof/")),
            ),
            (631, "/usr/sbin/cupsd", "cupsd -l", None, None),
            (22, "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D", None, None),
            (3306, "/usr/sbin/mariadbd", "mariadbd", None, Some(Greets)),
            (2019, "/usr/bin/caddy", "caddy run", None, Some(Same("/config/"))),
            (8080, "/usr/bin/caddy", "caddy run", None, Some(Hosts)),
            (9000, "/usr/bin/clickhouse-server", "clickhouse-server", None, None),
            (
                16_379,
                "/usr/bin/docker-proxy",
                "docker-proxy -proto tcp -host-port 16379 -container-port 6379",
                None,
                Some(Words(Word::Ping)),
            ),
            (5678, "/usr/bin/python3", "python3 -m debugpy", Some("debugpy"), None),
        ] {
            let got = shape(&listener(port, exe, argv, framework)).ok().map(|(shape, _)| shape);
            assert_eq!(got, expected, "{port} {argv}");
        }
    }

    #[test]
    fn a_port_decides_only_where_nobody_is_named() {
        for (port, expected) in
            [(6379, Some(Words(Word::Ping))), (5432, Some(Words(Word::Tls))), (3000, None), (9229, None)]
        {
            assert_eq!(
                shape(&Listener::on(Protocol::Tcp, port)).ok().map(|(shape, _)| shape),
                expected,
                "{port}"
            );
        }
    }
}
