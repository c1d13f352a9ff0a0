//! Text broken into rows of a width, between words where that is possible. One row at a time: a prompt may have
//! megabytes, and a screenful of it is drawn.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar as _;

/// The rows of one line of text.
pub fn rows(line: &str, width: u16) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest.take()?;
        let (row, more) = first(line, usize::from(width).max(1));
        rest = more;
        Some(row)
    })
}

/// What fits on a row, and what is left.
pub fn first(line: &str, width: usize) -> (&str, Option<&str>) {
    let mut used = 0;
    let mut blank = None;
    for (at, letter) in line.char_indices() {
        used += letter.width().unwrap_or(0);
        if used > width {
            if letter == ' ' {
                return (&line[..at], Some(&line[at + 1..]));
            }
            // A letter that is wider than the row stands on it nevertheless: else there would be no end.
            return match blank {
                Some(blank) => (&line[..blank], Some(&line[blank + 1..])),
                None if at == 0 => {
                    let (row, more) = line.split_at(letter.len_utf8());
                    (row, Some(more).filter(|more| !more.is_empty()))
                }
                None => (&line[..at], Some(&line[at..])),
            };
        }
        if letter == ' ' && at > 0 {
            blank = Some(at);
        }
    }
    (line, None)
}

/// The rows of a line that has styles, cut by cells alone: what a terminal showed keeps its columns.
pub fn styled(line: &Line<'_>, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width).max(1);
    let mut rows = vec![Vec::<(Style, String)>::new()];
    let mut used = 0;
    for span in &line.spans {
        for letter in span.content.chars() {
            let cells = letter.width().unwrap_or(0);
            if used > 0 && used + cells > width {
                rows.push(Vec::new());
                used = 0;
            }
            used += cells;
            let Some(row) = rows.last_mut() else { continue };
            match row.last_mut() {
                Some((style, text)) if *style == span.style => text.push(letter),
                Some(_) | None => row.push((span.style, letter.to_string())),
            }
        }
    }
    let line = |row: Vec<(Style, String)>| {
        Line::from(row.into_iter().map(|(style, text)| Span::styled(text, style)).collect::<Vec<_>>())
    };
    rows.into_iter().map(line).collect()
}

/// What is to be seen of a line that goes on beyond both edges: `width` cells of it from `aside` on, and at each edge the
/// mark of what is cut.
pub fn window(line: &Line<'_>, aside: u16, width: u16, [left, right]: [Span<'static>; 2]) -> Line<'static> {
    let (from, to) = (usize::from(aside), usize::from(aside) + usize::from(width));
    let is_cut = line.width() > to;
    let from = if aside > 0 && line.width() > 0 { from + 1 } else { from };
    let to = if is_cut { to.saturating_sub(1) } else { to };
    let mut spans = Vec::new();
    if aside > 0 && line.width() > 0 {
        spans.push(left);
    }
    let mut at = 0;
    for span in &line.spans {
        let mut text = String::new();
        for letter in span.content.chars() {
            let cells = letter.width().unwrap_or(0);
            if at >= from && at + cells <= to {
                text.push(letter);
            }
            at += cells;
        }
        if !text.is_empty() {
            spans.push(Span::styled(text, line.style.patch(span.style)));
        }
    }
    if is_cut {
        spans.push(right);
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;
    use ratatui::text::{Line, Span};

    use super::{rows, styled, window};

    #[test]
    fn a_line_is_broken_between_words_or_else_where_it_must_be() {
        let broken = |line, width| rows(line, width).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(broken("one two three", 8), ["one two", "three"]);
        assert_eq!(broken("one two", 7), ["one two"]);
        assert_eq!(broken("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(broken("漢字漢", 4), ["漢字", "漢"]);
        assert_eq!(broken("漢字", 1), ["漢", "字"]);
        assert_eq!(broken("", 5), [""]);
        assert_eq!(broken("  indented text", 10), ["  indented", "text"]);
    }

    #[test]
    fn a_styled_line_keeps_its_styles_on_each_row() {
        let line = Line::from(vec![Span::raw("abc"), Span::styled("def", Style::new().bold())]);
        let rows = styled(&line, 4);
        assert_eq!(rows.iter().map(ToString::to_string).collect::<Vec<_>>(), ["abcd", "ef"]);
        assert_eq!((rows[0].spans.len(), rows[1].spans[0].style), (2, Style::new().bold()));
        assert_eq!(styled(&Line::default(), 4).len(), 1);
    }

    #[test]
    fn a_window_marks_what_it_cuts() {
        let line = Line::from(vec![Span::raw("0123"), Span::raw("456789")]);
        let seen = |aside, width| {
            let line = window(&line, aside, width, [Span::raw("<"), Span::raw(">")]);
            line.spans.iter().map(|span| span.content.as_ref()).collect::<String>()
        };
        assert_eq!(seen(0, 10), "0123456789");
        assert_eq!(seen(0, 6), "01234>");
        assert_eq!(seen(3, 5), "<456>");
        assert_eq!(seen(6, 5), "<789");
        assert_eq!(seen(40, 5), "<");
    }
}
