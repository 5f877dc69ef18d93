//! The table of what may be typed: its rows are the specification.

use super::*;

/// A target in short: host, port, protocol, scheme; `-` for none.
fn short(target: &Target) -> String {
    let host = match &target.host {
        Some(Host::Address(address)) => format!("@{address}"),
        Some(Host::Name(name)) => name.clone(),
        None => "-".to_owned(),
    };
    let port = target.port.map_or("-".to_owned(), |port| port.to_string());
    let proto = target.proto.map_or("-", Protocol::as_str);
    format!("{host} {port} {proto} {}", target.scheme.as_deref().unwrap_or("-"))
}

#[test]
fn what_is_understood() {
    for (text, expected) in [
        // Ports alone.
        ("62893", "- 62893 - -"),
        (":62893", "- 62893 - -"),
        ("1", "- 1 - -"),
        ("65535", "- 65535 - -"),
        ("0080", "- 80 - -"),
        ("3000/", "- 3000 - -"),
        ("*:3000", "- 3000 - -"),
        ("*.3000", "- 3000 - -"),
        ("5432/udp", "- 5432 udp -"),
        ("5432/TCP", "- 5432 tcp -"),
        ("*:53/udp", "- 53 udp -"),
        ("udp:53", "- 53 udp -"),
        ("TCP:3000", "- 3000 tcp -"),
        ("tcp:3000/tcp", "- 3000 tcp -"),
        // Ports by name.
        ("postgresql", "- 5432 - -"),
        ("Vite", "- 5173 - -"),
        ("http", "- 80 - -"),
        (":http", "- 80 - -"),
        ("domain/udp", "- 53 udp -"),
        ("wireguard", "- 51820 udp -"),
        ("localhost:http", "localhost 80 - -"),
        ("localhost:postgres", "localhost 5432 - -"),
        ("127.0.0.1:domain/udp", "@127.0.0.1 53 udp -"),
        // IPv4.
        ("127.0.0.1:62893", "@127.0.0.1 62893 - -"),
        ("0.0.0.0:3000", "@0.0.0.0 3000 - -"),
        ("127.0.0.1", "@127.0.0.1 - - -"),
        ("127.0.0.1.", "@127.0.0.1 - - -"),
        ("127.0.0.1.3000", "@127.0.0.1 3000 - -"),
        ("127.1", "@127.0.0.1 - - -"),
        ("127.1:80", "@127.0.0.1 80 - -"),
        ("127.0.1", "@127.0.0.1 - - -"),
        ("10.1.258", "@10.1.1.2 - - -"),
        ("127.0.0.1:53/udp", "@127.0.0.1 53 udp -"),
        ("tcp:127.0.0.1:80", "@127.0.0.1 80 tcp -"),
        ("http://127.1/", "@127.0.0.1 80 - http"),
        // IPv6.
        ("[::1]:62893", "@::1 62893 - -"),
        ("::1", "@::1 - - -"),
        ("[::1]", "@::1 - - -"),
        ("::", "@:: - - -"),
        ("[::]:3000", "@:: 3000 - -"),
        (":::3000", "@:: 3000 - -"),
        ("::1:62893", "@::1 62893 - -"),
        ("::1.3000", "@::1 3000 - -"),
        ("fe80::a00:27ff:fe4e:6610", "@fe80::a00:27ff:fe4e:6610 - - -"),
        ("[fe80::1%eth0]:80", "@fe80::1 80 - -"),
        ("fe80::1%eth0", "@fe80::1 - - -"),
        ("http://[fe80::1%25en0]:80/", "@fe80::1 80 - http"),
        ("[::ffff:127.0.0.1]:80", "@127.0.0.1 80 - -"),
        ("::ffff:127.0.0.1:3000", "@127.0.0.1 3000 - -"),
        ("[2001:DB8::1]:80/udp", "@2001:db8::1 80 udp -"),
        ("[::1:3000]", "@::1:3000 - - -"),
        // Names.
        ("localhost", "localhost - - -"),
        ("LOCALHOST.", "localhost - - -"),
        ("localhost:62893", "localhost 62893 - -"),
        ("localhost.:80", "localhost 80 - -"),
        ("shop.localhost", "shop.localhost - - -"),
        ("Shop.LocalHost:3000", "shop.localhost 3000 - -"),
        ("my_db:5432", "my_db 5432 - -"),
        ("xn--bcher-kva.localhost", "xn--bcher-kva.localhost - - -"),
        ("git@localhost:2222", "localhost 2222 - -"),
        ("localhost:3000/login?next=/#top", "localhost 3000 - -"),
        ("shop.localhost/login", "shop.localhost - - -"),
        ("localhost:/x", "localhost - - -"),
        ("shop.localhost/?u=http://other:1", "shop.localhost - - -"),
        // URLs.
        ("http://localhost:62893/x?y#z", "localhost 62893 - http"),
        ("http://localhost", "localhost 80 - http"),
        ("HTTPS://Shop.localhost/", "shop.localhost 443 - https"),
        ("https://user:pw@shop.localhost/", "shop.localhost 443 - https"),
        ("http://a:b@c@localhost:1/", "localhost 1 - http"),
        ("http://localhost:?q", "localhost 80 - http"),
        ("http://localhost?q=http://x", "localhost 80 - http"),
        ("http://db/", "db 80 - http"),
        ("http://:3000", "- 3000 - http"),
        ("http://*:3000", "- 3000 - http"),
        ("http://[::1]/", "@::1 80 - http"),
        ("ws://localhost", "localhost 80 - ws"),
        ("wss://localhost", "localhost 443 - wss"),
        ("redis://h:6379/0", "h 6379 - redis"),
        ("redis://h/0", "h 6379 - redis"),
        ("postgres://u:p@h/db", "h 5432 - postgres"),
        ("postgresql+asyncpg://u:p@h/db", "h 5432 - postgresql+asyncpg"),
        ("jdbc:postgresql://localhost/db", "localhost 5432 - postgresql"),
        ("mysql://h", "h 3306 - mysql"),
        ("mongodb://h", "h 27017 - mongodb"),
        ("mongodb+srv://h.example/x", "h.example - - mongodb+srv"),
        ("amqp://h", "h 5672 - amqp"),
        ("mqtt://h", "h 1883 - mqtt"),
        ("nats://h", "h 4222 - nats"),
        ("ftp://h", "h 21 - ftp"),
        ("ssh://git@h/repo", "h 22 - ssh"),
        ("grpc://h", "h - - grpc"),
        ("grpc://h:50051", "h 50051 - grpc"),
        ("udp://127.0.0.1:53", "@127.0.0.1 53 udp udp"),
        ("tcp://0.0.0.0:2375", "@0.0.0.0 2375 tcp tcp"),
        // As pasted.
        ("  62893\r\n", "- 62893 - -"),
        ("http://localhost:3000,", "localhost 3000 - http"),
        ("(http://localhost:3000).", "localhost 3000 - http"),
        ("<http://localhost:3000/>", "localhost 3000 - http"),
        ("\"127.0.0.1:3000\"", "@127.0.0.1 3000 - -"),
        ("'[::1]:3000'", "@::1 3000 - -"),
        ("127.0.0.1:3000:", "@127.0.0.1 3000 - -"),
        ("３０００", "- 3000 - -"),
        ("localhost：3000", "localhost 3000 - -"),
    ] {
        let target = text.parse::<Target>().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(short(&target), expected, "{text:?}");
        assert_eq!(target.to_string().parse(), Ok(target.clone()), "{text:?} is shown as {target}");
    }
}

