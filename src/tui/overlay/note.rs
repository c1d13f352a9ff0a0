//! Feedback for the agent: for a retry, or on work in review.

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
pub struct Note {
    task: TaskId,
    bounces: bool,
    input: Box<TextArea<'static>>,
}

impl Note {
    /// For a retry.
    #[must_use]
    pub fn retry(task: TaskId) -> Self {
        Self { task, bounces: false, input: line("") }
    }

    /// To send work back; `text` is there already, to be changed or sent.
    #[must_use]
    pub fn bounce(task: TaskId, text: &str) -> Self {
        Self { task, bounces: true, input: line(text) }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let task = self.task;
        match keymap.control(&[Context::Note], key) {
            Some(Control::Close) => return Turn::Close,
            Some(Control::NewLine) => self.input.insert_newline(),
            Some(Control::Send) => {
                let note = Some(self.input.lines().join("\n")).filter(|note| !note.trim().is_empty());
                return match (self.bounces, note) {
                    (true, None) => Turn::Close,
                    (true, Some(note)) => Turn::Acts(vec![Act::Bounce { task, note }]),
                    (false, note) => Turn::Acts(vec![Act::Retry { task, fresh: false, note }]),
                };
            }
            _ => drop(self.input.input(key)),
        }
        Turn::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.input.insert_str(text);
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let key = |control| options.keymap.over(Context::Note, control);
        let keys = [
            (key(Control::Send), if self.bounces { "sends it back" } else { "retries" }),
            (key(Control::NewLine), "new line"),
            (options.keymap.over(Context::Over, Control::Close), "closes"),
        ];
        let title = format!("feedback for the agent of #{}{}", self.task, key_words(&keys));
        typing_box(options, frame, &title, &self.input);
    }
}
