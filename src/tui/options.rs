//! What the board is started with.

use super::keymap::Keymap;
use super::theme::Theme;

/// What the board is started with, fixed for its life.
#[derive(Clone, Debug)]
pub struct Options {
    pub keymap: Keymap,
    pub theme: Theme,
    /// Only ASCII is drawn.
    pub ascii: bool,
    /// What lost its agent is started again from here.
    pub restart_lost: bool,
    /// The name of the repository that is shown; `None` is every one.
    pub repo: Option<String>,
    /// The names of the configured agents.
    pub agents: Vec<String>,
    pub default_agent: String,
}

impl Options {
    /// A sign, or its ASCII stand-in.
    #[must_use]
    pub const fn sign(&self, sign: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { sign }
    }
}
