//! A23: its version is known to be bad.

use navyd_model::{Holder, finding::Confidence, text::shell_word};

use super::super::{
    Check, Facts, Judge, Subject,
    check::Found,
    known::{self, Advisory, Ecosystem, Installed, Package, Seen},
    severity, stakes,
};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A23",
    title: "its version is known to be bad",
    why: "Development servers trust whoever reaches them, and pages reach them: every web page could read the source \
          through Vite (CVE-2025-24010), run commands through OpenCode (CVE-2026-22812) or the MCP Inspector \
          (CVE-2025-49596). The list with its date and sources is part of navyd.",
    spares: "Packages that are installed but do not run, versions that the list does not know, and programs in \
             containers, whose files lie elsewhere. What only a lock file names, what was changed after the program \
             started, and what also takes a setting that nobody sees is inferred.",
    fixes: &[],
    judge: Judge::Each(judge),
};

/// What one package that runs has.
struct Bad<'a> {
    holder: &'a Holder,
    installed: &'a Installed,
    package: &'static Package,
    advisories: Vec<&'static Advisory>,
}

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let reach = stakes::reach(subject, facts);
    let score =
        |advisory: &Advisory| severity(advisory.power(), advisory.reach(reach), advisory.gate()).score;
    let mut all = bad(subject);
    for bad in &mut all {
        // What is certain comes before what is not, and then the worst.
        bad.advisories.sort_by(|a, b| a.unsure.cmp(&b.unsure).then(score(b).total_cmp(&score(a))));
    }
    let of = |bad: &Bad<'_>| bad.advisories.first().map_or(0.0, |first| score(first));
    let worst = all.iter().max_by(|a, b| of(a).total_cmp(&of(b)))?;
    let first = worst.advisories.first()?;
    let sure = worst.installed.seen == Seen::Installed && !first.unsure;
    let confidence = if sure { Confidence::Observed } else { Confidence::Inferred };
    let found = Found::observed(first.power(), first.reach(reach), evidence(worst, first));
    Some(found.behind(first.gate()).sure(confidence).fix(fix(worst)))
}

fn bad(subject: &Subject) -> Vec<Bad<'_>> {
    let port = subject.listener.port;
    let held =
        subject.held().flat_map(|(holder, program)| program.packages.iter().map(move |one| (holder, one)));
    let known = held.filter_map(|(holder, installed)| {
        let package = known::list().package(installed.ecosystem, &installed.package)?;
        let concerns = package.port.is_none_or(|only| port == Some(only));
        let advisories = package.against(&installed.version);
        (concerns && !advisories.is_empty()).then_some(Bad { holder, installed, package, advisories })
    });
    known.collect()
}

fn evidence(bad: &Bad<'_>, first: &Advisory) -> String {
    let Installed { package, version, path, seen, .. } = bad.installed;
    let pid = bad.holder.pid;
    let place = match seen {
        Seen::Installed => format!("`{path}` of pid {pid}"),
        Seen::Changed => format!("`{path}` of pid {pid}, changed after the program started,"),
        Seen::Locked => format!("`{path}`, in whose project pid {pid} works,"),
        Seen::Guessed => format!("`{path}`, which pid {pid} may use,"),
        Seen::Packed => format!("the package of `{path}`, which may carry fixes,"),
    };
    let others: Vec<&str> = bad.advisories.iter().skip(1).map(|advisory| advisory.id.as_str()).collect();
    let others = if others.is_empty() { String::new() } else { format!("; also {}", others.join(", ")) };
    let Advisory { id, text, vulnerable, .. } = first;
    format!("{place} is {package} {version}, within `{vulnerable}` of {id}: {text}{others}")
}

