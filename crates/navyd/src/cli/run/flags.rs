//! Flags for the programs that read their port from nothing else.
//!
//! The environment comes first, because it reaches a program through any wrapper. Some development servers read no
//! variable: for those that are known, and only where the command is a simple one, the port follows as a flag. Any
//! doubt (an operator of the shell, quotes, an option before the script's name, a port that was typed) ends in no flag
//! at all, since the route follows what really listens. Pure: a command and the scripts of `package.json` go in.

use navyd_model::config::environment::HOST;

/// A program that wants to be told its port.
struct Server {
    program: &'static str,
    /// The first argument that makes it serve; `""` for none at all.
    serves: &'static [&'static str],
    /// What follows, before the port and before the host.
    port: &'static str,
    host: Option<&'static str>,
    more: &'static [&'static str],
}

const SERVERS: &[Server] = &[
    server("vite", &["", "dev", "serve", "preview"], Some("--host"), &["--strictPort"]),
    server("vp", &["dev", "preview"], Some("--host"), &["--strictPort"]),
    server("astro", &["dev", "preview"], Some("--host"), &[]),
    server("ng", &["serve", "s", "dev"], Some("--host"), &[]),
    server("react-router", &["dev"], Some("--host"), &[]),
    server("remix", &["vite:dev"], Some("--host"), &[]),
    server("rsbuild", &["", "dev", "preview"], Some("--host"), &[]),
    server("rspack", &["dev", "serve"], Some("--host"), &[]),
    server("webpack", &["serve", "server"], Some("--host"), &[]),
    server("webpack-dev-server", &[""], Some("--host"), &[]),
    server("storybook", &["dev"], Some("--host"), &[]),
    server("expo", &["", "start"], None, &[]),
    server("react-native", &["start"], Some("--host"), &[]),
    server("wrangler", &["dev"], Some("--ip"), &[]),
    server("hugo", &["server", "serve"], Some("--bind"), &[]),
];

const fn server(
    program: &'static str,
    serves: &'static [&'static str],
    host: Option<&'static str>,
    more: &'static [&'static str],
) -> Server {
    Server { program, serves, port: "--port", host, more }
}

/// How many scripts may call another.
const DEPTH: usize = 4;

/// What to append to a command so that it listens on `port`; nothing for a program that reads its environment or
/// is not known. `script` tells the text of a script of the nearest `package.json`.
pub(super) fn appended(
    command: &[String],
    port: u16,
    script: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    within(&words, port, script, DEPTH)
}

fn within(words: &[&str], port: u16, script: &dyn Fn(&str) -> Option<String>, depth: usize) -> Vec<String> {
    let Some((program, arguments)) = words.split_first() else { return Vec::new() };
    let program = name(program);
    match runner(program, arguments, script) {
        Some(Runs::Script { text, between }) if depth > 0 => {
            let Some(words) = simple(&text) else { return Vec::new() };
            let words: Vec<&str> = words.iter().copied().chain(between.typed.iter().copied()).collect();
            separated(within(&words, port, script, depth - 1), between.separator)
        }
        Some(Runs::Program { words, separator }) if depth > 0 => {
            separated(within(words, port, script, depth - 1), separator)
        }
        Some(_) => Vec::new(),
        None => own(program, arguments, port),
    }
}

/// The flags of a server itself.
fn own(program: &str, arguments: &[&str], port: u16) -> Vec<String> {
    let Some(server) = SERVERS.iter().find(|server| server.program == program) else { return Vec::new() };
    let first = arguments.first().filter(|argument| !argument.starts_with('-')).copied().unwrap_or_default();
    let typed = arguments.iter().any(|argument| {
        *argument == server.port || *argument == "-p" || argument.starts_with("--port=") || *argument == "--"
    });
    if typed || !server.serves.contains(&first) {
        return Vec::new();
    }
    let mut flags = vec![server.port.to_owned(), port.to_string()];
    if let Some(host) = server.host
        && !arguments.iter().any(|argument| *argument == host || argument.starts_with(&format!("{host}=")))
    {
        flags.extend([host.to_owned(), HOST.to_owned()]);
    }
    flags.extend(server.more.iter().filter(|flag| !arguments.contains(flag)).map(|flag| (*flag).to_owned()));
    flags
}

/// What a program that runs another one runs.
enum Runs<'a> {
    Script { text: String, between: Between<'a> },
    Program { words: &'a [&'a str], separator: bool },
}

/// How arguments get from a runner to a script.
struct Between<'a> {
    /// Those that were typed for the script.
    typed: &'a [&'a str],
    /// Whether further ones need `--` in front, lest the runner takes them.
    separator: bool,
}

