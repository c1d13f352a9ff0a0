//! Tasks: their rows, read strictly, and their insertion.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Tally;
use super::events::{self, Line, place};
use super::rows::{Cells, list_text, millis, path_text};
use super::write::{Done, Trouble};
use crate::domain::id::TaskId;
use crate::domain::state::{Cause, Status};
use crate::domain::task::{Draft, Task};
use crate::ports::store::{Filter, Listing, Stamp, StoreError};

const COLUMNS: &str = "id, title, prompt, repo, agent, base, priority, batch, files, verify, timeout_ms, external_id, \
     extra, unsafe_mode, status, cause, reason, note, not_before, orphans, archived, attempt, \
     (SELECT count(*) FROM attempts WHERE task = tasks.id) AS attempts, created_at, updated_at";

fn decode(row: &Row<'_>) -> Done<Task> {
    let cells = Cells::new("tasks", row);
    let id = TaskId(cells.int("id")?);
    let draft = Draft {
        title: cells.text("title")?,
        prompt: cells.text("prompt")?,
        repo: cells.path("repo")?,
        agent: cells.text("agent")?,
        base: cells.maybe_text("base")?,
        priority: cells.int("priority")?,
        batch: cells.maybe_int("batch")?,
        files: cells.list("files")?,
        verify: cells.list("verify")?,
        timeout: cells.maybe_millis("timeout_ms")?,
        after: Vec::new(),
        external_id: cells.maybe_text("external_id")?,
        extra: cells.maybe_text("extra")?,
        unsafe_mode: cells.flag("unsafe_mode")?,
    };
    Ok(Task {
        id,
        draft,
        status: cells.word("status", Status::parse)?,
        cause: cells.maybe_word("cause", Cause::parse)?,
        reason: cells.maybe_text("reason")?,
        note: cells.maybe_text("note")?,
        not_before: cells.maybe_instant("not_before")?,
        orphans: cells.number("orphans")?,
        archived: cells.flag("archived")?,
        attempt: cells.maybe_attempt("attempt")?,
        attempts: cells.number("attempts")?,
        blocked_by: Vec::new(),
        created_at: cells.instant("created_at")?,
        updated_at: cells.instant("updated_at")?,
    })
}

/// What a task waits for: all of it, and what of it is not done.
fn dependencies(conn: &Connection, task: TaskId) -> Done<(Vec<TaskId>, Vec<TaskId>)> {
    let mut statement = conn.prepare_cached(
        "SELECT needs, (SELECT status = 'done' FROM tasks WHERE id = needs) FROM task_after
         WHERE task = ?1 ORDER BY position",
    )?;
    let rows = statement.query_map([task.0], |row| Ok((TaskId(row.get(0)?), row.get::<_, Option<bool>>(1)?)))?;
    let (mut after, mut blocked_by) = (Vec::new(), Vec::new());
    for row in rows {
        let (needs, done) = row?;
        after.push(needs);
        if done != Some(true) {
            blocked_by.push(needs);
        }
    }
    Ok((after, blocked_by))
}

/// The tasks of `task_after` that are not done.
pub(super) fn blocked_by(conn: &Connection, task: TaskId) -> Done<Vec<TaskId>> {
    Ok(dependencies(conn, task)?.1)
}

pub(super) fn one(conn: &Connection, id: TaskId) -> Done<Option<Task>> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE id = ?1 AND deleted_at IS NULL");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut task = decode(row)?;
    (task.draft.after, task.blocked_by) = dependencies(conn, id)?;
    Ok(Some(task))
}

pub(super) fn list(conn: &Connection, filter: &Filter) -> Done<Listing> {
    let repo = filter.repo.as_deref().map(path_text).transpose()?;
    let sql = format!(
        "SELECT {COLUMNS} FROM tasks WHERE deleted_at IS NULL AND (?1 IS NULL OR repo = ?1) AND archived <= ?2 ORDER BY id"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![repo, filter.archived])?;
    let mut listing = Listing::default();
    while let Some(row) = rows.next()? {
        match decode(row) {
            Ok(task) if filter.statuses.is_empty() || filter.statuses.contains(&task.status) => {
                listing.tasks.push(task);
            }
            Ok(_) => {}
            Err(Trouble::Store(error @ StoreError::Unreadable { .. })) => listing.unreadable.push(error.to_string()),
            Err(trouble) => return Err(trouble),
        }
    }
    let waiting: i64 = conn.query_row("SELECT EXISTS (SELECT 1 FROM task_after)", [], |row| row.get(0))?;
    if waiting != 0 {
        for task in &mut listing.tasks {
            (task.draft.after, task.blocked_by) = dependencies(conn, task.id)?;
        }
    }
    Ok(listing)
}

pub(super) fn insert(conn: &Connection, draft: &Draft, stamp: &Stamp) -> Done<TaskId> {
    if let Some(external) = &draft.external_id {
        let holder: Option<i64> = conn
            .query_row(
                "SELECT id FROM tasks WHERE repo = ?1 AND external_id = ?2 AND deleted_at IS NULL",
                params![path_text(&draft.repo)?, external],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(holder) = holder {
            return Err(Trouble::Store(StoreError::Failed {
                doing: "adding a task".to_owned(),
                why: format!("the external id {external:?} is task {holder}'s"),
            }));
        }
    }
    conn.prepare_cached(
        "INSERT INTO tasks (title, prompt, repo, agent, base, priority, batch, files, verify, timeout_ms, external_id,
             extra, unsafe_mode, status, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'ready', ?14, ?14)",
    )?
    .execute(params![
        draft.title,
        draft.prompt,
        path_text(&draft.repo)?,
        draft.agent,
        draft.base,
        draft.priority,
        draft.batch,
        list_text(&draft.files),
        list_text(&draft.verify),
        draft.timeout.map(millis),
        draft.external_id,
        draft.extra,
        draft.unsafe_mode,
        stamp.now.wall.0,
    ])?;
    let id = TaskId(conn.last_insert_rowid());
    for (position, needs) in (0_i64..).zip(&draft.after) {
        conn.execute(
            "INSERT OR IGNORE INTO task_after (task, needs, position) VALUES (?1, ?2, ?3)",
            params![id.0, needs.0, position],
        )?;
    }
    let line = Line { task: id, attempt: None, from: "", to: &place(Status::Ready, None), cause: None };
    events::append(conn, &line, stamp)?;
    Ok(id)
}

pub(super) fn tally(conn: &Connection, repo: Option<&Path>) -> Done<Tally> {
    let repo = repo.map(path_text).transpose()?;
    let mut statement = conn.prepare_cached(
        "SELECT status, count(*) FROM tasks
         WHERE deleted_at IS NULL AND archived = 0 AND (?1 IS NULL OR repo = ?1) GROUP BY status",
    )?;
    let mut rows = statement.query(params![repo])?;
    let mut tally = Tally::default();
    while let Some(row) = rows.next()? {
        let cells = Cells::new("tasks", row);
        let status = cells.word("status", Status::parse)?;
        let count = cells.number("count(*)")?;
        match status {
            Status::Ready => tally.ready = count,
            Status::InProgress => tally.in_progress = count,
            Status::Review => tally.review = count,
            Status::Done => tally.done = count,
            Status::Failed => tally.failed = count,
        }
    }
    Ok(tally)
}
