//! What lies over the board: help, palette, questions, inputs, the chart.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span as Piece};
use ratatui::widgets::{Block, Paragraph, Wrap};
use ratatui_textarea::TextArea;
use unicode_width::UnicodeWidthStr as _;

use super::popup::popup;
use super::{fit, form, sign, span};
use crate::tui::keymap::BINDINGS;
use crate::tui::model::{Model, Overlay};
use crate::tui::msg::Span;
use crate::tui::update::{RETRIES, commands};

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>) {
    match &model.overlay {
        None | Some(Overlay::Filter { .. }) => {}
        Some(Overlay::Help { scroll }) => help(model, frame, *scroll),
        Some(Overlay::Palette { input, row }) => palette(model, frame, input, *row),
        Some(Overlay::Confirm { question, lines, .. }) => confirm(model, frame, question, lines),
        Some(Overlay::Form(filled)) => form::draw(model, frame, filled),
        Some(Overlay::Type { task, input }) => {
            let title = format!("to the agent of #{task} · enter sends · alt-enter: new line · ctrl-c goes to it");
            typing(model, frame, &title, input);
        }
        Some(Overlay::Note { task, bounces, input }) => {
            let does = if *bounces { "sends it back" } else { "retries" };
            let title = format!("feedback for the agent of #{task} · enter {does} · alt-enter: new line");
            typing(model, frame, &title, input);
        }
        Some(Overlay::Retry { task, row }) => retry(model, frame, &format!("Retry #{task}"), *row),
        Some(Overlay::Chart { spans }) => chart(model, frame, spans),
        Some(Overlay::Waiting { what }) => {
            let area = popup(model, frame, "one moment", 44, 3);
            frame.render_widget(Paragraph::new(Line::styled(format!("{what}…"), model.outfit.theme.dim)), area);
        }
    }
}

fn help(model: &Model, frame: &mut Frame<'_>, scroll: u16) {
    let theme = &model.outfit.theme;
    let wide = frame.area().width >= 100;
    let rows = BINDINGS.iter().map(|binding| {
        let keys = model.outfit.keymap.keys(binding.intent);
        Line::from(vec![
            Piece::styled(format!("{keys:>16}  "), theme.key),
            Piece::styled(format!("{:<44}", binding.what), theme.text),
        ])
    });
    let rows: Vec<Line<'_>> = rows.collect();
    let columns = if wide { 2 } else { 1 };
    let height = rows.len().div_ceil(columns);
    let wanted = u16::try_from(height).unwrap_or(u16::MAX).saturating_add(3);
    let width = if wide { 64 * 2 } else { 64 };
    let area = popup(model, frame, "keys · esc closes", width.min(frame.area().width), wanted);
    let last = u16::try_from(height).unwrap_or(0).saturating_sub(area.height.saturating_sub(1));
    let each = area.width / u16::try_from(columns).unwrap_or(1);
    for (index, part) in rows.chunks(height).enumerate() {
        let x = area.x + each * u16::try_from(index).unwrap_or(0);
        let area = Rect { x, width: each, height: area.height.saturating_sub(1), ..area };
        frame.render_widget(Paragraph::new(part.to_vec()).scroll((scroll.min(last), 0)), area);
    }
    let foot = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    let what = "agents keep running when you quit; every action has a command: ganger --help";
    frame.render_widget(Paragraph::new(Line::styled(format!(" {}", fit(what, area.width)), theme.dim)), foot);
}

fn palette(model: &Model, frame: &mut Frame<'_>, input: &TextArea<'static>, row: usize) {
    let theme = &model.outfit.theme;
    let typed = input.lines().join(" ");
    let found = commands(&typed);
    let area = popup(model, frame, "commands", 66, 18);
    let [head, rest] = split(area);
    prompt(model, frame, head, ":", &typed);
    let shown = usize::from(rest.height);
    let from = (row + 1).saturating_sub(shown);
    let rows = found.iter().enumerate().skip(from).take(shown).map(|(index, binding)| {
        let key = model.outfit.keymap.key(binding.intent);
        let line = Line::from(vec![
            Piece::styled(format!(" {:<15}", binding.name), theme.title),
            Piece::styled(format!("{:<38}", fit(binding.what, 38)), theme.dim),
            Piece::styled(format!("{key:>8}"), theme.key),
        ]);
        if index == row { line.style(theme.selected) } else { line }
    });
    let mut rows: Vec<Line<'_>> = rows.collect();
    if rows.is_empty() {
        rows.push(Line::styled(" no such command", theme.dim));
    }
    frame.render_widget(Paragraph::new(rows), rest);
}

/// The first row, and what is below it.
fn split(area: Rect) -> [Rect; 2] {
    let head = Rect { height: 1.min(area.height), ..area };
    let rest = Rect { y: area.y + head.height, height: area.height - head.height, ..area };
    [head, rest]
}

