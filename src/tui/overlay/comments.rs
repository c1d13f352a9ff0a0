//! The comments on a task's work: what is to be sent, and what became of what was.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Note, Overlay, Turn, moves};
use crate::domain::comment::{Comment, State};
use crate::domain::id::TaskId;
use crate::domain::text;
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::msg::{Act, Remark};
use crate::tui::options::Options;
use crate::tui::paint::{fit, keys, popup};

/// Them, and the row that is chosen.
#[derive(Clone, Debug)]
pub struct Comments {
    pub task: TaskId,
    pub list: Vec<Comment>,
    row: usize,
}

impl Comments {
    #[must_use]
    pub const fn new(task: TaskId, list: Vec<Comment>) -> Self {
        Self { task, list, row: 0 }
    }

    /// They were read again.
    pub fn renew(&mut self, list: Vec<Comment>) {
        self.list = list;
        self.row = self.row.min(self.list.len().saturating_sub(1));
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let Some(control) = keymap.control(&[Context::Comments, Context::Menu], key) else { return Turn::Stay };
        if moves(&mut self.row, control, self.list.len()) {
            return Turn::Stay;
        }
        let task = self.task;
        let chosen = self.list.get(self.row);
        let act = |remark| Turn::Meanwhile(Act::Comment { task, remark });
        match (control, chosen) {
            (Control::Close, _) => Turn::Close,
            (Control::Choose, Some(comment)) => Turn::GoTo(comment.place.path.clone(), comment.place.first),
            (Control::WithChanges, Some(comment)) if comment.state == State::Draft => {
                Turn::Open(Box::new(Overlay::Note(Note::edited(task, comment))))
            }
            (Control::Drop, Some(comment)) if comment.state == State::Draft => act(Remark::Drop { id: comment.id }),
            (Control::Handled, Some(comment)) if comment.state == State::Sent => {
                act(Remark::Handled { id: comment.id })
            }
            _ => Turn::Stay,
        }
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let screen = frame.area();
        let title = format!("comments on #{}", self.task);
        let height = u16::try_from(self.list.len()).unwrap_or(u16::MAX).saturating_add(3).max(6);
        let area = popup(
            options,
            frame,
            &title,
            screen.width.saturating_sub(4).min(100),
            height.min(screen.height.saturating_sub(2)),
        );
        let [list, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
        let height = usize::from(list.height);
        let from = (self.row + 1).saturating_sub(height);
        let rows = self.list.iter().enumerate().skip(from).take(height);
        let mut rows: Vec<Line<'_>> = rows.map(|(at, comment)| self.row(options, at, comment, list)).collect();
        if rows.is_empty() {
            rows.push(Line::styled(" no comments yet", theme.dim));
        }
        frame.render_widget(Paragraph::new(rows), list);
        let chosen = self.list.get(self.row).map(|comment| comment.state);
        let key = |context, control| options.keymap.over(context, control);
        let shown = [
            (key(Context::Menu, Control::Choose), "its line", chosen.is_some()),
            (key(Context::Comments, Control::WithChanges), "edit", chosen == Some(State::Draft)),
            (key(Context::Comments, Control::Drop), "delete", chosen == Some(State::Draft)),
            (key(Context::Comments, Control::Handled), "handled", chosen == Some(State::Sent)),
            (key(Context::Over, Control::Close), "close", true),
        ];
        let shown = shown.into_iter().filter(|(.., fits)| *fits).map(|(key, what, _)| (key, what));
        frame.render_widget(Paragraph::new(Line::from(keys(options, foot.width, shown))), foot);
    }

    fn row(&self, options: &Options, at: usize, comment: &Comment, area: Rect) -> Line<'static> {
        let theme = &options.theme;
        let state = match comment.round {
            Some(round) => format!("{} {round}", if comment.state == State::Handled { "handled" } else { "round" }),
            None => comment.state.text().to_owned(),
        };
        let style = match comment.state {
            State::Draft => theme.warn,
            State::Sent => theme.busy,
            State::Handled => theme.dim,
        };
        let place = comment.place.to_string();
        let said = text::line(&comment.text);
        let rest = format!("{}  {said}", text::line(&place));
        let line = Line::from(vec![
            Span::styled(format!(" {state:<10} "), style),
            Span::styled(fit(&rest, area.width.saturating_sub(13)), theme.text),
        ]);
        if at == self.row { line.style(theme.selected) } else { line }
    }
}
