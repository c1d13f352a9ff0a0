//! `ganger approve`, `ganger reopen`.

use super::{Outcome, answer};
use crate::cli::wiring::Wiring;
use crate::domain::id::TaskId;
use crate::engine::review;

/// Approves a task in review.
///
/// # Errors
/// See [`review::approve`].
pub fn approve(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let task = review::approve(&engine, TaskId(id))?;
    answer(wiring, &engine, &task, &format!("task {id} is {}", task.status))
}

/// Takes a task that is done back to review.
///
/// # Errors
/// See [`review::reopen`].
pub fn reopen(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let task = review::reopen(&engine, TaskId(id))?;
    answer(wiring, &engine, &task, &format!("task {id} is {}", task.status))
}
