//! A Rust file as far as the rules need it: its tokens, and every path that it names.

/// The tokens of a file: identifiers, `::`, and single characters; comments and literals are gone.
pub struct Source {
    tokens: Vec<String>,
}

impl Source {
    pub fn new(text: &str) -> Self {
        Self { tokens: tokens(&split(text).0) }
    }

    /// Whether `mod name;` stands in it.
    pub fn declares(&self, name: &str) -> bool {
        self.tokens.windows(3).any(|found| found == ["mod", name, ";"])
    }

    pub fn has(&self, word: &str) -> bool {
        self.tokens.iter().any(|token| token == word)
    }

    /// Whether an attribute uses the lint level: `#[level(…)]`, `#![level(…)]`, also inside `cfg_attr`.
    pub fn sets_lint_level(&self, level: &str) -> bool {
        let opens = |at: &usize| {
            self.tokens[*at] == "#"
                && self.tokens[at + 1..].iter().find(|token| *token != "!").is_some_and(|t| t == "[")
        };
        (0..self.tokens.len()).filter(opens).any(|at| {
            let mut depth = 0_u32;
            let inside = self.tokens[at + 1..].iter().skip_while(|token| *token == "!").take_while(|token| {
                match token.as_str() {
                    "[" => depth += 1,
                    "]" => depth -= 1,
                    _ => {}
                }
                depth > 0
            });
            let inside: Vec<&String> = inside.collect();
            inside.windows(2).any(|pair| pair[0] == level && pair[1] == "(")
        })
    }

    /// Every path of more than one part, and every name that a `use` or `extern crate` brings in. `self` and `super`
    /// are resolved against `module`, the file's own path in the crate, so that what is inside the crate begins
    /// with `crate`.
    pub fn paths(&self, module: &[&str]) -> Vec<Vec<String>> {
        self.paths_and_places(module).into_iter().map(|(path, _)| path).collect()
    }

    /// As [`Self::paths`], without those in a module `tests`.
    pub fn paths_outside_tests(&self, module: &[&str]) -> Vec<Vec<String>> {
        let found = self.paths_and_places(module).into_iter();
        found.filter(|(_, place)| !place.iter().any(|part| part == "tests")).map(|(path, _)| path).collect()
    }

    /// The functions that are called as methods (`x.name(…)`) or named by a path (`X::name`), without those in an inline
    /// module `tests`.
    pub fn functions_outside_tests(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let (mut depth, mut tests) = (0_usize, None);
        for (at, token) in self.tokens.iter().enumerate() {
            let next = |steps: usize| self.tokens.get(at + steps).map(String::as_str);
            match token.as_str() {
                "mod" if tests.is_none() && next(1) == Some("tests") && next(2) == Some("{") => tests = Some(depth),
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    tests = tests.filter(|opened| *opened < depth);
                }
                "." if tests.is_none() && next(2) == Some("(") => found.extend(next(1)),
                "::" if tests.is_none() => found.extend(next(1)),
                _ => {}
            }
        }
        found
    }

    /// What a root passes on under `name` (`pub use child::name;`), where it is from.
    pub fn passes_on(&self, module: &[&str], name: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        for at in (0..self.tokens.len()).filter(|at| self.tokens[*at] == "use" && self.is_public(*at)) {
            self.tree(at + 1, &[], &mut found);
        }
        let place = || module.iter().map(|&part| part.to_owned());
        let child = |path: Vec<String>| std::iter::once("crate".to_owned()).chain(place()).chain(path).collect();
        let named = found.into_iter().find(|path| path.len() > 1 && path.last().is_some_and(|last| last == name))?;
        Some(match named[0].as_str() {
            "crate" | "self" | "super" => resolve(named, place().collect()),
            _ => child(named),
        })
    }

    /// Whether the item that begins at `at` is public to some extent: `pub`, `pub(…)`.
    fn is_public(&self, at: usize) -> bool {
        let before = &self.tokens[..at];
        before.last().is_some_and(|last| last == "pub")
            || (before.last().is_some_and(|last| last == ")")
                && before
                    .iter()
                    .rposition(|token| token == "(")
                    .is_some_and(|open| open > 0 && before[open - 1] == "pub"))
    }

    /// Each path, with the module that it stands in.
    fn paths_and_places(&self, module: &[&str]) -> Vec<(Vec<String>, Vec<String>)> {
        let mut found = Vec::new();
        // The inline modules around the token, each with the depth of braces that it opened at.
        let mut inline: Vec<(String, usize)> = Vec::new();
        let mut depth = 0;
        let mut at = 0;
        while at < self.tokens.len() {
            let place =
                || module.iter().map(|&part| part.to_owned()).chain(inline.iter().map(|(name, _)| name.clone()));
            match self.tokens[at].as_str() {
                "use" => {
                    let mut read = Vec::new();
                    at = self.tree(at + 1, &[], &mut read);
                    found.extend(read.into_iter().map(|path| (resolve(path, place().collect()), place().collect())));
                    continue;
                }
                "crate" if at > 0 && self.tokens[at - 1] == "extern" => {
                    found.extend(self.tokens.get(at + 1).map(|name| (vec![name.clone()], place().collect())));
                }
                "mod" if self.tokens.get(at + 2).is_some_and(|token| token == "{") => {
                    inline.push((self.tokens[at + 1].clone(), depth));
                }
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inline.retain(|(_, opened)| *opened < depth);
                }
                token if is_word(token) => {
                    let mut path = vec![token.to_owned()];
                    while self.tokens.get(at + 1).is_some_and(|token| token == "::")
                        && self.tokens.get(at + 2).is_some_and(|token| is_word(token))
                    {
                        path.push(self.tokens[at + 2].clone());
                        at += 2;
                    }
                    if path.len() > 1 {
                        found.push((resolve(path, place().collect()), place().collect()));
                    }
                }
                _ => {}
            }
            at += 1;
        }
        found
    }

    /// Reads one tree of a `use` from `at` and returns where it ended.
    fn tree(&self, mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
        let mut path = before.to_vec();
        while let Some(token) = self.tokens.get(at) {
            match token.as_str() {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while self.tokens.get(at).is_some_and(|token| token != "}") {
                        at = self.tree(at, &path, found);
                        if self.tokens.get(at).is_some_and(|token| token == ",") {
                            at += 1;
                        }
                    }
                    return at + 1;
                }
                "as" => at += 2,
                "*" => {
                    path.push(token.clone());
                    at += 1;
                }
                word if is_word(word) => {
                    path.push(token.clone());
                    at += 1;
                }
                _ => break,
            }
        }
        found.push(path);
        at
    }
}