/// What follows a program's name that is a runner of others; `None` when it is none. One that cannot be followed
/// runs a program without a name.
fn runner<'a>(
    program: &str,
    arguments: &'a [&'a str],
    script: &dyn Fn(&str) -> Option<String>,
) -> Option<Runs<'a>> {
    const NOBODY: Runs<'static> = Runs::Program { words: &[], separator: false };
    let of_script = |name: &str, typed: &'a [&'a str], is_npm: bool| match script(name) {
        Some(text) => {
            // npm keeps what stands behind `--` for the script; the others hand on everything.
            let (typed, separator) = match typed.split_first() {
                Some((&"--", typed)) if is_npm => (typed, false),
                Some(_) if is_npm => return NOBODY,
                _ => (typed, is_npm),
            };
            Runs::Script { text, between: Between { typed, separator } }
        }
        None => NOBODY,
    };
    let plain = |words: &'a [&'a str], separator| match words.first() {
        Some(word) if !word.starts_with('-') => Runs::Program { words, separator },
        _ => NOBODY,
    };
    let (first, rest) = arguments.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
    let second = rest.split_first();
    Some(match (program, first) {
        ("npx" | "bunx" | "pnpx", _) => plain(arguments, false),
        ("cross-env", _) => plain(after_assignments(arguments), false),
        ("npm", "start" | "test") => of_script(first, rest, true),
        ("npm", "exec" | "x") => match second {
            Some((&"--", words)) => plain(words, false),
            _ => plain(rest, true),
        },
        ("pnpm" | "yarn", "exec" | "dlx") | ("bun", "x") => plain(rest, false),
        ("npm" | "pnpm" | "yarn" | "bun", "run" | "run-script") => match second {
            Some((name, typed)) if !name.starts_with('-') => of_script(name, typed, program == "npm"),
            _ => NOBODY,
        },
        // A script, or a program of a dependency.
        ("pnpm" | "yarn", name) if !name.is_empty() && !name.starts_with('-') => match script(name) {
            Some(_) => of_script(name, rest, false),
            None => plain(arguments, false),
        },
        ("npm" | "pnpm" | "yarn" | "bun", _) => NOBODY,
        _ => return None,
    })
}

fn separated(flags: Vec<String>, separator: bool) -> Vec<String> {
    match separator && !flags.is_empty() {
        true => ["--".to_owned()].into_iter().chain(flags).collect(),
        false => flags,
    }
}

/// The words of a command line without any meaning to a shell, behind its assignments.
fn simple(text: &str) -> Option<Vec<&str>> {
    const SHELL: &str = "&|;<>()$`\\\"'*?[]#~!{}\n";
    if text.contains(|c| SHELL.contains(c)) {
        return None;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let assigned = words.len() - after_assignments(&words).len();
    Some(words.into_iter().skip(assigned).collect())
}

/// The words behind `NAME=value`.
fn after_assignments<'a, 'w>(words: &'a [&'w str]) -> &'a [&'w str] {
    let is_assignment = |word: &&str| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let count = words.iter().take_while(|word| is_assignment(word)).count();
    &words[count..]
}

/// A program's name without its directory and what Windows puts behind it.
fn name(program: &str) -> &str {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    [".cmd", ".exe", ".js", ".mjs"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &str, expected: &str) {
        let script = |name: &str| {
            let text = match name {
                "dev" => "vite",
                "start" => "NODE_ENV=production astro dev --verbose",
                "typed" => "vite --port 3000",
                "nested" => "npm run dev",
                "bundled" => "pnpm dev",
                "quoted" => "vite --mode \"a b\"",
                "both" => "tsc && vite",
                "build" => "vite build",
                "crossed" => "cross-env A=1 vite preview",
                "circle" => "npm run circle",
                "next" => "next dev",
                "serve" => "ng serve",
                _ => return None,
            };
            Some(text.to_owned())
        };
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        assert_eq!(appended(&words, 24_117, &script).join(" "), expected, "{command}");
    }

    const VITE: &str = "--port 24117 --host 127.0.0.1 --strictPort";

    #[test]
    fn servers_that_read_no_variable_get_flags() {
        check("vite", VITE);
        check("./node_modules/.bin/vite dev --open", VITE);
        check("vite.cmd preview", VITE);
        check("vite --host 0.0.0.0", "--port 24117 --strictPort");
        check("vite --host=0.0.0.0 --strictPort", "--port 24117");
        check("astro dev", "--port 24117 --host 127.0.0.1");
        check("ng serve", "--port 24117 --host 127.0.0.1");
        check("expo start", "--port 24117");
        check("wrangler dev", "--port 24117 --ip 127.0.0.1");
        check("hugo server", "--port 24117 --bind 127.0.0.1");
    }

    #[test]
    fn others_and_those_who_were_told_get_none() {
        for command in [
            "",
            "node server.js",
            "next dev",
            "vite build",
            "vite --port 3000",
            "vite --port=3000",
            "vite -p 1",
            "astro build",
            "ng build",
            "hugo",
            "python3 -m http.server",
            "vite -- x",
        ] {
            check(command, "");
        }
    }

    #[test]
    fn scripts_are_looked_into() {
        let behind = format!("-- {VITE}");
        check("npm run dev", &behind);
        check("npm run dev -- --open", VITE);
        check("npm run-script dev", &behind);
        check("npm start", "-- --port 24117 --host 127.0.0.1");
        check("pnpm run dev", VITE);
        check("pnpm dev", VITE);
        check("yarn dev", VITE);
        check("yarn vite", VITE);
        check("bun run dev", VITE);
        check("bunx vite", VITE);
        check("npx vite", VITE);
        check("npm exec vite", &behind);
        check("npm exec -- vite", VITE);
        check("pnpm exec vite", VITE);
        check("cross-env A=1 vite", VITE);
        check("npm run crossed", &behind);
        // Each runner takes a `--` for itself.
        check("npm run nested", &format!("-- -- {VITE}"));
        check("npm run bundled", &behind);
    }

    #[test]
    fn any_doubt_is_no_flag() {
        for command in [
            "npm run",
            "npm run typed",
            "npm run quoted",
            "npm run both",
            "npm run build",
            "npm run next",
            "npm run circle",
            "npm run absent",
            "npm --prefix web run dev",
            "npm run dev --silent",
            "npm install",
            "pnpm --filter web dev",
            "pnpm -C web dev",
            "npx --yes vite",
            "npm run typed -- --open",
            "yarn",
            "pnpm",
            "npm run dev -- --port 1",
        ] {
            check(command, "");
        }
    }
}
