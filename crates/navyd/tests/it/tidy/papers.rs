//! What the documents say, held against the disk.

use std::collections::BTreeSet;

type Names = BTreeSet<String>;

/// The paths that the tree under `## Map` draws: folders end with `/`.
///
/// A line is its branch (`├── `, four columns a level), then names with one space between them, then two
/// spaces and the purpose. Only the last name of a line can be a folder with branches below.
pub(super) fn map(document: &str) -> Names {
    let tree = section(document, "## Map").unwrap_or_default().split("```").nth(1).unwrap_or_default();
    let mut parents: Vec<&str> = Vec::new();
    let mut found = Names::new();
    for line in tree.lines() {
        let drawn = |c: char| matches!(c, '│' | '├' | '└' | '─' | ' ' | '\u{a0}');
        let names = line.trim_start_matches(drawn);
        let depth = (line.chars().count() - names.chars().count()) / 4;
        let Some(names) = names.split("  ").next().filter(|names| depth > 0 && !names.is_empty()) else {
            continue;
        };
        parents.truncate(depth - 1);
        let prefix = parents.concat();
        let names: Vec<_> = names.split(' ').collect();
        found.extend(names.iter().map(|name| format!("{prefix}{name}")));
        parents.extend(names.last());
    }
    found
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
    let document = "# A\n\n## Map\n\n```\nnavyd/\n├── Makefile  the commands\n├── crates/\n│   └── model/  words\n│       └── src/\n│           └── a.rs b.rs  types\n└── .ci/run\n```\n\n## Next\n```\n├── no\n```\n";
    let expected = [
        "Makefile",
        "crates/",
        "crates/model/",
        "crates/model/src/",
        "crates/model/src/a.rs",
        "crates/model/src/b.rs",
    ];
    let mut expected = names(&expected);
    expected.insert(".ci/run".into());
    assert_eq!(map(document), expected);
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
