//! One configuration file while it is read: values with the place they stand at, and the refusals that name it.

use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use crate::domain::{duration, text};

/// A file's path and text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document<'d> {
    pub path: &'d Path,
    pub text: &'d str,
}

impl<'d> Document<'d> {
    /// Parses the text.
    pub fn table(&self) -> Result<Spanned<DeTable<'d>>, ConfigError> {
        DeTable::parse(self.text).map_err(|error| {
            let end = self.text.trim_end().len();
            self.refuse(error.span().unwrap_or(end..end), error.message(), "")
        })
    }

    /// The refusal "`what` at `path`:`line``rest`".
    pub fn refuse(&self, span: Range<usize>, what: impl Display, rest: &str) -> ConfigError {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line = 1 + before.matches('\n').count();
        let path = self.path.display();
        ConfigError {
            message: text::line(&format!("{what} at {path}:{line}{rest}")),
            hint: text::line(&format!("correct {path}, then try `ganger config check`")),
        }
    }
}

/// A table and what it is called: `queue`, `agents.mine`; empty for the whole file.
pub(super) struct Table<'d> {
    document: Document<'d>,
    name: String,
    entries: &'d DeTable<'d>,
}

impl<'d> Table<'d> {
    pub fn top(document: Document<'d>, table: &'d DeTable<'d>) -> Self {
        Self { document, name: String::new(), entries: table }
    }

    /// Its fields in the order of the file.
    pub fn fields(&self) -> Vec<Field<'d>> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let field = |(key, value): (&'d Spanned<toml::de::DeString<'d>>, _)| Field {
            document: self.document,
            section: self.name.clone(),
            key: key.get_ref(),
            key_span: key.span(),
            value,
        };
        entries.into_iter().map(field).collect()
    }
}

/// A name, or true or false.
pub(super) enum Choice {
    Named(&'static str),
    Boolean(bool),
}

/// One key with its value.
pub(super) struct Field<'d> {
    document: Document<'d>,
    /// The name of its table; empty for the whole file.
    pub section: String,
    pub key: &'d str,
    key_span: Range<usize>,
    value: &'d Spanned<DeValue<'d>>,
}

