//! A line of a file as cells of the screen: inert, tabs as blanks, the words that differ and what is searched marked.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use unicode_width::UnicodeWidthChar as _;

use crate::domain::emphasis::differing;
use crate::domain::patch::{Line, Patch, Side};
use crate::domain::text::inert;

/// The columns between two stops of a tab.
const TAB: usize = 4;
/// A run of changed lines is looked at no further than this for the line that another one replaces.
const RUN: usize = 200;
/// Words of longer lines are not compared.
const LONG: usize = 1_000;

/// The spans of a line between two columns. `marked` are ranges of bytes of `text`, each with what is added to the style.
pub(super) fn spans(
    text: &str,
    style: Style,
    marked: &[(Range<usize>, Style)],
    (left, width): (usize, usize),
) -> Vec<Span<'static>> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut column = 0;
    for (at, letter) in text.char_indices() {
        let cells = if letter == '\t' { TAB - column % TAB } else { letter.width().unwrap_or(0) };
        let (from, to) = (column, column + cells);
        column = to;
        if to <= left && cells > 0 {
            continue;
        }
        if to > left + width {
            break;
        }
        let style =
            marked.iter().filter(|(range, _)| range.contains(&at)).fold(style, |style, (_, more)| style.patch(*more));
        // Half of a wide character, or of a tab, at the left edge is blank.
        let shown = if letter == '\t' || from < left { " ".repeat(to - from.max(left)) } else { letter.to_string() };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(&shown),
            Some(_) | None => spans.push(Span::styled(shown, style)),
        }
    }
    spans
}

/// The ranges of a line's text that are others than in the line which it replaces, or which replaces it.
pub(super) fn changed(patch: &Patch, line: usize, text: &str) -> Vec<Range<usize>> {
    let Some(partner) = partner(&patch.lines, line).filter(|_| text.len() <= LONG) else { return Vec::new() };
    let other = &patch.lines[partner];
    let bytes = patch.text(other);
    if bytes.len() > LONG {
        return Vec::new();
    }
    let other_text = inert(bytes);
    match patch.lines[line].side {
        Side::Removed => differing(text, &other_text).0,
        Side::Added => differing(&other_text, text).1,
        Side::Both | Side::Remark => Vec::new(),
    }
}

/// In a run of removed lines and the run of added ones after it, the first belongs to the first, and so on.
fn partner(lines: &[Line], line: usize) -> Option<usize> {
    let side = lines.get(line)?.side;
    let run = |from: usize, side: Side, step: isize| {
        let mut at = from;
        for _ in 0..RUN {
            let next = at.checked_add_signed(step)?;
            match lines.get(next) {
                Some(next_line) if next_line.side == side => at = next,
                _ => return Some(at),
            }
        }
        None
    };
    let remark = |at: usize| lines.get(at).is_some_and(|line| line.side == Side::Remark);
    match side {
        Side::Removed => {
            let (first, last) = (run(line, side, -1)?, run(line, side, 1)?);
            let added = if remark(last + 1) { last + 2 } else { last + 1 };
            let partner = added + (line - first);
            let end =
                lines.get(added).filter(|line| line.side == Side::Added).and_then(|_| run(added, Side::Added, 1))?;
            (partner <= end).then_some(partner)
        }
        Side::Added => {
            let first = run(line, side, -1)?;
            let before = first.checked_sub(1)?;
            let last = if remark(before) { before.checked_sub(1)? } else { before };
            let start =
                lines.get(last).filter(|line| line.side == Side::Removed).and_then(|_| run(last, Side::Removed, -1))?;
            let partner = start + (line - first);
            (partner <= last).then_some(partner)
        }
        Side::Both | Side::Remark => None,
    }
}

/// What is added to the style of words that differ.
pub(super) const EMPHASIS: Style = Style::new().add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED);

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::{partner, spans};
    use crate::domain::patch::{Limit, parse};

    fn shown(text: &str, left: usize, width: usize) -> String {
        spans(text, Style::new(), &[], (left, width)).iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn a_line_is_cut_by_columns_wherever_it_is_scrolled_to() {
        assert_eq!(shown("a\tb", 0, 10), "a   b");
        assert_eq!(shown("a\tb", 2, 10), "  b");
        assert_eq!(shown("漢字x", 0, 3), "漢");
        assert_eq!(shown("漢字x", 1, 4), " 字x");
        assert_eq!(shown("abcdef", 2, 3), "cde");
        assert_eq!(shown("e\u{301}x", 0, 2), "e\u{301}x");
        assert_eq!(shown("abc", 5, 3), "");
    }

    #[test]
    fn the_lines_that_replace_each_other_are_found() {
        let patch = parse(b"@@ -1,5 +1,6 @@\n a\n-b\n-c\n\\ No\n+B\n+C\n+D\n e\n-f\n+F\n", Limit::NONE);
        let partners: Vec<_> = (0..patch.lines.len()).map(|line| partner(&patch.lines, line)).collect();
        let mut expected = vec![None; patch.lines.len()];
        for (one, other) in [(1, 4), (2, 5), (8, 9)] {
            (expected[one], expected[other]) = (Some(other), Some(one));
        }
        assert_eq!(partners, expected);
    }
}
