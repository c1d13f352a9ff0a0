//! The timeline: one row for each transition, written in its transaction and never changed.

use rusqlite::{Connection, params};

use super::rows::Cells;
use super::write::Done;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Cause, Phase, Status, Who};
use crate::ports::store::{Record, Stamp};

/// `status/phase`, or the status alone.
pub(super) fn place(status: Status, phase: Option<Phase>) -> String {
    phase.map_or_else(|| status.to_string(), |phase| format!("{status}/{phase}"))
}

/// One line to append.
pub(super) struct Line<'a> {
    pub(super) task: TaskId,
    pub(super) attempt: Option<&'a AttemptId>,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) cause: Option<Cause>,
}

/// Appends a line.
pub(super) fn append(conn: &Connection, line: &Line<'_>, stamp: &Stamp) -> Done<()> {
    let evidence: serde_json::Map<String, serde_json::Value> =
        stamp.evidence.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
    conn.prepare_cached(
        "INSERT INTO events (at, task, attempt, was, became, who, cause, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        stamp.now.wall.0,
        line.task.0,
        line.attempt.map(AttemptId::as_str),
        line.from,
        line.to,
        stamp.who.text(),
        line.cause.map(Cause::text),
        serde_json::Value::from(evidence).to_string(),
    ])?;
    Ok(())
}

/// The lines after `after`, oldest first.
pub(super) fn list(conn: &Connection, task: Option<TaskId>, after: i64, limit: u32) -> Done<Vec<Record>> {
    let mut statement = conn.prepare_cached(
        "SELECT seq, at, task, attempt, was, became, who, cause, evidence FROM events
         WHERE seq > ?1 AND (?2 IS NULL OR task = ?2) ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = statement.query(params![after, task.map(|task| task.0), limit])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("events", row);
        records.push(Record {
            seq: cells.int("seq")?,
            at: cells.instant("at")?,
            task: TaskId(cells.int("task")?),
            attempt: cells.maybe_attempt("attempt")?,
            from: cells.text("was")?,
            to: cells.text("became")?,
            who: cells.word("who", Who::parse)?,
            cause: cells.maybe_word("cause", Cause::parse)?,
            evidence: cells.text("evidence")?,
        });
    }
    Ok(records)
}