fn prompt(model: &Model, frame: &mut Frame<'_>, area: Rect, sign: &str, typed: &str) {
    let theme = &model.outfit.theme;
    let line = Line::from(vec![
        Piece::styled(format!(" {sign} "), theme.key),
        Piece::styled(fit(typed, area.width.saturating_sub(5)), theme.text),
        Piece::styled(" ", theme.text.add_modifier(Modifier::REVERSED)),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}

fn confirm(model: &Model, frame: &mut Frame<'_>, question: &str, lines: &[String]) {
    let theme = &model.outfit.theme;
    let widest = lines.iter().map(|line| line.width()).max().unwrap_or(0).clamp(30, 96);
    let width = (u16::try_from(widest).unwrap_or(96) + 4).min(frame.area().width);
    let room = usize::from(frame.area().height.saturating_sub(8)).max(1);
    let mut rows: Vec<Line<'_>> =
        lines.iter().take(room).map(|line| Line::styled(format!(" {}", fit(line, width - 4)), theme.text)).collect();
    if lines.len() > room {
        rows.push(Line::styled(format!(" … and {} more", lines.len() - room), theme.dim));
    }
    rows.push(Line::raw(""));
    rows.push(Line::from(vec![
        Piece::styled(" y", theme.key),
        Piece::styled(" yes   ", theme.text),
        Piece::styled("n", theme.key),
        Piece::styled(" no", theme.text),
    ]));
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = popup(model, frame, question, width, height);
    frame.render_widget(Paragraph::new(rows), area);
}

fn retry(model: &Model, frame: &mut Frame<'_>, title: &str, row: usize) {
    let theme = &model.outfit.theme;
    let area = popup(model, frame, title, 62, 6);
    let rows = RETRIES.iter().zip(["r", "f", "n", "v"]).enumerate().map(|(index, (what, key))| {
        let line = Line::from(vec![Piece::styled(format!(" {key}  "), theme.key), Piece::styled(*what, theme.text)]);
        if index == row { line.style(theme.selected) } else { line }
    });
    frame.render_widget(Paragraph::new(rows.collect::<Vec<_>>()), area);
}

fn typing(model: &Model, frame: &mut Frame<'_>, title: &str, input: &TextArea<'static>) {
    let screen = frame.area();
    let height = u16::try_from(input.lines().len()).unwrap_or(u16::MAX).saturating_add(2).min(screen.height / 2).max(3);
    let area = Rect { x: 0, y: screen.bottom().saturating_sub(height + 1), width: screen.width, height };
    frame.render_widget(ratatui::widgets::Clear, area);
    let block = super::popup::bordered(model)
        .title(format!(" {} ", fit(title, area.width.saturating_sub(4))))
        .title_style(model.outfit.theme.accent);
    let within = block.inner(area);
    frame.render_widget(block, area);
    frame.render_widget(input, within);
}

/// Attempts as bars over time, the newest at the top.
fn chart(model: &Model, frame: &mut Frame<'_>, spans: &[Span]) {
    let theme = &model.outfit.theme;
    let screen = frame.area();
    let title = "attempts over time · esc closes";
    let area = popup(model, frame, title, screen.width.saturating_sub(4), screen.height.saturating_sub(4));
    if spans.is_empty() {
        frame.render_widget(Paragraph::new(Line::styled(" no attempt yet", theme.dim)), area);
        return;
    }
    let shown = &spans[..spans.len().min(usize::from(area.height.saturating_sub(1)))];
    let first = shown.iter().map(|span| span.from).min().unwrap_or(model.now.wall);
    let whole = model.now.wall.since(first).as_millis().max(1);
    let label = 26.min(usize::from(area.width) / 3);
    let room = usize::from(area.width).saturating_sub(label + 20).max(1);
    let cell = |at: crate::domain::time::Timestamp| {
        usize::try_from(at.since(first).as_millis() * room as u128 / whole).unwrap_or(room).min(room)
    };
    let mut rows: Vec<Line<'_>> = shown
        .iter()
        .map(|bar| {
            let (from, to) = (cell(bar.from), cell(bar.to.unwrap_or(model.now.wall)));
            let length = (to - from.min(to)).max(1);
            let name = fit(&format!("#{}.{} {}", bar.task, bar.number, bar.title), u16::try_from(label).unwrap_or(26));
            let style = match (bar.to, bar.good) {
                (None, _) => theme.busy,
                (Some(_), true) => theme.good,
                (Some(_), false) => theme.bad,
            };
            let lasted = span(bar.to.unwrap_or(model.now.wall).since(bar.from).as_secs());
            Line::from(vec![
                Piece::styled(format!("{name}{} ", " ".repeat(label.saturating_sub(name.width()))), theme.text),
                Piece::raw(" ".repeat(from.min(room - 1))),
                Piece::styled(sign(model, "━", "=").repeat(length.min(room)), style),
                Piece::styled(format!(" {lasted} {}", bar.word), theme.dim),
            ])
        })
        .collect();
    let axis = format!("{}{} ago … now", " ".repeat(label + 1), span(model.now.wall.since(first).as_secs()));
    rows.push(Line::styled(axis, theme.dim));
    frame.render_widget(Block::new(), area);
    frame.render_widget(Paragraph::new(rows).wrap(Wrap { trim: false }), area);
}
