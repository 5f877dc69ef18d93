//! A hosts file as the resolver reads it, and the lines of it that the resolver passes over. Pure.

use std::net::IpAddr;

/// The most that is read of a hosts file, in bytes: those that block advertisements have a few MiB.
pub(in crate::doctor) const LONGEST: u64 = 16 * 1024 * 1024;

/// The most faulty lines that are kept: the first ones show what is wrong.
const MOST_FAULTS: usize = 16;

/// The byte order mark of UTF-8, which some editors put before the first line.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a hosts file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostsFile {
    /// The lines that give addresses, in their order.
    pub entries: Vec<Entry>,
    /// The lines that look like it and do not, at most 16.
    pub faults: Vec<(usize, Fault)>,
}

/// One line: an address and its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub line: usize,
    /// The address.
    pub address: IpAddr,
    /// The names, in lower case and without a final dot.
    pub names: Vec<String>,
}

/// Why the resolver passes over a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The file is UTF-16, as some editors of Windows write it: no line of it is read.
    Wide,
    /// A byte order mark stands before the first line, which is therefore not read.
    Mark,
    /// The name stands before the address.
    Swapped,
    /// The address has a port, which hosts files do not have.
    Port,
    /// It does not begin with an address.
    NoAddress(String),
    /// An address without a name.
    NoName,
    /// A wildcard: it is a name like any other, and nobody asks for it.
    Wildcard(String),
    /// A space that is none to the resolver, such as U+00A0 from a web page.
    Space,
}

impl HostsFile {
    /// Reads it, whatever bytes it holds.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            file.fault(1, Fault::Wide);
            return file;
        }
        let marked = bytes.strip_prefix(MARK);
        let text = String::from_utf8_lossy(marked.unwrap_or(bytes));
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let said = line.split('#').next().unwrap_or_default();
            if marked.is_some() && at == 0 && !said.trim().is_empty() {
                file.fault(number, Fault::Mark);
                continue;
            }
            file.line(number, said);
        }
        file
    }

    /// The addresses that a name is given, each with its line.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, IpAddr)> + 'a {
        let named = move |entry: &&Entry| entry.names.iter().any(|own| own == name);
        self.entries.iter().filter(named).map(|entry| (entry.line, entry.address))
    }

    fn line(&mut self, number: usize, said: &str) {
        // hosts(5): "Fields of the entry are separated by any number of blanks and/or tab characters."
        let foreign = |c: char| c.is_whitespace() && !c.is_ascii();
        let mut words = said.split_ascii_whitespace();
        let Some(first) = words.next() else { return };
        if said.chars().any(foreign) {
            return self.fault(number, Fault::Space);
        }
        let Some(address) = address(first) else {
            let swapped = words.any(|word| address(word).is_some());
            let fault = match (swapped, first.parse::<std::net::SocketAddr>().is_ok()) {
                (true, _) => Fault::Swapped,
                (_, true) => Fault::Port,
                _ => Fault::NoAddress(first.to_owned()),
            };
            return self.fault(number, fault);
        };
        let names: Vec<String> =
            words.map(|word| word.strip_suffix('.').unwrap_or(word).to_ascii_lowercase()).collect();
        if names.is_empty() {
            return self.fault(number, Fault::NoName);
        }
        if let Some(wildcard) = names.iter().find(|name| name.contains('*')) {
            self.fault(number, Fault::Wildcard(wildcard.clone()));
        }
        self.entries.push(Entry { line: number, address, names });
    }

    fn fault(&mut self, line: usize, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push((line, fault));
        }
    }
}

/// An address, also one of a device: `fe80::1%lo0` stands in the file of macOS.
fn address(word: &str) -> Option<IpAddr> {
    word.split('%').next()?.parse().ok()
}

impl Fault {
    /// In words, behind "line 3".
    pub(in crate::doctor) fn words(&self) -> String {
        match self {
            Self::Wide => "the file is UTF-16: no program reads a line of it".into(),
            Self::Mark => "is not read: a byte order mark stands before it".into(),
            Self::Swapped => "is not read: the address has to stand first, and the names behind it".into(),
            Self::Port => "is not read: a hosts file has no ports".into(),
            Self::NoAddress(word) => format!("is not read: `{word}` is no address"),
            Self::NoName => "is not read: no name stands behind the address".into(),
            Self::Wildcard(name) => format!("has no effect: hosts files have no wildcards such as `{name}`"),
            Self::Space => "is not read as it looks: a space in it is none, as web pages have them".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_read_or_has_its_fault() {
        for (text, entries, faults) in [
            ("", 0, &[][..]),
            ("# all\n\n  # of this\n", 0, &[]),
            ("127.0.0.1\tlocalhost # x\r\n::1 LocalHost. ip6-localhost\r\n", 2, &[]),
            ("fe80::1%lo0 localhost\n0.0.0.0 ads.test", 2, &[]),
            ("\u{feff}127.0.0.1 localhost\n::1 localhost\n", 1, &[(1, Fault::Mark)]),
            ("\u{feff}# a comment\n127.0.0.1 localhost\n", 1, &[]),
            ("localhost 127.0.0.1\n", 0, &[(1, Fault::Swapped)]),
            ("a\n127.0.0.1:3000 shop.test", 0, &[(1, Fault::NoAddress("a".into())), (2, Fault::Port)]),
            ("[::1]:80 shop.test", 0, &[(1, Fault::Port)]),
            ("127.0.0.1", 0, &[(1, Fault::NoName)]),
            ("127.0.0.1 *.shop.test", 1, &[(1, Fault::Wildcard("*.shop.test".into()))]),
            ("127.0.0.1\u{a0}localhost", 0, &[(1, Fault::Space)]),
            ("127.0.0.01 localhost", 0, &[(1, Fault::NoAddress("127.0.0.01".into()))]),
        ] {
            let file = HostsFile::parse(text.as_bytes());
            assert_eq!((file.entries.len(), &file.faults[..]), (entries, faults), "{text:?}");
        }
        let wide = HostsFile::parse(b"\xff\xfe1\x002\x007\x00");
        assert_eq!(wide.faults, [(1, Fault::Wide)]);
    }

    #[test]
    fn a_name_has_its_addresses_in_their_order() {
        let file = HostsFile::parse(b"::1 localhost\n10.0.0.1 x\n127.0.0.1 x LOCALHOST\n");
        let found: Vec<_> = file.of("localhost").map(|(line, address)| (line, address.to_string())).collect();
        assert_eq!(found, [(1, "::1".to_owned()), (3, "127.0.0.1".to_owned())]);
    }

    #[test]
    fn a_file_full_of_faults_keeps_the_first() {
        let file = HostsFile::parse("x y\n".repeat(1000).as_bytes());
        assert_eq!((file.faults.len(), file.faults[0].0), (MOST_FAULTS, 1));
    }
}
