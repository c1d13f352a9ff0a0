//! A person's verdict on finished work: approved, sent back with feedback, or taken back to review.

use super::{Engine, Fault, Kind, clean_up, screen, stop};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Cause, Status, Who};
use crate::domain::task::Task;
use crate::domain::text;
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

/// Sends work in review back to its agent, which still runs, with feedback: typed to it and taken in by it, or the task
/// stays in review and says so.
///
/// # Errors
/// [`Kind::Conflict`] where it is not in review or its agent has ended; those of [`screen::send`].
pub fn send_back(engine: &Engine, id: TaskId, feedback: &str) -> Result<Task, Fault> {
    let task = engine.task(id)?;
    let attempt = screen::attempt(engine, id)?;
    let told = |event: &Event| {
        let stamp = engine.stamp_with(Who::Person, vec![("text", text::short(feedback))]);
        engine.apply(id, Some(&attempt.plan.id), event, &stamp)
    };
    // Before it is typed: an agent that is quicker than this may report done already.
    match told(&Event::Bounced)? {
        Applied::Changed { .. } => {}
        Applied::Already { .. } => return Ok(task),
        Applied::Conflict { why, .. } => {
            let fault = Fault::new(Kind::Conflict, format!("task {id}: {why}"));
            return Err(fault.of(id).hint(format!("ganger show {id}")));
        }
        Applied::Missing => return Err(Fault::no_such_task(id)),
    }
    if let Err(fault) = screen::send(engine, id, feedback) {
        told(&Event::NotBounced { reason: format!("feedback not delivered: {}", fault.message) })?;
        return Err(fault);
    }
    engine.task(id)
}

/// Whether feedback on a task goes to an agent that still runs; else it goes to the next attempt.
///
/// # Errors
/// Those of the store.
pub fn has_agent(engine: &Engine, task: &Task) -> Result<bool, Fault> {
    stop::is_live(engine, task)
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
