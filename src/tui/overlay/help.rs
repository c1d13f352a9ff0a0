//! Every key of the table.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Turn;
use crate::tui::keymap::{Context, Control, Keymap, rows};
use crate::tui::options::Options;
use crate::tui::paint::{fit, key_words, popup};

const CONTEXTS: [Context; 2] = [Context::Help, Context::Menu];

/// How far it is scrolled.
#[derive(Clone, Debug, Default)]
pub struct Help {
    scroll: u16,
}

impl Help {
    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        self.scroll = match keymap.control(&CONTEXTS, key) {
            Some(Control::Down) => self.scroll.saturating_add(1),
            Some(Control::Up) => self.scroll.saturating_sub(1),
            Some(Control::PageDown) => self.scroll.saturating_add(10),
            Some(Control::PageUp) => self.scroll.saturating_sub(10),
            // Nobody gets stuck here.
            _ => return Turn::Close,
        };
        let last = u16::try_from(lines(keymap).len()).unwrap_or(u16::MAX);
        self.scroll = self.scroll.min(last);
        Turn::Stay
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let keymap = &options.keymap;
        let wide = frame.area().width >= 100;
        let lines = lines(keymap);
        let columns = if wide { 2 } else { 1 };
        let mut first = lines.len().div_ceil(columns);
        // A heading stands above its rows.
        while wide && first > 0 && lines[first - 1].0.is_none() {
            first -= 1;
        }
        let rows: Vec<Line<'_>> = lines
            .into_iter()
            .map(|(keys, what)| match keys {
                None => Line::styled(format!("  {what}"), theme.title),
                Some(keys) => Line::from(vec![
                    Span::styled(format!("{keys:>16}  "), theme.key),
                    Span::styled(format!("{what:<44}"), theme.text),
                ]),
            })
            .collect();
        let height = first.max(rows.len() - first);
        let wanted = u16::try_from(height).unwrap_or(u16::MAX).saturating_add(3);
        let width = if wide { 64 * 2 } else { 64 };
        let moves = [
            (keymap.over(Context::Over, Control::Close), "closes"),
            (keymap.over(Context::Menu, Control::Down), "further"),
            (keymap.over(Context::Menu, Control::Up), "back"),
        ];
        let title = format!("keys{}", key_words(&moves));
        let area = popup(options, frame, &title, width.min(frame.area().width), wanted);
        let last = u16::try_from(height).unwrap_or(0).saturating_sub(area.height.saturating_sub(1));
        let each = area.width / u16::try_from(columns).unwrap_or(1);
        for (part, x) in [(&rows[..first], area.x), (&rows[first..], area.x + each)] {
            let area = Rect { x, width: each, height: area.height.saturating_sub(1), ..area };
            frame.render_widget(Paragraph::new(part.to_vec()).scroll((self.scroll.min(last), 0)), area);
        }
        let foot = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        let what = "agents keep running when you quit; every action has a command: ganger --help";
        frame.render_widget(Paragraph::new(Line::styled(format!(" {}", fit(what, area.width)), theme.dim)), foot);
    }
}

/// Headings, and rows of keys and what they do.
fn lines(keymap: &Keymap) -> Vec<(Option<String>, &'static str)> {
    let mut lines = Vec::new();
    for context in Context::ALL {
        if context != Context::Board {
            lines.push((None, context.title()));
        }
        let row = |binding: &'static crate::tui::keymap::Binding| {
            (Some(keymap.all(context, binding.intent).join(" ")), binding.what)
        };
        lines.extend(rows(context).map(row));
    }
    lines
}