#[test]
fn what_is_refused() {
    for (text, message) in [
        ("", "the target is empty"),
        (" \n", "the target is empty"),
        (":", "the target is empty"),
        ("user:secret@", "the target is empty"),
        ("0", "`0` is no port: to a kernel it means any free one"),
        ("localhost:0", "`0` is no port: to a kernel it means any free one"),
        ("65536", "`65536` is above 65535, the last port"),
        ("99999999999999999999999", "`99999999999999999999999` is above 65535, the last port"),
        ("-1", "`-1` is not a port"),
        ("+80", "`+80` is not a port"),
        ("localhost:-1", "`-1` is not a port"),
        ("localhost:+80", "`+80` is not a port"),
        ("3000x", "`3000x` is not a port"),
        ("٣٠٠٠", "`٣٠٠٠` is not a port"),
        ("3000 4000", "`3000 4000` is not a port"),
        ("http://localhost:http", "`http` is not a port"),
        ("abc./x", "`abc` is neither a port nor a service that navyd knows"),
        ("abc:/x", "`abc` is neither a port nor a service that navyd knows"),
        ("abc", "`abc` is neither a port nor a service that navyd knows"),
        ("localhost:abc", "`abc` is not a port"),
        ("*", "`*` names neither a host nor a port"),
        ("5432/sctp", "`sctp` is not a protocol that navyd reads"),
        ("127.0.0.1:5432/sctp", "`sctp` is not a protocol that navyd reads"),
        ("3000/login", "`login` is not a protocol that navyd reads"),
        ("tcp:53/udp", "`tcp:53/udp` names two protocols"),
        ("/run/docker.sock", "`/run/docker.sock` is a path, and has no port"),
        ("unix:///run/x.sock", "`unix://` is a path, and has no port"),
        ("http://", "`http://` names no host"),
        ("http:///x", "`http://` names no host"),
        ("http://u:secret@/x", "`http://` names no host"),
        ("grpc://*", "`grpc://` names no host"),
        ("http://u:secret@h:99999/", "`99999` is above 65535, the last port"),
        ("http://u:secret@h h/", "`h h` has a character that is in no host name"),
        ("::1:3000", "`::1:3000` can be read in two ways"),
        ("[::1", "`[::1` is not an IPv6 address"),
        ("[::1]3000", "`[::1]3000` is not an IPv6 address"),
        ("[localhost]:80", "`localhost` is not an IPv6 address"),
        ("[127.0.0.1]:80", "`127.0.0.1` is not an IPv6 address"),
        ("[fe80::1%]:80", "`fe80::1%` is not an IPv6 address"),
        ("a:b:c", "`a:b:c` is not an IPv6 address"),
        ("256.0.0.1", "`256.0.0.1` is not an IPv4 address"),
        ("1.2.3.4.5.6", "`1.2.3.4.5.6` is not an IPv4 address"),
        ("127.0.0.01", "`127.0.0.01` is not an IPv4 address"),
        ("0x7f.1:80", "`0x7f.1` is not an IPv4 address"),
        ("127.0x1", "`127.0x1` is not an IPv4 address"),
        ("127.16777216", "`127.16777216` is not an IPv4 address"),
        ("8080:80", "`8080` is not an IPv4 address"),
        ("http://2130706433/", "`2130706433` is not an IPv4 address"),
        ("shop.localhost.1", "`shop.localhost.1` is not an IPv4 address"),
        ("bücher.localhost", "`bücher.localhost` is not ASCII"),
        ("a..b", "`a..b` is not a host name"),
        (".localhost", "`.localhost` is not a host name"),
        ("-x.localhost", "`-x.localhost` is not a host name"),
        ("a b.localhost", "`a b.localhost` has a character that is in no host name"),
        ("a%20b.localhost:1", "`a%20b.localhost` has a character that is in no host name"),
        ("h1:1,h2:2", "`h1:1,h2:2` is not an IPv6 address"),
        ("a\u{1b}[2J.localhost", r"`a\u{1b}[2J.localhost` has a character that is in no host name"),
        ("a\u{202e}b.localhost", r"`a\u{202e}b.localhost` has a character that is in no host name"),
        ("abc\u{0}def", r"`abc\0def` is neither a port nor a service that navyd knows"),
    ] {
        let error = text.parse::<Target>().map(|target| target.to_string()).expect_err(text);
        assert_eq!(error.message, message, "{text:?}");
        assert!(error.hint.contains('`'), "{text:?} gets no line to type: {}", error.hint);
    }
    let label = "a".repeat(64);
    let long = ["a"; 127].join(".") + ".b";
    for text in [format!("{label}.localhost"), long] {
        let error = text.parse::<Target>().expect_err(&text);
        assert!(error.message.ends_with("is too long for a host name"), "{error}");
    }
    assert!((["a"; 126].join(".") + ".b").parse::<Target>().is_ok(), "253 bytes are allowed");
}

