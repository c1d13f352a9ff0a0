//! Waiting for tasks: on changes of the database, with a reconcile now and then so that no death goes unseen.

use std::time::Duration;

use super::{Engine, Fault, Kind, Remedy, upkeep};
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::domain::task::Task;

/// How often the waiting process looks for deaths by itself.
const SWEEP: Duration = Duration::from_secs(1);

/// Waits until the task is in `wanted`, or, without it, until it is neither in progress nor waiting for a requeue.
///
/// # Errors
/// [`Kind::TimedOut`] at the deadline; [`Kind::OtherStatus`] when it settled somewhere else than wanted (done and
/// review count as success where nothing is wanted in particular, everything else does not fail either).
pub fn wait(engine: &Engine, id: TaskId, wanted: Option<Status>, patience: Duration) -> Result<Task, Fault> {
    let mut version = None;
    let mut swept = Duration::ZERO;
    let settled = engine.until(patience, |waited| {
        if engine.is_interrupted() {
            return Err(Fault::new(Kind::Failed, "interrupted").of(id));
        }
        let sweep = waited.saturating_sub(swept) >= SWEEP;
        let now = engine.ports.store.version()?;
        if version == Some(now) && !sweep {
            return Ok(None);
        }
        version = Some(now);
        let mut task = engine.task(id)?;
        if sweep {
            swept = waited;
            if let Some(attempt) = &task.attempt {
                upkeep::one(engine, attempt)?;
                task = engine.task(id)?;
            }
        }
        let rests = match task.status {
            Status::InProgress => false,
            Status::Ready => task.not_before.is_none_or(|at| at <= engine.ports.clock.now().wall),
            Status::Review | Status::Done | Status::Failed => true,
        };
        Ok(match wanted {
            Some(wanted) if task.status == wanted => Some(Ok(task)),
            Some(wanted) if rests && !may_still_become(task.status, wanted) => Some(Err(Fault::new(
                Kind::OtherStatus,
                format!(
                    "task {id} is {}, not {}: {}",
                    task.status.said(),
                    wanted.said(),
                    task.reason.clone().unwrap_or_default()
                ),
            )
            .of(id)
            .hint(Remedy::Show(id)))),
            None if rests => Some(Ok(task)),
            Some(_) | None => None,
        })
    })?;
    settled.unwrap_or_else(|| {
        let why = format!("task {id} did not reach that status within {patience:?}");
        Err(Fault::new(Kind::TimedOut, why).of(id).hint(Remedy::Show(id)))
    })
}

/// A ready task may yet be dispatched by somebody; the others move by a person's act only, review and done towards
/// done and failed towards ready.
const fn may_still_become(from: Status, wanted: Status) -> bool {
    match from {
        Status::Ready | Status::InProgress => true,
        Status::Review => matches!(wanted, Status::Done),
        Status::Done | Status::Failed => false,
    }
}
