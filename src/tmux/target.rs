//! Exact targets. tmux matches bare names by prefix, so no other form than these ever reaches a `-t`.

use std::fmt;

use crate::ports::multiplexer::{MuxError, Result};

/// The name of a session of ours: lower-case letters, digits and hyphens.
///
/// tmux reads `:`, `.`, `=`, `$`, `@`, `#`, `*` and more in a name; none of them can be in this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(&'a str);

impl<'a> Name<'a> {
    /// Accepts a name that means nothing to tmux but itself.
    ///
    /// # Errors
    /// When it is empty, begins with a hyphen or holds any other character.
    pub fn new(name: &'a str) -> Result<Self> {
        let plain = |byte: u8| byte == b'-' || byte.is_ascii_digit() || byte.is_ascii_lowercase();
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(plain) {
            return Err(MuxError::Failed(format!(
                "{name:?} can't be a session's name: only a-z, 0-9 and - are allowed"
            )));
        }
        Ok(Self(name))
    }

    /// The name as it is.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// What a command acts on: one session, window or pane, never a prefix of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// A session, for commands that take a session.
    #[must_use]
    pub fn session(name: Name<'_>) -> Self {
        Self(format!("={}", name.0))
    }

    /// A session, for commands that take a window or pane and act on its session.
    #[must_use]
    pub fn within(name: Name<'_>) -> Self {
        Self(format!("={}:", name.0))
    }

    /// The first window of a session: of a new one, its own, whatever a hook opened beside it.
    #[must_use]
    pub fn first_window(name: Name<'_>) -> Self {
        Self(format!("={}:^", name.0))
    }

    /// The pane that a new session began with, even if a hook has split it already.
    #[must_use]
    pub fn first_pane(name: Name<'_>) -> Self {
        Self(format!("={}:^.{{top-left}}", name.0))
    }

    /// A pane by its id, `%` and digits.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn pane(id: &str) -> Result<Self> {
        if is_id(id.as_bytes(), b'%') {
            Ok(Self(id.to_owned()))
        } else {
            Err(MuxError::Failed(format!("{id:?} is not a pane's id")))
        }
    }

    /// The text for `-t`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is `sigil` and up to ten digits.
pub(super) fn is_id(text: &[u8], sigil: u8) -> bool {
    matches!(text.split_first(), Some((first, digits))
        if *first == sigil && (1..=10).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::{Name, Target};

    #[test]
    fn a_name_that_tmux_could_read_otherwise_is_refused() {
        for wrong in ["", "-a", "a:b", "a.b", "=a", "$1", "@1", "%1", "a*", "#(x)", "A", "a b", "ä", "a\n", "{last}"] {
            assert!(Name::new(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Target::session(Name::new("ganger-1").unwrap()).as_str(), "=ganger-1");
    }

    #[test]
    fn only_a_pane_id_is_a_pane() {
        for wrong in ["", "%", "1", "%1;", "%1 ", "%-1", "=a", "%12345678901"] {
            assert!(Target::pane(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Target::pane("%12").unwrap().as_str(), "%12");
    }
}
