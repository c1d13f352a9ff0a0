//! One attempt: observe, plan, apply.
//!
//! Order matters: the row is read, its lock probed and held shared, the row read again, and only then a
//! compare-and-set is tried. A reconciler that is stopped or killed in between hides and harms nothing.

use std::time::Duration;

use super::observe::{Servers, observe};
use super::report::Action;
use super::survivors::end_survivors;
use crate::domain::attempt::Attempt;
use crate::domain::completion::{Ending, Vanished};
use crate::domain::id::AttemptId;
use crate::domain::lifecycle::Event;
use crate::domain::reconcile::{Decision, Desired, Observed, Pane, PlaceSeen, plan};
use crate::domain::state::{Cause, Status, Who};
use crate::engine::{Engine, Fault, outbox, strays};
use crate::ports::store::{Applied, Which};

/// How long the last letters of an agent are delivered for.
const LETTERS: Duration = Duration::from_secs(10);

/// The attempts that count against capacity, without clean-up and without tmux: for use before a claim, and every
/// few seconds. What is as it should be is not in the answer.
///
/// # Errors
/// Where the store can't be read.
pub fn sweep(engine: &Engine) -> Result<Vec<Action>, Fault> {
    let mut actions = Vec::new();
    for attempt in engine.ports.store.attempts(&Which::Live)? {
        let action = settle_blind(engine, &attempt)?;
        if action.decision != "keep" {
            actions.push(action);
        }
    }
    Ok(actions)
}

/// One attempt, without clean-up and without tmux.
///
/// # Errors
/// Where the store can't be read.
pub fn one(engine: &Engine, attempt: &AttemptId) -> Result<(), Fault> {
    match engine.ports.store.attempt(attempt)? {
        Some(row) if row.phase.is_live() => settle_blind(engine, &row).map(drop),
        Some(_) | None => Ok(()),
    }
}

fn settle_blind(engine: &Engine, attempt: &Attempt) -> Result<Action, Fault> {
    settle(engine, attempt, &mut Servers::blind(engine, &attempt.plan.socket), false)
}

fn desired(engine: &Engine, attempt: &Attempt) -> Desired {
    Desired {
        attempt: attempt.plan.id.clone(),
        phase: attempt.phase,
        cleaned: attempt.cleaned,
        saga_patience: engine.settings.timing.saga,
    }
}

/// Brings one live attempt's row in line with what is there.
pub(super) fn settle(
    engine: &Engine,
    attempt: &Attempt,
    servers: &mut Servers<'_>,
    dry_run: bool,
) -> Result<Action, Fault> {
    let pane = if attempt.phase.has_shim() { servers.pane(attempt) } else { Pane::Unknown };
    let observed = observe(engine, attempt, pane);
    let decision = plan(&observed, &desired(engine, attempt));
    let action =
        |decision: &'static str, reason: String, applied| Action::of(attempt, &observed, decision, reason, applied);
    if strays::is_ahead(engine, attempt)? {
        return Ok(action("unknown", "it has come further than the database knows".to_owned(), false));
    }
    Ok(match decision {
        Decision::Keep | Decision::CleanUp => action("keep", String::new(), false),
        Decision::Unknown(why) => action("unknown", why.to_owned(), false),
        Decision::Record(_) if dry_run => action("record", "its shim wrote down how it ended".to_owned(), false),
        Decision::Lost(how) if dry_run => action("requeue", lost_reason(how).to_owned(), false),
        Decision::Revoke { reason, .. } if dry_run => action("revoke", reason.to_owned(), false),
        Decision::Revoke { cause, reason } => {
            let event = Event::RolledBack { cause, reason: reason.to_owned(), lasting: false };
            let applied = write(engine, attempt, &event, &observed)?;
            action("revoke", reason.to_owned(), matches!(applied, Applied::Changed { .. }))
        }
        Decision::Record(_) | Decision::Lost(_) => end(engine, attempt, &observed, pane)?,
    })
}

const fn lost_reason(how: Vanished) -> &'static str {
    match how {
        Vanished::Shim => "its shim is gone",
        Vanished::Server => "its tmux server is gone",
        Vanished::Reboot => "the machine was restarted",
    }
}

/// Holds the lock shared, reads the row again, decides again, and writes.
fn end(engine: &Engine, attempt: &Attempt, seen: &Observed, pane: Pane) -> Result<Action, Fault> {
    let action = |observed: &Observed, decision: &'static str, reason: String, applied| {
        Action::of(attempt, observed, decision, reason, applied)
    };
    // A machine that was restarted holds no locks.
    let held = if seen.place == PlaceSeen::OtherBoot {
        None
    } else {
        match engine.ports.locks.shared(&attempt.plan.files.lock) {
            Ok(held) if Some(held.file()) == attempt.lock => Some(held),
            Ok(_) | Err(_) => {
                return Ok(action(seen, "unknown", "its lock could not be held for the write".to_owned(), false));
            }
        }
    };
    // What its agent has said, and no shim delivered, counts before its end.
    if seen.place != PlaceSeen::Elsewhere
        && let Err(fault) = outbox::deliver(engine, &attempt.plan, LETTERS)
        && !attempt.stop_requested
    {
        let why = format!("what its agent left to say can't be heard: {}", fault.message);
        return Ok(action(seen, "unknown", why, false));
    }
    let Some(row) = engine.ports.store.attempt(&attempt.plan.id)? else {
        return Ok(action(seen, "keep", String::new(), false));
    };
    let observed = observe(engine, &row, pane);
    let (ending, decision, reason) = match plan(&observed, &desired(engine, &row)) {
        Decision::Record(ending) => (ending, "record", "its shim wrote down how it ended".to_owned()),
        Decision::Lost(how) => {
            if let Err(why) = end_survivors(engine, &row, &observed) {
                return Ok(action(&observed, "unknown", why, false));
            }
            (Ending::vanished(how), "requeue", lost_reason(how).to_owned())
        }
        Decision::Unknown(why) => return Ok(action(&observed, "unknown", why.to_owned(), false)),
        Decision::Keep | Decision::CleanUp | Decision::Revoke { .. } => {
            return Ok(action(&observed, "keep", String::new(), false));
        }
    };
    let applied = write(engine, &row, &Event::Ended(ending), &observed)?;
    drop(held);
    Ok(match applied {
        Applied::Changed { status, cause, .. } => {
            let decision = match status {
                Status::Failed if decision == "requeue" => "fail",
                Status::Ready | Status::InProgress | Status::Review | Status::Done | Status::Failed => decision,
            };
            let reason = cause.map_or(reason.clone(), |cause: Cause| format!("{reason} ({cause})"));
            action(&observed, decision, reason, true)
        }
        Applied::Already { .. } | Applied::Conflict { .. } | Applied::Missing => {
            action(&observed, "keep", String::new(), false)
        }
    })
}

fn write(engine: &Engine, attempt: &Attempt, event: &Event, observed: &Observed) -> Result<Applied, Fault> {
    let evidence = vec![
        ("lock", observed.lock.text().to_owned()),
        ("shim", observed.shim.text().to_owned()),
        ("agent", observed.agent.text().to_owned()),
        ("pane", observed.pane.text().to_owned()),
        ("saga", observed.saga.text().to_owned()),
    ];
    let stamp = engine.stamp_with(Who::Reconciler, evidence);
    engine.apply(attempt.plan.task, Some(&attempt.plan.id), event, &stamp)
}
