//! What was planted is looked for in every byte on the disk.

use super::*;

#[test]
fn planted_secrets_are_in_no_file() {
    const SECRET: &str = "hunter2hunter2";
    let plant = |script: &mut Script| {
        let head = |more: &str, length: usize| {
            format!(
                "POST /login?token={SECRET}&page=1 HTTP/1.1\r\nHost: shop.localhost\r\nAuthorization: Bearer {SECRET}\r\n\
                 Cookie: sid={SECRET}\r\nX-Api-Key: {SECRET}\r\nReferer: http://ada:{SECRET}@h/?secret={SECRET}\r\n\
                 {more}Content-Length: {length}\r\n\r\n"
            )
        };
        let json =
            format!(r#"{{"user":"ada","password":"{SECRET}","deep":[{{"client_secret":"{SECRET}"}}]}}"#);
        let form = format!("user=ada&password={SECRET}");
        let multipart =
            format!("--x\r\nContent-Disposition: form-data; name=\"otp\"\r\n\r\n{SECRET}\r\n--x--\r\n");
        let answer = format!(
            "HTTP/1.1 302 Found\r\nSet-Cookie: sid={SECRET}; Path=/\r\nLocation: /cb#access_token={SECRET}\r\nContent-Length: 0\r\n\r\n"
        );
        for (flow, media, body) in [
            (1, "application/json", json.clone().into_bytes()),
            (2, "application/x-www-form-urlencoded", form.into_bytes()),
            (3, "multipart/form-data; boundary=x", multipart.into_bytes()),
            (4, "application/json\r\nContent-Encoding: gzip", gzip(json.as_bytes())),
            (5, "text/event-stream", format!("data: {json}\n\n").into_bytes()),
        ] {
            let head = head(&format!("Content-Type: {media}\r\n"), body.len());
            script.exchange(flow, (&head, &body), (&answer, b""));
        }
        // One that is longer than what is kept, with the secret at its end.
        let long = format!(r#"{{"a":"{}","password":"{SECRET}"}}"#, "x".repeat(2 << 20));
        script.exchange(
            6,
            (&head("Content-Type: application/json\r\n", long.len()), long.as_bytes()),
            (&answer, b""),
        );
    };
    for (reveal, expected) in [(false, false), (true, true)] {
        let scratch = Scratch::new();
        let mut script = Script::new();
        plant(&mut script);
        let capture = told(Settings { reveal, ..settings(scratch.path()) }, &mut script);
        while capture.shared.keeping().idle() {}
        let bytes = every_byte(scratch.path());
        let found = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert_eq!(found, expected, "reveal: {reveal}");
        assert_eq!(capture.status().reveal, reveal);
        if !reveal {
            let first = capture.show(1).unwrap().unwrap();
            let body = first.request.body.unwrap();
            assert!(body.text.unwrap().contains(r#""user":"ada","password":"[redacted]""#));
            assert_eq!(body.sha256, None);
            assert_eq!(first.summary.target, "http://shop.localhost/login?token=[redacted]&page=1");
        }
    }
}
