//! What services are called: `{service}.{branch}.{project}.localhost`.
//!
//! The branch is left out on the default branch, and where there is none. A name is the same on every machine and
//! on every run, since people keep it in bookmarks. Bias: branches that differ only in what a host name cannot
//! carry besides letters (`a/b` and `a-b`) are one name; a name that loses letters (`größe`) gets a hash, and so does
//! one that is too long, so that those stay apart.

/// The longest label of a name (RFC 1035 §2.3.4: "labels 63 octets or less").
const LONGEST_LABEL: usize = 63;

/// The name that all names end with.
const SUFFIX: &str = "localhost";

/// The name that leads to the hub itself.
const OWN: &str = "navyd";

/// Where services live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// The name of the project.
    pub project: &'a str,
    /// The branch that is checked out; `None` outside of git.
    pub branch: Option<&'a str>,
    /// The branch that `origin/HEAD` names, when it names one.
    pub default_branch: Option<&'a str>,
}

/// What a service is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Its first host without `.localhost`, with its service and project always in it: unique on this machine as
    /// far as projects have different names.
    pub id: String,
    /// Its hosts, the one to show first.
    pub hosts: Vec<String>,
}

/// The names of a service. One that is called like its project is the project's own host as well.
pub fn of_service(service: &str, place: &Place<'_>) -> Names {
    let (service, project) = (label(service), project(place.project));
    let branch = place.label();
    let id = joined([Some(&*service), branch.as_deref(), Some(&*project)]);
    let mut hosts = vec![format!("{id}.{SUFFIX}")];
    if service == project {
        hosts.insert(0, host([branch.as_deref(), Some(&*project)]));
    }
    Names { id, hosts }
}

/// The names of a command that is run by itself: the project's own host; with a name also that, as it is and
/// within the project.
pub fn of_run(name: Option<&str>, place: &Place<'_>) -> Names {
    let Some(name) = name else {
        // Through the label, so that a project called like the hub is still called like its service.
        return of_service(&project(place.project), place);
    };
    let within = of_service(name, place);
    let own = whole(name).unwrap_or_else(|| host([place.label().as_deref(), Some(&project(name))]));
    let mut hosts = vec![own];
    let others: Vec<_> = within.hosts.into_iter().filter(|host| *host != hosts[0]).collect();
    hosts.extend(others);
    Names { id: within.id, hosts }
}

/// Whether a host, in lower case, is the hub itself, so that no route can begin there.
pub fn is_own(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | SUFFIX) || host.strip_suffix(SUFFIX) == Some("navyd.")
}

/// Whether a text can name a service: what the keys of tables and the labels of hosts have in common.
pub fn is_service(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_LABEL).contains(&name.len())
        && name.bytes().all(fits)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// A text as one label of a host: letters and digits in lower case, `-` for everything between them; empty when
/// there is neither.
pub fn label(text: &str) -> String {
    let mut slug = String::new();
    let mut lost = false;
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            slug.push(char.to_ascii_lowercase());
            continue;
        }
        lost |= char.is_alphanumeric();
        if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if lost || slug.len() > LONGEST_LABEL {
        let hash = format!("{:08x}", fnv(text));
        slug.truncate(LONGEST_LABEL - hash.len() - 1);
        slug.truncate(slug.trim_end_matches('-').len());
        return if slug.is_empty() { hash } else { format!("{slug}-{hash}") };
    }
    slug
}

impl Place<'_> {
    /// The branch as a label; `None` on the default branch.
    fn label(&self) -> Option<String> {
        let branch = self.branch?;
        let is_default = match self.default_branch {
            Some(default) => branch == default,
            None => matches!(branch, "main" | "master"),
        };
        Some(label(branch)).filter(|label| !is_default && !label.is_empty())
    }
}

/// The host that a name already is: whoever types all of it means that one.
fn whole(name: &str) -> Option<String> {
    let lower = name.trim_end_matches('.').to_ascii_lowercase();
    let (above, top) = lower.rsplit_once('.').filter(|(_, top)| matches!(*top, SUFFIX | "test"))?;
    let labels: Vec<_> = above.split('.').map(label).filter(|label| !label.is_empty()).collect();
    // The hub's own name stays its own.
    (!labels.is_empty() && labels != [OWN]).then(|| format!("{}.{top}", labels.join(".")))
}

/// The project's label: never empty, and never the hub's own.
fn project(name: &str) -> String {
    match label(name).as_str() {
        "" => "app".to_owned(),
        OWN => format!("{OWN}-app"),
        // `localhost.localhost` would read as a mistake, and is one to some resolvers.
        SUFFIX => format!("{SUFFIX}-app"),
        label => label.to_owned(),
    }
}

