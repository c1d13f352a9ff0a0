//! A text that is to be looked for in the diff, or in the pane.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui_textarea::TextArea;

use super::{Turn, line, typing_box};
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::options::Options;

#[derive(Clone, Debug)]
pub struct Search {
    input: Box<TextArea<'static>>,
}

impl Search {
    /// Goes on with what was looked for last.
    #[must_use]
    pub fn new(before: &str) -> Self {
        Self { input: line(before) }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        match keymap.control(&[Context::Filter], key) {
            Some(Control::Close) => Turn::Close,
            Some(Control::Choose) => Turn::Search(self.input.lines().join(" ")),
            _ => {
                self.input.input(key);
                Turn::Stay
            }
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.input.insert_str(text.replace('\n', " "));
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        typing_box(options, frame, "search; a capital letter makes case count", &self.input);
    }
}
