//! The rules that neither the compiler nor clippy knows. Each rule is a pure function of texts, with tests that
//! show it catch a planted violation; here they meet the files on the disk.
//!
//! Everything reads lines and words, not syntax. The bias is towards missing an odd spelling (a macro that
//! prints, a path built from pieces) rather than refusing honest code.

mod leaves;
mod papers;
mod places;
mod scan;

use std::{
    fs,
    path::{Path, PathBuf},
};

use scan::Source;

/// The longest that a file may be. The aim is 150.
const MOST_LINES: usize = 500;

/// The longest and widest that ARCHITECTURE.md may be: who is new reads all of it.
const MOST_MAP_LINES: usize = 200;
const MOST_MAP_COLUMNS: usize = 115;

/// Folders whose files are leaves: a leaf imports no sibling, and stands on the list in `mod.rs`. `engine` are
/// the files beside them that are not leaves; each is named here, so that a forgotten leaf is not taken for one.
const REGISTRIES: &[leaves::Registry] = &[
    leaves::Registry {
        folder: "crates/host/src/probe",
        list: "PROBES",
        engine: &[
            "answer", "debugger", "engine", "frames", "hints", "leaf", "many", "order", "recorder",
            "refusal", "text",
        ],
    },
    leaves::Registry {
        folder: "crates/gateway/src/fault",
        list: "FAULTS",
        engine: &[
            "chain",
            "condition",
            "dice",
            "fixture",
            "laid",
            "leaf",
            "log",
            "mail",
            "passage",
            "profile",
            "typed",
            "queue",
            "schedule",
            "stage",
            "words",
        ],
    },
    leaves::Registry { folder: "crates/host/src/why/causes", list: "CAUSES", engine: &[] },
    leaves::Registry { folder: "crates/host/src/audit/checks", list: "CHECKS", engine: &["fixture"] },
    leaves::Registry { folder: "crates/host/src/doctor/rows", list: "ROWS", engine: &[] },
    leaves::Registry {
        folder: "crates/hub/src/api",
        list: "RESOURCES",
        engine: &["fault", "input", "passing", "recorded", "stream"],
    },
    leaves::Registry { folder: "crates/hub/src/export", list: "FORMATS", engine: &["tests"] },
    leaves::Registry { folder: "crates/hub/src/trust/stores", list: "STORES", engine: &["anchors", "nss"] },
    leaves::Registry { folder: "crates/hub/src/trust/clients", list: "CLIENTS", engine: &[] },
    leaves::Registry {
        folder: "crates/navyd/src/cli",
        list: "COMMANDS",
        engine: &[
            "duration",
            "entry",
            "exchanges",
            "fixture",
            "global",
            "how",
            "named",
            "probe",
            "services",
            "standin",
            "usage",
        ],
    },
];

#[test]
fn no_file_is_too_long() {
    let mut lengths: Vec<_> =
        sources().iter().map(|source| (source.lines.len(), source.path.clone())).collect();
    lengths.sort_unstable_by(|one, other| other.cmp(one));
    let table: Vec<_> = lengths.iter().take(10).map(|(lines, path)| format!("{lines:5} {path}")).collect();
    eprintln!("the ten longest files:\n{}", table.join("\n"));
    let long: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "longer than {MOST_LINES} lines: {long:?}");
}

#[test]
fn leaves_import_no_sibling_and_stand_on_their_list() {
    let sources = sources();
    report(&REGISTRIES.iter().flat_map(|registry| registry.violations(&sources)).collect::<Vec<_>>());
}

#[test]
fn only_out_prints() {
    report(&product().iter().flat_map(places::prints).collect::<Vec<_>>());
}

#[test]
fn only_the_seam_names_an_operating_system() {
    report(&product().iter().flat_map(places::names_a_system).collect::<Vec<_>>());
}

#[test]
fn unsafe_stays_in_the_kernel_and_is_explained() {
    report(&sources().iter().flat_map(places::unexplained_unsafe).collect::<Vec<_>>());
}

