//! Manifests in JSON and TOML: parsed whole, read leniently. A field of the wrong type counts as absent.

use serde_json::Value;
use toml::Table;

use super::manifest::Contents;

/// npm's package.json.
pub(super) fn package_json(text: &str) -> Option<Contents> {
    let document: Value = serde_json::from_str(text).ok()?;
    let fields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    Some(Contents { name: text_of(&document, "name"), dependencies: keys(&document, &fields) })
}

/// PHP's composer.json, whose names have a vendor before the slash.
pub(super) fn composer_json(text: &str) -> Option<Contents> {
    let document: Value = serde_json::from_str(text).ok()?;
    Some(Contents {
        name: text_of(&document, "name"),
        dependencies: keys(&document, &["require", "require-dev"]),
    })
}

/// Deno's deno.json: imports lead to `npm:NAME@VERSION` or `jsr:NAME@VERSION`.
pub(super) fn deno_json(text: &str) -> Option<Contents> {
    let document: Value = serde_json::from_str(text).ok()?;
    let imports = document.get("imports").and_then(Value::as_object);
    let targets = imports.into_iter().flat_map(|imports| imports.values()).filter_map(Value::as_str);
    Some(Contents { name: text_of(&document, "name"), dependencies: targets.map(package_name).collect() })
}

/// Rust's Cargo.toml; of a workspace, the packages that its members share.
pub(super) fn cargo_toml(text: &str) -> Option<Contents> {
    let document: Table = text.parse().ok()?;
    let tables = [&["dependencies"][..], &["dev-dependencies"], &["workspace", "dependencies"]];
    Some(Contents {
        name: string_at(&document, &["package", "name"]),
        dependencies: tables.iter().flat_map(|path| table_keys(&document, path)).collect(),
    })
}

/// Python's pyproject.toml: PEP 621, dependency groups (PEP 735) and Poetry's own tables.
pub(super) fn pyproject_toml(text: &str) -> Option<Contents> {
    let document: Table = text.parse().ok()?;
    let mut requirements = strings(at(&document, &["project", "dependencies"]));
    for groups in [&["project", "optional-dependencies"][..], &["dependency-groups"]] {
        let groups = at(&document, groups).and_then(toml::Value::as_table);
        requirements.extend(
            groups.into_iter().flat_map(|groups| groups.values()).flat_map(|group| strings(Some(group))),
        );
    }
    let poetry = table_keys(&document, &["tool", "poetry", "dependencies"]);
    Some(Contents {
        name: string_at(&document, &["project", "name"])
            .or_else(|| string_at(&document, &["tool", "poetry", "name"])),
        dependencies: requirements.iter().chain(&poetry).map(|entry| requirement_name(entry)).collect(),
    })
}

/// Pipenv's Pipfile.
pub(super) fn pipfile(text: &str) -> Option<Contents> {
    let document: Table = text.parse().ok()?;
    let packages = table_keys(&document, &["packages"]);
    Some(Contents {
        name: None,
        dependencies: packages.iter().map(|entry| requirement_name(entry)).collect(),
    })
}

/// The normalised name in a requirement such as `Flask[async]>=3; python_version > "3.9"`.
///
/// PEP 503: "the name should be lowercased with all runs of the characters ., -, or _ replaced with a
/// single - character."
pub(super) fn requirement_name(requirement: &str) -> String {
    let is_name = |byte: char| byte.is_ascii_alphanumeric() || matches!(byte, '.' | '-' | '_');
    let requirement = requirement.trim();
    let name = requirement.split(|byte: char| !is_name(byte)).next().unwrap_or_default();
    let words: Vec<_> = name.split(['.', '-', '_']).filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}

/// `npm:@scope/name@^1/path` → `@scope/name`.
fn package_name(import: &str) -> String {
    let specifier = import.strip_prefix("npm:").or_else(|| import.strip_prefix("jsr:")).unwrap_or(import);
    match specifier.char_indices().skip(1).find(|(_, letter)| *letter == '@') {
        Some((version, _)) => specifier[..version].to_owned(),
        None => specifier.to_owned(),
    }
}

fn text_of(document: &Value, field: &str) -> Option<String> {
    Some(document.get(field)?.as_str()?.to_owned())
}

fn keys(document: &Value, fields: &[&str]) -> Vec<String> {
    let objects = fields.iter().filter_map(|field| document.get(*field)?.as_object());
    objects.flat_map(|object| object.keys().cloned()).collect()
}

fn at<'a>(document: &'a Table, path: &[&str]) -> Option<&'a toml::Value> {
    let (last, tables) = path.split_last()?;
    tables.iter().try_fold(document, |table, key| table.get(*key)?.as_table())?.get(*last)
}

fn string_at(document: &Table, path: &[&str]) -> Option<String> {
    Some(at(document, path)?.as_str()?.to_owned())
}

fn table_keys(document: &Table, path: &[&str]) -> Vec<String> {
    at(document, path)
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

fn strings(array: Option<&toml::Value>) -> Vec<String> {
    let entries = array.and_then(toml::Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: fn(&str) -> Option<Contents>, text: &str, expected: Option<(Option<&str>, &[&str])>) {
        let contents = read(text).map(|mut contents| {
            contents.dependencies.sort();
            contents
        });
        let expected = expected.map(|(name, dependencies)| Contents {
            name: name.map(str::to_owned),
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        });
        assert_eq!(contents, expected, "{text}");
    }

    #[test]
    fn names_and_dependencies() {
        check(
            package_json,
            r#"{"name":"a","dependencies":{"next":"1"},"devDependencies":{"vite":"1"}}"#,
            Some((Some("a"), &["next", "vite"])),
        );
        check(package_json, r#"{"name":7,"dependencies":["next"]}"#, Some((None, &[])));
        check(package_json, "[]", Some((None, &[])));
        check(package_json, &"[".repeat(100_000), None);
        check(
            composer_json,
            r#"{"name":"acme/shop","require":{"php":"8","laravel/framework":"1"}}"#,
            Some((Some("acme/shop"), &["laravel/framework", "php"])),
        );
        check(
            deno_json,
            r#"{"imports":{"a":"jsr:@fresh/core@^2","b":"npm:express@4/x","c":"./c.ts"}}"#,
            Some((None, &["./c.ts", "@fresh/core", "express"])),
        );
        check(cargo_toml, "[package]\nname='a'\n[dependencies]\naxum='0.8'\n", Some((Some("a"), &["axum"])));
        check(cargo_toml, "[workspace.dependencies]\naxum='0.8'\n", Some((None, &["axum"])));
        check(
            pyproject_toml,
            "[project]\nname='a'\ndependencies=['FastAPI[all]>=0.1']\n[dependency-groups]\ndev=['x_y', {a=1}]\n",
            Some((Some("a"), &["fastapi", "x-y"])),
        );
        check(
            pyproject_toml,
            "[tool.poetry]\nname='a'\n[tool.poetry.dependencies]\nDjango='^5'\n",
            Some((Some("a"), &["django"])),
        );
        check(pyproject_toml, "name = [", None);
        check(pipfile, "[packages]\nflask = '*'\n", Some((None, &["flask"])));
    }

    #[test]
    fn requirement_names_are_normalised() {
        for (requirement, expected) in [
            ("Flask", "flask"),
            (" uvicorn[standard] >= 0.3 ", "uvicorn"),
            ("Foo__bar.baz==1", "foo-bar-baz"),
            ("a @ https://example.org/a.whl", "a"),
            ("", ""),
        ] {
            assert_eq!(requirement_name(requirement), expected);
        }
    }
}
