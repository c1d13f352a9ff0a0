//! Stop: a person's request, committed before any signal, honoured by whoever finds the agent gone.

use std::time::Duration;

use super::{Engine, Fault, Kind, Remedy, leftover, steps, upkeep};
use crate::domain::attempt::Attempt;
use crate::domain::completion::{Ending, Vanished};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::state::{Cause, Phase, Status, Who};
use crate::domain::task::Task;
use crate::ports::host::{Found, Signal};
use crate::ports::store::Which;

/// Ends a task's agent; returns when it is gone. One that is not running is fine.
///
/// # Errors
/// [`Kind::NoSuchTask`]; [`Kind::Unknown`] when the agent can't be looked at or does not end.
pub fn stop(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    let task = engine.task(id)?;
    let Some(attempt) = task.attempt.as_ref().map(|id| engine.ports.store.attempt(id)).transpose()?.flatten() else {
        return Ok(task);
    };
    if !attempt.phase.is_live() {
        return Ok(task);
    }
    engine.apply(id, Some(&attempt.plan.id), &Event::StopRequested, &engine.stamp(Who::Person))?;
    let patience = engine.settings.tmux.grace + engine.settings.timing.git + Duration::from_secs(10);
    let mut signalled = None;
    let mut blind = Duration::ZERO;
    let ended = engine.until(patience, |waited| {
        let Some(row) = engine.ports.store.attempt(&attempt.plan.id)? else { return Ok(Some(())) };
        match row.phase {
            Phase::Exited | Phase::Revoked => return Ok(Some(())),
            Phase::Claimed | Phase::Worktree | Phase::Spawning => before_the_agent(engine, &row)?,
            Phase::Running | Phase::Verifying => {
                if signalled != row.shim {
                    signalled = row.shim;
                    wake(engine, &row)?;
                }
                if waited.saturating_sub(blind) > Duration::from_millis(200) {
                    blind = waited;
                    upkeep::one(engine, &row.plan.id)?;
                    give_up_lost_lock(engine, &row)?;
                }
            }
        }
        Ok(None)
    })?;
    match ended {
        Some(()) => engine.task(id),
        None => Err(Fault::new(Kind::Unknown, format!("task {id}: its agent has not ended within {patience:?}"))
            .of(id)
            .hint(Remedy::Show(id))),
    }
}

fn wake(engine: &Engine, row: &Attempt) -> Result<(), Fault> {
    if let Some(shim) = row.shim {
        let send = |signal| {
            engine
                .ports
                .processes
                .signal(shim, signal)
                .map_err(|error| Fault::io(&format!("signalling pid {}", shim.pid), &error))
        };
        send(Signal::Terminate)?;
        send(Signal::Continue)?;
    }
    Ok(())
}

/// No agent runs yet: the saga is undone, and finds that out by itself if it is still at it.
fn before_the_agent(engine: &Engine, row: &Attempt) -> Result<(), Fault> {
    let event = Event::RolledBack { cause: Cause::Cancelled, reason: "stopped on request".to_owned(), lasting: true };
    engine.apply(row.plan.task, Some(&row.plan.id), &event, &engine.stamp(Who::Person))?;
    if engine.ports.locks.ask(&row.plan.files.saga, None) != Lock::Held
        && let Some(row) = engine.ports.store.attempt(&row.plan.id)?.filter(|row| row.phase == Phase::Revoked)
    {
        steps::undo(engine, &row);
    }
    Ok(())
}

/// A lock file that somebody removed proves nothing, so no automatic act resets its attempt. A person who says
/// "stop" while shim and agent are dead by identity has decided.
fn give_up_lost_lock(engine: &Engine, row: &Attempt) -> Result<(), Fault> {
    let lock = engine.ports.locks.ask(&row.plan.files.lock, row.lock);
    let dead = |process| engine.ports.processes.probe(process) == Probe::Dead;
    let here = engine.ports.processes.place() == row.place;
    if here
        && matches!(lock, Lock::Missing | Lock::Replaced)
        && row.shim.is_some_and(dead)
        && row.agent.is_none_or(dead)
    {
        let event = Event::Ended(Ending::vanished(Vanished::Shim));
        let stamp = engine.stamp_with(Who::Person, vec![("lock", lock.text().to_owned())]);
        engine.apply(row.plan.task, Some(&row.plan.id), &event, &stamp)?;
    }
    Ok(())
}

/// Ends the processes that outlive a task's attempts: those that bear their marks, by name of the mark alone, and those
/// that were recorded as left over, by identity.
///
/// # Errors
/// When the process table can't be read, or a process can't be ended.
pub fn leftovers(engine: &Engine, task: &Task) -> Result<usize, Fault> {
    let processes = &engine.ports.processes;
    let attempts = engine.ports.store.attempts(&Which::Of(task.id))?;
    let find = || -> Result<Vec<Found>, Fault> {
        let mut all = Vec::new();
        for attempt in &attempts {
            all.extend(leftover::of(engine, attempt).map_err(|error| Fault::io("reading the process table", &error))?);
        }
        Ok(all)
    };
    let found = find()?;
    for signal in [Signal::Terminate, Signal::Kill] {
        let left = find()?;
        for process in &left {
            processes
                .signal(process.process, signal)
                .map_err(|error| Fault::io(&format!("ending pid {}", process.process.pid), &error))?;
        }
        // A process that is on its way out bears no mark any more: it is gone when its identity is.
        let gone = engine.until(engine.settings.tmux.grace, |_| {
            let lives = |found: &Found| processes.probe(found.process) == Probe::Alive;
            Ok(if left.iter().any(lives) { None } else { Some(()) })
        })?;
        if gone.is_some() && find()?.is_empty() {
            break;
        }
    }
    Ok(found.len())
}

/// Whether the task has a live attempt.
///
/// # Errors
/// Those of the store.
pub fn is_live(engine: &Engine, task: &Task) -> Result<bool, Fault> {
    let attempt = task.attempt.as_ref().map(|id| engine.ports.store.attempt(id)).transpose()?.flatten();
    Ok(task.status == Status::InProgress || attempt.is_some_and(|attempt| attempt.phase.is_live()))
}
