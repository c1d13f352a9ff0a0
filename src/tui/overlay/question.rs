//! A question: what it is about line by line, and what is done on yes.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::Turn;
use crate::tui::keymap::{Context, Control, Keymap};
use crate::tui::msg::Act;
use crate::tui::options::Options;
use crate::tui::paint::{fit, keys, popup};

#[derive(Clone, Debug)]
pub struct Question {
    pub title: String,
    pub lines: Vec<String>,
    pub acts: Vec<Act>,
}

impl Question {
    pub(super) fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        match keymap.control(&[Context::Question], key) {
            Some(Control::Yes) => Turn::Acts(std::mem::take(&mut self.acts)),
            Some(Control::No | Control::Close) => Turn::Close,
            _ => Turn::Stay,
        }
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let theme = &options.theme;
        let lines = &self.lines;
        let widest = lines.iter().map(|line| line.width()).max().unwrap_or(0).clamp(30, 96);
        let width = (u16::try_from(widest).unwrap_or(96) + 4).min(frame.area().width);
        let room = usize::from(frame.area().height.saturating_sub(8)).max(1);
        let mut rows: Vec<Line<'_>> = lines
            .iter()
            .take(room)
            .map(|line| Line::styled(format!(" {}", fit(line, width - 4)), theme.text))
            .collect();
        if lines.len() > room {
            rows.push(Line::styled(format!(" … and {} more", lines.len() - room), theme.dim));
        }
        rows.push(Line::raw(""));
        let key = |control| options.keymap.over(Context::Question, control);
        let no = Some(key(Control::No)).filter(|key| !key.is_empty());
        let no = no.unwrap_or_else(|| options.keymap.over(Context::Over, Control::Close));
        let mut foot = Line::from(keys(options, width, [(key(Control::Yes), "yes"), (no, "no")]));
        foot.spans.insert(0, " ".into());
        rows.push(foot);
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
        let area = popup(options, frame, &self.title, width, height);
        frame.render_widget(Paragraph::new(rows), area);
    }
}
