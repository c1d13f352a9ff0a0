//! Where a text that is searched for stands.

use std::ops::Range;

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

/// Where a text stands in a line, whatever its case where it is all in lower case.
pub fn matches(text: &str, needle: &str) -> Vec<Range<usize>> {
    if needle.is_empty() {
        return Vec::new();
    }
    let folded;
    // Of letters that are longer in the other case the places would be others.
    let (text, whole) = if is_exact(needle) {
        (text, text)
    } else {
        folded = text.to_ascii_lowercase();
        (folded.as_str(), text)
    };
    text.match_indices(needle)
        .map(|(at, found)| at..at + found.len())
        .filter(|range| whole.get(range.clone()).is_some())
        .collect()
}

/// Whether the case of a needle counts: where it has a capital letter.
pub fn is_exact(needle: &str) -> bool {
    needle.chars().any(char::is_uppercase)
}

/// The text of a row.
pub fn plain(line: &Line<'_>) -> String {
    line.spans.iter().map(|span| span.content.as_ref()).collect()
}

/// A row in which the places of a text stand out.
pub fn marked(line: Line<'static>, needle: &str) -> Line<'static> {
    let found = matches(&plain(&line), needle);
    if found.is_empty() {
        return line;
    }
    let mut spans = Vec::new();
    let mut at = 0;
    for span in line.spans {
        let (from, to) = (at, at + span.content.len());
        at = to;
        // The ends of the places that lie within this span.
        let ends = found.iter().flat_map(|range| [range.start, range.end]);
        let cuts: Vec<usize> = ends.filter(|end| (from + 1..to).contains(end)).chain([to]).collect();
        let mut begin = from;
        for end in cuts {
            let piece = span.content[begin - from..end - from].to_owned();
            let is_in = found.iter().any(|range| range.start <= begin && end <= range.end);
            let style = if is_in { span.style.add_modifier(Modifier::REVERSED) } else { span.style };
            spans.push(Span::styled(piece, style));
            begin = end;
        }
    }
    Line { spans, ..line }
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Modifier, Style};
    use ratatui::text::{Line, Span};

    use super::{marked, matches, plain};

    #[test]
    fn a_text_is_found_in_any_case_unless_it_has_a_capital() {
        assert_eq!(matches("Foo foo", "foo"), [0..3, 4..7]);
        assert_eq!(matches("Foo foo", "Foo").first(), Some(&(0..3)));
        assert_eq!(matches("Foo foo", "Foo").len(), 1);
        assert!(matches("", "x").is_empty() && matches("x", "").is_empty());
    }

    #[test]
    fn a_place_stands_out_also_where_its_style_changes() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let line = Line::from(vec![Span::raw("an é"), Span::styled("rror, error", bold)]);
        let shown = marked(line.clone(), "érror");
        assert_eq!(plain(&shown), plain(&line));
        let out: Vec<&str> = shown
            .spans
            .iter()
            .filter(|span| span.style.add_modifier.contains(Modifier::REVERSED))
            .map(|span| span.content.as_ref())
            .collect();
        assert_eq!(out, ["é", "rror"]);
        let shown = marked(line, "rr");
        assert_eq!(shown.spans.iter().filter(|span| span.content == "rr").count(), 2);
        assert!(shown.spans.iter().all(|span| !span.content.is_empty()));
    }
}
