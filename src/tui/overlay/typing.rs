//! A line, or a pasted text, for the agent.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Clear, Paragraph};
use ratatui_textarea::TextArea;

use super::{Turn, line, typing_box};
use crate::domain::id::TaskId;
use crate::domain::text;
use crate::tui::fold;
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::msg::Act;
use crate::tui::options::Options;
use crate::tui::paint::key_words;

#[derive(Clone, Debug)]
pub struct Typing {
    task: TaskId,
    /// What the agent waits for.
    asked: Option<String>,
    input: Box<TextArea<'static>>,
}

impl Typing {
    #[must_use]
    pub fn new(task: TaskId, asked: Option<String>) -> Self {
        Self { task, asked, input: line("") }
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
        let area = typing_box(options, frame, &title, &self.input);
        if let Some(asked) = &self.asked {
            above(options, frame, area, asked);
        }
    }
}

/// The question in full, on as many rows above the box as it takes and there are.
fn above(options: &Options, frame: &mut Frame<'_>, below: Rect, asked: &str) {
    let line = text::line(asked);
    let rows: Vec<Line<'_>> = fold::rows(&line, below.width.saturating_sub(2))
        .map(|row| Line::styled(format!(" {row}"), options.theme.warn))
        .collect();
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(1).min(below.y);
    let area = Rect { y: below.y - height, height, ..below };
    frame.render_widget(Clear, area);
    let edge = Block::new().borders(Borders::TOP).border_style(options.theme.border);
    let edge = if options.ascii { edge.border_set(crate::tui::paint::ASCII) } else { edge };
    frame.render_widget(Paragraph::new(rows).block(edge), area);
}
