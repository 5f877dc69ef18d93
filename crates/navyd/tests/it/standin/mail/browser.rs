//! Mail as a browser shows it: the pictures that a message brought, and nothing that it would run or fetch.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::mpsc,
    thread,
};

use serde_json::{Value, json};

use super::{Mail, post};
use crate::{
    standin::support::Standing,
    support::{
        CHROMIUM, program,
        run::{Run, run},
        skip,
        temp::TempDir,
    },
};

const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

/// HTML that tells a server that it was opened.
fn telling(server: &str) -> String {
    format!(
        "<link rel=stylesheet href=\"{server}/style\">\
         <script>new Image().src='{server}/script';document.title='ran'</script>\
         <body onload=\"new Image().src='{server}/onload'\" style=\"background:url({server}/background)\">\
         <img src=\"{server}/picture\"><img src=\"cid:pixel\">"
    )
}

/// HTML that leads away by itself.
fn leaving(server: &str) -> String {
    format!(
        "<meta http-equiv=refresh content=\"0;url={server}/refresh\"><iframe src=\"{server}/frame\"></iframe>\
         <form action=\"{server}/form\"><input autofocus onfocus=\"this.form.submit()\"></form>"
    )
}

/// A server, and the paths that it is asked for.
fn listening() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, heard) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            // A browser may connect in advance, and say nothing: each connection waits for itself.
            thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let mut line = String::new();
                if reader.read_line(&mut line).is_ok_and(|read| read > 0) {
                    // The test may have ended.
                    let _ = tell.send(line.split(' ').nth(1).unwrap_or_default().to_owned());
                    let _ = reader.get_mut().write_all(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
                }
            });
        }
    });
    (url, heard)
}

/// What a server was asked for until now.
fn told(url: &str, heard: &mpsc::Receiver<String>) -> Vec<String> {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"GET /end HTTP/1.1\r\n\r\n").unwrap();
    heard.iter().take_while(|path| path != "/end").collect()
}

/// What a page has become once all of it is there.
fn opened(chromium: &Path, folder: &TempDir, url: &str) -> Run {
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let mut browser = Command::new(chromium);
    browser.args(CHROMIUM).args([&profile, "--dump-dom", "--window-size=400,800", url]);
    run(browser.env("HOME", folder.path()))
}

#[test]
fn a_message_is_shown_and_tells_nobody() {
    const TEST: &str = "standin::mail::browser::a_message_is_shown_and_tells_nobody";
    let Some(chromium) = program("chromium") else {
        return skip(TEST, "`chromium` is not installed");
    };
    let folder = TempDir::new();
    // As a page of its own it does tell: otherwise this would prove nothing.
    let (url, heard) = listening();
    folder.write("root/index.html", telling(&url));
    let plain = Standing::start("serve", &folder.path().join("root"), &[]);
    opened(&chromium, &folder, plain.report["urls"][0].as_str().unwrap());
    let paths = told(&url, &heard);
    assert!(["/picture", "/script"].iter().all(|path| paths.iter().any(|told| told == path)), "{paths:?}");

    let (url, heard) = listening();
    let mut mail = Mail::start(folder.path(), &["--log"]);
    let letter = json!({
        "From": {"Email": "a@b.example"}, "To": [{"Email": "c@d.example"}],
        "Subject": "<script>document.title='ran'</script>", "HTML": telling(&url) + &leaving(&url),
        "Attachments": [{"Content": PIXEL, "Filename": "pixel.png", "ContentType": "image/png", "ContentID": "pixel"}],
    });
    assert!(post(&mail, "/api/v1/send", &letter).starts_with("HTTP/1.1 200 "));
    let key = mail.json("/api/v1/messages")["messages"][0]["ID"].as_str().unwrap().to_owned();
    for page in ["", &format!("mail/{key}"), &format!("view/{key}.html"), &format!("view/{key}.html?embed=1")]
    {
        let dom = opened(&chromium, &folder, &format!("http://{}/{page}", mail.at("http"))).stdout;
        assert!(dom.contains("<html") && !dom.contains("<title>ran</title>"), "{page}: {dom}");
    }
    assert!(post(&mail, "/end", &json!({})).starts_with("HTTP/1.1 404 "));
    let mut asked = Vec::new();
    while !asked.iter().any(|target: &String| target == "/end") {
        let line: Value = serde_json::from_str(&mail.standing.held.line()).unwrap();
        asked.push(line["target"].as_str().unwrap().to_owned());
    }
    // The frame was there, and its own picture with it; and nothing else was asked for.
    let part = format!("/api/v1/message/{key}/part/");
    assert!(asked.iter().any(|target| target.starts_with(&part)), "{asked:?}");
    assert!(asked.iter().filter(|target| **target == format!("/view/{key}.html")).count() == 2, "{asked:?}");
    assert_eq!(told(&url, &heard), [""; 0]);
    assert_eq!(mail.json("/api/v1/messages")["total"], 1);
}
