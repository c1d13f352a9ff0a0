//! The claim: the one statement of who works on a task.
//!
//! Everything that it depends on is read in the transaction that writes it.

use rusqlite::{Connection, params};

use super::attempts;
use super::events::{self, Entry, place};
use super::rows::path_text;
use super::tasks;
use super::trouble::{Done, one};
use crate::domain::attempt::Plan;
use crate::domain::id::AttemptId;
use crate::domain::lifecycle::{Origin, State};
use crate::domain::queue::{Counts, Limit};
use crate::domain::state::{Phase, Status, TreeState};
use crate::domain::time::Timestamp;
use crate::ports::store::{Capacity, Claim, Claimed, Stamp};

pub(super) fn claim(conn: &Connection, claim: &Claim, stamp: &Stamp) -> Done<Claimed> {
    let plan = &claim.plan;
    let Some(state) = attempts::state(conn, plan.task)? else { return Ok(Claimed::Missing) };
    let holder = state.attempt.as_ref().filter(|current| current.phase.is_live()).map(|current| current.id.clone());
    if holder.is_some() || !claim.from.contains(&state.status) {
        return Ok(Claimed::Taken { status: state.status, holder });
    }
    if attempts::newest_number(conn, plan.task)?.checked_add(1) != Some(plan.number) {
        return Ok(Claimed::Stale);
    }
    if let Some(read) = &claim.read {
        let now = tasks::task(conn, plan.task)?;
        if now.is_none_or(|now| now.draft != read.draft || now.note != read.note) {
            return Ok(Claimed::Stale);
        }
    }
    // A doubt that came since: an agent may run that nobody has looked for.
    let doubted: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'doubt')")?
        .query_row([], |row| row.get(0))?;
    if doubted && !claim.doubted {
        return Ok(Claimed::Stale);
    }
    let by = tasks::task(conn, plan.task)?.map(|task| task.blocked_by).unwrap_or_default();
    if !by.is_empty() {
        return Ok(Claimed::Blocked { by });
    }
    if let Some(over) = over_limit(conn, claim.capacity.as_ref(), plan, stamp.now.wall)? {
        return Ok(over);
    }
    if let Some(port) = plan.port
        && attempts::has_port(conn, port)?
    {
        return Ok(Claimed::Stale);
    }
    if !tree_is_free(conn, plan)? {
        return Ok(Claimed::Stale);
    }
    let kept: Option<String> =
        conn.prepare_cached("SELECT note FROM tasks WHERE id = ?1")?.query_row([plan.task.0], |row| row.get(0))?;
    let note = claim.note.clone().or(kept);
    // The schema asks for this order: it refuses a task in progress without its live attempt.
    let was = tasks::task(conn, plan.task)?.filter(|was| claim.returns && was.status != Status::Ready);
    let origin = was.map(|was| Origin { status: was.status, why: was.cause.zip(was.reason) });
    attempts::open(conn, claim, note.as_deref(), origin.as_ref(), stamp)?;
    own_tree(conn, plan, stamp)?;
    move_task(conn, claim, &state, stamp)?;
    let from = place(state.status, state.attempt.as_ref().map(|current| current.phase));
    let to = place(Status::InProgress, Some(Phase::Claimed));
    let mut facts = vec![
        ("event", "claimed".to_owned()),
        ("number", plan.number.to_string()),
        ("branch", plan.branch.clone()),
        ("worktree", plan.worktree.display().to_string()),
        ("session", plan.session.clone()),
    ];
    facts.extend(plan.adopts.as_ref().map(|adopts| ("adopts", adopts.to_string())));
    let entry = Entry { task: plan.task, attempt: Some(&plan.id), from: &from, to: &to, cause: None, facts };
    events::append(conn, entry, stamp)?;
    Ok(Claimed::Won)
}

/// Archived and deleted tasks are never in progress; their terms, and the list, are those of the index.
pub(super) const RUNNING: &str =
    "SELECT count(*), count(*) FILTER (WHERE a.agent = ?1), count(*) FILTER (WHERE a.repo = ?2)
     FROM tasks t JOIN attempts a ON a.id = t.attempt
     WHERE t.status IN ('in-progress', 'review', 'failed') AND t.status = 'in-progress'
        AND t.archived = 0 AND t.deleted_at IS NULL
        AND coalesce(a.waits_until, 0) <= ?3
        AND (?4 OR a.phase <> 'running' OR a.activity IS NOT 'waiting')
        AND (?5 OR a.phase <> 'running' OR a.activity IS NOT 'idle')";

