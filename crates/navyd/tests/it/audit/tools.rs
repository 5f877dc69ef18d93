//! Desks of control and measures of real programs: as they are by default, and their clean twins.

use std::{path::Path, process::Command};

use super::{ask, score::Score};
use crate::{
    probe::{Server, program},
    support::{namespace::Namespace, peers, temp::TempDir},
};

/// Each has a network of its own, where it listens at the port that it is known by.
pub(super) fn tools(score: &mut Score) {
    let test = "audit::matrix::recall_and_false_positives";
    if let Some(caddy) = program(test, "caddy") {
        desk(score, test, &caddy);
    }
    if let Some(caddy) = peers::pypi(test, "bin/caddy") {
        desk(score, test, &caddy);
    }
    if let Some(exporter) = program(test, "prometheus-node-exporter") {
        measures(score, test, &exporter);
    }
    if let Some(clickhouse) = program("audit::matrix::clickhouse", "clickhouse-server") {
        for (password, expected) in [("", &["A10", "A32"][..]), ("hunter2hunter2", &[])] {
            columns(score, test, &clickhouse, password, expected);
        }
    }
}

fn inside(namespace: &Namespace) -> Command {
    namespace.command(env!("CARGO_BIN_EXE_navyd"))
}

/// The API of Caddy by which it is configured: since version 2.11 it refuses a foreign origin by itself.
fn desk(score: &mut Score, test: &str, caddy: &Path) {
    let told = Command::new(caddy).arg("version").output().expect("it is there");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut numbers =
        told.trim_start_matches('v').split(['.', ' ']).map_while(|word| word.parse::<u32>().ok());
    let version = (numbers.next(), numbers.next());
    let open = if version < (Some(2), Some(11)) { &["A36"][..] } else { &[] };
    for (enforced, expected) in [(false, open), (true, &[])] {
        let Some(namespace) = Namespace::new(test) else { return };
        let folder = TempDir::new();
        let settings =
            format!("{{\"admin\": {{\"listen\": \"127.0.0.1:2019\", \"enforce_origin\": {enforced}}}}}");
        let file = folder.write("caddy.json", settings);
        let mut command = namespace.command(caddy);
        command.args(["run", "--config"]).arg(file).env("HOME", folder.path());
        command.env("XDG_CONFIG_HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
        let _server = Server::start(&mut command, "serving initial configuration");
        score.row(
            &format!("caddy {version:?}, origins {enforced}"),
            expected,
            &ask(2019, || inside(&namespace)),
        );
    }
}

/// Measures of the machine, to whoever asks; and behind a login, as its own file of settings has it.
fn measures(score: &mut Score, test: &str, exporter: &Path) {
    // Of a password that nobody knows.
    const LOGIN: &str =
        "basic_auth_users:\n  ada: $2b$04$Cp8Pq4tJxEFNhhf2VVmQWeqlcnSOmnbXY.AiUVLk8Gr5qRlgXqzEa\n";
    for (settings, expected) in [("", &["A10", "A37"][..]), (LOGIN, &[])] {
        let Some(namespace) = Namespace::new(test) else { return };
        let folder = TempDir::new();
        let file = folder.write("web.yml", settings);
        let mut command = namespace.command(exporter);
        command
            .arg("--web.listen-address=127.0.0.1:9100")
            .arg(format!("--web.config.file={}", file.display()));
        let _server = Server::start(&mut command, "TLS is disabled");
        score.row("prometheus-node-exporter", expected, &ask(9100, || inside(&namespace)));
    }
}

/// ClickHouse, whose default user has no password until one is set.
fn columns(score: &mut Score, test: &str, clickhouse: &Path, password: &str, expected: &[&str]) {
    let Some(namespace) = Namespace::new(test) else { return };
    let folder = TempDir::new();
    let place = folder.path().display();
    folder.write(
        "users.xml",
        format!(
            "<yandex><profiles><default/></profiles><quotas><default/></quotas><users><default>\
             <password>{password}</password><networks><ip>::/0</ip></networks><profile>default</profile>\
             <quota>default</quota></default></users></yandex>"
        ),
    );
    let settings = folder.write(
        "config.xml",
        format!(
            "<yandex><logger><console>1</console><level>information</level></logger><http_port>8123</http_port>\
             <listen_host>127.0.0.1</listen_host><path>{place}/data/</path><tmp_path>{place}/tmp/</tmp_path>\
             <users_config>{place}/users.xml</users_config><mark_cache_size>5368709</mark_cache_size>\
             <default_profile>default</default_profile><default_database>default</default_database></yandex>"
        ),
    );
    let mut command = namespace.command(clickhouse);
    command.arg(format!("--config-file={}", settings.display())).current_dir(folder.path());
    let _server = Server::start(&mut command, "Ready for connections");
    let name = if password.is_empty() { "clickhouse-server" } else { "clickhouse-server with a password" };
    score.row(name, expected, &ask(8123, || inside(&namespace)));
}
