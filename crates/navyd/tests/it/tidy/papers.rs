//! What the documents say, held against the disk.

use std::collections::BTreeSet;

type Names = BTreeSet<String>;

/// The paths that the map under `## Map` names, each as often as it does: folders end with `/`.
///
/// A line holds names with one space between them, then two spaces and the purpose. Where its first name is a folder,
/// the rest of the line and the lines drawn further in are inside of it. `dir/{a b}` are `dir/a` and `dir/b`. Below
/// `src/` a name without an ending is that of a Rust file; `*` is for [`with_leaves`].
pub(super) fn map(document: &str) -> Vec<String> {
    let drawn = section(document, "## Map").unwrap_or_default().split("```").nth(1).unwrap_or_default();
    let mut parents: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for line in drawn.lines() {
        let names = line.trim_start_matches(' ');
        let indent = line.len() - names.len();
        let names = names.split("  ").next().unwrap_or_default();
        parents.retain(|(depth, _)| *depth < indent);
        let outer = parents.last().map(|(_, path)| path.clone()).unwrap_or_default();
        let first = names.split([' ', '{']).next().unwrap_or_default();
        if !first.ends_with('/') {
            named(&outer, &mut names.chars(), &mut found);
            continue;
        }
        let inner = format!("{outer}{first}");
        match names[first.len()..].strip_prefix(' ') {
            Some(rest) => {
                found.push(inner.clone());
                named(&inner, &mut rest.chars(), &mut found);
            }
            None => named(&outer, &mut names.chars(), &mut found),
        }
        parents.push((indent, inner));
    }
    found
}

/// Reads names up to the end, or to the brace that closes.
fn named(prefix: &str, names: &mut std::str::Chars<'_>, found: &mut Vec<String>) {
    let mut name = String::new();
    loop {
        let next = names.next();
        match next {
            Some('{') => {
                let folder = format!("{prefix}{name}");
                if folder.ends_with('/') {
                    found.push(folder.clone());
                }
                named(&folder, names, found);
                name.clear();
            }
            Some(' ' | '}') | None => {
                let path = format!("{prefix}{}", std::mem::take(&mut name));
                let ending = if path.contains("src/") && !path.ends_with('/') { ".rs" } else { "" };
                if path != prefix {
                    found.push(path + ending);
                }
                if next != Some(' ') {
                    return;
                }
            }
            Some(letter) => name.push(letter),
        }
    }
}

/// What the map says once `*` stands for what is in a folder of leaves and is not named: its list is the map of those.
/// A `*` in any other folder stays, and is nothing on the disk.
pub(super) fn with_leaves(said: Names, disk: &Names, registries: &[&str]) -> Names {
    let leaves = |path: &String| registries.contains(&path.strip_suffix("/*.rs").unwrap_or_default());
    let (folders, mut said): (Names, Names) = said.into_iter().partition(leaves);
    for folder in folders {
        let inside = folder.trim_end_matches("*.rs");
        said.extend(disk.iter().filter(|path| path.starts_with(inside)).cloned());
    }
    said
}

/// These paths, and the folders that lead to them.
pub(super) fn with_folders(paths: &[String]) -> Names {
    let folders = |path: &String| -> Vec<String> {
        path.match_indices('/').map(|(at, _)| path[..=at].to_owned()).collect()
    };
    paths.iter().flat_map(folders).chain(paths.iter().cloned()).collect()
}

/// What is named more than once.
pub(super) fn repeated(paths: &[String]) -> Vec<String> {
    let mut seen = Names::new();
    paths.iter().filter(|path| !seen.insert((*path).clone())).cloned().collect()
}

/// What the map has to draw of these files: every folder, every file at the top, every source of a crate.
pub(super) fn mapped(files: &[&str]) -> Names {
    let mut found = Names::new();
    for file in files {
        found.extend(file.match_indices('/').map(|(at, _)| file[..=at].to_owned()));
        let source = file.starts_with("crates/") && file.contains("/src/") && file.ends_with(".rs");
        if source || !file.contains('/') {
            found.insert((*file).to_owned());
        }
    }
    found
}

/// The names of the external dependencies of these manifests.
pub(super) fn dependencies(manifests: &[&str]) -> Names {
    manifests
        .iter()
        .flat_map(|text| external(&text.parse::<toml::Table>().expect("cargo has read it")))
        .collect()
}

/// Dependencies stand in tables of these names, at any depth: `[workspace.dependencies]`, `[target.X.dependencies]`.
fn external(table: &toml::Table) -> Names {
    let mut found = Names::new();
    for (name, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if !matches!(name.as_str(), "dependencies" | "dev-dependencies" | "build-dependencies") {
            found.extend(external(inner));
            continue;
        }
        let ours = |value: &toml::Value| value.get("path").is_some();
        found.extend(
            inner
                .iter()
                .filter(|(name, value)| !ours(value) && !name.starts_with("navyd-"))
                .map(|(n, _)| n.clone()),
        );
    }
    found
}

/// The names in backticks at the start of the rows of a section's table.
pub(super) fn rows(document: &str, heading: &str) -> Names {
    let section = section(document, heading).unwrap_or_default();
    section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect()
}

/// The names of a manifest's `[[bin]]` tables.
pub(super) fn binaries(manifest: &str) -> Names {
    let manifest: toml::Table = manifest.parse().expect("cargo has read it");
    let bins = manifest.get("bin").and_then(|bins| bins.as_array());
    bins.into_iter().flatten().filter_map(|bin| bin.get("name")?.as_str().map(str::to_owned)).collect()
}

