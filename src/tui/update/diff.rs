//! The diff over the board: its keys, the mouse, and what was read for it.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::super::diff::{Diff, Look, Seen, Turn};
use super::super::keymap::Context;
use super::super::model::{Model, Tone};
use super::super::msg::Cmd;
use super::super::overlay::{Comments, Help, Note, Overlay, Search};
use crate::domain::id::TaskId;

/// Opens the diff of the task under the cursor.
pub(super) fn open(model: &mut Model) -> Vec<Cmd> {
    let Some(card) = model.selected() else { return Vec::new() };
    let (task, title, attempts) = (card.task.id, card.task.draft.title.clone(), card.task.attempts);
    if attempts == 0 {
        model.say(Tone::Plain, format!("task {task} was never dispatched: nothing was changed"));
        return Vec::new();
    }
    model.toast = None;
    let diff = Diff::new(task, title, model.asked);
    let first = diff.first_look();
    model.diff = Some(Box::new(diff));
    looks(model, vec![first])
}

/// Commands for what is to be read. A new list makes what was asked before it stale.
fn looks(model: &mut Model, looks: Vec<Look>) -> Vec<Cmd> {
    let Some(diff) = &mut model.diff else { return Vec::new() };
    let mut commands = Vec::new();
    for look in looks {
        if matches!(look, Look::List { .. }) {
            model.asked += 1;
            diff.number = model.asked;
        }
        commands.push(Cmd::Look { number: diff.number, look });
    }
    commands
}

/// How many rows of a file are on the screen.
fn height(model: &Model) -> usize {
    model.diff.as_ref().map_or(0, |diff| usize::from(diff.places(model.columns_rows).rows.height))
}

pub(super) fn key(model: &mut Model, key: KeyEvent) -> Vec<Cmd> {
    let height = height(model);
    let Some(control) = model.options.keymap.control(&[Context::Diff], key) else { return Vec::new() };
    model.toast = None;
    let Some(diff) = &mut model.diff else { return Vec::new() };
    let turn = diff.press(control, height);
    turned(model, turn)
}

fn turned(model: &mut Model, turn: Turn) -> Vec<Cmd> {
    match turn {
        Turn::Stay => Vec::new(),
        Turn::Close => {
            model.diff = None;
            model.asked += 1;
            vec![Cmd::Look { number: model.asked, look: Look::Nothing }]
        }
        Turn::Look(wanted) => looks(model, wanted),
        Turn::Search => {
            let before = model.diff.as_ref().and_then(|diff| diff.search.as_ref()).map(|search| search.text.clone());
            model.open(Overlay::Search(Search::new(&before.unwrap_or_default())));
            Vec::new()
        }
        Turn::Comment(line) => {
            let task = model.diff.as_ref().map(|diff| diff.task);
            match task.zip(line) {
                Some((task, line)) => model.open(Overlay::Note(Note::comment(task, line))),
                None => model.say(Tone::Plain, "only a line that the file has now can be commented on"),
            }
            Vec::new()
        }
        Turn::Comments => {
            if let Some(diff) = &model.diff {
                let comments = Comments::new(diff.task, diff.comments.clone());
                model.open(Overlay::Comments(comments));
            }
            Vec::new()
        }
        Turn::Viewer => {
            let task = model.diff.as_ref().map(|diff| diff.task);
            model.away = task.is_some();
            task.map(|task| Cmd::Viewer { task }).into_iter().collect()
        }
        Turn::Help => {
            model.open(Overlay::Help(Help::default()));
            Vec::new()
        }
    }
}

pub(super) fn search(model: &mut Model, text: String) -> Vec<Cmd> {
    let Some(diff) = &mut model.diff else { return Vec::new() };
    let turn = diff.search(text);
    turned(model, turn)
}

pub(super) fn mouse(model: &mut Model, mouse: MouseEvent) -> Vec<Cmd> {
    let height = height(model);
    let Some(diff) = &mut model.diff else { return Vec::new() };
    let places = diff.places(model.columns_rows);
    let at = Position::new(mouse.column, mouse.row);
    let in_list = places.list.filter(|list| list.contains(at));
    let turn = match (mouse.kind, in_list) {
        (MouseEventKind::ScrollDown, None) => diff.scroll(3, height),
        (MouseEventKind::ScrollUp, None) => diff.scroll(-3, height),
        (MouseEventKind::ScrollDown, Some(_)) => diff.choose(diff.at + 1),
        (MouseEventKind::ScrollUp, Some(_)) => diff.choose(diff.at.saturating_sub(1)),
        (MouseEventKind::Down(MouseButton::Left), Some(list)) => match diff.listed_at(list, mouse.row) {
            Some(at) => diff.choose(at),
            None => Turn::Stay,
        },
        (MouseEventKind::Down(MouseButton::Left), None) if places.rows.contains(at) => {
            diff.row = diff.top + usize::from(mouse.row - places.rows.y);
            diff.follow(height);
            Turn::Stay
        }
        _ => Turn::Stay,
    };
    turned(model, turn)
}

/// Reads the comments again, where they are shown.
pub(super) fn commented(model: &mut Model, task: TaskId) -> Vec<Cmd> {
    match &model.diff {
        Some(diff) if diff.task == task => looks(model, vec![Look::Review { task }]),
        Some(_) | None => Vec::new(),
    }
}

/// Goes to a line of a file.
pub(super) fn go_to(model: &mut Model, path: &str, line: u32) -> Vec<Cmd> {
    let height = height(model);
    let Some(diff) = &mut model.diff else { return Vec::new() };
    let is_there = diff.go_to(path, line);
    diff.follow(height);
    let wanted = diff.wanted();
    if !is_there {
        model.say(Tone::Plain, format!("{path} is not in this diff"));
    }
    looks(model, wanted)
}

/// Takes what was read. What an earlier question asked for is dropped.
pub(super) fn seen(model: &mut Model, number: u64, seen: Seen) -> Vec<Cmd> {
    let height = height(model);
    let Some(diff) = model.diff.as_mut().filter(|diff| diff.number == number) else { return Vec::new() };
    let wanted = diff.take(seen);
    diff.follow(height);
    if let Some(Overlay::Comments(open)) = &mut model.overlay
        && open.task == diff.task
    {
        open.renew(diff.comments.clone());
    }
    looks(model, wanted)
}
