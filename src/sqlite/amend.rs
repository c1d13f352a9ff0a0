//! Book-keeping that moves no task: each write is guarded by what it names.

use rusqlite::{Connection, params};

use super::attempts;
use super::events::{Facts, noted};
use super::rows::{list_text, path_text};
use super::trouble::{Done, one};
use super::{edit, shelf, tasks};
use crate::domain::id::{AttemptId, Process, TaskId};
use crate::domain::pull::Linked;
use crate::domain::state::{Phase, TreeState};
use crate::ports::store::{Amendment, MERGED, PULL_REQUEST, Stamp, WORKTREE_MADE_AGAIN, WORKTREE_PARKED};

pub(super) fn amend(conn: &Connection, amendment: &Amendment, stamp: &Stamp) -> Done<bool> {
    match amendment {
        Amendment::Rename { attempt, branch, worktree, session } => {
            rename(conn, attempt, &Names { branch, worktree: path_text(worktree)?, session }, stamp)
        }
        Amendment::TreeParked { path, owner, parked } => {
            let (path, parked) = (path_text(path)?, path_text(parked)?);
            let facts = vec![("event", WORKTREE_PARKED.to_owned()), ("parked", parked.to_owned())];
            move_tree(conn, path, owner, (TreeState::Parked, Some(parked)), facts, stamp)
        }
        Amendment::TreeGone { path, owner } => {
            let path = path_text(path)?;
            let facts = vec![("event", "worktree gone".to_owned()), ("worktree", path.to_owned())];
            move_tree(conn, path, owner, (TreeState::Gone, None), facts, stamp)
        }
        Amendment::TreeRestored { path, owner } => {
            let path = path_text(path)?;
            let facts = vec![("event", "worktree restored".to_owned()), ("worktree", path.to_owned())];
            move_tree(conn, path, owner, (TreeState::Present, None), facts, stamp)
        }
        Amendment::TreeDeleted { path, owner } => {
            let path = path_text(path)?;
            let facts = vec![("event", "worktree deleted".to_owned()), ("worktree", path.to_owned())];
            move_tree(conn, path, owner, (TreeState::Gone, None), facts, stamp)
        }
        Amendment::TreeFound { path, owner, made_from } => {
            let path = path_text(path)?;
            let event = if made_from.is_some() { WORKTREE_MADE_AGAIN } else { "worktree found" };
            let mut facts = vec![("event", event.to_owned()), ("worktree", path.to_owned())];
            facts.extend(made_from.as_ref().map(|from| ("from", from.clone())));
            match attempts::tree(conn, path)? {
                // Nobody may have recorded yet that it was gone.
                Some(tree) if made_from.is_some() && tree.owner == *owner && tree.state == TreeState::Present => {
                    noted(conn, 1, tree.task, Some(owner), facts, stamp)
                }
                Some(_) | None => move_tree(conn, path, owner, (TreeState::Present, None), facts, stamp),
            }
        }
        Amendment::Cleaned { attempt, kept, done } => cleaned(conn, attempt, kept, *done, stamp),
        Amendment::Leftovers { attempt, leftovers } => left_over(conn, attempt, leftovers, stamp),
        Amendment::Touched { attempt, files } => touched(conn, attempt, files, stamp),
        Amendment::Note { task, note } => {
            let written = conn
                .prepare_cached("UPDATE tasks SET note = ?1, updated_at = ?2 WHERE id = ?3 AND deleted_at IS NULL")?
                .execute(params![note, stamp.now.wall.0, task.0])?;
            let facts = vec![("event", "note".to_owned()), ("note", note.clone())];
            noted(conn, written, *task, None, facts, stamp)
        }
        Amendment::NoteTakenIn { task, note } => {
            let written = conn
                .prepare_cached("UPDATE tasks SET note = NULL WHERE id = ?1 AND note = ?2 AND deleted_at IS NULL")?
                .execute(params![task.0, note])?;
            noted(conn, written, *task, None, vec![("event", "note taken in".to_owned())], stamp)
        }
        Amendment::Merged { task, into, from, to, method } => {
            let written = conn
                .prepare_cached("UPDATE tasks SET updated_at = ?1 WHERE id = ?2 AND deleted_at IS NULL")?
                .execute(params![stamp.now.wall.0, task.0])?;
            let facts = vec![
                ("event", MERGED.to_owned()),
                ("into", into.clone()),
                ("from", from.clone()),
                ("to", to.clone()),
                ("method", method.text().to_owned()),
            ];
            noted(conn, written, *task, None, facts, stamp)
        }
        Amendment::Pull { task, pull } => link(conn, *task, pull, stamp),
        Amendment::Fed { task, fed } => {
            let written = conn
                .prepare_cached(
                    "UPDATE tasks SET pr_fed_at = ?1, pr_fed_checks = ?2, pr_fed_times = ?3 WHERE id = ?4 AND deleted_at IS NULL",
                )?
                .execute(params![fed.at.map(|at| at.0), list_text(&fed.checks), fed.times, task.0])?;
            Ok(written == 1)
        }
        Amendment::Delete { task } => shelf::delete(conn, *task, stamp),
        Amendment::Undelete { task } => shelf::undelete(conn, *task, stamp),
        Amendment::Archive { task } => shelf::archive(conn, *task, stamp),
        Amendment::Unarchive { task } => shelf::unarchive(conn, *task, stamp),
        Amendment::Edit { task, edit } => edit::edit(conn, *task, edit, stamp),
    }
}

