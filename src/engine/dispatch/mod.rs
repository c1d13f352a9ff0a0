//! Dispatch, as a saga: claim, worktree, tmux session, agent; or back to where it was.

mod claim;
mod feedback;
mod plan;
pub mod preflight;
mod request;
mod rollback;
mod start;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::claim::{claim, taken};
use self::preflight::{Cleared, Obstacle};
use self::rollback::undo;
use super::steps::{STEPS, Saga};
use super::{Engine, Fault, Kind, Remedy, strays, tasks, upkeep};
use crate::domain::attempt::Attempt;
use crate::domain::lifecycle::Event;
use crate::domain::saga::{Failure, StepName};
use crate::domain::state::{Cause, Who};
use crate::domain::task::Task;
use crate::ports::host::Held;

pub use request::Request;

/// Dispatches a task; returns once its agent has started. The attempt's `kept` says what of earlier ones could not be put
/// away.
///
/// # Errors
/// [`Kind::Failed`] for the machine's fault, the task untouched; [`Kind::Conflict`] where another has it or a limit
/// is reached; [`Kind::NotDispatched`] when it failed and was undone.
pub fn dispatch(engine: &Engine, request: &Request) -> Result<Attempt, Fault> {
    dispatch_in_turn(engine, request, &mut || {})
}

/// As [`dispatch`]; calls `claimed` once the task is claimed, before anything that takes time.
///
/// # Errors
/// As for [`dispatch`].
pub fn dispatch_in_turn(engine: &Engine, request: &Request, claimed: &mut dyn FnMut()) -> Result<Attempt, Fault> {
    let Some(note) = &request.note else { return claim_and_run(engine, request, claimed) };
    tasks::check_note(request.task, note)?;
    claim_and_run(engine, request, claimed).inspect_err(|_| {
        // What was written for it is not lost with the claim: the next attempt is told.
        let waits = |task: Task| request.from.contains(&task.status) && task.note.is_none();
        if engine.task(request.task).is_ok_and(waits) {
            tasks::note(engine, request.task, note).ok();
        }
    })
}

fn claim_and_run(engine: &Engine, request: &Request, claimed: &mut dyn FnMut()) -> Result<Attempt, Fault> {
    for _ in 0..8 {
        if engine.is_interrupted() {
            let why = format!("task {} not dispatched: interrupted", request.task);
            return Err(Fault::new(Kind::Failed, why).of(request.task).hint(Remedy::Dispatch(request.task)));
        }
        let task = engine.task(request.task)?;
        if !request.from.contains(&task.status) {
            return Err(taken(engine, &task));
        }
        let doubted = strays::refuse_second(engine, &task)?;
        let agent = request.agent.clone().unwrap_or_else(|| task.draft.agent.clone());
        let cleared = match preflight::check(engine, &task, &agent) {
            Ok(cleared) => Cleared { doubted, ..cleared },
            Err(Obstacle::Machine(fault)) => return Err(fault.of(task.id)),
            Err(Obstacle::Task { reason, hint }) => return Err(unfit(engine, &task, &reason, hint)?),
        };
        if let Some((saga, lock)) = claim(engine, &task, &agent, &cleared, request)? {
            claimed();
            return conclude(saga, lock, request);
        }
    }
    let message = format!("task {} keeps changing under the claim", request.task);
    Err(Fault::new(Kind::Conflict, message).of(request.task))
}

/// Carries a claimed task's saga out, or undoes it.
fn conclude(mut saga: Saga<'_>, lock: Box<dyn Held>, request: &Request) -> Result<Attempt, Fault> {
    let engine = saga.engine;
    let outcome = match carry_out(&mut saga) {
        Ok(attempt) => Ok(attempt),
        Err(failure) => undo(&saga, &failure),
    };
    // Whatever came of it, the saga is over: what is left, if anything is, is on disk for any reconciler.
    drop(lock);
    engine.ports.files.remove(&saga.plan.files.saga).ok();
    let mut attempt = outcome?;
    attempt.kept.extend(upkeep::clean_up::earlier_attempts(engine, &attempt, request.fresh));
    Ok(attempt)
}

/// The task's own fault: it fails, if it was ready, without ever having been claimed.
fn unfit(engine: &Engine, task: &Task, reason: &str, hint: String) -> Result<Fault, Fault> {
    let event = Event::PreflightFailed { reason: reason.to_owned() };
    engine.apply(task.id, None, &event, &engine.stamp(Who::Dispatcher))?;
    Ok(Fault::new(Kind::NotDispatched, format!("task {} not dispatched: preflight: {reason}", task.id))
        .of(task.id)
        .hint(hint))
}

/// P2 to P6. A panic in here is a failure like any other.
fn carry_out(saga: &mut Saga<'_>) -> Result<Attempt, Failure> {
    let run = catch_unwind(AssertUnwindSafe(|| {
        for step in &STEPS {
            if saga.engine.is_interrupted() {
                return Err(Failure::new(step.name, Cause::Spawn, false, "interrupted".to_owned()));
            }
            (step.run)(saga)?;
        }
        start::wait(saga)
    }));
    run.unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown".to_owned());
        Err(Failure::new(StepName::Start, Cause::Spawn, false, format!("an error in ganger itself: {what}")))
    })
}
