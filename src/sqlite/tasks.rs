//! Tasks: adding, reading, counting them.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Sqlite;
use super::events::{self, Entry};
use super::rows::{Cells, list_text, millis, path_text};
use super::trouble::{Done, Trouble};
use crate::domain::id::TaskId;
use crate::domain::pull::{Fed, Linked, ReviewState};
use crate::domain::state::{Cause, Status};
use crate::domain::task::{Blocker, Draft, Task, Why};
use crate::domain::time::Timestamp;
use crate::ports::store::{Filter, Listing, Result, Stamp, StoreError};

const SELECT: &str = "SELECT id, title, prompt, repo, agent, base, priority, batch, files, verify, timeout_ms,
    external_id, extra, unsafe_mode, status, cause, reason, note, not_before, orphans, archived, attempt,
    coalesce((SELECT max(number) FROM attempts WHERE attempts.task = tasks.id), 0) AS attempts,
    created_at, updated_at, pr_url, pr_number, review_state, review_rounds, pr_said, pr_asked_at,
    pr_fed_at, pr_fed_checks, pr_fed_times, branch FROM tasks";

/// What tasks wait for: in their order, and why each is waited for, if it still is.
type Needs = HashMap<TaskId, Vec<(TaskId, Option<Why>)>>;

pub(super) fn task(conn: &Connection, id: TaskId) -> Done<Option<Task>> {
    let mut statement = conn.prepare_cached(&format!("{SELECT} WHERE id = ?1 AND deleted_at IS NULL"))?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    decode(conn, row, &mut needs(conn, Some(id))?, &mut Batches::default()).map(Some)
}

pub(super) fn listing(conn: &Connection, filter: &Filter) -> Done<Listing> {
    let repo = filter.repo.as_deref().map(path_text).transpose()?;
    // The words are the closed set's own.
    let statuses = filter.statuses.iter().map(|status| format!("'{status}'")).collect::<Vec<_>>().join(", ");
    let mut sql = format!("{SELECT} WHERE (?3 OR deleted_at IS NULL) AND (?1 OR archived = 0)");
    sql += if repo.is_some() { " AND repo = ?2" } else { " AND ?2 IS NULL" };
    let mut known = String::new();
    if !statuses.is_empty() {
        // A word that nobody knows may mean any of them: its row is reported, never filtered away.
        let all = Status::ALL.iter().map(|status| format!("'{status}'")).collect::<Vec<_>>().join(", ");
        known = format!(" AND (status IN ({statuses}) OR status NOT IN ({all}))");
    }
    let mut statement = conn.prepare_cached(&format!("{sql}{known} ORDER BY id"))?;
    let mut rows = statement.query(params![filter.archived, repo, filter.removed])?;
    let mut needs = needs(conn, None)?;
    let (mut listing, mut batches) = (Listing::default(), Batches::default());
    while let Some(row) = rows.next()? {
        match decode(conn, row, &mut needs, &mut batches) {
            Ok(task) => listing.tasks.push(task),
            Err(Trouble::Store(error @ StoreError::Unreadable { .. })) => listing.unreadable.push(error.to_string()),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(listing)
}

/// The tasks of the nearest earlier batch of a repository that has any that are waited for. What is off the board holds
/// nobody up.
fn earlier_batch(conn: &Connection, repo: &str, batch: i64) -> Done<Vec<Blocker>> {
    let mut statement = conn.prepare_cached(
        "WITH open (id, batch, failed) AS (SELECT id, batch, status = 'failed' FROM tasks
            WHERE repo = ?1 AND batch < ?2 AND NOT released(status) AND archived = 0 AND deleted_at IS NULL)
         SELECT id, failed FROM open WHERE batch = (SELECT max(batch) FROM open) ORDER BY id",
    )?;
    let found = statement.query_map(params![repo, batch], |row| {
        let why = if row.get(1)? { Why::Failed } else { Why::Open };
        Ok(Blocker { task: TaskId(row.get(0)?), why })
    })?;
    Ok(found.collect::<std::result::Result<_, _>>()?)
}

/// What each batch of each repository waits for.
#[derive(Default)]
struct Batches(HashMap<(String, i64), Vec<Blocker>>);

impl Batches {
    fn before(&mut self, conn: &Connection, draft: &Draft) -> Done<&[Blocker]> {
        let Some(batch) = draft.batch else { return Ok(&[]) };
        let repo = path_text(&draft.repo)?;
        let key = (repo.to_owned(), batch);
        Ok(match self.0.entry(key) {
            Occupied(known) => known.into_mut(),
            Vacant(new) => new.insert(earlier_batch(conn, repo, batch)?),
        })
    }
}

fn needs(conn: &Connection, task: Option<TaskId>) -> Done<Needs> {
    let filter = if task.is_some() { "a.task = ?1" } else { "?1 IS NULL" };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT a.task, a.needs, NOT released(b.status), b.deleted_at IS NOT NULL, b.status = 'failed' FROM task_after a
         JOIN tasks b ON b.id = a.needs WHERE {filter} ORDER BY a.task, a.position"
    ))?;
    let mut rows = statement.query([task.map(|task| task.0)])?;
    let mut needs = Needs::new();
    while let Some(row) = rows.next()? {
        let why = match (row.get(2)?, row.get(3)?, row.get(4)?) {
            (false, _, _) => None,
            (true, true, _) => Some(Why::Removed),
            (true, false, true) => Some(Why::Failed),
            (true, false, false) => Some(Why::Open),
        };
        needs.entry(TaskId(row.get(0)?)).or_default().push((TaskId(row.get(1)?), why));
    }
    Ok(needs)
}

