//! A folder as a drive and as one file, for the programs that people have for it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
};

use super::support::Standing;
use crate::support::{
    program,
    run::{Run, run},
    skip,
    temp::TempDir,
};

/// A program of somebody else, in a folder that is its home, without proxies.
fn other(program: &str, arguments: &[&str], at: &Path) -> Run {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(at)
        .env("HOME", at)
        .env_remove("http_proxy")
        .env_remove("https_proxy");
    run(&mut command)
}

#[test]
fn the_tests_of_webdav_pass() {
    if program("litmus").is_none() {
        return skip("standin::drive::the_tests_of_webdav_pass", "`litmus` is not installed");
    }
    let (folder, home) = (TempDir::new(), TempDir::new());
    let all = ["--dav", "--upload", "--overwrite", "--delete"];
    let standing = Standing::start("serve", folder.path(), &all);
    let url = format!("http://localhost:{}/", standing.address().port());
    for suite in ["basic", "copymove", "props", "locks", "http"] {
        let mut litmus = Command::new("litmus");
        litmus.arg(&url).env("TESTS", suite).env("HOME", home.path()).current_dir(home.path());
        let ran = run(litmus.env_remove("http_proxy"));
        assert!(
            ran.status == Some(0)
                && ["FAIL", "SKIPPED", "WARN"].iter().all(|word| !ran.stdout.contains(word)),
            "{suite}: {}{}",
            ran.stdout,
            ran.stderr
        );
        assert!(ran.stdout.contains("100.0%"), "{suite}: {}", ran.stdout);
    }
}

