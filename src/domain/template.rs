//! Templates of tasks: what a kind of task always says, with gaps that are filled in when one is added.

use std::collections::{BTreeMap, BTreeSet};

/// A template: `{name}` in its texts is a gap, and `{title}` the task's title; `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    pub prompt: String,
    pub agent: Option<String>,
    pub base: Option<String>,
    pub files: Vec<String>,
    /// Commands (`sh -c`): what is filled in is quoted for the shell.
    pub verify: Vec<String>,
}

/// A template whose gaps are filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub prompt: String,
    pub base: Option<String>,
    pub files: Vec<String>,
    pub verify: Vec<String>,
}

/// Why a template can't be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// These gaps have no value.
    Missing(Vec<String>),
    /// There are no such gaps.
    Unknown(Vec<String>),
}

/// A piece of a text.
enum Piece<'a> {
    Text(&'a str),
    Gap(&'a str),
}

impl Template {
    /// One that says nothing yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            prompt: String::new(),
            agent: None,
            base: None,
            files: Vec::new(),
            verify: Vec::new(),
        }
    }

    /// The names of its gaps, without `title`.
    #[must_use]
    pub fn gaps(&self) -> BTreeSet<&str> {
        let texts = [&self.prompt].into_iter().chain(&self.base).chain(&self.files).chain(&self.verify);
        let gap = |piece| match piece {
            Piece::Gap(name) if name != "title" => Some(name),
            Piece::Gap(_) | Piece::Text(_) => None,
        };
        texts.flat_map(|text| pieces(text)).filter_map(gap).collect()
    }

    /// Fills the gaps.
    ///
    /// # Errors
    /// Where values and gaps are not the same.
    pub fn fill(&self, title: &str, values: &BTreeMap<String, String>) -> Result<Filled, Misfit> {
        let gaps = self.gaps();
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let unknown: Vec<&str> = values.keys().map(String::as_str).filter(|name| !gaps.contains(name)).collect();
        if !unknown.is_empty() {
            return Err(Misfit::Unknown(owned(unknown)));
        }
        let missing: Vec<&str> = gaps.into_iter().filter(|name| !values.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(Misfit::Missing(owned(missing)));
        }
        let value = |name: &str| if name == "title" { title } else { values.get(name).map_or("", String::as_str) };
        let plain = |text: &String| filled(text, |name| value(name).to_owned());
        Ok(Filled {
            prompt: plain(&self.prompt),
            base: self.base.as_ref().map(plain),
            files: self.files.iter().map(plain).collect(),
            verify: self.verify.iter().map(|text| filled(text, |name| quoted(value(name)))).collect(),
        })
    }
}

fn filled(text: &str, value: impl Fn(&str) -> String) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Gap(name) => value(name),
    };
    pieces(text).map(piece).collect()
}

/// A value as one word of a shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// A text, from gap to gap. A brace that begins no gap is a brace.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        for double in ["{{", "}}"] {
            if let Some(after) = rest.strip_prefix(double) {
                rest = after;
                return Some(Piece::Text(&double[1..]));
            }
        }
        if let Some((name, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'))
            && is_name(name)
        {
            rest = after;
            return Some(Piece::Gap(name));
        }
        // At least the one character that begins nothing.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find(['{', '}']).map_or(rest.len(), |at| first + at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

/// Whether a gap, or a value, can be called so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Misfit, Template, pieces};

    fn template() -> Template {
        Template {
            prompt: "{title}: fix {file} as in {issue}; JSON is { \"a\": {} }, a gap is written {{file}}".to_owned(),
            base: Some("release/{version}".to_owned()),
            files: vec!["{file}".to_owned()],
            verify: vec!["cargo test {file}".to_owned()],
            ..Template::new("bug")
        }
    }

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn gaps_are_filled_once_and_quoted_for_the_shell() {
        let given = values(&[("file", "it's {issue}"), ("issue", "#7"), ("version", "2")]);
        let filled = template().fill("Crash", &given).unwrap();
        assert_eq!(filled.prompt, "Crash: fix it's {issue} as in #7; JSON is { \"a\": {} }, a gap is written {file}");
        assert_eq!((filled.base.as_deref(), filled.files), (Some("release/2"), vec!["it's {issue}".to_owned()]));
        assert_eq!(filled.verify, [r"cargo test 'it'\''s {issue}'"]);
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let given = values(&[("file", "a"), ("isue", "#7"), ("colour", "red")]);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(template().fill("t", &given), Err(Misfit::Unknown(names(&["colour", "isue"]))));
        assert_eq!(template().fill("t", &values(&[("file", "a")])), Err(Misfit::Missing(names(&["issue", "version"]))));
    }

    proptest! {
        #[test]
        fn a_text_without_gaps_stays_as_it_is(text in "[a-z {}é]{0,30}") {
            let template = Template { prompt: text.clone(), ..Template::new("x") };
            if template.gaps().is_empty() && !text.contains("{{") && !text.contains("}}") && !text.contains("{title}") {
                prop_assert_eq!(template.fill("t", &BTreeMap::new()).unwrap().prompt, text);
            } else {
                prop_assert!(pieces(&text).count() <= text.len());
            }
        }
    }
}
