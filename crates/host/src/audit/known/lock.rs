//! The versions of a package that a lock file names: what stands in for an installation that cannot be seen.
//!
//! Scanned rather than parsed where a line tells: a lock file is written by a program, in one way. Pure.

use std::collections::BTreeSet;

/// More versions of one package than a lock file has.
const MOST: usize = 64;

/// How one kind of lock file is read.
#[derive(Debug)]
pub(super) struct Reader {
    /// The file's name.
    pub(super) file: &'static str,
    /// The versions of a package in its text.
    pub(super) versions: fn(&str, &str) -> Vec<String>,
    /// What installs a version: the words before `NAME@VERSION`.
    pub(super) install: &'static str,
}

/// Every kind.
pub(super) const READERS: &[Reader] = &[
    Reader { file: "package-lock.json", versions: npm, install: "npm i" },
    Reader { file: "npm-shrinkwrap.json", versions: npm, install: "npm i" },
    Reader { file: "pnpm-lock.yaml", versions: pnpm, install: "pnpm add" },
    Reader { file: "yarn.lock", versions: yarn, install: "yarn add" },
    Reader { file: "bun.lock", versions: bun, install: "bun add" },
];

/// `packages` of lockfile versions 2 and 3, else `dependencies` of version 1 (package-lock.json, npm's documentation).
fn npm(text: &str, package: &str) -> Vec<String> {
    let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let version = |entry: &serde_json::Value| entry.get("version")?.as_str().map(str::to_owned);
    if let Some(packages) = document.get("packages").and_then(|packages| packages.as_object()) {
        let is = |path: &str| path.rsplit_once("node_modules/").is_some_and(|(_, name)| name == package);
        return few(packages.iter().filter(|(path, _)| is(path)).filter_map(|(_, entry)| version(entry)));
    }
    few(document.get("dependencies").and_then(|all| all.get(package)).and_then(version))
}

/// `  vite@5.4.10:`, `  '@a/b@1.0.0(c@2.0.0)':`, and `  /vite@5.4.10:` or `  /vite/5.4.10:` before version 9.
fn pnpm(text: &str, package: &str) -> Vec<String> {
    let of = |line: &str| {
        let key = line.strip_prefix("  ").filter(|key| !key.starts_with(' '))?;
        let key = key.trim_start_matches('\'').trim_start_matches('/').strip_prefix(package)?;
        let rest = key.strip_prefix(['@', '/'])?;
        Some(rest.split(['(', '_', ':', '\'']).next()?.to_owned())
    };
    few(text.lines().filter_map(of))
}

/// `vite@^5.0.0:` or `"vite@npm:^5.0.0":`, and below it `  version "5.4.10"` or `  version: 5.4.10`.
fn yarn(text: &str, package: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if !line.starts_with([' ', '#']) {
            inside = line.split(", ").any(|key| {
                let rest = key.trim_matches(['"', ':']).strip_prefix(package);
                rest.is_some_and(|rest| rest.starts_with('@'))
            });
        } else if inside && let Some(version) = line.trim().strip_prefix("version") {
            found.insert(version.trim_start_matches(':').trim().trim_matches('"').to_owned());
        }
    }
    few(found)
}

/// `    "vite": ["vite@5.4.10", …` (JSON with commas at the ends, so it is scanned).
fn bun(text: &str, package: &str) -> Vec<String> {
    let of = |line: &str| {
        let (_, value) = line.split_once(": [\"")?;
        let rest = value.strip_prefix(package)?.strip_prefix('@')?;
        Some(rest.split('"').next()?.to_owned())
    };
    few(text.lines().filter_map(of))
}

fn few(found: impl IntoIterator<Item = String>) -> Vec<String> {
    let all: BTreeSet<String> = found.into_iter().take(MOST).collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_names_its_versions() {
        for (file, text, package, expected) in [
            (
                "package-lock.json",
                r#"{"packages":{"":{"version":"1.0.0"},"node_modules/vite":{"version":"5.4.10"},
                    "node_modules/a/node_modules/vite":{"version":"4.5.0"},"node_modules/vitest":{"version":"1.0.0"}}}"#,
                "vite",
                &["4.5.0", "5.4.10"][..],
            ),
            ("package-lock.json", r#"{"dependencies":{"vite":{"version":"2.0.0"}}}"#, "vite", &["2.0.0"]),
            ("package-lock.json", "{", "vite", &[]),
            (
                "pnpm-lock.yaml",
                "packages:\n\n  vite@5.4.10:\n    resolution: {}\n  vite-node@1.0.0:\n",
                "vite",
                &["5.4.10"],
            ),
            ("pnpm-lock.yaml", "  '@a/b@1.2.3(c@2.0.0)':\n", "@a/b", &["1.2.3"]),
            ("pnpm-lock.yaml", "  /vite/3.0.0:\n  /vite@4.0.0:\n", "vite", &["3.0.0", "4.0.0"]),
            (
                "yarn.lock",
                "# x\n\nvite@^5.0.0, vite@^5.1.0:\n  version \"5.4.10\"\n\nvitest@^1:\n  version \"1.0.0\"\n",
                "vite",
                &["5.4.10"],
            ),
            ("yarn.lock", "\"vite@npm:^5.0.0\":\n  version: 5.4.11\n", "vite", &["5.4.11"]),
            ("bun.lock", "    \"vite\": [\"vite@6.0.1\", \"\", {}],\n", "vite", &["6.0.1"]),
        ] {
            let reader = READERS.iter().find(|reader| reader.file == file).unwrap();
            assert_eq!((reader.versions)(text, package), expected, "{file} {text}");
        }
    }
}