#[test]
fn the_map_is_the_disk() {
    let map = papers::map(&read("ARCHITECTURE.md"));
    let disk = papers::mapped(&files().iter().map(String::as_str).collect::<Vec<_>>());
    let registries: Vec<_> = REGISTRIES.iter().map(|registry| registry.folder).collect();
    let said = papers::with_leaves(papers::with_folders(&map), &disk, &registries);
    report(&papers::differences("the map of ARCHITECTURE.md", &said, "the disk", &disk));
    assert_eq!(papers::repeated(&map), [""; 0], "the map of ARCHITECTURE.md names these twice");
}

#[test]
fn the_map_is_read_at_one_sitting() {
    let text = read("ARCHITECTURE.md");
    let lines = text.lines().count();
    assert!(lines <= MOST_MAP_LINES, "ARCHITECTURE.md has {lines} lines; the most are {MOST_MAP_LINES}");
    let wide = (1..).zip(text.lines()).filter(|(_, line)| line.chars().count() > MOST_MAP_COLUMNS);
    report(&wide.map(|(number, _)| format!("ARCHITECTURE.md:{number} is too wide")).collect::<Vec<_>>());
}

#[test]
fn every_dependency_has_its_reason() {
    let manifests: Vec<_> =
        files().iter().filter(|path| path.ends_with("Cargo.toml")).map(|path| read(path)).collect();
    let used = papers::dependencies(&manifests.iter().map(String::as_str).collect::<Vec<_>>());
    let table = papers::rows(&read("CONTRIBUTING.md"), "## Dependencies");
    report(&papers::differences("the table of CONTRIBUTING.md", &table, "the manifests", &used));
}

#[test]
fn every_fuzz_target_is_built_and_described() {
    let disk = files()
        .iter()
        .filter_map(|path| path.strip_prefix("fuzz/fuzz_targets/")?.strip_suffix(".rs"))
        .map(str::to_owned)
        .collect();
    let built = papers::binaries(&read("fuzz/Cargo.toml"));
    report(&papers::differences("fuzz/Cargo.toml", &built, "fuzz/fuzz_targets", &disk));
    let described = papers::rows(&read("fuzz/README.md"), "## Targets");
    report(&papers::differences("fuzz/README.md", &described, "fuzz/fuzz_targets", &disk));
}

#[test]
fn every_key_of_the_configuration_is_described() {
    let reference = read("docs/reference/navyd-toml.md");
    for table in navyd_model::config::TABLES {
        let keys = table.keys.iter().map(|key| key.name.to_owned()).collect();
        let described = papers::rows(&reference, &format!("## `{}`", table.heading));
        report(&papers::differences("docs/reference/navyd-toml.md", &described, table.heading, &keys));
    }
}

#[test]
fn the_changelog_is_open() {
    let text = read("CHANGELOG.md");
    assert!(papers::section(&text, "## Unreleased").is_some(), "CHANGELOG.md has no `## Unreleased`");
}

#[test]
fn the_readme_names_no_other_host() {
    report(&papers::foreign_hosts(&read("README.md")));
}

fn report(violations: &[String]) {
    assert!(violations.is_empty(), "{} found:\n{}", violations.len(), violations.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

/// Every Rust file of the crates and of the fuzz targets.
fn sources() -> Vec<Source> {
    let found: Vec<_> = files().into_iter().filter(|path| path.ends_with(".rs")).collect();
    assert!(!found.is_empty(), "no source was found below {}", root().display());
    found.into_iter().map(|path| Source::new(&read(&path), path)).collect()
}

/// Those that become part of a crate: no tests, no fuzz targets.
fn product() -> Vec<Source> {
    sources().into_iter().filter(|source| source.path.contains("/src/") && source.is_product()).collect()
}

/// The files of the project as paths from its root. What git is told to ignore is left out by name.
fn files() -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort_unstable();
    found
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    const NAMES: &[&str] = &[".git", "__pycache__"];
    const PATHS: &[&str] = &["target", "bench-results", "fuzz/corpus", "fuzz/artifacts", "fuzz/target"];
    for entry in fs::read_dir(folder).expect("the project can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if NAMES.contains(&name.as_str()) || PATHS.contains(&path.as_str()) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), &format!("{path}/"), found),
            _ => found.push(path),
        }
    }
}
