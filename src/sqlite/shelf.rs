//! Off the board and back on it: deletion and archiving. Both are soft, and neither happens under a live attempt.

use rusqlite::{Connection, params};

use super::attempts;
use super::events::noted;
use super::events::{self, Entry, Facts, place};
use super::trouble::{Done, one};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::Act;
use crate::ports::store::Stamp;

fn named(act: Act) -> Facts {
    vec![("event", act.text().to_owned())]
}

pub(super) fn delete(conn: &Connection, task: TaskId, stamp: &Stamp) -> Done<bool> {
    let Some(state) = attempts::state(conn, task)? else { return Ok(false) };
    if state.attempt.as_ref().is_some_and(|current| current.phase.is_live()) {
        return Ok(false);
    }
    let here = place(state.status, state.attempt.as_ref().map(|current| current.phase));
    let id = state.attempt.as_ref().map(|current| &current.id);
    let facts = named(Act::Deleted);
    let entry = Entry { task, attempt: id, from: &here, to: &here, cause: None, facts };
    events::append(conn, entry, stamp)?;
    let written = conn
        .prepare_cached(
            "UPDATE tasks SET deleted_at = ?1, updated_at = ?1
             WHERE id = ?2 AND deleted_at IS NULL AND status = ?3 AND attempt IS ?4",
        )?
        .execute(params![stamp.now.wall.0, task.0, state.status.text(), id.map(AttemptId::as_str)])?;
    one(written, "a task")?;
    Ok(true)
}

pub(super) fn undelete(conn: &Connection, task: TaskId, stamp: &Stamp) -> Done<bool> {
    let written = conn
        .prepare_cached(
            "UPDATE tasks SET deleted_at = NULL, updated_at = ?1
             WHERE id = ?2 AND deleted_at IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM tasks other WHERE other.repo = tasks.repo
                    AND other.external_id = tasks.external_id AND other.deleted_at IS NULL)",
        )?
        .execute(params![stamp.now.wall.0, task.0])?;
    noted_of(conn, written, task, vec![("event", "undeleted".to_owned())], stamp)
}

pub(super) fn archive(conn: &Connection, task: TaskId, stamp: &Stamp) -> Done<bool> {
    let Some(state) = attempts::state(conn, task)? else { return Ok(false) };
    if state.attempt.as_ref().is_some_and(|current| current.phase.is_live()) {
        return Ok(false);
    }
    let written = conn
        .prepare_cached(
            "UPDATE tasks SET archived = 1, updated_at = ?1
             WHERE id = ?2 AND deleted_at IS NULL AND archived = 0 AND attempt IS ?3",
        )?
        .execute(params![stamp.now.wall.0, task.0, state.attempt.as_ref().map(|current| current.id.as_str())])?;
    noted_of(conn, written, task, named(Act::Archived), stamp)
}

pub(super) fn unarchive(conn: &Connection, task: TaskId, stamp: &Stamp) -> Done<bool> {
    let written = conn
        .prepare_cached(
            "UPDATE tasks SET archived = 0, updated_at = ?1 WHERE id = ?2 AND deleted_at IS NULL AND archived = 1",
        )?
        .execute(params![stamp.now.wall.0, task.0])?;
    noted_of(conn, written, task, named(Act::Unarchived), stamp)
}

/// The event names the newest attempt: an undo tells by it whether the task has moved on.
fn noted_of(conn: &Connection, written: usize, task: TaskId, facts: Facts, stamp: &Stamp) -> Done<bool> {
    let state = attempts::state(conn, task)?;
    let attempt = state.as_ref().and_then(|state| state.attempt.as_ref()).map(|current| &current.id);
    noted(conn, written, task, attempt, facts, stamp)
}
