//! The footer: what is typed into it, the last message, or the keys that work now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::{fit, sign};
use crate::domain::state::Status;
use crate::tui::keymap::{Intent, Simple, binding};
use crate::tui::model::{Model, Toast, Tone};
use crate::tui::overlay::Overlay;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.options.theme;
    let line = if let Some(Overlay::Filter(filter)) = &model.overlay {
        Line::from(vec![
            Span::styled(" filter: ", theme.dim),
            Span::styled(fit(&filter.text(), area.width.saturating_sub(11)), theme.text),
            Span::styled(" ", theme.text.add_modifier(ratatui::style::Modifier::REVERSED)),
        ])
    } else if let Some(toast) = &model.toast {
        said(model, toast, area.width)
    } else if model.overlay.is_some() {
        // What lies over the board says itself which keys it takes.
        return;
    } else {
        let (before, pieces) = keys(model, area.width);
        Line::from(before.into_iter().chain(pieces.into_iter().flat_map(|(_, piece)| piece)).collect::<Vec<_>>())
    };
    frame.render_widget(Paragraph::new(line), area);
}

/// A message, and the keys for what can be done next, which are never cut.
fn said(model: &Model, toast: &Toast, width: u16) -> Line<'static> {
    let theme = &model.options.theme;
    let style = match toast.tone {
        Tone::Good => theme.good,
        Tone::Plain => theme.text,
        Tone::Bad => theme.bad,
    };
    let mut next = Vec::new();
    let is_here = toast.said.of.is_none_or(|task| model.columns.selected() == Some(task));
    for intent in toast.said.next.iter().filter(|_| is_here) {
        let key = model.options.keymap.key_now(*intent, model.special());
        if !key.is_empty() {
            next.push(Span::styled(sign(model, " · ", " | "), theme.dim));
            next.push(Span::styled(key.to_owned(), theme.key));
            next.push(Span::styled(format!(" {}", binding(*intent).name), style));
        }
    }
    let room = usize::from(width).saturating_sub(2 + cells(&next));
    let mut line = vec![Span::styled(format!(" {}", fit(&toast.said.text, u16::try_from(room).unwrap_or(0))), style)];
    line.extend(next);
    Line::from(line)
}

fn cells(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| span.content.width()).sum()
}

/// What a click on the footer means there.
#[must_use]
pub fn intent_at(model: &Model, area: Rect, x: u16) -> Option<Intent> {
    if model.toast.is_some() || model.overlay.is_some() {
        return None;
    }
    let mut left = usize::from(area.x);
    let (before, pieces) = keys(model, area.width);
    left += cells(&before);
    pieces.into_iter().find_map(|(intent, piece)| {
        let from = left;
        left += cells(&piece);
        (from..left).contains(&usize::from(x)).then_some(intent)
    })
}

/// What goes before the keys, and the keys that do something now, the most wanted first. Help and quit are there
/// whatever else fits.
fn keys(model: &Model, width: u16) -> (Vec<Span<'static>>, Vec<(Intent, Vec<Span<'static>>)>) {
    let theme = &model.options.theme;
    let piece = |&(intent, what): &(Intent, &str)| {
        let key = model.options.keymap.key_now(intent, model.special());
        let shown = [Span::styled(format!(" {key}"), theme.key), Span::styled(format!(" {what}  "), theme.dim)];
        (intent, if key.is_empty() { Vec::new() } else { shown.to_vec() })
    };
    let last = [(Intent::Help, "help"), (Intent::Quit, "quit")].map(|last| piece(&last));
    let mut taken: usize = last.iter().map(|(_, piece)| cells(piece)).sum();
    let mut before = Vec::new();
    if model.detail.is_zoomed && !model.detail.search.is_empty() {
        let text = fit(&model.detail.search, (width / 3).max(8));
        before.push(Span::styled(format!(" search: {text}  "), theme.warn));
    }
    if model.filter.is_on() {
        let text = fit(&model.filter.text, (width / 3).max(8));
        before.push(Span::styled(format!(" filter: {text}  "), theme.warn));
    }
    taken += cells(&before);
    let mut pieces = Vec::new();
    for wanted in wanted(model) {
        let piece = piece(&wanted);
        taken += cells(&piece.1);
        // The blanks after the last one may be cut.
        if taken > usize::from(width) + 2 {
            break;
        }
        pieces.push(piece);
    }
    pieces.extend(last);
    (before, pieces)
}

/// What is worth a key for what is under the cursor.
fn wanted(model: &Model) -> Vec<(Intent, &'static str)> {
    let mut wanted: Vec<(Intent, &'static str)> = Vec::new();
    if model.detail.is_zoomed {
        wanted.push((Intent::Zoom, "back to the board"));
        wanted.push((Intent::Find, "search"));
        if !model.detail.search.is_empty() {
            wanted.extend([(Intent::NextFound, "next"), (Intent::PreviousFound, "previous")]);
        }
    }
    if model.filter.is_on() {
        wanted.extend([(Intent::NextMatch, "next match"), (Intent::Clear, "clear filter")]);
    }
    if model.board.cards.iter().any(crate::engine::board::Card::lost_its_agent) {
        wanted.push((Intent::StartLost, "start the lost again"));
    }
    if !model.marks.is_empty() {
        wanted.extend([
            (Intent::Start, "start marked"),
            (Intent::Approve, "approve"),
            (Intent::Simple(Simple::Archive), "archive"),
        ]);
        wanted.extend([(Intent::Remove, "remove"), (Intent::Clear, "clear marks")]);
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
                wanted.extend([(Intent::Merge, "merge"), (Intent::Shell, "shell")]);
            }
            Status::Done => {
                wanted.extend([
                    (Intent::Simple(Simple::Archive), "archive"),
                    (Intent::Simple(Simple::Reopen), "reopen"),
                    (Intent::Merge, "merge"),
                ]);
            }
            Status::Failed => {
                wanted.extend([(Intent::Retry, "retry"), (Intent::Open, "report"), (Intent::Shell, "shell")]);
                wanted.push((Intent::Remove, "remove"));
            }
        }
    }
    if model.detail.tab.is_some() && !model.detail.is_zoomed {
        wanted.push((Intent::Zoom, "zoom"));
    }
    wanted.extend([
        (Intent::New, "new"),
        (Intent::View, "view"),
        (Intent::Filter, "filter"),
        (Intent::Palette, "commands"),
    ]);
    wanted
}
