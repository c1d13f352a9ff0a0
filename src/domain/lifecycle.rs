//! The transition table: what an event makes of a task and its current attempt.
//!
//! The store calls [`step`] inside the write transaction, on what it has just read, and writes what it says. So
//! each row of the table is one `match` arm here, and nothing else decides on a status or a phase.

use std::time::Duration;

use super::completion::{Ending, Outcome, outcome};
use super::id::{AttemptId, FileId, Place, Process, TaskId};
use super::requeue::{Requeue, requeue};
use super::state::{Cause, Phase, Status};
use super::time::{Now, Timestamp};

/// What [`step`] looks at: a task and its newest attempt, as they are in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub task: TaskId,
    pub status: Status,
    pub orphans: u32,
    pub attempt: Option<Current>,
}

/// The newest attempt, as far as a decision needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    pub id: AttemptId,
    pub phase: Phase,
    pub stop_requested: bool,
    /// Whether anything is to be verified.
    pub verifies: bool,
    /// Whether the agent's end has been recorded already (it may end while its work is verified).
    pub agent_ended: bool,
    pub claimed_at: Timestamp,
    /// Where a dispatch that is undone leaves the task; absent: in ready, to be tried again.
    pub origin: Option<Origin>,
}

/// Where a task was claimed from, and why it was there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub status: Status,
    pub why: Option<(Cause, String)>,
}

/// How a verification went.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Passed,
    /// Which command failed, and how.
    Failed(String),
    /// The shim had to end before it was through.
    Interrupted,
}

/// What can happen to a task. The facts that a variant carries are stored with the change that it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A check before the claim found a fault of this task's own.
    PreflightFailed { reason: String },
    /// The worktree is there and has been checked.
    TreeMade,
    /// tmux is about to be asked for a session.
    Spawning,
    /// The shim holds its lock and stands in the worktree.
    Started { place: Place, shim: Process, server: Option<Process>, pane: Option<String>, lock: FileId },
    /// exec succeeded.
    AgentStarted { agent: Process },
    /// The saga failed, or its dispatcher died.
    RolledBack { cause: Cause, reason: String, lasting: bool },
    /// `ganger done`.
    Done,
    /// `ganger fail REASON`.
    Failed { reason: String },
    /// The agent ended, or was found to have ended.
    Ended(Ending),
    /// The shim's verification is over.
    Verified(Verdict),
    /// `stop`, `rm --stop`, `approve`: committed before any signal is sent.
    StopRequested,
    /// `retry --no-dispatch`: failed, back to ready.
    Requeued,
    /// The undo of that: ready, back to failed, for the reason that it had.
    Unqueued { why: Option<(Cause, String)> },
    /// `bounce` of work whose agent lives: review, back to it. Comes before the feedback is typed, which is the task's
    /// note until the agent has taken it in.
    Bounced { feedback: String },
    /// The feedback did not reach it: back to review.
    NotBounced { reason: String },
    /// `approve`: the agent has ended by now.
    Approved,
    /// `reopen`, and the undo of an approval: done, back to review. `why` is the reason that it then shows.
    Reopened { why: Option<(Cause, String)> },
}

/// What to write. Everything that is not here stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub status: Status,
    pub phase: Option<Phase>,
    /// The task's cause and reason, when the change gives new ones (`Some(None)` clears them).
    pub why: Option<Option<(Cause, String)>>,
    /// The attempt's cause, when it is decided now.
    pub attempt_cause: Option<Cause>,
    pub not_before: Option<Timestamp>,
    pub orphans: u32,
    pub stop_requested: bool,
    /// For the event that is appended.
    pub cause: Option<Cause>,
}

/// What an event comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Change(Change),
    /// The wanted state holds already.
    Already,
    /// Not from here: why.
    Conflict(String),
}

/// The limits that a decision needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_orphan_retries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_orphan_retries: 3 }
    }
}

/// Decides what `event` makes of `state`. `attempt` is the one the event speaks of; a person's act on the task
/// itself speaks of none. An event of an attempt that is not the current one changes nothing.
#[must_use]
pub fn step(state: &State, attempt: Option<&AttemptId>, event: &Event, now: Now, limits: Limits) -> Step {
    match (&state.attempt, attempt) {
        (Some(current), Some(id)) if current.id == *id => on_attempt(state, current, event, now, limits),
        (None | Some(_), Some(id)) => Step::Conflict(format!("attempt {id} is not the task's current attempt")),
        (current, None) => on_task(state, current.as_ref(), event),
    }
}

