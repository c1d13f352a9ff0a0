//! Comments of a review.

use rusqlite::{Connection, params};

use super::events::noted;
use super::rows::Cells;
use super::trouble::Done;
use crate::domain::comment::{Anchor, Comment, State};
use crate::domain::id::TaskId;
use crate::ports::store::{Commented, Stamp};

/// Those of a task, in the order in which they were made.
pub(super) fn of(conn: &Connection, task: TaskId) -> Done<Vec<Comment>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, task, path, first, last, quote, text, state, round FROM comments WHERE task = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([task.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("comments", row);
        let (id, task) = (cells.int("id")?, TaskId(cells.int("task")?));
        let path = cells.text("path")?;
        let (first, last) = (cells.number("first")?, cells.number("last")?);
        let place = Anchor { path, first, last, quote: cells.text("quote")? };
        let text = cells.text("text")?;
        let state = cells.word("state", State::parse)?;
        let round = cells.maybe_int("round")?.and_then(|round| u32::try_from(round).ok());
        found.push(Comment { id, task, place, text, state, round });
    }
    Ok(found)
}

/// The hunks of a task that were seen.
pub(super) fn seen(conn: &Connection, task: TaskId) -> Done<Vec<String>> {
    let mut statement = conn.prepare_cached("SELECT mark FROM seen WHERE task = ?1")?;
    let marks = statement.query_map([task.0], |row| row.get(0))?;
    Ok(marks.collect::<std::result::Result<_, _>>()?)
}

fn see(conn: &Connection, task: TaskId, marks: &[String], is_seen: bool) -> Done<usize> {
    let sql = if is_seen {
        "INSERT OR IGNORE INTO seen (task, mark) SELECT id, ?2 FROM tasks WHERE id = ?1"
    } else {
        "DELETE FROM seen WHERE task = ?1 AND mark = ?2"
    };
    let mut statement = conn.prepare_cached(sql)?;
    let mut written = 0;
    for mark in marks {
        written += statement.execute(params![task.0, mark])?;
    }
    Ok(written)
}

/// Writes an act on them; false where there is no such comment in that state, or no such task.
pub(super) fn act(conn: &Connection, task: TaskId, act: &Commented, stamp: &Stamp) -> Done<bool> {
    let written = match act {
        Commented::Added { place, text } => conn
            .prepare_cached(
                "INSERT INTO comments (task, path, first, last, quote, text, made_at)
                 SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM tasks WHERE id = ?1 AND deleted_at IS NULL",
            )?
            .execute(params![task.0, place.path, place.first, place.last, place.quote, text, stamp.now.wall.0])?,
        Commented::Edited { id, text } => conn
            .prepare_cached("UPDATE comments SET text = ?1 WHERE id = ?2 AND task = ?3 AND state = 'draft'")?
            .execute(params![text, id, task.0])?,
        Commented::Dropped { id } => conn
            .prepare_cached("DELETE FROM comments WHERE task = ?1 AND state = 'draft' AND (?2 IS NULL OR id = ?2)")?
            .execute(params![task.0, id])?,
        Commented::Sent { ids, round } => {
            let mut written = 0;
            for id in ids {
                written += conn
                    .prepare_cached(
                        "UPDATE comments SET state = iif(state = 'draft', 'sent', state), round = ?1
                         WHERE id = ?2 AND task = ?3 AND round IS NULL",
                    )?
                    .execute(params![round, id, task.0])?;
            }
            written
        }
        Commented::Seen { marks, is_seen } => see(conn, task, marks, *is_seen)?,
        Commented::Handled { id } => conn
            // An agent may be quicker than whoever has just sent it.
            .prepare_cached(
                "UPDATE comments SET state = 'handled' WHERE id = ?1 AND task = ?2 AND (state = 'sent' OR (state = 'draft'
                    AND EXISTS (SELECT 1 FROM tasks WHERE id = ?2 AND status = 'in-progress')))",
            )?
            .execute(params![id, task.0])?,
    };
    let facts = match act {
        Commented::Sent { round, .. } => {
            vec![("event", "comments sent".to_owned()), ("round", round.to_string()), ("count", written.to_string())]
        }
        Commented::Handled { id } => vec![("event", "comment handled".to_owned()), ("comment", id.to_string())],
        // What is not sent yet is nobody's business but the reviewer's.
        Commented::Added { .. } | Commented::Edited { .. } | Commented::Dropped { .. } | Commented::Seen { .. } => {
            return Ok(written > 0);
        }
    };
    noted(conn, written, task, None, facts, stamp)
}
