//! What everything that draws has in common: text that fits, lengths of time, boxes, keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Block, BorderType, Clear};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::options::Options;
use crate::domain::text;
use crate::domain::time::Timestamp;

pub use crate::domain::time::span;

/// Untrusted text on one line, cut to a width in terminal cells.
pub fn fit(untrusted: &str, width: u16) -> String {
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
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    span(now.since(then).as_secs())
}

/// Keys and what they do, as a row of the screen has them: as many as fit. What has no key is left out.
pub fn keys<'a>(options: &Options, width: u16, keys: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Span<'a>> {
    let theme = &options.theme;
    let mut room = usize::from(width);
    let mut row = Vec::new();
    for (key, what) in keys.into_iter().filter(|(key, _)| !key.is_empty()) {
        let cells = key.width() + what.width() + 1;
        if cells > room {
            break;
        }
        room = room.saturating_sub(cells + 3);
        row.push(Span::styled(format!("{key} "), theme.key));
        row.push(Span::styled(format!("{what}   "), theme.dim));
    }
    row
}

/// The same in words, for a title: `enter: send · esc: close`.
pub fn key_words(keys: &[(&str, &str)]) -> String {
    let words = keys.iter().filter(|(key, _)| !key.is_empty()).map(|(key, what)| format!(" · {key} {what}"));
    words.collect()
}

/// Clears a box in the middle of the screen and draws its border; the area within. Smaller than wanted where the
/// screen is.
pub fn popup(options: &Options, frame: &mut Frame<'_>, title: &str, width: u16, height: u16) -> Rect {
    let screen = frame.area();
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    let area = Rect { x: (screen.width - width) / 2, y: (screen.height - height) / 3, width, height };
    frame.render_widget(Clear, area);
    let block = bordered(options).title(format!(" {title} ")).title_style(options.theme.accent);
    let within = block.inner(area);
    frame.render_widget(block, area);
    within
}

/// Borders that every terminal has the signs for.
pub const ASCII: ratatui::symbols::border::Set<'static> = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// A border in the theme's colour, of signs that every terminal has where that is wanted.
pub fn bordered(options: &Options) -> Block<'static> {
    let theme = &options.theme;
    let block = Block::bordered().border_style(theme.border).style(theme.text);
    if options.ascii { block.border_set(ASCII) } else { block.border_type(BorderType::Rounded) }
}

#[cfg(test)]
mod tests {
    use super::fit;

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
}
