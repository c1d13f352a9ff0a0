//! What lies over the board, one at a time. Each is a file: its state, its keys, how it is drawn. None of them knows
//! the board: a key or a paste makes a [`Turn`] of it, and `update` carries that out.

mod arrange;
mod chart;
mod comments;
mod filter;
pub mod form;
mod help;
mod note;
mod palette;
mod question;
mod retry;
mod search;
mod trash;
mod typing;
mod waiting;

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui_textarea::{CursorMove, TextArea};

use super::keymap::{Control, Intent, Keymap};
use super::msg::Act;
use super::options::Options;
use super::paint::{bordered, fit};
use crate::domain::id::TaskId;
use crate::domain::order::Order;
use crate::domain::time::Timestamp;
use crate::engine::board::Shown;

pub use arrange::Arrange;
pub use chart::Chart;
pub use comments::Comments;
pub use filter::Filter;
pub use form::Form;
pub use help::Help;
pub use note::Note;
pub use palette::Palette;
pub use question::Question;
pub use retry::Retry;
pub use search::Search;
pub use trash::Trash;
pub use typing::Typing;
pub use waiting::Waiting;

/// What lies over the board.
#[derive(Clone, Debug)]
pub enum Overlay {
    Help(Help),
    Palette(Palette),
    Question(Question),
    Form(Box<Form>),
    Typing(Typing),
    Filter(Filter),
    Retry(Retry),
    Arrange(Arrange),
    Comments(Comments),
    Trash(Trash),
    Note(Note),
    Chart(Chart),
    Search(Search),
    Waiting(Waiting),
}

/// What a key or a paste makes of an overlay.
#[derive(Clone, Debug)]
pub enum Turn {
    Stay,
    Close,
    /// Another one in its place.
    Open(Box<Overlay>),
    /// The form of this task in its place.
    Edit(TaskId),
    /// It closes, and this is done on the board.
    Intent(Intent),
    /// It closes, and this is done; several are for all that was marked.
    Acts(Vec<Act>),
    /// This is done while it stays.
    Meanwhile(Act),
    /// The form is saved, and stays until that is over.
    Save(Act),
    /// The form's prompt is written in the editor.
    Editor(String),
    /// Only what has these words is to be shown.
    Filter {
        text: String,
        stays: bool,
    },
    /// It closes, and the diff goes to this line of this file.
    GoTo(String, u32),
    /// The board is arranged so, and is of these tasks.
    Arrange(Order, Shown),
    /// It closes, and this text is looked for in the diff, or in the pane.
    Search(String),
}

impl Overlay {
    /// Takes a key.
    pub fn press(&mut self, keymap: &Keymap, key: KeyEvent) -> Turn {
        match self {
            Self::Help(help) => help.press(keymap, key),
            Self::Palette(palette) => palette.press(keymap, key),
            Self::Question(question) => question.press(keymap, key),
            Self::Form(form) => form.press(keymap, key),
            Self::Typing(typing) => typing.press(keymap, key),
            Self::Filter(filter) => filter.press(keymap, key),
            Self::Retry(retry) => retry.press(keymap, key),
            Self::Arrange(arrange) => arrange.press(keymap, key),
            Self::Comments(comments) => comments.press(keymap, key),
            Self::Trash(trash) => trash.press(keymap, key),
            Self::Note(note) => note.press(keymap, key),
            Self::Chart(_) => Chart::press(keymap, key),
            Self::Search(search) => search.press(keymap, key),
            Self::Waiting(_) => Waiting::press(keymap, key),
        }
    }

    /// Takes a pasted text. Where nothing is typed it is nothing: it is never taken for keys.
    pub fn paste(&mut self, text: &str) -> Turn {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        match self {
            Self::Form(form) => form.paste(&text),
            Self::Typing(typing) => typing.paste(&text),
            Self::Note(note) => note.paste(&text),
            Self::Palette(palette) => palette.paste(&text),
            Self::Filter(filter) => return filter.paste(&text),
            Self::Search(search) => search.paste(&text),
            Self::Help(_)
            | Self::Question(_)
            | Self::Retry(_)
            | Self::Arrange(_)
            | Self::Comments(_)
            | Self::Trash(_)
            | Self::Chart(_)
            | Self::Waiting(_) => {}
        }
        Turn::Stay
    }

    /// Draws it over the board.
    pub fn draw(&self, options: &Options, now: Timestamp, frame: &mut Frame<'_>) {
        match self {
            Self::Help(help) => help.draw(options, frame),
            Self::Palette(palette) => palette.draw(options, frame),
            Self::Question(question) => question.draw(options, frame),
            Self::Form(form) => form.draw(options, frame),
            Self::Typing(typing) => typing.draw(options, frame),
            // It is typed in the footer.
            Self::Filter(_) => {}
            Self::Retry(retry) => retry.draw(options, frame),
            Self::Arrange(arrange) => arrange.draw(options, frame),
            Self::Comments(comments) => comments.draw(options, frame),
            Self::Trash(trash) => trash.draw(options, now, frame),
            Self::Note(note) => note.draw(options, frame),
            Self::Chart(chart) => chart.draw(options, now, frame),
            Self::Search(search) => search.draw(options, frame),
            Self::Waiting(waiting) => waiting.draw(options, frame),
        }
    }
}

/// Moves a cursor in a list of so many rows; whether that is what the key means.
fn moves(row: &mut usize, control: Control, count: usize) -> bool {
    match control {
        Control::Down => *row = (*row + 1).min(count.saturating_sub(1)),
        Control::Up => *row = row.saturating_sub(1),
        _ => return false,
    }
    true
}

/// A text area with this text, the cursor at its end.
fn line(text: &str) -> Box<TextArea<'static>> {
    let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
    area.move_cursor(CursorMove::End);
    Box::new(area)
}

/// Draws a box to type in at the foot of the screen; where that is.
fn typing_box(options: &Options, frame: &mut Frame<'_>, title: &str, input: &TextArea<'static>) -> Rect {
    let screen = frame.area();
    let height = u16::try_from(input.lines().len()).unwrap_or(u16::MAX).saturating_add(2).min(screen.height / 2).max(3);
    let area = Rect { x: 0, y: screen.bottom().saturating_sub(height + 1), width: screen.width, height };
    frame.render_widget(ratatui::widgets::Clear, area);
    let block = bordered(options)
        .title(format!(" {} ", fit(title, area.width.saturating_sub(4))))
        .title_style(options.theme.accent);
    let within = block.inner(area);
    frame.render_widget(block, area);
    frame.render_widget(input, within);
    area
}
