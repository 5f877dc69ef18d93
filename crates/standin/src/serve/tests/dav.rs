//! The folder as a drive.

use std::fs;

use super::Served;
use crate::serve::{Access, Settings};

fn all() -> Settings {
    Settings { dav: true, upload: Some(100), overwrite: true, delete: true, ..Settings::default() }
}

#[test]
fn a_drive_is_read() {
    let files: &[(&str, &[u8])] = &[("a b.txt", b"tea"), ("sub/x", b"x"), (".env", b"KEY")];
    let served = Served::new(files, Settings { dav: true, ..Settings::default() });
    let options = served.ask("OPTIONS /", "");
    assert_eq!(
        (options.field("dav"), options.field("allow")),
        (Some("1"), Some("GET, HEAD, OPTIONS, PROPFIND"))
    );
    let told = served.ask("PROPFIND /", "Depth: 1\r\n");
    let text = told.text();
    assert_eq!(told.status, 207, "{text}");
    for part in ["/a%20b.txt</D:href>", "/sub/</D:href>", "<D:getcontentlength>3<"] {
        assert!(text.contains(part), "`{part}`: {text}");
    }
    assert!(!text.contains("env") && !text.contains("secret"), "{text}");
    let tag = served.take("/a%20b.txt").field("etag").unwrap().to_owned();
    assert!(text.contains(tag.trim_matches('"')), "{tag}: {text}");
    for depth in ["", "Depth: infinity\r\n"] {
        let told = served.ask("PROPFIND /", depth);
        assert!(told.status == 403 && told.text().contains("propfind-finite-depth"), "{}", told.text());
    }
    for method in ["MKCOL /new", "COPY /sub", "MOVE /sub", "LOCK /sub", "PROPPATCH /sub", "DELETE /sub"] {
        assert_eq!(served.ask(method, "Destination: /new\r\n").status, 405, "{method}");
    }
    let plain = Served::new(files, Settings::default());
    assert_eq!(
        (plain.ask("PROPFIND /", "Depth: 0\r\n").status, plain.ask("OPTIONS /", "").field("dav")),
        (405, None)
    );
}

#[test]
fn a_drive_is_written() {
    let served = Served::new(&[("a", b"a"), ("sub/x", b"x"), ("sub/deep/y", b"y")], all());
    let to =
        |line: &str, to: &str, more: &str| served.ask(line, &format!("Destination: {to}\r\n{more}")).status;
    let here = format!("http://localhost:{}/b", served.port);
    for (status, expected) in [
        (served.ask("MKCOL /new/", "").status, 201),
        (served.ask("MKCOL /new/", "").status, 405),
        (served.ask("MKCOL /no/new", "").status, 409),
        (to("COPY /a", &here, ""), 201),
        (to("COPY /a", &here, "Overwrite: F\r\n"), 412),
        (to("COPY /a", &here, ""), 204),
        (to("COPY /a", "http://evil.example/b", ""), 502),
        (to("MOVE /b", "/new/b", ""), 201),
        (to("COPY /sub", "/all", ""), 201),
        (served.ask("DELETE /sub", "").status, 204),
        (served.ask("MKCOL /x", "Origin: http://evil.example\r\n").status, 403),
        (to("MOVE /a", "/../../secret", ""), 403),
        (to("MOVE /a", "/.hidden", ""), 403),
        (to("COPY /a", "/%2e%2e%2fsecret", ""), 400),
    ] {
        assert_eq!(status, expected);
    }
    assert!(!served.path("b").exists() && !served.path("sub").exists());
    assert_eq!(fs::read(served.path("new/b")).unwrap(), b"a");
    assert_eq!(fs::read(served.path("all/deep/y")).unwrap(), b"y");
    assert_eq!(fs::read(served.folder.join("secret")).unwrap(), b"secret");
    let lock = "<?xml version=\"1.0\"?><D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>\
                <D:locktype><D:write/></D:locktype></D:lockinfo>";
    let locked = served.ask_with("LOCK /later", "Timeout: Second-60\r\n", lock.as_bytes());
    assert!(locked.status == 201 && locked.field("lock-token").is_some(), "{}", locked.head);
    assert_eq!(served.ask_with("PUT /later", "", b"now").status, 201);
}

#[test]
fn a_drive_keeps_what_may_not_be_replaced() {
    let settings = Settings { overwrite: false, ..all() };
    let served = Served::new(&[("a", b"a"), ("b", b"b")], settings);
    let copied = served.ask("COPY /a", "Destination: /b\r\n").status;
    assert!(copied == 207 || copied >= 400, "{copied}");
    let moved = served.ask("MOVE /a", "Destination: /b\r\n").status;
    assert!(moved == 207 || moved >= 400, "{moved}");
    assert_eq!(
        (fs::read(served.path("a")).unwrap(), fs::read(served.path("b")).unwrap()),
        (b"a".into(), b"b".into())
    );
}

#[test]
fn what_is_behind_a_password_stays_there() {
    let access = Access::default().with("me:secret@/in/private").unwrap();
    let served = Served::new(&[("in/private/x", b"x"), ("in/a", b"a")], Settings { access, ..all() });
    let listed = served.ask("PROPFIND /in/", "Depth: 1\r\n").text();
    assert!(listed.contains("/in/a<") && !listed.contains("private"), "{listed}");
    assert_eq!(served.ask("PROPFIND /in/private/", "Depth: 1\r\n").status, 401);
    assert_eq!(served.ask("COPY /in", "Destination: /out\r\n").status, 201);
    assert!(served.path("out/a").exists() && !served.path("out/private").exists());
    for (line, fields) in [
        ("MOVE /in", "Destination: /elsewhere\r\n"),
        ("COPY /in/a", "Destination: /in/private/a\r\n"),
        ("DELETE /in", ""),
    ] {
        let status = served.ask(line, fields).status;
        assert!(status == 207 || status >= 400, "{line}: {status}");
    }
    assert!(served.path("in/private/x").exists() && !served.path("in/private/a").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn links_are_taken_away_and_never_what_they_lead_to() {
    use std::os::unix::fs::symlink;
    let served = Served::new(&[("kept/x", b"x"), ("a/y", b"y")], all());
    symlink("../kept", served.path("a/link")).unwrap();
    symlink("..", served.path("a/circle")).unwrap();
    symlink("../../secret", served.path("a/out")).unwrap();
    assert_eq!(served.ask("COPY /a", "Destination: /b\r\n").status, 201);
    let mut copied: Vec<_> =
        fs::read_dir(served.path("b")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    copied.sort();
    assert_eq!(copied, ["y"]);
    fs::remove_file(served.path("a/out")).unwrap();
    assert_eq!(served.ask("DELETE /a", "").status, 204);
    assert!(!served.path("a").exists() && served.path("kept/x").exists() && served.path("b/y").exists());
}