fn decode(conn: &Connection, row: &Row<'_>, needs: &mut Needs, batches: &mut Batches) -> Done<Task> {
    let cells = Cells::new("tasks", row);
    let id = TaskId(cells.int("id")?);
    let after = needs.remove(&id).unwrap_or_default();
    let blocker = |(task, why): &(TaskId, Option<Why>)| Some(Blocker { task: *task, why: (*why)? });
    let mut blocked_by: Vec<Blocker> = after.iter().filter_map(blocker).collect();
    let draft = Draft {
        title: cells.text("title")?,
        prompt: cells.text("prompt")?,
        repo: cells.path("repo")?,
        agent: cells.text("agent")?,
        base: cells.maybe_text("base")?,
        // The last column.
        branch: None,
        priority: cells.int("priority")?,
        batch: cells.maybe_int("batch")?,
        files: cells.list("files")?,
        verify: cells.list("verify")?,
        timeout: cells.maybe_millis("timeout_ms")?,
        after: after.into_iter().map(|(needed, _)| needed).collect(),
        external_id: cells.maybe_text("external_id")?,
        extra: cells.maybe_text("extra")?,
        unsafe_mode: cells.flag("unsafe_mode")?,
    };
    let before = batches.before(conn, &draft)?;
    blocked_by.extend(before.iter().filter(|blocker| !draft.after.contains(&blocker.task)));
    Ok(Task {
        id,
        status: cells.word("status", Status::parse)?,
        cause: cells.maybe_word("cause", Cause::parse)?,
        reason: cells.maybe_text("reason")?,
        note: cells.maybe_text("note")?,
        not_before: cells.maybe_instant("not_before")?,
        orphans: cells.number("orphans")?,
        archived: cells.flag("archived")?,
        attempt: cells.maybe_attempt("attempt")?,
        attempts: cells.number("attempts")?,
        blocked_by,
        created_at: cells.instant("created_at")?,
        updated_at: cells.instant("updated_at")?,
        pull: pull(&cells)?,
        draft: Draft { branch: cells.maybe_text("branch")?, ..draft },
    })
}

/// The pull request of a task, where it has one.
fn pull(cells: &Cells<'_>) -> Done<Option<Linked>> {
    let url = cells.maybe_text("pr_url")?;
    let number = cells.maybe_int("pr_number")?;
    let state = cells.maybe_word("review_state", ReviewState::parse)?;
    let rounds = cells.number("review_rounds")?;
    let said = cells.maybe_text("pr_said")?.unwrap_or_default();
    let asked_at = cells.maybe_instant("pr_asked_at")?.unwrap_or(Timestamp(0));
    let fed = Fed {
        at: cells.maybe_instant("pr_fed_at")?,
        checks: cells.list("pr_fed_checks")?,
        times: cells.number("pr_fed_times")?,
    };
    let linked = url.zip(number).zip(state);
    Ok(linked.map(|((url, number), state)| Linked { number, url, state, rounds, said, asked_at, fed }))
}

