//! Every key of the table.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Turn;
use crate::tui::keymap::{Context, Control, Keymap, rows};
use crate::tui::mark::Mark;
use crate::tui::options::Options;
use crate::tui::paint::{fit, key_words, popup};

/// More rows there are never.
const FURTHEST: u16 = 200;
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
        self.scroll = self.scroll.min(FURTHEST);
        Turn::Stay
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let keymap = &options.keymap;
        let wide = frame.area().width >= 100;
        let lines = lines(options);
        let columns = if wide { 2 } else { 1 };
        let mut first = lines.len().div_ceil(columns);
        // A heading stands above its rows.
        while wide && first > 0 && matches!(lines[first - 1].0, Lead::None) {
            first -= 1;
        }
        let rows: Vec<Line<'_>> = lines
            .into_iter()
            .map(|(lead, what)| match lead {
                Lead::None => Line::styled(format!("  {what}"), theme.title),
                Lead::Mark(mark) => Line::from(vec![
                    Span::styled(format!("{:>16}  ", mark.sign(options)), mark.style(theme)),
                    Span::styled(format!("{what:<44}"), theme.text),
                ]),
                Lead::Keys(keys) => Line::from(vec![
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

/// What stands before a row.
enum Lead {
    /// Nothing: it is a heading.
    None,
    Mark(Mark),
    Keys(String),
}

/// Headings, rows of keys and what they do, and the legend of the signs.
fn lines(options: &Options) -> Vec<(Lead, &'static str)> {
    let mut lines = Vec::new();
    for context in Context::ALL {
        if context != Context::Board {
            lines.push((Lead::None, context.title()));
        }
        let row = |binding: &'static crate::tui::keymap::Binding| {
            (Lead::Keys(options.keymap.all(context, binding.intent).join(" ")), binding.what)
        };
        lines.extend(rows(context).map(row));
        if context == Context::Board {
            lines.push((Lead::None, "What the signs mean"));
            lines.extend(Mark::ALL.map(|mark| (Lead::Mark(mark), mark.what())));
        }
    }
    lines
}
