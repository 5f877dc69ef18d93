//! The published suites of httpbin, of its fixture for pytest and of three clients that are tested with it, against
//! `navyd echo`.
//!
//! They run as they are published; `tests/peers/httpbin_elsewhere.py` leads their fixtures here and keeps them on the
//! loopback device. What cannot pass is named with its reason, and nothing else may fail.
//!
//! And httpbin itself, asked the same as `navyd echo`: `tests/peers/httpbin_twin.py` says where answers differ.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::support::{Standing, command};
use crate::support::{peers, temp::TempDir};

/// A suite, and what is expected of it.
struct Suite {
    /// Its folder among the unpacked sources.
    folder: &'static str,
    /// What of it is run.
    tests: &'static str,
    /// Whether only those tests are run that ask a server.
    users_alone: bool,
    /// What is not run: tests that ask other machines, or the clock of this one.
    left_out: &'static [&'static str],
    /// What fails, and why.
    fails: &'static [(&'static str, &'static str)],
    /// How many pass, at least: a few more are skipped with some versions of Python.
    passes: usize,
}

/// How long a suite may take, in seconds, on a machine that does much else.
const DEADLINE: &str = "1500";

fn check(test: &str, suite: &Suite) {
    let Some(packages) = peers::suites(test) else { return };
    let folder = TempDir::new();
    let (plain, secure) = (standing(folder.path(), &[]), standing(folder.path(), &["--tls"]));
    let here = peers_folder();
    let mut pytest = Command::new("timeout");
    pytest
        .args([DEADLINE, "python3", "-m", "pytest", "-q", "-rfE", "--tb=short"])
        .args(["-p", "no:cacheprovider", "-p", "no:httpbin", "-p", "httpbin_elsewhere", suite.tests])
        .args(suite.left_out.iter().flat_map(|test| ["--deselect", test]))
        .current_dir(packages.join("suites").join(suite.folder))
        .env("PYTHONPATH", std::env::join_paths([packages.as_path(), &here]).expect("paths without colons"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("HOME", folder.path())
        // Settings below the folder for temporary files count as those of a test, and would be shared by all.
        .env("HTTPIE_CONFIG_DIR", "/nonexistent/httpie")
        .env("HTTPBIN_URL", format!("http://127.0.0.1:{}", plain.address().port()))
        .env("HTTPBIN_SECURE_URL", format!("https://127.0.0.1:{}", secure.address().port()))
        .env("HTTPBIN_CA", folder.path().join(".local/share/navyd/ca/root.pem"));
    if suite.users_alone {
        pytest.env("HTTPBIN_USERS_ALONE", "1");
    }
    for name in ["http_proxy", "https_proxy", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        pytest.env_remove(name).env_remove(name.to_uppercase());
    }
    let output = pytest.stdin(Stdio::null()).output().expect("`timeout` is part of every system");
    let said = String::from_utf8_lossy(&output.stdout);
    let end = said.lines().rev().take(80).collect::<Vec<_>>();
    let failed: BTreeSet<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR ")))
        .map(|line| line.split(" - ").next().unwrap_or(line).trim())
        .collect();
    let expected: BTreeSet<_> = suite.fails.iter().map(|(test, _)| *test).collect();
    assert_eq!(failed, expected, "{end:#?}");
    let passed = passed(&said);
    assert!(passed >= suite.passes, "{passed} passed, and not {}: {end:#?}", suite.passes);
}

fn peers_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

fn standing(at: &Path, options: &[&str]) -> Standing {
    Standing::with(&mut command("echo", at, options))
}

/// The number in front of `passed` in the last line that has one.
fn passed(said: &str) -> usize {
    let words: Vec<_> = said.split_whitespace().collect();
    let mut counts = words.windows(2).filter(|pair| pair[1].trim_end_matches(',') == "passed");
    counts.next_back().and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[test]
fn httpbin_itself_answers_the_same() {
    let Some(packages) = peers::suites("standin::suites::httpbin_itself_answers_the_same") else { return };
    let folder = TempDir::new();
    let standing = standing(folder.path(), &[]);
    let mut asking = Command::new("timeout");
    asking.args([DEADLINE, "python3"]).arg(peers_folder().join("httpbin_twin.py"));
    asking.arg(standing.address().port().to_string());
    asking.env("PYTHONPATH", &packages).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(folder.path());
    let output = asking.stdin(Stdio::null()).output().expect("`timeout` is part of every system");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["938 were asked"],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn requests() {
    check(
        "standin::suites::requests",
        &Suite {
            folder: "requests-2.32.5",
            tests: "tests/test_requests.py",
            users_alone: false,
            // They connect to an address of a private network, and wait for nothing to come.
            left_out: &[
                "tests/test_requests.py::TestTimeout::test_connect_timeout",
                "tests/test_requests.py::TestTimeout::test_total_timeout_connect",
            ],
            fails: &[],
            passes: 324,
        },
    );
}

#[test]
fn requests_futures() {
    check(
        "standin::suites::requests_futures",
        &Suite {
            folder: "requests_futures-1.1.0",
            tests: "tests",
            users_alone: false,
            left_out: &[],
            fails: &[],
            passes: 30,
        },
    );
}

#[test]
fn httpie() {
    check(
        "standin::suites::httpie",
        &Suite {
            folder: "httpie-3.2.4",
            tests: "tests",
            users_alone: true,
            // The first finds nothing unreadable where it is root; those of updates start programs of their own, which
            // ask other machines; the last two depend on how fast a program starts.
            left_out: &[
                "tests/test_config.py::test_config_file_inaccessible",
                "tests/test_update_warnings.py",
                "tests/test_uploads.py::test_reading_from_stdin",
                "tests/test_uploads.py::test_stdin_read_warning",
            ],
            fails: &[(
                "tests/test_json.py::test_nested_json_syntax[input_json17-expected_json17]",
                "sends a field whose name has brackets, which RFC 9110 §5.1 does not allow and `h1` refuses",
            )],
            passes: 450,
        },
    );
}

#[test]
fn httpbin() {
    check(
        "standin::suites::httpbin",
        &Suite {
            folder: "httpbin-0.10.4",
            tests: "tests",
            users_alone: false,
            left_out: &[],
            fails: &[(
                "tests/test_httpbin.py::HttpbinTestCase::test_post_chunked",
                "expects 501, with which the server of Flask for developers refuses chunks; here they are read",
            )],
            passes: 69,
        },
    );
}

#[test]
fn pytest_httpbin() {
    check(
        "standin::suites::pytest_httpbin",
        &Suite {
            folder: "pytest_httpbin-2.1.0",
            tests: "tests",
            users_alone: false,
            // It starts the fixture's own server, at a fixed port.
            left_out: &["tests/test_server.py::test_fixed_port_environment_variables"],
            fails: &[(
                "tests/test_server.py::test_dont_crash_on_handshake_timeout",
                "reads what the fixture's own server prints",
            )],
            passes: 20,
        },
    );
}