impl<'d> Field<'d> {
    /// The key with its section: `queue.max_running`.
    pub fn name(&self) -> String {
        if self.section.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.section, self.key) }
    }

    /// Refuses the value of a key that this version knows and can't obey.
    pub fn unsupported(&self) -> ConfigError {
        self.refuse_key(format_args!("`{}` is not supported by this version", self.name()), "")
    }

    /// Refuses the key for another reason.
    pub fn refuse_key(&self, what: impl Display, rest: &str) -> ConfigError {
        self.document.refuse(self.key_span.clone(), what, rest)
    }

    /// Refuses the value: "`queue.max_running` must be …".
    pub fn refuse(&self, must: impl Display) -> ConfigError {
        self.document.refuse(self.value.span(), format_args!("`{}` must {must}", self.name()), "")
    }

    /// Refuses the value and says what stands there instead.
    fn mismatch(&self, wanted: impl Display, found: &Spanned<DeValue<'_>>) -> ConfigError {
        let shown = match found.get_ref() {
            DeValue::String(text) => format!("{:?}", text::cut(text, 60)),
            DeValue::Integer(number) => number.to_string(),
            other @ (DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_)) => {
                let kind = other.type_str();
                format!("{} {kind}", if kind == "array" { "an" } else { "a" })
            }
        };
        self.document.refuse(found.span(), format_args!("`{}` must be {wanted}, not {shown}", self.name()), "")
    }

    pub fn table(&self) -> Result<Table<'d>, ConfigError> {
        let Some(entries) = self.value.get_ref().as_table() else {
            return Err(self.mismatch("a table", self.value));
        };
        Ok(Table { document: self.document, name: self.name(), entries })
    }

    pub fn text(&self) -> Result<&'d str, ConfigError> {
        self.text_of(self.value)
    }

    fn text_of(&self, value: &'d Spanned<DeValue<'d>>) -> Result<&'d str, ConfigError> {
        let Some(text) = value.get_ref().as_str() else { return Err(self.mismatch("a string", value)) };
        if text.contains('\0') { Err(self.mismatch("free of NUL characters", value)) } else { Ok(text) }
    }

    pub fn boolean(&self) -> Result<bool, ConfigError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.mismatch("true or false", self.value))
    }

    /// A whole number of at least `least`.
    pub fn number(&self, least: u32) -> Result<u32, ConfigError> {
        let number = self.value.get_ref().as_integer();
        let number = number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        number
            .filter(|number| *number >= least)
            .ok_or_else(|| self.mismatch(format_args!("a whole number from {least} to {}", u32::MAX), self.value))
    }

    pub fn duration(&self) -> Result<Duration, ConfigError> {
        let read = self.value.get_ref().as_str().and_then(duration::parse);
        read.ok_or_else(|| self.mismatch(format_args!("a duration such as {}", duration::EXAMPLE), self.value))
    }

    /// `"off"`, or what `read` makes of the value.
    pub fn unless_off<T>(&self, read: impl FnOnce(&Self) -> Result<T, ConfigError>) -> Result<Option<T>, ConfigError> {
        if self.value.get_ref().as_str() == Some("off") { Ok(None) } else { read(self).map(Some) }
    }

    /// A list of strings.
    pub fn list(&self) -> Result<Vec<String>, ConfigError> {
        let Some(array) = self.value.get_ref().as_array() else {
            return Err(self.mismatch("a list of strings", self.value));
        };
        array.iter().map(|element| self.text_of(element).map(str::to_owned)).collect()
    }

    /// A string, or a list of them.
    pub fn one_or_more(&self) -> Result<Vec<String>, ConfigError> {
        match self.value.get_ref().as_str() {
            Some(_) => Ok(vec![self.text()?.to_owned()]),
            None => self.list(),
        }
    }

    /// A list of shell commands, none of them blank.
    pub fn commands(&self) -> Result<Vec<String>, ConfigError> {
        let commands = self.list()?;
        if commands.iter().any(|command| command.trim().is_empty()) {
            return Err(self.refuse("not have an empty command"));
        }
        Ok(commands)
    }

    /// Columns and rows, as `200x50`.
    pub fn size(&self) -> Result<(u16, u16), ConfigError> {
        // The largest window of tmux, in either direction (WINDOW_MAXIMUM, tmux 3.3a).
        let side = |text: &str, least: u16| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            u16::from_str(text).ok().filter(|side| plain && (least..=10_000).contains(side))
        };
        let pair = self.value.get_ref().as_str().and_then(|text| text.split_once('x'));
        pair.and_then(|(columns, rows)| Some((side(columns, 20)?, side(rows, 5)?)))
            .ok_or_else(|| self.mismatch(r#"columns and rows from 20x5 to 10000x10000, such as "200x50""#, self.value))
    }

    /// One of `names`, or true or false.
    pub fn choice_or_boolean(&self, names: &[&'static str]) -> Result<Choice, ConfigError> {
        if let Some(boolean) = self.value.get_ref().as_bool() {
            return Ok(Choice::Boolean(boolean));
        }
        let text = self.value.get_ref().as_str();
        let found = names.iter().find(|name| text == Some(**name));
        found.map(|name| Choice::Named(name)).ok_or_else(|| {
            let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            self.mismatch(format_args!("true, false or one of {}", quoted.join(", ")), self.value)
        })
    }

    /// One of `names`, as the value beside it.
    pub fn choice<T: Copy>(&self, names: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.value.get_ref().as_str();
        let found = names.iter().find(|(name, _)| text == Some(*name));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let quoted: Vec<String> = names.iter().map(|(name, _)| format!("{name:?}")).collect();
            self.mismatch(quoted.join(" or "), self.value)
        })
    }
}
