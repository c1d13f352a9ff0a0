//! A filter that is being typed. It is shown in the footer, and the board obeys it at once.

use crossterm::event::KeyEvent;
use ratatui_textarea::TextArea;

use super::{Turn, line};
use crate::tui::keymap::{Context, Control, Keymap};

#[derive(Clone, Debug)]
pub struct Filter {
    input: Box<TextArea<'static>>,
    before: String,
}

impl Filter {
    /// Goes on with the filter that is in force.
    #[must_use]
    pub fn new(before: &str) -> Self {
        Self { input: line(before), before: before.to_owned() }
    }

    /// What is typed.
    #[must_use]
    pub fn text(&self) -> String {
        self.input.lines().join(" ")
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        match keymap.control(&[Context::Filter], key) {
            Some(Control::Close) => Turn::Filter { text: self.before.clone(), stays: false },
            Some(Control::Choose) => Turn::Filter { text: self.text(), stays: false },
            _ => {
                self.input.input(key);
                Turn::Filter { text: self.text(), stays: true }
            }
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Turn {
        self.input.insert_str(text.replace('\n', " "));
        Turn::Filter { text: self.text(), stays: true }
    }
}
