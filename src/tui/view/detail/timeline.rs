//! What happened to the task, newest first, and its agent's last screen.

use ratatui::text::{Line, Span};

use super::{Rows, owned, saved};
use crate::domain::text;
use crate::tui::model::Model;
use crate::tui::msg::{Entry, Timeline};
use crate::tui::paint::ago;

/// The column of the times.
const TIMES: u16 = 6;

pub(super) fn rows<'a>(model: &'a Model, timeline: &'a Timeline, width: u16) -> Rows<'a> {
    let entries = timeline.entries.iter().flat_map(move |entry| self::entry(model, entry, width));
    let title = Line::styled("saved screen", model.options.theme.title);
    let screen = timeline
        .screen
        .iter()
        .flat_map(move |screen| [Line::raw(""), title.clone()].into_iter().chain(saved(screen, width)));
    Box::new(entries.chain(screen))
}

fn entry(model: &Model, entry: &Entry, width: u16) -> Vec<Line<'static>> {
    let theme = &model.options.theme;
    let style = if entry.inner { theme.dim } else { theme.text };
    // Counted from now, however long ago it was read.
    let when = format!("{:>4}  ", ago(model.now.wall, entry.at));
    let who = format!(" · {}", entry.who);
    let said = text::line(&entry.text) + &who;
    let rows = owned(&said, width.saturating_sub(TIMES));
    let last = rows.len() - 1;
    let line = |(index, row): (usize, String)| {
        let when = if index == 0 { when.clone() } else { " ".repeat(usize::from(TIMES)) };
        let mut spans = vec![Span::styled(when, theme.dim)];
        match row.strip_suffix(&who).filter(|_| index == last) {
            Some(row) => spans.extend([Span::styled(row.to_owned(), style), Span::styled(who.clone(), theme.dim)]),
            None => spans.push(Span::styled(row, style)),
        }
        Line::from(spans)
    };
    rows.into_iter().enumerate().map(line).collect()
}
