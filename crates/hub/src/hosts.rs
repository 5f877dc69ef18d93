//! The hosts file with navyd's block in it, or without: bytes in, bytes out.
//!
//! A hosts file belongs to its owner. Only lines of ours are ever touched: the two markers, and between them what
//! [`line`] writes. Every other line keeps its bytes, its order and its line ending, whatever it holds; whatever
//! anybody wrote into the block stays, outside of it. Deliberately absent: wildcards, which hosts files do not have.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::os::files;

/// The line above ours.
const BEGIN: &[u8] = b"# navyd begin";
/// The line below ours.
const END: &[u8] = b"# navyd end";
/// Where our names lead: both, since servers listen on both, and some clients ask for one alone.
const ADDRESSES: [&str; 2] = ["127.0.0.1", "::1"];
/// The longest name (RFC 1035 §2.3.4, without the final dot).
const LONGEST_NAME: usize = 253;
/// The longest label (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

/// A name that can stand in a hosts file: lower case, without a final dot, neither an address nor `localhost`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(String);

/// Why a text is no [`HostName`]; it names the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {why}")]
pub struct HostNameError {
    text: String,
    why: &'static str,
}

impl HostName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        let refuse = |why| Err(HostNameError { text: text.to_owned(), why });
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        // An underscore is no letter of host names, but service names have it, and resolvers take it.
        let legible = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let proper = |label: &str| {
            (1..=LONGEST_LABEL).contains(&label.len())
                && label.bytes().all(legible)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if name.starts_with("*.") {
            return refuse("is a wildcard, and hosts files have none");
        }
        if name.len() > LONGEST_NAME || !name.split('.').all(proper) {
            return refuse("is no host name");
        }
        if name == "localhost" {
            return refuse("stands in hosts files by itself");
        }
        // A last label of digits makes it an address (WHATWG URL §3.5 reads it so).
        if name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
            return refuse("is an address");
        }
        Ok(Self(name))
    }
}

/// Where this system has its hosts file.
pub fn file() -> PathBuf {
    match std::env::consts::OS {
        "windows" => r"C:\Windows\System32\drivers\etc\hosts".into(),
        _ => "/etc/hosts".into(),
    }
}

/// Writes the file: whole in its place, or into it as it stands where a container has mounted it.
///
/// # Errors
/// When this user may not.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    files::rewrite(file, bytes)
}

/// The file with exactly these names in our block; without any name, without our block.
///
/// Idempotent. A file that ends in a line break still does, and one that does not still does not. New lines end as
/// the file's first line does.
pub fn edit(file: &[u8], names: &[HostName]) -> Vec<u8> {
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    let ours = ours(&lines);
    let mut kept: Vec<&[u8]> = Vec::with_capacity(lines.len());
    let mut place = None;
    for (line, ours) in lines.iter().zip(ours) {
        if ours {
            place.get_or_insert(kept.len());
        } else {
            kept.push(line);
        }
    }
    let ending = ending(lines.first().copied().unwrap_or_default());
    let (before, after) = kept.split_at(place.unwrap_or(kept.len()));
    let mut edited = before.concat();
    let block = block(names, ending);
    if !block.is_empty() && !edited.is_empty() && !edited.ends_with(b"\n") {
        edited.extend_from_slice(ending);
    }
    edited.extend(block);
    edited.extend(after.concat());
    if !file.is_empty() && !file.ends_with(b"\n") {
        // The last line had no ending. It may have been ours, or stand in the middle now.
        let cut = edited.strip_suffix(ending).or_else(|| edited.strip_suffix(b"\n")).map(<[u8]>::len);
        edited.truncate(cut.unwrap_or(edited.len()));
    }
    edited
}

/// How a file ends its lines, by its first one. A lone line that ends in a carriage return lacks only the rest of it.
fn ending(first: &[u8]) -> &'static [u8] {
    if first.ends_with(b"\r\n") || first.ends_with(b"\r") { b"\r\n" } else { b"\n" }
}

/// Whether each line is ours.
fn ours(lines: &[&[u8]]) -> Vec<bool> {
    let mut ours = vec![false; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let text = bare(lines[at]);
        ours[at] = text == BEGIN || text == END;
        at += 1;
        if text != BEGIN {
            continue;
        }
        // A block reaches to its end, but not over another beginning. One without an end is half a block: then only
        // what follows without a gap is taken for ours.
        let rest = &lines[at..];
        let marker = rest.iter().position(|line| matches!(bare(line), BEGIN | END));
        let whole = marker.is_some_and(|marker| bare(rest[marker]) == END);
        let reach = if whole {
            marker.unwrap_or(0)
        } else {
            rest.iter().take_while(|line| is_line(bare(line))).count()
        };
        for (ours, line) in ours[at..].iter_mut().zip(rest).take(reach) {
            *ours = is_line(bare(line));
        }
        at += reach;
    }
    ours
}

/// A line without its ending.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line has the form that [`line`] writes.
fn is_line(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let Some((address, name)) = text.split_once('\t') else { return false };
    ADDRESSES.contains(&address) && name.parse::<HostName>().is_ok_and(|parsed| parsed.0 == name)
}

