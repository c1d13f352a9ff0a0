//! Undo: a person's acts, found on the timeline, and their undoing, once each.
//!
//! What an act was and what it took away stands in its own event, so nothing but the timeline is needed to go back.

use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use super::events::{CAUSE, REASON, place};
use super::rows::Cells;
use super::trouble::{Done, Trouble};
use super::{amend, apply, attempts};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Limits;
use crate::domain::state::{Act, Cause};
use crate::ports::store::{Applied, Deed, Reverse, Stamp};

/// What an undo's event names its act with.
const UNDOES: &str = "undoes";

pub(super) fn deeds(conn: &Connection, repo: Option<&str>, limit: u32) -> Done<Vec<Deed>> {
    // The words are the closed set's own.
    let acts = Act::ALL.iter().map(|act| format!("'{act}'")).collect::<Vec<_>>().join(", ");
    let mut statement = conn.prepare_cached(&format!(
        "SELECT seq, task, events.attempt, became, evidence FROM events JOIN tasks ON tasks.id = events.task
         WHERE who IN ('person', 'agent') AND (?1 IS NULL OR tasks.repo = ?1)
            AND evidence ->> '$.event' IN ({acts}) AND evidence ->> '$.{UNDOES}' IS NULL
            AND NOT EXISTS (
                SELECT 1 FROM events undo WHERE undo.task = events.task AND undo.seq > events.seq
                    AND undo.evidence ->> '$.{UNDOES}' = CAST(events.seq AS TEXT))
         ORDER BY seq DESC LIMIT ?2"
    ))?;
    let mut rows = statement.query(params![repo, limit])?;
    let mut deeds = Vec::new();
    while let Some(row) = rows.next()? {
        deeds.push(deed(&Cells::new("events", row))?);
    }
    Ok(deeds)
}

fn deed(cells: &Cells<'_>) -> Done<Deed> {
    let (seq, task) = (cells.int("seq")?, TaskId(cells.int("task")?));
    let (attempt, left) = (cells.maybe_attempt("attempt")?, cells.text("became")?);
    let unreadable = |why: String| cells.unreadable("evidence", why);
    let evidence: Map<String, Value> =
        serde_json::from_str(cells.str("evidence")?).map_err(|error| unreadable(error.to_string()))?;
    let text = |name: &str| evidence.get(name).and_then(Value::as_str);
    let act = Act::parse(text("event").unwrap_or_default()).map_err(|unknown| unreadable(unknown.to_string()))?;
    let cause = text(CAUSE).map(Cause::parse).transpose().map_err(|unknown| unreadable(unknown.to_string()))?;
    let why = cause.map(|cause| (cause, text(REASON).unwrap_or_default().to_owned()));
    Ok(Deed { seq, task, act, attempt, left, why })
}

pub(super) fn undo(conn: &Connection, deed: &Deed, reverse: &Reverse, stamp: &Stamp) -> Done<bool> {
    if is_undone(conn, deed)? || !is_where_it_was_left(conn, deed)? {
        return Ok(false);
    }
    let mut stamp = stamp.clone();
    stamp.evidence.push((UNDOES, deed.seq.to_string()));
    match reverse {
        // No event of this kind asks for a limit.
        Reverse::Event(event) => match apply::apply(conn, deed.task, None, event, Limits::default(), &stamp)? {
            Applied::Changed { .. } => Ok(true),
            Applied::Already { .. } | Applied::Conflict { .. } | Applied::Missing => Ok(false),
        },
        Reverse::Amendment(amendment) => amend::amend(conn, amendment, &stamp),
    }
}

fn is_undone(conn: &Connection, deed: &Deed) -> Result<bool, Trouble> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM events WHERE task = ?1 AND seq > ?2 AND evidence ->> '$.{UNDOES}' = ?3)"
        ))?
        .query_row(params![deed.task.0, deed.seq, deed.seq.to_string()], |row| row.get(0))?)
}

/// A deleted task stays where it is until it is back.
fn is_where_it_was_left(conn: &Connection, deed: &Deed) -> Done<bool> {
    let Some(state) = attempts::state(conn, deed.task)? else { return Ok(deed.act == Act::Deleted) };
    let attempt = state.attempt.as_ref();
    Ok(place(state.status, attempt.map(|current| current.phase)) == deed.left
        && attempt.map(|current| &current.id) == deed.attempt.as_ref())
}
