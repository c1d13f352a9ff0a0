//! Waiting for what a question is about.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::Turn;
use crate::tui::keymap::{Control, Keymap};
use crate::tui::msg::Query;
use crate::tui::options::Options;
use crate::tui::paint::popup;
use crate::tui::words;

/// What was asked, and which answer belongs to it.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub number: u64,
    pub query: Query,
}

impl Waiting {
    pub(super) fn press(keymap: &Keymap, key: KeyEvent) -> Turn {
        if keymap.control(&[], key) == Some(Control::Close) { Turn::Close } else { Turn::Stay }
    }

    pub(super) fn draw(&self, options: &Options, frame: &mut Frame<'_>) {
        let area = popup(options, frame, "one moment", 44, 3);
        let what = format!("{}…", words::looking(&self.query));
        frame.render_widget(Paragraph::new(Line::styled(what, options.theme.dim)), area);
    }
}
