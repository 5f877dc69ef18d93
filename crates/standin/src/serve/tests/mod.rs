//! The site on real sockets, asked in bytes.

mod dav;
mod writing;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    rc::Rc,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use super::{Access, Files, Settings};
use crate::{
    Door, Stand, Stopper,
    http::{Manners, Server},
    stopper,
};

/// A folder that is served from a thread of its own; both end with this.
pub(super) struct Served {
    folder: PathBuf,
    port: u16,
    stopper: Stopper,
    thread: Option<thread::JoinHandle<()>>,
}

/// An answer, taken apart.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Served {
    /// Files and what is in them; a folder `root` is served, so that something lies beside it.
    pub(super) fn new(files: &[(&str, &[u8])], settings: Settings) -> Self {
        let folder = Self::folder(files);
        let at = folder.join("root");
        Self::at(folder, at, settings)
    }

    /// The folder alone, to be served later.
    pub(super) fn folder(files: &[(&str, &[u8])]) -> PathBuf {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("navyd-serve-{}-{number}", std::process::id()));
        fs::create_dir_all(folder.join("root")).unwrap();
        fs::write(folder.join("secret"), "secret").unwrap();
        for (name, content) in files {
            let path = folder.join("root").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    pub(super) fn at(folder: PathBuf, at: PathBuf, settings: Settings) -> Self {
        let door = Door::loopback(0).unwrap();
        let (port, (stopper, stop)) = (door.port(), stopper());
        let thread = thread::spawn(move || {
            let files = Files::open(&at, settings).unwrap();
            let work = files.work();
            let server = Server { site: Rc::new(files), manners: Manners::default(), told: None };
            let stand = Stand::new().answering(door, None, Rc::new(server));
            work.into_iter().fold(stand, Stand::beside).run(stop).unwrap();
        });
        Self { folder, port, stopper, thread: Some(thread) }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join("root").join(name)
    }

    pub(super) fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    pub(super) fn ask(&self, line: &str, fields: &str) -> Told {
        self.ask_with(line, fields, b"")
    }

    pub(super) fn ask_with(&self, line: &str, fields: &str, body: &[u8]) -> Told {
        let mut stream = self.connect();
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n{length}{fields}\r\n",
            self.port
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end + 2].to_vec()).unwrap();
        let body = answer.split_off(end + 4);
        Told { status: head[9..12].parse().unwrap(), head, body }
    }

    pub(super) fn take(&self, target: &str) -> Told {
        self.ask(&format!("GET {target}"), "")
    }
}

