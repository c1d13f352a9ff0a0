//! The fields of the form.

use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::paint::key_words;

/// The fields, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Title,
    Prompt,
    Agent,
    Base,
    Branch,
    Priority,
    After,
    Verify,
    Timeout,
    Files,
    Permissions,
}

/// The choices of [`Name::Permissions`].
pub(super) const PERMISSIONS: [&str; 2] = ["safe", "unsafe"];

impl Name {
    pub const ALL: [Self; 11] = [
        Self::Title,
        Self::Prompt,
        Self::Agent,
        Self::Base,
        Self::Branch,
        Self::Priority,
        Self::After,
        Self::Verify,
        Self::Timeout,
        Self::Files,
        Self::Permissions,
    ];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::Prompt => "Prompt",
            Self::Agent => "Agent",
            Self::Base => "Base",
            Self::Branch => "Branch",
            Self::Priority => "Priority",
            Self::After => "After",
            Self::Verify => "Verify",
            Self::Timeout => "Timeout",
            Self::Files => "Files",
            Self::Permissions => "Safety",
        }
    }

    /// What stands in it while it is empty.
    #[must_use]
    pub fn hint(self, keymap: &Keymap) -> String {
        let hint = match self {
            Self::Title => "one line that says what is wanted",
            Self::Prompt => {
                let editor = [(keymap.over(Context::Form, Control::Editor), "opens $EDITOR")];
                return format!("what the agent is told (empty: the title){}", key_words(&editor));
            }
            Self::Agent => "one of the configured agents",
            Self::Base => "a branch or commit, or: after (empty: as configured)",
            Self::Branch => "one that is there, to work on (empty: a new one)",
            Self::Priority => "0; higher goes first",
            Self::After => "ids of tasks that must be done first",
            Self::Verify => "commands that must pass before review, one a line",
            Self::Timeout => "like 30m (empty: as configured)",
            Self::Files => "files that it is about, separated by commas",
            Self::Permissions => "safe, or unsafe: the agent's dangerous arguments",
        };
        hint.to_owned()
    }

    /// Whose keys hold in it, besides those of the whole form.
    #[must_use]
    pub const fn contexts(self) -> &'static [Context] {
        if self.is_choice() {
            &[Context::Choice, Context::Form]
        } else if self.is_long() {
            &[Context::Form]
        } else {
            &[Context::Line, Context::Form]
        }
    }

    /// Whether it is one of several words.
    #[must_use]
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::Agent | Self::Permissions)
    }

    /// Whether it holds several lines.
    #[must_use]
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Prompt | Self::Verify)
    }
}
