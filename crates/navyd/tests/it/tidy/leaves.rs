//! Leaves: a file or folder that adds one thing to a registry.

use std::collections::BTreeSet;

use super::scan::{Line, Source, has_word};

/// A folder of leaves.
pub(super) struct Registry {
    /// The folder.
    pub(super) folder: &'static str,
    /// The list in its `mod.rs`.
    pub(super) list: &'static str,
    /// The files in it that are not leaves.
    pub(super) engine: &'static [&'static str],
}

impl Registry {
    /// Leaves that import a sibling, leaves that are not on the list, and engine files that are gone. A folder
    /// that does not stand yet has none.
    pub(super) fn violations(&self, sources: &[Source]) -> Vec<String> {
        let prefix = format!("{}/", self.folder);
        let inside =
            || sources.iter().filter_map(|source| Some((source, source.path.strip_prefix(&prefix)?)));
        let Some((register, _)) = inside().find(|(_, name)| *name == "mod.rs") else {
            return inside().map(|(source, _)| source.at(1, "its folder has no mod.rs")).collect();
        };
        let names: BTreeSet<_> =
            inside().filter(|(_, name)| *name != "mod.rs").map(|(_, name)| leaf(name)).collect();
        let (engine, leaves): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| self.engine.contains(name));

        let mut found = Vec::new();
        for gone in self.engine.iter().filter(|name| !engine.contains(name)) {
            found.push(format!("{prefix}{gone}.rs: listed as engine in tidy, and not on the disk"));
        }
        let list = self.list(register);
        if list.is_empty() {
            found.push(register.at(1, &format!("it has no list `{}`", self.list)));
        }
        for name in leaves.iter().filter(|name| !has_word(&list, name)) {
            found.push(format!("{prefix}{name}: not on the list `{}`", self.list));
        }
        for (source, name) in inside().filter(|(_, name)| leaves.contains(&leaf(name))) {
            found.extend(self.imports(source, name, &leaves));
        }
        found
    }

    /// The text of the list, from its name to the end of the statement.
    fn list(&self, register: &Source) -> String {
        let code = joined(&register.lines);
        let start = ["const ", "static "].iter().find_map(|word| code.find(&format!("{word}{}:", self.list)));
        let Some(value) = start.and_then(|at| code[at..].split_once('=')) else { return String::new() };
        value.1.split(';').next().unwrap_or_default().to_owned()
    }

    fn imports(&self, source: &Source, name: &str, leaves: &[&str]) -> Vec<String> {
        let module = self.folder.rsplit('/').next().unwrap_or_default();
        // The parent module, as a file sees it: one `super` up, and one more for each folder below.
        let above = "super::".repeat(name.matches('/').count() + usize::from(!name.ends_with("/mod.rs")));
        let code = joined(&source.lines);
        let mut found = Vec::new();
        for from in [above, format!("crate::{module}::")] {
            for sibling in imported(&code, &from) {
                if sibling != leaf(name) && leaves.contains(&sibling.as_str()) {
                    found.push(source.at(1, &format!("a leaf imports its sibling `{from}{sibling}`")));
                }
            }
        }
        found
    }
}

/// `ls.rs` and `ls/table.rs` are the leaf `ls`.
fn leaf(name: &str) -> &str {
    let first = name.split('/').next().unwrap_or(name);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The code of the lines on one line, tests included.
fn joined(lines: &[Line]) -> String {
    lines.iter().map(|line| line.code.as_str()).collect::<Vec<_>>().join(" ")
}

/// The first names behind every `from`: of `from::{a, b::c}` both `a` and `b`.
fn imported(code: &str, from: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    for (at, _) in code.match_indices(from) {
        // `super::super::x` is not an import from `super`.
        if code[..at].ends_with("::") {
            continue;
        }
        let behind = &code[at + from.len()..];
        match behind.strip_prefix('{') {
            Some(group) => found.extend(members(group).into_iter().map(name)),
            None => found.push(name(behind)),
        }
    }
    found
}

/// The members of a group, up to its closing brace; those of inner groups stay with their owner.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn planted_leaves_are_caught() {
    const REGISTRY: Registry = Registry { folder: "c/src/cli", list: "COMMANDS", engine: &["args"] };
    let check = |files: &[(&str, &str)], expected: &[&str]| {
        let sources: Vec<_> =
            files.iter().map(|(path, text)| Source::new(text, format!("c/src/cli/{path}"))).collect();
        let found = REGISTRY.violations(&sources);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "`{found}` should say `{expected}`");
        }
    };
    let list =
        ("mod.rs", "pub const COMMANDS: &[&dyn Command] = &[\n    &ls::Ls,\n    &why::Why,\n];\nmod free;");
    let engine = ("args.rs", "use super::ls;");
    check(&[], &[]);
    check(&[list, engine, ("ls.rs", "use super::{Command, args::Port};"), ("why.rs", "")], &[]);
    check(&[list, engine, ("free.rs", "")], &["free: not on the list"]);
    check(
        &[list, engine, ("ls.rs", "use super::{Command,\n  why::{A, B}};"), ("why.rs", "")],
        &["sibling `super::why`"],
    );
    check(
        &[list, engine, ("ls.rs", ""), ("why.rs", "fn a() { crate::cli::ls::run() }")],
        &["sibling `crate::cli::ls`"],
    );
    check(&[list, engine, ("ls/mod.rs", "use super::why;"), ("why.rs", "")], &["sibling `super::why`"]);
    check(&[list, engine, ("ls/table.rs", "use super::why;"), ("why.rs", "")], &[]);
    check(&[list, engine, ("ls/table.rs", "use super::super::why;"), ("why.rs", "")], &["super::super::why"]);
    check(&[list, engine, ("why.rs", "// super::ls\nuse super::args;")], &[]);
    check(&[list], &["args.rs: listed as engine"]);
    check(&[("mod.rs", ""), engine, ("ls.rs", "")], &["no list `COMMANDS`", "ls: not on the list"]);
    check(&[("ls.rs", "")], &["no mod.rs"]);
}