fn on_task(state: &State, current: Option<&Current>, event: &Event) -> Step {
    let live = current.is_some_and(|current| current.phase.is_live());
    match event {
        Event::PreflightFailed { reason } => match state.status {
            Status::Ready => Step::Change(Change {
                why: Some(Some((Cause::Preflight, reason.clone()))),
                cause: Some(Cause::Preflight),
                ..to(state, Status::Failed, None)
            }),
            Status::InProgress | Status::Review | Status::Done | Status::Failed => {
                wrong(state, "ready tasks", "dispatched")
            }
        },
        Event::Requeued => match (state.status, live) {
            (Status::Failed, false) => {
                Step::Change(Change { why: Some(None), orphans: 0, ..to(state, Status::Ready, None) })
            }
            (Status::Failed, true) => Step::Conflict("its agent still runs: stop it first".to_owned()),
            (Status::Ready, _) => Step::Already,
            (Status::InProgress | Status::Review | Status::Done, _) => wrong(state, "failed tasks", "retried"),
        },
        Event::Unqueued { why } => match state.status {
            Status::Ready => Step::Change(Change {
                why: Some(why.clone()),
                cause: why.as_ref().map(|(cause, _)| *cause),
                ..to(state, Status::Failed, None)
            }),
            Status::Failed => Step::Already,
            Status::InProgress | Status::Review | Status::Done => wrong(state, "ready tasks", "given back as failed"),
        },
        Event::Reopened { why } => match state.status {
            Status::Done => Step::Change(Change { why: Some(why.clone()), ..to(state, Status::Review, None) }),
            Status::Review => Step::Already,
            Status::Ready | Status::InProgress | Status::Failed => wrong(state, "done tasks", "reopened"),
        },
        Event::Approved => match (state.status, live) {
            (Status::Review, false) => Step::Change(Change { why: Some(None), ..to(state, Status::Done, None) }),
            (Status::Review, true) => Step::Conflict("its agent still runs".to_owned()),
            (Status::Done, _) => Step::Already,
            (Status::Ready | Status::InProgress | Status::Failed, _) => wrong(state, "tasks in review", "approved"),
        },
        Event::TreeMade
        | Event::Spawning
        | Event::Started { .. }
        | Event::AgentStarted { .. }
        | Event::RolledBack { .. }
        | Event::Done
        | Event::Failed { .. }
        | Event::Ended(_)
        | Event::Verified(_)
        | Event::Bounced { .. }
        | Event::NotBounced { .. }
        | Event::StopRequested => Step::Conflict("the task has no attempt".to_owned()),
    }
}

fn on_attempt(state: &State, current: &Current, event: &Event, now: Now, limits: Limits) -> Step {
    let advance = |from: Phase, next: Phase| {
        if current.phase == from {
            Step::Change(to(state, state.status, Some(next)))
        } else {
            Step::Conflict(format!("the attempt is {}, not {from}", current.phase))
        }
    };
    match event {
        Event::TreeMade => advance(Phase::Claimed, Phase::Worktree),
        Event::Spawning => advance(Phase::Worktree, Phase::Spawning),
        Event::Started { .. } => advance(Phase::Spawning, Phase::Running),
        // It may have reported done before its shim could tell that it runs.
        Event::AgentStarted { .. } if current.phase == Phase::Verifying => advance(Phase::Verifying, Phase::Verifying),
        Event::AgentStarted { .. } => advance(Phase::Running, Phase::Running),
        Event::RolledBack { cause, reason, lasting } => {
            rolled_back(state, current, *cause, reason, *lasting, now, limits)
        }
        Event::Done => done(state, current),
        Event::Failed { reason } => failed(state, current, reason),
        Event::Ended(ending) => ended(state, current, ending, now, limits),
        Event::Verified(verdict) => verified(state, current, verdict),
        Event::Bounced { .. } => match (state.status, current.phase) {
            (Status::Review, Phase::Running) => {
                Step::Change(Change { why: Some(None), ..to(state, Status::InProgress, None) })
            }
            (Status::Review, _) => Step::Conflict("its agent no longer runs".to_owned()),
            (Status::Ready | Status::InProgress | Status::Done | Status::Failed, _) => {
                wrong(state, "tasks in review", "sent back")
            }
        },
        Event::NotBounced { reason } => match (state.status, current.phase) {
            (Status::InProgress, Phase::Running) => {
                Step::Change(Change { why: Some(Some((Cause::Ok, reason.clone()))), ..to(state, Status::Review, None) })
            }
            // It has moved on: then it had heard enough.
            (Status::InProgress | Status::Ready | Status::Review | Status::Done | Status::Failed, _) => Step::Already,
        },
        Event::StopRequested => {
            if current.phase.is_live() && !current.stop_requested {
                Step::Change(Change { stop_requested: true, ..to(state, state.status, None) })
            } else {
                Step::Already
            }
        }
        Event::PreflightFailed { .. }
        | Event::Requeued
        | Event::Unqueued { .. }
        | Event::Approved
        | Event::Reopened { .. } => Step::Conflict("not an event of an attempt".to_owned()),
    }
}

