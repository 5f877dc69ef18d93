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
    let tag = served.take("/a%20b.txt").field("etag").unwrap().replace('"', "&quot;");
    assert!(text.contains(&format!("<D:getetag>{tag}</D:getetag>")), "{tag}: {text}");
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
}

/// Locks a place, and what the token of the lock is.
fn lock(served: &Served, path: &str, fields: &str) -> String {
    let wanted = "<?xml version=\"1.0\"?><D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>\
                  <D:locktype><D:write/></D:locktype><D:owner>me</D:owner></D:lockinfo>";
    let told = served.ask_with(&format!("LOCK {path}"), fields, wanted.as_bytes());
    assert!(matches!(told.status, 200 | 201), "{path}: {}{}", told.head, told.text());
    told.field("lock-token").unwrap().to_owned()
}

#[test]
fn a_lock_keeps_others_off() {
    // What replaces nothing but what a lock has made needs no more than `--upload`.
    let settings = Settings { overwrite: false, ..all() };
    let served = Served::new(&[("a", b"a"), ("sub/x", b"x"), ("flat/y", b"y")], settings);
    let token = lock(&served, "/new", "Timeout: Second-60\r\n");
    assert_eq!(fs::read(served.path("new")).unwrap(), b"");
    let with = format!("If: ({token})\r\n");
    let put = |path: &str, fields: &str| served.ask_with(&format!("PUT {path}"), fields, b"now").status;
    assert_eq!((put("/new", ""), put("/new", "If: (<urn:uuid:0>)\r\n")), (423, 412));
    assert_eq!((put("/new", "If: nonsense\r\n"), put("/new", &with), put("/new", &with)), (400, 204, 409));
    assert_eq!(served.take("/new").text(), "now", "anyone may read");
    let deep = lock(&served, "/sub/", "");
    let flat = lock(&served, "/flat/", "Depth: 0\r\n");
    let tagged = format!("If: </sub/> ({deep})\r\n");
    let form = "Content-Type: multipart/form-data; boundary=X\r\n";
    let file = b"--X\r\nContent-Disposition: form-data; name=a; filename=z\r\n\r\nz\r\n--X--\r\n";
    for (line, fields, status) in [
        ("PUT /sub/new", "", 423),
        ("PUT /sub/new", "If: </sub/> (<urn:uuid:0>)\r\n", 412),
        ("PUT /sub/new", tagged.as_str(), 201),
        ("DELETE /sub/x", "", 423),
        ("DELETE /", "", 423),
        ("MKCOL /sub/deep", "", 423),
        ("MOVE /sub/x", "Destination: /x\r\n", 423),
        ("COPY /sub/x", "Destination: /sub/z\r\n", 423),
        ("COPY /a", "Destination: /new\r\nOverwrite: T\r\n", 423),
        ("COPY /sub/x", "Destination: /copied\r\n", 201),
        ("PROPPATCH /sub/x", "", 423),
        ("PATCH /sub/x", "X-Update-Range: append\r\n", 405),
        // A lock that does not reach what is in a folder keeps it from coming and going.
        ("PUT /flat/new", "", 423),
        ("DELETE /flat/y", "", 423),
        ("MOVE /a", "Destination: /flat/a\r\n", 423),
    ] {
        let told = served.ask_with(line, fields, if line.starts_with("PUT") { b"now" } else { b"" });
        assert_eq!(told.status, status, "{line} {fields}: {}", told.text());
    }
    let told = served.ask_with("POST /sub/", form, file);
    assert!(told.status == 423 && told.text().contains("lock-token-submitted"), "{}", told.text());
    let told = served.ask("PROPFIND /sub/x", "Depth: 0\r\n").text();
    assert!(told.contains(deep.trim_matches(['<', '>'])) && told.contains("me"), "{told}");
    assert_eq!(served.ask("UNLOCK /sub/", &format!("Lock-Token: {flat}\r\n")).status, 409);
    assert_eq!(served.ask("UNLOCK /sub/", &format!("Lock-Token: {deep}\r\n")).status, 204);
    assert_eq!(served.ask("DELETE /sub/x", "").status, 204);
    // Refreshed by its token alone; it goes with what it is on.
    assert_eq!(served.ask("LOCK /flat/", &format!("If: ({flat})\r\nTimeout: Second-5\r\n")).status, 200);
    assert_eq!(served.ask("DELETE /new", &with).status, 204);
    assert_eq!(put("/new", ""), 201);
}

#[test]
fn a_lock_is_of_who_made_it() {
    let access = Access::default().with("me:secret").unwrap().with("you:too").unwrap();
    let served = Served::new(&[("a", b"a")], Settings { access, ..all() });
    let (me, you) = ("Authorization: Basic bWU6c2VjcmV0\r\n", "Authorization: Basic eW91OnRvbw==\r\n");
    let token = lock(&served, "/a", me);
    for (fields, status) in [(you, 423), (me, 204)] {
        let fields = format!("{fields}If: ({token})\r\n");
        assert_eq!(served.ask_with("PUT /a", &fields, b"b").status, status);
    }
    let unlock = format!("Lock-Token: {token}\r\n");
    assert_eq!(served.ask("UNLOCK /a", &format!("{you}{unlock}")).status, 409);
    assert_eq!(served.ask("UNLOCK /a", &format!("{me}{unlock}")).status, 204);
}

