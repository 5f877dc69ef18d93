//! What the files of a listener show before it is asked: the folder that it serves, and who PostgreSQL trusts.
//!
//! Read only for the few programs to which it matters. Bias: a folder that cannot be told is the working directory.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use navyd_model::Holder;

use super::{
    super::Subject,
    hba,
    owner::{self, Shape},
    question::Word,
};

/// How much of a configuration file is read.
const FILE: u64 = 256 * 1024;

/// What the files show. `None` and empty are what could not be read, or was not needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// The folder that is served.
    pub folder: Option<String>,
    /// Whether that is somebody's home directory.
    pub home: bool,
    /// Which of `HIDDEN` are in it.
    pub hidden: Vec<&'static str>,
    /// The first line of `pg_hba.conf` by which callers from the network need no password.
    pub trust: Option<String>,
}

/// Files that must not be served, as paths.
pub(super) const HIDDEN: &[&str] = &["/.git/HEAD", "/.env"];

/// Options that name the folder served.
const OPTIONS: &[&str] = &["-d", "--directory", "-t", "-h", "--root"];

pub(super) fn of(subject: &Subject, me: Option<u32>) -> Ground {
    if !subject.is_tcp() {
        return Ground::default();
    }
    let Some(holder) = subject.listener.holders.first() else { return Ground::default() };
    match owner::shape(&subject.listener) {
        Ok((Shape::Folder, _)) => folder(holder).map(|folder| look(&folder, holder, me)).unwrap_or_default(),
        Ok((Shape::Words(Word::Tls), _)) => Ground { trust: trust(holder), ..Ground::default() },
        _ => Ground::default(),
    }
}

fn look(folder: &Path, holder: &Holder, me: Option<u32>) -> Ground {
    let there = |path: &&str| folder.join(path.trim_start_matches('/')).is_file();
    Ground {
        folder: Some(folder.display().to_string()),
        home: is_home(folder, holder.uid.is_some() && holder.uid == me),
        hidden: HIDDEN.iter().copied().filter(there).collect(),
        trust: None,
    }
}

/// Whether it is the home of the user who asks, where that is who serves it, or lies where homes do.
fn is_home(folder: &Path, mine: bool) -> bool {
    let own = std::env::var_os("HOME").map(PathBuf::from).and_then(|home| home.canonicalize().ok());
    let usual = ["/home", "/Users"].iter().any(|homes| folder.parent() == Some(Path::new(homes)));
    usual
        || folder == Path::new("/root")
        || (mine && own.is_some_and(|own| own == folder && own.parent().is_some()))
}

fn folder(holder: &Holder) -> Option<PathBuf> {
    let cwd = Path::new(holder.cwd.as_deref()?);
    let named = holder.argv.as_deref().and_then(option);
    let folder = named.map_or_else(|| cwd.to_owned(), |named| cwd.join(named));
    Some(folder.canonicalize().unwrap_or(folder))
}

/// The value of the first of [`OPTIONS`].
fn option(argv: &[String]) -> Option<&str> {
    let mut rest = argv.iter().skip(1);
    rest.find_map(|argument| match argument.split_once('=') {
        Some((name, value)) => OPTIONS.contains(&name).then_some(Some(value)),
        None => OPTIONS.contains(&argument.as_str()).then_some(None),
    })
    .and_then(|inline| inline.or_else(|| rest.next().map(String::as_str)))
}

/// PostgreSQL works in its data directory; distributions keep `pg_hba.conf` beside `postgresql.conf`.
fn trust(holder: &Holder) -> Option<String> {
    let cwd = Path::new(holder.cwd.as_deref()?);
    let told = |name: &str| {
        let arguments = holder.argv.iter().flatten();
        arguments
            .filter_map(|argument| argument.trim_start_matches('-').strip_prefix(name)?.strip_prefix('='))
            .next_back()
    };
    let path = match (told("hba_file"), told("config_file").map(|file| cwd.join(file))) {
        (Some(file), _) => cwd.join(file),
        (None, Some(config)) => config.with_file_name("pg_hba.conf"),
        (None, None) => cwd.join("pg_hba.conf"),
    };
    let mut text = String::new();
    fs::File::open(path).ok()?.take(FILE).read_to_string(&mut text).ok()?;
    hba::trusting(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_named_or_the_working_directory() {
        for (argv, expected) in [
            ("python3 -m http.server 8000", None),
            ("python3 -m http.server -d site 8000", Some("site")),
            ("python3 -m http.server --directory=/srv 8000", Some("/srv")),
            ("php -S localhost:8000 -t public", Some("public")),
            ("python3 -m http.server -d", None),
        ] {
            let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
            assert_eq!(option(&argv), expected, "{argv:?}");
        }
    }

    #[test]
    fn homes_lie_where_homes_do() {
        for (folder, expected) in [
            ("/home/dev", true),
            ("/Users/dev", true),
            ("/root", true),
            ("/home/dev/site", false),
            ("/srv", false),
        ] {
            assert_eq!(is_home(Path::new(folder), false), expected, "{folder}");
        }
    }
}
