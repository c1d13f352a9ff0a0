//! The timeline: what happened, when, by whom and on what evidence. Only ever appended to.

use std::fmt::Write as _;

use rusqlite::{Connection, Params, params};
use serde_json::{Map, Value};

use super::attempts;
use super::rows::Cells;
use super::trouble::{Done, Trouble};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Cause, Phase, Status, Who};
use crate::ports::store::{Record, Stamp};

/// Name and value, in order: what an event carries.
pub(super) type Facts = Vec<(&'static str, String)>;

/// A row to append.
pub(super) struct Entry<'a> {
    pub task: TaskId,
    pub attempt: Option<&'a AttemptId>,
    pub from: &'a str,
    pub to: &'a str,
    pub cause: Option<Cause>,
    /// What happened, in one word, and what else it carries.
    pub facts: Facts,
}

/// `status` or `status/phase`.
pub(super) fn place(status: Status, phase: Option<Phase>) -> String {
    let mut text = status.text().to_owned();
    if let Some(phase) = phase {
        // Writing to a string can't fail.
        write!(text, "/{phase}").unwrap_or(());
    }
    text
}

pub(super) fn append(conn: &Connection, entry: Entry<'_>, stamp: &Stamp) -> Done<()> {
    let given = stamp.evidence.iter().map(|(name, value)| (*name, value.clone()));
    let evidence: Map<String, Value> =
        entry.facts.into_iter().chain(given).map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    conn.prepare_cached(
        "INSERT INTO events (at, task, attempt, was, became, who, cause, evidence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        stamp.now.wall.0,
        entry.task.0,
        entry.attempt.map(AttemptId::as_str),
        entry.from,
        entry.to,
        stamp.who.text(),
        entry.cause.map(Cause::text),
        Value::Object(evidence).to_string(),
    ])?;
    Ok(())
}

pub(super) fn timeline(conn: &Connection, task: Option<TaskId>, after: i64, limit: u32) -> Done<Vec<Record>> {
    // Two statements, so that each has its index.
    let sql = match task {
        Some(_) => {
            "SELECT seq, at, task, attempt, was, became, who, cause, evidence FROM events
             WHERE task = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
        }
        None => {
            "SELECT seq, at, task, attempt, was, became, who, cause, evidence FROM events
             WHERE ?1 IS NULL AND seq > ?2 ORDER BY seq LIMIT ?3"
        }
    };
    records(conn, sql, params![task.map(|task| task.0), after, limit])
}

/// Deleted tasks are still of their repository.
pub(super) fn history(conn: &Connection, repo: &str, after: i64, limit: u32) -> Done<Vec<Record>> {
    let sql = "SELECT seq, at, task, events.attempt, was, became, who, events.cause, evidence
         FROM events JOIN tasks ON tasks.id = events.task
         WHERE tasks.repo = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    records(conn, sql, params![repo, after, limit])
}

fn records(conn: &Connection, sql: &str, params: impl Params) -> Done<Vec<Record>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(&Cells::new("events", row))?);
    }
    Ok(records)
}

fn record(cells: &Cells<'_>) -> Result<Record, Trouble> {
    Ok(Record {
        seq: cells.int("seq")?,
        at: cells.instant("at")?,
        task: TaskId(cells.int("task")?),
        attempt: cells.maybe_attempt("attempt")?,
        from: cells.text("was")?,
        to: cells.text("became")?,
        who: cells.word("who", Who::parse)?,
        cause: cells.maybe_word("cause", Cause::parse)?,
        evidence: {
            let text = cells.text("evidence")?;
            let read: Result<Map<String, Value>, _> = serde_json::from_str(&text);
            read.map_err(|error| cells.unreadable("evidence", error.to_string()))?;
            text
        },
    })
}

/// Appends the event of a write that hit its row.
pub(super) fn noted(
    conn: &Connection,
    written: usize,
    task: TaskId,
    attempt: Option<&AttemptId>,
    facts: Facts,
    stamp: &Stamp,
) -> Done<bool> {
    if written == 0 {
        return Ok(false);
    }
    // A deleted task's attempts are still cleaned up; then there is no place of it to show.
    let state = attempts::state(conn, task)?;
    let here = state.map_or_else(String::new, |state| place(state.status, state.attempt.map(|current| current.phase)));
    append(conn, Entry { task, attempt, from: &here, to: &here, cause: None, facts }, stamp)?;
    Ok(true)
}

/// What the event of an act names with: the cause and the reason that it took away.
pub(super) const CAUSE: &str = "was_cause";
pub(super) const REASON: &str = "was_reason";

/// What a task shows before an act on it, for the act's event.
pub(super) fn before(conn: &Connection, task: TaskId) -> Done<Facts> {
    let mut statement = conn.prepare_cached("SELECT id, cause, reason FROM tasks WHERE id = ?1")?;
    let mut rows = statement.query([task.0])?;
    let Some(row) = rows.next()? else { return Ok(Facts::new()) };
    let cells = Cells::new("tasks", row);
    cells.int("id")?;
    let cause = cells.maybe_word("cause", Cause::parse)?.map(|cause| (CAUSE, cause.text().to_owned()));
    let reason = cells.maybe_text("reason")?.map(|reason| (REASON, reason));
    Ok(cause.into_iter().chain(reason).collect())
}
