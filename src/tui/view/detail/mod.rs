//! The detail pane: live view, prompt, timeline, diff, failure report. Each is data that the theme draws, a row at a
//! time: what is scrolled away or below the pane is not prepared.

mod diff;
mod prompt;
mod report;
mod timeline;

use ansi_to_tui::IntoText as _;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;

use super::{fit, sign};
use crate::domain::text;
use crate::engine::board::Card;
use crate::tui::columns::said;
use crate::tui::fold;
use crate::tui::layout::layout;
use crate::tui::model::Model;
use crate::tui::msg::{Content, Tab};
use crate::tui::paint::bordered;

/// The rows of a tab.
type Rows<'a> = Box<dyn Iterator<Item = Line<'static>> + 'a>;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.options.theme;
    let Some((card, shown)) = model.selected().zip(model.tab()) else {
        let block = bordered(&model.options);
        let within = block.inner(area);
        frame.render_widget(block, area);
        frame.render_widget(Paragraph::new(Line::styled(" no task is selected", theme.dim)), within);
        return;
    };
    let mut tabs = vec![Span::raw(" ")];
    for tab in Tab::ALL {
        let style = if tab == shown { theme.accent } else { theme.dim };
        tabs.push(Span::styled(format!("{} ", tab.title()), style));
    }
    let title = format!(" #{} {} ", card.task.id, fit(&card.task.draft.title, area.width.saturating_sub(12)));
    let block = bordered(&model.options).title(Span::styled(title, theme.title)).title_bottom(Line::from(tabs));
    let within = block.inner(area);
    frame.render_widget(block, area);
    let asked = asked(model, card, within);
    let above = u16::try_from(asked.len()).unwrap_or(0);
    frame.render_widget(Paragraph::new(asked), within);
    let within = Rect { y: within.y + above, height: within.height.saturating_sub(above), ..within };
    let height = usize::from(within.height);
    let scroll = model.detail.scroll;
    let lines: Vec<Line<'_>> = if let (Tab::Live, Some(Content::Screen(screen))) = (shown, content(model, card, shown))
    {
        // The end of the agent's screen, in its own colours.
        let rows = coloured(screen).lines;
        let from = rows.len().saturating_sub(height + scroll.min(rows.len().saturating_sub(height)));
        rows.into_iter().skip(from).take(height).collect()
    } else {
        rows(model, card, shown, within.width).skip(scroll).take(height).collect()
    };
    frame.render_widget(Paragraph::new(lines), within);
}

/// How far the pane can be scrolled: until its last row is in sight.
#[must_use]
pub fn furthest(model: &Model) -> usize {
    let Some((card, shown)) = model.selected().zip(model.tab()) else { return 0 };
    let Some(area) = layout(model).detail else { return 0 };
    let within = Rect { width: area.width.saturating_sub(2), height: area.height.saturating_sub(2), ..area };
    let height = usize::from(within.height) - asked(model, card, within).len();
    let width = within.width;
    let count = match (shown, content(model, card, shown)) {
        (Tab::Live, Some(Content::Screen(screen))) => screen.lines().count(),
        _ => rows(model, card, shown, width).count(),
    };
    count.saturating_sub(height)
}

/// What the agent waits for, in full, above whatever is shown; at most half of the pane.
fn asked(model: &Model, card: &Card, within: Rect) -> Vec<Line<'static>> {
    let Some(question) = said(card).filter(|_| card.is_waiting()) else { return Vec::new() };
    let style = model.options.theme.warn;
    let half = usize::from(within.height / 2);
    let mut rows = owned(&text::line(question), within.width);
    rows.truncate(half.saturating_sub(1));
    if rows.is_empty() {
        return Vec::new();
    }
    let rows = rows.into_iter().map(|row| Line::styled(row, style));
    rows.chain([rule(model, within.width)]).collect()
}

fn content<'a>(model: &'a Model, card: &Card, shown: Tab) -> Option<&'a Content> {
    let found = model.detail.content.as_ref();
    found.filter(|(task, tab, _)| *task == card.task.id && *tab == shown).map(|(.., content)| content)
}

fn rows<'a>(model: &'a Model, card: &'a Card, shown: Tab, width: u16) -> Rows<'a> {
    let theme = &model.options.theme;
    if shown == Tab::Prompt {
        return prompt::rows(model, card, width);
    }
    match content(model, card, shown) {
        None => Box::new(std::iter::once(Line::styled("reading…", theme.dim))),
        Some(Content::Nothing(why)) => {
            let style = theme.dim;
            let why = text::line(why);
            Box::new(owned(&why, width).into_iter().map(move |row| Line::styled(row, style)))
        }
        Some(Content::Screen(screen)) => saved(screen, width),
        Some(Content::Timeline(timeline)) => timeline::rows(model, timeline, width),
        Some(Content::Diff(files)) => diff::rows(model, files, width),
        Some(Content::Report(report)) => report::rows(model, report, width),
    }
}

/// The rows of a line of text.
fn owned(line: &str, width: u16) -> Vec<String> {
    fold::rows(line, width).map(str::to_owned).collect()
}

/// A name, and what there is to say of it: on as many rows as it takes, below each other.
fn fact(model: &Model, name: &str, what: &str, width: u16) -> Vec<Line<'static>> {
    let theme = &model.options.theme;
    let head = format!("{name:<10} ");
    let blank = " ".repeat(head.len());
    let room = width.saturating_sub(11);
    let rows = owned(&text::line(what), room).into_iter().enumerate();
    let line = |(index, row)| {
        let head = if index == 0 { head.clone() } else { blank.clone() };
        Line::from(vec![Span::styled(head, theme.dim), Span::styled(row, theme.text)])
    };
    rows.map(line).collect()
}

/// A screen that was saved, in its own colours.
fn saved<'a>(screen: &str, width: u16) -> Rows<'a> {
    let lines = coloured(screen.trim_end()).lines;
    Box::new(lines.into_iter().flat_map(move |line| fold::styled(&line, width)))
}

/// The text of a captured screen, with its colours; every other control is dropped before.
fn coloured(screen: &str) -> Text<'static> {
    let clean = text::coloured(screen).replace('\t', "    ");
    // Nothing but colours is left in it: what can't be read as such is shown without.
    clean.into_text().unwrap_or_else(|_| Text::raw(text::plain(screen)))
}

fn rule(model: &Model, width: u16) -> Line<'static> {
    Line::styled(sign(model, "─", "-").repeat(usize::from(width)), model.options.theme.border)
}
