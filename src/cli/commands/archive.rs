//! `ganger archive`, `ganger unarchive`.

use super::{Outcome, answer};
use crate::cli::args::Archive;
use crate::cli::wiring::Wiring;
use crate::domain::id::TaskId;
use crate::engine::tasks;

/// Puts a task away.
///
/// # Errors
/// See [`tasks::archive`].
pub fn run(wiring: &Wiring, args: &Archive) -> Outcome {
    let engine = wiring.engine()?;
    let task = tasks::archive(&engine, TaskId(args.id), args.stop)?;
    answer(wiring, &engine, &task, &format!("task {} is archived", task.id))
}

/// Puts it on the board again.
///
/// # Errors
/// See [`tasks::unarchive`].
pub fn back(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let task = tasks::unarchive(&engine, TaskId(id))?;
    answer(wiring, &engine, &task, &format!("task {id} is on the board, {}", task.status))
}
