//! Every key of `navyd.toml`: what is read, suggested and documented.

/// A table of `navyd.toml`.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// As its heading is written: `[services.NAME]`.
    pub heading: &'static str,
    /// Its keys, the most important first.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What its value has to be, as it follows "expected".
    pub expects: &'static str,
    /// A line that can be typed.
    pub example: &'static str,
    /// What other programs call the same, for whoever writes that.
    pub known_as: &'static [&'static str],
}

/// Every table, in the order of the reference.
pub const TABLES: &[&Table] = &[&TOP, &PROJECT, &SERVICE, &READY, &STOP, &ROUTE, &FAULT];

/// The tables at the top.
pub(super) const TOP: Table = Table {
    heading: "navyd.toml",
    keys: &[
        key("project", "a table", "[project]", &["name"]),
        key("services", "a table with a table for each service", "[services.web]", &["processes", "service"]),
        key("routes", "a table of routes", "[routes]", &["route"]),
        key("faults", "a table with a table for each fault", "[faults.slow]", &["fault", "toxics", "chaos"]),
    ],
};

pub(super) const PROJECT: Table = Table {
    heading: "[project]",
    keys: &[key("name", "a name with a letter or digit in it", "name = \"shop\"", &[])],
};

pub(super) const SERVICE: Table = Table {
    heading: "[services.NAME]",
    keys: &[
        key(
            "command",
            "a line for `sh -c`, or a list of a program and its arguments",
            "command = \"npm run dev\"",
            &["cmd", "run", "exec", "entrypoint", "shell"],
        ),
        key("dir", "a directory", "dir = \"web\"", &["cwd", "working_dir", "workdir", "directory"]),
        key(
            "env",
            "a table of variables, each a text, a number or a boolean",
            "env = { API = \"${services.api.url}\" }",
            &["environment", "vars"],
        ),
        key(
            "env_file",
            "a file, or a list of files",
            "env_file = \".env\"",
            &["env_files", "dotenv", "is_dotenv"],
        ),
        key(
            "port",
            "a number from 1 to 65535, or `false` for none",
            "port = 3000",
            &["ports", "expose", "listen"],
        ),
        key("protocol", "`http` or `tcp`", "protocol = \"http\"", &["scheme", "speaks", "app_protocol"]),
        key(
            "depends_on",
            "a list of services, or a table of services and `started`, `healthy`, `log` or `exit0`",
            "depends_on = { db = \"healthy\" }",
            &["depends", "after", "needs", "requires"],
        ),
        key(
            "ready",
            "a table with one of `socket`, `tcp`, `http`, `log` and `started`",
            "ready = { http = \"/health\", timeout = \"30s\" }",
            &["healthcheck", "health", "readiness_probe", "readiness", "ready_log_line"],
        ),
        key(
            "restart",
            "`no`, `on-failure` or `always`",
            "restart = \"on-failure\"",
            &["availability", "autorestart", "restart_policy"],
        ),
        key(
            "stop",
            "a table with `signal` and `timeout`",
            "stop = { signal = \"INT\", timeout = \"10s\" }",
            &["shutdown", "stop_signal", "stop_grace_period", "kill"],
        ),
        key("listen_fds", "`true` or `false`", "listen_fds = true", &["socket_activation"]),
        key("capture", "`true` or `false`", "capture = false", &["record", "inspect"]),
        key(
            "host",
            "a host name, or a list of host names",
            "host = \"shop.localhost\"",
            &["hosts", "hostname", "domain", "alias"],
        ),
    ],
};

pub(super) const READY: Table = Table {
    heading: "ready",
    keys: &[
        key("socket", "`true`", "ready = { socket = true }", &["listen", "port"]),
        key("tcp", "`true`", "ready = { tcp = true }", &["connect"]),
        key(
            "http",
            "a path that begins with `/`",
            "ready = { http = \"/health\" }",
            &["http_get", "url", "path"],
        ),
        key("log", "a text", "ready = { log = \"ready in\" }", &["line", "ready_log_line"]),
        key("started", "`true`", "ready = { started = true }", &["running"]),
        key(
            "timeout",
            "a time such as `500ms`, `30s` or `2m`",
            "timeout = \"30s\"",
            &["timeout_seconds", "start_period"],
        ),
    ],
};

pub(super) const STOP: Table = Table {
    heading: "stop",
    keys: &[
        key(
            "signal",
            "one of `TERM`, `INT`, `HUP`, `QUIT`, `USR1`, `USR2` and `KILL`",
            "stop = { signal = \"INT\" }",
            &["stop_signal"],
        ),
        key(
            "timeout",
            "a time such as `500ms`, `10s` or `1m`",
            "timeout = \"10s\"",
            &["timeout_seconds", "grace_period"],
        ),
    ],
};

