//! What the files of a listener show before it is asked: the folder that it serves, and whom its database trusts.
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
    cnf::{self, Meant},
    hba,
    owner::{self, Shape},
    question::Word,
};

/// How much of a configuration file is read.
const FILE: u64 = 256 * 1024;

/// How many option files of one server are read, with those that they include.
const FILES: usize = 32;

/// Where the option files of MySQL and MariaDB begin.
const USUAL: &[&str] = &["/etc/my.cnf", "/etc/mysql/my.cnf"];

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
    /// The option of MySQL or MariaDB by which nobody is asked who they are, and where it stands.
    pub ungranted: Option<String>,
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
        Ok((Shape::Greets, _)) => Ground { ungranted: ungranted(holder), ..Ground::default() },
        _ => Ground::default(),
    }
}

fn look(folder: &Path, holder: &Holder, me: Option<u32>) -> Ground {
    let there = |path: &&str| folder.join(path.trim_start_matches('/')).is_file();
    Ground {
        folder: Some(folder.display().to_string()),
        home: is_home(folder, holder.uid.is_some() && holder.uid == me),
        hidden: HIDDEN.iter().copied().filter(there).collect(),
        ..Ground::default()
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
    hba::trusting(&read(&path)?)
}

/// The arguments count after the files, and of all the last.
fn ungranted(holder: &Holder) -> Option<String> {
    let arguments =
        || holder.argv.iter().flatten().skip(1).filter_map(|argument| argument.strip_prefix("--"));
    let told = |name: &str| arguments().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='));
    let own: Vec<&str> = match told("defaults-file") {
        Some(file) => vec![file],
        None if arguments().any(|argument| argument == "no-defaults") => Vec::new(),
        None => USUAL.iter().copied().chain(told("defaults-extra-file")).collect(),
    };
    let cwd = Path::new(holder.cwd.as_deref().unwrap_or("/"));
    let mut found = None;
    let mut left = FILES;
    for file in own {
        follow(&cwd.join(file), &mut left, &mut found);
    }
    for argument in arguments() {
        match cnf::opens(argument) {
            Some(true) => found = Some(format!("it was started with `--{argument}`")),
            Some(false) => found = None,
            None => {}
        }
    }
    found
}

/// What this file, and those that it includes, say in the end. `left` is how many more are read. Where a relative path
/// begins only the server knows.
fn follow(path: &Path, left: &mut usize, found: &mut Option<String>) {
    let Some(rest) = left.checked_sub(1).filter(|_| path.is_absolute()) else { return };
    *left = rest;
    for meant in read(path).as_deref().map(cnf::meant).unwrap_or_default() {
        match meant {
            Meant::Open(true) => *found = Some(format!("`{}` has `skip-grant-tables`", path.display())),
            Meant::Open(false) => *found = None,
            Meant::File(file) => follow(Path::new(&file), left, found),
            Meant::Folder(folder) => {
                let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(FILES);
                let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
                files.retain(|file| file.extension().is_some_and(|end| end == "cnf"));
                files.sort();
                files.iter().for_each(|file| follow(file, left, found));
            }
        }
    }
}

fn read(path: &Path) -> Option<String> {
    let file = fs::File::open(path).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
    let mut text = String::new();
    file.take(FILE).read_to_string(&mut text).ok()?;
    Some(text)
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
    fn arguments_of_mysql_count_after_its_files() {
        for (argv, expected) in [
            ("mariadbd --no-defaults --skip-grant-tables", Some("it was started with `--skip-grant-tables`")),
            (
                "mysqld --no-defaults --skip_grant_tables=ON",
                Some("it was started with `--skip_grant_tables=ON`"),
            ),
            ("mysqld --no-defaults --skip-grant-tables --skip-grant-tables=0", None),
            ("mariadbd --no-defaults --skip-networking=0", None),
            ("mariadbd --defaults-file=/no/such/file", None),
        ] {
            let argv = Some(argv.split(' ').map(str::to_owned).collect());
            let holder = Holder { argv, ..Holder::default() };
            assert_eq!(ungranted(&holder).as_deref(), expected, "{holder:?}");
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
