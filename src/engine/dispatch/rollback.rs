//! P7: the undo of a dispatch.

use std::time::Duration;

use super::start;
use crate::domain::attempt::Attempt;
use crate::domain::lifecycle::Event;
use crate::domain::saga::Failure;
use crate::domain::state::{Phase, Status, Who};
use crate::engine::steps::{self, Saga};
use crate::engine::{Fault, Hint, Kind, Remedy};
use crate::ports::store::Applied;

/// P7: revokes the attempt and returns the task in one transaction, then undoes the steps in reverse.
pub(super) fn undo(saga: &Saga<'_>, failure: &Failure) -> Result<Attempt, Fault> {
    let engine = saga.engine;
    let id = &saga.plan.id;
    let reason = format!("{}: {}", failure.step.text(), failure.why);
    let event = Event::RolledBack { cause: failure.cause, reason: reason.clone(), lasting: failure.lasting };
    let stamp = engine.stamp_with(Who::Dispatcher, vec![("step", failure.step.text().to_owned())]);
    let applied =
        engine.until(Duration::from_secs(5), |_| match engine.apply(saga.task.id, Some(id), &event, &stamp) {
            Ok(applied) => Ok(Some(applied)),
            Err(fault) if fault.kind == Kind::Failed => Ok(None),
            Err(fault) => Err(fault),
        })?;
    let not_dispatched = |status: Status, why: &str| {
        Fault::new(Kind::NotDispatched, format!("task {} not dispatched: {why}", saga.task.id)).of(saga.task.id).hint(
            Hint::saying(
                format!("it is {}: {}", status.said(), Remedy::Show(saga.task.id)),
                Remedy::Show(saga.task.id),
            ),
        )
    };
    match applied {
        Some(Applied::Changed { status, .. } | Applied::Already { status, .. } | Applied::Conflict { status, .. }) => {
            // What came of this very attempt: the task may have another one by now.
            let row = start::attempt(engine, saga)?;
            let left = match row.phase {
                // The agent's shim was quicker than our patience: it runs.
                Phase::Running | Phase::Verifying => return Ok(row),
                Phase::Exited => return start::ended_early(engine, saga),
                Phase::Revoked => steps::undo(engine, &row),
                Phase::Claimed | Phase::Worktree | Phase::Spawning => Vec::new(),
            };
            let kept = if left.is_empty() { String::new() } else { format!(" ({})", left.join("; ")) };
            Err(not_dispatched(status, &format!("{reason}{kept}")))
        }
        Some(Applied::Missing) => Err(Fault::no_such_task(saga.task.id)),
        None => Err(Fault::new(
            Kind::NotDispatched,
            format!("task {} not dispatched: {reason}; and the database can't be written to undo it", saga.task.id),
        )
        .of(saga.task.id)
        .hint(Remedy::Reconcile)),
    }
}
