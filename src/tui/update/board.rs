//! The board was read again: what moved, and what that is worth.

use std::sync::Arc;

use super::put;
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::engine::board::{Board, Card};
use crate::tui::model::Model;
use crate::tui::msg::{Act, Cmd, Tab};

pub(super) fn loaded(model: &mut Model, board: Arc<Board>) -> Vec<Cmd> {
    // It was read before others were asked for.
    if board.shown != model.shown {
        return Vec::new();
    }
    let first = !model.loaded;
    let earlier = Arc::clone(&model.board);
    model.loaded = true;
    model.load_error = None;
    put(model, board);
    if first {
        model.columns.begin();
    }
    let board = Arc::clone(&model.board);
    if let Some(task) = model.awaited.filter(|task| board.card(*task).is_some()) {
        model.awaited = None;
        model.columns.go_to(task);
    }
    model.marks.retain(|task| board.card(*task).is_some());
    model.measured.retain(|task, _| board.card(*task).is_some());
    let mut cmds = Vec::new();
    if !first {
        let boot = model.now.boot;
        let calling = board.cards.iter().filter(|card| calls(&earlier, card)).map(|card| (card.task.id, boot));
        model.calling.extend(calling);
    }
    // What is worth measuring: work that is there, whenever its task has moved.
    for card in &board.cards {
        let task = &card.task;
        let works = matches!(task.status, Status::InProgress | Status::Review) && task.attempts > 0;
        let known = model.measured.get(&task.id).is_some_and(|(at, _)| *at >= task.updated_at);
        if works && !known {
            model.measured.insert(task.id, (model.now.wall.max(task.updated_at), None));
            cmds.push(Cmd::Measure { task: task.id });
        }
    }
    let shown = model.columns.selected().and_then(|id| board.card(id));
    if first || shown.map(stamp) != shown.and_then(|card| earlier.card(card.task.id)).map(stamp) {
        let stale = match (&model.detail.content, model.columns.selected(), model.tab()) {
            (Some((task, tab, _)), Some(selected), Some(wanted)) => *task != selected || *tab != wanted,
            (Some(_), ..) => true,
            (None, ..) => false,
        };
        if stale || model.tab() == Some(Tab::Report) {
            model.detail.content = None;
        }
        cmds.extend(super::watch(model));
    }
    cmds
}

/// Rings once for what came to need the user a moment ago and still does.
pub(super) fn call(model: &mut Model) -> Option<Cmd> {
    /// What is over before one could look is not worth a look.
    const PATIENCE: i64 = 3_000;
    let boot = model.now.boot;
    let due = |since: &mut crate::domain::time::BootTime| boot.0 - since.0 >= PATIENCE;
    let due: Vec<TaskId> = model.calling.extract_if(.., |_, since| due(since)).map(|(task, _)| task).collect();
    let holds = |task: &TaskId| model.board.card(*task).is_some_and(Card::needs_person);
    due.iter().any(holds).then_some(Cmd::Bell)
}

/// Starts again what lost its agent and has waited long enough, where that is configured; each attempt's end once.
pub(super) fn restart(model: &mut Model) -> Vec<Cmd> {
    if !model.options.restart_lost {
        return Vec::new();
    }
    let now = model.now.wall;
    let due = |card: &&Card| {
        card.lost_its_agent()
            && card.task.not_before.is_none_or(|at| at <= now)
            && model.restarted.get(&card.task.id) != Some(&card.task.attempts)
    };
    let due: Vec<(TaskId, u32)> =
        model.board.cards.iter().filter(due).map(|card| (card.task.id, card.task.attempts)).collect();
    if due.is_empty() {
        return Vec::new();
    }
    model.restarted.extend(due.iter().copied());
    super::start_marked(model, due.into_iter().map(|(task, _)| task).collect())
}

/// Starts what fits, where the queue is worked off and something has changed since that was tried.
pub(super) fn work_off(model: &mut Model) -> Vec<Cmd> {
    if !model.works_off || model.leaving.is_some() || model.running_global.contains(&Act::WorkOff) {
        return Vec::new();
    }
    let free = model.startable().len();
    let is_same = |(board, tried): &(Arc<Board>, usize)| Arc::ptr_eq(board, &model.board) && *tried == free;
    if free == 0 || model.tried.as_ref().is_some_and(is_same) {
        return Vec::new();
    }
    model.tried = Some((Arc::clone(&model.board), free));
    super::start(model, Act::WorkOff).into_iter().collect()
}

/// What tells two readings of a card apart, for the detail pane.
fn stamp(card: &Card) -> impl PartialEq + use<> {
    let attempt = card.attempt.as_ref().map(|seen| (seen.attempt.plan.id.clone(), seen.attempt.phase));
    (card.task.status, card.task.updated_at, card.task.attempt.clone(), attempt)
}

/// Whether a card has come to want a person, or has lost its agent.
fn calls(earlier: &Board, card: &Card) -> bool {
    let Some(before) = earlier.card(card.task.id) else { return false };
    let settled = match (before.task.status, card.task.status) {
        // A dispatch that was undone is told by the act itself.
        (Status::InProgress, Status::Review | Status::Failed | Status::Ready) => {
            before.attempt.as_ref().is_some_and(|seen| seen.attempt.phase.has_shim())
        }
        (Status::Ready | Status::Review | Status::Done | Status::Failed, _)
        | (Status::InProgress, Status::InProgress | Status::Done) => false,
    };
    settled || (card.is_waiting() && !before.is_waiting())
}
