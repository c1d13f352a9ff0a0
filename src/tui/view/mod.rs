//! Draws the model. Reads everything, changes nothing, and lets no text from outside reach the terminal raw.

mod board;
mod detail;
mod footer;
mod header;

pub use board::tabbed_at;
pub use detail::{contents, furthest, height, tab_at, viewed};
pub use footer::intent_at;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

use super::banner::banner;
use super::diff;
use super::layout::layout;
use super::model::Model;
use super::paint::{ago, fit};
use crate::domain::text;

/// Draws a frame.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    whole(model, frame);
    if model.options.ascii {
        in_ascii(frame.buffer_mut());
    }
}

/// Replaces what is not ASCII, whoever wrote it: each cell by one of the same width.
fn in_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let sign = cell.symbol().chars().next().map_or(' ', text::stand_in);
            cell.set_char(sign);
        }
    }
}

fn whole(model: &Model, frame: &mut Frame<'_>) {
    let (columns, rows) = (frame.area().width, frame.area().height);
    if columns < 20 || rows < 5 {
        frame.render_widget(Paragraph::new("ganger: this terminal is too small"), frame.area());
        return;
    }
    let layout = layout(model);
    if let Some(diff) = &model.diff {
        diff::draw(diff, &model.options, frame);
        if model.toast.is_some() {
            // In the place of the keys, and not over them.
            frame.render_widget(Clear, layout.footer);
            footer::draw(model, frame, layout.footer);
        }
        if let Some(overlay) = &model.overlay {
            overlay.draw(&model.options, model.now.wall, frame);
        }
        return;
    }
    header::draw(model, frame, layout.header);
    if let (Some(area), Some(text)) = (layout.banner, banner(model)) {
        let line = Line::styled(fit(&text, area.width), model.options.theme.bad.reversed());
        frame.render_widget(Paragraph::new(line), area);
    }
    if let Some(area) = layout.tabs {
        board::tabs(model, frame, area);
    }
    for column in &layout.columns {
        board::column(model, frame, column);
    }
    if let Some((area, beside)) = layout.detail {
        detail::draw(model, frame, area, beside);
    }
    footer::draw(model, frame, layout.footer);
    if let Some(overlay) = &model.overlay {
        overlay.draw(&model.options, model.now.wall, frame);
    }
}

/// A sign, or its ASCII stand-in.
fn sign(model: &Model, sign: &'static str, ascii: &'static str) -> &'static str {
    model.options.sign(sign, ascii)
}
