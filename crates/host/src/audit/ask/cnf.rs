//! Option files of MySQL and MariaDB: whether the server asks nobody who they are. Pure, and total over any text.

/// What a line of an option file means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// The server lets everybody in, or, where a later line takes it back, does not.
    Open(bool),
    /// Another file goes on here.
    File(String),
    /// All files of a folder do whose names end in `.cnf`.
    Folder(String),
}

/// The option by which nobody is asked, with `-` for `_`, which mean the same.
const OPTION: &str = "skip-grant-tables";

/// The groups that a server reads; those with a version behind it as well.
const GROUPS: &[&str] = &["mysqld", "mariadbd", "mariadb", "server"];

/// What a file says of it, in its order.
pub(super) fn meant(text: &str) -> Vec<Meant> {
    let mut of_server = false;
    let mut all = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(group) = line.strip_prefix('[') {
            let group = group.split(']').next().unwrap_or_default();
            let (name, version) = group.split_once('-').unwrap_or((group, "0"));
            of_server = GROUPS.contains(&name) && version.starts_with(|c: char| c.is_ascii_digit());
        } else if let Some(folder) = line.strip_prefix("!includedir ") {
            all.push(Meant::Folder(folder.trim().to_owned()));
        } else if let Some(file) = line.strip_prefix("!include ") {
            all.push(Meant::File(file.trim().to_owned()));
        } else if of_server {
            // A comment may begin in the middle of a line.
            all.extend(opens(line.split('#').next().unwrap_or_default()).map(Meant::Open));
        }
    }
    all
}

/// Whether an option, as a file has it or behind `--`, lets everybody in; `None` where it is another.
pub(super) fn opens(option: &str) -> Option<bool> {
    let (name, value) = option.split_once('=').map_or((option, ""), |(name, value)| (name, value.trim()));
    let name = name.trim().replace('_', "-").to_ascii_lowercase();
    let name = name.strip_prefix("loose-").unwrap_or(&name);
    (name == OPTION).then(|| !["0", "off", "false"].iter().any(|no| value.eq_ignore_ascii_case(no)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_and_clean() {
        for (text, expected) in [
            ("[mysqld]\nskip-grant-tables\n", vec![Meant::Open(true)]),
            ("[mariadb-10.11]\n Skip_Grant_Tables = ON # for a moment", vec![Meant::Open(true)]),
            ("[server]\nloose-skip-grant-tables=1", vec![Meant::Open(true)]),
            ("[mysqld]\nskip-grant-tables=0", vec![Meant::Open(false)]),
            ("[mysqld]\n# skip-grant-tables", vec![]),
            ("[client]\nskip-grant-tables", vec![]),
            ("[mysqld-safe]\nskip-grant-tables", vec![]),
            ("skip-grant-tables", vec![]),
            (
                "!includedir /etc/mysql/conf.d/\n!include a.cnf",
                vec![Meant::Folder("/etc/mysql/conf.d/".into()), Meant::File("a.cnf".into())],
            ),
            ("[\n]\n[]\n=\n!include", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(meant(text), expected, "{text}");
        }
    }
}
