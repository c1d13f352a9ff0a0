//! Draws the model. Reads everything, changes nothing, and lets no text from outside reach the terminal raw.

mod board;
mod detail;
mod footer;
mod form;
mod header;
mod overlay;
mod popup;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::layout::layout;
use super::model::Model;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// Draws a frame.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    whole(model, frame);
    if model.outfit.ascii {
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
    header::draw(model, frame, layout.header);
    if let (Some(area), Some(text)) = (layout.banner, banner(model)) {
        let line = Line::styled(fit(&text, area.width), model.outfit.theme.bad.reversed());
        frame.render_widget(Paragraph::new(line), area);
    }
    if let Some(area) = layout.tabs {
        board::tabs(model, frame, area);
    }
    for column in &layout.columns {
        board::column(model, frame, column, layout.card);
    }
    if let Some(area) = layout.detail {
        detail::draw(model, frame, area);
    }
    footer::draw(model, frame, layout.footer);
    overlay::draw(model, frame);
}

/// What is wrong with what the board stands on, if anything is: one sentence.
#[must_use]
pub fn banner(model: &Model) -> Option<String> {
    if let Some(why) = &model.load_error {
        return Some(format!("the board can't be read, this is what it was: {why}"));
    }
    if let Some(sweep) = &model.sweep {
        if let Some(why) = &sweep.failed {
            return Some(format!("can't reconcile: {why}"));
        }
        if let Some(Err(why)) = &sweep.tmux {
            return Some(format!("tmux can't be reached, agents are shown as last seen: {why}"));
        }
        if let Some(unknown) = sweep.unknown.first() {
            let more = sweep.unknown.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            return Some(format!("could not tell, left as it is: {unknown}{more}"));
        }
    }
    model.board.unreadable.first().map(|row| format!("unreadable: {row}"))
}

/// Untrusted text on one line, cut to a width in terminal cells.
fn fit(untrusted: &str, width: u16) -> String {
    // Nothing beyond the width is looked at, however long the text.
    let enough = usize::from(width).saturating_mul(4).saturating_add(16);
    let head: String = untrusted.chars().take(enough).collect();
    let line = text::line(&head);
    let whole = head.len() == untrusted.len();
    if whole && line.width() <= usize::from(width) {
        return line;
    }
    let room = usize::from(width).saturating_sub(1);
    let mut used = 0;
    let mut out = String::new();
    for letter in line.chars() {
        let cells = letter.width().unwrap_or(0);
        if used + cells > room {
            break;
        }
        used += cells;
        out.push(letter);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// How long ago something was, in one unit.
fn ago(now: Timestamp, then: Timestamp) -> String {
    span(now.since(then).as_secs())
}

/// A length of time in one unit, rounded down.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A sign, or its ASCII stand-in.
fn sign(model: &Model, sign: &'static str, ascii: &'static str) -> &'static str {
    if model.outfit.ascii { ascii } else { sign }
}

#[cfg(test)]
mod tests {
    use super::{fit, span};

    #[test]
    fn text_is_cut_by_cells_and_made_harmless() {
        assert_eq!(fit("plain", 10), "plain");
        assert_eq!(fit("plain text", 6), "plain…");
        assert_eq!(fit("漢字漢字", 5), "漢字…");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 3), "e\u{301}e\u{301}e\u{301}");
        assert_eq!(fit("a\u{1b}[31mb\nc", 20), "a\u{fffd}[31mb c");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn a_very_long_text_is_not_walked_through() {
        let long = "x".repeat(10_000_000);
        let started = std::time::Instant::now();
        for _ in 0..1000 {
            assert_eq!(fit(&long, 20).chars().count(), 20);
        }
        assert!(started.elapsed().as_secs() < 20);
    }

    #[test]
    fn spans_have_one_unit() {
        assert_eq!([span(59), span(60), span(7_200), span(200_000)], ["59s", "1m", "2h", "2d"]);
    }
}