pub(super) fn add(conn: &Connection, drafts: &[Draft], stamp: &Stamp) -> Done<Vec<TaskId>> {
    drafts.iter().map(|draft| add_one(conn, draft, stamp)).collect()
}

pub(super) fn add_one(conn: &Connection, draft: &Draft, stamp: &Stamp) -> Done<TaskId> {
    refuse_known(conn, draft)?;
    conn.prepare_cached(
        "INSERT INTO tasks (title, prompt, repo, agent, base, priority, batch, files, verify, timeout_ms, external_id,
            extra, unsafe_mode, branch, status, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 'ready', ?15, ?15)",
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
        draft.branch,
        stamp.now.wall.0,
    ])?;
    let id = TaskId(conn.last_insert_rowid());
    if let Some(missing) = wait_for(conn, id, &draft.after)? {
        return Err(refused(draft, format!("there is no task {missing} for it to wait for")));
    }
    let facts = vec![("event", "added".to_owned())];
    let to = Status::Ready.text();
    events::append(conn, Entry { task: id, attempt: None, from: "", to, cause: None, facts }, stamp)?;
    Ok(id)
}

/// Makes a task wait for others, in this order; one that is named twice counts once. Returns one that is not there.
pub(super) fn wait_for(conn: &Connection, id: TaskId, after: &[TaskId]) -> Done<Option<TaskId>> {
    for (position, needed) in after.iter().enumerate() {
        if after[..position].contains(needed) {
            continue;
        }
        let added = conn
            .prepare_cached(
                "INSERT INTO task_after (task, needs, position)
                 SELECT ?1, id, ?3 FROM tasks WHERE id = ?2 AND id <> ?1 AND deleted_at IS NULL",
            )?
            .execute(params![id.0, needed.0, i64::try_from(position).unwrap_or(i64::MAX)])?;
        if added == 0 {
            return Ok(Some(*needed));
        }
    }
    Ok(None)
}

fn refuse_known(conn: &Connection, draft: &Draft) -> Done<()> {
    let Some(external) = &draft.external_id else { return Ok(()) };
    let known: Option<i64> = conn
        .prepare_cached("SELECT id FROM tasks WHERE repo = ?1 AND external_id = ?2 AND deleted_at IS NULL")?
        .query_row(params![path_text(&draft.repo)?, external], |row| row.get(0))
        .optional()?;
    match known {
        None => Ok(()),
        Some(holder) => {
            let (title, external) = (draft.title.clone(), external.clone());
            Err(Trouble::Store(StoreError::ExternalIdTaken { title, external, holder: TaskId(holder) }))
        }
    }
}

pub(super) fn refused(draft: &Draft, why: String) -> Trouble {
    Trouble::Store(StoreError::Failed { doing: format!("adding the task {:?}", draft.title), why })
}

/// The terms are those of the index, which alone is read.
pub(super) const TALLIES: &str = "SELECT status, count(*) FROM tasks
    WHERE status IN ('in-progress', 'review', 'failed') AND archived = 0 AND deleted_at IS NULL GROUP BY status";

pub(super) fn tallies(board: &Sqlite) -> Result<[(Status, u32); 3]> {
    board.waiting("counting tasks", |conn| {
        let mut tallies = [(Status::InProgress, 0), (Status::Review, 0), (Status::Failed, 0)];
        let mut statement = conn.prepare_cached(TALLIES)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let cells = Cells::new("tasks", row);
            let status = cells.word("status", Status::parse)?;
            let count = cells.number("count(*)")?;
            for tally in tallies.iter_mut().filter(|tally| tally.0 == status) {
                tally.1 = count;
            }
        }
        Ok(tallies)
    })
}
