//! The list of known-bad versions, as `advisories.toml` has it, and what it says of a version.

use std::sync::OnceLock;

use navyd_model::Holder;
use serde::Deserialize;

use super::{Range, Version, launch};
use crate::{
    audit::{Gate, Power, Reach},
    process::launch::Launch,
};

const FILE: &str = include_str!("advisories.toml");

/// The list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// When it was last compared with its sources: `2026-11-21`.
    pub date: String,
    #[serde(rename = "package")]
    packages: Vec<Package>,
}

/// A package, the programs that run it, and what is known of its versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name in its registry.
    pub name: String,
    /// The registry.
    pub ecosystem: Ecosystem,
    /// Frameworks, as [`Holder::framework`] has them, that run it.
    #[serde(default)]
    frameworks: Vec<String>,
    /// Names of programs, scripts and npm packages that are it.
    #[serde(default)]
    programs: Vec<String>,
    /// Words in such names: a server of a library is called after what it speaks.
    #[serde(default)]
    words: Vec<String>,
    /// What its arguments must hold, so that it listens at all.
    argument: Option<String>,
    /// The only port that it concerns.
    pub(in crate::audit) port: Option<u16>,
    /// What is known.
    #[serde(rename = "advisory")]
    pub(in crate::audit) advisories: Vec<Advisory>,
}

/// What is known of some versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its number: of CVE, else of GitHub.
    pub id: String,
    /// The versions that have it.
    pub vulnerable: String,
    /// Those that mend it, one for each line that is kept up.
    pub fixed: Vec<String>,
    power: String,
    reach: String,
    gate: Option<String>,
    /// Whether it also takes a setting that nobody sees from outside.
    #[serde(default)]
    pub unsure: bool,
    system: Option<String>,
    /// What can be done, in a few words.
    pub text: String,
    /// Who says so.
    pub source: String,
}

/// Where packages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// The registry of npm.
    Npm,
    /// PyPI.
    Pypi,
    /// Packages of Debian, and of whoever packs for it.
    Debian,
}

/// The list. The test beside holds that it can be read; a list that cannot be would be empty.
pub fn list() -> &'static List {
    static LIST: OnceLock<List> = OnceLock::new();
    LIST.get_or_init(|| toml::from_str(FILE).unwrap_or_default())
}

impl List {
    /// The packages that this holder runs, as far as its framework, name and arguments tell.
    pub fn run_by<'a>(&'a self, holder: &'a Holder) -> impl Iterator<Item = &'a Package> {
        let launch = launch(holder);
        self.packages.iter().filter(move |package| package.is_run_by(holder, &launch))
    }

    /// The package of this name.
    pub(in crate::audit) fn package(&self, ecosystem: Ecosystem, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.ecosystem == ecosystem && package.name == name)
    }
}

impl Package {
    fn is_run_by(&self, holder: &Holder, launch: &Launch) -> bool {
        let arguments = || launch.argv.iter().skip(1);
        if self
            .argument
            .as_ref()
            .is_some_and(|wanted| !arguments().any(|word| word.starts_with(wanted.as_str())))
        {
            return false;
        }
        let names = launch.names();
        let named = |name: &&str| self.programs.iter().any(|program| program == name);
        let word =
            |name: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| self.is_word(word));
        holder.framework.as_ref().is_some_and(|framework| self.frameworks.contains(framework))
            || names.iter().any(named)
            || names.into_iter().chain(launch.script()).any(word)
    }

    fn is_word(&self, word: &str) -> bool {
        self.words.iter().any(|wanted| wanted.eq_ignore_ascii_case(word))
    }

    /// What this version has, on this system.
    pub(in crate::audit) fn against(&self, version: &Version) -> Vec<&Advisory> {
        self.advisories
            .iter()
            .filter(|advisory| advisory.is_here() && advisory.has(self.ecosystem, version))
            .collect()
    }

    /// What mends this version: the smallest of the same major that has least of all this, as long as nothing is left
    /// but what tells little; else the smallest that has nothing.
    pub(in crate::audit) fn mended(&self, from: &Version) -> Option<Version> {
        let fixed = self.advisories.iter().flat_map(|advisory| &advisory.fixed);
        let later: Vec<Version> =
            fixed.filter_map(|text| Version::parse(text)).filter(|version| version > from).collect();
        let least = self.against(from).iter().map(|advisory| advisory.power()).max()?.min(Power::Read);
        let mild = |version: &&Version| {
            let left = self.against(version);
            left.is_empty() || left.iter().all(|advisory| advisory.power() < least)
        };
        let near = later.iter().filter(|version| version.number(0) == from.number(0)).filter(mild);
        let near = near.min_by(|a, b| self.against(a).len().cmp(&self.against(b).len()).then(a.cmp(b)));
        near.or_else(|| later.iter().filter(|version| self.against(version).is_empty()).min()).cloned()
    }
}

