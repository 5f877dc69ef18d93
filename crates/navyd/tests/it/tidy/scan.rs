//! Rust text, line by line, with comments, strings and tests told apart.
//!
//! It knows comments (nested too), strings (raw too), characters and lifetimes, and takes a module under
//! `#[cfg(test)]` for tests. Macros and attributes are words like any other.

/// One file.
pub(super) struct Source {
    /// Its path from the project's root.
    pub(super) path: String,
    /// Its lines.
    pub(super) lines: Vec<Line>,
}

/// One line, split by what it is made of.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Line {
    /// Without comments, and with the inside of strings left out.
    pub(super) code: String,
    /// Without comments.
    pub(super) text: String,
    /// The comments alone.
    pub(super) comment: String,
    /// Whether it belongs to tests.
    pub(super) test: bool,
}

impl Source {
    /// Splits a file.
    pub(super) fn new(text: &str, path: String) -> Self {
        let mut lines = split(text);
        if path.contains("/tests/") || path.ends_with("/tests.rs") {
            lines.iter_mut().for_each(|line| line.test = true);
        } else {
            mark_tests(&mut lines);
        }
        Self { path, lines }
    }

    /// Whether any of it is not a test.
    pub(super) fn is_product(&self) -> bool {
        self.lines.iter().any(|line| !line.test)
    }

    /// The lines that are not tests, with their numbers.
    pub(super) fn product(&self) -> impl Iterator<Item = (usize, &Line)> {
        (1..).zip(&self.lines).filter(|(_, line)| !line.test)
    }

    /// `path:number: message`.
    pub(super) fn at(&self, number: usize, message: &str) -> String {
        format!("{}:{number}: {message}", self.path)
    }
}

/// Whether `word` stands in `text` with nothing before or after it that a name may contain.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(name)
            && !text[at + word.len()..].chars().next().is_some_and(name)
    })
}

enum Within {
    Code,
    Comment { depth: usize },
    String { hashes: Option<usize> },
}

fn split(text: &str) -> Vec<Line> {
    let mut within = Within::Code;
    text.lines()
        .map(|raw| {
            let mut line = Line::default();
            let mut rest = raw;
            while let Some(first) = rest.chars().next() {
                let taken = step(&mut within, &mut line, rest, first);
                rest = &rest[taken..];
            }
            line
        })
        .collect()
}

/// Takes what stands at the start of `rest`; returns its length.
fn step(within: &mut Within, line: &mut Line, rest: &str, first: char) -> usize {
    match within {
        Within::Comment { depth } => {
            if rest.starts_with("*/") {
                match *depth {
                    1 => *within = Within::Code,
                    _ => *depth -= 1,
                }
                return 2;
            }
            if rest.starts_with("/*") {
                *depth += 1;
                return 2;
            }
            line.comment.push(first);
        }
        Within::String { hashes } => {
            let end = format!("\"{}", "#".repeat(hashes.unwrap_or(0)));
            if rest.starts_with(&end) {
                *within = Within::Code;
                line.code.push('"');
                line.text.push_str(&end);
                return end.len();
            }
            if hashes.is_none() && first == '\\' {
                let escaped = rest.chars().take(2).map(char::len_utf8).sum();
                line.text.push_str(&rest[..escaped]);
                return escaped;
            }
            line.text.push(first);
        }
        Within::Code => {
            if let Some(comment) = rest.strip_prefix("//") {
                line.comment.push_str(comment);
                return rest.len();
            }
            if rest.starts_with("/*") {
                *within = Within::Comment { depth: 1 };
                return 2;
            }
            let after_name = line.code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let (taken, opened) = match string_start(rest).filter(|_| first == '"' || !after_name) {
                Some((taken, hashes)) => (taken, Some(hashes)),
                None => (character(rest).unwrap_or(first.len_utf8()), None),
            };
            if let Some(hashes) = opened {
                *within = Within::String { hashes };
                line.code.push('"');
            } else if taken == first.len_utf8() {
                line.code.push(first);
            }
            line.text.push_str(&rest[..taken]);
            return taken;
        }
    }
    first.len_utf8()
}

/// The length of a string's opening, and for a raw one its number of `#`.
fn string_start(rest: &str) -> Option<(usize, Option<usize>)> {
    let open = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    if open.starts_with('"') {
        return Some((rest.len() - open.len() + 1, None));
    }
    let raw = open.strip_prefix('r')?;
    let quote = raw.trim_start_matches('#');
    quote.starts_with('"').then(|| (rest.len() - quote.len() + 1, Some(raw.len() - quote.len())))
}

/// The length of a character such as `'"'` or `'\''`; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    if inside.starts_with('\\') {
        let escaped: usize = inside.chars().take(2).map(char::len_utf8).sum();
        return Some(1 + escaped + inside.get(escaped..)?.find('\'')? + 1);
    }
    let first = inside.chars().next()?;
    inside[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

fn mark_tests(lines: &mut [Line]) {
    let mut depth = 0usize;
    let mut waiting = false;
    let mut inside = None;
    for line in lines {
        waiting |= inside.is_none() && line.code.contains("#[cfg(test)]");
        line.test = waiting || inside.is_some();
        for c in line.code.chars() {
            match c {
                '{' => {
                    depth += 1;
                    if waiting {
                        (waiting, inside) = (false, Some(depth));
                    }
                }
                '}' => {
                    if inside == Some(depth) {
                        inside = None;
                    }
                    depth = depth.saturating_sub(1);
                }
                ';' => waiting = false,
                _ => {}
            }
        }
    }
}

#[test]
fn comments_and_strings_are_told_from_code() {
    let check = |text: &str, code: &str, comment: &str| {
        let lines = split(text);
        let joined = |part: fn(&Line) -> &str| lines.iter().map(part).collect::<Vec<_>>().join("\n");
        assert_eq!(joined(|line| &line.code), code, "code of {text}");
        assert_eq!(joined(|line| &line.comment), comment, "comment of {text}");
    };
    check("let a = 1; // why", "let a = 1; ", " why");
    check("a(\"// no\") // yes", "a(\"\") ", " yes");
    check("/* x /* y */ z */ b", " b", " x  y  z ");
    check("a /* over\nlines */ b", "a \n b", " over\nlines ");
    check(r#"p("\"quoted\" {")"#, "p(\"\")", "");
    check("p(r#\"raw \" // {\"#)", "p(\"\")", "");
    check("match c { '\"' => 1, '\\'' => 2 } fn f<'a>() // x", "match c {  => 1,  => 2 } fn f<'a>() ", " x");
    check("for x in \"a\nb\".lines()", "for x in \"\n\".lines()", "\n");
    check("pair\"", "pair\"", "");
}

#[test]
fn test_modules_are_marked() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod t;\nfn d() {}";
    let tests: Vec<_> = Source::new(text, "x.rs".into()).lines.iter().map(|line| line.test).collect();
    assert_eq!(tests, [false, true, true, true, true, false, true, true, false]);
}

#[test]
fn words_end_where_names_end() {
    let check = |text, word, expected| assert_eq!(has_word(text, word), expected, "{word} in {text}");
    check("unsafe { x }", "unsafe", true);
    check("#![deny(unsafe_code)]", "unsafe", false);
    check("println!(\"\")", "println!", true);
    check("eprintln!(\"\")", "println!", false);
}