impl Told {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().map(thread::JoinHandle::join);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn files_are_served_and_their_versions_known() {
    let served = Served::new(&[("a b.txt", b"0123456789"), ("empty", b"")], Settings::default());
    let told = served.take("/a%20b.txt?x");
    assert_eq!((told.status, told.text().as_str()), (200, "0123456789"));
    assert_eq!(told.field("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(told.field("cache-control"), Some("no-cache"));
    let tag = told.field("etag").unwrap().to_owned();
    let date = told.field("last-modified").unwrap().to_owned();
    let again = served.ask("GET /a%20b.txt", &format!("If-None-Match: \"x\"\r\nIf-None-Match: {tag}\r\n"));
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.field("etag"), Some(tag.as_str()));
    assert!(
        again.field("content-length").is_none() && again.field("content-type").is_none(),
        "{}",
        again.head
    );
    assert_eq!(served.ask("GET /a%20b.txt", &format!("If-Modified-Since: {date}\r\n")).status, 304);
    assert_eq!(served.ask("GET /a%20b.txt", "If-Match: \"x\"\r\n").status, 412);
    let head = served.ask("HEAD /a%20b.txt", "");
    assert_eq!((head.status, head.field("content-length"), head.body.len()), (200, Some("10"), 0));
    assert_eq!(served.take("/empty").field("content-length"), Some("0"));
    fs::write(served.path("a b.txt"), "9876543210").unwrap();
    let changed = served.ask("GET /a%20b.txt", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((changed.status, changed.text().as_str()), (200, "9876543210"));
}

#[test]
fn parts_of_files_are_served() {
    let large: Vec<u8> = (0..300_000_u32).map(|at| (at % 251) as u8).collect();
    let served = Served::new(&[("f", b"0123456789"), ("large", &large)], Settings::default());
    let ask = |range: &str| served.ask("GET /f", &format!("Range: {range}\r\n"));
    let one = ask("bytes=2-4");
    assert_eq!((one.status, one.text().as_str()), (206, "234"));
    assert_eq!(one.field("content-range"), Some("bytes 2-4/10"));
    let none = ask("bytes=10-");
    assert_eq!((none.status, none.field("content-range")), (416, Some("bytes */10")));
    let two = ask("bytes=0-1,-2");
    let media = two.field("content-type").unwrap().to_owned();
    let boundary = media.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let kind = "Content-Type: application/octet-stream";
    assert_eq!(
        two.text(),
        format!(
            "--{boundary}\r\n{kind}\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n\
             --{boundary}\r\n{kind}\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--{boundary}--\r\n"
        )
    );
    let part = served.ask("GET /large", "Range: bytes=1000-299000\r\n");
    assert!(part.status == 206 && part.body == large[1000..=299_000], "{}", part.head);
    let tag = one.field("etag").unwrap();
    let if_range =
        |value: &str| served.ask("GET /f", &format!("Range: bytes=0-0\r\nIf-Range: {value}\r\n")).status;
    assert_eq!((if_range(tag), if_range("\"other\""), if_range(&format!("W/{tag}"))), (206, 200, 200));
}

#[test]
fn what_is_compressed_is_what_was_asked_for() {
    let text = "navyd ".repeat(1000).into_bytes();
    let files: &[(&str, &[u8])] =
        &[("a.js", &text), ("b.js", &text), ("b.js.gz", b"ahead"), ("c.png", &text), ("s.js", b"short")];
    let served = Served::new(files, Settings::default());
    let ask = |path: &str, codings: &str| {
        served.ask(&format!("GET {path}"), &format!("Accept-Encoding: {codings}\r\n"))
    };
    for (path, codings, coding, vary) in [
        ("/a.js", "gzip, br, zstd", Some("br"), true),
        ("/a.js", "gzip", Some("gzip"), true),
        ("/a.js", "gzip", Some("gzip"), true),
        ("/a.js", "zstd;q=1, br;q=0.5", Some("zstd"), true),
        ("/a.js", "gzip;q=0", None, true),
        ("/b.js", "br;q=0.9, gzip;q=0.8", Some("gzip"), true),
        ("/c.png", "gzip", None, false),
        ("/s.js", "gzip", None, true),
    ] {
        let told = ask(path, codings);
        assert_eq!(told.field("content-encoding"), coding, "{path} {codings}");
        assert_eq!(told.field("vary"), vary.then_some("Accept-Encoding"), "{path} {codings}");
        let tag = told.field("etag").unwrap();
        let fields = format!("Accept-Encoding: {codings}\r\nIf-None-Match: {tag}\r\n");
        let again = served.ask(&format!("GET {path}"), &fields);
        assert_eq!((again.status, again.field("vary")), (304, told.field("vary")), "{path} {codings}");
    }
    assert_eq!(ask("/b.js", "gzip").text(), "ahead");
    let tags: Vec<_> =
        ["gzip", "br", ""].map(|coding| ask("/a.js", coding).field("etag").map(str::to_owned)).into();
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
    let part = served.ask("GET /a.js", "Accept-Encoding: gzip\r\nRange: bytes=0-4\r\n");
    assert_eq!((part.status, part.text().as_str()), (206, "navyd"));
    // One that was compressed before the last change is another version.
    let old = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(served.path("b.js.gz")).unwrap().set_modified(old).unwrap();
    assert_ne!(ask("/b.js", "gzip").text(), "ahead");
}

#[test]
fn folders_pages_and_what_is_missing() {
    let files: &[(&str, &[u8])] = &[
        ("index.html", b"home"),
        ("about.html", b"about"),
        ("docs/index.html", b"docs"),
        ("list/b.txt", b"b"),
        ("list/a <x>", b""),
        ("list/.hidden", b"h"),
        (".env", b"KEY"),
    ];
    let served = Served::new(files, Settings::default());
    for (path, status, text) in [
        ("/", 200, "home"),
        ("/about", 200, "about"),
        ("/about.html", 200, "about"),
        ("/docs/", 200, "docs"),
        ("/about/", 404, "not found\n"),
        ("/nosuch", 404, "not found\n"),
        ("/.env", 404, "not found\n"),
        ("/list/.hidden", 404, "not found\n"),
    ] {
        let told = served.take(path);
        assert_eq!((told.status, told.text().as_str()), (status, text), "{path}");
    }
    let moved = served.take("//docs?a=b");
    assert_eq!((moved.status, moved.field("location")), (301, Some("/docs/?a=b")));
    let page = served.ask("GET /list/", "Accept: text/html\r\n");
    assert!(page.text().contains("./a%20%3Cx%3E\">a &lt;x&gt;</a>"), "{}", page.text());
    assert!(!page.text().contains("hidden"));
    let json = served.ask("GET /list/?sort=name&order=desc", "Accept: application/json\r\n");
    let json: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!((&json["path"], &json["entries"][0]["name"]), (&"/list".into(), &"b.txt".into()));
    assert_eq!((&json["entries"][0]["size"], &json["truncated"]), (&1.into(), &false.into()));
    let allowed = served.ask("OPTIONS *", "");
    assert_eq!((allowed.status, allowed.field("allow")), (204, Some("GET, HEAD, OPTIONS")));
    assert_eq!(served.ask("DELETE /about.html", "").status, 405);
    fs::write(served.path("404.html"), "lost").unwrap();
    let lost = served.ask("GET /nosuch", "Range: bytes=0-1\r\n");
    assert_eq!((lost.status, lost.text().as_str()), (404, "lost"));
    let settings = Settings { spa: true, hidden: true, listing: false, ..Settings::default() };
    let app = Served::new(files, settings);
    assert_eq!(app.take("/users/7").text(), "home");
    assert_eq!(app.take("/users/7.png").status, 404);
    for (path, destination, status) in [
        ("/users/john.doe", "document", 200),
        ("/users/john.doe", "iframe", 200),
        ("/users/7", "script", 404),
        ("/api/users", "empty", 404),
        ("/users/7", "empty\r\nAccept: text/html", 200),
    ] {
        let told = app.ask(&format!("GET {path}"), &format!("Sec-Fetch-Dest: {destination}\r\n"));
        assert_eq!(told.status, status, "{path} as {destination}");
    }
    assert_eq!((app.take("/.env").text().as_str(), app.take("/list/").text().as_str()), ("KEY", "home"));
}

#[test]
fn markdown_is_a_page_for_those_who_want_one() {
    let served = Served::new(&[("a.md", b"# T\n\n<i>x</i>")], Settings::default());
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (accept, page) in [(browser, true), ("*/*", false), ("text/markdown, text/html;q=0.9", false)] {
        let told = served.ask("GET /a.md", &format!("Accept: {accept}\r\n"));
        assert_eq!(told.text().contains("<h1>T</h1>"), page, "{accept}: {}", told.text());
        assert!(!page || told.text().contains("&lt;i&gt;"));
        assert!(told.field("vary").unwrap().contains("Accept"), "{}", told.head);
    }
}

#[test]
fn a_folder_is_introduced_by_its_readme() {
    let files: &[(&str, &[u8])] =
        &[("a/ReadMe.md", b"# Tea\n\n<script>x</script>"), ("b/README.md", b"# Secret")];
    let access = Access::default().with("me:x@/b/readme.md").unwrap();
    let served = Served::new(files, Settings { access, upload: Some(1), ..Settings::default() });
    let page = served.ask("GET /a/", "Accept: text/html\r\n").text();
    assert!(page.contains("<article><h1>Tea</h1>") && !page.contains("<script"), "{page}");
    assert!(page.contains("<form method=\"post\""), "{page}");
    let page = served.ask("GET /b/", "Accept: text/html\r\n").text();
    assert!(page.contains("README.md") && !page.contains("Secret"), "{page}");
}

#[test]
fn open_pages_are_told_of_changes() {
    let files: &[(&str, &[u8])] = &[("index.html", b"<body>a</body>"), ("a.css", b"a{}"), ("sub/x.txt", b"")];
    let served = Served::new(files, Settings { watch: true, ..Settings::default() });
    let page = served.take("/");
    assert!(
        page.text().contains("<script src=\"/__navyd__/reload.js\" async></script></body>"),
        "{}",
        page.text()
    );
    assert_eq!(
        served.ask("GET /", &format!("If-None-Match: {}\r\n", page.field("etag").unwrap())).status,
        304
    );
    assert!(served.take("/__navyd__/reload.js").text().contains("EventSource"));
    assert!(served.ask("GET /sub/", "Accept: text/html\r\n").text().contains("reload.js"));
    let mut events = served.connect();
    events.write_all(b"GET /__navyd__/events HTTP/1.0\r\n\r\n").unwrap();
    let mut heard = String::new();
    let mut until = |part: &str| {
        let mut piece = [0; 1024];
        while !heard.contains(part) {
            let read = events.read(&mut piece).unwrap();
            assert!(read > 0, "no `{part}` in {heard}");
            heard.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
        std::mem::take(&mut heard)
    };
    until("retry: ");
    fs::write(served.path("a.css"), "b{}").unwrap();
    let styles = until("\n\n");
    assert_eq!(styles, "event: css\ndata: [\"/a.css\"]\n\n");
    fs::write(served.path("sub/new.js"), "x").unwrap();
    until("event: reload");
    // It ends at once when the stand-in does, not after the time that others have.
    served.stopper.stop();
    assert!(events.read_to_string(&mut String::new()).is_ok());
}

#[test]
fn one_file_is_all_there_is() {
    let folder = Served::new(&[("a.txt", b"a"), ("b.txt", b"b")], Settings::default());
    let only = Served::at(folder.folder.join("none"), folder.path("a.txt"), Settings::default());
    assert_eq!((only.take("/").text().as_str(), only.take("/a.txt").text().as_str()), ("a", "a"));
    assert_eq!((only.take("/b.txt").status, only.take("/a.txt/").status), (404, 404));
}

#[test]
fn nothing_outside_is_reached() {
    let served =
        Served::new(&[("a", b"a"), ("sub/b", b"b")], Settings { hidden: true, ..Settings::default() });
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(served.folder.join("secret"), served.path("absolute")).unwrap();
        symlink("../secret", served.path("relative")).unwrap();
        symlink("..", served.path("up")).unwrap();
        symlink("sub/b", served.path("inside")).unwrap();
        assert_eq!(served.take("/inside").text(), "b");
    }
    for path in [
        "/../secret",
        "/..",
        "/sub/../../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/%2e%2e%2fsecret",
        "/..%5csecret",
        "/..\\secret",
        "/.%00./secret",
        "/a%00",
        "/%c0%ae%c0%ae/secret",
        "/absolute",
        "/relative",
        "/up/secret",
        "/up/",
        "/sub/..%2f..%2f..%2fsecret",
        "/%252e%252e/secret",
        "/proc/self/root/etc/passwd",
        "//etc/passwd",
        "/C:/secret",
    ] {
        let told = served.take(path);
        assert!(matches!(told.status, 400 | 404), "{path}: {}", told.head);
        assert!(!told.text().contains("secret"), "{path}");
    }
    let listed = served.ask("GET /", "Accept: text/html\r\n").text();
    assert!(!listed.contains("absolute") && !listed.contains("up/"), "{listed}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_that_changes_meanwhile_never_leads_out() {
    use std::{os::unix::fs::symlink, sync::atomic::AtomicBool};

    let served = Served::new(&[("sub/f", b"inside"), ("f", b"inside")], Settings::default());
    fs::create_dir(served.folder.join("out")).unwrap();
    fs::write(served.folder.join("out/f"), "secret").unwrap();
    let (inner, outer, link) = (served.path("l.in"), served.path("l.out"), served.path("link"));
    let over = AtomicBool::new(false);
    let swap = |target: &Path, by: &Path| {
        let _ = fs::remove_file(by);
        symlink(target, by).unwrap();
        fs::rename(by, &link).unwrap();
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                swap(Path::new("sub"), &inner);
                swap(Path::new("../out"), &outer);
            }
        });
        let mut stream = served.connect();
        let mut seen = [0; 2];
        for _ in 0..3000 {
            stream.write_all(b"GET /link/f HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"inside") && !answer.ends_with(b"not found\n") {
                let mut piece = [0; 1024];
                let read = stream.read(&mut piece).unwrap();
                assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
                answer.extend_from_slice(&piece[..read]);
                assert!(!answer.windows(6).any(|six| six == b"secret"));
            }
            seen[usize::from(answer.ends_with(b"inside"))] += 1;
        }
        over.store(true, Ordering::Relaxed);
        assert!(seen.iter().all(|times| *times > 0), "both were seen: {seen:?}");
    });
}

#[test]
fn a_pipe_keeps_nobody_waiting() {
    let served = Served::new(&[("a", b"a")], Settings::default());
    let made = std::process::Command::new("mkfifo").arg(served.path("pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: TESTsrv: no mkfifo here");
        return;
    }
    assert_eq!(served.take("/pipe").status, 404);
}

#[test]
fn of_many_files_the_first_in_order_are_listed() {
    let names: Vec<_> = (0..10_050).map(|at| format!("f{at:05}")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    files.push((".hidden", b""));
    let served = Served::new(&files, Settings::default());
    for (query, first, last) in [("", "f00000", "f09999"), ("?order=desc", "f10049", "f00050")] {
        let told = served.ask(&format!("GET /{query}"), "Accept: application/json\r\n").text();
        let document: serde_json::Value = serde_json::from_str(&told).unwrap();
        let entries = document["entries"].as_array().unwrap();
        assert_eq!((entries.len(), &document["truncated"]), (10_000, &true.into()), "{query}");
        assert_eq!((&entries[0]["name"], &entries[9_999]["name"]), (&first.into(), &last.into()), "{query}");
    }
}
