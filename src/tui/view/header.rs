//! The header: counts, what needs me, dispatches in flight, tmux, the last sweep.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::{ago, fit, sign};
use crate::domain::state::Status;
use crate::domain::text;
use crate::domain::time::{Timestamp, span};
use crate::engine::board::Card;
use crate::tui::model::Model;

/// A sweep is told every ten seconds at least: one that is this old is late.
const LATE: Duration = Duration::from_secs(30);

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.options.theme;
    let board = &model.board;
    let of = |is: fn(&Card) -> bool| board.cards.iter().filter(|card| is(card)).count();
    let waiting = board.cards.iter().filter(|card| card.needs_person()).count();
    let mut left = vec![Span::styled(" ganger ", theme.title)];
    left.push(Span::styled(format!("{} ", fit(&model.whose(), 24)), theme.dim));
    if model.shown.archived {
        left.push(Span::styled("with archived  ", theme.dim));
    }
    let count = |status| board.cards.iter().filter(|card| card.task.status == status && !card.task.archived).count();
    let tallies = [
        (sign(model, "▶", ">"), count(Status::InProgress), theme.busy),
        ("?", of(Card::is_waiting), theme.warn),
        (sign(model, "✔", "+"), count(Status::Review), theme.good),
        (sign(model, "✖", "x"), count(Status::Failed), theme.bad),
        ("!", of(Card::is_lost), theme.bad),
        (sign(model, "↻", "@"), of(Card::lost_its_agent), theme.warn),
    ];
    for (sign, count, style) in tallies.into_iter().filter(|(_, count, _)| *count > 0) {
        left.push(Span::styled(format!(" {sign}{count}"), style));
    }
    if waiting > 0 {
        left.push(Span::styled(format!("  {waiting} need{} you", if waiting == 1 { "s" } else { "" }), theme.warn));
    }
    let lost = of(Card::lost_its_agent);
    if lost > 0 {
        left.push(Span::styled(format!("  {lost} lost {} agent", if lost == 1 { "its" } else { "their" }), theme.warn));
    }
    let mut spent: Vec<(&str, Timestamp)> = Vec::new();
    for card in &board.cards {
        let until = card.limit_until(model.now.wall);
        let agent = card.speaker().map(|attempt| attempt.plan.agent.as_str());
        if let Some((agent, until)) = agent.zip(until) {
            match spent.iter_mut().find(|(known, _)| *known == agent) {
                Some((_, known)) => *known = until.max(*known),
                None => spent.push((agent, until)),
            }
        }
    }
    for (agent, until) in spent {
        let ends = span(until.since(model.now.wall).as_secs());
        left.push(Span::styled(format!("  {}: limit ends in {ends}", text::line(agent)), theme.warn));
    }
    if model.works_off {
        left.push(Span::styled("  working the queue off", theme.accent));
    }
    let flights = model.running.len() + model.running_global.len();
    if flights > 0 {
        left.push(Span::styled(format!("  {flights} under way"), theme.busy));
    }
    let mut right = vec![Span::styled(throughput(model), theme.dim)];
    right.push(match (&model.sweep, model.loaded) {
        (Some(sweep), _) if sweep.tmux.as_ref().is_none_or(Result::is_ok) && recent(model).is_some() => fixed(model),
        (Some(sweep), _) if sweep.tmux.as_ref().is_some_and(Result::is_err) => Span::styled("tmux ?", theme.bad),
        (Some(sweep), _) if model.now.wall.since(sweep.at) > LATE => {
            Span::styled(format!("! last sweep {} ago", ago(model.now.wall, sweep.at)), theme.warn)
        }
        (Some(sweep), _) => {
            // Without file events deaths are seen by the timed sweep alone: that is said.
            let how = if sweep.events { "" } else { " every 2s" };
            Span::styled(format!("{} watching{how}", sign(model, "●", "*")), theme.dim)
        }
        (None, true) => Span::styled("first sweep…", theme.dim),
        (None, false) => Span::styled("reading…", theme.dim),
    });
    right.push(Span::raw(" "));
    let width = |spans: &[Span<'_>]| spans.iter().map(|span| span.content.width()).sum::<usize>();
    let gap = usize::from(area.width).saturating_sub(width(&left) + width(&right));
    if gap == 0 {
        // What is wrong stands in the banner: on a narrow screen the counts are worth more.
        right.clear();
    }
    left.push(Span::raw(" ".repeat(gap)));
    left.extend(right);
    frame.render_widget(Paragraph::new(Line::from(left)), area);
}

fn fixed(model: &Model) -> Span<'static> {
    let said = recent(model)
        .map(|(at, what)| format!("{} ago {}", ago(model.now.wall, at), fit(&what, 36)))
        .unwrap_or_default();
    Span::styled(format!("{} fixed {said}", sign(model, "●", "*")), model.options.theme.warn)
}

/// What the reconciler did within the last minute.
fn recent(model: &Model) -> Option<(Timestamp, String)> {
    model.fixed.clone().filter(|(at, _)| model.now.wall.since(*at) < Duration::from_mins(1))
}

/// Tasks that came to review or done in each of the last twelve hours.
fn throughput(model: &Model) -> String {
    const HOURS: usize = 12;
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut counts = [0_usize; HOURS];
    for card in &model.board.cards {
        let over = matches!(card.task.status, Status::Review | Status::Done);
        let hours = model.now.wall.since(card.task.updated_at).as_secs() / 3_600;
        if let (true, Some(count)) = (over, usize::try_from(hours).ok().and_then(|hours| counts.get_mut(hours))) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    // Before there are a few, it has no shape.
    if counts.iter().filter(|count| **count > 0).count() < 3 || model.options.ascii {
        return String::new();
    }
    let bar = |count: &usize| if *count == 0 { ' ' } else { BARS[(count * 7).div_ceil(most).min(7)] };
    let bars: String = counts.iter().rev().map(bar).collect();
    format!("done in 12h {bars}  ")
}
