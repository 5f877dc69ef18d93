//! What was launched: the names by which people know a running program.
//!
//! `node /shop/node_modules/vite/bin/vite.js` is Vite to everybody but the kernel. Pure; reads nothing.

/// A running program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// The program's name, as a holder has it.
    pub name: String,
    /// Path of the executable.
    pub exe: Option<String>,
    /// The arguments, the program's own name first.
    pub argv: Vec<String>,
}

/// A sign by which a program is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clue {
    /// One of its names is this.
    Name(&'static str),
    /// One of its names is the first, and an argument is the second.
    NameWith(&'static str, &'static str),
    /// An argument is this.
    Argument(&'static str),
    /// It is, or runs in, the program named first, and its executable's path or an argument contains the second.
    Runs(&'static str, &'static str),
    /// The executable's path, or an argument, contains this.
    Path(&'static str),
}

/// What clues are held against: worked out once for the many rows of a table.
#[derive(Debug)]
pub struct Signs<'a> {
    launch: &'a Launch,
    names: Vec<&'a str>,
    words: Vec<&'a str>,
}

/// Words between an interpreter and its script.
const VERBS: &[&str] = &["run", "x", "tool", "exec", "watch"];
const INTERPRETERS: &[&str] =
    &["node", "nodejs", "bun", "deno", "python", "pypy", "ruby", "php", "java", "perl", "sh", "bash", "dash"];

impl Signs<'_> {
    /// Whether the clue fits.
    pub fn fit(&self, clue: Clue) -> bool {
        let launch = self.launch;
        let mentions = |text| launch.exe.iter().chain(&launch.argv).any(|word| word.contains(text));
        match clue {
            Clue::Name(name) => self.names.contains(&name),
            Clue::NameWith(name, argument) => {
                self.names.contains(&name) && self.words.iter().skip(1).any(|word| *word == argument)
            }
            Clue::Argument(argument) => self.words.contains(&argument),
            Clue::Runs(program, text) => {
                (launch.name == program || launch.interpreter() == Some(program)) && mentions(text)
            }
            Clue::Path(text) => mentions(text),
        }
    }
}

impl Launch {
    /// What clues are held against.
    pub fn signs(&self) -> Signs<'_> {
        Signs { launch: self, names: self.names(), words: self.words() }
    }

    /// The names it goes by: its own, that of its first argument or title, and for an interpreter those of
    /// the script, its npm package or the module.
    pub fn names(&self) -> Vec<&str> {
        let words = self.words();
        let mut names = vec![self.name.as_str()];
        if let Some(first) = words.first() {
            names.push(base(first).trim_end_matches(':'));
        }
        if let Some(script) = self.script() {
            names.push(base(script));
            names.extend(package(script));
        }
        names
    }

    /// The script or module that an interpreter runs.
    pub fn script(&self) -> Option<&str> {
        let interpreter = self.interpreter()?;
        let words = self.words();
        let mut rest = words.into_iter().skip(1);
        while let Some(word) = rest.next() {
            match word {
                "-m" if matches!(interpreter, "python" | "pypy") => return rest.next(),
                "-jar" => return rest.next(),
                _ if takes_the_program(interpreter).contains(&word) => return None,
                _ if take_a_value(interpreter).contains(&word) => drop(rest.next()),
                _ if word.starts_with('-') => {}
                _ if VERBS.contains(&word) && matches!(interpreter, "bun" | "deno") => {}
                _ => return Some(word.strip_prefix("npm:").unwrap_or(word)),
            }
        }
        None
    }

    /// The npm package that the script belongs to.
    pub(crate) fn npm_package(&self) -> Option<&str> {
        package(self.script()?)
    }

    /// The arguments; a title that a program gave itself (`node /srv/shop.js`, one text) is cut into words.
    pub fn words(&self) -> Vec<&str> {
        match self.argv.as_slice() {
            [title] if !title.starts_with('/') || self.exe.is_none() => title.split_whitespace().collect(),
            argv => argv.iter().map(String::as_str).collect(),
        }
    }

    /// The interpreter's name without its version, when the program is one.
    fn interpreter(&self) -> Option<&'static str> {
        let is_version = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        INTERPRETERS.iter().find(|name| self.name.strip_prefix(**name).is_some_and(is_version)).copied()
    }
}

/// The last part of a path.
fn base(path: &str) -> &str {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}

