//! The agent's own verbs: done and fail. From outside its pane they are a person's act.

use std::time::Duration;

use super::{Engine, Fault, Kind};
use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::Event;
use crate::domain::state::{Phase, Status, Who};
use crate::domain::task::Task;
use crate::ports::host::Signal;
use crate::ports::store::Applied;

/// Who speaks.
#[derive(Clone, Debug)]
pub enum Speaker {
    /// The agent of an attempt, with its token.
    Agent { attempt: AttemptId, token: String },
    /// A person, of a task.
    Person { task: TaskId },
}

/// Reports an attempt's end: `done`, or `fail` with a reason.
///
/// # Errors
/// [`Kind::Conflict`] where the attempt is not current, its token is wrong, or the task's state does not allow it.
pub fn report(engine: &Engine, speaker: &Speaker, event: &Event) -> Result<Task, Fault> {
    let (attempt, who) = match speaker {
        Speaker::Agent { attempt, token } => {
            let row = engine.ports.store.attempt(attempt)?.ok_or_else(|| {
                Fault::new(Kind::Conflict, format!("there is no attempt {attempt}")).hint("this task was removed")
            })?;
            if row.plan.token != *token {
                return Err(Fault::new(Kind::Conflict, "GANGER_TOKEN is not this attempt's")
                    .of(row.plan.task)
                    .hint("run it from the agent's own pane, or as a person: --task ID"));
            }
            (row, Who::Agent)
        }
        Speaker::Person { task } => {
            let task = engine.task(*task)?;
            let row = task.attempt.as_ref().map(|id| engine.ports.store.attempt(id)).transpose()?.flatten();
            let row = row.ok_or_else(|| {
                Fault::new(Kind::Conflict, format!("task {} was never dispatched", task.id)).of(task.id)
            })?;
            (row, Who::Person)
        }
    };
    let task = attempt.plan.task;
    match engine.apply(task, Some(&attempt.plan.id), event, &engine.stamp(who))? {
        Applied::Changed { phase, .. } => {
            if phase == Some(Phase::Verifying) {
                wake(engine, &attempt);
            }
            engine.task(task)
        }
        Applied::Already { .. } => engine.task(task),
        Applied::Conflict { why, .. } => {
            Err(Fault::new(Kind::Conflict, format!("task {task}: {why}")).of(task).hint(format!("ganger show {task}")))
        }
        Applied::Missing => Err(Fault::no_such_task(task)),
    }
}

/// The shim looks by itself now and then; this makes it look now.
fn wake(engine: &Engine, attempt: &Attempt) {
    if let Some(shim) = attempt.shim {
        engine.ports.processes.signal(shim, Signal::Wake).ok();
    }
}

/// Waits until the task's verification is over.
///
/// # Errors
/// [`Kind::OtherStatus`] when it did not lead to review.
pub fn wait_verified(engine: &Engine, id: TaskId, patience: Duration) -> Result<Task, Fault> {
    let done = engine.until(patience, |_| {
        let task = engine.task(id)?;
        Ok(if task.status == Status::InProgress { None } else { Some(task) })
    })?;
    match done {
        Some(task) if matches!(task.status, Status::Review | Status::Done) => Ok(task),
        Some(task) => Err(Fault::new(
            Kind::OtherStatus,
            format!("task {id} is {}: {}", task.status, task.reason.unwrap_or_default()),
        )
        .of(id)),
        None => Err(Fault::new(Kind::TimedOut, format!("task {id} is not verified within {patience:?}")).of(id)),
    }
}
