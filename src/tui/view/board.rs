//! The columns and their cards. Only the cards that are visible are drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr as _;

use super::sign;
use crate::domain::state::Status;
use crate::tui::card::{Face, HANG};
use crate::tui::columns::{COLUMNS, title};
use crate::tui::keymap::Intent;
use crate::tui::layout::{Column, cards};
use crate::tui::model::Model;

/// What goes to each of the columns.
const GO: [Intent; 5] = [Intent::Ready, Intent::InProgress, Intent::Review, Intent::Done, Intent::Failed];

/// The titles of all columns on one row, where not all are shown.
pub(super) fn tabs(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.options.theme;
    let style = |status| if status == model.columns.focus() { theme.accent } else { theme.dim };
    let titles = COLUMNS.iter().zip(titles(model, area)).map(|(status, title)| Span::styled(title, style(*status)));
    frame.render_widget(Paragraph::new(Line::from(titles.collect::<Vec<_>>())), area);
}

/// The column whose title is there, on the row of all titles.
#[must_use]
pub fn tabbed_at(model: &Model, area: Rect, x: u16) -> Option<Status> {
    let mut left = usize::from(area.x);
    COLUMNS.into_iter().zip(titles(model, area)).find_map(|(status, title)| {
        let from = left;
        left += title.width();
        (from..left).contains(&usize::from(x)).then_some(status)
    })
}

fn titles(model: &Model, area: Rect) -> [String; 5] {
    let title = |index: usize| {
        let status = COLUMNS[index];
        let name = if area.width < 60 { title(status).split(' ').next().unwrap_or_default() } else { title(status) };
        let key = model.options.keymap.key(GO[index]);
        let before = if index == 0 { " " } else { "" };
        format!("{before}{key} {name} {}  ", model.columns.tasks(status).len())
    };
    [0, 1, 2, 3, 4].map(title)
}

pub(super) fn column(model: &Model, frame: &mut Frame<'_>, column: &Column) {
    let cards = cards(model, column);
    let focused = model.columns.focus() == column.status;
    head(model, frame, column, cards.len());
    for (card, face, place) in cards {
        self::card(model, frame, place, &face, focused && model.columns.selected() == Some(card.task.id));
    }
    if focused && model.columns.tasks(column.status).is_empty() {
        empty(model, frame, column.cards);
    }
}

/// A column's title, how many tasks it has and how many of them are out of sight, and the line below that.
fn head(model: &Model, frame: &mut Frame<'_>, column: &Column, shown: usize) {
    let theme = &model.options.theme;
    let tasks = model.columns.tasks(column.status);
    let focused = model.columns.focus() == column.status;
    let is_open = column.cards.height > 0;
    let style = match (focused, is_open) {
        (true, _) => theme.accent,
        (false, true) => theme.title,
        (false, false) => theme.dim,
    };
    let mut head = vec![Span::styled(format!(" {} ", title(column.status)), style)];
    let all = model.count(column.status);
    let count = if all == tasks.len() || !is_open { format!("{all}") } else { format!("{} of {all}", tasks.len()) };
    head.push(Span::styled(count, theme.dim));
    let top = model.columns.top(column.status);
    let below = tasks.len().saturating_sub(top + shown);
    if top > 0 && is_open {
        head.push(Span::styled(format!(" {}{top}", sign(model, "↑", "^")), theme.dim));
    }
    if below > 0 && is_open {
        head.push(Span::styled(format!(" {}{below}", sign(model, "↓", "v")), theme.dim));
    }
    frame.render_widget(Paragraph::new(Line::from(head)), column.head);
    let (line, style) =
        if focused { (sign(model, "━", "="), theme.accent) } else { (sign(model, "─", "-"), theme.border) };
    let line = line.repeat(usize::from(column.rule.width));
    frame.render_widget(Paragraph::new(Line::styled(line, style)), column.rule);
}

/// What to press where there is nothing.
fn empty(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.options.theme;
    let keymap = &model.options.keymap;
    let text = if !model.loaded {
        vec![Line::styled(" reading the board…", theme.dim)]
    } else if model.filter.is_on() {
        vec![Line::styled(" nothing here matches", theme.dim)]
    } else if model.board.cards.is_empty() {
        let row = |intent, what: &str| {
            let key = format!(" {:>4}", keymap.key(intent));
            Line::from(vec![Span::styled(key, theme.key), Span::styled(format!("  {what}"), theme.text)])
        };
        vec![
            Line::styled(" No tasks yet.", theme.text),
            Line::raw(""),
            row(Intent::New, "new task"),
            row(Intent::Compose, "…written in $EDITOR"),
            row(Intent::Help, "every key"),
            row(Intent::Quit, "quit"),
        ]
    } else {
        vec![Line::styled(" nothing here", theme.dim)]
    };
    frame.render_widget(Paragraph::new(text), area);
}

fn card(model: &Model, frame: &mut Frame<'_>, area: Rect, face: &Face, selected: bool) {
    let theme = &model.options.theme;
    let area = match &face.heading {
        None => area,
        Some(heading) => {
            let line = Line::styled(format!(" {heading}"), theme.accent);
            frame.render_widget(Paragraph::new(line), Rect { height: 1.min(area.height), ..area });
            Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
        }
    };
    let marked = face.id.strip_prefix('#').is_none();
    let edge = match (selected, marked) {
        (true, _) => Span::styled(sign(model, "▌", ">"), theme.accent),
        (false, true) => Span::styled(sign(model, "▎", "*"), theme.warn),
        (false, false) => Span::raw(" "),
    };
    let name = if selected { theme.title } else { theme.text };
    let id = if marked { theme.warn } else { theme.dim };
    let tone = face.mark.style(theme);
    let fact = if face.mark.is_loud() { tone } else { theme.dim };
    let title = lines(&face.title, &face.id, (id, name), &edge);
    let fact = lines(&face.fact, face.mark.sign(&model.options), (tone, fact), &edge);
    let block = if selected { Block::new().style(theme.selected) } else { Block::new() };
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(title.chain(fact).collect::<Vec<_>>()), area);
}

/// Rows whose first begins with a `lead` of another style, and whose others hang below it.
fn lines<'a>(
    rows: &'a [String],
    lead: &'a str,
    (first, style): (Style, Style),
    edge: &'a Span<'static>,
) -> impl Iterator<Item = Line<'static>> + 'a {
    rows.iter().enumerate().map(move |(index, row)| {
        let mut line = vec![edge.clone()];
        match row.strip_prefix(lead).filter(|_| index == 0) {
            Some(rest) => {
                line.extend([Span::styled(lead.to_owned(), first), Span::styled(rest.to_owned(), style)]);
            }
            None if index == 0 => line.push(Span::styled(row.clone(), style)),
            None => line.extend([Span::raw(" ".repeat(usize::from(HANG))), Span::styled(row.clone(), style)]),
        }
        Line::from(line)
    })
}