fn link(conn: &Connection, task: TaskId, pull: &Linked, stamp: &Stamp) -> Done<bool> {
    let Some(before) = tasks::task(conn, task)? else { return Ok(false) };
    let is_news = pull.is_news(before.pull.as_ref());
    let updated = if is_news { stamp.now.wall } else { before.updated_at };
    let written = conn
        .prepare_cached(
            "UPDATE tasks SET pr_url = ?1, pr_number = ?2, review_state = ?3, review_rounds = ?4, pr_said = ?5,
                pr_asked_at = ?6, updated_at = ?7, pr_fed_at = iif(pr_number IS ?2, pr_fed_at, NULL),
                pr_fed_checks = iif(pr_number IS ?2, pr_fed_checks, '[]'),
                pr_fed_times = iif(pr_number IS ?2, pr_fed_times, 0) WHERE id = ?8 AND deleted_at IS NULL",
        )?
        .execute(params![
            pull.url,
            pull.number,
            pull.state.text(),
            pull.rounds,
            pull.said,
            pull.asked_at.0,
            updated.0,
            task.0,
        ])?;
    if !is_news {
        return Ok(written == 1);
    }
    let facts = vec![
        ("event", PULL_REQUEST.to_owned()),
        ("url", pull.url.clone()),
        ("state", pull.state.text().to_owned()),
        ("said", pull.said.clone()),
    ];
    noted(conn, written, task, None, facts, stamp)
}

struct Names<'a> {
    branch: &'a str,
    worktree: &'a str,
    session: &'a str,
}

fn rename(conn: &Connection, id: &AttemptId, names: &Names<'_>, stamp: &Stamp) -> Done<bool> {
    let Some(attempt) = attempts::attempt(conn, id)? else { return Ok(false) };
    let old = path_text(&attempt.plan.worktree)?;
    // A session may find its name taken once the tree is there; a tree only before it is.
    let before_the_shim = attempt.phase.is_live() && !attempt.phase.has_shim();
    if !before_the_shim || (attempt.phase != Phase::Claimed && old != names.worktree) {
        return Ok(false);
    }
    // An adopted tree has its name for good.
    let moves = old != names.worktree;
    if moves && (attempt.plan.adopts.is_some() || !make_way(conn, names.worktree)?) {
        return Ok(false);
    }
    let written = conn
        .prepare_cached("UPDATE attempts SET branch = ?1, worktree = ?2, session = ?3 WHERE id = ?4 AND phase = ?5")?
        .execute(params![names.branch, names.worktree, names.session, id.as_str(), attempt.phase.text()])?;
    one(written, "an attempt")?;
    let renamed = conn
        .prepare_cached("UPDATE trees SET path = ?1, branch = ?2 WHERE path = ?3 AND owner = ?4")?
        .execute(params![names.worktree, names.branch, old, id.as_str()])?;
    one(renamed, "a worktree")?;
    let facts = vec![
        ("event", "renamed".to_owned()),
        ("branch", names.branch.to_owned()),
        ("worktree", names.worktree.to_owned()),
        ("session", names.session.to_owned()),
    ];
    noted(conn, written, attempt.plan.task, Some(id), facts, stamp)
}

