//! The command palette: every act of the board, found by its name or by what it does.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui_textarea::TextArea;

use super::{Turn, line};
use crate::tui::keymap::{BINDINGS, Binding, Context, Control, Keymap};
use crate::tui::options::Options;
use crate::tui::paint::{fit, popup};

/// What is typed, and the row that is chosen.
#[derive(Clone, Debug)]
pub struct Palette {
    input: Box<TextArea<'static>>,
    row: usize,
}

impl Palette {
    #[must_use]
    pub fn new() -> Self {
        Self { input: line(""), row: 0 }
    }

    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        let found = commands(&self.input.lines().join(" "));
        match keymap.control(&[Context::Palette], key) {
            Some(Control::Close) => return Turn::Close,
            Some(Control::Choose) => return found.get(self.row).map_or(Turn::Close, |row| Turn::Intent(row.intent)),
            Some(Control::Down) => self.row = (self.row + 1).min(found.len().saturating_sub(1)),
            Some(Control::Up) => self.row = self.row.saturating_sub(1),
            _ => {
                self.input.input(key);
                self.row = 0;
            }
        }
        Turn::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.input.insert_str(text.replace('\n', " "));
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let typed = self.input.lines().join(" ");
        let found = commands(&typed);
        let area = popup(options, frame, "commands", 66, 18);
        let head = Rect { height: 1.min(area.height), ..area };
        let rest = Rect { y: area.y + head.height, height: area.height - head.height, ..area };
        let prompt = Line::from(vec![
            Span::styled(options.sign(" › ", " > "), theme.dim),
            Span::styled(fit(&typed, area.width.saturating_sub(5)), theme.text),
            Span::styled(" ", theme.text.add_modifier(Modifier::REVERSED)),
        ]);
        frame.render_widget(Paragraph::new(prompt), head);
        let shown = usize::from(rest.height);
        let from = (self.row + 1).saturating_sub(shown);
        let rows = found.iter().enumerate().skip(from).take(shown).map(|(index, binding)| {
            let key = options.keymap.key(binding.intent);
            let line = Line::from(vec![
                Span::styled(format!(" {:<15}", binding.name), theme.title),
                Span::styled(format!("{:<38}", fit(binding.what, 38)), theme.dim),
                Span::styled(format!("{key:>8}"), theme.key),
            ]);
            if index == self.row { line.style(theme.selected) } else { line }
        });
        let mut rows: Vec<Line<'_>> = rows.collect();
        if rows.is_empty() {
            rows.push(Line::styled(" no such command", theme.dim));
        }
        frame.render_widget(Paragraph::new(rows), rest);
    }
}

/// The rows for what was typed: every act of the board whose name or description has all its words.
fn commands(typed: &str) -> Vec<&'static Binding> {
    let typed = typed.to_lowercase();
    let has = |binding: &&Binding| {
        typed.split_whitespace().all(|word| binding.name.contains(word) || binding.what.to_lowercase().contains(word))
    };
    let mut rows: Vec<&Binding> = BINDINGS.iter().filter(|binding| binding.is_on_board()).filter(has).collect();
    // A name that begins with what was typed is meant before a word in a description.
    rows.sort_by_key(|binding| !binding.name.starts_with(typed.trim()));
    rows
}
