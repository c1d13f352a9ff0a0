//! A settings file as text with positions: what is where, so that the rest can stay byte for byte as it is.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged as _};
use jsonc_parser::tokens::Token;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

/// A parsed settings file: JSON, perhaps with comments and trailing commas.
pub(super) struct Document<'a> {
    pub text: &'a str,
    pub root: Object<'a>,
    /// Where the commas are.
    commas: Vec<usize>,
    /// Where comments begin.
    comments: Vec<usize>,
}

impl<'a> Document<'a> {
    /// Reads a settings file.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let collect = CollectOptions { comments: CommentCollectionStrategy::AsTokens, tokens: true };
        let strict = ParseOptions {
            allow_comments: true,
            allow_trailing_commas: true,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let parsed = parse_to_ast(text, &collect, &strict).map_err(|error| format!("it is not JSON: {error}"))?;
        let root = match parsed.value {
            Some(Value::Object(root)) => root,
            Some(_) => return Err("it is JSON, but not an object".to_owned()),
            None => return Err("it is empty: remove it, or write {} into it".to_owned()),
        };
        let (mut commas, mut comments) = (Vec::new(), Vec::new());
        for token in parsed.tokens.unwrap_or_default() {
            match token.token {
                Token::Comma => commas.push(token.range.start),
                Token::CommentLine(_) | Token::CommentBlock(_) => comments.push(token.range.start),
                _ => {}
            }
        }
        Ok(Self { text, root, commas, comments })
    }

    /// The `hooks` of the file, if it has any.
    pub(super) fn hooks(&self) -> Result<Option<&Object<'a>>, String> {
        match only(&self.root, "hooks")? {
            None => Ok(None),
            Some(ObjectProp { value: Value::Object(hooks), .. }) => Ok(Some(hooks)),
            Some(_) => Err("its \"hooks\" is not an object".to_owned()),
        }
    }

    /// The comma between `after` and `before`, if there is one.
    pub(super) fn comma(&self, after: usize, before: usize) -> Option<usize> {
        self.commas.iter().copied().find(|comma| (after..before).contains(comma))
    }

    /// Whether a comment begins between `after` and `before`.
    pub(super) fn has_comment(&self, after: usize, before: usize) -> bool {
        self.comments.iter().any(|comment| (after..before).contains(comment))
    }

    /// Whether there is nothing but white space outside of the object.
    pub(super) fn is_bare(&self) -> bool {
        let Range { start, end } = self.root.range();
        self.text[..start].trim().is_empty() && self.text[end..].trim().is_empty()
    }
}

/// The member of this name. Of two, readers take one or the other: that is nobody's to mend but the file's owner.
pub(super) fn only<'o, 'a>(object: &'o Object<'a>, name: &str) -> Result<Option<&'o ObjectProp<'a>>, String> {
    let mut found = object.properties.iter().filter(|property| property.name.as_str() == name);
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(format!("it has {name:?} twice")),
    }
}
