//! Manifests in languages of their own: read line by line for the few words wanted, never evaluated.
//!
//! Bias: what a real interpreter would compute (a Gemfile with conditions, a Gradle version catalogue) is
//! missed, and a framework that only such code names stays unknown.

use super::{manifest::Contents, structured::requirement_name};

/// Go's go.mod.
pub(super) fn go_mod(text: &str) -> Option<Contents> {
    let mut contents = Contents::default();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let mut words = line.split_whitespace().map(|word| word.trim_matches('"'));
        match (words.next(), words.next()) {
            (Some("module"), Some(path)) => contents.name = Some(module_name(path).to_owned()),
            (Some("require"), Some(path)) if path != "(" => contents.dependencies.push(path.to_owned()),
            (Some(path), Some(version)) if version.starts_with('v') => {
                contents.dependencies.push(path.to_owned());
            }
            _ => {}
        }
    }
    Some(contents)
}

/// Elixir's mix.exs: `app: :shop`, and `{:phoenix, "~> 1.7"}`.
pub(super) fn mix_exs(text: &str) -> Option<Contents> {
    let atom = |rest: &str| rest.trim_start().strip_prefix(':').map(|rest| word(rest).to_owned());
    Some(Contents {
        name: text.split_once("app:").and_then(|(_, rest)| atom(rest)),
        dependencies: text.split('{').skip(1).filter_map(atom).collect(),
    })
}

/// Maven's pom.xml: every artifact named in it, the project's own first.
pub(super) fn pom_xml(text: &str) -> Option<Contents> {
    let own = match (text.find("<parent>"), text.find("</parent>")) {
        (Some(start), Some(end)) if start < end => format!("{}{}", &text[..start], &text[end..]),
        _ => text.to_owned(),
    };
    // The project's own name stands before the lists of what it uses.
    let lists = ["<dependencies>", "<dependencyManagement>", "<build>", "<profiles>"];
    let head = lists.iter().filter_map(|list| own.find(list)).min().unwrap_or(own.len());
    Some(Contents {
        name: artifacts(&own[..head]).next().map(str::to_owned),
        dependencies: artifacts(text).map(str::to_owned).collect(),
    })
}

/// Gradle's build script: the artifact and plugin names in its quoted texts (`group:artifact:version`).
pub(super) fn gradle(text: &str) -> Option<Contents> {
    let quoted = text.split(['"', '\'']).skip(1).step_by(2);
    let dependencies = quoted.map(|text| text.split(':').nth(1).unwrap_or(text).to_owned()).collect();
    Some(Contents { name: None, dependencies })
}

/// Bundler's Gemfile: `gem "rails", "~> 8"`.
pub(super) fn gemfile(text: &str) -> Option<Contents> {
    let gem = |line: &str| {
        let rest = line.trim().strip_prefix("gem")?.trim_start_matches([' ', '(']);
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        Some(rest[1..].split(quote).next()?.to_owned())
    };
    Some(Contents { name: None, dependencies: text.lines().filter_map(gem).collect() })
}

/// pip's requirements.txt.
pub(super) fn requirements(text: &str) -> Option<Contents> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '-']));
    let dependencies = lines.map(requirement_name).filter(|name| !name.is_empty()).collect();
    Some(Contents { name: None, dependencies })
}

/// The last part of a module's path that is not a major version: `example.org/shop/v2` → `shop`.
fn module_name(path: &str) -> &str {
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    path.rsplit('/').find(|part| !is_version(part)).unwrap_or(path)
}

fn artifacts(xml: &str) -> impl Iterator<Item = &str> {
    xml.split("<artifactId>").skip(1).filter_map(|rest| rest.split("</").next()).map(str::trim)
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_dependencies() {
        type Row =
            (fn(&str) -> Option<Contents>, &'static str, Option<&'static str>, &'static [&'static str]);
        let rows: &[Row] = &[
            (
                go_mod,
                "module example.org/shop/v2 // x\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n)\nrequire a.b/c v1\n",
                Some("shop"),
                &["github.com/gin-gonic/gin", "a.b/c"],
            ),
            (go_mod, "module \"v2\"", Some("v2"), &[]),
            (
                mix_exs,
                "[app: :shop, deps: deps()]\n[{:phoenix, \"~> 1.7\"}, {:ecto_sql, \">= 0\"}]",
                Some("shop"),
                &["phoenix", "ecto_sql"],
            ),
            (
                pom_xml,
                "<parent><artifactId>spring-boot-starter-parent</artifactId></parent>\
                 <artifactId>shop</artifactId><dependencies><artifactId>web</artifactId></dependencies>",
                Some("shop"),
                &["spring-boot-starter-parent", "shop", "web"],
            ),
            (pom_xml, "</parent><parent>", None, &[]),
            (
                gradle,
                "id 'org.springframework.boot' version '3'\nimplementation(\"io.ktor:ktor-server:3\")",
                None,
                &["org.springframework.boot", "3", "ktor-server"],
            ),
            (
                gemfile,
                "gem 'rails', '~> 8'\n# gem \"no\"\n gem(\"puma\")\ngem é\ngem",
                None,
                &["rails", "puma"],
            ),
            (
                requirements,
                "# x\nDjango==5 # y\n-r more.txt\n\nuvicorn[standard]\n",
                None,
                &["django", "uvicorn"],
            ),
        ];
        for (read, text, name, dependencies) in rows {
            let contents = read(text).unwrap();
            assert_eq!(contents.name.as_deref(), *name, "{text}");
            assert_eq!(contents.dependencies, *dependencies, "{text}");
        }
    }
}
