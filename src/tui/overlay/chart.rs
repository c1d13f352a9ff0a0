//! Attempts as bars over time, the newest at the top.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr as _;

use super::Turn;
use crate::domain::time::Timestamp;
use crate::tui::keymap::{Context, Control, Intent, Keymap};
use crate::tui::msg::Bar;
use crate::tui::options::Options;
use crate::tui::paint::{fit, key_words, popup, span};

#[derive(Clone, Debug)]
pub struct Chart {
    pub bars: Vec<Bar>,
}

impl Chart {
    pub(super) fn press(keymap: &Keymap, key: KeyEvent) -> Turn {
        let closes = matches!(keymap.control(&[Context::Menu], key), Some(Control::Close | Control::Choose));
        // What opened it closes it.
        if closes || keymap.intent(key, &[]) == Some(Intent::Chart) { Turn::Close } else { Turn::Stay }
    }

    pub(super) fn draw(&self, options: &Options, now: Timestamp, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let bars = &self.bars;
        let screen = frame.area();
        let title = format!(
            "attempts over time{}",
            key_words(&[(options.keymap.over(Context::Over, Control::Close), "closes")])
        );
        let area = popup(options, frame, &title, screen.width.saturating_sub(4), screen.height.saturating_sub(4));
        if bars.is_empty() {
            frame.render_widget(Paragraph::new(Line::styled(" no attempt yet", theme.dim)), area);
            return;
        }
        let shown = &bars[..bars.len().min(usize::from(area.height.saturating_sub(1)))];
        let first = shown.iter().map(|bar| bar.from).min().unwrap_or(now);
        let whole = now.since(first).as_millis().max(1);
        let label = 26.min(usize::from(area.width) / 3);
        let room = usize::from(area.width).saturating_sub(label + 20).max(1);
        let cell = |at: Timestamp| {
            usize::try_from(at.since(first).as_millis() * room as u128 / whole).unwrap_or(room).min(room)
        };
        let mut rows: Vec<Line<'_>> = shown
            .iter()
            .map(|bar| {
                let (from, to) = (cell(bar.from), cell(bar.to.unwrap_or(now)));
                let length = (to - from.min(to)).max(1);
                let name =
                    fit(&format!("#{}.{} {}", bar.task, bar.number, bar.title), u16::try_from(label).unwrap_or(26));
                let style = match (bar.to, bar.good) {
                    (None, _) => theme.busy,
                    (Some(_), true) => theme.good,
                    (Some(_), false) => theme.bad,
                };
                let lasted = span(bar.to.unwrap_or(now).since(bar.from).as_secs());
                Line::from(vec![
                    Span::styled(format!("{name}{} ", " ".repeat(label.saturating_sub(name.width()))), theme.text),
                    Span::raw(" ".repeat(from.min(room - 1))),
                    Span::styled(options.sign("━", "=").repeat(length.min(room)), style),
                    Span::styled(format!(" {lasted} {}", bar.word), theme.dim),
                ])
            })
            .collect();
        let axis = format!("{}{} ago … now", " ".repeat(label + 1), span(now.since(first).as_secs()));
        rows.push(Line::styled(axis, theme.dim));
        frame.render_widget(Block::new(), area);
        frame.render_widget(Paragraph::new(rows).wrap(Wrap { trim: false }), area);
    }
}