impl Advisory {
    fn has(&self, ecosystem: Ecosystem, version: &Version) -> bool {
        let range = match ecosystem {
            Ecosystem::Npm | Ecosystem::Debian => Range::npm(&self.vulnerable),
            Ecosystem::Pypi => Range::python(&self.vulnerable),
        };
        range.is_some_and(|range| range.has(version))
    }

    fn is_here(&self) -> bool {
        self.system.as_ref().is_none_or(|system| system == std::env::consts::OS)
    }

    /// What the one who gets there can do; nothing but learn, where the list says something else.
    pub(in crate::audit) fn power(&self) -> Power {
        match self.power.as_str() {
            "code" => Power::Code,
            "write" => Power::Write,
            "read" => Power::Read,
            _ => Power::Info,
        }
    }

    /// What stands between.
    pub(in crate::audit) fn gate(&self) -> Gate {
        if self.gate.as_deref() == Some("weak") { Gate::Weak } else { Gate::None }
    }

    /// Who gets there, where connecting takes one as far as `listener`.
    pub(in crate::audit) fn reach(&self, listener: Reach) -> Reach {
        if self.reach == "page" { listener.max(Reach::AnyPage) } else { listener }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_read_and_every_entry_holds() {
        let list: List = toml::from_str(FILE).unwrap();
        assert!(list.date.len() == 10 && list.packages.len() > 10);
        for package in &list.packages {
            assert!(
                !(package.frameworks.is_empty() && package.programs.is_empty() && package.words.is_empty())
            );
            for advisory in &package.advisories {
                let id = &advisory.id;
                assert!(id.starts_with("CVE-") || id.starts_with("GHSA-"), "{id}");
                assert!(advisory.source.starts_with("https://"), "{id}");
                assert!(["info", "read", "write", "code"].contains(&advisory.power.as_str()), "{id}");
                assert!(["page", "connect"].contains(&advisory.reach.as_str()), "{id}");
                assert!(advisory.gate.as_deref().is_none_or(|gate| gate == "weak"), "{id}");
                assert!(!advisory.text.ends_with('.') && !advisory.fixed.is_empty(), "{id}");
                for fixed in &advisory.fixed {
                    let fixed = Version::parse(fixed).unwrap();
                    assert!(!advisory.has(package.ecosystem, &fixed), "{id} is mended by {fixed}");
                }
                let first = Version::parse(&advisory.fixed[0]).unwrap();
                assert!(
                    advisory.has(package.ecosystem, &first.earliest()),
                    "{id} is before {:?}",
                    advisory.fixed
                );
            }
        }
    }

    #[test]
    fn the_smallest_version_without_any_of_it() {
        for (ecosystem, name, from, mended) in [
            (Ecosystem::Npm, "vite", "5.4.10", Some("5.4.20")),
            (Ecosystem::Npm, "vite", "6.0.1", Some("6.4.2")),
            (Ecosystem::Npm, "webpack-dev-server", "4.15.1", Some("5.2.6")),
            (Ecosystem::Npm, "next", "14.2.3", Some("14.2.30")),
            (Ecosystem::Npm, "next", "15.0.0", Some("15.2.6")),
            (Ecosystem::Pypi, "werkzeug", "2.3.7", Some("3.0.3")),
        ] {
            let package = list().package(ecosystem, name).unwrap();
            let found = package.mended(&Version::parse(from).unwrap()).map(|version| version.to_string());
            assert_eq!(found.as_deref(), mended, "{name} {from}");
        }
    }

    #[test]
    fn programs_are_known_by_framework_name_and_words() {
        for (name, framework, argv, expected) in [
            ("node", Some("Vite"), "node /p/node_modules/vite/bin/vite.js", &["vite"][..]),
            ("node", Some("Vitest"), "node /p/node_modules/vitest/vitest.mjs", &["vite", "vitest"]),
            ("esbuild", None, "/p/node_modules/esbuild/bin/esbuild --serve=8000 a.ts", &["esbuild"]),
            ("esbuild", None, "/p/node_modules/esbuild/bin/esbuild --service=0.24.0 --ping", &[]),
            ("node", None, "node /srv/my-mcp-server/index.js", &["@modelcontextprotocol/sdk", "mcp"]),
            ("node", None, "node /srv/shop.js", &[]),
            ("caddy", None, "caddy run", &["caddy"]),
        ] {
            let argv = Some(argv.split(' ').map(str::to_owned).collect());
            let holder = Holder {
                name: name.into(),
                framework: framework.map(str::to_owned),
                argv,
                ..Holder::default()
            };
            let found: Vec<_> = list().run_by(&holder).map(|package| package.name.as_str()).collect();
            assert_eq!(found, expected, "{:?}", holder.argv);
        }
    }
}
