//! Where everything is on the screen: one pure function for drawing, scrolling and the mouse.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use super::banner::banner;
use super::card::{Face, face};
use super::columns::{COLUMNS, title};
use super::model::{Model, SEVERAL, WIDE};
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::engine::board::Card;

/// An open column is never narrower, where several are shown.
const NARROWEST: u16 = 17;
/// A column on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub status: Status,
    /// Its title's row.
    pub head: Rect,
    /// The line below its title.
    pub rule: Rect,
    /// Empty where it is folded to its title.
    pub cards: Rect,
}

/// The parts of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    /// A row below the header, for what is wrong.
    pub banner: Option<Rect>,
    /// The titles of all columns, where only one fits.
    pub tabs: Option<Rect>,
    pub columns: Vec<Column>,
    /// The pane, and whether the board is beside it.
    pub detail: Option<(Rect, bool)>,
    pub footer: Rect,
}

/// Lays out the screen.
#[must_use]
pub fn layout(model: &Model) -> Layout {
    let (width, height) = model.columns_rows;
    let whole = Rect::new(0, 0, width, height);
    let warned = u16::from(banner(model).is_some());
    let [header, banner_row, middle, footer] =
        Split::vertical([Constraint::Length(1), Constraint::Length(warned), Constraint::Min(0), Constraint::Length(1)])
            .areas(whole);
    let mut layout = Layout { header, footer, banner: (warned > 0).then_some(banner_row), ..Layout::default() };
    let board = match (model.detail.tab, width >= WIDE) {
        (None, _) => middle,
        (Some(_), _) if model.detail.is_zoomed || middle.height < 12 => {
            layout.detail = Some((middle, false));
            Rect { height: 0, ..middle }
        }
        (Some(_), true) => {
            let [board, detail] = Split::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(middle);
            layout.detail = Some((detail, true));
            board
        }
        (Some(_), false) => {
            let [board, detail] =
                Split::vertical([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(middle);
            layout.detail = Some((detail, false));
            board
        }
    };
    if board.height > 0 {
        columns(&mut layout, board, model);
    }
    layout
}

/// The columns: those with cards share the room, the others are their titles. Where it is narrow, Done is folded to its
/// title first, then Review; the column of the cursor never is.
fn columns(layout: &mut Layout, board: Rect, model: &Model) {
    let focus = model.columns.focus();
    if board.width < SEVERAL {
        let [tabs, rest] = Split::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(board);
        layout.tabs = Some(tabs);
        layout.columns.push(column(focus, Rect { height: 0, ..rest }, rest));
        return;
    }
    let all_empty = COLUMNS.iter().all(|status| model.columns.tasks(*status).is_empty());
    let mut open: Vec<Status> = COLUMNS.to_vec();
    open.retain(|status| !model.columns.tasks(*status).is_empty() || (all_empty && *status == focus));
    let folded = |status: Status| {
        let (all, cells) = (model.count(status), title(status).len());
        u16::try_from(cells + 4 + all.max(1).ilog10() as usize).unwrap_or(u16::MAX)
    };
    for folds in [Status::Done, Status::Review, Status::Failed, Status::Ready, Status::InProgress] {
        let strips: u16 = COLUMNS.iter().filter(|status| !open.contains(status)).map(|status| folded(*status)).sum();
        let room = board.width.saturating_sub(strips);
        if folds != focus && room < NARROWEST * u16::try_from(open.len()).unwrap_or(u16::MAX) {
            open.retain(|status| *status != folds);
        }
    }
    let width = |status: &Status| {
        if open.contains(status) { Constraint::Fill(1) } else { Constraint::Length(folded(*status)) }
    };
    let areas = Split::horizontal(COLUMNS.iter().map(width)).split(board);
    for (status, area) in COLUMNS.into_iter().zip(areas.iter()) {
        let [head, rest] = Split::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(*area);
        let rest = if open.contains(&status) { rest } else { Rect { height: rest.height.min(1), ..rest } };
        layout.columns.push(column(status, head, rest));
    }
}

fn column(status: Status, head: Rect, rest: Rect) -> Column {
    // The line below the title stands apart from the next one's.
    let [rule, cards] =
        Split::vertical([Constraint::Length(u16::from(head.height > 0)), Constraint::Min(0)]).areas(rest);
    Column { status, head, rule: Rect { width: rule.width.saturating_sub(1), ..rule }, cards }
}

/// Scrolls every column so that its cursor is in sight.
pub fn follow(model: &mut Model) {
    for column in layout(model).columns.iter().filter(|column| column.cards.height > 0) {
        let rows = fact_rows(model, model.columns.tasks(column.status), column);
        let top = model.columns.followed(column.status, column.cards.height, |task| {
            model.board.card(task).map_or(1, |card| face(model, card, room(column), rows).height())
        });
        // Who waits for the user comes first, and is not left out of sight where one is not looking for something else.
        let tasks = model.columns.tasks(column.status);
        let waits = |task: &TaskId| model.board.card(*task).is_some_and(Card::needs_person);
        let is_left = column.status == Status::InProgress && model.columns.focus() != column.status;
        let top = if is_left && tasks.iter().take(top).any(waits) { 0 } else { top };
        model.columns.show_from(column.status, top);
    }
}

/// The cards of a column that are in sight, each with its face and its place.
#[must_use]
pub fn cards<'a>(model: &'a Model, column: &Column) -> Vec<(&'a Card, Face, Rect)> {
    let tasks = model.columns.tasks(column.status);
    let rows = fact_rows(model, tasks, column);
    let mut shown = Vec::new();
    let mut y = column.cards.y;
    for card in tasks.iter().skip(model.columns.top(column.status)).filter_map(|id| model.board.card(*id)) {
        let left = column.cards.bottom().saturating_sub(y);
        let face = face(model, card, room(column), rows);
        let height = face.height() - 1;
        // One that has no room is not begun, but the first is.
        if left == 0 || (height > left && !shown.is_empty()) {
            break;
        }
        let place = Rect { y, height: height.min(left), width: column.cards.width.saturating_sub(1), ..column.cards };
        y += face.height();
        shown.push((card, face, place));
    }
    shown
}

/// What is within a card's edge.
const fn room(column: &Column) -> u16 {
    column.cards.width.saturating_sub(2)
}

/// How many rows a fact may have: more than one where all cards of the column have the room.
fn fact_rows(model: &Model, tasks: &[TaskId], column: &Column) -> usize {
    let room = usize::from(column.cards.height) + 1;
    if tasks.len() * 3 > room {
        return 1;
    }
    let cards = || tasks.iter().filter_map(|id| model.board.card(*id));
    let all =
        |rows| cards().map(|card| usize::from(face(model, card, self::room(column), rows).height())).sum::<usize>();
    [4, 2].into_iter().find(|rows| all(*rows) <= room).unwrap_or(1)
}