#[test]
fn properties_are_kept_and_go_along() {
    let served = Served::new(&[("a", b"a"), ("sub/x", b"x")], all());
    let set = |path: &str, what: &str| {
        let body = format!(
            "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:Z=\"urn:z\"><D:{what}><D:prop><Z:tea>green &lt;</Z:tea>\
             </D:prop></D:{what}></D:propertyupdate>"
        );
        let told = served.ask_with(&format!("PROPPATCH {path}"), "", body.as_bytes());
        assert!(told.status == 207 && told.text().contains("200 OK"), "{path}: {}", told.text());
    };
    let has =
        |path: &str| served.ask(&format!("PROPFIND {path}"), "Depth: 0\r\n").text().contains("green &lt;");
    set("/a", "set");
    set("/sub/x", "set");
    set("/sub", "set");
    for (line, to) in [("COPY /a", "/b"), ("MOVE /a", "/c"), ("COPY /sub", "/all"), ("MOVE /sub", "/moved")] {
        assert_eq!(served.ask(line, &format!("Destination: {to}\r\n")).status, 201, "{line}");
    }
    for path in ["/b", "/c", "/all", "/all/x", "/moved", "/moved/x"] {
        assert!(has(path), "{path}");
    }
    assert_eq!(served.ask_with("PUT /b", "", b"other").status, 204);
    assert!(has("/b"), "it is the same file");
    set("/b", "remove");
    assert_eq!((has("/b"), served.ask("DELETE /c", "").status), (false, 204));
    assert_eq!(served.ask_with("PUT /c", "", b"new").status, 201);
    assert!(!has("/c"), "it is another file");
}

#[test]
fn nothing_is_lost_to_make_room_for_itself() {
    let served = Served::new(&[("a/x", b"x"), ("a/sub/y", b"y"), ("b", b"b")], all());
    #[cfg(target_os = "linux")]
    std::os::unix::fs::symlink("a/sub", served.path("link")).unwrap();
    for (line, to) in [
        ("MOVE /a/sub", "/a"),
        ("COPY /a/sub/y", "/a"),
        ("MOVE /a", "/a/"),
        ("MOVE /a/", "/a"),
        ("COPY /a", "/a/sub"),
        ("MOVE /a", "/a/new"),
        ("COPY /b", "/b"),
        ("MOVE /link/y", "/a"),
        ("MOVE /link/y", "/a/sub"),
        ("COPY /a", "/link"),
    ] {
        if line.contains("link") && !cfg!(target_os = "linux") {
            continue;
        }
        let told = served.ask(line, &format!("Destination: {to}\r\nOverwrite: T\r\n"));
        assert_eq!(told.status, 403, "{line} {to}: {}", told.text());
    }
    for (path, content) in [("a/x", b"x"), ("a/sub/y", b"y"), ("b", b"b")] {
        assert_eq!(fs::read(served.path(path)).unwrap(), content, "{path}");
    }
    // A file stays until what takes its place is whole, whatever that is.
    for (line, to, status) in
        [("MOVE /a", "/b", 204), ("MOVE /b/x", "/b/sub/y", 204), ("COPY /b/sub/y", "/b/sub/z", 201)]
    {
        assert_eq!(served.ask(line, &format!("Destination: {to}\r\n")).status, status, "{line} {to}");
    }
    assert_eq!(fs::read(served.path("b/sub/y")).unwrap(), b"x");
    fs::write(served.path("long"), [b'l'; 101]).unwrap();
    let told = served.ask("COPY /long", "Destination: /b/sub/y\r\n");
    assert!(told.status >= 400, "{}", told.status);
    assert_eq!(fs::read(served.path("b/sub/y")).unwrap(), b"x", "what does not fit takes nothing away");
}

#[test]
fn documents_are_bounded() {
    let served = Served::new(&[("a", b"a")], all());
    let ask = |method: &str, document: &str| {
        served.ask_with(&format!("{method} /a"), "Depth: 0\r\n", document.as_bytes()).status
    };
    let deep = |count: usize| {
        let (open, close) = ("<x>".repeat(count), "</x>".repeat(count));
        format!("<D:propfind xmlns:D=\"DAV:\"><D:prop>{open}{close}</D:prop></D:propfind>")
    };
    assert_eq!((ask("PROPFIND", &deep(250)), ask("PROPFIND", &deep(9000))), (207, 400));
    assert_eq!(ask("PROPFIND", "<!DOCTYPE a [<!ENTITY b \"c\">]><a/>"), 400);
    // A tree that is deeper than anyone has made is neither gone down nor taken away, and ends nobody.
    fs::create_dir_all(served.path(&"d/".repeat(1500))).unwrap();
    for (line, fields) in [("COPY /d", "Destination: /e\r\n"), ("DELETE /d", "")] {
        let told = served.ask(line, fields);
        assert!(told.status == 207 || told.status == 403, "{line}: {}", told.status);
    }
    assert!(served.path(&"d/".repeat(1500)).exists());
    assert_eq!(ask("LOCK", &format!("<a>{}</a>", "x".repeat(3000))), 413);
    assert_eq!(served.take("/a").text(), "a");
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
