//! The files that make a directory a project, in the order in which they may name it.

use std::path::Path;

use super::{dependency::Ecosystem, plain, structured};
use crate::process::bounded;

/// The longest name believed, in bytes: npm's own limit, the widest of all registries.
const LONGEST_NAME: usize = 214;

/// What a manifest tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The project's name.
    pub(super) name: Option<String>,
    /// The packages it asks for, as its ecosystem writes them.
    pub(super) dependencies: Vec<String>,
}

/// A kind of manifest.
pub(super) struct Manifest {
    /// The file's name.
    pub(super) file: &'static str,
    /// Whose packages it asks for.
    pub(super) ecosystem: Option<Ecosystem>,
    /// Reads its text; nothing where the text is not of its kind.
    pub(super) read: fn(&str) -> Option<Contents>,
}

const fn row(
    file: &'static str,
    ecosystem: Option<Ecosystem>,
    read: fn(&str) -> Option<Contents>,
) -> Manifest {
    Manifest { file, ecosystem, read }
}

/// Every kind, one line each.
pub(super) const MANIFESTS: &[Manifest] = &[
    row("navyd.toml", None, nothing),
    row("package.json", Some(Ecosystem::Node), structured::package_json),
    row("Cargo.toml", Some(Ecosystem::Rust), structured::cargo_toml),
    row("pyproject.toml", Some(Ecosystem::Python), structured::pyproject_toml),
    row("composer.json", Some(Ecosystem::Php), structured::composer_json),
    row("go.mod", Some(Ecosystem::Go), plain::go_mod),
    row("mix.exs", Some(Ecosystem::Elixir), plain::mix_exs),
    row("pom.xml", Some(Ecosystem::Java), plain::pom_xml),
    row("deno.json", Some(Ecosystem::Node), structured::deno_json),
    row("Gemfile", Some(Ecosystem::Ruby), plain::gemfile),
    row("build.gradle", Some(Ecosystem::Java), plain::gradle),
    row("build.gradle.kts", Some(Ecosystem::Java), plain::gradle),
    row("requirements.txt", Some(Ecosystem::Python), plain::requirements),
    row("Pipfile", Some(Ecosystem::Python), structured::pipfile),
    row("setup.py", None, nothing),
    row("Procfile", None, nothing),
];

/// Whether a manifest lies in the directory.
pub(super) fn is_in(dir: &Path) -> bool {
    MANIFESTS.iter().any(|manifest| dir.join(manifest.file).is_file())
}

/// The name that the first manifest with one gives.
pub(super) fn name(dir: &Path) -> Option<String> {
    MANIFESTS
        .iter()
        .filter_map(|manifest| contents(manifest, dir)?.name)
        .find(|name| !name.trim().is_empty() && name.len() <= LONGEST_NAME)
}

/// What the manifest of this kind in the directory tells, when there is one.
pub(super) fn contents(manifest: &Manifest, dir: &Path) -> Option<Contents> {
    (manifest.read)(&bounded::read_text(&dir.join(manifest.file))?)
}

fn nothing(_: &str) -> Option<Contents> {
    Some(Contents::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::scratch::Scratch;

    #[test]
    fn the_first_manifest_with_a_believable_name_names_the_project() {
        let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(LONGEST_NAME + 1));
        type Files<'a> = &'a [(&'a str, &'a str)];
        let rows: &[(Files<'_>, Option<&str>)] = &[
            (&[("package.json", r#"{"name": "shop"}"#)], Some("shop")),
            (&[("package.json", "{}"), ("go.mod", "module example.org/api")], Some("api")),
            (&[("package.json", "{broken"), ("Gemfile", "")], None),
            (&[("package.json", r#"{"name": " "}"#)], None),
            (&[("package.json", &long)], None),
            (&[("Procfile", "web: ./x")], None),
            (&[], None),
        ];
        for (files, expected) in rows {
            let scratch = Scratch::new();
            files.iter().for_each(|(file, text)| scratch.write(file, text));
            assert_eq!(name(scratch.root()).as_deref(), *expected, "{files:?}");
            assert_eq!(is_in(scratch.root()), !files.is_empty());
        }
    }
}
