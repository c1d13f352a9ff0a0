//! Feedback for the agent: for a retry, or on work in review, whole or a line of it.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui_textarea::TextArea;

use super::{Turn, line, typing_box};
use crate::domain::id::TaskId;
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::msg::Act;
use crate::tui::options::Options;
use crate::tui::paint::key_words;

/// What is typed.
#[derive(Clone, Debug)]
enum Purpose {
    Retry,
    Bounce,
    /// A comment on this line, `FILE:LINE`.
    Comment(String),
}

#[derive(Clone, Debug)]
pub struct Note {
    task: TaskId,
    purpose: Purpose,
    input: Box<TextArea<'static>>,
}

impl Note {
    /// For a retry.
    #[must_use]
    pub fn retry(task: TaskId) -> Self {
        Self { task, purpose: Purpose::Retry, input: line("") }
    }

    /// To send work back; `text` is there already, to be changed or sent.
    #[must_use]
    pub fn bounce(task: TaskId, text: &str) -> Self {
        Self { task, purpose: Purpose::Bounce, input: line(text) }
    }

    /// On a line of its work.
    #[must_use]
    pub fn comment(task: TaskId, on: String) -> Self {
        Self { task, purpose: Purpose::Comment(on), input: line("") }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let task = self.task;
        match keymap.control(&[Context::Note], key) {
            Some(Control::Close) => return Turn::Close,
            Some(Control::NewLine) => self.input.insert_newline(),
            Some(Control::Send) => {
                let note = Some(self.input.lines().join("\n")).filter(|note| !note.trim().is_empty());
                return match (&self.purpose, note) {
                    (Purpose::Bounce | Purpose::Comment(_), None) => Turn::Close,
                    (Purpose::Bounce, Some(note)) => Turn::Acts(vec![Act::Bounce { task, note }]),
                    (Purpose::Comment(line), Some(text)) => {
                        Turn::Acts(vec![Act::Comment { task, line: line.clone(), text }])
                    }
                    (Purpose::Retry, note) => Turn::Acts(vec![Act::Retry { task, fresh: false, note }]),
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
        let (what, sends) = match &self.purpose {
            Purpose::Retry => (format!("feedback for the agent of #{}", self.task), "retries"),
            Purpose::Bounce => (format!("feedback for the agent of #{}", self.task), "sends it back"),
            Purpose::Comment(line) => (format!("comment on {line}"), "keeps it for the feedback"),
        };
        let keys = [
            (key(Control::Send), sends),
            (key(Control::NewLine), "new line"),
            (options.keymap.over(Context::Over, Control::Close), "closes"),
        ];
        let title = format!("{what}{}", key_words(&keys));
        typing_box(options, frame, &title, &self.input);
    }
}