/// A route that has more to say than where it leads.
pub(super) const ROUTE: Table = Table {
    heading: "[routes]",
    keys: &[
        key(
            "to",
            "a service, or the URL of a server on this machine",
            "to = \"http://127.0.0.1:3000\"",
            &["url", "upstream", "target", "service"],
        ),
        key("capture", "`true` or `false`", "capture = false", &["record", "inspect"]),
    ],
};

pub(super) const FAULT: Table = Table {
    heading: "[faults.NAME]",
    keys: &[
        key(
            "route",
            "a service or where a route begins, or a list of them",
            "route = \"shop.localhost/api\"",
            &["routes", "on", "proxy"],
        ),
        key(
            "profile",
            "one of `3gslow`, `3g`, `3gfast`, `4g`, `lte`, `edge`, `2g`, `dsl`, `cable`, `dial` and `fios`",
            "profile = \"3g\"",
            &["network"],
        ),
        key("enabled", "`true` or `false`", "enabled = false", &["disabled", "active"]),
        key("when", "a filter", "when = \"method:POST path:/pay\"", &["filter", "match", "if"]),
        key(
            "schedule",
            "a schedule such as `at 10s for 5s every 60s`",
            "schedule = \"at 10s for 5s every 60s\"",
            &["at", "every"],
        ),
        key("toxicity", "a share from 0 to 1", "toxicity = 0.3", &["share", "probability", "percent"]),
        key("direction", "`up`, `down` or `both`", "direction = \"up\"", &["stream"]),
        key("latency", "a time such as `500us`, `200ms` or `2s`", "latency = \"200ms\"", &["lag"]),
        key("jitter", "a time such as `500us`, `200ms` or `2s`", "jitter = \"50ms\"", &[]),
        key("distribution", "`uniform`, `normal` or `pareto`", "distribution = \"normal\"", &[]),
        key("bandwidth", "a size in a second such as `50kb` or `1mib`", "bandwidth = \"50kb\"", &["rate"]),
        key("shared", "`true`", "shared = true", &[]),
        key("slow_open", "a time such as `500us`, `200ms` or `2s`", "slow_open = \"2s\"", &["connect_delay"]),
        key("refuse", "a time such as `500us`, `200ms` or `2s`, or `true`", "refuse = true", &[]),
        key("black_hole", "`true`", "black_hole = true", &["blackhole"]),
        key("slow_close", "a time such as `500us`, `200ms` or `2s`", "slow_close = \"2s\"", &[]),
        key("timeout", "a time such as `500us`, `200ms` or `2s`, or `true`", "timeout = \"2s\"", &[]),
        key(
            "reset",
            "a time such as `500us`, `200ms` or `2s`, or `true`",
            "reset = \"500ms\"",
            &["reset_peer"],
        ),
        key("spoken", "`true`", "spoken = true", &[]),
        key("slicer", "a size such as `512`, `4kb` or `1mib`", "slicer = 64", &[]),
        key("size_variation", "a size such as `512`, `4kb` or `1mib`", "size_variation = 16", &[]),
        key("delay", "a time such as `500us`, `200ms` or `2s`", "delay = \"10ms\"", &[]),
        key("limit_data", "a size such as `512`, `4kb` or `1mib`", "limit_data = \"4kb\"", &[]),
        key("loss", "`true`", "loss = true", &["drop"]),
        key("duplicate", "`true`", "duplicate = true", &[]),
        key("copies", "a number", "copies = 2", &[]),
        key("reorder", "a time such as `500us`, `200ms` or `2s`, or `true`", "reorder = \"20ms\"", &[]),
        key("corrupt", "`true`", "corrupt = true", &[]),
        key("status", "a status from 200 to 599", "status = 503", &[]),
        key("body", "a text", "body = \"out of stock\"", &[]),
        key("abort", "a size such as `512`, `4kb` or `1mib`, or `true`", "abort = true", &[]),
        key("after", "a size such as `512`, `4kb` or `1mib`", "after = 100", &[]),
        key("header", "a name of a header", "header = \"X-Shop\"", &["headers"]),
        key("value", "a text", "value = \"two\"", &[]),
        key("remove", "`true`", "remove = true", &[]),
        key("dribble", "a size such as `512`, `4kb` or `1mib`", "dribble = 1", &[]),
    ],
};

const fn key(
    name: &'static str,
    expects: &'static str,
    example: &'static str,
    known_as: &'static [&'static str],
) -> Key {
    Key { name, expects, example, known_as }
}

impl Table {
    /// The key of that name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
