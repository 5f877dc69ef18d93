//! What may stand only in certain places: printing, the names of operating systems, `unsafe`.

use super::scan::{Source, has_word};

/// Printing outside navyd's `out/`.
pub(super) fn prints(source: &Source) -> Vec<String> {
    const PRINTING: &[&str] = &[
        "println!",
        "eprintln!",
        "print!",
        "eprint!",
        "dbg!",
        "io::stdout()",
        "io::stderr()",
        "std::process::exit",
    ];
    if source.path.starts_with("crates/navyd/src/out/") || source.path.starts_with("fuzz/") {
        return Vec::new();
    }
    words(source, PRINTING, "only navyd's out/ prints, and only main decides the exit status")
}

/// Naming an operating system outside host's `kernel/`, `process/` and `doctor/`, the gateway's `net/os/`, and the
/// `os/` of the hub and of the stand-ins.
///
/// Of texts only those that begin with `/proc/` or `/sys/` count: they are opened, while others are said.
pub(super) fn names_a_system(source: &Source) -> Vec<String> {
    const SEAM: &[&str] = &[
        "crates/host/src/kernel/",
        "crates/host/src/process/",
        "crates/host/src/doctor/",
        "crates/gateway/src/net/os/",
        "crates/hub/src/os/",
        "crates/standin/src/os/",
    ];
    const NAMES: &[&str] =
        &["target_os", "target_family", "cfg(unix)", "cfg(windows)", "std::os", "rustix", "libc"];
    const RULE: &str = "only host's kernel/, process/ and doctor/, gateway's net/os/, hub's os/ and standin's os/ know the operating system";
    if SEAM.iter().any(|seam| source.path.starts_with(seam)) {
        return Vec::new();
    }
    let opened = |text: &str| text.contains("\"/proc/") || text.contains("\"/sys/");
    let paths = source.product().filter(|(_, line)| opened(&line.text));
    let paths = paths.map(|(number, _)| source.at(number, &format!("a path of one system: {RULE}")));
    words(source, NAMES, RULE).into_iter().chain(paths).collect()
}

/// `unsafe` outside host's `kernel/`, or without a `SAFETY` comment on its line or right above it.
pub(super) fn unexplained_unsafe(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in source.lines.iter().enumerate().filter(|(_, line)| has_word(&line.code, "unsafe")) {
        let above = source.lines[..index].iter().rev().take_while(|line| line.code.trim().is_empty());
        let mut comments = above.map(|line| &line.comment).chain([&line.comment]);
        if !source.path.starts_with("crates/host/src/kernel/") {
            found.push(source.at(index + 1, "`unsafe` outside host's kernel/"));
        } else if !comments.any(|comment| comment.contains("SAFETY")) {
            found.push(source.at(index + 1, "`unsafe` without its SAFETY comment"));
        }
    }
    found
}

fn words(source: &Source, words: &[&str], rule: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in source.product() {
        for word in words.iter().filter(|word| has_word(&line.code, word)) {
            found.push(source.at(number, &format!("`{word}`: {rule}")));
        }
    }
    found
}

#[cfg(test)]
fn count(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
    rule(&Source::new(text, path.into())).len()
}

#[test]
fn planted_printing_is_caught() {
    let check = |path, text, expected| assert_eq!(count(prints, path, text), expected, "{path}: {text}");
    check("crates/host/src/a.rs", "println!(\"x\");", 1);
    check("crates/host/src/a.rs", "write!(io::stdout(), \"x\")", 1);
    check("crates/navyd/src/cli/a.rs", "let _ = 1;\neprint!(\"x\")", 1);
    check("crates/navyd/src/out/a.rs", "println!(\"x\");", 0);
    check("crates/host/src/a.rs", "// println!(\"x\");\ncommand.stdout(Stdio::null())", 0);
    check("crates/host/src/a.rs", "#[cfg(test)]\nmod tests {\n    fn a() { println!(); }\n}", 0);
}

#[test]
fn planted_systems_are_caught() {
    let check =
        |path, text, expected| assert_eq!(count(names_a_system, path, text), expected, "{path}: {text}");
    check("crates/host/src/why.rs", "#[cfg(target_os = \"linux\")]", 1);
    check("crates/navyd/src/main.rs", "use std::os::unix::fs::PermissionsExt;", 1);
    check("crates/host/src/why.rs", "File::open(\"/proc/net/tcp\")", 1);
    check("crates/host/src/why.rs", "use rustix::process;", 1);
    check("crates/host/src/why.rs", "hint(\"look into /proc/net/tcp\") // target_os", 0);
    check("crates/host/src/kernel/mod.rs", "#[cfg(target_os = \"linux\")]", 0);
    check("crates/host/src/process/fd.rs", "open(\"/proc/self/fd\")", 0);
    check("crates/gateway/src/net/os/linux.rs", "use rustix::pipe;", 0);
    check("crates/gateway/src/net/pump.rs", "use rustix::pipe;", 1);
}

#[test]
fn planted_unsafe_is_caught() {
    let check =
        |path, text, expected| assert_eq!(count(unexplained_unsafe, path, text), expected, "{path}: {text}");
    check("crates/host/src/why.rs", "// SAFETY: none\nunsafe { x() }", 1);
    check("crates/host/src/kernel/a.rs", "unsafe { x() }", 1);
    check("crates/host/src/kernel/a.rs", "// SAFETY: about y\ny();\nunsafe { x() }", 1);
    check("crates/host/src/kernel/a.rs", "// SAFETY: x is\n// always there.\nlet a = unsafe { x() };", 0);
    check("crates/host/src/lib.rs", "#![deny(unsafe_code)] // no unsafe", 0);
}
