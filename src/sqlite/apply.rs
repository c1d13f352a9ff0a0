//! Transitions: the state is read, [`step`] decides, and what it says is written, in one transaction.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::events::{self, Line, place};
use super::rows::{Cells, list_text, path_text};
use super::write::{Done, one};
use crate::domain::attempt::Exit;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::{Change, Current, Event, Limits, State, Step, step};
use crate::domain::state::{Cause, Phase, Status};
use crate::ports::store::{Amendment, Applied, Stamp};

fn state(conn: &Connection, task: TaskId) -> Done<Option<State>> {
    let mut statement = conn.prepare_cached(
        "SELECT tasks.id, tasks.status, tasks.orphans, attempts.id, attempts.phase, attempts.stop_requested,
             attempts.verify, attempts.agent_ended, attempts.claimed_at
         FROM tasks LEFT JOIN attempts ON attempts.id = tasks.attempt
         WHERE tasks.id = ?1 AND tasks.deleted_at IS NULL",
    )?;
    let mut rows = statement.query([task.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let cells = Cells::new("tasks", row);
    let (_, status, orphans) = (cells.int("id")?, cells.word("status", Status::parse)?, cells.number("orphans")?);
    let attempt = match cells.maybe_attempt("id")? {
        None => None,
        Some(id) => Some(Current {
            id,
            phase: cells.word("phase", Phase::parse)?,
            stop_requested: cells.flag("stop_requested")?,
            verifies: !cells.list("verify")?.is_empty(),
            agent_ended: cells.flag("agent_ended")?,
            claimed_at: cells.instant("claimed_at")?,
        }),
    };
    Ok(Some(State { task, status, orphans, attempt }))
}

pub(super) fn apply(
    conn: &Connection,
    task: TaskId,
    attempt: Option<&AttemptId>,
    event: &Event,
    limits: Limits,
    stamp: &Stamp,
) -> Done<Applied> {
    let Some(state) = state(conn, task)? else { return Ok(Applied::Missing) };
    let (status, phase) = (state.status, state.attempt.as_ref().map(|current| current.phase));
    let change = match step(&state, attempt, event, stamp.now, limits) {
        Step::Change(change) => change,
        Step::Already => return Ok(Applied::Already { status, phase }),
        Step::Conflict(why) => return Ok(Applied::Conflict { status, phase, why }),
    };
    write_task(conn, &state, &change, stamp)?;
    let now = change.phase.or(phase);
    if let Some(current) = state.attempt.as_ref().filter(|_| attempt.is_some()) {
        write_attempt(conn, current, &change, stamp)?;
        write_facts(conn, current, event, now)?;
    }
    let mut stamp = stamp.clone();
    stamp.evidence.extend(evidence(event));
    let line = Line {
        task,
        attempt,
        from: &place(status, attempt.and(phase)),
        to: &place(change.status, attempt.and(now)),
        cause: change.cause,
    };
    events::append(conn, &line, &stamp)?;
    Ok(Applied::Changed { status: change.status, phase: now, cause: change.cause })
}

fn write_task(conn: &Connection, state: &State, change: &Change, stamp: &Stamp) -> Done<()> {
    let (rewrites, why) = match &change.why {
        None => (false, None),
        Some(why) => (true, why.as_ref()),
    };
    let changed = conn
        .prepare_cached(
            "UPDATE tasks SET status = ?3, orphans = ?4, updated_at = ?5,
                 cause = CASE WHEN ?6 THEN ?7 ELSE cause END, reason = CASE WHEN ?6 THEN ?8 ELSE reason END,
                 not_before = CASE WHEN ?3 <> ?2 THEN ?9 ELSE not_before END
             WHERE id = ?1 AND status = ?2 AND attempt IS ?10",
        )?
        .execute(params![
            state.task.0,
            state.status.text(),
            change.status.text(),
            change.orphans,
            stamp.now.wall.0,
            rewrites,
            why.map(|(cause, _)| cause.text()),
            why.map(|(_, reason)| reason),
            change.not_before.map(|at| at.0),
            state.attempt.as_ref().map(|current| current.id.as_str()),
        ])?;
    one(changed, "the task")
}

fn write_attempt(conn: &Connection, current: &Current, change: &Change, stamp: &Stamp) -> Done<()> {
    let phase = change.phase.unwrap_or(current.phase);
    let changed = conn
        .prepare_cached(
            "UPDATE attempts SET phase = ?3, stop_requested = ?4, cause = coalesce(?5, cause),
                 phase_since = CASE WHEN ?3 <> ?2 THEN ?6 ELSE phase_since END,
                 ended_at = CASE WHEN ?3 IN ('exited', 'revoked') THEN ?7 ELSE ended_at END
             WHERE id = ?1 AND phase = ?2",
        )?
        .execute(params![
            current.id.as_str(),
            current.phase.text(),
            phase.text(),
            change.stop_requested,
            change.attempt_cause.map(Cause::text),
            stamp.now.boot.0,
            stamp.now.wall.0,
        ])?;
    one(changed, "the attempt")
}

/// The facts that the event carries.
fn write_facts(conn: &Connection, current: &Current, event: &Event, phase: Option<Phase>) -> Done<()> {
    let id = current.id.as_str();
    match event {
        Event::TreeMade => {
            conn.execute("UPDATE trees SET state = 'present' WHERE owner = ?1 AND state = 'planned'", [id])?;
        }
        Event::Started { place, shim, server, pane, lock } => {
            let changed = conn.execute(
                "UPDATE attempts SET host = ?2, boot = ?3, shim_pid = ?4, shim_start = ?5, server_pid = ?6,
                     server_start = ?7, pane = ?8, lock_device = ?9, lock_inode = ?10 WHERE id = ?1",
                params![
                    id,
                    place.host,
                    place.boot,
                    shim.pid,
                    shim.start.cast_signed(),
                    server.map(|server| server.pid),
                    server.map(|server| server.start.cast_signed()),
                    pane,
                    lock.device.cast_signed(),
                    lock.inode.cast_signed(),
                ],
            )?;
            one(changed, "the shim")?;
            conn.execute("UPDATE trees SET ran = 1 WHERE owner = ?1 AND state = 'present'", [id])?;
        }
        Event::AgentStarted { agent } => {
            let changed = conn.execute(
                "UPDATE attempts SET agent_pid = ?2, agent_start = ?3, started_at = (SELECT updated_at FROM tasks
                     WHERE tasks.attempt = attempts.id) WHERE id = ?1",
                params![id, agent.pid, agent.start.cast_signed()],
            )?;
            one(changed, "the agent")?;
        }
        Event::RolledBack { .. } => {
            // An adopted tree goes back to whom it was taken from; what nobody has run in stays with its maker.
            conn.execute(
                "UPDATE trees SET owner = (SELECT adopts FROM attempts WHERE id = ?1)
                 WHERE owner = ?1 AND EXISTS (SELECT 1 FROM attempts WHERE id = ?1 AND adopts IS NOT NULL)",
                [id],
            )?;
            // A person's note was for the agent that never ran.
            conn.execute(
                "UPDATE tasks SET note = coalesce(note, (SELECT note FROM attempts WHERE id = ?1)) WHERE attempt = ?1",
                [id],
            )?;
        }
        Event::Ended(ending) => {
            let (code, signal) = match ending.exit() {
                Some(Exit::Code(code)) => (Some(code), None),
                Some(Exit::Signal(signal)) => (None, Some(signal)),
                None => (None, None),
            };
            conn.execute(
                "UPDATE attempts SET agent_ended = 1, exit_code = coalesce(exit_code, ?2),
                     exit_signal = coalesce(exit_signal, ?3) WHERE id = ?1",
                params![id, code, signal],
            )?;
        }
        Event::PreflightFailed { .. }
        | Event::Spawning
        | Event::Done
        | Event::Failed { .. }
        | Event::Verified(_)
        | Event::StopRequested
        | Event::Requeued
        | Event::Approved => {}
    }
    debug_assert!(phase.is_some(), "an event of an attempt has a phase");
    Ok(())
}

/// What the event itself shows.
fn evidence(event: &Event) -> Vec<(&'static str, String)> {
    match event {
        Event::PreflightFailed { reason } | Event::Failed { reason } | Event::RolledBack { reason, .. } => {
            vec![("reason", reason.clone())]
        }
        Event::Started { shim, pane, .. } => {
            vec![("shim_pid", shim.pid.to_string()), ("pane", pane.clone().unwrap_or_default())]
        }
        Event::AgentStarted { agent } => vec![("agent_pid", agent.pid.to_string())],
        Event::Ended(ending) => vec![("how", format!("{:?}", ending.how)), ("tree", format!("{:?}", ending.evidence))],
        Event::Verified(verdict) => vec![("verdict", format!("{verdict:?}"))],
        Event::StopRequested => vec![("request", "stop".to_owned())],
        Event::TreeMade | Event::Spawning | Event::Done | Event::Requeued | Event::Approved => Vec::new(),
    }
}

pub(super) fn amend(conn: &Connection, amendment: &Amendment, stamp: &Stamp) -> Done<bool> {
    let changed = match amendment {
        Amendment::Rename { attempt, branch, worktree, session } => {
            let worktree = path_text(worktree)?;
            let old: Option<String> = conn
                .query_row(
                    "SELECT worktree FROM attempts WHERE id = ?1 AND phase IN ('claimed', 'worktree', 'spawning')",
                    [attempt.as_str()],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(old) = old else { return Ok(false) };
            if old != worktree {
                conn.execute(
                    "UPDATE trees SET path = ?1, branch = ?2 WHERE path = ?3 AND owner = ?4 AND state = 'planned'",
                    params![worktree, branch, old, attempt.as_str()],
                )?;
            }
            conn.execute(
                "UPDATE attempts SET branch = ?2, worktree = ?3, session = ?4 WHERE id = ?1",
                params![attempt.as_str(), branch, worktree, session],
            )?
        }
        Amendment::TreeParked { path, owner, parked } => conn.execute(
            "UPDATE trees SET state = 'parked', parked = ?3 WHERE path = ?1 AND owner = ?2 AND state <> 'gone'",
            params![path_text(path)?, owner.as_str(), path_text(parked)?],
        )?,
        Amendment::TreeGone { path, owner } => conn.execute(
            "UPDATE trees SET state = 'gone', parked = NULL WHERE path = ?1 AND owner = ?2",
            params![path_text(path)?, owner.as_str()],
        )?,
        Amendment::Cleaned { attempt, kept, done } => conn.execute(
            "UPDATE attempts SET kept = ?2, cleaned = ?3 WHERE id = ?1 AND phase IN ('exited', 'revoked')
                 AND (kept <> ?2 OR cleaned <> ?3)",
            params![attempt.as_str(), list_text(kept), done],
        )?,
        Amendment::Leftovers { attempt, leftovers } => conn.execute(
            "UPDATE attempts SET leftovers = ?2 WHERE id = ?1",
            params![attempt.as_str(), list_text(leftovers)],
        )?,
        Amendment::Note { task, note } => conn.execute(
            "UPDATE tasks SET note = ?2, updated_at = ?3 WHERE id = ?1 AND deleted_at IS NULL",
            params![task.0, note, stamp.now.wall.0],
        )?,
        Amendment::Delete { task } => return delete(conn, *task, stamp),
    };
    Ok(changed == 1)
}

fn delete(conn: &Connection, task: TaskId, stamp: &Stamp) -> Done<bool> {
    let status: Option<String> = conn
        .query_row("SELECT status FROM tasks WHERE id = ?1 AND deleted_at IS NULL", [task.0], |row| row.get(0))
        .optional()?;
    let Some(status) = status else { return Ok(false) };
    let changed = conn.execute(
        "UPDATE tasks SET deleted_at = ?2, updated_at = ?2
         WHERE id = ?1 AND deleted_at IS NULL AND status <> 'in-progress' AND NOT EXISTS (
             SELECT 1 FROM attempts WHERE task = ?1 AND phase NOT IN ('exited', 'revoked'))",
        params![task.0, stamp.now.wall.0],
    )?;
    if changed == 1 {
        let line = Line { task, attempt: None, from: &status, to: "deleted", cause: None };
        events::append(conn, &line, stamp)?;
    }
    Ok(changed == 1)
}