/// The line that installs what has none of it, and a start anew.
fn fix(bad: &Bad<'_>) -> Option<String> {
    let mended = bad.package.mended(&bad.installed.version)?;
    let Installed { package, install, prefix, ecosystem, .. } = bad.installed;
    Some(match (ecosystem, prefix) {
        (Ecosystem::Npm, _) => format!("{install} {package}@{mended}"),
        (Ecosystem::Pypi, Some(prefix)) => {
            format!("{} -m {install} '{package}>={mended}'", shell_word(&format!("{prefix}/bin/python3")))
        }
        (Ecosystem::Pypi, None) => format!("{install} '{package}>={mended}'"),
        (Ecosystem::Debian, _) => format!("{install} {package}  # {mended} or later"),
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::{Power, Reach, known::Version},
            fixture::{bound, held, machine},
        },
        *,
    };

    fn installed(ecosystem: Ecosystem, package: &str, version: &str, seen: Seen) -> Installed {
        let version = Version::parse(version).unwrap();
        let path = format!("/p/node_modules/{package}");
        Installed { package: package.into(), ecosystem, version, path, seen, install: "npm i", prefix: None }
    }

    #[test]
    fn planted_and_clean() {
        use Confidence::{Inferred, Observed};
        for (package, version, seen, address, expected) in [
            (
                "vite",
                "5.4.10",
                Seen::Installed,
                "127.0.0.1",
                Some((Power::Read, Reach::AnyPage, Observed, "vite@5.4.20")),
            ),
            (
                "vite",
                "5.4.14",
                Seen::Installed,
                "127.0.0.1",
                Some((Power::Read, Reach::AnyUser, Observed, "vite@5.4.20")),
            ),
            (
                "vite",
                "5.4.14",
                Seen::Installed,
                "0.0.0.0",
                Some((Power::Read, Reach::Lan, Observed, "vite@5.4.20")),
            ),
            (
                "vite",
                "5.4.10",
                Seen::Changed,
                "127.0.0.1",
                Some((Power::Read, Reach::AnyPage, Inferred, "vite@5.4.20")),
            ),
            (
                "vite",
                "5.4.10",
                Seen::Locked,
                "127.0.0.1",
                Some((Power::Read, Reach::AnyPage, Inferred, "vite@5.4.20")),
            ),
            ("vite", "8.3.8", Seen::Installed, "0.0.0.0", None),
            (
                "next",
                "15.1.8",
                Seen::Installed,
                "127.0.0.1",
                Some((Power::Code, Reach::AnyUser, Observed, "next@15.2.6")),
            ),
            (
                "next",
                "14.2.24",
                Seen::Installed,
                "127.0.0.1",
                Some((Power::Read, Reach::AnyPage, Inferred, "next@14.2.30")),
            ),
            ("next", "16.0.7", Seen::Installed, "127.0.0.1", None),
            ("left-pad", "1.0.0", Seen::Installed, "127.0.0.1", None),
        ] {
            let mut subject = bound(address, held(5173, "node", Some("Vite")));
            subject.programs[0].packages = vec![installed(Ecosystem::Npm, package, version, seen)];
            let facts = machine(subject, &["192.168.1.7"]);
            let found = judge(&facts.subjects[0], &facts);
            let told = found.as_ref().map(|found| {
                let fix = found.fix.as_deref().unwrap_or_default();
                (found.power, found.reach, found.confidence, fix.trim_start_matches("npm i "))
            });
            assert_eq!(told, expected, "{package} {version} {found:?}");
        }
    }

    #[test]
    fn the_evidence_names_package_path_range_and_ids() {
        let mut subject = held(5173, "node", Some("Vite"));
        subject.programs[0].packages = vec![installed(Ecosystem::Npm, "vite", "5.4.18", Seen::Installed)];
        let facts = machine(subject, &[]);
        let found = judge(&facts.subjects[0], &facts).unwrap();
        assert_eq!(
            found.evidence,
            "`/p/node_modules/vite` of pid 812 is vite 5.4.18, within `>=6.3.0 <6.3.4 || >=6.2.0 <6.2.7 || >=6.0.0 \
             <6.1.6 || >=5.0.0 <5.4.19 || <4.5.14` of CVE-2025-46565: it hands out `.env` and keys of the project \
             (`/.`); also CVE-2025-58751, CVE-2025-58752, CVE-2026-39365"
        );
    }

    #[test]
    fn only_the_port_that_it_concerns() {
        for (port, expected) in [(2019, true), (8080, false)] {
            let mut subject = held(port, "caddy", None);
            subject.programs[0].packages = vec![installed(Ecosystem::Debian, "caddy", "2.6.2", Seen::Packed)];
            let facts = machine(subject, &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{port}");
        }
    }
}