fn block(names: &[HostName], ending: &[u8]) -> Vec<u8> {
    let mut names: Vec<&HostName> = names.iter().collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Vec::new();
    }
    let entries = names.into_iter().flat_map(|name| ADDRESSES.map(|address| line(address, name)));
    let lines = std::iter::once(BEGIN.to_vec()).chain(entries).chain([END.to_vec()]);
    lines
        .flat_map(|mut line| {
            line.extend_from_slice(ending);
            line
        })
        .collect()
}

fn line(address: &str, name: &HostName) -> Vec<u8> {
    format!("{address}\t{name}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<HostName> {
        list.split_whitespace().map(|name| name.parse().unwrap()).collect()
    }

    /// Edits, and holds what must hold for every file.
    fn edited(file: &str, list: &str) -> String {
        let names = names(list);
        let once = edit(file.as_bytes(), &names);
        assert_eq!(edit(&once, &names), once, "not idempotent: {file:?}");
        assert_eq!(edit(&once, &[]), edit(file.as_bytes(), &[]), "not reversible: {file:?}");
        String::from_utf8(once).unwrap()
    }

    const SHOP: &str = "# navyd begin\n127.0.0.1\tshop.localhost\n::1\tshop.localhost\n# navyd end\n";

    #[test]
    fn the_block_comes_and_goes() {
        for (file, list, expected) in [
            ("", "", String::new()),
            ("", "shop.localhost", SHOP.into()),
            (SHOP, "", String::new()),
            ("127.0.0.1 localhost\n", "shop.localhost", format!("127.0.0.1 localhost\n{SHOP}")),
            ("a\n\n", "Shop.Localhost. shop.localhost", format!("a\n\n{SHOP}")),
            // The block stays where it is.
            (&format!("a\n{SHOP}b\n"), "shop.localhost", format!("a\n{SHOP}b\n")),
            (&format!("a\n{SHOP}b\n"), "", "a\nb\n".into()),
            (&format!("a\n{SHOP}b"), "", "a\nb".into()),
            // Several become one, in the place of the first.
            (&format!("a\n{SHOP}b\n{SHOP}c\n"), "shop.localhost", format!("a\n{SHOP}b\nc\n")),
        ] {
            assert_eq!(edited(file, list), expected, "{file:?}");
        }
    }

    #[test]
    fn the_last_line_ends_as_it_did() {
        let bare = SHOP.trim_end();
        assert_eq!(edited("a", "shop.localhost"), format!("a\n{bare}"));
        assert_eq!(edited(&format!("a\n{bare}"), ""), "a");
        assert_eq!(edited(&format!("a\n{SHOP}"), ""), "a\n");
        assert_eq!(edited(bare, ""), "");
    }

    #[test]
    fn carriage_returns_stay() {
        let shop = SHOP.replace('\n', "\r\n");
        assert_eq!(edited("a\r\nb\r\n", "shop.localhost"), format!("a\r\nb\r\n{shop}"));
        assert_eq!(edited("a\r\nb", "shop.localhost"), format!("a\r\nb\r\n{}", shop.trim_end()));
        assert_eq!(edited(&format!("a\r\n{shop}b\n"), ""), "a\r\nb\n");
    }

    #[test]
    fn what_others_wrote_into_the_block_stays() {
        let mixed = "# navyd begin\n10.0.0.7 db\n127.0.0.1\told.localhost\n# navyd end\nx\n";
        assert_eq!(edited(mixed, ""), "10.0.0.7 db\nx\n");
        assert_eq!(edited(mixed, "shop.localhost"), format!("{SHOP}10.0.0.7 db\nx\n"));
    }

    #[test]
    fn half_a_block_takes_nothing_with_it() {
        for (file, expected) in [
            ("a\n# navyd begin\n127.0.0.1\told.localhost\n127.0.0.1 mine\n", "a\n127.0.0.1 mine\n"),
            (
                "a\n# navyd begin\n127.0.0.1 mine\n127.0.0.1\tx.localhost\n",
                "a\n127.0.0.1 mine\n127.0.0.1\tx.localhost\n",
            ),
            ("a\n# navyd end\nb\n", "a\nb\n"),
            (
                "# navyd begin\n127.0.0.1 mine\n# navyd begin\n127.0.0.1\told.localhost\n# navyd end\n",
                "127.0.0.1 mine\n",
            ),
            ("  # navyd begin\n# navyd begins\n", "  # navyd begin\n# navyd begins\n"),
        ] {
            assert_eq!(edited(file, ""), expected, "{file:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let file = b"\xff\xfe\n127.0.0.1\t\xff\n";
        assert_eq!(edit(file, &[]), file);
        let with = edit(file, &names("shop.localhost"));
        assert_eq!((&with[..file.len()], &with[file.len()..]), (&file[..], SHOP.as_bytes()));
    }

    #[test]
    fn names_are_host_names() {
        let long = format!("{}.localhost", "a".repeat(63));
        for good in ["shop.localhost", "a_b.test", "x", "1.shop.localhost", &long] {
            assert!(good.parse::<HostName>().is_ok(), "{good}");
        }
        let longer = format!("{}.localhost", "a".repeat(64));
        for bad in [
            "",
            ".",
            "localhost",
            "*.shop.localhost",
            "a b",
            "a\tb",
            "a#",
            "127.0.0.1",
            "::1",
            "-a.b",
            "ä.test",
            &longer,
        ] {
            assert!(bad.parse::<HostName>().is_err(), "{bad}");
        }
    }
}