/// Marsaglia's xorshift64: the same texts in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Whatever the text: no panic; a target says where, and is stable; an error is one clean line.
fn holds_for(text: &str) {
    match text.parse::<Target>() {
        Ok(target) => {
            assert!(target.host.is_some() || target.port.is_some(), "{text:?}");
            assert_ne!(target.port, Some(0), "{text:?}");
            assert_eq!(target.to_string().parse(), Ok(target.clone()), "{text:?} is shown as {target}");
        }
        Err(error) => {
            let hidden =
                |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
            let clean = |text: &str| !text.chars().any(|c| c.is_control() || hidden(c));
            assert!(clean(&error.message) && clean(&error.hint), "{text:?}: {error:?}");
            assert!(error.message.chars().count() < 200, "{text:?}: {error:?}");
            assert!(!error.hint.is_empty() && !error.message.ends_with('.'), "{text:?}: {error:?}");
        }
    }
}

#[test]
fn any_bytes_give_an_answer() {
    let mut random = Random(62893);
    for _ in 0..4_000 {
        let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.below(256) as u8).collect();
        holds_for(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn any_mixture_of_the_parts_gives_an_answer() {
    const PARTS: &[&str] = &[
        "http",
        "tcp",
        "udp",
        "jdbc:",
        "://",
        "/",
        ":",
        "::",
        "[",
        "]",
        "*",
        ".",
        "@",
        "%",
        "?",
        "#",
        ",",
        "0",
        "1",
        "80",
        "3000",
        "65536",
        "127",
        "255",
        "ffff",
        "0x7f",
        "localhost",
        "shop",
        "a",
        "-",
        "_",
        "+",
        " ",
        "\t",
        "\u{0}",
        "\u{1b}",
        "\u{202e}",
        "\u{200b}",
        "ü",
        "：",
        "。",
        "`",
        "\"",
        "(",
        ")",
        "sctp",
        "é",
        "🚢",
        "vite",
    ];
    let mut random = Random(5173);
    for _ in 0..5_000 {
        let text: String = (0..random.below(9)).map(|_| PARTS[random.below(PARTS.len())]).collect();
        holds_for(&text);
    }
}
