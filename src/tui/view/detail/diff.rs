//! What the work changed: which files, then each of them.

use ratatui::text::{Line, Span};

use super::super::{fit, sign};
use super::Rows;
use crate::domain::diff::{File, Hunk, Side};
use crate::tui::model::Model;

pub(super) fn rows<'a>(model: &'a Model, files: &'a [File], width: u16) -> Rows<'a> {
    let theme = &model.outfit.theme;
    let several = files.len() > 1;
    let list = files.iter().filter(move |_| several).map(move |file| head(model, file, width));
    let whole = files.iter().flat_map(move |file| {
        let blank = several.then(|| Line::raw(""));
        let notes = file.notes.iter().map(move |note| Line::styled(fit(note, width), theme.dim));
        let hunks = file.hunks.iter().flat_map(move |hunk| self::hunk(model, hunk, width));
        blank.into_iter().chain([head(model, file, width)]).chain(notes).chain(hunks)
    });
    Box::new(list.chain(whole))
}

/// A file's name, and how many of its lines were added and removed.
fn head(model: &Model, file: &File, width: u16) -> Line<'static> {
    let theme = &model.outfit.theme;
    let (added, removed) = file.counts();
    let counts = [(format!(" +{added}"), theme.added), (format!(" {}{removed}", sign(model, "−", "-")), theme.removed)];
    let room = width.saturating_sub(16);
    let mut spans = vec![Span::styled(fit(&file.path, room), theme.title)];
    spans.extend(counts.into_iter().map(|(text, style)| Span::styled(text, style)));
    Line::from(spans)
}

fn hunk<'a>(model: &'a Model, hunk: &'a Hunk, width: u16) -> impl Iterator<Item = Line<'static>> + 'a {
    let theme = &model.outfit.theme;
    let lines = hunk.lines.iter().map(move |line| {
        let (sign, style) = match line.side {
            Side::Both => (" ", theme.text),
            Side::Added => ("+", theme.added),
            Side::Removed => ("-", theme.removed),
            Side::Remark => ("", theme.dim),
        };
        Line::styled(fit(&format!("{sign}{}", line.text.replace('\t', "    ")), width), style)
    });
    std::iter::once(Line::styled(fit(&hunk.head, width), theme.accent)).chain(lines)
}
