//! The detail pane: live view, prompt, timeline, diff, failure report.

use ansi_to_tui::IntoText as _;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Wrap};

use super::{fit, sign};
use crate::domain::state::Status;
use crate::domain::text;
use crate::engine::board::Card;
use crate::tui::model::Model;
use crate::tui::msg::{Content, Tab};
use crate::tui::paint::bordered;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.outfit.theme;
    let Some((card, shown)) = model.selected().zip(model.tab()) else {
        let block = bordered(&model.outfit);
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
    let block = bordered(&model.outfit).title(Span::styled(title, theme.title)).title_bottom(Line::from(tabs));
    let within = block.inner(area);
    frame.render_widget(block, area);
    let content = match &model.detail.content {
        Some((task, tab, content)) if *task == card.task.id && *tab == shown => Some(content),
        Some(_) | None => None,
    };
    match (shown, content) {
        (Tab::Prompt, _) => prompt(model, frame, within, card),
        (_, None) => frame.render_widget(Paragraph::new(Line::styled("reading…", theme.dim)), within),
        (_, Some(Content::Nothing(why))) => {
            let line = Line::styled(fit(why, within.width), theme.dim);
            frame.render_widget(Paragraph::new(line), within);
        }
        (Tab::Live, Some(Content::Text(text))) => live(model, frame, within, text),
        (Tab::Diff, Some(Content::Text(text))) => diff(model, frame, within, text),
        (Tab::Timeline | Tab::Report, Some(Content::Text(text))) => plain(model, frame, within, text),
    }
}

/// The end of the agent's screen, in its own colours.
fn live(model: &Model, frame: &mut Frame<'_>, area: Rect, screen: &str) {
    let text = coloured(screen);
    let rows = text.lines.len();
    let height = usize::from(area.height);
    let back = usize::from(model.detail.scroll).min(rows.saturating_sub(height));
    let from = rows.saturating_sub(height + back);
    let lines: Vec<Line<'_>> = text.lines.into_iter().skip(from).take(height).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// The text of a captured screen, with its colours; every other control is dropped before.
fn coloured(screen: &str) -> Text<'static> {
    let clean = text::coloured(screen).replace('\t', "    ");
    // Nothing but colours is left in it: what can't be read as such is shown without.
    clean.into_text().unwrap_or_else(|_| Text::raw(text::plain(screen)))
}

fn diff(model: &Model, frame: &mut Frame<'_>, area: Rect, diff: &str) {
    let theme = &model.outfit.theme;
    let lines = diff.lines().skip(usize::from(model.detail.scroll)).take(usize::from(area.height)).map(|line| {
        let style = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] | [b'd', b'i', b'f', b'f', b' ', ..] => theme.title,
            [b'+', ..] => theme.added,
            [b'-', ..] => theme.removed,
            [b'@', b'@', ..] => theme.accent,
            _ => theme.text,
        };
        Line::styled(fit(&line.replace('\t', "    "), area.width), style)
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

fn plain(model: &Model, frame: &mut Frame<'_>, area: Rect, written: &str) {
    let text = coloured(written);
    let rows = Paragraph::new(text).style(model.outfit.theme.text).wrap(Wrap { trim: false });
    frame.render_widget(rows.scroll((model.detail.scroll, 0)), area);
}

fn prompt(model: &Model, frame: &mut Frame<'_>, area: Rect, card: &Card) {
    let theme = &model.outfit.theme;
    let task = &card.task;
    let draft = &task.draft;
    let mut lines = Vec::new();
    let mut row = |name: &str, what: String| {
        let what = fit(&what, area.width.saturating_sub(11));
        lines.push(Line::from(vec![Span::styled(format!("{name:<10} "), theme.dim), Span::styled(what, theme.text)]));
    };
    row("status", task.status.text().to_owned());
    if let Some(reason) = &task.reason {
        row("because", reason.clone());
    }
    row("agent", draft.agent.clone());
    row("base", draft.base.clone().unwrap_or_else(|| "as configured".to_owned()));
    if !draft.after.is_empty() {
        row("after", draft.after.iter().map(|id| format!("#{id}")).collect::<Vec<_>>().join(" "));
    }
    for command in &draft.verify {
        row("verify", command.clone());
    }
    if let Some(note) = &task.note {
        row("note", note.clone());
    }
    if let Some(seen) = &card.attempt {
        row("branch", seen.attempt.plan.branch.clone());
        row("worktree", seen.attempt.plan.worktree.display().to_string());
    }
    if task.status == Status::Ready && draft.prompt.is_empty() {
        row("prompt", "the title".to_owned());
    }
    lines.push(Line::styled(sign(model, "─", "-").repeat(usize::from(area.width)), theme.border));
    let from = usize::from(model.detail.scroll);
    let height = usize::from(area.height);
    // Only what can be seen is prepared: a prompt may have megabytes.
    let prompt = draft.prompt.lines().skip(from).take(height).map(|line| {
        let head: String = line.chars().take(usize::from(area.width) * height).collect();
        Line::styled(text::block(&head).replace('\t', "    "), theme.text)
    });
    lines.extend(prompt);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}
