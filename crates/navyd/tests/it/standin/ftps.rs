//! `navyd ftp --tls`, as clients of FTP over TLS meet it: explicit (RFC 4217), and encrypted from the first byte.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::Command,
};

use super::support::{Standing, terminate};
use crate::support::{
    program,
    run::{Run, run},
    skip,
    temp::TempDir,
};

/// Logs in explicitly and then from the first byte on, and prints what comes of the same commands, a line each.
const FTP_TLS: &str = r#"
import ftplib, io, ssl, sys
class Implicit(ftplib.FTP_TLS):
    @property
    def sock(self):
        return self.__dict__.get("_sock")
    @sock.setter
    def sock(self, sock):
        if sock is not None and not isinstance(sock, ssl.SSLSocket):
            sock = self.context.wrap_socket(sock, server_hostname="localhost")
        self.__dict__["_sock"] = sock
context = ssl.create_default_context(cafile=sys.argv[1])
for (kind, port) in ((ftplib.FTP_TLS, sys.argv[2]), (Implicit, sys.argv[3])):
    ftp = kind(context=context)
    ftp.connect("localhost", int(port), timeout=60)
    ftp.login("me", "secret")
    try:
        print(ftp.nlst())
    except ftplib.all_errors as error:
        print(str(error)[:3])
    ftp.prot_p()
    print(sorted(ftp.nlst()), sorted(name for name, _ in ftp.mlsd()))
    taken = io.BytesIO()
    ftp.retrbinary("RETR sub/b", taken.write, rest=4)
    ftp.storbinary("STOR \u00e9 \u00fc", io.BytesIO(b"x" * 200000))
    ftp.storbinary("STOR \u00e9 \u00fc", io.BytesIO(b"yyy"), rest=200000)
    print(taken.getvalue(), ftp.size("\u00e9 \u00fc"), ftp.mkd('a"b'), ftp.rmd('a"b')[:3])
    print(ftp.rename("\u00e9 \u00fc", "new")[:3], ftp.delete("new")[:3], ftp.quit()[:3])
"#;

/// A folder that is served over TLS, with the root of who signs for it and the ports for both ways.
struct Served {
    home: TempDir,
    standing: Standing,
    root: PathBuf,
    ports: [String; 2],
}

fn served(options: &[&str]) -> Served {
    let home = TempDir::new();
    fs::create_dir_all(home.path().join("sub")).unwrap();
    home.write("a", "tea");
    home.write("sub/b", "0123456789");
    let standing = Standing::start("ftp", home.path(), &[&["--tls", "--ftps", "0"], options].concat());
    let urls = standing.report["urls"].as_array().unwrap();
    let port = |at: usize, scheme: &str| {
        let port = urls[at].as_str().unwrap().strip_prefix(scheme);
        port.unwrap_or_else(|| panic!("{urls:?}")).to_owned()
    };
    let ports = [port(0, "ftp://localhost:"), port(1, "ftps://localhost:")];
    let root = home.path().join(".local/share/navyd/ca/root.pem");
    Served { home, standing, root, ports }
}

/// A program of somebody else, without proxies, that trusts that root.
fn other(program: &str, arguments: &[&str], served: &Served) -> Run {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(served.home.path()).env("HOME", served.home.path());
    run(command.env_remove("ftp_proxy").env_remove("all_proxy"))
}

#[test]
fn files_are_moved_in_both_ways() {
    let served = served(&["--upload", "--auth", "me:secret"]);
    let [explicit, implicit] = &served.ports;
    let ran = other("python3", &["-c", FTP_TLS, served.root.to_str().unwrap(), explicit, implicit], &served);
    let each = "522\n['a', 'sub'] ['a', 'sub']\nb'456789' 200003 /a\"b 250\n250 250 221\n";
    assert_eq!(ran.stdout, each.repeat(2), "{}", ran.stderr);
}

