//! What a project's manifests ask for, by ecosystem.

use std::{collections::BTreeSet, path::Path};

use navyd_model::Project;

use super::{
    manifest::{self, MANIFESTS},
    within,
};

/// Whose packages a manifest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ecosystem {
    /// package.json, deno.json.
    Node,
    /// pyproject.toml, requirements.txt, Pipfile.
    Python,
    /// Gemfile.
    Ruby,
    /// composer.json.
    Php,
    /// go.mod.
    Go,
    /// Cargo.toml.
    Rust,
    /// pom.xml, build.gradle.
    Java,
    /// mix.exs.
    Elixir,
}

/// The packages that a project asks for, as its manifests name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifests {
    /// The project's directory; empty when there is none.
    pub root: String,
    packages: BTreeSet<(Ecosystem, String)>,
}

impl Manifests {
    /// Those that hold for `dir`, which lies in `project`: of each ecosystem only the nearest, because in a
    /// repository with several parts each has its own. For `root` see [`super::below`].
    pub fn read(root: &Path, dir: &Path, project: &Project) -> Self {
        let mut packages = BTreeSet::new();
        let mut settled = BTreeSet::new();
        let top = Path::new(&project.root);
        for level in dir.ancestors().filter(|level| level.starts_with(top)) {
            let mut seen_here = BTreeSet::new();
            for kind in MANIFESTS {
                let Some(ecosystem) = kind.ecosystem.filter(|ecosystem| !settled.contains(ecosystem)) else {
                    continue;
                };
                if let Some(contents) = manifest::contents(kind, &within(root, level)) {
                    seen_here.insert(ecosystem);
                    packages.extend(contents.dependencies.into_iter().map(|name| (ecosystem, name)));
                }
            }
            settled.extend(seen_here);
        }
        Self { root: project.root.clone(), packages }
    }

    /// These packages, in the project at `root`.
    pub fn of<'a>(root: &str, packages: impl IntoIterator<Item = (Ecosystem, &'a str)>) -> Self {
        let packages = packages.into_iter().map(|(ecosystem, name)| (ecosystem, name.to_owned())).collect();
        Self { root: root.to_owned(), packages }
    }

    /// Whether this package is asked for. `name/*` and `name-*` stand for every package that begins so.
    pub fn ask_for(&self, ecosystem: Ecosystem, package: &str) -> bool {
        let Some(prefix) = package.strip_suffix('*') else {
            return self.packages.contains(&(ecosystem, package.to_owned()));
        };
        self.packages.iter().any(|(of, name)| *of == ecosystem && name.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{project, scratch::Scratch};

    #[test]
    fn the_nearest_manifest_of_each_ecosystem_holds() {
        let scratch = Scratch::new();
        scratch.write("shop/.git/HEAD", "ref: refs/heads/main\n");
        scratch.write("shop/package.json", r#"{"dependencies": {"turbo": "2"}}"#);
        scratch.write("shop/requirements.txt", "flask\n");
        scratch.write(
            "shop/apps/web/package.json",
            r#"{"dependencies": {"next": "15", "@remix-run/node": "2"}}"#,
        );
        let dir = scratch.path("shop/apps/web/src");
        std::fs::create_dir_all(&dir).unwrap();
        let project = project::at(&dir).unwrap();
        let manifests = Manifests::read(Path::new(""), &dir, &project);
        for (ecosystem, package, expected) in [
            (Ecosystem::Node, "next", true),
            (Ecosystem::Node, "turbo", false),
            (Ecosystem::Node, "@remix-run/*", true),
            (Ecosystem::Node, "@nestjs/*", false),
            (Ecosystem::Python, "flask", true),
            (Ecosystem::Python, "next", false),
        ] {
            assert_eq!(manifests.ask_for(ecosystem, package), expected, "{package}");
        }
    }
}
