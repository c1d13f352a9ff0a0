//! How a failed task is to be retried.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Note, Overlay, Turn};
use crate::domain::id::TaskId;
use crate::tui::keymap::{Context, Control, Intent, Keymap, rows};
use crate::tui::msg::Act;
use crate::tui::options::Options;
use crate::tui::paint::popup;

const CONTEXTS: [Context; 2] = [Context::Retry, Context::Menu];

/// The task, and the row that is chosen.
#[derive(Clone, Debug)]
pub struct Retry {
    task: TaskId,
    row: usize,
}

impl Retry {
    #[must_use]
    pub const fn new(task: TaskId) -> Self {
        Self { task, row: 0 }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let control = match keymap.control(&CONTEXTS, key) {
            Some(Control::Choose) => match rows(Context::Retry).nth(self.row).map(|row| row.intent) {
                Some(Intent::Over(control)) => control,
                Some(_) | None => return Turn::Stay,
            },
            Some(control) => control,
            None => return Turn::Stay,
        };
        let task = self.task;
        match control {
            Control::Resume => Turn::Acts(vec![Act::Retry { task, fresh: false, note: None }]),
            Control::Fresh => Turn::Acts(vec![Act::Retry { task, fresh: true, note: None }]),
            Control::WithNote => Turn::Open(Box::new(Overlay::Note(Note::retry(task)))),
            Control::WithChanges => Turn::Edit(task),
            Control::Verify => Turn::Acts(vec![Act::Verify { task }]),
            Control::Close => Turn::Close,
            Control::Down => {
                self.row = (self.row + 1).min(rows(Context::Retry).count() - 1);
                Turn::Stay
            }
            Control::Up => {
                self.row = self.row.saturating_sub(1);
                Turn::Stay
            }
            _ => Turn::Stay,
        }
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let keys: Vec<&str> = rows(Context::Retry)
            .filter_map(|row| options.keymap.all(Context::Retry, row.intent).first())
            .map(String::as_str)
            .collect();
        let widest = keys.iter().map(|key| key.len()).max().unwrap_or(0);
        let area = popup(options, frame, &format!("Retry #{}", self.task), 62, 7);
        let rows = rows(Context::Retry).enumerate().map(|(index, row)| {
            let key = options.keymap.all(Context::Retry, row.intent).first().map_or("", String::as_str);
            let key = Span::styled(format!(" {key:<widest$}  "), theme.key);
            let line = Line::from(vec![key, Span::styled(row.what, theme.text)]);
            if index == self.row { line.style(theme.selected) } else { line }
        });
        frame.render_widget(Paragraph::new(rows.collect::<Vec<_>>()), area);
    }
}
