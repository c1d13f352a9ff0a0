//! The trash: what removals have put away, to be given back or deleted for good.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Overlay, Question, Turn, moves};
use crate::domain::size;
use crate::domain::text;
use crate::domain::time::{Timestamp, span};
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::msg::{Act, Shelved};
use crate::tui::options::Options;
use crate::tui::paint::{fit, keys, popup};

/// What is in it, oldest first, and the row that is chosen.
#[derive(Clone, Debug)]
pub struct Trash {
    list: Vec<Shelved>,
    row: usize,
}

impl Trash {
    #[must_use]
    pub const fn new(list: Vec<Shelved>) -> Self {
        Self { list, row: 0 }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let Some(control) = keymap.control(&[Context::Trash, Context::Menu], key) else { return Turn::Stay };
        if moves(&mut self.row, control, self.list.len()) {
            return Turn::Stay;
        }
        match (control, self.list.get(self.row)) {
            (Control::Close, _) => Turn::Close,
            (Control::Choose, Some(chosen)) => {
                Turn::Acts(vec![Act::Restore { task: chosen.task, number: chosen.number }])
            }
            (Control::Drop, Some(chosen)) => {
                let lines = vec![
                    format!("#{} {}", chosen.task, chosen.title),
                    chosen.at.display().to_string(),
                    format!("{}, with what is not committed in it; its branch stays", size::render(chosen.bytes)),
                ];
                let acts = vec![Act::Delete { task: chosen.task, at: chosen.at.clone() }];
                let title = "Delete this worktree for good?".to_owned();
                Turn::Open(Box::new(Overlay::Question(Question { title, lines, acts })))
            }
            _ => Turn::Stay,
        }
    }

    pub(super) fn draw(&self, options: &Options, now: Timestamp, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let screen = frame.area();
        let height = u16::try_from(self.list.len()).unwrap_or(u16::MAX).saturating_add(3).max(6);
        let width = screen.width.saturating_sub(4).min(100);
        let area = popup(options, frame, "trash", width, height.min(screen.height.saturating_sub(2)));
        let [list, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
        let shown = usize::from(list.height);
        let from = (self.row + 1).saturating_sub(shown);
        let rows = self.list.iter().enumerate().skip(from).take(shown).map(|(at, parked)| {
            let age = parked.since.map_or_else(String::new, |then| format!("{} ago", span(now.since(then).as_secs())));
            let task = if parked.removed { "removed" } else { "" };
            let what = format!("#{} {}", parked.task, text::line(&parked.title));
            let line = Line::from(vec![
                Span::styled(format!(" {age:<9}{:>9} {task:<8} ", size::render(parked.bytes)), theme.dim),
                Span::styled(fit(&what, list.width.saturating_sub(30)), theme.text),
            ]);
            if at == self.row { line.style(theme.selected) } else { line }
        });
        let mut rows: Vec<Line<'_>> = rows.collect();
        if rows.is_empty() {
            rows.push(Line::styled(" the trash is empty", theme.dim));
        }
        frame.render_widget(Paragraph::new(rows), list);
        let key = |context, control| options.keymap.over(context, control);
        let shown = [
            (key(Context::Menu, Control::Choose), "give it back"),
            (key(Context::Trash, Control::Drop), "delete for good"),
            (key(Context::Over, Control::Close), "close"),
        ];
        let skip = if self.list.is_empty() { 2 } else { 0 };
        frame.render_widget(Paragraph::new(Line::from(keys(options, foot.width, shown.into_iter().skip(skip)))), foot);
    }
}
