//! The detail pane: live view, prompt, timeline, diff, failure report. Each is data that the theme draws, a row at a
//! time: what is scrolled away or below the pane is not prepared.

mod diff;
mod prompt;
mod report;
mod timeline;

use ansi_to_tui::IntoText as _;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout as Split, Position, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::{fit, sign};
use crate::domain::state::Status;
use crate::domain::text;
use crate::engine::board::Card;
use crate::tui::columns::{reason, said};
use crate::tui::find::{marked, plain};
use crate::tui::layout::layout;
use crate::tui::mark::Mark;
use crate::tui::model::Model;
use crate::tui::msg::{Content, Tab};
use crate::tui::{card, fold};

/// The rows of a tab.
type Rows<'a> = Box<dyn Iterator<Item = Line<'static>> + 'a>;

/// The parts of the pane.
struct Parts {
    /// A line with the title and the tabs in it.
    head: Rect,
    /// Where the task stands.
    standing: Rect,
    asked: Rect,
    body: Rect,
}

/// Where the parts are; `asked` rows are for a question or a failure.
fn parts(area: Rect, beside: bool, asked: u16) -> Parts {
    let area = if beside { Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area } } else { area };
    let [head, rest] = Split::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let rest = Rect { x: rest.x + 1, width: rest.width.saturating_sub(1), ..rest };
    let [standing, asked, body] =
        Split::vertical([Constraint::Length(1), Constraint::Length(asked), Constraint::Min(0)]).areas(rest);
    Parts { head, standing, asked, body }
}

/// The room that an agent's screen has, whatever it asks.
#[must_use]
pub fn viewed(model: &Model) -> Option<Rect> {
    layout(model).detail.map(|(area, beside)| parts(area, beside, 0).body)
}

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect, beside: bool) {
    let theme = &model.options.theme;
    if beside {
        let edge = vec![Line::styled(sign(model, "│", "|"), theme.border); usize::from(area.height)];
        frame.render_widget(Paragraph::new(edge), Rect { width: 1, ..area });
    }
    let Some((card, shown)) = model.selected().zip(model.tab()) else {
        let Parts { head, standing, .. } = parts(area, beside, 0);
        frame.render_widget(Paragraph::new(rule(model, head.width)), head);
        frame.render_widget(Paragraph::new(Line::styled("no task is selected", theme.dim)), standing);
        return;
    };
    let asked = asked(model, card, area);
    let Parts { head, standing, asked: above, body } = parts(area, beside, count(&asked));
    frame.render_widget(Paragraph::new(self::head(model, card, shown, head.width)), head);
    frame.render_widget(Paragraph::new(self::standing(model, card, standing.width)), standing);
    frame.render_widget(Paragraph::new(asked), above);
    let height = usize::from(body.height);
    let scroll = model.detail.scroll;
    let aside = model.detail.aside;
    let window = |line| fold::window(&line, aside, body.width, cuts(model));
    let lines: Vec<Line<'_>> = if let Some(screen) = live(model, card, shown) {
        // The end of the agent's screen, in its own colours.
        let rows = coloured(screen).lines;
        let from = rows.len().saturating_sub(height + scroll.min(rows.len().saturating_sub(height)));
        rows.into_iter().skip(from).take(height).map(window).collect()
    } else if shown == Tab::Diff {
        let rows = rows(model, card, shown, body.width.saturating_add(aside)).skip(scroll).take(height);
        rows.map(window).collect()
    } else {
        rows(model, card, shown, body.width).skip(scroll).take(height).collect()
    };
    let lines: Vec<Line<'_>> = lines.into_iter().map(|line| marked(line, &model.detail.search)).collect();
    frame.render_widget(Paragraph::new(lines), body);
}

/// The cells of the tabs' titles, a blank before each.
const TABS: usize = {
    let mut cells = 0;
    let mut tab = 0;
    while tab < Tab::ALL.len() {
        cells += Tab::ALL[tab].title().len() + 1;
        tab += 1;
    }
    cells
};

/// The tab whose title is there.
#[must_use]
pub fn tab_at(model: &Model, at: Position) -> Option<Tab> {
    let (area, beside) = layout(model).detail?;
    let head = parts(area, beside, 0).head;
    let mut left = usize::from(head.right()).checked_sub(TABS + 2).filter(|_| head.contains(at))?;
    let x = usize::from(at.x);
    Tab::ALL.into_iter().find(|tab| {
        let from = left;
        left += tab.title().len() + 1;
        (from..left).contains(&x)
    })
}

/// The agent's screen, where that is what is shown.
fn live<'a>(model: &'a Model, card: &Card, shown: Tab) -> Option<&'a str> {
    match content(model, card, shown) {
        Some(Content::Screen(screen)) if shown == Tab::Live => Some(screen),
        Some(_) | None => None,
    }
}

