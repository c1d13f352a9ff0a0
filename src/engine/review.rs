//! A person's verdict on finished work: approved, or taken back to review.

use super::{Engine, Fault, Kind, clean_up, stop};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Cause, Status, Who};
use crate::domain::task::Task;
use crate::ports::store::Applied;

/// Approves a task in review: its agent, if it lives on, is ended as by stop, then the task is done.
///
/// # Errors
/// [`Kind::Conflict`] where it is not in review; those of [`stop::stop`].
pub fn approve(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    let task = engine.task(id)?;
    // Only work in review: an agent that still works at it is not to be ended by an approval.
    if task.status == Status::Review && stop::is_live(engine, &task)? {
        stop::stop(engine, id)?;
    }
    let task = act(engine, id, &Event::Approved)?;
    clean_up::ended(engine, id)?;
    Ok(task)
}

/// Takes a task that is done back to review.
///
/// # Errors
/// [`Kind::Conflict`] where it is not done.
pub fn reopen(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    act(engine, id, &Event::Reopened { why: Some((Cause::Ok, "reopened".to_owned())) })
}

/// A person's act on a task; that it is so already is fine.
pub(super) fn act(engine: &Engine, id: TaskId, event: &Event) -> Result<Task, Fault> {
    match engine.apply(id, None, event, &engine.stamp(Who::Person))? {
        Applied::Changed { .. } | Applied::Already { .. } => engine.task(id),
        Applied::Conflict { why, .. } => {
            Err(Fault::new(Kind::Conflict, format!("task {id}: {why}")).of(id).hint(format!("ganger show {id}")))
        }
        Applied::Missing => Err(Fault::no_such_task(id)),
    }
}
