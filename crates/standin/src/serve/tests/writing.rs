//! What is sent here, taken away, kept from some, and taken as one file.

use std::{
    fs,
    io::{Read as _, Write as _},
};

use super::Served;
use crate::serve::{Access, Settings};

#[test]
fn files_are_sent_here_and_taken_away() {
    let settings = Settings { upload: Some(20), overwrite: true, delete: true, ..Settings::default() };
    let served = Served::new(&[("old", b"old"), ("sub/x", b"")], settings);
    let put =
        |path: &str, fields: &str, body: &[u8]| served.ask_with(&format!("PUT {path}"), fields, body).status;
    assert_eq!(put("/new", "", b"tea"), 201);
    assert_eq!(put("/new", "", b"more tea"), 204);
    assert_eq!(fs::read(served.path("new")).unwrap(), b"more tea");
    for (path, fields, body, status) in [
        ("/new", "If-None-Match: *\r\n", &b"x"[..], 412),
        ("/new", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", b"x", 412),
        ("/new", "Origin: http://evil.example\r\n", b"x", 403),
        ("/new", "Sec-Fetch-Site: cross-site\r\n", b"x", 403),
        ("/new", "", &[b'x'; 21], 413),
        ("/sub", "", b"x", 409),
        ("/sub/", "", b"x", 409),
        ("/none/x", "", b"x", 409),
        ("/.hidden", "", b"x", 404),
        ("/.navyd-0.part", "", b"x", 404),
        ("/.hidden", "", b"x", 404),
        ("/..%2fsecret", "", b"x", 404),
        ("/part", "Content-Range: bytes 0-4/21\r\n", b"01234", 413),
        ("/part", "Content-Range: bytes 3-4/10\r\n", b"34", 409),
        ("/part", "Content-Range: nonsense\r\n", b"34", 400),
        ("/part", "Content-Range: bytes 0-4/10\r\n", b"01234", 202),
        ("/part", "Content-Range: bytes 6-9/10\r\n", b"6789", 409),
        ("/part", "Content-Range: bytes 5-9/10\r\n", b"567", 400),
    ] {
        assert_eq!(put(path, fields, body), status, "{path} {fields}");
    }
    let asked = served.ask("PUT /part", "Content-Range: bytes */10\r\n");
    assert_eq!((asked.status, asked.field("range")), (202, Some("bytes=0-4")));
    assert_eq!(served.take("/part").status, 404);
    assert_eq!(put("/part", "Content-Range: bytes 5-9/10\r\n", b"56789"), 201);
    assert_eq!(served.take("/part").text(), "0123456789");
    let chunked = "Transfer-Encoding: chunked\r\n\r\n19\r\n0123456789012345678901234\r\n0\r\n";
    assert_eq!(served.ask("PUT /long", chunked).status, 413);
    assert_eq!(served.ask("DELETE /old", "").status, 204);
    assert_eq!((served.ask("DELETE /old", "").status, served.ask("DELETE /sub", "").status), (404, 409));
    fs::remove_file(served.path("sub/x")).unwrap();
    assert_eq!((served.ask("DELETE /sub/", "").status, served.ask("DELETE /", "").status), (204, 403));
    let add = |at: &str, body: &[u8]| {
        served.ask_with("PATCH /new", &format!("X-Update-Range: {at}\r\n"), body).status
    };
    assert_eq!((add("append", b"!"), add("bytes=9-", b"?"), add("bytes=9-", b"?")), (204, 204, 409));
    assert_eq!((add("nonsense", b"!"), add("append", &[b'x'; 20])), (400, 413));
    assert_eq!(fs::read(served.path("new")).unwrap(), b"more tea!?");
    let mut left: Vec<_> = fs::read_dir(served.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["new", "part"]);
    let adding = Served::new(&[("a", b"a")], Settings { upload: Some(9), ..Settings::default() });
    assert_eq!(
        (adding.ask_with("PUT /a", "", b"x").status, adding.ask_with("PUT /b", "", b"x").status),
        (409, 201)
    );
    assert_eq!(
        (adding.ask_with("PATCH /a", "", b"x").status, adding.ask("DELETE /a", "").status),
        (405, 405)
    );
    assert_eq!(adding.take("/a").text(), "a");
    let reading = Served::new(&[("a", b"a")], Settings::default());
    assert_eq!(reading.ask_with("PUT /a", "", b"x").status, 405);
    assert_eq!(reading.ask("DELETE /a", "").status, 405);
}

#[test]
fn what_is_left_behind_goes() {
    let (old, new) = (".navyd-0123456789abcdef.part", ".navyd-fedcba9876543210.part");
    let names: Vec<_> = [old, new, ".navyd-mine.part"].iter().map(|name| format!("sub/{name}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let settings =
        Settings { upload: Some(9), delete: true, overwrite: true, hidden: true, ..Settings::default() };
    let folder = Served::folder(&files);
    let at = |name: &str| folder.join("root/sub").join(name);
    for name in [old, ".navyd-mine.part"] {
        let file = fs::File::options().write(true).open(at(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    let served = Served::at(folder.clone(), folder.join("root"), settings);
    while at(old).exists() {
        std::thread::yield_now();
    }
    assert!(at(new).exists() && at(".navyd-mine.part").exists());
    // What is there is nobody's, though hidden names are served.
    for line in ["GET", "PUT", "DELETE"].map(|method| format!("{method} /sub/{new}")) {
        assert_eq!(served.ask(&line, "").status, 404, "{line}");
    }
    let listed = served.ask("GET /sub/", "Accept: application/json\r\n").text();
    assert!(!listed.contains("navyd-"), "{listed}");
    assert!(at(new).exists());
}

#[test]
fn forms_bring_files() {
    let access = Access::default().with("me:secret@/sub/mine").unwrap();
    let settings = Settings { upload: Some(1000), access, ..Settings::default() };
    let served = Served::new(&[("sub/old", b"old")], settings);
    let part = |name: &str, content: &str| {
        format!(
            "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
        )
    };
    let post = |path: &str, fields: &str, parts: &str| {
        let fields = format!("Content-Type: multipart/form-data; boundary=X\r\n{fields}");
        served.ask_with(&format!("POST {path}"), &fields, format!("{parts}--X--\r\n").as_bytes())
    };
    let told = post("/sub/", "", &(part("é 1.txt", "one") + &part("C:\\\\a\\\\two", "2")));
    assert_eq!((told.status, told.field("location")), (303, Some("/sub/")), "{}", told.text());
    assert_eq!(fs::read(served.path("sub/é 1.txt")).unwrap(), b"one");
    assert_eq!(fs::read(served.path("sub/two")).unwrap(), b"2");
    let port = served.port;
    let own = format!("Origin: http://localhost:{port}\r\n");
    for (path, fields, parts, status) in [
        ("/sub/", own.as_str(), part("own", ""), 303),
        ("/sub/", "Origin: http://localhost:1\r\n", part("x", ""), 403),
        ("/sub/", "", part("old", "new"), 409),
        ("/sub/", "", part("mine", "new"), 403),
        ("/sub/", "", part("..", ""), 400),
        ("/sub/", "", part(".env", ""), 400),
        ("/sub/", "", part("", ""), 400),
        ("/sub/", "", part("x", &"x".repeat(1000)), 413),
        ("/sub", "", part("x", ""), 409),
        ("/none/", "", part("x", ""), 409),
    ] {
        let told = post(path, fields, &parts);
        assert_eq!(told.status, status, "{path} {fields} {parts}: {}", told.text());
    }
    assert_eq!(served.ask_with("POST /sub/", "Content-Type: text/plain\r\n", b"x").status, 415);
    let cut = "Content-Type: multipart/form-data; boundary=X\r\n";
    assert_eq!(served.ask_with("POST /sub/", cut, part("cut", "x").as_bytes()).status, 400);
    let mut left: Vec<_> = fs::read_dir(served.path("sub"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["old", "own", "two", "é 1.txt"]);
}

#[cfg(unix)]
#[test]
fn nothing_outside_is_written() {
    use std::os::unix::fs::symlink;
    let settings = Settings { upload: Some(100), overwrite: true, delete: true, ..Settings::default() };
    let served = Served::new(&[], settings);
    symlink("../secret", served.path("link")).unwrap();
    symlink("..", served.path("up")).unwrap();
    for path in ["/up/secret", "/up/new", "/%2e%2e/secret", "/..%5csecret"] {
        let status = served.ask_with(&format!("PUT {path}"), "", b"mine").status;
        assert!(matches!(status, 404 | 409), "{path}: {status}");
        assert_eq!(served.ask(&format!("DELETE {path}"), "").status, 404, "{path}");
    }
    // The link gives way to the file; what it led to stays.
    assert_eq!(served.ask_with("PUT /link", "", b"mine").status, 201);
    assert_eq!(fs::read(served.path("link")).unwrap(), b"mine");
    assert_eq!(fs::read(served.folder.join("secret")).unwrap(), b"secret");
    assert!(!served.folder.join("new").exists());
}

#[test]
fn who_may_is_asked_by_path() {
    let files: &[(&str, &[u8])] = &[("a", b"a"), ("private/b.html", b"b"), ("private/index.html", b"i")];
    let access = Access::default().with("me:secret@/private").unwrap().with("x:y@/a").unwrap();
    let served = Served::new(files, Settings { access, ..Settings::default() });
    let me = "Authorization: Basic bWU6c2VjcmV0\r\n";
    for (path, fields, status) in [
        ("/", "", 200),
        ("/a", me, 401),
        ("/private/b.html", "", 401),
        ("/private/b", "", 401),
        ("/%70rivate/b", "", 401),
        ("/PRIVATE/b", "", 401),
        ("//private//", "", 401),
        ("/private/b", me, 200),
        ("/private/", me, 200),
    ] {
        assert_eq!(served.ask(&format!("GET {path}"), fields).status, status, "{path}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink("private", served.path("folder")).unwrap();
        symlink("private/b.html", served.path("file")).unwrap();
        for path in ["/folder/b.html", "/folder/", "/file"] {
            assert_eq!(served.take(path).status, 404, "{path}: no link leads past a password");
        }
        assert!(!served.take("/?archive=zip").text().contains("b.html"));
    }
    let writers = Access::default().writing("me:secret").unwrap();
    let served = Served::new(
        files,
        Settings { access: writers, upload: Some(9), overwrite: true, ..Settings::default() },
    );
    assert_eq!((served.take("/a").status, served.ask_with("PUT /a", "", b"x").status), (200, 401));
    assert_eq!(served.ask_with("PUT /a", me, b"x").status, 204);
}

#[test]
fn a_folder_comes_in_one_file() {
    let deep = format!("{}/é.txt", "long-name-".repeat(9));
    let large: Vec<u8> = (0..200_000_u32).map(|at| (at * 7 % 251) as u8).collect();
    let files: &[(&str, &[u8])] = &[
        ("a.txt", b"tea"),
        (&deep, b"deep"),
        ("large", &large),
        ("empty", b""),
        (".env", b"KEY"),
        ("p/x", b"x"),
    ];
    let access = Access::default().with("me:secret@/p").unwrap();
    let served = Served::new(files, Settings { access, ..Settings::default() });
    let out = served.folder.join("out");
    for (form, program) in [
        (
            "zip",
            "import zipfile,sys;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;z.extractall(sys.argv[2])",
        ),
        (
            "tar.gz",
            "import tarfile,sys;tarfile.open(sys.argv[1],'r:gz').extractall(sys.argv[2],filter='data')",
        ),
    ] {
        // Without chunks, so that what comes is the file.
        let mut stream = served.connect();
        stream.write_all(format!("GET /?archive={form} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        assert!(head.contains(&format!("filename=\"root.{form}\"; filename*=UTF-8''root.{form}")), "{head}");
        let archive = served.folder.join(form);
        fs::write(&archive, &answer[end..]).unwrap();
        let _ = fs::remove_dir_all(&out);
        let run =
            std::process::Command::new("python3").args(["-c", program]).arg(&archive).arg(&out).output();
        let Ok(run) = run else {
            eprintln!("skipped: TESTsrv: no python3 here");
            return;
        };
        assert!(run.status.success(), "{form}: {}", String::from_utf8_lossy(&run.stderr));
        let read = |name: &str| fs::read(out.join("root").join(name)).ok();
        assert_eq!(read("a.txt").as_deref(), Some(&b"tea"[..]), "{form}");
        assert_eq!((read(&deep), read("large")), (Some(b"deep".to_vec()), Some(large.clone())), "{form}");
        assert_eq!((read("empty"), read(".env"), read("p/x")), (Some(Vec::new()), None, None), "{form}");
    }
}
