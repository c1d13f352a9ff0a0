//! The columns and their cards. Only the cards that are visible are drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr as _;

use super::{ago, fit, sign};
use crate::domain::state::Status;
use crate::domain::time::Timestamp;
use crate::engine::board::Card;
use crate::tui::columns::{COLUMNS, reason, said, title};
use crate::tui::keymap::Intent;
use crate::tui::layout::Column;
use crate::tui::model::Model;

/// What goes to each of the columns.
const GO: [Intent; 5] = [Intent::Ready, Intent::InProgress, Intent::Review, Intent::Done, Intent::Failed];

/// The titles of all columns on one row, where not all are shown.
pub(super) fn tabs(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.options.theme;
    let mut spans = vec![Span::raw(" ")];
    for (index, status) in COLUMNS.iter().enumerate() {
        let style = if *status == model.columns.focus() { theme.accent } else { theme.dim };
        let name = if area.width < 60 { title(*status).split(' ').next().unwrap_or_default() } else { title(*status) };
        let key = model.options.keymap.key(GO[index]);
        spans.push(Span::styled(format!("{key} {name} {}  ", model.columns.tasks(*status).len()), style));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

pub(super) fn column(model: &Model, frame: &mut Frame<'_>, column: &Column, height: u16) {
    let theme = &model.options.theme;
    let tasks = model.columns.tasks(column.status);
    let focused = model.columns.focus() == column.status;
    let style = if focused { theme.accent } else { theme.title };
    let mut head = vec![Span::styled(format!(" {} ", title(column.status)), style)];
    let all = model.count(column.status);
    let count = if all == tasks.len() { format!("{all}") } else { format!("{} of {all}", tasks.len()) };
    head.push(Span::styled(count, theme.dim));
    let top = model.columns.top(column.status);
    let shown = usize::from(column.cards.height / height.max(1));
    let below = tasks.len().saturating_sub(top + shown);
    if top > 0 {
        head.push(Span::styled(format!(" {}{top}", sign(model, "↑", "^")), theme.dim));
    }
    if below > 0 {
        head.push(Span::styled(format!(" {}{below}", sign(model, "↓", "v")), theme.dim));
    }
    frame.render_widget(Paragraph::new(Line::from(head)), column.head);
    for (row, id) in tasks.iter().skip(top).take(shown).enumerate() {
        let Some(card) = model.board.card(*id) else { continue };
        let y = column.cards.y + u16::try_from(row).unwrap_or(0) * height;
        let area = Rect { y, height: height - 1, ..column.cards };
        self::card(model, frame, area, card, focused && model.columns.selected() == Some(*id));
    }
    if tasks.is_empty() && focused {
        empty(model, frame, column.cards);
    }
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

fn card(model: &Model, frame: &mut Frame<'_>, area: Rect, card: &Card, selected: bool) {
    let theme = &model.options.theme;
    let width = area.width.saturating_sub(2);
    let (mark, tone) = state(model, card);
    let marked = model.marks.contains(&card.task.id);
    let edge = match (selected, marked) {
        (true, _) => Span::styled(sign(model, "▌", ">"), theme.accent),
        (false, true) => Span::styled(sign(model, "▎", "*"), theme.warn),
        (false, false) => Span::raw(" "),
    };
    let id = format!("{}{} ", if marked { sign(model, "◆", "*") } else { "#" }, card.task.id);
    let room = width.saturating_sub(u16::try_from(id.width()).unwrap_or(0));
    let name = if selected { theme.title } else { theme.text };
    let mut titles = wrap(&card.task.draft.title, room, width, usize::from(area.height).saturating_sub(1)).into_iter();
    let mut rows = vec![Line::from(vec![
        edge.clone(),
        Span::styled(id, if marked { theme.warn } else { theme.dim }),
        Span::styled(titles.next().unwrap_or_default(), name),
    ])];
    rows.extend(titles.map(|title| Line::from(vec![edge.clone(), Span::styled(title, name)])));
    let facts = facts(model, card);
    let room = width.saturating_sub(u16::try_from(mark.width() + 1).unwrap_or(0));
    rows.push(Line::from(vec![
        edge,
        Span::styled(format!("{mark} "), tone),
        Span::styled(fit(&facts, room), if is_loud(card) { tone } else { theme.dim }),
    ]));
    let block = if selected { Block::new().style(theme.selected) } else { Block::new() };
    let height = u16::try_from(rows.len()).unwrap_or(area.height).min(area.height);
    let shown = Rect { height, width: area.width.saturating_sub(1), ..area };
    frame.render_widget(block, shown);
    frame.render_widget(Paragraph::new(rows), shown);
}

/// A title on up to `rows` rows, the first of them narrower; broken between words where that is possible.
fn wrap(title: &str, first: u16, width: u16, rows: usize) -> Vec<String> {
    if rows < 2 {
        return vec![fit(title, first)];
    }
    let head = fit(title, first);
    if !head.ends_with('…') {
        return vec![head];
    }
    // What fits on the first row, up to the last space; the rest goes on below.
    let shown = head.trim_end_matches('…');
    let broken = shown.rfind(' ').filter(|at| *at > 0).map_or(shown, |at| &shown[..at]);
    let taken = broken.chars().count();
    let rest: String = title.chars().skip(taken).collect();
    vec![broken.to_owned(), fit(rest.trim_start(), width)]
}

fn is_loud(card: &Card) -> bool {
    card.is_lost() || card.task.status == Status::Failed || card.tree_trouble().is_some()
}

/// A card's sign and its colour.
fn state(model: &Model, card: &Card) -> (&'static str, Style) {
    let theme = &model.options.theme;
    if model.running.contains_key(&card.task.id) {
        return (sign(model, "◌", "~"), theme.busy);
    }
    if card.is_lost() {
        return ("!", theme.bad);
    }
    if card.tree_trouble().is_some() && card.is_live() {
        return ("!", theme.warn);
    }
    if card.doubt().is_some() && card.task.status == Status::InProgress {
        return ("?", theme.warn);
    }
    match card.task.status {
        Status::Ready if !card.task.blocked_by.is_empty() => (sign(model, "◇", "w"), theme.dim),
        Status::Ready => (sign(model, "○", "o"), theme.dim),
        Status::InProgress => match card.activity() {
            Some("working") => (sign(model, "●", "*"), theme.busy),
            Some("stopped") => (sign(model, "◍", "!"), theme.warn),
            Some("waiting") => ("?", theme.warn),
            Some("idle") => (sign(model, "◦", "i"), theme.dim),
            Some(_) | None => (sign(model, "◌", "~"), theme.busy),
        },
        Status::Review => (sign(model, "✔", "+"), theme.good),
        Status::Done => (sign(model, "✓", "."), theme.dim),
        Status::Failed => (sign(model, "✖", "x"), theme.bad),
    }
}

fn limit(card: &Card, now: Timestamp) -> Option<String> {
    card.limit_until(now).map(|until| format!("limit ends in {}", super::span(until.since(now).as_secs())))
}

/// A card's second line.
fn facts(model: &Model, card: &Card) -> String {
    let task = &card.task;
    let now = model.now;
    let mut facts = Vec::new();
    let since = card.attempt.as_ref().map(|seen| seen.attempt.started_at.unwrap_or(seen.attempt.claimed_at));
    if let Some(act) = model.running.get(&task.id) {
        // The phase of the row is further than what was asked for here.
        facts.push(format!("{}…", card.activity().unwrap_or_else(|| act.going_on())));
    } else if card.is_lost() {
        facts.push("lost: its process is gone".to_owned());
    } else if let (Some(doubt), Status::InProgress) = (card.doubt(), task.status) {
        facts.push(format!("unknown: {}", doubt.text()));
    } else if let (Some(activity), Some(since)) = (card.activity(), since) {
        let since = card.doing().map_or(since, |doing| doing.since);
        let unit = ago(now.wall, since);
        match task.status {
            Status::InProgress => {
                facts.push(format!("{} {unit}", card.activity_text().unwrap_or_else(|| activity.to_owned())));
                facts.extend(limit(card, now.wall));
                facts.extend(said(card).map(str::to_owned));
            }
            Status::Ready | Status::Review | Status::Done | Status::Failed => {
                facts.push("agent still there".to_owned());
            }
        }
    }
    facts.extend(card.tree_trouble());
    if task.status == Status::Failed
        && let Some(reason) = reason(card)
    {
        facts.extend(limit(card, now.wall));
        facts.push(reason.to_owned());
    }
    if let Some((_, Some((added, removed)))) = model.measured.get(&task.id)
        && *added + *removed > 0
    {
        facts.push(format!("+{added} {}{removed}", sign(model, "−", "-")));
    }
    if task.attempts > 1 {
        facts.push(format!("attempt {}", task.attempts));
    }
    if !task.blocked_by.is_empty() {
        let by: Vec<String> = task.blocked_by.iter().map(|id| format!("#{id}")).collect();
        facts.push(format!("waits for {}", by.join(" ")));
    }
    if task.status == Status::Ready {
        if let Some(at) = task.not_before.filter(|at| *at > now.wall) {
            facts.push(format!("again in {}", super::span(at.since(now.wall).as_secs())));
        }
        facts.extend(reason(card).map(str::to_owned));
    }
    if task.draft.priority != 0 {
        facts.push(format!("priority {}", task.draft.priority));
    }
    if model.options.repo.is_none()
        && let Some(name) = task.draft.repo.file_name()
    {
        facts.push(name.to_string_lossy().into_owned());
    }
    facts.push(task.draft.agent.clone());
    facts.join(sign(model, " · ", " | "))
}
