//! Feedback for the agent: for a retry, or on work in review, whole or a line of it.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui_textarea::{CursorMove, TextArea};

use super::{Turn, line, typing_box};
use crate::domain::comment::Comment;
use crate::domain::id::TaskId;
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::msg::{Act, Remark};
use crate::tui::options::Options;
use crate::tui::paint::key_words;

/// What is typed.
#[derive(Clone, Debug)]
enum Purpose {
    Retry,
    Bounce,
    /// A comment on this line, `FILE:LINE`.
    Comment(String),
    /// Another text for the comment of this id.
    Edit(i64),
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

    /// What a comment says, to be changed.
    #[must_use]
    pub fn edited(task: TaskId, comment: &Comment) -> Self {
        let mut input = Box::new(TextArea::from(comment.text.lines()));
        input.move_cursor(CursorMove::Bottom);
        input.move_cursor(CursorMove::End);
        Self { task, purpose: Purpose::Edit(comment.id), input }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let task = self.task;
        match keymap.control(&[Context::Note], key) {
            Some(Control::Close) => return Turn::Close,
            Some(Control::NewLine) => self.input.insert_newline(),
            Some(Control::Send) => {
                let note = Some(self.input.lines().join("\n")).filter(|note| !note.trim().is_empty());
                return match (&self.purpose, note) {
                    (Purpose::Bounce | Purpose::Comment(_) | Purpose::Edit(_), None) => Turn::Close,
                    (Purpose::Bounce, Some(note)) => Turn::Acts(vec![Act::Bounce { task, note }]),
                    (Purpose::Comment(line), Some(text)) => {
                        let remark = Remark::Add { place: line.clone(), text };
                        Turn::Acts(vec![Act::Comment { task, remark }])
                    }
                    (Purpose::Edit(id), Some(text)) => {
                        Turn::Acts(vec![Act::Comment { task, remark: Remark::Edit { id: *id, text } }])
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
            Purpose::Edit(id) => (format!("comment {id}"), "keeps it for the feedback"),
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
