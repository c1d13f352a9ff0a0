//! What the board is started with.

use std::path::PathBuf;

use super::keymap::Keymap;
use super::theme::Theme;
use crate::domain::order::Order;
use crate::engine::board::Shown;

/// What the board is started with, fixed for its life.
#[derive(Clone, Debug)]
pub struct Options {
    pub keymap: Keymap,
    pub theme: Theme,
    /// Only ASCII is drawn.
    pub ascii: bool,
    /// What lost its agent is started again from here.
    pub restart_lost: bool,
    /// The repository around here: that of new tasks.
    pub home: Option<PathBuf>,
    /// What is shown at first.
    pub shown: Shown,
    /// How it is arranged at first.
    pub order: Order,
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
