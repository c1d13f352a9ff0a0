//! Where everything is on the screen: one pure function for drawing, scrolling and the mouse.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use super::banner::banner;
use super::columns::COLUMNS;
use super::model::{Model, WIDE};
use crate::domain::state::Status;

/// A column is never narrower, where several are shown.
const NARROWEST: u16 = 17;
/// The width of a column without cards.
const EMPTY: u16 = 14;
/// Columns narrower than this give a title two rows.
const ROOMY: u16 = 34;

/// A column on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub status: Status,
    /// Its title's row.
    pub head: Rect,
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
    /// The rows of a card, the empty one below it included.
    pub card: u16,
    pub detail: Option<Rect>,
    pub footer: Rect,
}

impl Layout {
    /// How many cards a column shows.
    #[must_use]
    pub fn shown(&self) -> usize {
        usize::from(self.columns.first().map_or(0, |column| column.cards.height) / self.card.max(1))
    }
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
    let board = match (model.detail.tab, width >= WIDE, middle.height) {
        (None, ..) => middle,
        (Some(_), true, _) => {
            let [board, detail] =
                Split::horizontal([Constraint::Percentage(58), Constraint::Percentage(42)]).areas(middle);
            layout.detail = Some(detail);
            board
        }
        (Some(_), false, 0..12) => {
            layout.detail = Some(middle);
            Rect { height: 0, ..middle }
        }
        (Some(_), false, _) => {
            let [board, detail] =
                Split::vertical([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(middle);
            layout.detail = Some(detail);
            board
        }
    };
    columns(&mut layout, board, model);
    layout
}

/// The columns that fit. Done folds first, then Review; the column of the cursor never does.
fn columns(layout: &mut Layout, board: Rect, model: &Model) {
    // Ready, In progress and Failed stand side by side, or one column stands alone.
    let room = usize::from(board.width / NARROWEST);
    let room = if room < 3 { 1 } else { room };
    let focus = model.columns.focus();
    let mut shown: Vec<Status> = COLUMNS.to_vec();
    for folds in [Status::Done, Status::Review, Status::Failed, Status::Ready, Status::InProgress] {
        if shown.len() > room && folds != focus {
            shown.retain(|status| *status != folds);
        }
    }
    let mut board = board;
    if shown.len() < COLUMNS.len() {
        let [tabs, rest] = Split::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(board);
        layout.tabs = Some(tabs);
        board = rest;
    }
    // An empty column leaves its room to the others.
    let width = |status: &Status| {
        let empty = model.columns.tasks(*status).is_empty() && *status != focus;
        if empty { Constraint::Length(EMPTY) } else { Constraint::Fill(1) }
    };
    let areas = Split::horizontal(shown.iter().map(width)).split(board);
    for (status, area) in shown.into_iter().zip(areas.iter()) {
        let [head, cards] = Split::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(*area);
        layout.columns.push(Column { status, head, cards });
    }
    let narrowest = layout.columns.iter().map(|column| column.head.width).filter(|width| *width > EMPTY).min();
    layout.card = if narrowest.unwrap_or(0) < ROOMY { 4 } else { 3 };
}
