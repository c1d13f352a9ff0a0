//! Undo: a person's last act taken back. It touches no agent, and of worktrees only the one that an undone removal has
//! parked, which goes back to where it was.

use std::path::Path;

use super::trees::Occasion;
use super::{Engine, Fault, Kind, Remedy, merge, trees};
use crate::domain::attempt::Tree;
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Act, TreeState, Who};
use crate::ports::store::{Amendment, Deed, Record, Reverse, WORKTREE_PARKED};

/// What was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    pub task: TaskId,
    /// For people, after "task N is": what it is no longer, and what it is again.
    pub what: String,
}

/// Undoes a person's last act on the tasks of a repository, or of all. An undo is no act: the next one takes back
/// the act before.
///
/// # Errors
/// [`Kind::Conflict`] where there is none, or its task has moved on since.
pub fn undo(engine: &Engine, repo: Option<&Path>) -> Result<Undone, Fault> {
    // Another process may be quicker with an act; then the next one is looked at.
    let mut last = None;
    loop {
        let Some(deed) = engine.ports.store.deeds(repo, 1)?.pop() else {
            return Err(Fault::new(Kind::Conflict, "nothing to undo").hint(Remedy::Events));
        };
        if last == Some(deed.seq) {
            return Err(moved_on(engine, &deed)?);
        }
        last = Some(deed.seq);
        if engine.ports.store.undo(&deed, &reverse(&deed), &engine.stamp(Who::Person))? {
            let mut what = what(engine, &deed)?;
            if deed.act == Act::Deleted {
                what += &tree_back(engine, deed.task)?;
            }
            return Ok(Undone { task: deed.task, what });
        }
    }
}

fn reverse(deed: &Deed) -> Reverse {
    let (task, why) = (deed.task, deed.why.clone());
    match deed.act {
        Act::Approved => Reverse::Event(Event::Reopened { why }),
        Act::Reopened => Reverse::Event(Event::Approved),
        Act::Requeued => Reverse::Event(Event::Unqueued { why }),
        Act::Archived => Reverse::Amendment(Amendment::Unarchive { task }),
        Act::Unarchived => Reverse::Amendment(Amendment::Archive { task }),
        Act::Deleted => Reverse::Amendment(Amendment::Undelete { task }),
    }
}

/// Why the newest act can't be undone: the task is not where the act left it.
fn moved_on(engine: &Engine, deed: &Deed) -> Result<Fault, Fault> {
    let (id, act) = (deed.task, deed.act);
    let now = match engine.ports.store.task(id)? {
        Some(task) if task.archived => format!("it has moved on, and is {} and archived now", task.status.said()),
        Some(task) => format!("it has moved on, and is {} now", task.status.said()),
        None if act == Act::Deleted => "another task has its external id now".to_owned(),
        None => "it has been removed since".to_owned(),
    };
    Ok(Fault::new(Kind::Conflict, format!("nothing to undo: the last act was task {id} {act}, but {now}"))
        .of(id)
        .hint(Remedy::Show(id)))
}

/// Restores the newest worktree if the removal has parked it, and says where it is.
fn tree_back(engine: &Engine, task: TaskId) -> Result<String, Fault> {
    let newest = trees::newest(engine, task)?.filter(|tree| tree.state == TreeState::Parked);
    let Some((tree, at)) = newest.and_then(|tree| tree.parked.clone().map(|at| (tree, at))) else {
        return Ok(String::new());
    };
    let why = if parked_by_a_removal(engine, &tree)? {
        match trees::restore(engine, &tree) {
            Ok(moved) => return Ok(format!("; its worktree is back at {}", moved.path.display())),
            Err(fault) => format!(": {}", fault.message),
        }
    } else {
        String::new()
    };
    Ok(format!("; its worktree stays parked at {}{why}", at.display()))
}

/// Whether a removal has parked this tree, and no merge or fresh retry before it.
fn parked_by_a_removal(engine: &Engine, tree: &Tree) -> Result<bool, Fault> {
    let timeline = engine.ports.store.timeline(Some(tree.task), 0, u32::MAX)?;
    let parked = |record: &&Record| record.attempt.as_ref() == Some(&tree.owner) && record.event() == WORKTREE_PARKED;
    let occasion = timeline.iter().rev().find(parked).and_then(|record| record.facts().remove(Occasion::FACT));
    // An event that does not say it was written before anything else could be undone.
    Ok(occasion.is_none_or(|occasion| occasion == Occasion::Removal.text()))
}

fn what(engine: &Engine, deed: &Deed) -> Result<String, Fault> {
    Ok(match deed.act {
        Act::Approved => {
            let merged = if merge::is_recorded(engine, deed.task)? { "; what was merged stays merged" } else { "" };
            format!("no longer approved, in review again{merged}")
        }
        Act::Reopened => "no longer reopened, done again".to_owned(),
        Act::Requeued => "no longer queued, failed again".to_owned(),
        Act::Archived => "no longer archived, on the board again".to_owned(),
        Act::Unarchived => "archived again".to_owned(),
        Act::Deleted => "no longer removed, on the board again".to_owned(),
    })
}
