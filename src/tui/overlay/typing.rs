//! A line, or a pasted text, for the agent.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui_textarea::TextArea;

use super::{Turn, line, typing_box};
use crate::domain::id::TaskId;
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::msg::Act;
use crate::tui::options::Options;
use crate::tui::paint::key_words;

#[derive(Clone, Debug)]
pub struct Typing {
    task: TaskId,
    input: Box<TextArea<'static>>,
}

impl Typing {
    #[must_use]
    pub fn new(task: TaskId) -> Self {
        Self { task, input: line("") }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let task = self.task;
        match keymap.control(&[Context::Type], key) {
            Some(Control::Close) => return Turn::Close,
            Some(Control::Interrupt) => return Turn::Meanwhile(Act::Interrupt { task }),
            Some(Control::NewLine) => self.input.insert_newline(),
            Some(Control::Send) => {
                let text = self.input.lines().join("\n");
                return if text.is_empty() { Turn::Close } else { Turn::Acts(vec![Act::Send { task, text }]) };
            }
            _ => drop(self.input.input(key)),
        }
        Turn::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.input.insert_str(text);
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let key = |control| options.keymap.over(Context::Type, control);
        let keys = [
            (key(Control::Send), "sends"),
            (key(Control::NewLine), "new line"),
            (key(Control::Interrupt), "interrupts the agent"),
            (options.keymap.over(Context::Over, Control::Close), "closes"),
        ];
        let title = format!("to the agent of #{}{}", self.task, key_words(&keys));
        typing_box(options, frame, &title, &self.input);
    }
}
