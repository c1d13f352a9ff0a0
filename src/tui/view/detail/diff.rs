//! What the work changed: which files, then each of them.

use ratatui::text::{Line, Span};

use super::super::{fit, sign};
use super::Rows;
use crate::domain::diff::File;
use crate::domain::patch::{Patch, Side};
use crate::domain::text;
use crate::tui::model::Model;
use crate::tui::msg::Glance;

pub(super) fn rows<'a>(model: &'a Model, glance: &'a Glance, width: u16) -> Rows<'a> {
    let theme = &model.options.theme;
    let files = &glance.files;
    let several = files.len() > 1;
    let list = files.iter().filter(move |_| several).map(move |file| head(model, file, width));
    let whole = files.iter().zip(&glance.patches).flat_map(move |(file, patch)| {
        let blank = several.then(|| Line::raw(""));
        let notes = file.notes().into_iter().map(move |note| Line::styled(fit(&note, width), theme.dim));
        let hunks = (0..patch.hunks.len()).flat_map(move |index| hunk(model, patch, index, width));
        let more = patch.cut.then(|| Line::styled("… and more", theme.dim));
        blank.into_iter().chain([head(model, file, width)]).chain(notes).chain(hunks).chain(more)
    });
    Box::new(list.chain(whole))
}

/// A file's name, and how many of its lines were added and removed.
fn head(model: &Model, file: &File, width: u16) -> Line<'static> {
    let theme = &model.options.theme;
    let count = file.count.unwrap_or_default();
    let counts = [
        (format!(" +{}", count.added), theme.added),
        (format!(" {}{}", sign(model, "−", "-"), count.removed), theme.removed),
    ];
    let room = width.saturating_sub(16);
    let mut spans = vec![Span::styled(fit(&file.path.to_string_lossy(), room), theme.title)];
    spans.extend(counts.into_iter().map(|(text, style)| Span::styled(text, style)));
    Line::from(spans)
}

fn hunk<'a>(model: &'a Model, patch: &'a Patch, index: usize, width: u16) -> impl Iterator<Item = Line<'static>> + 'a {
    let theme = &model.options.theme;
    let lines = patch.hunk(index).iter().map(move |line| {
        let (sign, style) = match line.side {
            Side::Both => (" ", theme.text),
            Side::Added => ("+", theme.added),
            Side::Removed => ("-", theme.removed),
            Side::Remark => ("", theme.dim),
        };
        let text = text::inert(patch.text(line)).replace('\t', "    ");
        Line::styled(fit(&format!("{sign}{text}"), width), style)
    });
    let head = String::from_utf8_lossy(&patch.hunks[index].head);
    std::iter::once(Line::styled(fit(&head, width), theme.accent)).chain(lines)
}
