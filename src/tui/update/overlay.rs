//! Keys, pastes and the mouse: for what lies over the board, or for the board. And the answers that overlays wait for.

use crossterm::event::{KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::super::keymap::Intent;
use super::super::layout::{cards, layout};
use super::super::model::{Model, Tone};
use super::super::msg::{Act, Answer, Cmd, Compose};
use super::super::overlay::{Chart, Note, Overlay, Question, Trash, Turn};
use super::super::view::{intent_at, tab_at, tabbed_at};
use super::super::words;
use super::{complain, diff, find, intent, start, start_marked, watch};
use crate::engine::Fault;
use crate::engine::board::Card;

pub(super) fn key(model: &mut Model, key: KeyEvent) -> Vec<Cmd> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let keymap = &model.options.keymap;
    // Whatever lies over the board, as in other programs; what was typed is still there afterwards.
    if key.modifiers.contains(KeyModifiers::CONTROL) && keymap.intent(key, &[]) == Some(Intent::Suspend) {
        return intent::act(model, Intent::Suspend);
    }
    if model.overlay.is_none() && model.diff.is_some() {
        return diff::key(model, key);
    }
    let keymap = &model.options.keymap;
    let Some(overlay) = &mut model.overlay else {
        return match keymap.intent(key, model.special()) {
            Some(found) => intent::act(model, found),
            None => Vec::new(),
        };
    };
    let turn = overlay.press(keymap, key);
    turned(model, turn)
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Cmd> {
    match &mut model.overlay {
        Some(overlay) => {
            let turn = overlay.paste(text);
            turned(model, turn)
        }
        // Other programs would take it for keys; here it is nothing.
        None => Vec::new(),
    }
}

/// Carries out what a key or a paste made of the overlay.
fn turned(model: &mut Model, turn: Turn) -> Vec<Cmd> {
    match turn {
        Turn::Stay => {}
        Turn::Close => model.overlay = None,
        Turn::Open(next) => model.open(*next),
        Turn::Intent(found) => {
            model.overlay = None;
            return intent::act(model, found);
        }
        Turn::Acts(acts) => {
            model.overlay = None;
            model.marks.clear();
            let cmds = acts.into_iter().flat_map(|act| match act {
                Act::DispatchMarked { tasks } => start_marked(model, tasks),
                act => start(model, act).into_iter().collect(),
            });
            return cmds.collect();
        }
        Turn::Meanwhile(act) => return start(model, act).into_iter().collect(),
        Turn::Save(act) => {
            let command = start(model, act);
            if let Some(Overlay::Form(form)) = &mut model.overlay {
                form.saving = command.is_some();
                form.error = None;
            }
            return command.into_iter().collect();
        }
        Turn::Edit(task) => {
            model.overlay = None;
            intent::edit(model, Some(task), false);
        }
        Turn::Editor(text) => {
            model.away = true;
            return vec![Cmd::Editor { purpose: Compose::Form, text }];
        }
        Turn::Search(text) => {
            model.overlay = None;
            if model.diff.is_some() {
                return diff::search(model, text);
            }
            find::search(model, text);
        }
        Turn::GoTo(path, line) => {
            model.overlay = None;
            return diff::go_to(model, &path, line);
        }
        Turn::Arrange(order, shown) => {
            model.order = order;
            model.arrange();
            if model.shown != shown {
                model.shown = shown.clone();
                return vec![Cmd::Show(shown)];
            }
            return watch(model);
        }
        Turn::Filter { text, stays } => {
            if !stays {
                model.overlay = None;
            }
            return filter(model, text);
        }
    }
    Vec::new()
}

fn filter(model: &mut Model, text: String) -> Vec<Cmd> {
    model.filter.text = text;
    model.arrange();
    // The cursor goes where something was found.
    if model.columns.selected().is_none()
        && let Some(task) = model.columns.seek(true, |_| true)
    {
        model.columns.go_to(task);
    }
    watch(model)
}

/// Takes the answer that an overlay waits for. One that belongs to an earlier question, or to one that was left, opens
/// nothing.
pub(super) fn answered(model: &mut Model, number: u64, answer: Result<Answer, Fault>) -> Vec<Cmd> {
    if !matches!(&model.overlay, Some(Overlay::Waiting(waiting)) if waiting.number == number) {
        return Vec::new();
    }
    model.overlay = None;
    match answer {
        Err(fault) => complain(model, &fault),
        Ok(Answer::Chart(bars)) => model.open(Overlay::Chart(Chart { bars })),
        Ok(Answer::Trash(list)) => model.open(Overlay::Trash(Trash::new(list))),
        Ok(Answer::Tidy { count: 0, lines }) => {
            let more = lines.first().map(|line| format!("; {line}")).unwrap_or_default();
            model.say(Tone::Plain, format!("there is nothing to put away{more}"));
        }
        Ok(Answer::Tidy { count, lines }) => {
            let title = if count == 1 { "Put this away?".to_owned() } else { format!("Put {count} tasks' work away?") };
            model.open(Overlay::Question(Question { title, lines, acts: vec![Act::Tidy] }));
        }
        Ok(Answer::Plan(lines)) if lines.is_empty() => {
            model.say(Tone::Good, words::done(&super::super::msg::Done::Reconciled(Vec::new())));
        }
        Ok(Answer::Plan(lines)) => {
            let (title, acts) = ("Reconcile?".to_owned(), vec![Act::Reconcile]);
            model.open(Overlay::Question(Question { title, lines, acts }));
        }
        Ok(Answer::Merge { tasks, stopped: Some(fault), .. }) if tasks.is_empty() => {
            complain(model, &fault);
            // What stands in the way is the agent's to resolve.
            if let (Some(task), Some(note)) = (fault.task, &fault.note) {
                model.open(Overlay::Note(Note::bounce(task, note)));
            }
        }
        Ok(Answer::Merge { tasks, mut lines, stopped }) => {
            lines.extend(stopped.map(|fault| format!("then no further: {}", fault.message)));
            let title = match tasks.len() {
                1 => "Merge this task?".to_owned(),
                count => format!("Merge {count} tasks?"),
            };
            let acts = vec![Act::Merge { tasks }];
            model.open(Overlay::Question(Question { title, lines, acts }));
        }
        Ok(Answer::Losses { tasks, lines }) => {
            let live = |task| model.board.card(task).is_some_and(Card::is_live);
            let acts = tasks.iter().map(|task| Act::Remove { task: *task, stop: live(*task) }).collect();
            let title = match tasks.len() {
                1 => "Remove this task?".to_owned(),
                count => format!("Remove {count} tasks?"),
            };
            model.open(Overlay::Question(Question { title, lines, acts }));
        }
    }
    Vec::new()
}

pub(super) fn mouse(model: &mut Model, mouse: MouseEvent) -> Vec<Cmd> {
    if model.overlay.is_some() {
        return Vec::new();
    }
    if model.diff.is_some() {
        return diff::mouse(model, mouse);
    }
    let at = Position::new(mouse.column, mouse.row);
    let screen = layout(model);
    let rows = match mouse.kind {
        MouseEventKind::ScrollDown => 1,
        MouseEventKind::ScrollUp => -1,
        MouseEventKind::Down(MouseButton::Left) => 0,
        _ => return Vec::new(),
    };
    if rows == 0 && screen.footer.contains(at) {
        return intent_at(model, screen.footer, at.x).map_or(Vec::new(), |intent| intent::act(model, intent));
    }
    if let Some(status) = screen.tabs.filter(|area| area.contains(at)).and_then(|area| tabbed_at(model, area, at.x)) {
        model.columns.enter(status);
        return Vec::new();
    }
    if screen.detail.is_some_and(|(area, _)| area.contains(at)) {
        return match rows {
            0 => tab_at(model, at).map_or(Vec::new(), |tab| intent::show(model, tab)),
            rows => intent::act(model, if rows > 0 { Intent::ScrollDown } else { Intent::ScrollUp }),
        };
    }
    let Some(column) = screen.columns.iter().find(|column| column.cards.contains(at) || column.head.contains(at))
    else {
        return Vec::new();
    };
    if rows != 0 {
        model.columns.scroll(column.status, rows);
        return Vec::new();
    }
    let clicked =
        cards(model, column).into_iter().find(|(.., place)| place.contains(at)).map(|(card, ..)| card.task.id);
    model.columns.enter(column.status);
    match clicked {
        Some(task) if model.columns.selected() == Some(task) && model.clicked == Some(task) => {
            model.clicked = None;
            intent::act(model, Intent::Open)
        }
        Some(task) => {
            model.columns.go_to(task);
            model.clicked = Some(task);
            Vec::new()
        }
        None => Vec::new(),
    }
}
