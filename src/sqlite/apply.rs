//! Events: what the transition table says is written here, exactly, with the facts that the event carries.
//!
//! The task is written before its attempt: the schema refuses an attempt that ends under a task in progress.

use rusqlite::{Connection, params};

use super::attempts;
use super::events::{self, Entry, Facts, place};
use super::rows::Cells;
use super::trouble::{Done, one};
use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence, How, Vanished};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::{Change, Current, Event, Limits, State, Step, Verdict, step};
use crate::domain::state::{Act, Cause, Phase, Status};
use crate::ports::store::{Applied, Stamp};

pub(super) fn apply(
    conn: &Connection,
    task: TaskId,
    attempt: Option<&AttemptId>,
    event: &Event,
    limits: Limits,
    stamp: &Stamp,
) -> Done<Applied> {
    let Some(state) = attempts::state(conn, task)? else { return Ok(Applied::Missing) };
    let phase = state.attempt.as_ref().map(|current| current.phase);
    let change = match step(&state, attempt, event, stamp.now, limits) {
        Step::Already => return Ok(Applied::Already { status: state.status, phase }),
        Step::Conflict(why) => return Ok(Applied::Conflict { status: state.status, phase, why }),
        Step::Change(change) => change,
    };
    let mut facts = facts(event);
    if attempt.is_none() {
        facts.extend(events::before(conn, task)?);
    }
    let cause = write_task(conn, &state, &change, stamp)?;
    // An act on the task itself leaves its attempt alone.
    let spoken_of = attempt.and(state.attempt.as_ref());
    let became = match spoken_of {
        Some(current) => {
            let next = change.phase.unwrap_or(current.phase);
            write_attempt(conn, current, next, &change, stamp)?;
            write_facts(conn, current, event, stamp)?;
            Some(next)
        }
        None => phase,
    };
    let (from, to) = (place(state.status, phase), place(change.status, became));
    let id = state.attempt.as_ref().map(|current| &current.id);
    let entry = Entry { task, attempt: id, from: &from, to: &to, cause: change.cause, facts };
    events::append(conn, entry, stamp)?;
    Ok(Applied::Changed { from: state.status, status: change.status, phase: became, cause })
}

