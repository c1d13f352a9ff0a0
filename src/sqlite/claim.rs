//! The claim: a task taken and an attempt opened, in one transaction.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::attempts;
use super::events::{self, Line, place};
use super::rows::path_text;
use super::tasks;
use super::write::{Done, Trouble, one};
use crate::domain::id::AttemptId;
use crate::domain::state::{Phase, Status};
use crate::ports::store::{Capacity, Claim, Claimed, Stamp};

pub(super) fn claim(conn: &Connection, claim: &Claim, stamp: &Stamp) -> Done<Claimed> {
    let plan = &claim.plan;
    let Some(task) = tasks::one(conn, plan.task)? else { return Ok(Claimed::Missing) };
    let live: Option<String> = conn
        .query_row(
            "SELECT id FROM attempts WHERE task = ?1 AND phase NOT IN ('exited', 'revoked')",
            [plan.task.0],
            |row| row.get(0),
        )
        .optional()?;
    if !claim.from.contains(&task.status) || live.is_some() {
        let holder = live.and_then(|id| AttemptId::parse(&id).ok());
        return Ok(Claimed::Taken { status: task.status, holder });
    }
    if plan.number != task.attempts + 1 {
        return Ok(Claimed::Stale);
    }
    if claim.blocked_is_conflict {
        let by = tasks::blocked_by(conn, plan.task)?;
        if !by.is_empty() {
            return Ok(Claimed::Blocked { by });
        }
    }
    if let Some(capacity) = &claim.capacity
        && let Some(over) = over_limit(conn, capacity, claim)?
    {
        return Ok(over);
    }
    attempts::insert(conn, claim, task.note.as_deref(), stamp)?;
    if !take_tree(conn, claim, stamp)? {
        return Err(Trouble::Stale);
    }
    let changed = conn
        .prepare_cached(
            "UPDATE tasks SET status = 'in-progress', attempt = ?2, cause = NULL, reason = NULL, note = NULL,
                 not_before = NULL, orphans = CASE WHEN ?3 THEN 0 ELSE orphans END, updated_at = ?4
             WHERE id = ?1 AND status = ?5 AND deleted_at IS NULL",
        )?
        .execute(params![plan.task.0, plan.id.as_str(), claim.explicit, stamp.now.wall.0, task.status.text()])?;
    one(changed, "the claim")?;
    let line = Line {
        task: plan.task,
        attempt: Some(&plan.id),
        from: &place(task.status, None),
        to: &place(Status::InProgress, Some(Phase::Claimed)),
        cause: None,
    };
    events::append(conn, &line, stamp)?;
    Ok(Claimed::Won)
}

fn over_limit(conn: &Connection, capacity: &Capacity, claim: &Claim) -> Done<Option<Claimed>> {
    let count = |condition: &str, value: &str| -> Done<u32> {
        let sql = format!(
            "SELECT count(*) FROM tasks JOIN attempts ON attempts.id = tasks.attempt
             WHERE tasks.status = 'in-progress' AND tasks.archived = 0 AND tasks.deleted_at IS NULL AND {condition}"
        );
        Ok(conn.prepare_cached(&sql)?.query_row([value], |row| row.get(0))?)
    };
    let limits = [
        (Some(capacity.max_running), "queue.max_running", count("?1 = ?1", "")?),
        (capacity.per_agent, "queue.per_agent", count("attempts.agent = ?1", &claim.plan.agent)?),
        (capacity.per_repo, "queue.per_repo", count("tasks.repo = ?1", path_text(&claim.plan.repo)?)?),
    ];
    Ok(limits.into_iter().find_map(|(limit, what, running)| {
        let limit = limit?;
        (running >= limit).then_some(Claimed::OverLimit { running, limit, what })
    }))
}

/// Makes the attempt the owner of its tree; false when the tree is another's by now.
fn take_tree(conn: &Connection, claim: &Claim, stamp: &Stamp) -> Done<bool> {
    let plan = &claim.plan;
    let path = path_text(&plan.worktree)?;
    if let Some(adopts) = &plan.adopts {
        let changed = conn.execute(
            "UPDATE trees SET owner = ?1 WHERE path = ?2 AND owner = ?3 AND task = ?4 AND state = 'present'",
            params![plan.id.as_str(), path, adopts.as_str(), plan.task.0],
        )?;
        return Ok(changed == 1);
    }
    let made = conn.execute(
        "INSERT INTO trees (path, repo, branch, base, owner, task, state, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'planned', ?7)
         ON CONFLICT (path) DO UPDATE SET repo = ?2, branch = ?3, base = ?4, owner = ?5, task = ?6, state = 'planned',
             ran = 0, parked = NULL, made_at = ?7 WHERE state = 'gone'",
        params![path, path_text(&plan.repo)?, plan.branch, plan.base, plan.id.as_str(), plan.task.0, stamp.now.wall.0],
    )?;
    Ok(made == 1)
}
