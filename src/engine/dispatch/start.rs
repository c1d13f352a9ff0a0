//! P6: the wait until the agent has started.

use std::time::Duration;

use crate::domain::attempt::Attempt;
use crate::domain::saga::{Failure, StepName};
use crate::domain::state::{Cause, Phase};
use crate::domain::text;
use crate::engine::steps::{Saga, setup};
use crate::engine::{Engine, Fault, Kind, Remedy, upkeep};
use crate::ports::multiplexer::Panes;

/// How long a session that tmux denied may still turn up before the saga gives up.
const DENIED: Duration = Duration::from_secs(2);

/// P6: until the agent has started, or its attempt has ended, or there is no hope left.
///
/// # Errors
/// The failure to be undone.
pub(super) fn wait(saga: &Saga<'_>) -> Result<Attempt, Failure> {
    let engine = saga.engine;
    let failure = |why: String| Failure { step: StepName::Start, cause: Cause::Spawn, lasting: false, why };
    let timing = &saga.settings.timing;
    let worktrees = &saga.settings.worktrees;
    // Where that can't be looked at, more time does no harm.
    let includes = setup::includes(engine, &saga.settings, &saga.plan).unwrap_or(true);
    let setup = if worktrees.prepares() || includes { worktrees.setup_timeout } else { Duration::ZERO };
    let mut version = None;
    let mut looked = Duration::ZERO;
    let mut absent = Duration::ZERO;
    let mut phase = Phase::Spawning;
    let outcome = engine.until(timing.start + setup, |waited| {
        let now = engine.ports.store.version()?;
        if version != Some(now) || waited.saturating_sub(looked) > Duration::from_millis(400) {
            version = Some(now);
            let Some(row) = engine.ports.store.attempt(&saga.plan.id)? else {
                return Ok(Some(Err("its row is gone".to_owned())));
            };
            phase = row.phase;
            let verifies = saga.verify_only && row.phase == Phase::Verifying;
            if row.started_at.is_some() || verifies || row.phase == Phase::Exited {
                return Ok(Some(Ok(row)));
            }
            if row.phase == Phase::Revoked {
                let reason = engine.task(saga.task.id)?.reason;
                return Ok(Some(Err(reason.unwrap_or_else(|| "the attempt was revoked".to_owned()))));
            }
        }
        if engine.is_interrupted() {
            return Ok(Some(Err("interrupted".to_owned())));
        }
        if waited.saturating_sub(looked) > Duration::from_millis(400) {
            looked = waited;
            if phase == Phase::Running {
                upkeep::one(engine, &saga.plan.id)?;
                return Ok(None);
            }
            match look_at_pane(saga) {
                Hope::Yes => absent = Duration::ZERO,
                Hope::Fading(why) if absent.is_zero() => {
                    absent = waited;
                    drop(why);
                }
                Hope::Fading(why) if waited.saturating_sub(absent) >= DENIED => return Ok(Some(Err(why))),
                Hope::Fading(_) => {}
            }
        }
        if phase == Phase::Spawning && waited >= timing.start {
            return Ok(Some(Err(no_start(saga, timing.start))));
        }
        Ok(None)
    });
    match outcome {
        Ok(Some(Ok(row))) if row.phase == Phase::Exited && row.started_at.is_none() && !saga.verify_only => {
            // Its task has been moved by the shim already: undo finds that out and says why.
            match ended_early(engine, saga) {
                Ok(attempt) => Ok(attempt),
                Err(fault) => Err(failure(fault.message)),
            }
        }
        Ok(Some(Ok(row))) => Ok(row),
        Ok(Some(Err(why))) => Err(failure(why)),
        Ok(None) => Err(failure(no_start(saga, timing.start))),
        Err(fault) => Err(failure(fault.message)),
    }
}

fn no_start(saga: &Saga<'_>, after: Duration) -> String {
    match &saga.asked {
        Some(said) => said.clone(),
        None => format!("the agent did not start within {after:?}"),
    }
}

fn look_at_pane(saga: &Saga<'_>) -> Hope {
    let said = || saga.asked.clone();
    match saga.engine.ports.mux.panes(&saga.plan.socket) {
        Err(_) => Hope::Yes,
        Ok(Panes::NoServer) => Hope::Fading(said().unwrap_or_else(|| "the tmux server went away".to_owned())),
        Ok(Panes::Listed(panes)) => match panes.iter().find(|pane| pane.attempt() == Some(&saga.plan.id)) {
            Some(pane) if pane.dead => {
                let screen = saga.engine.ports.mux.capture(&saga.plan.socket, &pane.id, 20).unwrap_or_default();
                let screen = text::plain(&screen);
                let last =
                    screen.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with("Pane is dead"));
                Hope::Fading(match last {
                    Some(line) => format!("its pane ended before the agent started: {line}"),
                    None => "its pane ended before the agent started".to_owned(),
                })
            }
            Some(_) => Hope::Yes,
            None => Hope::Fading(said().unwrap_or_else(|| "tmux has no such session".to_owned())),
        },
    }
}
/// Whether the agent may yet start.
enum Hope {
    Yes,
    Fading(String),
}

/// The attempt's row.
pub(super) fn attempt(engine: &Engine, saga: &Saga<'_>) -> Result<Attempt, Fault> {
    engine
        .ports
        .store
        .attempt(&saga.plan.id)?
        .ok_or_else(|| Fault::new(Kind::Failed, "the attempt's row is gone").of(saga.task.id))
}

/// The attempt ended before its agent started (setup failed, the agent could not be run) or right after.
pub(super) fn ended_early(engine: &Engine, saga: &Saga<'_>) -> Result<Attempt, Fault> {
    let attempt = attempt(engine, saga)?;
    if attempt.started_at.is_some() {
        return Ok(attempt);
    }
    let task = engine.task(saga.task.id)?;
    let reason = task.reason.unwrap_or_else(|| "its attempt ended".to_owned());
    Err(Fault::new(Kind::NotDispatched, format!("task {} not dispatched: agent start: {reason}", task.id))
        .of(task.id)
        .hint(Remedy::Log(task.id)))
}
