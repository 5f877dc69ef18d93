//! `navyd ftp`, as clients of FTP meet it.

use std::{fs, os::unix::fs::symlink, process::Command};

use serde_json::Value;

use super::support::Standing;
use crate::support::{program, run::run, skip, temp::TempDir};

/// Says what `ftplib` finds, takes, and is refused, a line each.
const FTPLIB: &str = r#"
import ftplib, io, sys
ftp = ftplib.FTP()
print(ftp.connect("127.0.0.1", int(sys.argv[1]), timeout=60))
print(ftp.login(*sys.argv[2:4]))
print(sorted(ftp.nlst()))
print(sorted(name for name, facts in ftp.mlsd() if facts["type"] == "file") if "MLST" in ftp.sendcmd("FEAT") else "-")
taken = io.BytesIO()
ftp.retrbinary("RETR sub/b", taken.write, rest=2)
print(taken.getvalue(), ftp.size("sub/b"))
for work in (
    lambda: ftp.storbinary("STOR new", io.BytesIO(b"x" * 100000)),
    lambda: ftp.rename("new", "newer"),
    lambda: ftp.mkd("folder"),
    lambda: ftp.delete("newer"),
    lambda: ftp.rmd("folder"),
    lambda: ftp.retrbinary("RETR ../secret", print),
    lambda: ftp.retrbinary("RETR out", print),
    lambda: ftp.storbinary("STOR out", io.BytesIO(b"taken over")),
    lambda: ftp.retrbinary("RETR .hidden", print),
    lambda: ftp.sendport("127.0.0.1", 9),
):
    # What is sent to a server that does not want it may be cut off before its refusal is read: each has its own replies.
    ftp = ftplib.FTP()
    ftp.connect("127.0.0.1", int(sys.argv[1]), timeout=60)
    ftp.login(*sys.argv[2:4])
    try:
        print(str(work())[:3])
    except ftplib.all_errors as error:
        print("refused", str(error)[:1])
ftp.quit()
"#;

fn folder() -> TempDir {
    let folder = TempDir::new();
    fs::create_dir_all(folder.path().join("root/sub")).unwrap();
    folder.write("secret", "secret");
    folder.write("root/a", "tea");
    folder.write("root/.hidden", "hidden");
    folder.write("root/sub/b", "0123456789");
    symlink("../secret", folder.path().join("root/out")).unwrap();
    folder
}

/// What `ftplib` says of a server with these options.
fn ftplib(folder: &TempDir, options: &[&str], login: &[&str]) -> Vec<String> {
    let standing = Standing::start("ftp", &folder.path().join("root"), options);
    let port = standing.address().port().to_string();
    let ran = run(Command::new("python3").args(["-c", FTPLIB, &port]).args(login));
    assert!(ran.status == Some(0), "{}{}", ran.stdout, ran.stderr);
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_folder_is_read_and_not_left() {
    let folder = folder();
    let said = ftplib(&folder, &[], &["anonymous", "x"]);
    assert_eq!(said[0], "220 navyd ftp");
    assert_eq!(said[2], "['a', 'out', 'sub']");
    assert_eq!(said[4], "b'23456789' 10");
    assert!(said[5..].iter().all(|line| line.starts_with("refused ")) && said.len() == 15, "{said:?}");
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"secret");
}

#[test]
fn it_is_written_where_that_was_said() {
    let folder = folder();
    let said = ftplib(&folder, &["--upload", "--auth", "me:secret"], &["me", "secret"]);
    assert_eq!(said[5..10], ["226", "250", "/fo", "250", "250"]);
    assert!(said[10..].iter().all(|line| line.starts_with("refused ")), "{said:?}");
    assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"secret");
}

#[test]
fn curl_takes_files_and_the_log_says_so() {
    const TEST: &str = "standin::files::curl_takes_files_and_the_log_says_so";
    if program("curl").is_none() {
        return skip(TEST, "`curl` is not installed");
    }
    let folder = folder();
    let mut standing = Standing::start("ftp", &folder.path().join("root"), &["--log"]);
    let url = format!("ftp://127.0.0.1:{}/sub/b", standing.address().port());
    let ran = run(Command::new("curl").args(["-sS", "--noproxy", "*", "-r", "3-5", &url]));
    assert_eq!((ran.stdout.as_str(), ran.status), ("345", Some(0)), "{}", ran.stderr);
    let ran = run(Command::new("curl").args(["-sS", "--noproxy", "*", &url]));
    assert_eq!(ran.stdout, "0123456789", "{}", ran.stderr);
    let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
    assert_eq!((&told["kind"], &told["method"]), (&"ftp".into(), &"RETR".into()), "{told}");
    assert!(told["target"].as_str().is_some_and(|path| path.ends_with("sub/b")), "{told}");
}