/// Options whose value is the program text itself: there is no script.
fn takes_the_program(interpreter: &str) -> &'static [&'static str] {
    match interpreter {
        "node" | "nodejs" | "bun" => &["-e", "--eval", "-p", "--print", "-pe"],
        "php" => &["-r"],
        "ruby" | "perl" => &["-e"],
        "java" => &[],
        _ => &["-c"],
    }
}

/// Options whose value is the argument after them, and not the script.
fn take_a_value(interpreter: &str) -> &'static [&'static str] {
    match interpreter {
        "node" | "nodejs" | "bun" | "deno" => &[
            "-r",
            "--require",
            "--import",
            "--loader",
            "--experimental-loader",
            "-C",
            "--conditions",
            "--env-file",
            "--watch-path",
            "-c",
            "--config",
        ],
        "python" | "pypy" => &["-W", "-X"],
        "ruby" | "perl" => &["-I", "-r"],
        "php" => &["-S", "-t", "-d", "-c", "-z"],
        "java" => &["-cp", "-classpath", "--class-path", "-p", "--module-path"],
        _ => &["-o", "-O"],
    }
}

/// `…/node_modules/@angular/cli/bin/ng.js` → `@angular/cli`; `…/node_modules/.bin/vite` → `vite`.
fn package(path: &str) -> Option<&str> {
    let (_, inside) = path.rsplit_once("node_modules/")?;
    let inside = inside.strip_prefix(".bin/").unwrap_or(inside);
    let parts = if inside.starts_with('@') { 2 } else { 1 };
    let end = inside.match_indices('/').nth(parts - 1).map_or(inside.len(), |(end, _)| end);
    Some(&inside[..end]).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(name: &str, argv: &[&str]) -> Launch {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        Launch { name: name.to_owned(), exe: Some(format!("/usr/bin/{name}")), argv }
    }

    #[test]
    fn a_script_is_found_behind_its_interpreters_options() {
        for (name, argv, script, package) in [
            ("node", &["node", "server.js"][..], Some("server.js"), None),
            (
                "node",
                &["node", "-r", "ts-node/register", "--inspect=9229", "src/a.ts"],
                Some("src/a.ts"),
                None,
            ),
            ("node", &["node", "-e", "listen()"], None, None),
            ("node", &["node /srv/shop.js"], Some("/srv/shop.js"), None),
            ("node", &["node", "/a/node_modules/.bin/vite"], Some("/a/node_modules/.bin/vite"), Some("vite")),
            (
                "node",
                &["node", "/a/node_modules/@angular/cli/bin/ng.js", "serve"],
                Some("/a/node_modules/@angular/cli/bin/ng.js"),
                Some("@angular/cli"),
            ),
            ("python3.11", &["python3", "-X", "dev", "-m", "flask", "run"], Some("flask"), None),
            ("python3", &["python3", "-c", "import x", "y"], None, None),
            ("java", &["java", "-Xmx1g", "-cp", "a:b", "org.example.Main"], Some("org.example.Main"), None),
            ("java", &["java", "-jar", "shop.jar"], Some("shop.jar"), None),
            ("deno", &["deno", "run", "-A", "npm:vite"], Some("vite"), None),
            ("php", &["php", "-S", "127.0.0.1:8000", "router.php"], Some("router.php"), None),
            ("nginx", &["nginx", "-g", "daemon off;"], None, None),
            ("node", &[], None, None),
        ] {
            let launch = launch(name, argv);
            assert_eq!((launch.script(), launch.npm_package()), (script, package), "{argv:?}");
        }
    }

    #[test]
    fn clues_fit_names_arguments_and_paths() {
        let vite = launch("node", &["node", "/a/node_modules/vite/bin/vite.js", "--port", "3000"]);
        let puma = launch("ruby3.1", &["puma 6.4.2 (tcp://localhost:3000) [shop]"]);
        for (launch, clue, expected) in [
            (&vite, Clue::Name("vite"), true),
            (&vite, Clue::Name("node"), true),
            (&vite, Clue::Name("next"), false),
            (&vite, Clue::NameWith("vite", "--port"), true),
            (&vite, Clue::NameWith("vite", "build"), false),
            (&vite, Clue::Argument("3000"), true),
            (&vite, Clue::Argument("300"), false),
            (&vite, Clue::Path("/vite/bin/"), true),
            (&vite, Clue::Runs("node", "/vite/bin/"), true),
            (&vite, Clue::Runs("java", "/vite/bin/"), false),
            (&puma, Clue::Runs("ruby", "[shop]"), true),
            (&puma, Clue::Name("puma"), true),
        ] {
            assert_eq!(launch.signs().fit(clue), expected, "{clue:?}");
        }
    }
}
