//! Why a task failed, what is left of it, and what can be done.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::{Rows, fact, saved};
use crate::tui::keymap::binding;
use crate::tui::model::Model;
use crate::tui::msg::{Report, Saved};
use crate::tui::paint::ago;

pub(super) fn rows<'a>(model: &'a Model, report: &'a Report, width: u16) -> Rows<'a> {
    let theme = &model.options.theme;
    let facts = report.facts.iter().flat_map(move |found| {
        let when = found.at.map(|at| format!("{} ago", ago(model.now.wall, at)));
        let what = [found.text.clone()].into_iter().filter(|text| !text.is_empty()).chain(when);
        fact(model, found.name, &what.collect::<Vec<_>>().join(" · "), width)
    });
    let (title, screen) = match &report.saved {
        Saved::Screen(screen) => ("its last screen", Some(screen)),
        Saved::Log(log) => ("what its verification printed", Some(log)),
        Saved::Nothing => ("no screen was saved: its agent never ran, or its pane was closed first", None),
    };
    let style = if screen.is_some() { theme.title } else { theme.dim };
    let title = [Line::raw(""), Line::styled(title, style)];
    let above = next(model, report, width).into_iter().chain(title);
    Box::new(facts.chain(above).chain(screen.into_iter().flat_map(move |screen| saved(screen, width))))
}

/// What can be done, with the keys for it, on as many rows as it takes.
fn next(model: &Model, report: &Report, width: u16) -> Vec<Line<'static>> {
    let theme = &model.options.theme;
    let mut rows: Vec<Vec<Span<'static>>> = vec![vec![Span::styled(format!("{:<10} ", "next"), theme.dim)]];
    let mut used = 11;
    for intent in &report.next {
        let (key, what) = (model.options.keymap.key(*intent), binding(*intent).name);
        let cells = key.width() + what.width() + 1;
        if key.is_empty() {
            continue;
        }
        if used > 11 && used + cells > usize::from(width) {
            rows.push(vec![Span::raw(" ".repeat(11))]);
            used = 11;
        }
        used += cells + 3;
        if let Some(row) = rows.last_mut() {
            row.push(Span::styled(key.to_owned(), theme.key));
            row.push(Span::styled(format!(" {what}   "), theme.text));
        }
    }
    rows.into_iter().map(Line::from).collect()
}
