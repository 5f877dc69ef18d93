//! Whether the links of a message lead anywhere: only where that was asked for, since it sends requests.
//!
//! A message is another's, and so are its links. One that leads to this machine or its network is not followed: a
//! message must not make this program ask what its sender cannot reach (server-side request forgery). Names are resolved
//! once, and what is connected to is the address that was looked at. Deliberately absent: links of HTTPS, which need to
//! know whom to trust; they are told as not checked.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{limits, mime::Mail};

/// How often a link may lead to another.
const REDIRECTS: usize = 5;

/// The longest head of an answer that is read, in bytes.
const HEAD: usize = 16 * 1024;

/// Checks links.
#[derive(Debug, Clone, Copy, Default)]
pub struct Links {
    /// Whether addresses of this machine may be asked: for tests of the checks themselves.
    pub here: bool,
}

/// A link that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The link.
    pub url: String,
    /// The status that was answered; 0 where none was.
    pub status: u16,
    /// What came of it, in words.
    pub text: String,
}

impl Links {
    /// Checks all links of a message, each once, one after the other. `follow` is whether to go where an answer leads.
    pub async fn check(&self, mail: &Mail, follow: bool) -> Vec<Checked> {
        let mut checked = Vec::new();
        for url in links(mail) {
            checked.push(self.one(&url, follow).await);
        }
        checked
    }

    async fn one(&self, url: &str, follow: bool) -> Checked {
        let mut at = url.to_owned();
        for _ in 0..=REDIRECTS {
            let asked = timeout(limits::ELSEWHERE, self.ask(&at)).await;
            let (status, location) = match asked {
                Err(_) => {
                    return Checked { url: url.to_owned(), status: 0, text: "no answer in time".to_owned() };
                }
                Ok(Err(error)) => return Checked { url: url.to_owned(), status: 0, text: error.to_string() },
                Ok(Ok(answer)) => answer,
            };
            match location.filter(|_| follow && (300..400).contains(&status)) {
                Some(next) => at = next,
                None => {
                    let known =
                        http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
                    return Checked {
                        url: url.to_owned(),
                        status,
                        text: known.unwrap_or("Unknown").to_owned(),
                    };
                }
            }
        }
        Checked { url: url.to_owned(), status: 0, text: "it leads on and on".to_owned() }
    }

    /// The status of an answer, and where it leads.
    async fn ask(&self, url: &str) -> io::Result<(u16, Option<String>)> {
        let (authority, path) =
            parts(url).ok_or_else(|| io::Error::other("only links of http:// are checked"))?;
        let port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let named = if port { authority.to_owned() } else { format!("{authority}:80") };
        let addresses: Vec<SocketAddr> = lookup_host(named).await?.collect();
        let address = addresses.first().ok_or(io::ErrorKind::NotFound)?;
        if !self.here && addresses.iter().any(|address| !is_public(address.ip())) {
            return Err(io::Error::other("it leads into this network, and is not asked"));
        }
        let mut stream = TcpStream::connect(address).await?;
        let head = format!(
            "HEAD {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: navyd\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        while memmem::find(&answer, b"\r\n\r\n").is_none() && answer.len() < HEAD {
            if stream.read_buf(&mut answer).await? == 0 {
                break;
            }
        }
        let text = String::from_utf8_lossy(&answer);
        let mut lines = text.split("\r\n");
        let first = lines.next().filter(|line| line.starts_with("HTTP/1.")).and_then(|line| line.get(9..12));
        let status = first.and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("what answers does not speak HTTP"))?;
        let location = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("location").then(|| absolute(authority, value.trim()))
        });
        Ok((status, location))
    }
}

/// Authority and path of a link of HTTP.
fn parts(url: &str) -> Option<(&str, String)> {
    let rest = url.strip_prefix("http://")?.split('#').next()?;
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let odd = |letter: char| letter.is_control() || letter.is_whitespace();
    if authority.is_empty() || authority.contains('@') || url.chars().any(odd) {
        return None;
    }
    Some((authority, if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }))
}

fn absolute(authority: &str, location: &str) -> String {
    if location.starts_with('/') { format!("http://{authority}{location}") } else { location.to_owned() }
}

/// The links of a message, each once, in order.
fn links(mail: &Mail) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    let attributes = ["href=", "src="].iter().flat_map(|name| quoted_behind(&mail.html, name));
    let words = mail
        .text
        .split_whitespace()
        .map(|word| word.trim_matches(['<', '>', '(', ')', '"', '\'', ',', '.', ';']));
    for link in attributes.chain(words) {
        let link = link.replace("&amp;", "&");
        let web = ["http://", "https://"].iter().any(|scheme| link.starts_with(scheme));
        if web && !links.contains(&link) && links.len() < limits::LINKS {
            links.push(link);
        }
    }
    links
}

/// What stands in quotes behind each place of a word.
fn quoted_behind<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(word).filter_map(move |(at, _)| {
        let rest = &text[at + word.len()..];
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        rest[1..].split_once(quote).map(|(inside, _)| inside.trim())
    })
}

/// Whether an address is one of the internet, and of no network of anyone's own.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let protocol = first == 192 && second == 0 && third == 0;
    let benchmark = first == 198 && (second == 18 || second == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || first == 0
        || first >= 240
        || shared
        || protocol
        || benchmark)
}

/// Addresses that lead to one of IPv4 are what that one is: mapped, compatible, 6to4, NAT64, Teredo.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo writes the address of its client upside down.
        [0x2001, 0, _, _, _, _, high, low] => embedded(!high, !low),
        // Of the rest only 2000::/3 is given to anyone, and 2001:db8::/32 is for documents.
        [first, second, ..] => first & 0xe000 == 0x2000 && !(first == 0x2001 && second == 0xdb8),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_public, links, parts};
    use crate::mail::mime;

    #[test]
    fn only_the_internet_is_asked() {
        for (address, expected) in [
            ("1.1.1.1", true),
            ("127.0.0.1", false),
            ("127.9.9.9", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700:4700::1111", true),
            ("::1", false),
            ("::", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:1.1.1.1", true),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::101:101", true),
            ("2002:7f00:1::", false),
            ("2001:0:0:0:0:0:80ff:fffe", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("64:ff9b:1::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn links_are_found_once() {
        let mail = mime::read(
            b"Content-Type: text/html\r\n\r\n<a href=\"http://a.example/?x=1&amp;y=2\">x</a><img src='https://b.example/'>\
            <a href='http://a.example/?x=1&y=2'>again</a><a href=\"javascript:alert(1)\">no</a><a href=\"unclosed",
        );
        assert_eq!(links(&mail), ["http://a.example/?x=1&y=2", "https://b.example/"]);
        let text = mime::read(b"\r\nsee <http://c.example/path>, or http://d.example.");
        assert_eq!(links(&text), ["http://c.example/path", "http://d.example"]);
    }

    #[test]
    fn links_are_split_as_they_are_asked() {
        for (url, expected) in [
            ("http://a/b?c#d", Some(("a", "/b?c"))),
            ("http://a:8?c", Some(("a:8", "/?c"))),
            ("http://user@a/", None),
            ("https://a/", None),
            ("http:///a", None),
            ("http://a/b c", None),
        ] {
            let found = parts(url);
            assert_eq!(found.as_ref().map(|(one, two)| (*one, &two[..])), expected, "{url}");
        }
    }
}
