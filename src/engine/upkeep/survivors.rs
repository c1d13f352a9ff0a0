//! What outlives its shim.

use std::time::Duration;

use crate::domain::attempt::Attempt;
use crate::domain::id::Process;
use crate::domain::reconcile::{Observed, PlaceSeen, Probe};
use crate::domain::state::Who;
use crate::engine::{Engine, leftover};
use crate::ports::host::Signal;

/// Ends the agent of a dead shim, and what shares the shim's session; notes what else bears the mark.
pub(super) fn end_survivors(engine: &Engine, attempt: &Attempt, observed: &Observed) -> Result<(), String> {
    if observed.place != PlaceSeen::Here {
        return Ok(());
    }
    let Some(shim) = attempt.shim else { return Ok(()) };
    let processes = &engine.ports.processes;
    let alive = || -> Result<Vec<Process>, String> {
        let members = processes
            .members(shim, &attempt.plan.id)
            .map_err(|error| format!("the process table can't be read: {error}"))?;
        let agent = attempt.agent.filter(|agent| processes.probe(*agent) != Probe::Dead);
        let mut alive: Vec<Process> = members.into_iter().map(|found| found.process).collect();
        alive.extend(agent.filter(|agent| !alive.contains(agent)));
        Ok(alive)
    };
    let end = |signal: Signal, patience: Duration| -> Result<bool, String> {
        let ending = alive()?;
        for process in &ending {
            processes.signal(*process, Signal::Continue).ok();
            processes
                .signal(*process, signal)
                .map_err(|error| format!("pid {} can't be ended: {error}", process.pid))?;
        }
        // A process that is on its way out bears no mark any more: it is gone when its identity is.
        let gone = engine.until(patience, |_| {
            let lives = ending.iter().any(|process| processes.probe(*process) != Probe::Dead);
            match alive() {
                Ok(left) if left.is_empty() && !lives => Ok(Some(())),
                Ok(_) | Err(_) => Ok(None),
            }
        });
        Ok(matches!(gone, Ok(Some(()))))
    };
    if !alive()?.is_empty()
        && !end(Signal::Terminate, engine.settings.tmux.grace)?
        && !end(Signal::Kill, Duration::from_secs(5))?
    {
        return Err("its agent survives its shim and can't be ended".to_owned());
    }
    let leftovers = processes.marked(&attempt.plan.id).unwrap_or_default();
    leftover::note(engine, &attempt.plan.id, leftovers, &engine.stamp(Who::Reconciler));
    Ok(())
}