/// How many rows the pane shows.
#[must_use]
pub fn height(model: &Model) -> usize {
    let Some((card, (area, beside))) = model.selected().zip(layout(model).detail) else { return 0 };
    usize::from(parts(area, beside, count(&asked(model, card, area))).body.height)
}

/// What there is to see in the pane, row by row, also what is scrolled away.
#[must_use]
pub fn contents(model: &Model) -> Vec<String> {
    let Some((card, shown)) = model.selected().zip(model.tab()) else { return Vec::new() };
    let Some((area, beside)) = layout(model).detail else { return Vec::new() };
    if let Some(screen) = live(model, card, shown) {
        return coloured(screen).lines.iter().map(plain).collect();
    }
    // Rows that go on beyond the edge are searched, too.
    let width = parts(area, beside, 0).body.width.saturating_add(model.detail.aside);
    rows(model, card, shown, width).map(|line| plain(&line)).collect()
}

/// A line with the task's title in it, and the tabs.
fn head(model: &Model, card: &Card, shown: Tab, width: u16) -> Line<'static> {
    let theme = &model.options.theme;
    let line = |cells: usize| Span::styled(sign(model, "─", "-").repeat(cells), theme.border);
    let tabs = Tab::ALL.map(|tab| (format!(" {}", tab.title()), if tab == shown { theme.accent } else { theme.dim }));
    let taken = TABS + 1;
    let room = usize::from(width).saturating_sub(taken + 6);
    let title = format!(" #{} {} ", card.task.id, card.task.draft.title);
    let title = fit(&title, u16::try_from(room).unwrap_or(0));
    let gap = usize::from(width).saturating_sub(title.width() + taken + 2);
    let mut spans = vec![line(1), Span::styled(title, theme.title), line(gap)];
    spans.extend(tabs.map(|(title, style)| Span::styled(title, style)));
    spans.extend([Span::raw(" "), line(1)]);
    Line::from(spans)
}

/// Where the task stands: as much of it as there is room for.
fn standing(model: &Model, card: &Card, width: u16) -> Line<'static> {
    let theme = &model.options.theme;
    let mark = Mark::of(card, model.running.contains_key(&card.task.id));
    let mut spans = vec![Span::styled(format!("{} ", mark.sign(&model.options)), mark.style(theme))];
    let mut left = usize::from(width).saturating_sub(2);
    for (index, what) in card::standing(model, card).into_iter().enumerate() {
        let what = text::line(&what);
        let part = if index == 0 { what } else { format!("{}{what}", sign(model, " · ", " | ")) };
        if part.width() > left && index > 0 {
            break;
        }
        left = left.saturating_sub(part.width());
        spans.push(Span::styled(part, if index == 0 { mark.style(theme) } else { theme.dim }));
    }
    Line::from(spans)
}

/// How far the pane can be scrolled: until its last row is in sight.
#[must_use]
pub fn furthest(model: &Model) -> usize {
    let Some((card, shown)) = model.selected().zip(model.tab()) else { return 0 };
    let Some((area, beside)) = layout(model).detail else { return 0 };
    let body = parts(area, beside, count(&asked(model, card, area))).body;
    let count = match live(model, card, shown) {
        Some(screen) => screen.lines().count(),
        None => rows(model, card, shown, body.width).count(),
    };
    count.saturating_sub(usize::from(body.height))
}

fn count(rows: &[Line<'_>]) -> u16 {
    u16::try_from(rows.len()).unwrap_or(0)
}

/// What the agent waits for, or why the task failed, in full, above whatever is shown; at most half of the pane.
fn asked(model: &Model, card: &Card, area: Rect) -> Vec<Line<'static>> {
    let theme = &model.options.theme;
    let (what, style) = match said(card).filter(|_| card.is_waiting()) {
        Some(question) => (question.to_owned(), theme.warn),
        None => match card.tree_trouble().or_else(|| reason(card).map(str::to_owned)) {
            Some(why) if card.task.status == Status::Failed => (why, theme.bad),
            Some(why) => (why, theme.warn),
            None => return Vec::new(),
        },
    };
    let half = usize::from(area.height / 2);
    let mut rows = owned(&text::line(&what), area.width.saturating_sub(2));
    rows.truncate(half.saturating_sub(1));
    if rows.is_empty() {
        return Vec::new();
    }
    let rows = rows.into_iter().map(|row| Line::styled(row, style));
    rows.chain([rule(model, area.width.saturating_sub(2))]).collect()
}

/// The marks of what is cut, to the left and to the right.
fn cuts(model: &Model) -> [Span<'static>; 2] {
    [("‹", "<"), ("›", ">")].map(|(mark, ascii)| Span::styled(sign(model, mark, ascii), model.options.theme.accent))
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
