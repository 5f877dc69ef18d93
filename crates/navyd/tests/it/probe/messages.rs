//! Mail, files, messages, names and shells.

use std::{
    net::TcpListener,
    os::fd::OwnedFd,
    process::{Command, Stdio},
};

use navyd_model::Certainty;

use super::{Server, TempDir, ask_as, check, check_as, free_port, program, python};

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

fn number_of(log: &[String], mark: &str) -> u16 {
    super::number_after(log.last().unwrap(), mark)
}
