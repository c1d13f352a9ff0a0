//! How the board is arranged, and which tasks it shows: each row is obeyed at once.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Turn;
use crate::domain::order::{Group, Order, Sort};
use crate::engine::board::Shown;
use crate::tui::keymap::{Context, Control, Intent, Keymap, rows};
use crate::tui::options::Options;
use crate::tui::paint::{key_words, popup};

const CONTEXTS: [Context; 2] = [Context::Arrange, Context::Menu];

/// What is chosen, and the row of the cursor.
#[derive(Clone, Debug)]
pub struct Arrange {
    order: Order,
    shown: Shown,
    /// The repository around here: without one, all are shown.
    home: Option<PathBuf>,
    row: usize,
}

impl Arrange {
    #[must_use]
    pub const fn new(order: Order, shown: Shown, home: Option<PathBuf>) -> Self {
        Self { order, shown, home, row: 0 }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let control = match keymap.control(&CONTEXTS, key) {
            Some(Control::Choose) => match rows(Context::Arrange).nth(self.row).map(|row| row.intent) {
                Some(Intent::Over(control)) => control,
                Some(_) | None => return Turn::Stay,
            },
            Some(control) => control,
            None => return Turn::Stay,
        };
        match control {
            Control::Sort => self.order.sort = after(&Sort::ALL, self.order.sort),
            Control::Group => self.order.group = after(&Group::ALL, self.order.group),
            Control::Archived => self.shown.archived = !self.shown.archived,
            Control::Everywhere => {
                self.shown.repo = if self.shown.repo.is_some() { None } else { self.home.clone() };
            }
            Control::Down => self.row = (self.row + 1).min(rows(Context::Arrange).count() - 1),
            Control::Up => self.row = self.row.saturating_sub(1),
            Control::Close => return Turn::Close,
            _ => return Turn::Stay,
        }
        Turn::Arrange(self.order, self.shown.clone())
    }

    /// What is chosen on a row.
    fn value(&self, intent: Intent) -> &'static str {
        match intent {
            Intent::Over(Control::Sort) => self.order.sort.text(),
            Intent::Over(Control::Group) => self.order.group.text(),
            Intent::Over(Control::Archived) if self.shown.archived => "shown",
            Intent::Over(Control::Archived) => "hidden",
            Intent::Over(Control::Everywhere) if self.shown.repo.is_some() => "this one",
            Intent::Over(Control::Everywhere) if self.home.is_none() => "all: no repository around here",
            _ => "all",
        }
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let key = |intent| options.keymap.all(Context::Arrange, intent).first().map_or("", String::as_str);
        let widest = rows(Context::Arrange).map(|row| key(row.intent).len()).max().unwrap_or(0);
        let close = options.keymap.over(Context::Over, Control::Close);
        let title = format!("Arrange the board{}", key_words(&[(close, "closes")]));
        let area = popup(options, frame, &title, 58, 6);
        let rows = rows(Context::Arrange).enumerate().map(|(index, row)| {
            let line = Line::from(vec![
                Span::styled(format!(" {:<widest$}  ", key(row.intent)), theme.key),
                Span::styled(format!("{:<16}", row.what), theme.text),
                Span::styled(self.value(row.intent), theme.accent),
            ]);
            if index == self.row { line.style(theme.selected) } else { line }
        });
        frame.render_widget(Paragraph::new(rows.collect::<Vec<_>>()), area);
    }
}

/// The one after this, and after the last the first.
fn after<T: Copy + PartialEq>(all: &[T], this: T) -> T {
    let place = all.iter().position(|one| *one == this).map_or(0, |place| place + 1);
    all.get(place).or(all.first()).copied().unwrap_or(this)
}