#[test]
fn a_client_of_webdav_moves_files() {
    if program("cadaver").is_none() {
        return skip("standin::drive::a_client_of_webdav_moves_files", "`cadaver` is not installed");
    }
    let (folder, home) = (TempDir::new(), TempDir::new());
    folder.write("old.txt", "old");
    home.write("tea.txt", "tea");
    let standing = Standing::start("serve", folder.path(), &["--dav", "--upload", "--delete"]);
    let url = format!("http://localhost:{}/", standing.address().port());
    home.write("script", "mkcol new\ncd new\nput tea.txt\nmove tea.txt coffee.txt\ncd ..\nget old.txt got.txt\ndelete old.txt\nls\nquit\n");
    let ran = other("sh", &["-c", "cadaver \"$0\" < script", &url], home.path());
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(
        fs::read_to_string(folder.path().join("new/coffee.txt")).ok().as_deref(),
        Some("tea"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(home.path().join("got.txt")).ok().as_deref(), Some("old"), "{said}");
    assert!(!folder.path().join("old.txt").exists() && said.contains("Listing collection"), "{said}");
}

#[test]
fn a_folder_is_mirrored_and_moved() {
    if program("rclone").is_none() {
        return skip("standin::drive::a_folder_is_mirrored_and_moved", "`rclone` is not installed");
    }
    let (folder, home) = (TempDir::new(), TempDir::new());
    home.write("here/large", vec![b'x'; 3 * 1024 * 1024]);
    home.write("here/sub/é ü #?%25.txt", "tea");
    home.write("here/sub/gone", "gone");
    let all = ["--dav", "--upload", "--overwrite", "--delete"];
    let standing = Standing::start("serve", folder.path(), &all);
    let url = format!("http://localhost:{}/", standing.address().port());
    home.write("conf", format!("[drive]\ntype = webdav\nurl = {url}\nvendor = other\n"));
    let rclone = |arguments: &[&str]| {
        let ran =
            other("rclone", &[&["--config", "conf", "--retries", "1"], arguments].concat(), home.path());
        assert_eq!(ran.status, Some(0), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        ran.stdout
    };
    rclone(&["copy", "here", "drive:there"]);
    rclone(&["check", "--download", "here", "drive:there"]);
    fs::remove_file(home.path().join("here/sub/gone")).unwrap();
    rclone(&["sync", "here", "drive:there"]);
    rclone(&["move", "drive:there", "drive:elsewhere/deep"]);
    rclone(&["check", "--download", "here", "drive:elsewhere/deep"]);
    assert!(!folder.path().join("elsewhere/deep/sub/gone").exists());
    let told = rclone(&["lsf", "-R", "drive:elsewhere"]);
    let told: Vec<_> = told.lines().collect();
    assert_eq!(told.len(), 4, "{told:?}");
    rclone(&["purge", "drive:elsewhere"]);
    assert!(!folder.path().join("elsewhere").exists());
}

#[test]
fn a_folder_is_unpacked_by_what_people_have() {
    let (folder, home) = (TempDir::new(), TempDir::new());
    folder.write("site/é/a b.txt", "tea");
    folder.write("site/run", "#!/bin/sh\n");
    folder.write("site/empty", "");
    std::os::unix::fs::symlink("..", folder.path().join("site/circle")).unwrap();
    assert_eq!(run(Command::new("chmod").arg("755").arg(folder.path().join("site/run"))).status, Some(0));
    let standing = Standing::start("serve", folder.path(), &[]);
    let url = |form: &str| format!("http://localhost:{}/site/?archive={form}", standing.address().port());
    for (form, unpack) in
        [("zip", &["unzip", "-q", "site.zip"][..]), ("tar.gz", &["tar", "-xzf", "site.tar.gz"])]
    {
        if let Some(none) = [unpack[0], "curl"].into_iter().find(|name| program(name).is_none()) {
            skip(
                "standin::drive::a_folder_is_unpacked_by_what_people_have",
                &format!("`{none}` is not installed"),
            );
            continue;
        }
        let got = other("curl", &["-sSfOJ", &url(form)], home.path());
        assert_eq!(got.status, Some(0), "{form}: {}", got.stderr);
        let ran = other(unpack[0], &unpack[1..], home.path());
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{form}: {}", ran.stdout);
        let at = home.path().join("site");
        assert_eq!(fs::read_to_string(at.join("é/a b.txt")).ok().as_deref(), Some("tea"), "{form}");
        let (ours, theirs) = (fs::metadata(folder.path().join("site/run")), fs::metadata(at.join("run")));
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert_eq!(ours.permissions(), theirs.permissions(), "{form}");
        let age = ours.modified().unwrap().duration_since(theirs.modified().unwrap()).unwrap_or_default();
        assert!(age.as_secs() < 1, "{form}: {age:?}");
        assert!(at.join("empty").exists() && !at.join("circle/site").exists(), "{form}");
        fs::remove_dir_all(at).unwrap();
    }
}

#[test]
fn files_are_sent_by_what_people_have() {
    if program("curl").is_none() {
        return skip("standin::drive::files_are_sent_by_what_people_have", "`curl` is not installed");
    }
    let (folder, home) = (TempDir::new(), TempDir::new());
    let large = vec![b'x'; 3 * 1024 * 1024];
    home.write("large", &large);
    let standing = Standing::start("serve", folder.path(), &["--upload", "--max-upload", "4"]);
    let base = format!("http://localhost:{}/", standing.address().port());
    let curl = |arguments: &[&str]| {
        let status = ["-sS", "-o", "answer", "-w", "%{http_code}"];
        other("curl", &[&status[..], arguments].concat(), home.path()).stdout
    };
    assert_eq!(curl(&["-T", "large", &base]), "201");
    assert_eq!(curl(&["-T", "large", &base]), "409");
    assert_eq!(curl(&["-F", "file=@large;filename=by form", &base]), "303");
    assert_eq!(curl(&["-F", "file=@large", "-F", "file=@large", &base]), "413");
    assert_eq!(curl(&["-X", "DELETE", &format!("{base}large")]), "405");
    for name in ["large", "by form"] {
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), large, "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
}

#[test]
fn what_came_before_it_was_killed_is_gone_on_with() {
    let folder = TempDir::new();
    let whole: Vec<u8> = (0..2_000_000_u32).map(|at| (at % 251) as u8).collect();
    let standing = Standing::start("serve", folder.path(), &["--upload"]);
    let head = |from: usize| {
        let (length, all) = (whole.len() - from, whole.len());
        format!(
            "PUT /file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\
             Content-Range: bytes {from}-{}/{all}\r\n\r\n",
            all - 1
        )
    };
    let mut stream = TcpStream::connect(standing.address()).unwrap();
    stream.write_all(head(0).as_bytes()).unwrap();
    stream.write_all(&whole[..1_500_000]).unwrap();
    let come = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().metadata().unwrap().len()).sum::<u64>()
    };
    while come() < 1_000_000 {
        std::thread::yield_now();
    }
    // It is killed with SIGKILL, and has no time for anything.
    drop(standing);
    let standing = Standing::start("serve", folder.path(), &["--upload"]);
    assert!(standing.take("/", "Accept: application/json\r\n").contains("\"entries\":[]"));
    let asked = format!(
        "PUT /file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Range: bytes */{}\r\n\r\n",
        whole.len()
    );
    let told = standing.ask(&asked);
    let last = told.split_once("bytes=0-").and_then(|(_, rest)| rest.split_once("\r\n")).unwrap().0;
    let from = last.parse::<usize>().unwrap() + 1;
    assert!((1_000_000..=1_500_000).contains(&from), "{told}");
    let mut stream = TcpStream::connect(standing.address()).unwrap();
    stream.write_all(head(from).as_bytes()).unwrap();
    stream.write_all(&whole[from..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(fs::read(folder.path().join("file")).unwrap() == whole);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
}