/// What a section holds, up to the next heading of the same depth.
pub(super) fn section<'a>(document: &'a str, heading: &str) -> Option<&'a str> {
    let depth = heading.bytes().take_while(|byte| *byte == b'#').count();
    let start =
        document.lines().find(|line| *line == heading)?.as_ptr() as usize - document.as_ptr() as usize;
    let body = &document[start + heading.len()..];
    Some(body.split(&format!("\n{} ", "#".repeat(depth))).next().unwrap_or(body))
}

/// The hosts of URLs that are neither this machine nor made for examples (RFC 2606, RFC 6761).
pub(super) fn foreign_hosts(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(document.lines()) {
        for (at, mark) in line.match_indices("://") {
            let rest = &line[at + mark.len()..];
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || ".-[]:…".contains(c))).unwrap_or(rest.len());
            let host = rest[..end].rsplit_once(':').map_or(&rest[..end], |(host, _)| host);
            let ours = ["localhost", "127.0.0.1", "[::1]", "…", ""].contains(&host)
                || [".localhost", ".test", ".example"].iter().any(|suffix| host.ends_with(suffix));
            if !ours {
                found.push(format!("README.md:{number}: names the host `{host}`"));
            }
        }
    }
    found
}

/// What only one side has.
pub(super) fn differences(paper: &str, said: &Names, truth: &str, real: &Names) -> Vec<String> {
    let missing = real.difference(said).map(|name| format!("missing in {paper}: {name}"));
    let gone = said.difference(real).map(|name| format!("too many in {paper}, not in {truth}: {name}"));
    missing.chain(gone).collect()
}

#[cfg(test)]
fn names(list: &[&str]) -> Names {
    list.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_map_is_read_as_paths() {
    let document = "# A\n\n## Map\n\nA `b`.\n\n```\nMakefile .ci/  the commands\ndocs/{guide/ h1_{a/ b/}}  words\n\
        crates/\n  model/src/ lib  words: all\n    a b x/{mod y/{z}} b/{tests}  types\n    c/ mod\n      d\n  \
        e/src/ lib\n```\n\n## Next\n```\nno\n```\n";
    let expected = [
        "Makefile",
        ".ci/",
        "docs/",
        "docs/guide/",
        "docs/h1_a/",
        "docs/h1_b/",
        "crates/",
        "crates/model/src/",
        "crates/model/src/lib.rs",
        "crates/model/src/a.rs",
        "crates/model/src/b.rs",
        "crates/model/src/x/",
        "crates/model/src/x/mod.rs",
        "crates/model/src/x/y/",
        "crates/model/src/x/y/z.rs",
        "crates/model/src/b/",
        "crates/model/src/b/tests.rs",
        "crates/model/src/c/",
        "crates/model/src/c/mod.rs",
        "crates/model/src/c/d.rs",
        "crates/e/src/",
        "crates/e/src/lib.rs",
    ];
    assert_eq!(map(document), expected);
}

#[test]
fn a_star_stands_for_leaves_and_for_nothing_else() {
    let disk = names(&["a/", "a/mod.rs", "a/x.rs", "a/y/", "a/y/z.rs", "b/", "b/c.rs"]);
    let said = with_leaves(names(&["a/", "a/mod.rs", "a/*.rs", "b/", "b/*.rs"]), &disk, &["a"]);
    assert_eq!(
        differences("the map", &said, "the disk", &disk),
        ["missing in the map: b/c.rs", "too many in the map, not in the disk: b/*.rs"]
    );
}

#[test]
fn folders_are_named_by_what_is_in_them_and_nothing_is_named_twice() {
    let paths = ["a/b/c.rs", "a/b/", "a/b/c.rs"].map(str::to_owned);
    assert_eq!(with_folders(&paths), names(&["a/", "a/b/", "a/b/c.rs"]));
    assert_eq!(repeated(&paths), ["a/b/c.rs"]);
}

#[test]
fn a_file_that_the_map_lacks_is_named() {
    let disk =
        mapped(&["Makefile", "bench/see.py", "crates/model/src/a.rs", "crates/navyd/tests/it/main.rs"]);
    let said = names(&[
        "Makefile",
        "README.md",
        "bench/",
        "crates/",
        "crates/model/",
        "crates/model/src/",
        "crates/navyd/",
        "crates/navyd/tests/",
        "crates/navyd/tests/it/",
    ]);
    let expected =
        ["missing in the map: crates/model/src/a.rs", "too many in the map, not in the disk: README.md"];
    assert_eq!(differences("the map", &said, "the disk", &disk), expected);
}

#[test]
fn dependencies_are_found_wherever_they_stand() {
    let manifest = "[workspace.dependencies]\nserde = '1'\nnavyd-model = { path = 'x' }\n\
        [target.'cfg(x)'.dependencies]\nlisteners = '0.6'\n[dev-dependencies]\ntoml.workspace = true\n";
    assert_eq!(dependencies(&[manifest]), names(&["listeners", "serde", "toml"]));
    assert_eq!(
        rows("## D\n| name | why |\n|---|---|\n| `serde` | x `y` |\n## E\n| `z` |", "## D"),
        names(&["serde"])
    );
    assert_eq!(binaries("[[bin]]\nname = 'target'\n[[bin]]\nname = 'proc'"), names(&["proc", "target"]));
}

#[test]
fn other_hosts_are_found() {
    assert_eq!(foreign_hosts("see https://docs.rs/x").len(), 1);
    assert_eq!(
        foreign_hosts("a http://localhost:3000/x?y b https://shop.localhost c http://127.0.0.1:1"),
        [""; 0]
    );
}