/// P7 and a reconciler's revocation: fenced by the phase, so it is safe at any time.
fn rolled_back(
    state: &State,
    current: &Current,
    cause: Cause,
    reason: &str,
    lasting: bool,
    now: Now,
    limits: Limits,
) -> Step {
    match current.phase {
        Phase::Claimed | Phase::Worktree | Phase::Spawning => {}
        Phase::Running | Phase::Verifying => return Step::Conflict("its agent's shim runs".to_owned()),
        Phase::Exited | Phase::Revoked => return Step::Already,
    }
    let revoked = |status| Change { attempt_cause: Some(cause), ..to(state, status, Some(Phase::Revoked)) };
    if current.stop_requested {
        let why = (Cause::Cancelled, "stopped on request, before its agent started".to_owned());
        return Step::Change(Change {
            why: Some(Some(why)),
            cause: Some(Cause::Cancelled),
            attempt_cause: Some(Cause::Cancelled),
            ..revoked(Status::Failed)
        });
    }
    // Work that was reviewed, or only to be verified again, does not come back to the queue.
    if let Some(Origin { status, why }) = &current.origin {
        return Step::Change(Change { why: Some(why.clone()), cause: Some(cause), ..revoked(*status) });
    }
    if lasting {
        return Step::Change(Change {
            why: Some(Some((cause, reason.to_owned()))),
            cause: Some(cause),
            ..revoked(Status::Failed)
        });
    }
    let not_before = match cause {
        Cause::DispatcherDied | Cause::OrphanReboot => {
            match requeue(state.task, cause, state.orphans, Duration::ZERO, limits.max_orphan_retries) {
                Requeue::Again { wait, .. } => Some(now.wall.after(wait)),
                Requeue::CrashLoop { .. } => None,
            }
        }
        _ => None,
    };
    Step::Change(Change {
        why: Some(Some((cause, reason.to_owned()))),
        cause: Some(cause),
        not_before,
        ..revoked(Status::Ready)
    })
}

fn done(state: &State, current: &Current) -> Step {
    match (state.status, current.phase) {
        (Status::InProgress, Phase::Running) if current.verifies => {
            Step::Change(Change { cause: Some(Cause::Ok), ..to(state, Status::InProgress, Some(Phase::Verifying)) })
        }
        (Status::InProgress, Phase::Running) => Step::Change(Change {
            why: Some(Some((Cause::Ok, "the agent reported done".to_owned()))),
            attempt_cause: Some(Cause::Ok),
            cause: Some(Cause::Ok),
            orphans: 0,
            ..to(state, Status::Review, None)
        }),
        (Status::InProgress, Phase::Verifying) | (Status::Review | Status::Done, _) => Step::Already,
        (Status::InProgress, Phase::Claimed | Phase::Worktree | Phase::Spawning) => {
            Step::Conflict("its agent has not started".to_owned())
        }
        (Status::InProgress, Phase::Exited | Phase::Revoked) | (Status::Ready | Status::Failed, _) => {
            wrong(state, "tasks in progress", "reported done")
        }
    }
}

fn failed(state: &State, current: &Current, reason: &str) -> Step {
    match (state.status, current.phase) {
        (Status::InProgress, Phase::Running | Phase::Verifying) => Step::Change(Change {
            why: Some(Some((Cause::ReportedFailure, reason.to_owned()))),
            attempt_cause: Some(Cause::ReportedFailure),
            cause: Some(Cause::ReportedFailure),
            // An agent that ended while its work was verified has no end to come.
            ..to(state, Status::Failed, Some(if current.agent_ended { Phase::Exited } else { Phase::Running }))
        }),
        (Status::Failed, _) => Step::Already,
        (Status::InProgress, Phase::Claimed | Phase::Worktree | Phase::Spawning) => {
            Step::Conflict("its agent has not started".to_owned())
        }
        (Status::InProgress, Phase::Exited | Phase::Revoked) | (Status::Ready | Status::Review | Status::Done, _) => {
            wrong(state, "tasks in progress", "reported failed")
        }
    }
}

