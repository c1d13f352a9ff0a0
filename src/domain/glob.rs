//! Patterns of paths below a folder, as git's pathspecs with `:(glob)`: `*`, `?` and `[…]` stay within a name, `**`
//! stands for any number of folders.

/// A pattern, name by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`
    Folders,
    Name(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `?`
    Any,
    /// `*`
    Many,
    /// `[…]`: ranges, and whether they are those that do not match.
    Class(Vec<(u8, u8)>, bool),
}

/// How a path stands to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The path, and everything in it.
    Whole,
    /// Not the path, but perhaps something in it.
    Below,
    No,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none: as the end of a sentence about it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.starts_with('/') {
            return Err("is absolute");
        }
        let mut parts = Vec::new();
        for name in text.split('/') {
            match name {
                "" | "." => {}
                ".." => return Err("leads out of it"),
                "**" => parts.push(Part::Folders),
                name => parts.push(Part::Name(tokens(name)?)),
            }
        }
        if parts.is_empty() { Err("names nothing") } else { Ok(Self(parts)) }
    }

    /// Looks at the names of a path.
    #[must_use]
    pub fn look(&self, path: &[&[u8]]) -> Match {
        look(&self.0, path)
    }
}

fn look(parts: &[Part], path: &[&[u8]]) -> Match {
    match (parts, path) {
        // The path, or a folder that it is in, matches.
        ([], _) | ([Part::Folders], [_, ..]) => Match::Whole,
        (_, []) => Match::Below,
        ([Part::Folders, rest @ ..], [_, below @ ..]) => match look(rest, path) {
            Match::Whole => Match::Whole,
            Match::Below | Match::No => look(parts, below),
        },
        ([Part::Name(tokens), rest @ ..], [name, below @ ..]) => {
            if is_name(tokens, name) {
                look(rest, below)
            } else {
                Match::No
            }
        }
    }
}

fn tokens(name: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = name.bytes().peekable();
    while let Some(byte) = rest.next() {
        tokens.push(match byte {
            b'*' => Token::Many,
            b'?' => Token::Any,
            b'\\' => Token::Byte(rest.next().ok_or("ends in a backslash")?),
            b'[' => {
                let without = rest.next_if(|byte| matches!(byte, b'!' | b'^')).is_some();
                let mut ranges = Vec::new();
                loop {
                    let from = rest.next().ok_or("has a [ without a ]")?;
                    if from == b']' && !ranges.is_empty() {
                        break;
                    }
                    let mut to = from;
                    if rest.peek() == Some(&b'-') {
                        rest.next();
                        // A `-` at the end is one of the characters.
                        match rest.next_if(|byte| *byte != b']') {
                            Some(end) => to = end,
                            None => ranges.push((b'-', b'-')),
                        }
                    }
                    ranges.push((from, to));
                }
                Token::Class(ranges, without)
            }
            byte => Token::Byte(byte),
        });
    }
    Ok(tokens)
}

fn is_name(tokens: &[Token], name: &[u8]) -> bool {
    // The last `*`, and how much of the name it has taken: no other one ever has to be reconsidered.
    let mut star: Option<(usize, usize)> = None;
    let (mut token, mut byte) = (0, 0);
    while byte < name.len() {
        let fits = match tokens.get(token) {
            Some(Token::Many) => {
                star = Some((token, byte));
                token += 1;
                continue;
            }
            Some(Token::Any) => true,
            Some(Token::Byte(wanted)) => *wanted == name[byte],
            Some(Token::Class(ranges, without)) => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&name[byte])) != *without
            }
            None => false,
        };
        if fits {
            token += 1;
            byte += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            token = at + 1;
            byte = taken + 1;
        } else {
            return false;
        }
    }
    tokens[token..].iter().all(|token| *token == Token::Many)
}

#[cfg(test)]
mod tests {
    use super::{Match, Pattern};

    fn look(pattern: &str, path: &str) -> Match {
        let names: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
        Pattern::parse(pattern).unwrap().look(&names)
    }

    #[test]
    fn names_are_matched_one_by_one() {
        for (pattern, path, expected) in [
            (".env*", ".env", Match::Whole),
            (".env*", ".env.local", Match::Whole),
            (".env*", "a/.env", Match::No),
            ("*", ".hidden", Match::Whole),
            ("node_modules", "node_modules/a/b", Match::Whole),
            ("node_modules/", "node_modules", Match::Whole),
            ("./node_modules", "node_modules", Match::Whole),
            ("a/b/c", "a", Match::Below),
            ("a/b/c", "a/b", Match::Below),
            ("a/b/c", "b", Match::No),
            ("a/*/c", "a/x/c", Match::Whole),
            ("a/*/c", "a/x/y/c", Match::No),
            ("**/c", "c", Match::Whole),
            ("**/c", "a/b/c", Match::Whole),
            ("**/c", "a/b", Match::Below),
            ("a/**", "a", Match::Below),
            ("a/**", "a/b", Match::Whole),
            ("a/**/z", "a/z", Match::Whole),
            ("a/**/z", "a/b/c/z/d", Match::Whole),
            ("a/**/z", "b", Match::No),
            ("*.l?g", "x.log", Match::Whole),
            ("*.l?g", "x.lg", Match::No),
            ("*a*b*", "xxaxxbxx", Match::Whole),
            ("*a*b*", "xxbxxaxx", Match::No),
            ("[a-c]x", "bx", Match::Whole),
            ("[!a-c]x", "bx", Match::No),
            ("[]x]", "]", Match::Whole),
            ("[a-]", "-", Match::Whole),
            ("\\*", "*", Match::Whole),
            ("\\*", "a", Match::No),
        ] {
            assert_eq!(look(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "/", "/etc", "..", "a/../b", "a/..", ".", "[a", "a\\"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_takes_no_more_than_it_has_to() {
        for (pattern, name, matches) in [
            ("*ab", "aab", true),
            ("*ab", "xaab", true),
            ("a*bc", "abbc", true),
            ("*a*b", "xaxb", true),
            ("*aba", "ababa", true),
            ("*ab", "abx", false),
        ] {
            assert_eq!(look(pattern, name) == Match::Whole, matches, "{pattern} {name}");
        }
    }

    #[test]
    fn a_long_name_is_matched_in_no_time() {
        let pattern = "*a".repeat(40);
        assert_eq!(look(&pattern, &"a".repeat(39)), Match::No);
        assert_eq!(look(&pattern, &format!("{}b", "a".repeat(4000))), Match::No);
    }
}