/// Until when an agent's account is spent, as the newest attempts of tasks say that are in progress or failed by it.
const SPENT: &str = "SELECT max(a.waits_until) FROM tasks t JOIN attempts a ON a.id = t.attempt
     WHERE t.status IN ('in-progress', 'review', 'failed') AND t.status <> 'review'
        AND t.archived = 0 AND t.deleted_at IS NULL AND a.agent = ?1 AND a.waits_until > ?2";

fn over_limit(conn: &Connection, capacity: Option<&Capacity>, plan: &Plan, now: Timestamp) -> Done<Option<Claimed>> {
    let Some(capacity) = capacity else { return Ok(None) };
    if capacity.usage {
        let until: Option<i64> = conn.prepare_cached(SPENT)?.query_row(params![plan.agent, now.0], |row| row.get(0))?;
        if let Some(until) = until {
            return Ok(Some(Claimed::Spent { until: Timestamp(until) }));
        }
    }
    let Counts { waiting, idle } = capacity.counts;
    let (all, agent, repo): (u32, u32, u32) = conn
        .prepare_cached(RUNNING)?
        .query_row(params![plan.agent, path_text(&plan.repo)?, now.0, waiting, idle], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let limits = [
        (all, Some(capacity.max_running), Limit::MaxRunning),
        (agent, capacity.per_agent, Limit::PerAgent),
        (repo, capacity.per_repo, Limit::PerRepo),
    ];
    Ok(limits.into_iter().find_map(|(running, of, limit)| {
        of.filter(|of| running >= *of).map(|of| Claimed::OverLimit { running, of, limit })
    }))
}

/// Whether the plan's tree is the one that it adopts, or nobody's.
fn tree_is_free(conn: &Connection, plan: &Plan) -> Done<bool> {
    let found = attempts::tree(conn, path_text(&plan.worktree)?)?;
    Ok(match (&plan.adopts, found) {
        (None, None) => true,
        (None, Some(tree)) => tree.state == TreeState::Gone,
        (Some(_), None) => false,
        (Some(adopts), Some(tree)) => {
            // One that is gone is made again from its commits.
            tree.owner == *adopts && tree.task == plan.task && tree.state != TreeState::Parked
        }
    })
}

fn own_tree(conn: &Connection, plan: &Plan, stamp: &Stamp) -> Done<()> {
    let path = path_text(&plan.worktree)?;
    if let Some(adopts) = &plan.adopts {
        let handed = conn
            .prepare_cached("UPDATE trees SET owner = ?1 WHERE path = ?2 AND owner = ?3")?
            .execute(params![plan.id.as_str(), path, adopts.as_str()])?;
        return one(handed, "a worktree");
    }
    let planned = conn
        .prepare_cached(
            "INSERT INTO trees (path, repo, branch, base, owner, task, state, made_at, given)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'planned', ?7, (SELECT branch IS ?3 FROM tasks WHERE id = ?6))
             ON CONFLICT (path) DO UPDATE SET repo = excluded.repo, branch = excluded.branch, base = excluded.base,
                given = excluded.given,
                owner = excluded.owner, task = excluded.task, state = 'planned', ran = 0, parked = NULL,
                made_at = excluded.made_at
             WHERE state = 'gone'",
        )?
        .execute(params![
            path,
            path_text(&plan.repo)?,
            plan.branch,
            plan.base,
            plan.id.as_str(),
            plan.task.0,
            stamp.now.wall.0,
        ])?;
    one(planned, "a worktree")
}

fn move_task(conn: &Connection, claim: &Claim, state: &State, stamp: &Stamp) -> Done<()> {
    let moved = conn
        .prepare_cached(
            "UPDATE tasks SET status = 'in-progress', attempt = ?1, cause = NULL, reason = NULL, note = NULL,
                not_before = NULL, archived = 0, orphans = ?2, updated_at = ?3
             WHERE id = ?4 AND status = ?5 AND attempt IS ?6 AND deleted_at IS NULL",
        )?
        .execute(params![
            claim.plan.id.as_str(),
            if claim.explicit { 0 } else { state.orphans },
            stamp.now.wall.0,
            claim.plan.task.0,
            state.status.text(),
            state.attempt.as_ref().map(|current| AttemptId::as_str(&current.id)),
        ])?;
    one(moved, "a task")
}