fn ended(state: &State, current: &Current, ending: &Ending, now: Now, limits: Limits) -> Step {
    match current.phase {
        Phase::Running | Phase::Verifying => {}
        Phase::Claimed | Phase::Worktree | Phase::Spawning => {
            return Step::Conflict("its shim has not started".to_owned());
        }
        Phase::Exited | Phase::Revoked => return Step::Already,
    }
    match (state.status, current.phase) {
        (Status::InProgress, Phase::Verifying) if !current.stop_requested && ending.can_verify => {
            // The verification goes on; it decides.
            if current.agent_ended { Step::Already } else { Step::Change(to(state, Status::InProgress, None)) }
        }
        (Status::InProgress, Phase::Verifying) if !current.stop_requested => Step::Change(Change {
            why: Some(Some((Cause::VerifyInterrupted, "its verification was interrupted".to_owned()))),
            attempt_cause: Some(Cause::VerifyInterrupted),
            cause: Some(Cause::VerifyInterrupted),
            ..to(state, Status::Failed, Some(Phase::Exited))
        }),
        (Status::InProgress, _) => ended_in_progress(state, current, ending, now, limits),
        (Status::Ready | Status::Review | Status::Done | Status::Failed, _) => {
            Step::Change(to(state, state.status, Some(Phase::Exited)))
        }
    }
}

fn ended_in_progress(state: &State, current: &Current, ending: &Ending, now: Now, limits: Limits) -> Step {
    let closed = |status, cause, reason: String| Change {
        why: Some(Some((cause, reason))),
        attempt_cause: Some(cause),
        cause: Some(cause),
        ..to(state, status, Some(Phase::Exited))
    };
    Step::Change(match outcome(ending, current.stop_requested, current.verifies) {
        Outcome::Verify => to(state, Status::InProgress, Some(Phase::Verifying)),
        Outcome::Review { reason } => Change { orphans: 0, ..closed(Status::Review, Cause::Ok, reason) },
        Outcome::Failed { cause, reason } => closed(Status::Failed, cause, reason),
        Outcome::Requeue { cause, reason } => {
            let lived = now.wall.since(current.claimed_at);
            match requeue(state.task, cause, state.orphans, lived, limits.max_orphan_retries) {
                Requeue::Again { wait, orphans } => {
                    Change { not_before: Some(now.wall.after(wait)), orphans, ..closed(Status::Ready, cause, reason) }
                }
                Requeue::CrashLoop { orphans } => Change {
                    orphans,
                    attempt_cause: Some(cause),
                    ..closed(Status::Failed, Cause::CrashLoop, format!("{reason}, {orphans} times in a row"))
                },
            }
        }
    })
}

fn verified(state: &State, current: &Current, verdict: &Verdict) -> Step {
    if (state.status, current.phase) != (Status::InProgress, Phase::Verifying) {
        return Step::Conflict(format!("the task is {}, its attempt {}", state.status.said(), current.phase));
    }
    let phase = if current.agent_ended { Phase::Exited } else { Phase::Running };
    let (status, cause, reason) = match verdict {
        Verdict::Passed => (Status::Review, Cause::Ok, "verified".to_owned()),
        Verdict::Failed(what) => (Status::Failed, Cause::Verify, format!("verification failed: {what}")),
        Verdict::Interrupted => {
            (Status::Failed, Cause::VerifyInterrupted, "its verification was interrupted".to_owned())
        }
    };
    Step::Change(Change {
        why: Some(Some((cause, reason))),
        attempt_cause: Some(cause),
        cause: Some(cause),
        orphans: if status == Status::Review { 0 } else { state.orphans },
        ..to(state, status, Some(phase))
    })
}

fn to(state: &State, status: Status, phase: Option<Phase>) -> Change {
    Change {
        status,
        phase,
        why: None,
        attempt_cause: None,
        not_before: None,
        orphans: state.orphans,
        stop_requested: state.attempt.as_ref().is_some_and(|current| current.stop_requested),
        cause: None,
    }
}

fn wrong(state: &State, which: &str, done: &str) -> Step {
    Step::Conflict(format!("it is {}; only {which} can be {done}", state.status.said()))
}

#[cfg(test)]
mod tests;