/// Frees a path for a new tree; false when a tree has it.
fn make_way(conn: &Connection, path: &str) -> Done<bool> {
    let Some(tree) = attempts::tree(conn, path)? else { return Ok(true) };
    if tree.state != TreeState::Gone {
        return Ok(false);
    }
    let removed = conn.prepare_cached("DELETE FROM trees WHERE path = ?1 AND state = 'gone'")?.execute([path])?;
    Ok(removed == 1)
}

fn move_tree(
    conn: &Connection,
    path: &str,
    owner: &AttemptId,
    (state, parked): (TreeState, Option<&str>),
    facts: Facts,
    stamp: &Stamp,
) -> Done<bool> {
    let Some(tree) = attempts::tree(conn, path)?.filter(|tree| tree.owner == *owner) else { return Ok(false) };
    let there = tree.parked.as_deref().map(path_text).transpose()?;
    if tree.state == state && (parked.is_none() || there == parked) {
        return Ok(true);
    }
    let written = conn
        .prepare_cached("UPDATE trees SET state = ?1, parked = ?2 WHERE path = ?3 AND owner = ?4")?
        .execute(params![state.text(), parked, path, owner.as_str()])?;
    noted(conn, written, tree.task, Some(owner), facts, stamp)
}

fn cleaned(conn: &Connection, id: &AttemptId, kept: &[String], done: bool, stamp: &Stamp) -> Done<bool> {
    let Some(attempt) = attempts::attempt(conn, id)? else { return Ok(false) };
    if attempt.phase.is_live() {
        return Ok(false);
    }
    // A clean-up pass that finds nothing new leaves no trace: it runs every few seconds.
    if attempt.kept == kept && attempt.cleaned == done {
        return Ok(true);
    }
    let written = conn
        .prepare_cached("UPDATE attempts SET kept = ?1, cleaned = ?2 WHERE id = ?3 AND phase IN ('exited', 'revoked')")?
        .execute(params![list_text(kept), done, id.as_str()])?;
    let mut facts = vec![("event", if done { "cleaned up" } else { "clean-up tried" }.to_owned())];
    if !kept.is_empty() {
        facts.push(("kept", kept.join("; ")));
    }
    noted(conn, written, attempt.plan.task, Some(id), facts, stamp)
}

fn touched(conn: &Connection, id: &AttemptId, files: &[String], stamp: &Stamp) -> Done<bool> {
    let Some(attempt) = attempts::attempt(conn, id)? else { return Ok(false) };
    let written = conn
        .prepare_cached("UPDATE attempts SET touched = ?1 WHERE id = ?2")?
        .execute(params![list_text(files), id.as_str()])?;
    let facts = vec![("event", "checkout touched".to_owned()), ("files", files.join(", "))];
    noted(conn, written, attempt.plan.task, Some(id), facts, stamp)
}

fn left_over(conn: &Connection, id: &AttemptId, left: &[(Process, String)], stamp: &Stamp) -> Done<bool> {
    let Some(attempt) = attempts::attempt(conn, id)? else { return Ok(false) };
    let leftovers: Vec<String> = left.iter().map(|(process, name)| format!("{} {name}", process.pid)).collect();
    let running: Vec<String> = left.iter().map(|(process, _)| format!("{} {}", process.pid, process.start)).collect();
    let known = attempt.left_running.iter().eq(left.iter().map(|(process, _)| process));
    if known && attempt.leftovers == leftovers {
        return Ok(true);
    }
    let written = conn
        .prepare_cached("UPDATE attempts SET leftovers = ?1, left_running = ?2 WHERE id = ?3")?
        .execute(params![list_text(&leftovers), list_text(&running), id.as_str()])?;
    let facts = vec![("event", "leftovers".to_owned()), ("leftovers", leftovers.join("; "))];
    noted(conn, written, attempt.plan.task, Some(id), facts, stamp)
}