/// Writes the task's part; returns the cause that it has now.
fn write_task(conn: &Connection, state: &State, change: &Change, stamp: &Stamp) -> Done<Option<Cause>> {
    let (gives, cause, reason) = match &change.why {
        None => (false, None, None),
        Some(None) => (true, None, None),
        Some(Some((cause, reason))) => (true, Some(cause.text()), Some(reason.as_str())),
    };
    let current = state.attempt.as_ref().map(|current| current.id.as_str());
    let moves = change.status != state.status;
    let written = conn
        .prepare_cached(
            "UPDATE tasks SET status = ?1,
                cause = CASE WHEN ?2 THEN ?3 ELSE cause END,
                reason = CASE WHEN ?2 THEN ?4 ELSE reason END,
                not_before = CASE WHEN ?5 THEN ?6 ELSE not_before END,
                orphans = ?7, updated_at = ?8
             WHERE id = ?9 AND status = ?10 AND attempt IS ?11 AND deleted_at IS NULL",
        )?
        .execute(params![
            change.status.text(),
            gives,
            cause,
            reason,
            moves,
            change.not_before.map(|instant| instant.0),
            change.orphans,
            stamp.now.wall.0,
            state.task.0,
            state.status.text(),
            current,
        ])?;
    one(written, "a task")?;
    let returns = state.attempt.as_ref().is_some_and(|current| current.origin.is_some());
    if moves && (change.status == Status::Ready || (returns && change.phase == Some(Phase::Revoked))) {
        give_note_back(conn, state.task)?;
    }
    let mut statement = conn.prepare_cached("SELECT id, cause FROM tasks WHERE id = ?1")?;
    let mut rows = statement.query([state.task.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let cells = Cells::new("tasks", row);
    cells.int("id")?;
    cells.maybe_word("cause", Cause::parse)
}

/// The attempt is over without a result: the next one's prompt needs the person's note as well.
fn give_note_back(conn: &Connection, task: TaskId) -> Done<()> {
    conn.prepare_cached(
        "UPDATE tasks SET note = coalesce(note, (SELECT note FROM attempts WHERE attempts.id = tasks.attempt))
         WHERE id = ?1",
    )?
    .execute([task.0])?;
    Ok(())
}

fn write_attempt(conn: &Connection, current: &Current, next: Phase, change: &Change, stamp: &Stamp) -> Done<()> {
    let moves = next != current.phase;
    let ends = moves && !next.is_live();
    let failure = match &change.why {
        Some(Some((_, reason))) if change.status == Status::Failed => Some(reason),
        Some(_) | None => None,
    };
    let written = conn
        .prepare_cached(
            "UPDATE attempts SET phase = ?1,
                phase_since = coalesce(?2, phase_since),
                ended_at = coalesce(?3, ended_at),
                cause = coalesce(?4, cause),
                stop_requested = ?5,
                failure = coalesce(?6, failure)
             WHERE id = ?7 AND phase = ?8",
        )?
        .execute(params![
            next.text(),
            moves.then_some(stamp.now.boot.0),
            ends.then_some(stamp.now.wall.0),
            change.attempt_cause.map(Cause::text),
            change.stop_requested,
            failure,
            current.id.as_str(),
            current.phase.text(),
        ])?;
    one(written, "an attempt")
}

/// Stores what the event itself says of the attempt.
fn write_facts(conn: &Connection, current: &Current, event: &Event, stamp: &Stamp) -> Done<()> {
    let id = current.id.as_str();
    match event {
        Event::TreeMade => {
            // Its owner has just seen it whole: also one that was recorded as gone, and has come back.
            conn.prepare_cached(
                "UPDATE trees SET state = 'present', parked = NULL
                 WHERE owner = ?1 AND path = (SELECT worktree FROM attempts WHERE id = ?1)",
            )?
            .execute([id])?;
        }
        Event::Started { place, shim, server, pane, lock } => {
            let written = conn
                .prepare_cached(
                    "UPDATE attempts SET host = ?1, boot = ?2, shim_pid = ?3, shim_start = ?4, server_pid = ?5,
                        server_start = ?6, pane = ?7, lock_device = ?8, lock_inode = ?9
                     WHERE id = ?10",
                )?
                .execute(params![
                    place.host,
                    place.boot,
                    shim.pid,
                    shim.start.cast_signed(),
                    server.map(|server| server.pid),
                    server.map(|server| server.start.cast_signed()),
                    pane,
                    lock.device.cast_signed(),
                    lock.inode.cast_signed(),
                    id,
                ])?;
            one(written, "an attempt")?;
            conn.prepare_cached(
                "UPDATE trees SET ran = 1
                 WHERE owner = ?1 AND path = (SELECT worktree FROM attempts WHERE id = ?1)",
            )?
            .execute([id])?;
        }
        Event::AgentStarted { agent } => {
            let written = conn
                .prepare_cached(
                    "UPDATE attempts SET agent_pid = ?1, agent_start = ?2, started_at = coalesce(started_at, ?3)
                     WHERE id = ?4",
                )?
                .execute(params![agent.pid, agent.start.cast_signed(), stamp.now.wall.0, id])?;
            one(written, "an attempt")?;
        }
        Event::RolledBack { .. } => {
            conn.prepare_cached(
                "UPDATE trees SET owner = (SELECT adopts FROM attempts WHERE id = ?1)
                 WHERE owner = ?1 AND path = (SELECT worktree FROM attempts WHERE id = ?1 AND adopts IS NOT NULL)",
            )?
            .execute([id])?;
        }
        Event::Ended(ending) => {
            let (code, signal) = match ending.exit() {
                None => (None, None),
                Some(Exit::Code(code)) => (Some(code), None),
                Some(Exit::Signal(signal)) => (None, Some(signal)),
            };
            // What the shim saw first stays: a later look at a vanished attempt knows less.
            let written = conn
                .prepare_cached(
                    "UPDATE attempts SET agent_ended = 1,
                        exit_code = CASE WHEN exit_code IS NULL AND exit_signal IS NULL THEN ?1 ELSE exit_code END,
                        exit_signal = CASE WHEN exit_code IS NULL AND exit_signal IS NULL THEN ?2 ELSE exit_signal END
                     WHERE id = ?3",
                )?
                .execute(params![code, signal, id])?;
            one(written, "an attempt")?;
        }
        Event::Bounced { feedback } => {
            let written = conn
                .prepare_cached("UPDATE tasks SET note = ?1 WHERE attempt = ?2 AND deleted_at IS NULL")?
                .execute(params![feedback, id])?;
            one(written, "a task")?;
        }
        Event::Spawning
        | Event::Done
        | Event::Failed { .. }
        | Event::Verified(_)
        | Event::StopRequested
        | Event::PreflightFailed { .. }
        | Event::Requeued
        | Event::Unqueued { .. }
        | Event::NotBounced { .. }
        | Event::Approved
        | Event::Reopened { .. } => {}
    }
    Ok(())
}

/// The event in words, for the timeline.
fn facts(event: &Event) -> Facts {
    let named = |name: &str| ("event", name.to_owned());
    match event {
        Event::PreflightFailed { reason } => vec![named("preflight failed"), ("reason", reason.clone())],
        Event::TreeMade => vec![named("worktree made")],
        Event::Spawning => vec![named("session asked for")],
        Event::Started { shim, server, pane, .. } => {
            let mut facts = vec![named("shim started"), ("shim", shim.to_string())];
            facts.extend(server.map(|server| ("server", server.to_string())));
            facts.extend(pane.clone().map(|pane| ("pane", pane)));
            facts
        }
        Event::AgentStarted { agent } => vec![named("agent started"), ("agent", agent.to_string())],
        Event::RolledBack { reason, .. } => vec![named("rolled back"), ("reason", reason.clone())],
        Event::Done => vec![named("reported done")],
        Event::Failed { reason } => vec![named("reported failed"), ("reason", reason.clone())],
        Event::Ended(ending) => vec![named("agent ended"), ("how", how(ending)), ("tree", tree(ending).to_owned())],
        Event::Verified(Verdict::Passed) => vec![named("verified")],
        Event::Verified(Verdict::Failed(what)) => vec![named("verification failed"), ("reason", what.clone())],
        Event::Verified(Verdict::Interrupted) => vec![named("verification interrupted")],
        Event::StopRequested => vec![named("stop requested")],
        Event::Requeued => vec![named(Act::Requeued.text())],
        Event::Unqueued { .. } => vec![named("given back as failed")],
        Event::Bounced { .. } => vec![named("sent back")],
        Event::NotBounced { reason } => vec![named("not sent back"), ("reason", reason.clone())],
        Event::Approved => vec![named(Act::Approved.text())],
        Event::Reopened { .. } => vec![named(Act::Reopened.text())],
    }
}

fn how(ending: &Ending) -> String {
    match &ending.how {
        How::Process(Exit::Code(code)) => format!("exit status {code}"),
        How::Process(Exit::Signal(signal)) => format!("killed by signal {signal}"),
        How::OnlyVerified => "no agent was needed".to_owned(),
        How::NotStarted(error) => format!("not started: {error}"),
        How::SetupFailed(error) => format!("setup failed: {error}"),
        How::TimedOut => "timed out".to_owned(),
        How::HungUp { server_alive: true } => "hung up, its tmux server lives".to_owned(),
        How::HungUp { server_alive: false } => "hung up with its tmux server".to_owned(),
        How::Terminated => "terminated from outside".to_owned(),
        How::Vanished(Vanished::Shim) => "its shim vanished".to_owned(),
        How::Vanished(Vanished::Server) => "its tmux server vanished".to_owned(),
        How::Vanished(Vanished::Reboot) => "the machine was restarted".to_owned(),
    }
}

const fn tree(ending: &Ending) -> &'static str {
    match ending.evidence {
        Evidence::Changed => "changed",
        Evidence::Unchanged => "unchanged",
        Evidence::Unknown => "unknown",
    }
}