#[test]
fn nothing_goes_in_clear() {
    let served = served(&["--auth", "me:secret"]);
    let mut client = BufReader::new(TcpStream::connect(served.standing.address()).unwrap());
    // What stands in clear behind AUTH is not taken for the client's.
    client.get_mut().write_all(b"USER me\r\nPASS secret\r\nEPSV\r\nAUTH TLS\r\nUSER me\r\n").unwrap();
    let mut replies = Vec::new();
    for _ in 0..5 {
        let mut line = String::new();
        client.read_line(&mut line).unwrap();
        replies.push(line[..3].to_owned());
    }
    assert_eq!(replies, ["220", "530", "530", "522", "234"]);
    client.get_mut().write_all(b"USER me\r\nPASS secret\r\n").unwrap();
    let mut rest = Vec::new();
    // A record of TLS that says what is wrong, or nothing: a connection that was not closed in order.
    let _ = client.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("331"), "{rest:?}");
}

#[test]
fn curl_and_lftp_move_files() {
    const TEST: &str = "standin::ftps::curl_and_lftp_move_files";
    let served = served(&["--upload"]);
    let ([explicit, implicit], root) = (&served.ports, served.root.to_str().unwrap());
    if program("curl").is_none() {
        return skip(TEST, "`curl` is not installed");
    }
    let curl = |arguments: &[&str]| {
        let base = ["-sS", "--noproxy", "*", "--cacert", root];
        let ran = other("curl", &[&base[..], arguments].concat(), &served);
        assert_eq!(ran.status, Some(0), "{arguments:?}: {}", ran.stderr);
        ran.stdout
    };
    for (family, url) in [
        ("-4", format!("ftp://localhost:{explicit}")),
        ("-4", format!("ftps://localhost:{implicit}")),
        ("-6", format!("ftp://localhost:{explicit}")),
    ] {
        if family == "-6" && !served.standing.report["addresses"].to_string().contains("[::1]") {
            continue;
        }
        assert_eq!(curl(&[family, "--ssl-reqd", "-r", "3-5", &format!("{url}/sub/b")]), "345");
        curl(&[family, "--ssl-reqd", "-T", "sub/b", &format!("{url}/c")]);
        assert_eq!(fs::read(served.home.path().join("c")).unwrap(), b"0123456789");
    }
    if program("lftp").is_none() {
        return skip(TEST, "`lftp` is not installed");
    }
    let script = format!(
        "set ssl:ca-file {root}; set net:max-retries 1; set ftp:ssl-force true; set ftp:ssl-protect-data true; \
         open -u me,x ftp://localhost:{explicit}; mirror sub got; put a -o tea; mv tea 't 2'; \
         open -u me,x ftps://localhost:{implicit}; get 't 2' -o got/tea; rm 't 2'"
    );
    let ran = other("lftp", &["-d", "-c", &script], &served);
    // It closes its end before the reply has come, and would try again after any doubt.
    assert!(ran.status == Some(0) && !ran.stderr.contains("<--- 4"), "{}{}", ran.stdout, ran.stderr);
    let got = |name: &str| fs::read_to_string(served.home.path().join("got").join(name)).unwrap();
    assert_eq!((got("b").as_str(), got("tea").as_str()), ("0123456789", "tea"));
    assert!(!served.home.path().join("t 2").exists());
}

#[test]
fn a_file_under_way_is_finished_when_it_is_told_to_end() {
    let folder = TempDir::new();
    let large = vec![b'x'; 8 * 1024 * 1024];
    folder.write("large", &large);
    let mut standing = Standing::start("ftp", folder.path(), &[]);
    let mut client = BufReader::new(TcpStream::connect(standing.address()).unwrap());
    let mut said = |command: &str| {
        client.get_mut().write_all(command.as_bytes()).unwrap();
        let mut line = String::new();
        client.read_line(&mut line).unwrap();
        line
    };
    assert!(said("").starts_with("220 "));
    assert!(said("USER me\r\n").starts_with("331 ") && said("PASS x\r\n").starts_with("230 "));
    let port: u16 = said("EPSV\r\n").split('|').nth(3).unwrap().parse().unwrap();
    let mut data = TcpStream::connect(("127.0.0.1", port)).unwrap();
    assert!(said("RETR large\r\n").starts_with("150 "));
    let mut first = [0; 1024];
    data.read_exact(&mut first).unwrap();
    terminate(standing.held.pid());
    let mut rest = Vec::new();
    data.read_to_end(&mut rest).unwrap();
    assert_eq!(first.len() + rest.len(), large.len());
    assert!(said("").starts_with("226 ") && said("").starts_with("421 "));
    assert_eq!(standing.held.wait(), Some(0));
}
