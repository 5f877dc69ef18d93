//! The conversation, and what it is refused.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    rc::Rc,
};

use super::{Ftp, Settings};
use crate::{fixture::Standing, http::Credentials};

/// A folder of this test's own, which goes with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("navyd-ftp-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("root/sub")).expect("our own folder");
        fs::write(path.join("secret"), "secret").expect("our own file");
        fs::write(path.join("root/a"), "tea").expect("our own file");
        fs::write(path.join("root/.hidden"), "hidden").expect("our own file");
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret", path.join("root/out")).expect("our own link");
        Self(path)
    }

    fn standing(&self, upload: bool, auth: Option<&str>) -> Standing {
        self.with(Settings { upload, auth: auth.and_then(Credentials::parse), ..Settings::default() })
    }

    fn with(&self, settings: Settings) -> Standing {
        let root = self.0.join("root");
        Standing::new(move || Rc::new(Ftp::open(&root, settings).expect("it is there")))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A client that says a line and reads a line.
struct Client(BufReader<TcpStream>);

impl Client {
    fn new(standing: &Standing) -> Self {
        let mut client = Self(BufReader::new(standing.connect()));
        assert!(client.line().starts_with("220 "));
        client
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("it answers");
        line
    }

    fn say(&mut self, command: &str) -> String {
        write!(self.0.get_mut(), "{command}\r\n").expect("it reads");
        self.line()
    }

    fn enter(&mut self) {
        assert!(self.say("USER anonymous").starts_with("331 "));
        assert!(self.say("PASS x").starts_with("230 "));
    }

    /// The port that a command is to have for its data.
    fn port(&mut self) -> u16 {
        let passive = self.say("EPSV");
        passive.split('|').nth(3).and_then(|port| port.parse().ok()).expect("it names a port")
    }

    /// What a command sends on a connection of its own, or its refusal.
    fn take(&mut self, command: &str) -> Result<String, String> {
        let mut data = TcpStream::connect(("127.0.0.1", self.port())).expect("it listens");
        let begun = self.say(command);
        if !begun.starts_with("150") {
            return Err(begun);
        }
        let mut taken = String::new();
        data.read_to_string(&mut taken).expect("it is text");
        let end = self.line();
        if end.starts_with("226") { Ok(taken) } else { Err(end) }
    }
}

#[test]
fn files_are_read_and_nothing_else() {
    let place = Place::new("read");
    let standing = place.standing(false, None);
    let mut client = Client::new(&standing);
    client.enter();
    assert_eq!(client.take("RETR a").as_deref(), Ok("tea"));
    let names = client.take("NLST").expect("it lists");
    assert!(names.contains("a\r\n") && names.contains("sub\r\n") && !names.contains(".hidden"), "{names}");
    for path in ["../secret", "/../../secret", "out", ".hidden", "sub/../.hidden", "nosuch"] {
        assert!(client.take(&format!("RETR {path}")).is_err(), "{path}");
    }
    for command in ["DELE a", "MKD b", "RMD sub", "CWD ..\\..", "PORT 127,0,0,1,4,4"] {
        let answer = client.say(command);
        assert!(answer.starts_with('5') || answer.starts_with('4'), "{command}: {answer}");
    }
    assert!(client.take("STOR b").is_err());
    assert!(place.0.join("root/a").exists() && !place.0.join("root/b").exists());
}

#[test]
fn who_has_no_password_stays_outside() {
    let place = Place::new("auth");
    let standing = place.standing(true, Some("me:secret"));
    let mut client = Client::new(&standing);
    assert!(client.say("USER me").starts_with("331 "));
    assert!(client.say("PASS wrong").starts_with("530 "));
    let mut client = Client::new(&standing);
    assert!(client.say("RETR a").starts_with("530 "));
    assert!(client.say("USER me").starts_with("331 "));
    assert!(client.say("PASS secret").starts_with("230 "));
    assert!(client.say("MKD new").starts_with("257 "));
    assert!(place.0.join("root/new").is_dir());
    for path in [".new", "../outside"] {
        assert!(!client.say(&format!("MKD {path}")).starts_with('2'), "{path}");
    }
    assert!(!place.0.join("outside").exists());
}

#[test]
fn a_line_has_an_end() {
    let place = Place::new("line");
    let standing = place.standing(false, None);
    let mut client = Client::new(&standing);
    let path = "x".repeat(4096);
    assert!(client.say(&format!("USER {path}")).starts_with("331 "));
    // Whatever is behind it is not read: the connection ends.
    let _ = client.0.get_mut().write_all(&vec![b'x'; 1 << 20]);
    let mut rest = Vec::new();
    let _ = client.0.read_to_end(&mut rest);
    let said = String::from_utf8_lossy(&rest);
    assert!(said.is_empty() || said.starts_with("500 "), "{said}");
    let mut client = Client::new(&standing);
    assert!(client.say(&"x".repeat(9000)).starts_with("500 that line is too long"));
    assert_eq!(client.line(), "");
}

#[test]
fn replies_keep_their_order_and_a_port_is_opened_once() {
    let place = Place::new("order");
    let standing = place.standing(false, None);
    let mut client = Client::new(&standing);
    client.enter();
    // Some are answered by the library, and some are not.
    let lines = b"SYST\r\nPROT P\r\nPWD\r\nAUTH TLS\r\n\xff\xf4\xffNOOP\r\n";
    client.0.get_mut().write_all(lines).expect("it reads");
    for expected in ["215 ", "502 ", "257 ", "502 ", "200 "] {
        assert!(client.line().starts_with(expected), "{expected}");
    }
    let first = client.port();
    let second = client.port();
    assert!(client.say("NOOP").starts_with("200 "));
    assert!(TcpStream::connect(("127.0.0.1", first)).is_err() || first == second);
    assert_eq!(client.take("RETR a").as_deref(), Ok("tea"));
    assert!(client.say("PASV").starts_with("227 Entering Passive Mode (127,0,0,1,"));
    assert!(client.say("QUIT").starts_with("221 "));
    assert_eq!(client.line(), "");
}

#[cfg(unix)]
#[test]
fn what_was_cut_short_is_not_taken_for_whole() {
    let place = Place::new("cut");
    let standing = place.standing(true, None);
    let mut client = Client::new(&standing);
    client.enter();
    let mut data = TcpStream::connect(("127.0.0.1", client.port())).expect("it listens");
    assert!(client.say("STOR new").starts_with("150 "));
    data.write_all(b"half").expect("it reads");
    // What was read no longer matters: with a reset nothing says that this was all.
    rustix::net::sockopt::set_socket_linger(&data, Some(std::time::Duration::ZERO)).expect("it can be set");
    drop(data);
    let reply = client.line();
    assert!(reply.starts_with('4') || reply.starts_with('5'), "{reply}");
}

#[test]
fn commands_about_files_fail_as_often_as_was_asked_for() {
    let place = Place::new("fail");
    let standing = place.with(Settings { error_rate: 1.0, ..Settings::default() });
    let mut client = Client::new(&standing);
    client.enter();
    assert!(client.say("PWD").starts_with("257 "));
    assert!(client.take("RETR a").is_err_and(|reply| reply.starts_with("451 ")));
    assert!(client.say("SIZE a").starts_with("451 "));
}

#[test]
fn a_client_that_waits_for_the_first_reply_gets_it() {
    let place = Place::new("first");
    let standing = place.standing(false, None);
    let mut client = Client::new(&standing);
    client.enter();
    let port = client.port();
    assert!(client.say("RETR a").starts_with("150 "));
    let mut data = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let mut taken = String::new();
    data.read_to_string(&mut taken).expect("it is text");
    assert_eq!(taken, "tea");
    assert!(client.line().starts_with("226 "));
}

#[cfg(unix)]
#[test]
fn what_never_arrived_was_not_sent() {
    let place = Place::new("lost");
    fs::write(place.0.join("root/large"), vec![b'x'; 16 * 1024 * 1024]).expect("our own file");
    let standing = place.standing(false, None);
    let mut client = Client::new(&standing);
    client.enter();
    let mut data = TcpStream::connect(("127.0.0.1", client.port())).expect("it listens");
    assert!(client.say("RETR large").starts_with("150 "));
    data.read_exact(&mut [0; 16]).expect("it sends");
    rustix::net::sockopt::set_socket_linger(&data, Some(std::time::Duration::ZERO)).expect("it can be set");
    drop(data);
    assert!(client.line().starts_with("426 "));
    assert_eq!(client.take("RETR a").as_deref(), Ok("tea"));
}

#[cfg(unix)]
fn urgently(stream: &TcpStream, bytes: &[u8]) {
    use rustix::net::{SendFlags, send};
    assert_eq!(send(stream, bytes, SendFlags::OOB), Ok(bytes.len()));
}

#[cfg(unix)]
#[test]
fn what_is_under_way_can_be_aborted() {
    let place = Place::new("abort");
    fs::write(place.0.join("root/large"), vec![b'x'; 16 * 1024 * 1024]).expect("our own file");
    let standing = place.standing(true, None);
    let mut client = Client::new(&standing);
    client.enter();
    for command in ["RETR large", "STOR new"] {
        // Nobody reads it, and nothing is sent: by itself neither would end.
        let _data = TcpStream::connect(("127.0.0.1", client.port())).expect("it listens");
        assert!(client.say(command).starts_with("150 "), "{command}");
        // As clients send it: behind an interrupt of Telnet, or with its last byte urgent.
        match command {
            "STOR new" => client.0.get_mut().write_all(b"\xff\xf4\xff\xf2ABOR\r\n").expect("it reads"),
            _ => urgently(client.0.get_ref(), b"ABOR\r\n"),
        }
        assert!(client.line().starts_with("426 "), "{command}");
        assert!(client.line().starts_with("226 "), "{command}");
        assert!(client.say("PWD").starts_with("257 "), "{command}");
    }
    assert!(client.say("ABOR").starts_with("226 "));
    assert_eq!(client.take("RETR a").as_deref(), Ok("tea"));
}
