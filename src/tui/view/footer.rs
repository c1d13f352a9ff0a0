//! The footer: the last message, or the keys that work now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::fit;
use crate::domain::state::Status;
use crate::tui::keymap::Intent;
use crate::tui::model::{Model, Overlay, Tone};

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.outfit.theme;
    if let Some(Overlay::Filter { input, .. }) = &model.overlay {
        let line = vec![
            Span::styled(" /", theme.key),
            Span::styled(fit(&input.lines().join(" "), area.width.saturating_sub(4)), theme.text),
            Span::styled(" ", theme.text.add_modifier(ratatui::style::Modifier::REVERSED)),
        ];
        frame.render_widget(Paragraph::new(Line::from(line)), area);
        return;
    }
    if let Some(toast) = &model.toast {
        let style = match toast.tone {
            Tone::Good => theme.good,
            Tone::Plain => theme.text,
            Tone::Bad => theme.bad,
        };
        let text = format!(" {}", fit(&toast.text, area.width.saturating_sub(2)));
        frame.render_widget(Paragraph::new(Line::styled(text, style)), area);
        return;
    }
    if model.overlay.is_some() {
        // What lies over the board says itself which keys it takes.
        return;
    }
    let mut spans = Vec::new();
    let mut used = 0;
    for (key, what) in keys(model) {
        let width = key.width() + what.width() + 4;
        if used + width > usize::from(area.width) {
            break;
        }
        used += width;
        spans.push(Span::styled(format!(" {key}"), theme.key));
        spans.push(Span::styled(format!(" {what}  "), theme.dim));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// The keys that do something for what is under the cursor, the most wanted first.
fn keys(model: &Model) -> Vec<(&str, &'static str)> {
    let mut wanted: Vec<(Intent, &'static str)> = Vec::new();
    if !model.marks.is_empty() {
        wanted.extend([(Intent::Start, "start marked"), (Intent::Approve, "approve"), (Intent::Archive, "archive")]);
        wanted.extend([(Intent::Delete, "delete"), (Intent::Clear, "clear marks")]);
    } else if let Some(card) = model.selected() {
        match card.task.status {
            Status::Ready => {
                wanted.extend([(Intent::Start, "start"), (Intent::Edit, "edit"), (Intent::Open, "details")]);
            }
            Status::InProgress => {
                wanted.extend([(Intent::Open, "attach"), (Intent::Type, "type"), (Intent::Stop, "stop")]);
                wanted.push((Intent::Diff, "diff"));
            }
            Status::Review => {
                wanted.extend([(Intent::Approve, "approve"), (Intent::Bounce, "bounce"), (Intent::Diff, "diff")]);
                wanted.push((Intent::Shell, "shell"));
            }
            Status::Done => wanted.extend([(Intent::Archive, "archive"), (Intent::Reopen, "reopen")]),
            Status::Failed => {
                wanted.extend([(Intent::Retry, "retry"), (Intent::Open, "report"), (Intent::Shell, "shell")]);
                wanted.push((Intent::Delete, "delete"));
            }
        }
    }
    if model.filter.is_on() {
        wanted.extend([(Intent::NextMatch, "next match"), (Intent::Clear, "clear filter")]);
    }
    wanted.extend([
        (Intent::New, "new"),
        (Intent::View, "view"),
        (Intent::Filter, "filter"),
        (Intent::Palette, "commands"),
        (Intent::Help, "help"),
        (Intent::Quit, "quit"),
    ]);
    let keymap = &model.outfit.keymap;
    wanted.into_iter().map(|(intent, what)| (keymap.key(intent), what)).filter(|(key, _)| !key.is_empty()).collect()
}