fn host<'l>(labels: impl IntoIterator<Item = Option<&'l str>>) -> String {
    format!("{}.{SUFFIX}", joined(labels))
}

fn joined<'l>(labels: impl IntoIterator<Item = Option<&'l str>>) -> String {
    labels.into_iter().flatten().filter(|label| !label.is_empty()).collect::<Vec<_>>().join(".")
}

/// FNV-1a, 32 bits.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for (text, expected) in [
            ("shop", "shop"),
            ("Shop_API", "shop-api"),
            ("@acme/shop", "acme-shop"),
            ("feature/auth", "feature-auth"),
            ("fix/auth", "fix-auth"),
            ("--a..b--", "a-b"),
            ("größe", "gr-e-cd38f49a"),
            ("läden", "l-den-f0045333"),
            ("日本", "9f26ee51"),
            ("!?", ""),
            ("", ""),
        ] {
            let found = label(text);
            assert!(found.len() <= LONGEST_LABEL);
            assert_eq!(found, expected, "{text}");
        }
        let (one, other) = ("x".repeat(80), "x".repeat(81));
        assert_ne!(label(&one), label(&other));
        assert_eq!(label(&one).len(), LONGEST_LABEL);
        assert_eq!(label(&"x".repeat(63)), "x".repeat(63));
        assert!(!label(&format!("{}-{}", "a".repeat(53), "b".repeat(40))).contains("--"));
    }

    #[test]
    fn a_service_has_its_branch_and_project() {
        for (service, project, branch, default, id, hosts) in [
            ("api", "shop", None, None, "api.shop", &["api.shop.localhost"][..]),
            ("api", "shop", Some("main"), None, "api.shop", &["api.shop.localhost"]),
            ("api", "shop", Some("master"), None, "api.shop", &["api.shop.localhost"]),
            ("api", "shop", Some("main"), Some("develop"), "api.main.shop", &["api.main.shop.localhost"]),
            ("api", "shop", Some("develop"), Some("develop"), "api.shop", &["api.shop.localhost"]),
            (
                "api",
                "shop",
                Some("feature/auth"),
                None,
                "api.feature-auth.shop",
                &["api.feature-auth.shop.localhost"],
            ),
            ("api", "shop", Some("fix/auth"), None, "api.fix-auth.shop", &["api.fix-auth.shop.localhost"]),
            ("shop", "Shop", None, None, "shop.shop", &["shop.localhost", "shop.shop.localhost"]),
            ("shop", "shop", Some("x"), None, "shop.x.shop", &["x.shop.localhost", "shop.x.shop.localhost"]),
            ("web", "navyd", None, None, "web.navyd-app", &["web.navyd-app.localhost"]),
            ("web", "", None, None, "web.app", &["web.app.localhost"]),
        ] {
            let names = of_service(service, &Place { project, branch, default_branch: default });
            assert_eq!(names.id, id, "{service} {project} {branch:?}");
            assert_eq!(names.hosts, hosts, "{service} {project} {branch:?}");
        }
    }

    #[test]
    fn a_run_is_called_after_its_directory_or_as_it_is_told() {
        for (name, project, branch, expected) in [
            (None, "shop", None, &["shop.localhost", "shop.shop.localhost"][..]),
            (None, "shop", Some("fix/a"), &["fix-a.shop.localhost", "shop.fix-a.shop.localhost"]),
            (None, "navyd", None, &["navyd-app.localhost", "navyd-app.navyd-app.localhost"]),
            (Some("api"), "shop", None, &["api.localhost", "api.shop.localhost"]),
            (Some("api"), "shop", Some("fix/a"), &["fix-a.api.localhost", "api.fix-a.shop.localhost"]),
            (Some("shop"), "shop", None, &["shop.localhost", "shop.shop.localhost"]),
            (Some("Api.localhost"), "shop", Some("x"), &["api.localhost", "api-localhost.x.shop.localhost"]),
            (
                Some("v1.api.localhost"),
                "shop",
                None,
                &["v1.api.localhost", "v1-api-localhost.shop.localhost"],
            ),
            (Some("api.test"), "shop", None, &["api.test", "api-test.shop.localhost"]),
            (Some("navyd"), "shop", None, &["navyd-app.localhost", "navyd.shop.localhost"]),
        ] {
            let names = of_run(name, &Place { project, branch, default_branch: None });
            assert_eq!(names.hosts, expected, "{name:?} {project} {branch:?}");
        }
    }

    #[test]
    fn names_of_services() {
        for (name, expected) in [
            ("web", true),
            ("my_api-2", true),
            ("2", true),
            ("", false),
            ("-a", false),
            ("a.b", false),
            ("a b", false),
            ("ü", false),
        ] {
            assert_eq!(is_service(name), expected, "{name}");
        }
        assert!(!is_service(&"a".repeat(64)));
    }
}