/// Turns `self::…` and `super::…` of the module `place` into `crate::…`.
fn resolve(path: Vec<String>, mut place: Vec<String>) -> Vec<String> {
    let relative = path.iter().take_while(|part| matches!(part.as_str(), "self" | "super")).count();
    if relative == 0 {
        return path;
    }
    let up = path[..relative].iter().filter(|part| *part == "super").count();
    place.truncate(place.len().saturating_sub(up));
    std::iter::once("crate".to_owned()).chain(place).chain(path.into_iter().skip(relative)).collect()
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = if is_word(rest) {
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        // A raw identifier is the same name.
        if &rest[..end] == "r" && rest[end..].starts_with('#') {
            rest = &rest[end + 1..];
            continue;
        }
        tokens.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    tokens
}

/// The texts in a file's literals, as they are written.
pub fn literals(text: &str) -> Vec<String> {
    split(text).1
}

/// A file's code without comments and literals, and the texts of its literals.
fn split(text: &str) -> (String, Vec<String>) {
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(raw) =
            raw_string(rest).filter(|_| !code.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        {
            raw
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' {
            // A character has its closing quote; a lifetime has none.
            let character = rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'');
            if character { quoted(rest, '\'') } else { 1 }
        } else {
            0
        };
        if skipped == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            if !rest.starts_with(['/', '\'']) {
                literals.push(rest[..skipped].trim_matches(['r', '#', '"']).to_owned());
            }
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    (code, literals)
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

fn raw_string(text: &str) -> Option<usize> {
    let after = ["br", "cr", "r"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let body = after.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(after.len() - body.len()));
    let body = body.strip_prefix('"')?;
    Some(text.len() - body.len() + body.find(&end).map_or(body.len(), |at| at + end.len()))
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn paths(text: &str) -> Vec<String> {
        Source::new(text).paths(&["git", "read"]).iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn every_way_to_name_a_path_is_read() {
        assert_eq!(paths("use crate::domain::task::Task;"), ["crate::domain::task::Task"]);
        assert_eq!(
            paths("pub use crate::{domain::{self, id::*}, ports as p,};"),
            ["crate::domain::self", "crate::domain::id::*", "crate::ports"]
        );
        assert_eq!(paths("use ::git2; extern crate rusqlite;"), ["git2", "rusqlite"]);
        assert_eq!(
            paths("fn f(x: &crate::os::Lock) { std::process::exit(1) }"),
            ["crate::os::Lock", "std::process::exit"]
        );
        assert_eq!(paths("let x = crate :: tmux\n::run::<u8>();"), ["crate::tmux::run"]);
        assert_eq!(paths("use r#std::process;"), ["std::process"]);
    }

    #[test]
    fn relative_paths_are_resolved() {
        assert_eq!(paths("use super::x;"), ["crate::git::x"]);
        assert_eq!(paths("use super::super::tmux::X;"), ["crate::tmux::X"]);
        assert_eq!(
            paths("mod tests { use super::x; mod m { fn f() {} } use super::super::y; } use self::z;"),
            ["crate::git::read::x", "crate::git::y", "crate::git::read::z"]
        );
    }

    #[test]
    fn comments_and_literals_name_nothing() {
        assert_eq!(
            paths("//! crate::os\n/* crate::os /* x */ crate::git */ /// [`x`]: crate::tmux"),
            Vec::<String>::new()
        );
        assert_eq!(
            paths(r##"let s = ("crate::os \" crate::os", r#"crate::os"#, '"', '\'', b"a::b");"##),
            Vec::<String>::new()
        );
        assert_eq!(paths("fn f<'a>(x: &'a str) { y::<'a>(\"a::b\") } use crate::x;"), ["crate::x"]);
        assert!(Source::new("#[cfg(test)]\npub mod a;").declares("a"));
        assert!(!Source::new("// mod a;\nmod b { }").declares("a"));
    }

    #[test]
    fn calls_are_found_outside_of_tests() {
        let text = "fn f() { x.a(1).b; Path::c; /* .d() */ } mod tests { fn g() { x.e(); } } fn h() { y.f() }";
        assert_eq!(Source::new(text).functions_outside_tests(), ["a", "c", "f"]);
        assert_eq!(Source::new("mod tests; fn f() { x.a() }").functions_outside_tests(), ["a"]);
    }

    #[test]
    fn lint_levels_are_found_in_attributes_only() {
        assert!(Source::new("#[allow(dead_code)] fn f() {}").sets_lint_level("allow"));
        assert!(Source::new("#![cfg_attr(test, allow(dead_code))]").sets_lint_level("allow"));
        assert!(!Source::new("#[expect(dead_code)] fn allow() { allow(1); } // #[allow(x)]").sets_lint_level("allow"));
    }
}
