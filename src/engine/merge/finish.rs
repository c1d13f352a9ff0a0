//! What follows a merge: the task is done, its agent ended, its worktree parked and its branch deleted. Each can be done
//! again, and none of it can undo the merge: what does not work is said.

use super::look::Seen;
use super::{Merge, end_agent};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::merge::{Contained, Home, Method, Target};
use crate::domain::state::{Status, TreeState};
use crate::engine::upkeep::clean_up;
use crate::engine::{Engine, Fault, trees};
use crate::ports::store::MERGED;

/// Does all of it.
pub(super) fn finish(engine: &Engine, seen: &Seen, mut merge: Merge) -> Result<Merge, Fault> {
    let id = seen.task.id;
    let again = |fault: Fault| {
        let why = format!("task {id} is merged into {}, but: {}", merge.target.branch, fault.message);
        Fault { message: why, ..fault }.of(id).hint(format!("for the rest, again: ganger merge {id}"))
    };
    end_agent(engine, seen).map_err(again)?;
    if seen.task.status == Status::Review {
        engine.act(id, &Event::Approved).map_err(again)?;
    }
    // A pane that can't be looked at now is cleaned up by a later pass.
    clean_up::ended(engine, id).ok();
    if !merge.keep {
        put_away(engine, seen, trees::Occasion::Merge, &mut merge);
    }
    Ok(merge)
}

/// Parks the worktree and deletes the branch. What does not work is said.
pub(super) fn put_away(engine: &Engine, seen: &Seen, occasion: trees::Occasion, merge: &mut Merge) {
    let tree = &seen.tree;
    match tree.state {
        TreeState::Planned | TreeState::Present => match trees::park(engine, tree, occasion, false) {
            Ok(Some(moved)) => {
                merge.parked = Some(moved.path);
                merge.said.extend(moved.said);
            }
            Ok(None) => {}
            Err(fault) => {
                let at = tree.path.display();
                merge.said.push(format!("its worktree stays at {at}, not parked: {}", fault.message));
                return;
            }
        },
        TreeState::Parked => merge.parked.clone_from(&tree.parked),
        TreeState::Gone => {}
    }
    match delete_branch(engine, seen, merge) {
        Ok(true) => merge.deleted = Some(tree.branch.clone()),
        Ok(false) => {}
        Err(fault) => merge.said.push(format!("its branch {} stays: {}", tree.branch, fault.message)),
    }
    // Those that stay are in nobody's way.
    engine.ports.merges.forget(&seen.task.draft.repo, seen.task.id, &merge.to).ok();
}

/// Deletes the branch that was made for the tree, where what is on it is merged.
fn delete_branch(engine: &Engine, seen: &Seen, merge: &Merge) -> Result<bool, Fault> {
    let (repo, branch) = (&seen.task.draft.repo, &seen.tree.branch);
    if seen.tree.given {
        return Ok(false);
    }
    let merges = &engine.ports.merges;
    let Some(found) = merges.target(repo, branch)? else { return Ok(false) };
    if merges.contained(repo, &found.tip, &merge.to)?.is_none() {
        return Ok(false);
    }
    Ok(merges.delete_branch(repo, branch, &found.tip, merge.parked.as_deref())?)
}

/// A merge that was made and finished before, and of which nothing is left to look at; `None` where there was none.
pub(super) fn finished_before(engine: &Engine, id: TaskId) -> Result<Option<Merge>, Fault> {
    let Some(task) = engine.ports.store.task(id)?.filter(|task| task.status == Status::Done) else { return Ok(None) };
    let timeline = engine.ports.store.timeline(Some(id), 0, u32::MAX)?;
    let Some(record) = timeline.iter().rev().find(|record| record.event() == MERGED) else { return Ok(None) };
    let mut facts = record.facts();
    let mut fact = |name: &str| facts.remove(name).unwrap_or_default();
    let (into, from, to) = (fact("into"), fact("from"), fact("to"));
    let method = Method::parse(&fact("method")).unwrap_or(Method::Merge);
    Ok(Some(Merge {
        task: task.id,
        method,
        called: String::new(),
        work: to.clone(),
        target: Target { branch: into, tip: from, home: Home::Nowhere },
        to,
        already: Some(Contained::Ancestor),
        commits: 0,
        uncommitted: Vec::new(),
        ends_agent: false,
        verify: Vec::new(),
        keep: false,
        parked: None,
        deleted: None,
        said: Vec::new(),
    }))
}
